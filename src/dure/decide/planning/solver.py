"""From a problem to a plan: one function for the command, the portal's loop and the rolling track."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dure.decide.planning import highs
from dure.decide.planning.bound import certificate
from dure.decide.planning.envy import Envy
from dure.decide.planning.merit import enlarge, settle
from dure.decide.planning.model import Model, build
from dure.decide.planning.plan import Award, Ended, Plan
from dure.decide.planning.problem import Problem, Rule, RuleName
from dure.decide.planning.state import State

Phase = Literal["prices", "search", "merit", "finished"]

DEFAULT_BUDGET = 80_000
"""Units of work `solve` spends when nothing is said; under half a minute at 514 applications."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: permille of its budget, best value so far and the bound, both None until known."""

    phase: Phase
    permille: int
    value: int | None
    bound: int | None


OnProgress = Callable[[Progress], bool]


def solve(
    problem: Problem,
    budget: int | None = None,
    on_progress: OnProgress | None = None,
    rule: RuleName | Rule | None = None,
) -> Plan:
    """The best plan found for `problem` under `rule` (default: the problem's own) within `budget` units of work.

    The same problem, rule and budget give the same plan on every machine. `on_progress` is told how far the search
    is and answers whether to continue; a stopped search still returns a plan that keeps every rule.
    """
    return _Run(problem, budget, on_progress or (lambda progress: True), rule_of(problem, rule)).plan()


def rule_of(problem: Problem, rule: RuleName | Rule | None) -> Rule:
    """`rule` as a Rule: a name takes the problem's band, None the problem's rule."""
    if rule is None:
        return problem.rule
    return rule if isinstance(rule, Rule) else Rule(rule, problem.rule.delta_tenths)


class _Run:
    """One search, its work so far and its listener."""

    def __init__(self, problem: Problem, budget: int | None, on_progress: OnProgress, rule: Rule) -> None:
        self.problem, self.rule = problem, rule
        self.budget = DEFAULT_BUDGET if budget is None else budget
        self.on_progress = on_progress
        self.work = 0
        self.bound: int | None = None
        self.value: int | None = None
        self.is_stopped = False

    def plan(self) -> Plan:
        """Prices and bound, then a valuable plan, then (under merit) one without justified envy."""
        model = build(self.problem)
        self._tell("prices")
        proof, self.bound = certificate(model, highs.relax(model).duals)
        state = self._search(model)
        if self.rule.name == "merit":
            self._settle(model, state)
        self.value = state.value
        self._tell("finished")
        return Plan(
            problem=self.problem.digest,
            programme=self.problem.programme,
            rule=self.rule,
            awards=tuple(_award(model, int(column)) for column in state.column[state.column >= 0]),
            value=self.value,
            bound=self.bound,
            certificate=proof,
            work=self.work,
            ended=self._ended(),
            versions=versions(),
        )

    def _search(self, model: Model) -> State:
        found = highs.search(model, self.budget, self._watch)
        state = State(model)
        columns = np.flatnonzero(found)
        for column in columns[np.argsort(-model.value[columns], kind="stable")].tolist():
            if state.fits(column):
                state.put(column)
        state.refill(np.arange(len(model.applications)))
        return state

    def _settle(self, model: Model, state: State) -> None:
        envy = Envy(model, self.rule.delta_tenths)
        if settle(model, state, envy, lambda: self._tell("merit")):
            enlarge(model, state, envy)

    def _watch(self, work: int, value: int | None) -> bool:
        self.work, self.value = work, value
        return self._tell("search")

    def _tell(self, phase: Phase) -> bool:
        permille = 1000 if phase == "finished" else min(999, self.work * 1000 // max(1, self.budget))
        if not self.on_progress(Progress(phase, permille, self.value, self.bound)):
            self.is_stopped = True
        return not self.is_stopped

    def _ended(self) -> Ended:
        if self.is_stopped:
            return "stopped"
        return "budget" if self.work >= self.budget else "finished"


def _award(model: Model, column: int) -> Award:
    application = model.applications[model.owner[column]]
    cluster = model.problem.clusters[model.cluster[column]]
    return Award(application.id, cluster.code, int(model.start[column]), int(model.nodes[column]))


def versions() -> dict[str, str]:
    """The programs a plan depends on."""
    return {name: importlib.metadata.version(name) for name in ("dure", "highspy", "numba", "numpy")}
