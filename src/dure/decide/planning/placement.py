"""From awards to node names: each award on as few leaf groups as possible, the same nodes from first slot to last.

Nodes of a leaf group are alike, so awards that stay within a group's size at every moment can always be given nodes
there (an interval graph is coloured by first free). What is hard is which award goes to which group, over time: first
by ejection (`homes`); where that leaves an award without a group, because the cluster is full to the last node, slot by
slot (`sweepline`), and the better of the two is taken. Nodes that are busy, failed or drained are left alone in those
slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.planning import homes, sweepline
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Cluster, Problem

Grid = npt.NDArray[np.int64]
Spans = Mapping[str, Sequence[tuple[int, int]]]


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
            is_free = np.ones(slots, dtype=np.int64)
            for start, end in busy.get(node, ()):
                is_free[start:end] = 0
            free[index] += is_free
    spans = np.array([(one.start, one.end, one.nodes) for one in ordered], dtype=np.int64).reshape(-1, 3)
    lines = tuple(np.ascontiguousarray(spans[:, at]) for at in range(3))
    home = homes.homes(free.copy(), *lines)
    whole = np.zeros((len(ordered), len(leaves)), dtype=np.int64)
    settled = np.flatnonzero(home >= 0)
    whole[settled, home[settled]] = lines[2][settled]
    found = _Nodes(leaves, busy, slots).give(ordered, whole)
    if not found.split and not found.unplaced:
        return found
    other = _Nodes(leaves, busy, slots).give(ordered, sweepline.shares(free, *lines))
    return min(found, other, key=lambda one: (len(one.unplaced), one.split))


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

    def give(self, claims: Sequence[Claim], shares: Grid) -> Placement:
        """Nodes for every claim: from each group the number in `shares` [claim, group], or from any where that is not
        to be had."""
        placed, unplaced = [], []
        for claim, line in zip(claims, shares.tolist(), strict=True):
            chosen = [
                node
                for leaf, count in zip(self.leaves, line, strict=True)
                if count
                for node in self._free_in(leaf, claim)[:count]
            ]
            if len(chosen) < claim.nodes:
                chosen = self._spread(claim)
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
