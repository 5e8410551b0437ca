"""Which free nodes one award takes: whole in one leaf group where it can be, the fullest that fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dure.core.errors import InsufficientCapacity


def best_fit(free: Iterable[tuple[str, int]], count: int) -> list[str]:
    """Names of `count` of the `free` nodes (name, leaf group), as few leaf groups as possible.

    The leaf group with the fewest free nodes that still holds all of them is taken, so that larger gaps stay whole;
    if none does, the groups with most free nodes are filled first. Ties go to the lower leaf number and node name.
    Raises InsufficientCapacity when there are fewer than `count`. O(n log n) in the number of free nodes.
    """
    leaves: dict[int, list[str]] = defaultdict(list)
    for name, leaf in free:
        leaves[leaf].append(name)
    whole = [leaf for leaf, names in leaves.items() if len(names) >= count]
    if whole:
        leaf = min(whole, key=lambda one: (len(leaves[one]), one))
        return sorted(leaves[leaf])[:count]
    chosen: list[str] = []
    for leaf in sorted(leaves, key=lambda one: (-len(leaves[one]), one)):
        chosen += sorted(leaves[leaf])[: count - len(chosen)]
        if len(chosen) == count:
            return chosen
    raise InsufficientCapacity(internal=f"{len(chosen)} nodes free, {count} needed")
