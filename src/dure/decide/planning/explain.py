"""Why: for every application the binding reason, the exact swap statement, guidance and what would have fitted; for
every rule what it cost. All of it from problem and plan alone, so that anybody may ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import binding, highs, kernels, merit, reasons
from dure.decide.planning.bound import certificate
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Model, build
from dure.decide.planning.overrides import is_left_out, rule_of
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Application, Problem
from dure.decide.planning.whatif import Offer, Room, verified

Outcome = Literal["awarded", "unfunded", "below_pass_mark", "ineligible"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing said about an application: a heading and a sentence."""

    kind: str
    label: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Statement:
    """All that is said about one application. `code` is the binding reason in one word or a rule's name.

    `displaced` are the awards any one of which would have had to go; `needed_tenths` is guidance from prices.
    """

    application: str
    outcome: Outcome
    code: str
    reasons: tuple[Reason, ...]
    displaced: tuple[str, ...] = ()
    needed_tenths: int | None = None
    change: Offer | None = None
    waitlist_rank: int | None = None


@dataclass(frozen=True, slots=True)
class RuleStatement:
    """What one rule allowed, held and cost (in value, by the bound without it)."""

    name: str
    label: Text
    cost: int
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
            "rules": [
                {"name": one.name, "label": _pair(one.label), "cost": one.cost, "text": _pair(one.text)}
                for one in self.rules
            ],
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
    model = build(problem)
    speaker = _Speaker(model, plan)
    return Explanation(problem.digest, plan.digest, tuple(speaker.statements()), tuple(_rule_costs(model, plan)))


class _Speaker:
    """Knows one plan and speaks about each of its applications."""

    def __init__(self, model: Model, plan: Plan) -> None:
        self.model, self.plan, self.problem = model, plan, model.problem
        envy = Envy(model, plan.rule.delta_tenths)
        self.tables = merit.tables(model, envy, merit.duals(model, plan.certificate))
        self.work = merit.empty(model)
        self._place(plan)
        self.room = Room(model, self.work)
        self.number = {one.id: index for index, one in enumerate(model.applications)}
        self.bound = binding.binding(model, self.tables, self.work)
        rules = {one.id: rule_of(self.problem, one.id) for one in self.problem.applications}
        self.by_hand = {name: rule for name, rule in rules.items() if rule is not None}
        self.out = [
            one
            for one in sorted(self.problem.applications, key=lambda one: (-one.score_tenths, one.lottery_rank))
            if one.id not in plan.award and self.problem.is_fundable(one) and not self._is_left_out(one)
        ]
        self.rank = {one.id: rank for rank, one in enumerate(self.out, 1)}
        self.changes = self._changes()

    def statements(self) -> list[Statement]:
        """One statement per application of the problem."""
        return [self._statement(application) for application in self.problem.applications]

    def _place(self, plan: Plan) -> None:
        """Put the plan's awards into the state."""
        clusters = [cluster.code for cluster in self.problem.clusters]
        numbers = {one.id: index for index, one in enumerate(self.model.applications)}
        for award in plan.awards:
            found = np.zeros(0, dtype=np.int64)
            if award.application in numbers and award.cluster in clusters:
                owner = numbers[award.application]
                columns = np.arange(self.model.first[owner], self.model.first[owner + 1])
                same = self.model.cluster[columns] == clusters.index(award.cluster)
                same &= (self.model.start[columns] == award.start) & (self.model.nodes[columns] == award.nodes)
                found = columns[same]
            if not len(found):
                what = Text("문제에 없는 선정입니다.", "The problem has no such choice.")
                remedy = Text("`dure plan audit`로 확인하십시오.", "Check the plan with `dure plan audit`.")
                raise InvalidInput(Mistake(f"awards[{award.application}]", what, remedy))
            kernels.move(self.tables, self.work, int(found[0]), 1)

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
        code, text = binding.code(self.model, self.bound, number), binding.sentence(self.model, self.bound, number)
        displaced = self._displaced(application)
        is_merit = self.plan.rule.name == "merit"
        lowest = min(displaced, key=lambda one: (one.score_tenths, -one.lottery_rank), default=None)
        said = [
            Reason("reason", reasons.REASON, text),
            Reason(
                "swap",
                reasons.SWAP,
                reasons.swap(len(displaced), lowest, application, self.plan.rule.delta_tenths, is_merit),
            ),
        ]
        needed = self._needed(application)
        if needed is not None:
            said.append(Reason("guidance", reasons.GUIDANCE, reasons.guidance(needed, application.score_tenths)))
        offer = self.changes.get(application.id)
        changed = (
            reasons.change(self.problem.calendar, offer, self.problem.cluster[offer.cluster])
            if offer is not None
            else reasons.no_change()
        )
        said.append(Reason("change", reasons.CHANGE, changed))
        rank = self.rank[application.id]
        said.append(Reason("waitlist", reasons.WAITLIST, reasons.waitlist(rank, len(self.out))))
        return Statement(
            application.id, "unfunded", code, tuple(said), tuple(one.id for one in displaced), needed, offer, rank
        )

    def _displaced(self, application: Application) -> list[Application]:
        """Awards any one of which, gone, would make room."""
        number = self.number[application.id]
        flags = kernels.displaced(self.tables, self.work, number)
        return [self.model.applications[index] for index in np.flatnonzero(flags).tolist()]

    def _needed(self, application: Application) -> int | None:
        """The score at which some choice would be worth its price, in tenths; None without a choice."""
        number, t = self.number[application.id], self.tables
        part = slice(int(t.first[number]), int(t.first[number + 1]))
        over = application.score_tenths - self.problem.formula.offset_tenths
        value = self.model.value[part]
        usable = value > 0
        if over <= 0 or not usable.any():
            return None
        cost = (value - t.priced[part])[usable]
        lowest = int(np.ceil((cost * over / value[usable]).min()))
        return min(1000, self.problem.formula.offset_tenths + max(0, lowest))

    def _changes(self) -> Mapping[str, Offer]:
        """The first offer of each unfunded application that stands up to insertion."""
        queue = {one.id: list(self.room.offers(one)) for one in self.out}
        found: dict[str, Offer] = {}
        while True:
            asked = [offers.pop(0) for name, offers in queue.items() if offers and name not in found]
            if not asked:
                return found
            for offer, is_good in zip(asked, verified(self.room, asked, self.problem.application), strict=True):
                if is_good:
                    found[offer.application] = offer


def _rule_costs(model: Model, plan: Plan) -> list[RuleStatement]:
    """What each rule cost: how much higher the bound would be without it."""
    problem, found = model.problem, []
    base = _bound(model)
    for policy in problem.policies:
        without = build(replace(problem, policies=tuple(one for one in problem.policies if one.name != policy.name)))
        cost = max(0, _bound(without) - base)
        found.append(RuleStatement(policy.name, policy.label, cost, reasons.rule_cost(policy, cost, plan.value)))
    return found


def _bound(model: Model) -> int:
    return certificate(model, highs.relax(model).duals)[1]


def _pair(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


def _statement_document(one: Statement) -> dict[str, Any]:
    change = one.change
    return {
        "outcome": one.outcome,
        "code": one.code,
        "reasons": [{"kind": said.kind, "label": _pair(said.label), "text": _pair(said.text)} for said in one.reasons],
        "displaced": list(one.displaced),
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
