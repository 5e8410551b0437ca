"""SIMULATED review panels: true merit, reviewers of given severity and noise, missing reviews, whole points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.calibration import Review

MERIT_MEAN, MERIT_SPREAD = 72.0, 9.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What a panel is like. Spreads in points; `missing` is the share of reviews that never came.

    `by_field`: reviewers read only one of `fields`, whose applications differ in merit by `field_spread`.
    """

    applications: int = 514
    reviewers: int = 120
    each: int = 5
    severity: float = 0.0
    noise: float = 7.0
    missing: float = 0.0
    stretch: float = 0.0  # spread of how widely a reviewer uses the scale
    uneven_noise: float = 0.0  # spread of the logarithm of reviewers' noise
    fields: int = 1
    field_spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Panel:
    """True merit of each application, and the reviews."""

    truth: npt.NDArray[np.float64]
    reviews: tuple[Review, ...]


def simulate(kind: Kind, seed: int) -> Panel:
    """One panel of `kind`; the same for the same seed."""
    chance = np.random.default_rng(seed)
    field_of = np.arange(kind.applications) % kind.fields
    truth = chance.normal(MERIT_MEAN, MERIT_SPREAD, kind.applications)
    truth = truth + chance.normal(0, kind.field_spread, kind.fields)[field_of]
    severity = chance.normal(0, kind.severity, kind.reviewers)
    stretch = np.exp(chance.normal(0, kind.stretch, kind.reviewers))
    noise = kind.noise * np.exp(chance.normal(0, kind.uneven_noise, kind.reviewers))
    reviews = []
    for a, r in _pairs(kind, field_of, chance):
        total = MERIT_MEAN + stretch[r] * (truth[a] - MERIT_MEAN) - severity[r] + chance.normal(0, noise[r])
        reviews.append(Review(a, r, 10 * int(np.clip(np.rint(total), 0, 100))))
    return Panel(truth, tuple(reviews))


def _pairs(kind: Kind, field_of: npt.NDArray[np.int64], chance: np.random.Generator) -> list[tuple[int, int]]:
    """Even loads at random within a field; a missing review drops out unless it is the application's last."""
    load = np.zeros(kind.reviewers, dtype=np.int64)
    found = []
    for a in chance.permutation(kind.applications):
        able = np.flatnonzero(np.arange(kind.reviewers) % kind.fields == field_of[a])
        order = able[np.lexsort((chance.random(len(able)), load[able]))][: kind.each]
        load[order] += 1
        came = order[chance.random(len(order)) >= kind.missing]
        found += [(int(a), int(r)) for r in (came if len(came) else order[:1])]
    return found
