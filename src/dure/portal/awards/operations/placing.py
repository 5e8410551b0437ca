"""Node names for all awards of a plan at once: as few leaf groups for each as the planner's placement finds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime

from dure.core.errors import InsufficientCapacity
from dure.core.period import Period
from dure.decide.planning import placement
from dure.portal.fleet import queries as fleet
from dure.portal.plans import queries as plans


def place(wanted: Sequence[plans.RankView]) -> dict[str, tuple[str, ...]]:
    """Nodes of each award by its application's number. Raises InsufficientCapacity when one finds too few."""
    found = {}
    for code in sorted({rank.cluster for rank in wanted}):
        found.update(_place(code, [rank for rank in wanted if rank.cluster == code]))
    return found


def _place(code: str, wanted: Sequence[plans.RankView]) -> dict[str, tuple[str, ...]]:
    """The awards of one cluster. A slot is the time between two instants at which any of them begins or ends."""
    marks = sorted({instant for rank in wanted for instant in (rank.start_at, rank.end_at) if instant is not None})
    leaves: dict[int, list[str]] = {}
    busy = {}
    for (name, leaf), periods in fleet.held(code, Period(marks[0], marks[-1])).items():
        leaves.setdefault(leaf, []).append(name)
        busy[name] = [_slots(marks, period) for period in periods]
    groups = [placement.Leaf(str(leaf), tuple(names)) for leaf, names in sorted(leaves.items())]
    claims = [
        placement.Claim(rank.number, *_slots(marks, Period(rank.start_at, rank.end_at)), rank.nodes) for rank in wanted
    ]
    found = placement.place(groups, claims, busy, len(marks) - 1)
    if found.unplaced:
        raise InsufficientCapacity(internal=f"{code}: no nodes for {', '.join(found.unplaced)}")
    return {one.award: one.nodes for one in found.placed}


def _slots(marks: Sequence[datetime], period: Period) -> tuple[int, int]:
    """Slots that a period touches, half open."""
    return max(0, bisect_right(marks, period.start) - 1), min(len(marks) - 1, bisect_left(marks, period.end))
