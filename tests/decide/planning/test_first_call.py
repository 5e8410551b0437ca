"""The demonstration's call: its published totals, and a plan that fills the first month without justified envy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dure.decide.planning import audit
from dure.decide.planning.instances import FIRST_CALL_NODES, first_call, first_call_applications, generate
from dure.decide.planning.plan import Plan, read_plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve


@pytest.fixture(scope="module")
def problem() -> Problem:
    return first_call()


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem)


@pytest.mark.parametrize("seed", range(1, 11))
def test_published_totals_hold_for_every_seed(seed: int) -> None:
    applications = first_call_applications(seed)
    assert len(applications) == 514
    assert sum(one.requested_nodes for one in applications) == 1714
    assert sum(one.requested_nodes for one in applications if one.applicant_class == "academia") == 1075
    national = generate(514, seed)
    assert sum(one.requested_nodes for one in national.applications) == 1714
    demand = sum(one.requested_nodes * one.duration for one in national.applications)
    assert abs(demand / sum(sum(cluster.capacity) for cluster in national.clusters) - 2.1) < 0.02


def test_supply_is_the_published_one(problem: Problem) -> None:
    assert sum(FIRST_CALL_NODES) == 542
    assert sum(cluster.capacity[0] for cluster in problem.clusters if cluster.gpu_model == "H200") == 287
    assert sum(cluster.capacity[0] for cluster in problem.clusters if cluster.gpu_model == "B200") == 255


def test_first_month_fills_and_nobody_has_justified_envy(problem: Problem, plan: Plan) -> None:
    assert sum(award.nodes for award in plan.awards if award.start == 0) >= 540
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == []
    assert report["envy"] == 0
    assert report["value"] == plan.value and report["bound"] == plan.bound
    assert report["gap"] < 0.04


def test_same_problem_same_bytes(problem: Problem, plan: Plan) -> None:
    assert solve(problem).encode() == plan.encode()
    assert read_plan(plan.encode()).digest == plan.digest


def test_command_line_tells_violations_from_unreadable(tmp_path: Path, problem: Problem, plan: Plan) -> None:
    document = plan.document()
    document["awards"][0]["nodes"] += 40
    (tmp_path / "problem").write_bytes(problem.encode())
    (tmp_path / "plan").write_text(json.dumps(document))
    assert audit.main([str(tmp_path / "problem"), str(tmp_path / "plan")]) == 1
    assert audit.main([str(tmp_path / "problem"), str(tmp_path / "nothing"), "--json"]) == 2
