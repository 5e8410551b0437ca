"""Every kind of rule a programme can make: it stands in the problem by name, binds, has a cost, and can be swept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dure.core.text import Text
from dure.decide.planning import audit, sweep
from dure.decide.planning.explain import explain
from dure.decide.planning.model import build
from dure.decide.planning.problem import Policy, Problem
from dure.decide.planning.solver import solve
from dure.decide.planning.sweep import sweep_rule
from tests.decide.planning.small import small_call

BUDGET = 4_000
SUPPLY = 360
OUTSIDE = ("busan", "daejeon", "daegu", "gwangju")

RULES: dict[str, dict[str, Any]] = {
    "organisation-cap": {"each": "organisation", "caps": (12,)},
    "concentration on one provider": {"each": "provider", "caps": (90,)},
    "class-cap": {"match": {"applicant_class": ("academia",)}, "caps": (60,)},
    "class-floor": {"exclude": {"applicant_class": ("industry",)}, "caps": (90,)},
    "region-cap": {"match": {"region": ("seoul", "gyeonggi", "incheon")}, "caps": (60,)},
    "region-floor": {"exclude": {"region": OUTSIDE}, "caps": (60,)},
    "class-target": {"exclude": {"applicant_class": ("industry",)}, "caps": (60,), "price": 3_000},
    "budget": {"measure": "cost_won", "caps": (900_000_000,)},
    "fees that applicants pay": {"measure": "fee_won", "caps": (100_000_000,)},
    "track": {"match": {"track": ("regular",)}, "caps": (90,)},
    "reserve for the rolling track": {"exclude": {"track": ("rolling",)}, "caps": (120,)},
    "youth": {"exclude": {"youth": ("yes",)}, "caps": (120,)},
    "number of awards": {"measure": "awards", "caps": (6,)},
    "largest awards of one model": {"measure": "nodes", "match": {"gpu_model": ("H200",)}, "caps": (8,)},
    "preference of one model over another": {"match": {"gpu_model": ("B200",)}, "caps": (0,), "price": 2_000},
    "maintenance": {"measure": "nodes", "by_slot": True, "first_slot": 2, "end_slot": 4, "caps": (3, 3)},
    "delivery date": {"measure": "nodes", "by_slot": True, "end_slot": 2, "caps": (0, 0)},
}


def with_rule(kind: str) -> Problem:
    problem = small_call(3, size=24)
    policy = Policy(
        **{"name": "the-rule", "kind": "rule", "label": Text(f"{kind} 규칙", kind), "measure": "node_slots",
           "end_slot": 12, **RULES[kind]}
    )  # fmt: skip
    return replace(problem, policies=(policy,))


@pytest.mark.parametrize("kind", RULES)
def test_it_binds_has_a_name_and_a_cost_and_is_swept(kind: str) -> None:
    problem = with_rule(kind)
    model = build(problem)
    assert [row.name for row in model.rows if row.name.split("/")[0] == "the-rule"]
    plan = solve(problem, BUDGET, rule="value")
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == []
    (cost,) = explain(problem, plan).document()["rules"]
    assert cost["name"] == "the-rule" and kind in cost["text"]["en"] and f"{kind} 규칙" in cost["text"]["ko"]
    half, as_is, without = sweep_rule(problem, "the-rule", [50, 100, None], BUDGET, replace(problem.rule, name="value"))
    assert as_is.value == plan.value and half.value <= as_is.bound
    assert without.value > as_is.value, "the example was made to bind"
    assert without.value - as_is.value <= cost["at_most"]


def test_nodes_are_swept_like_a_rule() -> None:
    problem = small_call(3, size=24)
    name = sweep.CAPACITY + problem.clusters[0].code
    fewer, as_is = sweep_rule(problem, name, [25, 100], BUDGET)
    assert fewer.value <= as_is.bound and fewer.nodes < as_is.nodes


def test_what_an_application_can_use_is_part_of_its_choices() -> None:
    """Minimum viable sizes and usefulness of models are facts of applications, not rules: no choice ignores them."""
    problem = small_call(3, size=24)
    options = {(one.id, option.cluster): option for one in problem.applications for option in one.options}
    for award in solve(problem, BUDGET).awards:
        assert award.nodes >= options[award.application, award.cluster].min_nodes
    liked = solve(problem, BUDGET, rule="value")
    dull = replace(
        problem,
        applications=tuple(
            replace(one, options=tuple(
                replace(each, utility=1) if each.cluster == problem.clusters[0].code else each for each in one.options
            ))
            for one in problem.applications
        ),
    )  # fmt: skip
    other = solve(dull, BUDGET, rule="value")

    def there(plan: Any) -> int:
        return sum(award.nodes for award in plan.awards if award.cluster == problem.clusters[0].code)

    assert there(other) <= there(liked)
