"""From awards to node names: each award on as few leaf groups as possible, the same nodes from first slot to last.

Nodes of a leaf group are alike, so awards that stay within a group's size at every moment can always be given nodes
there (an interval graph is coloured by first free). What is hard is which award goes to which group, over time: best
fit in three orders, then ejection chains for the awards that found no single group. Nodes that are busy, failed or
drained are left alone in those slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.planning.chance import Chance
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Cluster, Problem

Grid = npt.NDArray[np.int64]
Spans = Mapping[str, Sequence[tuple[int, int]]]

EJECTIONS = 2_000
"""Attempts at moving awards about for those that found no single group."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf group: nodes with the fastest way to each other."""

    name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """An award to be placed: `nodes` nodes from slot `start` up to but not including `end`."""

    award: str
    start: int
    end: int
    nodes: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An award's nodes, and the leaf groups they lie in."""

    award: str
    nodes: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """All awards of one cluster. `unplaced` found too few nodes free for their whole period."""

    placed: tuple[Placed, ...]
    unplaced: tuple[str, ...]

    @property
    def split(self) -> int:
        """How many awards lie in more than one leaf group."""
        return sum(len(one.leaves) > 1 for one in self.placed)


def place(leaves: Sequence[Leaf], claims: Sequence[Claim], busy: Spans, slots: int) -> Placement:
    """Give every claim nodes. `busy` holds half-open spans of slots per node in which it cannot be used."""
    ordered = sorted(claims, key=lambda claim: (claim.start, -claim.nodes, claim.end, claim.award))
    free = np.zeros((len(leaves), slots), dtype=np.int64)
    for index, leaf in enumerate(leaves):
        for node in leaf.nodes:
            free[index] += 1
            for start, end in busy.get(node, ()):
                free[index, start:end] -= 1
    home = _Homes(free, ordered).find()
    return _Nodes(leaves, busy, slots).give(ordered, home)


def place_plan(problem: Problem, plan: Plan, leaves: Mapping[str, Sequence[Leaf]], busy: Spans) -> dict[str, Placement]:
    """Place every award of a plan: per cluster, on its leaf groups in `leaves`."""
    found = {}
    for cluster in problem.clusters:
        claims = [
            Claim(one.application, one.start, one.start + problem.application[one.application].duration, one.nodes)
            for one in plan.awards
            if one.cluster == cluster.code
        ]
        found[cluster.code] = place(leaves[cluster.code], claims, busy, problem.calendar.slots)
    return found


def named_leaves(cluster: Cluster) -> tuple[Leaf, ...]:
    """Leaf groups of a problem's cluster, with names made up where the fleet's own are not at hand."""
    return tuple(
        Leaf(f"leaf-{index:02d}", tuple(f"{cluster.code}-{index:02d}-{node:02d}" for node in range(1, nodes + 1)))
        for index, nodes in enumerate(cluster.leaf_nodes, 1)
    )


class _Homes:
    """Which leaf group each claim goes to: -1 where none could be found."""

    def __init__(self, free: Grid, claims: Sequence[Claim]) -> None:
        self.free, self.claims = free, claims
        self.home = [-1] * len(claims)

    def find(self) -> list[int]:
        """The best of three orders of best fit, then ejections for the claims still without a home."""
        count = range(len(self.claims))
        orders = (
            list(count),
            sorted(count, key=lambda one: (-self.claims[one].nodes, one)),
            sorted(count, key=lambda one: (-self.claims[one].nodes // 8, one)),
        )
        tried = [self._fill(order) for order in orders]
        self._restore(min(tried, key=lambda homes: sum(home < 0 for home in homes)))
        homeless = [index for index, home in enumerate(self.home) if home < 0 and self._could_fit(index)]
        chance = Chance(len(self.claims), "placement")
        for attempt in range(EJECTIONS if len(self.free) > 1 else 0):
            if not homeless:
                break
            index = homeless[attempt % len(homeless)]
            if self._eject(index, chance):
                homeless = [one for one in homeless if self.home[one] < 0]
        return self.home

    def _fill(self, order: Sequence[int]) -> list[int]:
        """Homes by best fit in one order; nothing is left in place."""
        for index in order:
            self._put(index, self._best(index))
        found = list(self.home)
        for index in order:
            self._put(index, -1)
        return found

    def _could_fit(self, index: int) -> bool:
        """Whether some group is large enough when nothing else is there."""
        claim = self.claims[index]
        total = self.free.copy()
        for other, home in zip(self.claims, self.home, strict=True):
            if home >= 0:
                total[home, other.start : other.end] += other.nodes
        return bool((total[:, claim.start : claim.end].min(axis=1) >= claim.nodes).any())

    def _best(self, index: int, barred: int = -1) -> int:
        """The group that fits with least room to spare, -1 for none."""
        claim = self.claims[index]
        room = self.free[:, claim.start : claim.end].min(axis=1)
        fitting = np.flatnonzero(room >= claim.nodes)
        fitting = fitting[fitting != barred]
        return int(fitting[np.argmin(room[fitting])]) if len(fitting) else -1

    def _put(self, index: int, home: int) -> None:
        claim = self.claims[index]
        if self.home[index] >= 0:
            self.free[self.home[index], claim.start : claim.end] += claim.nodes
        self.home[index] = home
        if home >= 0:
            self.free[home, claim.start : claim.end] -= claim.nodes

    def _eject(self, index: int, chance: Chance) -> bool:
        """Put the claim into some group, move those in its way to others; undone unless all find a place."""
        claim, before = self.claims[index], list(self.home)
        target = chance.below(len(self.free))
        around = [
            other
            for other, home in enumerate(self.home)
            if home == target and self.claims[other].start < claim.end and claim.start < self.claims[other].end
        ]
        chance.shuffle(around)
        moved: list[int] = []
        while self.free[target, claim.start : claim.end].min() < claim.nodes:
            if not around or len(moved) > 6:
                self._restore(before)
                return False
            moved.append(around.pop())
            self._put(moved[-1], -1)
        self._put(index, target)
        for other in sorted(moved, key=lambda one: -self.claims[one].nodes):
            home = self._best(other)
            if home < 0 and not self._step_aside(other, chance):
                self._restore(before)
                return False
            if home >= 0:
                self._put(other, home)
        return True

    def _step_aside(self, index: int, chance: Chance) -> bool:
        """Find a place for a claim by moving one other claim of some group elsewhere."""
        claim = self.claims[index]
        offset = chance.below(len(self.free))
        for step in range(len(self.free)):
            target = (offset + step) % len(self.free)
            for other, home in enumerate(self.home):
                one = self.claims[other]
                if home != target or one.start >= claim.end or claim.start >= one.end:
                    continue
                self._put(other, -1)
                if self.free[target, claim.start : claim.end].min() >= claim.nodes:
                    self._put(index, target)
                    elsewhere = self._best(other)
                    if elsewhere >= 0:
                        self._put(other, elsewhere)
                        return True
                    self._put(index, -1)
                self._put(other, target)
        return False

    def _restore(self, before: list[int]) -> None:
        for index, home in enumerate(before):
            if self.home[index] != home:
                self._put(index, -1)
        for index, home in enumerate(before):
            if self.home[index] != home:
                self._put(index, home)


class _Nodes:
    """Hands out node names, first free by start."""

    def __init__(self, leaves: Sequence[Leaf], busy: Spans, slots: int) -> None:
        self.leaves = leaves
        self.taken: dict[str, npt.NDArray[np.bool_]] = {}
        for leaf in leaves:
            for node in leaf.nodes:
                self.taken[node] = np.zeros(slots + 1, dtype=np.bool_)
                self.taken[node][slots] = True
                for start, end in busy.get(node, ()):
                    self.taken[node][start:end] = True

    def give(self, claims: Sequence[Claim], home: Sequence[int]) -> Placement:
        """Nodes for every claim at its home, over several groups where it has none or home is too broken up."""
        placed, unplaced = [], []
        for claim, leaf in zip(claims, home, strict=True):
            names = self._free_in(self.leaves[leaf], claim) if leaf >= 0 else []
            chosen = names[: claim.nodes] if len(names) >= claim.nodes else self._spread(claim)
            if len(chosen) < claim.nodes:
                unplaced.append(claim.award)
                continue
            for node in chosen:
                self.taken[node][claim.start : claim.end] = True
            names_in = tuple(one.name for one in self.leaves if not set(one.nodes).isdisjoint(chosen))
            placed.append(Placed(claim.award, tuple(sorted(chosen)), names_in))
        return Placement(tuple(sorted(placed, key=lambda one: one.award)), tuple(sorted(unplaced)))

    def _free_in(self, leaf: Leaf, claim: Claim) -> list[str]:
        """Nodes of a group free throughout the claim; those next needed soonest come first."""
        free = [node for node in leaf.nodes if not self.taken[node][claim.start : claim.end].any()]
        return sorted(free, key=lambda node: (int(self.taken[node][claim.end :].argmax()), node))

    def _spread(self, claim: Claim) -> list[str]:
        """Nodes from as few groups as possible: the groups with most free nodes first."""
        groups = sorted((self._free_in(leaf, claim) for leaf in self.leaves), key=lambda free: -len(free))
        whole = [free for free in groups if len(free) >= claim.nodes]
        if whole:
            return whole[-1][: claim.nodes]
        chosen: list[str] = []
        for free in groups:
            chosen += free[: claim.nodes - len(chosen)]
        return chosen
