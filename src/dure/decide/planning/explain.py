"""Why: for every application the binding reason, the exact swap statement, guidance and what would have fitted; for
every rule what it cost. All of it from problem and plan alone, so that anybody may ask again."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import binding, kernels, merit, reasons
from dure.decide.planning.costs import RuleCost, rule_costs
from dure.decide.planning.displacement import displacement
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Model, build
from dure.decide.planning.overrides import KIND, is_left_out, rule_of
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Application, Problem
from dure.decide.planning.whatif import Offer, offers

Outcome = Literal["awarded", "unfunded", "below_pass_mark", "ineligible"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing said about an application: a heading and a sentence."""

    kind: str
    label: Text
    text: Text


NO_CHANGE = Reason("change", reasons.CHANGE, reasons.NO_CHANGE)


@dataclass(frozen=True, slots=True)
class Statement:
    """All that is said about one application. `code` is the binding reason in one word or a rule's name.

    `displaced` counts the awards any one of which would have had to go, `lowest` names the first of them from the
    lowest score up; `needed_tenths` is guidance from prices.
    """

    application: str
    outcome: Outcome
    code: str
    reasons: tuple[Reason, ...]
    displaced: int = 0
    lowest: tuple[str, ...] = ()
    needed_tenths: int | None = None
    change: Offer | None = None
    waitlist_rank: int | None = None


@dataclass(frozen=True, slots=True)
class RuleStatement:
    """What one rule cost; see `costs`."""

    cost: RuleCost
    text: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything said about a plan."""

    problem: str
    plan: str
    statements: tuple[Statement, ...]
    rules: tuple[RuleStatement, ...]

    def document(self) -> dict[str, Any]:
        """As JSON values; applications by id."""
        return {
            "format": "dure-explanation/1",
            "problem": self.problem,
            "plan": self.plan,
            "applications": {one.application: _statement_document(one) for one in self.statements},
            "rules": [_rule_document(one) for one in self.rules],
        }


def explain(problem: Problem, plan: Plan) -> Explanation:
    """Explain `plan`. Raises InvalidInput when the plan is for another problem or holds an award that cannot be."""
    if plan.problem != problem.digest:
        raise InvalidInput(
            Mistake(
                "plan.problem",
                Text("이 배분안은 다른 문제에 대한 것입니다.", "This plan is for another problem."),
                Text("같은 문제로 만든 배분안을 주십시오.", "Give the plan that was solved from this problem."),
            )
        )
    with _collector_resting():
        return _explained(problem, plan)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Hundreds of thousands of small texts are made and none dropped: looking for garbage among them is in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _explained(problem: Problem, plan: Plan) -> Explanation:
    model = build(problem)
    duals = merit.duals(model, plan.certificate)
    speaker = _Speaker(model, plan, merit.tables(model, Envy(model, plan.rule.delta_tenths), duals))
    costs = [
        RuleStatement(one, reasons.rule_cost(one.policy, one.cost, one.at_most, plan.value, one.method == "relaxation"))
        for one in rule_costs(model, plan, duals)
    ]
    return Explanation(problem.digest, plan.digest, tuple(speaker.statements()), tuple(costs))


class _Speaker:
    """Knows one plan and speaks about each of its applications."""

    def __init__(self, model: Model, plan: Plan, tables: kernels.Tables) -> None:
        self.model, self.plan, self.problem, self.tables = model, plan, model.problem, tables
        self.work = merit.empty(model)
        self.number = {one.id: index for index, one in enumerate(model.applications)}
        self._place(plan)
        self.bound = binding.binding(model, tables, self.work)
        lacking = (self.bound.what.tolist(), self.bound.left.tolist(), self.bound.need.tolist())
        self.lacking = list(zip(*lacking, strict=True))
        self.told: dict[tuple[int, int, int, int], tuple[str, Reason]] = {}
        self.compared: dict[tuple[int, int | None, int], Reason] = {}
        is_by_hand = any(policy.kind == KIND for policy in self.problem.policies)
        asked = self.problem.applications if is_by_hand else ()
        self.by_hand = {one.id: rule for one in asked if (rule := rule_of(self.problem, one.id))}
        self.out = [
            one
            for one in (model.applications[index] for index in tables.by_score[::-1].tolist())
            if one.id not in plan.award and self.problem.is_fundable(one) and not self._is_left_out(one)
        ]
        self.rank = {one.id: rank for rank, one in enumerate(self.out, 1)}
        swaps = displacement(model, tables, self.work)
        self.displaced, self.lowest = swaps.count.tolist(), swaps.lowest.tolist()
        self.needed = _needed(model, tables).tolist()
        self.changes = offers(model, self.work, np.array([self.number[one.id] for one in self.out], dtype=np.int64))

    def statements(self) -> list[Statement]:
        """One statement per application of the problem."""
        return [self._statement(application) for application in self.problem.applications]

    def _place(self, plan: Plan) -> None:
        """Put the plan's awards into the state."""
        code = {cluster.code: index for index, cluster in enumerate(self.problem.clusters)}
        for award in plan.awards:
            owner, cluster = self.number.get(award.application), code.get(award.cluster, -1)
            part = (
                slice(0, 0) if owner is None else slice(int(self.model.first[owner]), int(self.model.first[owner + 1]))
            )
            same = (self.model.cluster[part] == cluster) & (self.model.start[part] == award.start)
            found = np.flatnonzero(same & (self.model.nodes[part] == award.nodes))
            if not len(found):
                what = Text("문제에 없는 선정입니다.", "The problem has no such choice.")
                remedy = Text("`dure plan audit`로 확인하십시오.", "Check the plan with `dure plan audit`.")
                raise InvalidInput(Mistake(f"awards[{award.application}]", what, remedy))
            kernels.move(self.tables, self.work, int(found[0]) + part.start, 1)

    def _statement(self, application: Application) -> Statement:
        award = self.plan.award.get(application.id)
        if award is not None:
            cluster = self.problem.cluster[award.cluster]
            text = reasons.awarded(self.problem.calendar, application, award, cluster)
            return Statement(
                application.id,
                "awarded",
                "awarded",
                (Reason("reason", reasons.REASON, text), *self._by_hand(application)),
            )
        if not application.eligible:
            text = reasons.ineligible()
            return Statement(application.id, "ineligible", "ineligible", (Reason("reason", reasons.REASON, text),))
        mark = self.problem.track[application.track].pass_mark_tenths
        if application.score_tenths < mark:
            text = reasons.below_pass_mark(application, mark)
            lone = (Reason("reason", reasons.REASON, text),)
            return Statement(application.id, "below_pass_mark", "below_pass_mark", lone)
        if self._is_left_out(application):
            said = self._by_hand(application)
            return Statement(application.id, "unfunded", self.by_hand[application.id].name, said)
        return self._unfunded(application)

    def _is_left_out(self, application: Application) -> bool:
        """Whether a person left it out."""
        return application.id in self.by_hand and is_left_out(self.by_hand[application.id])

    def _by_hand(self, application: Application) -> tuple[Reason, ...]:
        """What a person decided of it and why, if anything."""
        rule = self.by_hand.get(application.id)
        return () if rule is None else (Reason("override", reasons.BY_HAND, rule.label),)

    def _unfunded(self, application: Application) -> Statement:
        number = self.number[application.id]
        code, reason = self._binding(number)
        count, score = self.displaced[number], application.score_tenths
        near = self.lowest[number][:count]
        said = [reason, self._swap(count, self.model.applications[near[0]].score_tenths if near else None, score)]
        needed = self.needed[number]
        if needed is not None:
            said.append(_guidance(needed, score))
        offer = self.changes.get(number)
        if offer is None:
            said.append(NO_CHANGE)
        else:
            changed = reasons.change(self.problem.calendar, offer, self.problem.cluster[offer.cluster])
            said.append(Reason("change", reasons.CHANGE, changed))
        rank = self.rank[application.id]
        said.append(Reason("waitlist", reasons.WAITLIST, reasons.waitlist(rank, len(self.out))))
        lowest = tuple([self.model.applications[one].id for one in near])
        return Statement(application.id, "unfunded", code, tuple(said), count, lowest, needed, offer, rank)

    def _binding(self, number: int) -> tuple[str, Reason]:
        """The binding reason; made once for all who lack the same of the same rule."""
        what, left, need = self.lacking[number]
        key = (what, left, need, number if what == binding.CAPACITY else 0)
        found = self.told.get(key)
        if found is None:
            text = binding.sentence(self.model, self.bound, number)
            found = binding.code(self.model, self.bound, number), Reason("reason", reasons.REASON, text)
            self.told[key] = found
        return found

    def _swap(self, count: int, lowest: int | None, score: int) -> Reason:
        """The comparison with other awards, made once for all who have the same."""
        key = (count, lowest, score)
        found = self.compared.get(key)
        if found is None:
            rule = self.plan.rule
            text = reasons.swap(count, lowest, score, rule.delta_tenths, rule.name == "merit")
            found = self.compared[key] = Reason("swap", reasons.SWAP, text)
        return found


@functools.lru_cache(maxsize=1 << 16)
def _guidance(needed: int, score: int) -> Reason:
    """What score the prices suggest."""
    return Reason("guidance", reasons.GUIDANCE, reasons.guidance(needed, score))


def _needed(model: Model, tables: kernels.Tables) -> Any:
    """[applications]: the score (tenths) at which some choice would be worth its price, None without a choice."""
    found = np.full(len(model.applications), None, dtype=object)
    offset = model.problem.formula.offset_tenths
    over = np.array([one.score_tenths - offset for one in model.applications], dtype=np.int64)
    usable = np.flatnonzero((model.value > 0) & (over[model.owner] > 0))
    if len(usable):
        owner = model.owner[usable]
        cost = (model.value - tables.priced)[usable]
        first = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        lowest = np.minimum.reduceat(cost * over[owner] / model.value[usable], first)
        needed = np.minimum(1000, offset + np.maximum(0, np.ceil(lowest).astype(np.int64)))
        found[owner[first]] = needed
    return found


def _pair(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


def _statement_document(one: Statement) -> dict[str, Any]:
    change = one.change
    return {
        "outcome": one.outcome,
        "code": one.code,
        "reasons": [{"kind": said.kind, "label": _pair(said.label), "text": _pair(said.text)} for said in one.reasons],
        "displaced": one.displaced,
        "lowest": list(one.lowest),
        "needed_tenths": one.needed_tenths,
        "change": None
        if change is None
        else {
            "kind": change.kind,
            "cluster": change.cluster,
            "start": change.start,
            "nodes": change.nodes,
            "duration": change.duration,
        },
        "waitlist_rank": one.waitlist_rank,
    }


def _rule_document(one: RuleStatement) -> dict[str, Any]:
    cost = one.cost
    return {
        "name": cost.policy.name,
        "label": _pair(cost.policy.label),
        "row": cost.row,
        "price_per_billion": cost.price,
        "cost": cost.cost,
        "at_most": cost.at_most,
        "method": cost.method,
        "text": _pair(one.text),
    }
