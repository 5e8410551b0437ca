"""A plan's awards get their nodes all at once, so that one award leaves the next a whole leaf group."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dure.core.errors import InsufficientCapacity
from dure.portal.awards.operations.placing import place
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.people.actor import system
from dure.portal.plans import queries as plans
from tests.portal import decided
from tests.portal.decided import DECIDING

pytestmark = pytest.mark.django_db

CLUSTER = "kakao-b200"  # 255 nodes in leaf groups of 32
MONTH = timedelta(days=30)


def test_awards_that_would_be_split_one_by_one_are_placed_whole() -> None:
    _, _, _, plan_id = decided.solved()
    won = plans.awarded(plan_id)[0]
    assert won.start_at is not None
    nodes = fleet_queries.nodes(CLUSTER, DECIDING)
    fleet.book(
        actor=system("awards"),
        now=DECIDING,
        cluster=CLUSTER,
        node_names=[node.name for node in nodes if node.leaf >= 2],
        start_at=won.start_at,
        end_at=won.start_at + 4 * MONTH,
        kind="self_use",
        organisation="",
        reference="self-use:1",
    )
    # The fullest group first puts a beside b; then c takes the other group, and d finds half of each free.
    asked = {"a": (0, 2, 16), "b": (0, 4, 16), "c": (1, 4, 16), "d": (2, 4, 32)}
    wanted = [
        replace(won, number=name, cluster=CLUSTER, nodes=count,
                start_at=won.start_at + first * MONTH, end_at=won.start_at + last * MONTH)
        for name, (first, last, count) in asked.items()
    ]  # fmt: skip
    leaf = {node.name: node.leaf for node in nodes}
    found = place(wanted)
    assert {name: len(set(names)) for name, names in found.items()} == {"a": 16, "b": 16, "c": 16, "d": 32}
    assert all(len({leaf[name] for name in names}) == 1 for names in found.values())
    assert leaf[found["b"][0]] == leaf[found["c"][0]] != leaf[found["d"][0]] == leaf[found["a"][0]]
    with pytest.raises(InsufficientCapacity):
        place([*wanted, replace(wanted[3], number="e", nodes=1)])
