"""From what the earlier chapters hold to the problem that a plan answers."""

from __future__ import annotations

from dataclasses import dataclass

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.assemble import Applicant, Ground, assemble
from dure.decide.planning.problem import Problem, RuleName
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.people.actor import Actor, system
from dure.portal.reviews import queries as reviews

READER: Actor = system("plans")


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem and the call it decides."""

    problem: Problem
    call_id: int


def pose(call_code: str, *, rule: str | None = None, delta_tenths: int | None = None) -> Posed:
    """The problem of a call as things stand: free nodes within what it offers, admitted applications, their scores.

    Raises NotFound (call) and InvalidInput when no application has been admitted.
    """
    call = calls.call(call_code, READER)
    scores = reviews.deciding_scores(call_code)
    applicants = [
        Applicant(
            id=one.number,
            applicant_class=one.organisation.applicant_class,
            region=one.organisation.region,
            organisation=one.organisation.code,
            is_youth=one.organisation.is_youth,
            score_tenths=scores[one.number].tenths if one.number in scores else 0,
            is_eligible=one.number in scores,
            requested_nodes=one.content.requested_nodes,
            min_nodes=one.content.min_nodes,
            months=one.content.months,
            earliest=Month.parse(one.content.earliest_start),
            latest=Month.parse(one.content.latest_start),
            preferences={model.gpu_model: model.utility for model in one.content.models},
        )
        for one in applications.of_call(call_code, READER, states=("admitted",))
    ]
    if not applicants:
        what = Text("적격으로 확인된 신청이 없습니다.", "No application of this call has been admitted.")
        remedy = Text("접수 화면에서 적격 여부를 먼저 확인해 주십시오.", "Admit applications at intake first.")
        raise InvalidInput(Mistake("call", what, remedy))
    zone = programme.zone()
    first, end = Month.of(call.use_from, zone), Month.of(call.use_until, zone)
    months = [first.plus(offset) for offset in range(end.minus(first))]
    free = {code: fleet.free_per_month(code, months) for code in sorted(call.offered)}
    ground = Ground(
        call=call.code,
        track=call.track,
        first=first,
        free_nodes={
            code: [min(by_month[month], call.offered[code]) for month in months] for code, by_month in free.items()
        },
        is_synthetic=call.is_synthetic,
    )
    name: RuleName | None = None if rule is None else ("value" if rule == "value" else "merit")
    return Posed(assemble(programme.current(), ground, applicants, rule=name, delta_tenths=delta_tenths), call.id)
