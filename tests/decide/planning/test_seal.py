"""A sealed decision: the same bytes every time, audited before, unchanged after, and made again to the byte."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.seal import Replay, replay, seal
from dure.decide.planning.solver import solve
from tests.decide.planning.small import small_call


@pytest.fixture(scope="module")
def problem() -> Problem:
    return small_call(6)


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem, 50_000)


def test_sealed_plan_comes_out_again(problem: Problem, plan: Plan) -> None:
    sealed = seal(problem.encode(), plan.encode())
    assert sealed == seal(problem.encode(), plan.encode())
    found = replay(sealed)
    assert found.is_same and found.plan.encode() == plan.encode()


def test_a_changed_part_is_noticed(problem: Problem, plan: Plan) -> None:
    with zipfile.ZipFile(io.BytesIO(seal(problem.encode(), plan.encode()))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["plan.json"] = parts["plan.json"].replace(b'"nodes":2', b'"nodes":3', 1)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    with pytest.raises(InvalidInput, match=r"plan\.json"):
        replay(buffer.getvalue())


def test_a_plan_with_violations_is_not_sealed(problem: Problem, plan: Plan) -> None:
    document = plan.document()
    document["value"] += 1
    with pytest.raises(InvalidInput):
        seal(problem.encode(), json.dumps(document).encode())
    with pytest.raises(InvalidInput):
        replay(b"no zip")


def test_a_stopped_search_says_so(problem: Problem) -> None:
    calls = iter(range(10))
    stopped = solve(problem, 10**8, lambda progress: next(calls) < 2)
    found = replay_of(problem, stopped)
    assert not found.is_same and "stopped" in found.why.en


def replay_of(problem: Problem, plan: Plan) -> Replay:
    """Replay with a budget that ends soon: only the reason is asked for."""
    document = plan.document()
    document["budget"] = 1000
    return replay(seal(problem.encode(), json.dumps(document).encode()))
