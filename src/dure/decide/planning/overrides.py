"""Overrides by hand: an application put in or left out against what a plan says, in the words of the problem itself.

Left out is a rule that caps the application's awards at nothing. Put in is a fixed award: the application may take
just that, everybody else leaves it room on its cluster, and what it uses of every rule is taken off that rule before.
So nothing new is needed of the planner or the auditor, every override is a rule with a name, a reason and a cost, and
all of them are part of what is hashed and sealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.held import caps_of, held_by, less, nodes_held, option_of, used
from dure.decide.planning.model import fact
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import APPLICATION_FACTS, Application, Policy, Problem

KIND = "override"


@dataclass(frozen=True, slots=True)
class Override:
    """What a person decided for one application, and why. `award` is None when it is left out."""

    application: str
    reason: Text
    award: Award | None = None

    @property
    def kind(self) -> Literal["in", "out"]:
        """Whether it is put in or left out."""
        return "out" if self.award is None else "in"


def overridden(problem: Problem, overrides: Sequence[Override]) -> Problem:
    """`problem` with `overrides` applied to it; the problem itself without any.

    Raises InvalidInput (`overrides[ID]`) when an application cannot be had that way: it is not in the problem, may not
    be funded, did not ask for it, or a rule or cluster has no room for it even if all others gave way.
    """
    ordered = sorted(overrides, key=lambda one: one.application)
    mistakes = _refusals(problem, ordered)
    if not mistakes:
        mistakes = _too_much(problem, [one.award for one in ordered if one.award is not None])
    if mistakes:
        raise InvalidInput(mistakes)
    fixed = {one.application: one.award for one in ordered if one.award is not None}
    if not ordered:
        return problem
    awards = list(fixed.values())
    policies = [_without(problem, policy, awards) for policy in problem.policies]
    for one in ordered:
        policies.extend(_rules(problem, one, awards))
    applications = tuple(_fixed(one, fixed[one.id]) if one.id in fixed else one for one in problem.applications)
    return replace(problem, applications=applications, policies=tuple(policies))


def rule_of(problem: Problem, application: str) -> Policy | None:
    """The rule by which `application` was put in or left out by hand, or None."""
    return next((one for one in problem.policies if one.kind == KIND and one.name == _name(application)), None)


def is_left_out(policy: Policy) -> bool:
    """Whether this rule of an override leaves its application out (else it puts it in)."""
    return policy.kind == KIND and policy.measure == "awards" and policy.caps == (0,)


def _name(application: str) -> str:
    return f"override-{application.replace('/', '-')}"


def _label(one: Override) -> Text:
    done = Text("담당자가 넣음", "put in by hand") if one.award else Text("담당자가 제외함", "left out by hand")
    return Text(f"{one.application} {done.ko}: {one.reason.ko}", f"{one.application} {done.en}: {one.reason.en}")


def _fixed(application: Application, award: Award) -> Application:
    """The application as it can be had only this way; nobody has justified envy of it. `earliest` stays: it is what
    waiting is counted from."""
    option = replace(option_of(application, award.cluster), min_nodes=award.nodes, max_nodes=award.nodes)
    return replace(application, options=(option,), latest=award.start, standing="nominated")


def _rules(problem: Problem, one: Override, awards: Sequence[Award]) -> list[Policy]:
    """The rules that say an override. Those of awards put in nest: each leaves room for all up to itself, so that
    together they leave room for all of them."""
    slots = problem.calendar.slots
    only = {"application": (one.application,)}
    if one.award is None:
        return [Policy(_name(one.application), KIND, _label(one), "awards", (0,), match=only, end_slot=slots)]
    start, end = one.award.start, one.award.start + problem.application[one.application].duration
    upto = [award for award in awards if award.application <= one.application]
    held = nodes_held(problem, held_by(problem, upto))[one.award.cluster]
    capacity = problem.cluster[one.award.cluster].capacity
    found = [
        Policy(
            name=_name(one.application),
            kind=KIND,
            label=_label(one),
            measure="nodes",
            caps=tuple(capacity[slot] - held[slot] for slot in range(start, end)),
            match={"cluster": (one.award.cluster,)},
            exclude={"application": tuple(award.application for award in upto)},
            by_slot=True,
            first_slot=start,
            end_slot=end,
        )
    ]
    earliest = problem.application[one.application].earliest
    if start > earliest:
        label = Text(f"{one.application} 시작 시기 고정", f"{one.application}: start fixed")
        name, none = f"{_name(one.application)}-start", (0,) * (start - earliest)
        found.append(Policy(name, KIND, label, "nodes", none, only, by_slot=True, first_slot=earliest, end_slot=start))
    return found


def _without(problem: Problem, policy: Policy, awards: Sequence[Award]) -> Policy:
    """The rule for everybody else: it no longer counts the fixed awards, and allows what they leave of it."""
    held = used(problem, policy, held_by(problem, awards))
    if not held:
        return policy
    ids = tuple(sorted(award.application for award in awards))
    left = less(policy, held)
    if not policy.exclude:
        return replace(left, exclude={"application": ids})
    ((name, words),) = policy.exclude.items()
    others = tuple(word for word in _words(problem, name) if word not in words)
    if name in policy.match:
        others = tuple(word for word in others if word in policy.match[name])
    return replace(left, match={**policy.match, name: others}, exclude={"application": ids})


def _words(problem: Problem, name: str) -> list[str]:
    """All words of a fact in the problem."""
    if name in APPLICATION_FACTS:
        return sorted({one.fact(name) for one in problem.applications})
    some = problem.applications[0]
    return sorted({fact(name, some, cluster) for cluster in problem.clusters})


def _refusals(problem: Problem, overrides: Sequence[Override]) -> list[Mistake]:
    """What each override asks that its application cannot have."""
    mistakes = []
    seen: set[str] = set()
    for one in overrides:
        application = problem.application.get(one.application)
        what = _refusal(problem, application, one)
        if one.application in seen:
            what = Text("같은 신청을 두 번 바꿀 수 없습니다.", "An application can be overridden once only.")
        if what is not None:
            mistakes.append(Mistake(f"overrides[{one.application}]", what))
        seen.add(one.application)
    return mistakes


def _refusal(problem: Problem, application: Application | None, one: Override) -> Text | None:
    if application is None:
        return Text("이 배분안에 없는 신청입니다.", "The plan has no such application.")
    if not (one.reason.ko.strip() and one.reason.en.strip()):
        return Text("사유를 한국어와 영어로 입력해 주십시오.", "Give the reason in Korean and in English.")
    if application.standing == "running":
        return Text("이미 수행 중인 선정 과제는 그대로 유지됩니다.", "This award runs already and stays as it is.")
    if one.award is None:
        return None
    if not problem.is_fundable(application):
        return Text(
            "자격이 없거나 기준 점수에 미치지 못한 신청은 넣을 수 없습니다.",
            "An application that is not eligible or below the pass mark cannot be put in.",
        )
    return _not_asked(problem, application, one.award)


def _not_asked(problem: Problem, application: Application, award: Award) -> Text | None:
    """How an award differs from everything the application can use."""
    option = next((each for each in application.options if each.cluster == award.cluster), None)
    if option is None:
        return Text("이 신청이 쓸 수 없는 클러스터입니다.", "The application cannot use this cluster.")
    if not option.min_nodes <= award.nodes <= option.max_nodes:
        return Text(
            f"이 클러스터에서는 {option.min_nodes}대에서 {option.max_nodes}대까지 줄 수 있습니다.",
            f"On this cluster it can have {option.min_nodes} to {option.max_nodes} nodes.",
        )
    last = min(application.latest, problem.calendar.slots - application.duration)
    if not application.earliest <= award.start <= last:
        first, end = _month(problem, application.earliest), _month(problem, max(last, application.earliest))
        return Text(f"시작은 {first}부터 {end}까지 가능합니다.", f"It can start from {first} to {end}.")
    limit = application.fee_limit_won
    if limit is not None and option.fee_won * award.nodes * application.duration > limit:
        return Text("신청자가 밝힌 자부담 한도를 넘습니다.", "It exceeds what the applicant said it can pay.")
    return None


def _month(problem: Problem, slot: int) -> str:
    return str(Month.parse(problem.calendar.first).plus(slot // problem.calendar.slots_per_month))


def _too_much(problem: Problem, awards: Sequence[Award]) -> list[Mistake]:
    """Which cluster or hard rule cannot hold the fixed awards, even without anybody else."""
    mistakes = []
    held = held_by(problem, awards)
    for code, nodes in nodes_held(problem, held).items():
        if any(use > most for use, most in zip(nodes, problem.cluster[code].capacity, strict=True)):
            label = Text(f"클러스터 {code}의 빈 서버", f"free nodes of {code}")
            mistakes.extend(_no_room(label, [one for one in awards if one.cluster == code]))
    for policy in problem.policies:
        use_of = used(problem, policy, held)
        for word, line in use_of.items():
            is_over = any(use > cap for use, cap in zip(line, caps_of(policy, word), strict=True))
            if is_over and policy.price is None:
                users = [one for one in awards if word in used(problem, policy, held_by(problem, [one]))]
                mistakes.extend(_no_room(policy.label, users))
        if len(policy.exclude) > 1 and use_of:
            what = Text(
                f"'{policy.label.ko}' 규칙은 손으로 바꾼 선정을 따로 셀 수 없습니다.",
                f"The rule '{policy.label.en}' cannot count overrides apart.",
            )
            mistakes.extend(Mistake(f"overrides[{one.application}]", what) for one in awards)
    return mistakes


def _no_room(label: Text, awards: Sequence[Award]) -> list[Mistake]:
    what = Text(
        f"다른 신청을 모두 빼도 '{label.ko}'에 자리가 없습니다.",
        f"'{label.en}' has no room for it even if all others gave way.",
    )
    remedy = Text("서버를 줄이거나 규칙을 바꾼 시나리오에서 하십시오.", "Use fewer nodes, or change the rule first.")
    return [Mistake(f"overrides[{one.application}]", what, remedy) for one in awards]


def as_document(overrides: Sequence[Override]) -> list[dict[str, Any]]:
    """Overrides as JSON values, in order of application."""
    return [
        {
            "application": one.application,
            "reason": {"ko": one.reason.ko, "en": one.reason.en},
            "award": {"cluster": one.award.cluster, "start": one.award.start, "nodes": one.award.nodes}
            if one.award
            else None,
        }
        for one in sorted(overrides, key=lambda each: each.application)
    ]


def from_document(document: Sequence[Mapping[str, Any]]) -> tuple[Override, ...]:
    """The overrides that `as_document` wrote."""
    return tuple(
        Override(
            one["application"],
            Text(one["reason"]["ko"], one["reason"]["en"]),
            Award(application=one["application"], **one["award"]) if one["award"] else None,
        )
        for one in document
    )
