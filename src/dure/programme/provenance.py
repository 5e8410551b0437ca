"""Where each value of the file comes from.

A path names a value: keys joined by dots, the members of a list by their code ("clusters.naver-a.nodes"), by their
GPU model, class, track or cluster where they have no code, else by their position. An entry of `sources` covers the
values at and below each of its paths; `*` stands for any one step; the entry with most steps wins, and of two equally
long ones the one with fewer `*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from dure.programme.words import Part, Words

Trust = Literal["P", "N", "U", "D", "L", "R"]

NAMES = ("code", "gpu_model", "applicant_class", "track", "cluster")
UNSOURCED = frozenset({"format", "code", "name", "description", "symbol", "languages"})
"""Keys that only label a value; everything else needs a source or a marked assumption."""


class Source(Part):
    """One source, or one reasoned assumption, and the paths it covers.

    `trust`: P portal or agency notice, N press, U a user's own public document, D derived by arithmetic,
    L low (mirror, summary), R the programme's own regulation. D says how in `note`; the others give a `url`, or for R
    the name of the `document`.
    """

    covers: Annotated[tuple[str, ...], Field(min_length=1)]
    trust: Trust | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    document: Words | None = None
    note: Words | None = None
    assumption: Words | None = None

    @property
    def is_assumption(self) -> bool:
        """Whether this is an assumption, to be marked wherever it is shown."""
        return self.assumption is not None


def leaves(tree: Any, path: str = "") -> Iterator[str]:
    """The path of every value of a parsed file: texts and lists of plain values count as one."""
    for key, item in members(tree):
        step = _name(item, key) if isinstance(key, int) else key
        yield from leaves(item, f"{path}.{step}" if path else step)
    if is_value(tree):
        yield path


def members(tree: Any) -> Iterator[tuple[str | int, Any]]:
    """The parts `tree` is made of, by key or position; none where it counts as one value."""
    if isinstance(tree, dict) and not _is_text(tree):
        yield from tree.items()
    elif _is_list_of_parts(tree):
        yield from enumerate(tree)


def is_value(tree: Any) -> bool:
    """Whether `tree` counts as one value."""
    return tree is not None and not _is_list_of_parts(tree) and (not isinstance(tree, dict) or _is_text(tree))


def written(tree: Any, path: Sequence[str | int]) -> str:
    """A path of keys and positions as people write it, with codes in the place of positions."""
    steps = []
    for step in path:
        if isinstance(step, int):
            tree = tree[step] if isinstance(tree, list) and step < len(tree) else None
            steps.append(_name(tree, step))
        else:
            tree = tree.get(step) if isinstance(tree, dict) else None
            steps.append(step)
    return ".".join(steps)


def under(paths: Iterable[str], path: str) -> list[str]:
    """Those of `paths` that are `path`, which may hold `*`, or lie below it."""
    return [leaf for leaf in paths if covers(path, leaf)]


def closest(sources: Sequence[Source], path: str) -> Source | None:
    """The source that covers `path` most closely, or None."""
    best: tuple[tuple[int, int], Source] | None = None
    for source in sources:
        for pattern in source.covers:
            if covers(pattern, path):
                rank = (pattern.count(".") + 1, -pattern.count("*"))
                if best is None or rank > best[0]:
                    best = (rank, source)
    return best[1] if best else None


def needs_source(leaf: str) -> bool:
    """Whether the value at `leaf` is a decision or a fact rather than a label."""
    return leaf.rsplit(".", 1)[-1] not in UNSOURCED


def covers(pattern: str, path: str) -> bool:
    """Whether the value at `path` stands at or below `pattern`."""
    if "*" not in pattern:
        return path == pattern or path.startswith(f"{pattern}.")
    wanted, steps = pattern.split("."), path.split(".")
    return len(wanted) <= len(steps) and all(w in ("*", s) for w, s in zip(wanted, steps, strict=False))


def _is_text(value: dict[Any, Any]) -> bool:
    return set(value) == {"ko", "en"}


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _name(item: Any, index: int) -> str:
    if isinstance(item, dict):
        for key in NAMES:
            if isinstance(item.get(key), str):
                return str(item[key])
    return str(index)
