"""What a manager may change: each change reaches the rule it names, mistakes are told at their field, and figures of
plans are sums of their awards."""

from __future__ import annotations

import pytest

from dure import programmes
from dure.core.errors import InvalidInput
from dure.core.period import Month
from dure.decide.planning.assemble import Applicant, Ground, assemble
from dure.decide.planning.committee import committee
from dure.decide.planning.compare import measures
from dure.decide.planning.problem import Problem
from dure.decide.planning.scenario import Changes, changed, changes_from, departures, settings
from dure.decide.planning.solver import solve
from dure.programme.load import parse
from dure.programme.schema import Programme
from tests.decide.planning.small import small_call

TRACK = "regular"


@pytest.fixture(scope="module")
def programme() -> Programme:
    return parse(programmes.text("korea-gpu-2025"))


def posed(programme: Programme) -> Problem:
    first = Month.parse("2026-04")
    ground = Ground("25-1", TRACK, first, {"naver-h200-b": [32] * 12}, True)
    one = Applicant("a1", "academia", "seoul", "o1", False, 900, True, 4, 2, 6, first, first.plus(3), {"h200": 100})
    return assemble(programme, ground, [one])


def test_each_change_reaches_its_rule_and_the_programmes_hash_stays(programme: Programme) -> None:
    before = {one.name: one for one in posed(programme).policies}
    rules = {
        "organisation-cap": 100,
        "class-cap-academia": 500,
        "class-floor-research": 50,
        "region-floor-others": 200,
        "class-target-industry": 0,
        "reserve-national": 100,
        "budget": 10**9,
    }
    other = changed(programme, TRACK, Changes(rules=rules, price_percent=50))
    assert other.digest == programme.digest != ""
    after = {one.name: one for one in posed(other).policies}
    supply = 32 * 12
    assert after["organisation-cap"].caps == (supply // 10,)
    assert after["class-cap-academia"].caps == (supply // 2,)
    assert after["class-floor-research"].caps == (supply - supply * 50 // 1000,)
    assert after["region-floor-1"].match == {} and after["region-floor-1"].exclude["region"]
    assert after["class-target-industry"].caps == (supply,)
    assert after["reserve-national"].caps == (supply - supply // 10,)
    assert after["budget"].caps == (10**9,)
    assert after["class-target-research"].price == 5 * (before["class-target-research"].price or 0)
    assert after["class-cap-industry"] == before["class-cap-industry"]


def test_the_settings_are_the_rules_of_the_problem_and_more(programme: Programme) -> None:
    known = {one.name: one for one in settings(programme, TRACK)}
    assert {one.name for one in posed(programme).policies} <= set(known)
    assert known["class-cap-academia"].present == 750
    assert known["class-floor-academia"].present is None
    assert all(one.label.ko and one.label.en for one in known.values())
    assert changed(programme, TRACK, Changes()).policy == programme.policy


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        (Changes(rules={"nothing": 3}), "rules.nothing"),
        (Changes(rules={"organisation-cap": 1001}), "rules.organisation-cap"),
        (Changes(rules={"budget": -1}), "rules.budget"),
        (Changes(rules={"class-floor-academia": 800}), "rules.class-floor-academia"),
        (Changes(rules={"region-floor-capital": 900}), "rules.region-floor-capital"),
        (Changes(rules={"class-floor-academia": 600, "reserve-national": 500}), "rules.class-floor-academia"),
        (Changes(delta_tenths=0), "delta"),
        (Changes(rule="lottery"), "rule"),  # type: ignore[arg-type]
        (Changes(price_percent=101), "price"),
        (Changes(weights={"nothing": 100}), "weights.nothing"),
    ],
)
def test_mistakes_stand_at_their_field(programme: Programme, changes: Changes, where: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        changed(programme, TRACK, changes)
    assert where in {mistake.where for mistake in refused.value.mistakes}


def test_rules_at_odds_are_named(programme: Programme) -> None:
    with pytest.raises(InvalidInput, match=r"'Academia: floor' \(80 %\) is above 'Academia: cap' \(75 %\)"):
        changed(programme, TRACK, Changes(rules={"class-floor-academia": 800}))


def test_weights_must_sum_to_a_hundred(programme: Programme) -> None:
    codes = [criterion.code for criterion in programme.rubric.criteria]
    with pytest.raises(InvalidInput, match="sum to"):
        changed(programme, TRACK, Changes(weights={codes[0]: 1}))
    first, second = programme.rubric.criteria[:2]
    weights = {first.code: first.weight + 1, second.code: second.weight - 1}
    assert changed(programme, TRACK, Changes(weights=weights)).policy == programme.policy
    assert len(departures(programme, TRACK, Changes(weights=weights))) == 2


def test_departures_name_what_differs_and_nothing_else(programme: Programme) -> None:
    same = Changes("merit", programme.policy.delta_tenths, rules={"class-cap-academia": 750}, price_percent=10)
    assert departures(programme, TRACK, same) == []
    other = Changes("value", 10, rules={"class-cap-academia": 700, "budget": 5}, price_percent=20)
    found = departures(programme, TRACK, other)
    assert [before.en for _, before, _ in found] == ["merit", "3 points", "75 %", "₩306,048,000,000", "10 %"]
    assert [after.en for _, _, after in found] == ["value", "1 point", "70 %", "₩5", "20 %"]
    assert changes_from(other.document()) == other


def test_figures_are_sums_of_the_awards() -> None:
    problem = small_call(3)
    plan = solve(problem, 50_000)
    found = measures(problem, plan, committee(problem).value)
    held = sum(award.nodes * problem.application[award.application].duration for award in plan.awards)
    assert found["held"] == held == sum(month["used"] for month in found["months"])
    for shares in found["shares"].values():
        assert sum(one["held"] for one in shares.values()) == held
        assert sum(one["awards"] for one in shares.values()) == found["awards"] == len(plan.awards)
    assert all(month["used"] <= month["there"] for month in found["months"])
    assert all(rule["held"] <= rule["cap"] for rule in found["rules"] if not rule["is_soft"])
    assert 0 < found["organisations"]["concentration"] <= 10_000
    assert 0 < found["committee_value"] <= plan.bound
