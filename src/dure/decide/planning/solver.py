"""From a problem to a plan: one function for the command, the portal's loop and the rolling track."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dure.decide.planning import kernels, merit
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Ints, Model, build
from dure.decide.planning.packed import blocks_to_try, certificate, merit_order, pools, translate
from dure.decide.planning.packing.pack import pack
from dure.decide.planning.plan import Ended, Plan
from dure.decide.planning.problem import Problem, Rule, RuleName
from dure.decide.planning.running import beside_running

Phase = Literal["prices", "search", "merit", "finished"]

DEFAULT_BUDGET = 15_000_000
"""Units of work `solve` spends when nothing is said; at 514 applications well under a minute on two quiet cores."""


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
    chosen, listener = rule_of(problem, rule), on_progress or (lambda progress: True)
    return beside_running(problem, lambda rest: _Run(rest, budget, listener, chosen).plan())


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
        """Prices and bound, then a good plan under the rule, then its proof in the problem's own words."""
        model = build(self.problem)
        translation = translate(model)
        is_merit, envy = self.rule.name == "merit", Envy(model, self.rule.delta_tenths)
        packed = pack(
            translation.model,
            self.budget,
            self._packing,
            merit=merit_order(model, translation, envy) if is_merit else None,
            blocks=blocks_to_try(model),
            pools=pools(model, translation),
        )
        self.work = packed.work
        proof, self.bound = certificate(model, translation, packed)
        tables = merit.tables(model, envy, merit.duals(model, proof))
        state = self._state(model, tables, packed.choice)
        if is_merit:
            merit.settle(tables, state, self.rule.delta_tenths)
        self.value = int(state.value[0])
        self._tell("finished")
        return Plan(
            problem=self.problem.digest,
            programme=self.problem.programme,
            rule=self.rule,
            awards=merit.choice(model, state).awards,
            value=self.value,
            bound=self.bound,
            certificate=proof,
            budget=self.budget,
            work=self.work,
            ended=self._ended(),
            versions=versions(),
        )

    def _state(self, model: Model, tables: kernels.Tables, choice: Ints) -> kernels.Work:
        """The packed choice as a state; groups beyond the applications belong to soft rows."""
        state = merit.empty(model)
        for application, place in enumerate(choice[: len(model.applications)].tolist()):
            if place >= 0:
                kernels.move(tables, state, int(model.first[application]) + place, 1)
        return state

    def _packing(self, phase: str, work: int, value: int, bound: int) -> bool:
        self.bound = bound
        known: dict[str, Phase] = {"search": "search", "merit": "merit"}
        return self._watch(known.get(phase, "prices"), work, value)

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


def versions() -> dict[str, str]:
    """The programs a plan depends on; `planner` is a hash of this package's own text."""
    found = {name: importlib.metadata.version(name) for name in ("dure", "highspy", "numba", "numpy")}
    return found | {"planner": _text_hash()}


@functools.cache
def _text_hash() -> str:
    """The first 16 digits of the SHA-256 of all modules of planning, by name: a change of code is no replay's fault."""
    here = importlib.resources.files("dure.decide.planning")
    digest = hashlib.sha256()
    for folder in (here, here / "packing"):
        for module in sorted(folder.iterdir(), key=lambda one: one.name):
            if module.name.endswith(".py"):
                digest.update(module.name.encode() + b"\0" + module.read_bytes())
    return digest.hexdigest()[:16]
