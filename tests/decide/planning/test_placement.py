"""Node names over time: nothing twice, nothing on busy nodes, as few leaf groups as possible."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dure.decide.planning.committee import committee
from dure.decide.planning.instances import generate
from dure.decide.planning.placement import Claim, Leaf, Placement, named_leaves, place

SLOTS = 8


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Leaf], list[Claim], dict[str, list[tuple[int, int]]]]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    leaves = [Leaf(f"l{i}", tuple(f"l{i}n{k}" for k in range(size))) for i, size in enumerate(sizes)]
    nodes = [node for leaf in leaves for node in leaf.nodes]
    claims = []
    for index in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, SLOTS - 1))
        claims.append(Claim(f"a{index}", start, draw(st.integers(start + 1, SLOTS)), draw(st.integers(1, 6))))
    busy = {}
    for node in draw(st.lists(st.sampled_from(nodes), max_size=3, unique=True)):
        start = draw(st.integers(0, SLOTS - 1))
        busy[node] = [(start, draw(st.integers(start + 1, SLOTS)))]
    return leaves, claims, busy


@settings(max_examples=300, deadline=None)
@given(cases())
def test_nodes_are_given_once_and_never_while_busy(
    case: tuple[list[Leaf], list[Claim], dict[str, list[tuple[int, int]]]],
) -> None:
    leaves, claims, busy = case
    found = place(leaves, claims, busy, SLOTS)
    check(leaves, claims, busy, found)
    assert place(leaves, claims[::-1], busy, SLOTS) == found


def check(leaves: list[Leaf], claims: list[Claim], busy: dict[str, list[tuple[int, int]]], found: Placement) -> None:
    """No slot of a node used twice; every claim placed in full or named as unplaced."""
    used = {(node, slot) for node, spans in busy.items() for start, end in spans for slot in range(start, end)}
    by_award = {claim.award: claim for claim in claims}
    assert sorted([one.award for one in found.placed] + list(found.unplaced)) == sorted(by_award)
    for one in found.placed:
        claim = by_award[one.award]
        assert len(set(one.nodes)) == claim.nodes
        assert set(one.leaves) == {leaf.name for leaf in leaves if set(leaf.nodes) & set(one.nodes)}
        for node in one.nodes:
            for slot in range(claim.start, claim.end):
                assert (node, slot) not in used
                used.add((node, slot))
    if not busy:
        peak = [sum(c.nodes for c in claims if c.start <= slot < c.end) for slot in range(SLOTS)]
        if max(peak, default=0) <= sum(len(leaf.nodes) for leaf in leaves):
            assert found.unplaced == ()


def test_national_call_is_placed_with_hardly_a_split() -> None:
    problem = generate(514, 1)
    awards = committee(problem).awards
    for cluster in problem.clusters:
        claims = [
            Claim(one.application, one.start, one.start + problem.application[one.application].duration, one.nodes)
            for one in awards
            if one.cluster == cluster.code
        ]
        found = place(named_leaves(cluster), claims, {}, problem.calendar.slots)
        assert found.unplaced == ()
        assert found.split <= 2


def test_a_failed_node_is_avoided_and_ejection_saves_a_split() -> None:
    leaves = [Leaf("x", ("x1", "x2", "x3", "x4")), Leaf("y", ("y1", "y2", "y3", "y4"))]
    claims = [Claim("a", 0, 2, 2), Claim("b", 0, 4, 2), Claim("c", 1, 4, 2), Claim("d", 2, 4, 4)]
    found = place(leaves, claims, {}, 4)
    assert found.split == 0 and found.unplaced == ()
    broken = place(leaves, claims[:1], {node: [(0, 4)] for node in ("x1", "x2", "x3")}, 4)
    assert broken.placed[0].leaves == ("y",)
