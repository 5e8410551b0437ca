"""Node names over time: nothing twice, nothing on busy nodes, as few leaf groups as possible."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.decide.planning import homes, sweepline
from dure.decide.planning.committee import committee
from dure.decide.planning.instances import generate
from dure.decide.planning.placement import Claim, Leaf, Placement, named_leaves, place
from dure.decide.planning.problem import Problem

SLOTS = 8


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches of moments: what must hold does so however little is searched."""
    monkeypatch.setattr(sweepline, "WIDEST", 20)
    monkeypatch.setattr(sweepline, "SEARCHES", 2)
    monkeypatch.setattr(homes, "VISITS", 2_000)


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


@pytest.mark.usefixtures("narrow")
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
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


def claims_of(problem: Problem, code: str) -> list[Claim]:
    """What the committee awards on one cluster."""
    return [
        Claim(one.application, one.start, one.start + problem.application[one.application].duration, one.nodes)
        for one in committee(problem).awards
        if one.cluster == code
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_national_call_is_placed_without_a_split(seed: int) -> None:
    problem = generate(514, seed)
    for cluster in problem.clusters:
        claims, leaves = claims_of(problem, cluster.code), named_leaves(cluster)
        found = place(leaves, claims, {}, problem.calendar.slots)
        check(list(leaves), claims, {}, found)
        assert (found.split, found.unplaced) == (0, ())


def test_failed_and_drained_nodes_are_avoided_in_a_full_call() -> None:
    problem = generate(514, 1)
    for cluster in problem.clusters:
        claims, leaves = claims_of(problem, cluster.code), list(named_leaves(cluster))
        busy = {leaf.nodes[0]: [(0, 2), (9, 11)] for leaf in leaves[:2]}
        check(leaves, claims, busy, place(leaves, claims, busy, problem.calendar.slots))


@pytest.mark.usefixtures("narrow")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
def test_a_cluster_full_to_the_last_node_is_placed_by_the_beam(seed: int) -> None:
    """Cut two groups of eight nodes into awards that fill them exactly; they must go back without a loss."""
    chance = random.Random(seed)
    claims = []
    for leaf in range(2):
        ends = [0] * 8
        while min(ends) < SLOTS:
            first = min(ends)
            nodes = chance.randint(1, ends.count(first))
            end = min(SLOTS, first + chance.randint(2, 4))
            claims.append(Claim(f"l{leaf}-{len(claims)}", first, end, nodes))
            for index in [at for at, one in enumerate(ends) if one == first][:nodes]:
                ends[index] = end
    leaves = [Leaf(f"l{i}", tuple(f"l{i}n{k}" for k in range(8))) for i in range(2)]
    found = place(leaves, claims, {}, SLOTS)
    check(leaves, claims, {}, found)
    assert found.unplaced == () and found.split <= 2


def test_a_failed_node_is_avoided_and_ejection_saves_a_split() -> None:
    leaves = [Leaf("x", ("x1", "x2", "x3", "x4")), Leaf("y", ("y1", "y2", "y3", "y4"))]
    claims = [Claim("a", 0, 2, 2), Claim("b", 0, 4, 2), Claim("c", 1, 4, 2), Claim("d", 2, 4, 4)]
    found = place(leaves, claims, {}, 4)
    assert found.split == 0 and found.unplaced == ()
    broken = place(leaves, claims[:1], {node: [(0, 4)] for node in ("x1", "x2", "x3")}, 4)
    assert broken.placed[0].leaves == ("y",)
