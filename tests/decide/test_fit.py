"""Which free nodes an award takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core.errors import InsufficientCapacity
from dure.decide.fit import best_fit

FREE = st.lists(st.tuples(st.integers(0, 999).map(lambda n: f"n{n:03d}"), st.integers(0, 5)), unique_by=lambda p: p[0])


@given(FREE, st.integers(1, 40))
def test_as_few_leaf_groups_as_possible(free: list[tuple[str, int]], count: int) -> None:
    if count > len(free):
        with pytest.raises(InsufficientCapacity):
            best_fit(free, count)
        return
    leaf = dict(free)
    names = best_fit(free, count)
    assert len(set(names)) == count
    assert set(names) <= set(leaf)
    sizes = sorted((list(leaf.values()).count(one) for one in set(leaf.values())), reverse=True)
    fewest = next(k for k in range(1, len(sizes) + 1) if sum(sizes[:k]) >= count)
    assert len({leaf[name] for name in names}) == fewest


def test_the_fullest_leaf_that_fits_is_taken_and_order_does_not_matter() -> None:
    free = [("a1", 0), ("a2", 0), ("a3", 0), ("b1", 1), ("b2", 1)]
    assert best_fit(free, 2) == ["b1", "b2"]
    assert best_fit(reversed(free), 2) == ["b1", "b2"]
    assert best_fit(free, 3) == ["a1", "a2", "a3"]
