"""Arrivals are decided beside the plan, and audited like any other; stability counts plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.decide.planning import audit, reference
from dure.decide.planning.explain import explain
from dure.decide.planning.held import held_by, remaining
from dure.decide.planning.problem import Policy, Problem, Track
from dure.decide.planning.rolling import arrive
from dure.decide.planning.solver import solve
from dure.decide.planning.stability import stability
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=4))
def test_an_arrival_fits_beside_the_plan_and_passes_the_audit(problem: Problem) -> None:
    arriving, others = replace(problem.applications[0], standing="new"), problem.applications[1:]
    before = replace(problem, applications=others)
    plan = solve(before, 5_000)
    found = arrive(before, plan, arriving)
    report = audit.examine(
        (found.problem.document(), found.problem.encode()), (found.plan.document(), found.plan.encode())
    )
    assert report["violations"] == [] and report["bound"] <= found.plan.bound
    assert reference.is_feasible(problem, (*plan.awards, *found.plan.awards))
    assert len(explain(found.problem, found.plan).statements) == 1


def test_nothing_is_left_that_the_plan_uses() -> None:
    problem = small_call(5)
    plan = solve(problem, 30_000)
    left = remaining(problem, held_by(problem, plan.awards))
    held = sum(award.nodes * problem.application[award.application].duration for award in plan.awards)
    free = sum(sum(cluster.capacity) for cluster in left.clusters)
    assert free + held == sum(sum(cluster.capacity) for cluster in problem.clusters)


def test_stability_counts_plans_and_can_be_ended() -> None:
    problem = small_call(5, size=20)
    found = stability(problem, 4, 5_000)
    assert found.runs == 4 and all(0 <= count <= 4 for count in found.funded.values())
    assert {found.group(name) for name in found.funded} <= {"always", "margin", "never"}
    assert found == stability(problem, 4, 5_000)
    assert stability(problem, 4, 5_000, keep_going=lambda done: done < 2).runs == 2


def test_what_is_kept_for_another_track_goes_to_an_arrival_there() -> None:
    problem = small_call(5)
    supply = sum(sum(cluster.capacity) for cluster in problem.clusters)
    kept = Policy("reserve-fast", "reserve", Text("유보", "reserve"), "node_slots", (supply * 6 // 10,),
                  exclude={"track": ("fast",)}, end_slot=problem.calendar.slots)  # fmt: skip
    problem = replace(problem, tracks=(*problem.tracks, Track("fast", "fast", 600)), policies=(kept,))
    plan = solve(problem, 30_000)
    held = sum(award.nodes * problem.application[award.application].duration for award in plan.awards)
    assert held <= supply * 6 // 10
    like = max(problem.applications, key=lambda one: one.score_tenths)
    late = replace(like, id="late", lottery_rank=1_000, latest=11, duration=1)
    fast = replace(late, track="fast")
    assert arrive(problem, plan, fast).plan.awards
    with pytest.raises(InvalidInput):
        arrive(problem, plan, replace(late, track="nowhere"))
