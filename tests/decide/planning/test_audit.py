"""Every fault planted in a plan or its certificate is found, under its own name; a sound plan has none."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dure.decide.planning import audit
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve
from tests.decide.planning.small import small_call

Fault = Callable[[dict[str, Any], Problem], None]


@pytest.fixture(scope="module")
def problem() -> Problem:
    return small_call()


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem, 200_000)


def audited(problem: Problem, document: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(document).encode()
    found: dict[str, Any] = audit.examine((problem.document(), problem.encode()), (document, content))
    return found


def first(plan: dict[str, Any]) -> dict[str, Any]:
    award: dict[str, Any] = plan["awards"][0]
    return award


def out_of(plan: dict[str, Any], problem: Problem) -> list[Any]:
    funded = {award["application"] for award in plan["awards"]}
    return [one for one in problem.applications if one.id not in funded]


def oversize(plan: dict[str, Any], problem: Problem) -> None:
    first(plan)["nodes"] += 50


def early(plan: dict[str, Any], problem: Problem) -> None:
    first(plan)["start"] = 11


def other_cluster(plan: dict[str, Any], problem: Problem) -> None:
    first(plan)["cluster"] = "nowhere"


def unknown(plan: dict[str, Any], problem: Problem) -> None:
    first(plan)["application"] = "nobody"


def twice(plan: dict[str, Any], problem: Problem) -> None:
    plan["awards"].append(dict(first(plan)))


def below_mark(plan: dict[str, Any], problem: Problem) -> None:
    low = next(one for one in out_of(plan, problem) if one.score_tenths < 600 and one.options)
    option = low.options[0]
    award = {"application": low.id, "cluster": option.cluster, "start": low.earliest, "nodes": option.min_nodes}
    plan["awards"].append(award)


def over_capacity(plan: dict[str, Any], problem: Problem) -> None:
    for one in out_of(plan, problem):
        if problem.is_fundable(one) and one.options:
            option = one.options[0]
            plan["awards"].append(
                {"application": one.id, "cluster": option.cluster, "start": one.earliest, "nodes": option.max_nodes}
            )


def greedy_value(plan: dict[str, Any], problem: Problem) -> None:
    plan["value"] += 1


def low_bound(plan: dict[str, Any], problem: Problem) -> None:
    plan["bound"] -= 1


def no_such_row(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["prices"]["capacity/kakao-b200/99"] = 5


def negative_price(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["prices"]["capacity/kakao-b200/0"] = -5


def no_such_block(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["blocks"].append("organisation-cap/nobody")


def two_blocks(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["blocks"] = ["budget", "academia-cap", "industry-cap"]


def false_precedence(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["precedence"] = [["A00001", "A00001", 10]]


def pair(problem: Problem) -> tuple[str, str]:
    """Two applications of which the first may envy the second."""
    ranked = sorted((one for one in problem.applications if problem.is_fundable(one)), key=lambda one: one.score_tenths)
    return ranked[-1].id, ranked[0].id


def conditional(problem: Problem, row: str, reach: int) -> dict[str, Any]:
    first, second = pair(problem)
    return {"first": first, "second": second, "row": row, "reach": reach, "price": 1}


def false_reach(plan: dict[str, Any], problem: Problem) -> None:
    cap = next(policy.caps[0] for policy in problem.policies if policy.name == "budget")
    plan["certificate"]["conditional"] = [conditional(problem, "budget", cap + 1)]


def excused_by_nothing(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["conditional"] = [conditional(problem, "no-such-rule", 1)]


def unproven_room(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["slack"] = [{"row": "budget", "room": 1, "prices": {}, "precedence": [], "conditional": []}]


def room_nowhere(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["slack"] = [
        {"row": "no-such-rule", "room": 1, "prices": {}, "precedence": [], "conditional": []}
    ]


def room_by_another_price(plan: dict[str, Any], problem: Problem) -> None:
    prices = {"academia-cap": -5}
    plan["certificate"]["slack"] = [{"row": "budget", "room": 1, "prices": prices, "precedence": [], "conditional": []}]


def negative_room(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["slack"] = [{"row": "budget", "room": -5, "prices": {}, "precedence": [], "conditional": []}]


def rounding(rows: dict[str, list[int]], price: int = 1, divisor: int = 2) -> list[dict[str, Any]]:
    return [{"rows": rows, "divisor": divisor, "free": {}, "shrink": 1, "price": price}]


def rounded_nowhere(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = rounding({"no-such-rule": [1, 1]})


def rounded_for_nobody(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = [rounding({"budget": [1, 1]})[0] | {"free": {"nobody": 1}}]


def rounded_backwards(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = rounding({"budget": [1, 1]}, price=-1)


def rounded_by_nothing(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = rounding({"budget": [1, 1]}, divisor=0)


def nodes_in_dozens(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = rounding({"capacity/kakao-b200/0": [1, 12]})


def counted_in_odd_units(plan: dict[str, Any], problem: Problem) -> None:
    plan["certificate"]["rounding"] = rounding({"budget": [1, 7_919]})


def other_problem(plan: dict[str, Any], problem: Problem) -> None:
    plan["problem"] = "sha256:" + "0" * 64


def other_programme(plan: dict[str, Any], problem: Problem) -> None:
    plan["programme"] = "sha256:" + "0" * 64


def envy(plan: dict[str, Any], problem: Problem) -> None:
    """The best award goes; whoever had it now envies all who score the band lower."""
    best = max(plan["awards"], key=lambda award: problem.application[award["application"]].score_tenths)
    plan["awards"].remove(best)


FAULTS: list[tuple[Fault, str]] = [
    (oversize, "choice"),
    (early, "choice"),
    (other_cluster, "choice"),
    (unknown, "choice"),
    (twice, "choice"),
    (below_mark, "choice"),
    (over_capacity, "capacity/"),
    (over_capacity, "budget"),
    (greedy_value, "value"),
    (low_bound, "bound"),
    (no_such_row, "certificate"),
    (negative_price, "certificate"),
    (no_such_block, "certificate"),
    (two_blocks, "certificate"),
    (false_precedence, "certificate"),
    (false_reach, "certificate"),
    (excused_by_nothing, "certificate"),
    (unproven_room, "bound"),
    (room_nowhere, "certificate"),
    (room_by_another_price, "certificate"),
    (negative_room, "certificate"),
    (rounded_nowhere, "certificate"),
    (rounded_for_nobody, "certificate"),
    (rounded_backwards, "certificate"),
    (rounded_by_nothing, "certificate"),
    (nodes_in_dozens, "certificate"),
    (counted_in_odd_units, "certificate"),
    (other_problem, "problem"),
    (other_programme, "programme"),
    (envy, "merit"),
]


@pytest.mark.parametrize(("fault", "rule"), FAULTS, ids=[f"{fault.__name__}-{rule}" for fault, rule in FAULTS])
def test_planted_fault_is_found(problem: Problem, plan: Plan, fault: Fault, rule: str) -> None:
    document = copy.deepcopy(plan.document())
    assert audited(problem, document)["violations"] == []
    fault(document, problem)
    assert any(one["rule"].startswith(rule) for one in audited(problem, document)["violations"])


def test_value_plan_with_envy_is_no_violation(problem: Problem) -> None:
    report = audited(problem, solve(problem, 200_000, rule="value").document())
    assert report["violations"] == [] and report["envy"] >= 0


def test_runs_alone_with_nothing_but_python(tmp_path: Path, problem: Problem, plan: Plan) -> None:
    (tmp_path / "audit.py").write_bytes(Path(audit.__file__).read_bytes())
    (tmp_path / "problem.json").write_bytes(problem.encode())
    (tmp_path / "plan.json").write_bytes(plan.encode())
    command = [sys.executable, "-I", "-S", "audit.py", "problem.json", "plan.json"]
    told = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, check=True, text=True)
    report = json.loads(told.stdout)
    assert report["violations"] == [] and report["envy"] == 0 and report["gap"] >= 0
    (tmp_path / "programme.yaml").write_text("another file")
    other = subprocess.run([*command, "--programme", "programme.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert other.returncode == 1 and "programme" in other.stdout
    (tmp_path / "plan.json").write_text("{")
    broken = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert broken.returncode == 2 and "error" in json.loads(broken.stdout)


def test_the_proof_alone_is_checked_without_looking_for_envy(problem: Problem, plan: Plan) -> None:
    document = plan.document()
    whole = audited(problem, document)
    proof = audit.examine((problem.document(), problem.encode()), (document, plan.encode()), proof_only=True)
    assert (proof["value"], proof["bound"], proof["violations"]) == (whole["value"], whole["bound"], [])
    assert proof["envy"] is None and whole["envy"] == 0
    assert "Envy was not looked for (--proof)." in audit.words(proof, is_korean=False)
    document["bound"] = proof["bound"] - 1
    assert [one["rule"] for one in audit.examine(
        (problem.document(), problem.encode()), (document, json.dumps(document).encode()), proof_only=True
    )["violations"]] == ["bound"]  # fmt: skip


def test_lists_in_another_order_are_the_same_problem(problem: Problem, plan: Plan) -> None:
    document = problem.document()
    document["applications"].reverse()
    document["policies"].reverse()
    report = audit.examine((document, json.dumps(document).encode()), (plan.document(), plan.encode()))
    assert report["violations"] == []
