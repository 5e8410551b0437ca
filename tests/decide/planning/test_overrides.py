"""Applications put in or left out by hand: what was fixed is in the plan, the audit agrees, everybody hears why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.decide.planning import audit, reference
from dure.decide.planning.conflicts import conflicts
from dure.decide.planning.explain import explain
from dure.decide.planning.load import read_problem
from dure.decide.planning.overrides import Override, as_document, from_document, overridden
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Problem, Rule
from dure.decide.planning.solver import solve
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems

WHY = Text("국가 현안 대응", "A national emergency")


@pytest.fixture(scope="module")
def problem() -> Problem:
    return small_call(8)


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem, 100_000)


def left_out(problem: Problem, plan: Plan) -> list[str]:
    """Fundable applications without an award, lowest score first."""
    out = [one for one in problem.applications if problem.is_fundable(one) and one.id not in plan.award]
    return [one.id for one in sorted(out, key=lambda one: (one.score_tenths, one.id))]


def put_in(problem: Problem, application: str, start: int | None = None) -> Override:
    one = problem.application[application]
    option = one.options[0]
    begin = one.earliest if start is None else start
    return Override(application, WHY, Award(application, option.cluster, begin, option.min_nodes))


def audited(problem: Problem, plan: Plan) -> dict[str, object]:
    document = problem.encode()
    report = audit.examine((json.loads(document), document), (plan.document(), plan.encode()))
    assert report["violations"] == []
    return report


def test_what_is_put_in_is_funded_as_stated_and_what_is_left_out_is_not(problem: Problem, plan: Plan) -> None:
    wanted = [put_in(problem, name) for name in left_out(problem, plan)[:2]]
    barred = Override(plan.awards[0].application, Text("중복 지원", "Funded elsewhere"))
    changed = overridden(problem, [*wanted, barred])
    assert read_problem(changed.encode()).digest == changed.digest
    again = solve(changed, 100_000)
    for one in wanted:
        assert again.award[one.application] == one.award
    assert barred.application not in again.award
    assert audited(changed, again)["envy"] == 0


def test_a_later_start_keeps_its_value(problem: Problem) -> None:
    one = next(each for each in problem.applications if each.latest > each.earliest and problem.is_fundable(each))
    override = put_in(problem, one.id, one.latest)
    assert override.award is not None
    changed = overridden(problem, [override])
    option = changed.application[one.id].options[0]
    before = problem.value(one, one.options[0], one.latest, override.award.nodes)
    assert changed.value(changed.application[one.id], option, one.latest, override.award.nodes) == before
    assert solve(changed, 50_000).award[one.id] == override.award


def test_everybody_hears_of_it(problem: Problem, plan: Plan) -> None:
    inside, outside = left_out(problem, plan)[0], plan.awards[0].application
    changed = overridden(problem, [put_in(problem, inside), Override(outside, WHY)])
    told = explain(changed, solve(changed, 100_000)).document()
    for name in (inside, outside):
        said = [reason["text"]["en"] for reason in told["applications"][name]["reasons"]]
        assert any("A national emergency" in text for text in said)
    assert told["applications"][outside]["waitlist_rank"] is None
    ranks = [one["waitlist_rank"] for one in told["applications"].values() if one["waitlist_rank"]]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    assert {"override-" + inside, "override-" + outside} <= {rule["name"] for rule in told["rules"]}


def test_what_nobody_can_have_is_refused_by_name(problem: Problem, plan: Plan) -> None:
    one = problem.application[left_out(problem, plan)[0]]
    option = one.options[0]
    cases = {
        "no such application": Override("nobody", WHY),
        "Korean and in English": Override(one.id, Text("까닭", " ")),
        "cannot use this cluster": Override(one.id, WHY, Award(one.id, "nowhere", one.earliest, 1)),
        "can have": Override(one.id, WHY, Award(one.id, option.cluster, one.earliest, option.max_nodes + 1)),
        "can start from": Override(one.id, WHY, Award(one.id, option.cluster, one.latest + 1, option.min_nodes)),
    }
    for words, override in cases.items():
        with pytest.raises(InvalidInput, match=words) as refused:
            overridden(problem, [override])
        assert refused.value.mistakes[0].where == f"overrides[{override.application}]"
    with pytest.raises(InvalidInput, match="once only"):
        overridden(problem, [Override(one.id, WHY), put_in(problem, one.id)])
    low = replace(one, score_tenths=10)
    poor = replace(problem, applications=tuple(low if each.id == one.id else each for each in problem.applications))
    with pytest.raises(InvalidInput, match="below the pass mark"):
        overridden(poor, [put_in(poor, one.id)])
    caps = tuple(replace(each, caps=(0,)) if each.name == "organisation-cap" else each for each in problem.policies)
    with pytest.raises(InvalidInput, match="has no room"):
        overridden(replace(problem, policies=caps), [put_in(problem, one.id)])


def test_documents_come_back(problem: Problem, plan: Plan) -> None:
    overrides = (put_in(problem, left_out(problem, plan)[0]), Override(plan.awards[0].application, WHY))
    again = from_document(json.loads(json.dumps(as_document(overrides))))
    assert sorted(again, key=lambda one: one.application) == sorted(overrides, key=lambda one: one.application)
    assert overridden(problem, []) is problem


def test_an_award_that_runs_is_neither_put_in_nor_left_out() -> None:
    problem = small_call()
    first = problem.applications[0]
    option = replace(first.options[0], min_nodes=1, max_nodes=1)
    runs = replace(first, standing="running", options=(option,), latest=first.earliest)
    problem = replace(problem, applications=(runs, *problem.applications[1:]))
    for override in (put_in(problem, runs.id), Override(runs.id, WHY)):
        with pytest.raises(InvalidInput, match="runs already"):
            overridden(problem, [override])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_plan_of_the_changed_problem_with_the_override_keeps_the_rules_of_the_first(data: st.DataObject) -> None:
    """On tiny problems, exhaustively: with hard rules alone, the best plan holds what was put in, and breaks no rule
    of the problem before the override."""
    problem = data.draw(problems())
    rules = tuple(replace(one, price=None) for one in problem.policies if len(one.exclude) < 2)
    problem = replace(problem, policies=rules)
    fundable = [one for one in problem.applications if problem.is_fundable(one)]
    if not fundable:
        return
    chosen = data.draw(st.lists(st.sampled_from(fundable), min_size=1, max_size=2, unique_by=lambda one: one.id))
    overrides = [put_in(problem, one.id) for one in chosen]
    try:
        changed = overridden(problem, overrides)
    except InvalidInput:
        return
    running = [one for one in problem.applications if one.standing == "running"]
    if running and conflicts(changed):  # put in where an award runs that stays: solving it is refused by name
        return
    best = reference.optimum(changed, Rule("value", 30))
    for one in overrides:
        application = problem.application[one.application]
        assert one.award is not None
        if problem.value(application, application.options[0], one.award.start, one.award.nodes) > 0:
            assert one.award in best.awards
    assert reference.is_feasible(problem, best.awards)
