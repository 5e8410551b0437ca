"""How firm a plan is: in which share of plans an application is funded when scores and the lottery could have been
otherwise. Scores are moved by what reviewers' means are uncertain by; the lottery is drawn anew each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from dure.decide.planning.chance import Chance
from dure.decide.planning.problem import Problem, Rule, RuleName
from dure.decide.planning.solver import solve

NOISE_TENTHS = 27
"""Standard error of the mean of five reviewers whose scores spread by six points."""


@dataclass(frozen=True, slots=True)
class Stability:
    """In how many of `runs` plans each application was funded."""

    runs: int
    funded: dict[str, int]

    def group(self, application: str) -> Literal["always", "margin", "never"]:
        """Always in, always out, or at the margin."""
        count = self.funded[application]
        return "never" if count == 0 else "always" if count == self.runs else "margin"


def stability(
    problem: Problem,
    runs: int,
    budget: int,
    rule: RuleName | Rule | None = None,
    keep_going: Callable[[int], bool] = lambda done: True,
) -> Stability:
    """Solve `runs` variants with `budget` units of work each. `keep_going(runs done)` may end it early."""
    funded = {one.id: 0 for one in problem.applications}
    done = 0
    while done < runs and keep_going(done):
        for award in solve(_variant(problem, done), budget, rule=rule).awards:
            funded[award.application] += 1
        done += 1
    return Stability(done, funded)


def _variant(problem: Problem, number: int) -> Problem:
    """The problem with other luck."""
    chance = Chance(number, f"stability {problem.call}")
    ranks = [one.lottery_rank for one in problem.applications]
    chance.shuffle(ranks)
    applications = tuple(
        replace(one, score_tenths=max(0, min(1000, chance.bell(one.score_tenths, NOISE_TENTHS))), lottery_rank=rank)
        for one, rank in zip(problem.applications, ranks, strict=True)
    )
    return replace(problem, applications=applications)
