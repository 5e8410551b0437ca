"""How well a reviewer's expertise fits a proposal: shared keywords and likeness of text, Korean included.

Text is compared by pairs of neighbouring characters, which needs no dictionary and lets 언어모델 meet 거대 언어 모델.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

KEYWORD_PERMILLE = 600  # the rest is likeness of text
KEYWORDS_ENOUGH = 3  # as many shared keywords count as full agreement
DIMENSIONS = 4096
# What a reviewer's own wish adds to the fit, in ‰: it tips the balance between comparable pairs and buys no bad one.
WISHES = {"eager": 200, "willing": 80, "unwilling": -400}
_SPACES = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a proposal is about, or what a reviewer knows."""

    keywords: tuple[str, ...]
    text: str = ""


def shared(proposal: Profile, reviewer: Profile) -> tuple[str, ...]:
    """The proposal's keywords that the reviewer has too, as the proposal writes them."""
    known = {_tidy(word) for word in reviewer.keywords}
    return tuple(word for word in proposal.keywords if _tidy(word) in known)


def affinities(proposals: Sequence[Profile], reviewers: Sequence[Profile]) -> npt.NDArray[np.int32]:
    """Fit in ‰, proposals by reviewers: KEYWORD_PERMILLE for keywords, the rest for text."""
    if not proposals or not reviewers:
        return np.zeros((len(proposals), len(reviewers)), dtype=np.int32)
    likeness = np.clip(_likeness(proposals, reviewers), 0.0, 1.0)
    keywords = _agreement(proposals, reviewers)
    total = KEYWORD_PERMILLE * keywords + (1000 - KEYWORD_PERMILLE) * np.sqrt(likeness)
    return np.asarray(np.rint(total), dtype=np.int32)


def with_wishes(fit: npt.NDArray[np.int32], wishes: Mapping[tuple[int, int], str]) -> npt.NDArray[np.int32]:
    """The fit with the reviewers' wishes (proposal, reviewer) in it, between 0 and 1000 ‰; `fit` itself is kept."""
    found = fit.copy()
    for pair, wish in wishes.items():
        found[pair] = min(1000, max(0, int(fit[pair]) + WISHES[wish]))
    return found


def _agreement(proposals: Sequence[Profile], reviewers: Sequence[Profile]) -> npt.NDArray[np.float64]:
    words = sorted({_tidy(w) for p in (*proposals, *reviewers) for w in p.keywords})
    index = {word: i for i, word in enumerate(words)}
    sides = []
    for profiles in (proposals, reviewers):
        has = np.zeros((len(profiles), len(words)), dtype=np.float32)
        for row, profile in enumerate(profiles):
            has[row, [index[_tidy(w)] for w in profile.keywords]] = 1
        sides.append(has)
    common = sides[0] @ sides[1].T
    enough = np.minimum(KEYWORDS_ENOUGH, np.maximum(1, sides[0].sum(axis=1)))
    return np.asarray(np.minimum(1.0, common / enough[:, None]), dtype=np.float64)


def _likeness(proposals: Sequence[Profile], reviewers: Sequence[Profile]) -> npt.NDArray[np.float64]:
    """Cosine of the TF-IDF of hashed character pairs."""
    profiles = (*proposals, *reviewers)
    counts = np.zeros((len(profiles), DIMENSIONS), dtype=np.float32)
    for row, profile in enumerate(profiles):
        for column, times in Counter(_pairs(" ".join((*profile.keywords, profile.text)))).items():
            counts[row, column] = 1.0 + np.log(times)
    seen = (counts > 0).sum(axis=0)
    counts *= np.log((1.0 + len(profiles)) / (1.0 + seen))
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    counts /= np.where(norms > 0, norms, 1.0)
    return np.asarray(counts[: len(proposals)] @ counts[len(proposals) :].T, dtype=np.float64)


def _pairs(text: str) -> list[int]:
    compact = _tidy(text)
    return [zlib.crc32(compact[i : i + 2].encode()) % DIMENSIONS for i in range(len(compact) - 1)]


def _tidy(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text).casefold())
