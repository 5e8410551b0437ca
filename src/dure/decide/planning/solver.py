"""From a problem to a plan: one function for the command, the portal's loop and the rolling track."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dure.decide.planning import highs, kernels, merit
from dure.decide.planning.bound import certificate
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Model, build
from dure.decide.planning.plan import Award, Ended, Plan
from dure.decide.planning.problem import Problem, Rule, RuleName

Phase = Literal["prices", "search", "merit", "finished"]

DEFAULT_BUDGET = 3_000_000
"""Units of work `solve` spends when nothing is said; about a dozen seconds at 514 applications."""


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
        duals = highs.relax(model).duals
        proof, self.bound = certificate(model, duals)
        envy = Envy(model, self.rule.delta_tenths)
        tables = merit.tables(model, envy, duals)
        state = self._value_plan(model, tables)
        if self.rule.name == "merit":
            before = self.work
            merit.search(
                tables,
                state,
                self.rule.delta_tenths,
                self.budget - before,
                lambda steps, value: self._watch("merit", before + steps, value),
            )
        self.value = int(state.value[0])
        self._tell("finished")
        return Plan(
            problem=self.problem.digest,
            programme=self.problem.programme,
            rule=self.rule,
            awards=tuple(_award(model, int(column)) for column in merit.columns(state)),
            value=self.value,
            bound=self.bound,
            certificate=proof,
            work=self.work,
            ended=self._ended(),
            versions=versions(),
        )

    def _value_plan(self, model: Model, tables: kernels.Tables) -> kernels.Work:
        """A plan of high value without regard to envy, checked row by row as it is put together."""
        share = self.budget // 4 if self.rule.name == "merit" else self.budget
        found = np.flatnonzero(highs.search(model, share, lambda work, value: self._watch("search", work, value)))
        state = merit.empty(model)
        for column in found[np.argsort(-model.value[found], kind="stable")].tolist():
            if kernels.fits(tables, state, column):
                kernels.move(tables, state, column, 1)
        kernels.refill(tables, state, tables.value)
        return state

    def _watch(self, phase: Phase, work: int, value: int | None) -> bool:
        self.work, self.value = work, value
        return self._tell(phase)

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
