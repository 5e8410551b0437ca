"""The same problem gives the same bytes, whatever order its parts came in; progress is told and obeyed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning import audit
from dure.decide.planning.committee import committee
from dure.decide.planning.load import problem_from_document, read_problem
from dure.decide.planning.plan import read_plan
from dure.decide.planning.problem import Problem, RuleName
from dure.decide.planning.solver import Progress, solve
from dure.decide.planning.weeks import WEEKS, in_weeks, solve_weekly
from tests.decide.planning.small import small_call
from tests.decide.planning.test_running import with_running


def permuted(problem: Problem, seed: int) -> Problem:
    """The same problem with every list in another order."""
    chance = random.Random(seed)
    applications, policies = list(problem.applications), list(problem.policies)
    chance.shuffle(applications)
    chance.shuffle(policies)
    return replace(
        problem,
        applications=tuple(replace(one, options=one.options[::-1]) for one in applications),
        policies=tuple(policies),
        clusters=problem.clusters[::-1],
    )


def weekly() -> Problem:
    return in_weeks(small_call(6, size=20))


def softened() -> Problem:
    """With a target that costs, and without the budget."""
    problem = small_call(2)
    target = replace(problem.policies[1], name="target", caps=(100,), price=900)
    return replace(problem, policies=(*(one for one in problem.policies if one.name != "budget"), target))


@pytest.mark.parametrize("rule", ["value", "merit"])
@pytest.mark.parametrize("make", [lambda: small_call(3), softened, with_running, weekly])
def test_permuted_input_gives_the_same_bytes(make: Callable[[], Problem], rule: RuleName) -> None:
    problem = make()
    other = permuted(problem, 5)
    assert other.digest == problem.digest
    compute = solve_weekly if problem.calendar.slots_per_month == WEEKS else solve
    assert compute(other, 60_000, rule=rule).encode() == compute(problem, 60_000, rule=rule).encode()


def test_a_proof_in_parts_reads_back() -> None:
    plan = solve(small_call(3), 60_000, rule="merit")
    assert plan.certificate.branches, "the test of order has a plan whose proof is divided"
    assert read_plan(plan.encode()) == plan


def test_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Sets and dictionaries are walked in another order by every process; no plan hangs on it."""
    problem, out = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_bytes(permuted(small_call(2), 7).encode())
    command = [sys.executable, "-m", "dure.cli", "plan", "solve", str(problem), "-o", str(out), "--budget", "60000"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True)
    assert out.read_bytes() == solve(small_call(2), 60_000).encode()


def test_a_call_of_middle_size_is_solved_without_envy_within_a_proven_gap() -> None:
    """150 applications for half the servers they ask for, caps, floor and budget binding."""
    problem = small_call(4, size=150)
    plan = solve(problem, 1_500_000)
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == [] and report["envy"] == 0
    assert report["bound"] == plan.bound and report["gap"] <= 0.03
    assert plan.value >= committee(problem).value


def test_stopping_keeps_a_plan_that_obeys_every_rule() -> None:
    told: list[Progress] = []

    def stop(progress: Progress) -> bool:
        told.append(progress)
        return len(told) < 3

    plan = solve(small_call(3), 10**9, stop)
    assert plan.ended == "stopped" and len(told) >= 3
    assert plan.value <= plan.bound


def test_progress_rises_and_ends() -> None:
    told: list[Progress] = []

    def listen(progress: Progress) -> bool:
        told.append(progress)
        return True

    solve(small_call(4), 100_000, listen)
    permille = [progress.permille for progress in told]
    assert permille == sorted(permille) and permille[-1] == 1000 and told[-1].phase == "finished"


def test_mistakes_name_their_place() -> None:
    document = small_call().document()
    place = next(index for index, one in enumerate(document["applications"]) if one["options"])
    document["applications"][place]["options"][0]["min_nodes"] = "two"
    document["policies"][0]["kap"] = 1
    with pytest.raises(InvalidInput) as raised:
        problem_from_document(document)
    places = {mistake.where for mistake in raised.value.mistakes}
    assert places == {f"applications[{place}].options[0].min_nodes", "policies[0].kap"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"format": "dure-plan/1"}', b'{"format": 1.5}', b"\xff"]
)
def test_unreadable_documents_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_problem(content)
    with pytest.raises(InvalidInput):
        read_plan(content.replace(b"dure-plan/1", b"dure-problem/1"))
