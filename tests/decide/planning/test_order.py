"""The same problem gives the same bytes, whatever order its parts came in; progress is told and obeyed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning.load import problem_from_document, read_problem
from dure.decide.planning.plan import read_plan
from dure.decide.planning.solver import Progress, solve
from tests.decide.planning.small import small_call


@pytest.mark.parametrize("rule", ["value", "merit"])
def test_permuted_input_gives_the_same_bytes(rule: str) -> None:
    problem, chance = small_call(2), random.Random(5)
    applications, policies = list(problem.applications), list(problem.policies)
    chance.shuffle(applications)
    chance.shuffle(policies)
    other = replace(
        problem,
        applications=tuple(replace(one, options=one.options[::-1]) for one in applications),
        policies=tuple(policies),
        clusters=problem.clusters[::-1],
    )
    assert other.digest == problem.digest
    assert solve(other, 100_000, rule=rule).encode() == solve(problem, 100_000, rule=rule).encode()  # type: ignore[arg-type]


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
