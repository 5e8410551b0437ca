"""Rules in conflict are named, all of them real, none to spare, and no smaller set would do."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.decide.planning import reference
from dure.decide.planning.conflicts import Promise, conflicts, refuse_conflicts, smallest
from dure.decide.planning.problem import Policy, Problem
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems


@pytest.mark.parametrize("seed", range(60))
def test_a_smallest_set_is_found_as_by_trying_every_set(seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randint(1, 8)
    cores = [frozenset(chance.sample(range(count), chance.randint(1, count))) for _ in range(chance.randint(0, 5))]

    def is_possible(chosen: frozenset[int]) -> bool:
        return not any(core <= chosen for core in cores)

    found = smallest(count, is_possible)
    assert (found is None) == (not cores)
    if found is not None:
        assert found in cores and len(found) == min(len(core) for core in cores)


def named(problem: Problem, promise: Promise) -> tuple[str, ...] | None:
    return next((tuple(rule.name for rule in one.rules) for one in conflicts(problem) if one.promise == promise), None)


def with_policies(problem: Problem, policies: tuple[Policy, ...]) -> Problem:
    return replace(problem, policies=policies)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=3), st.booleans())
def test_nobody_to_fund_is_explained_by_a_smallest_set(problem: Problem, is_strict: bool) -> None:
    if is_strict:
        policies = (replace(one, caps=(0,) * len(one.caps), overrides={}, price=None) for one in problem.policies)
        problem = with_policies(problem, tuple(policies))
    hard = [one for one in problem.policies if one.price is None]

    def may_fund(policies: tuple[Policy, ...]) -> bool:
        ground = with_policies(problem, policies)
        return any(
            reference.is_feasible(ground, (choice,))
            for one in problem.applications
            for choice in reference.choices(problem, one)
        )

    check_smallest(named(problem, "somebody"), hard, may_fund, is_ever=may_fund(()))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=3), st.sampled_from((0, 2, 12)))
def test_running_awards_that_cannot_stay_are_explained(problem: Problem, cap: int) -> None:
    running = tuple(
        replace(one, standing="running", eligible=True, score_tenths=900, fee_limit_won=None)
        for one in problem.applications
    )
    policies = tuple(replace(one, caps=(min(cap, 12),) * len(one.caps)) for one in problem.policies)
    problem = replace(problem, applications=running, policies=policies)
    hard = [one for one in problem.policies if one.price is None]

    def may_stay(policies: tuple[Policy, ...]) -> bool:
        ground = with_policies(problem, policies)
        plans = reference._plans(ground, ground.applications, ())
        return any(len(awards) == len(running) for awards in plans)

    check_smallest(named(problem, "standing"), hard, may_stay, is_ever=True)


def check_smallest(found, hard, is_possible, is_ever: bool) -> None:  # type: ignore[no-untyped-def]
    """Against every set of rules, the smallest first."""
    if not is_ever:
        assert found is None
        return
    for size in range(len(hard) + 1):
        cores = [one for one in combinations(hard, size) if not is_possible(one)]
        if cores:
            assert found in [tuple(rule.name for rule in core) for core in cores]
            return
    assert found is None


def share(problem: Problem, name: str, kind: str, permille: int, **facts: tuple[str, ...]) -> Policy:
    """A cap on, or a floor for, some part of the supply."""
    supply = sum(sum(cluster.capacity) for cluster in problem.clusters)
    is_cap = kind.endswith("-cap")
    cap = supply * permille // 1000 if is_cap else supply - supply * permille // 1000
    label = Text(name, name)
    where = {"match": facts} if is_cap else {"exclude": facts}
    return Policy(name, kind, label, "node_slots", (cap,), end_slot=problem.calendar.slots, **where)


def test_floors_and_reserves_beyond_the_supply_are_named() -> None:
    problem = small_call(5)
    floors = (
        share(problem, "academia", "class-floor", 500, applicant_class=("academia",)),
        share(problem, "industry", "class-floor", 300, applicant_class=("industry",)),
        share(problem, "research", "class-floor", 200, applicant_class=("research_institute",)),
    )
    assert conflicts(with_policies(problem, floors)) == ()
    reserve = share(problem, "national", "reserve", 100, track=("national",))
    assert conflicts(with_policies(problem, (*floors, reserve))) == (), "academia may be national as well"
    more = share(problem, "public", "class-floor", 100, applicant_class=("public",))
    assert named(with_policies(problem, (*floors, more)), "shares") == ("academia", "industry", "public", "research")
    over = with_policies(problem, (*floors, share(problem, "seoul", "region-floor", 900, region=("seoul",))))
    assert conflicts(over) == ()
    capped = (*over.policies, share(problem, "capital", "region-cap", 600, region=("seoul", "gyeonggi")))
    assert named(with_policies(problem, capped), "shares") == ("capital", "seoul")
    pools = tuple(share(problem, f"pool-{at}", "reserve", 400, track=(f"t{at}",)) for at in range(3))
    assert named(with_policies(problem, pools), "shares") == ("pool-0", "pool-1", "pool-2")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(("cap", "floor")), st.integers(1, 7), st.integers(0, 10)), max_size=5))
@example(rules=[("cap", 7, 0), ("floor", 7, 1)])
def test_shares_of_classes_agree_with_trying_whole_tenths(rules: list[tuple[str, int, int]]) -> None:
    problem = small_call(5)
    assume(len({which for _, which, _ in rules}) <= 5)
    classes = ("academia", "industry", "research_institute")
    tenth = sum(sum(cluster.capacity) for cluster in problem.clusters) // 10
    policies = []
    for index, (kind, mask, tenths) in enumerate(rules):
        words = tuple(one for at, one in enumerate(classes) if mask >> at & 1)
        cap = tenth * (tenths if kind == "cap" else 10 - tenths)
        where = {"match" if kind == "cap" else "exclude": {"applicant_class": words}}
        label = Text("", "")
        policies.append(
            Policy(f"r{index}", f"class-{kind}", label, "node_slots", (cap,), end_slot=12, **where)  # type: ignore[arg-type]
        )

    def holds(chosen: tuple[Policy, ...]) -> bool:
        return any(
            all(_keeps(rules[int(policy.name[1:])], (one, two, three)) for policy in chosen)
            for one in range(11)
            for two in range(11 - one)
            for three in range(11 - one - two)
        )

    check_smallest(named(with_policies(problem, tuple(policies)), "shares"), policies, holds, is_ever=True)


def _keeps(rule: tuple[str, int, int], amounts: tuple[int, int, int]) -> bool:
    kind, mask, tenths = rule
    inside = sum(amount for at, amount in enumerate(amounts) if mask >> at & 1)
    outside = sum(amounts) - inside
    if kind == "cap":
        return inside <= tenths
    return outside <= 10 - tenths and (mask == 0 or outside == inside == 0 == tenths or inside >= tenths)


def test_solving_is_refused_with_the_names() -> None:
    problem = small_call(5)
    refuse_conflicts(problem)
    cap = replace(problem.policies[0], name="nothing", label=Text("영", "zero"), caps=(0,), match={}, overrides={})
    with pytest.raises(InvalidInput, match=r"zero.*nothing"):
        refuse_conflicts(with_policies(problem, (*problem.policies, cap)))
    assert conflicts(replace(problem, clusters=tuple(replace(c, capacity=(0,) * 12) for c in problem.clusters))) == ()
