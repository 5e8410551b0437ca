"""From what the earlier chapters hold to the problem that a plan answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.assemble import Applicant, Ground, Running, assemble, lottery_ranks
from dure.decide.planning.problem import Problem, RuleName
from dure.decide.planning.scenario import Changes, changed
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.plans import queries
from dure.portal.reviews import queries as reviews

READER: Actor = system("plans")


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem and the call it decides."""

    problem: Problem
    call_id: int


def pose(call_code: str, changes: Changes | None = None) -> Posed:
    """The problem of a call as things stand: free nodes within what it offers, admitted applications, their scores,
    under the programme's policy or what `changes` make of it.

    Organisations stand in it as numbers: it is published with the decision, and holds every application's score.
    Raises NotFound (call) and InvalidInput when no application has been admitted or a change cannot be made.
    """
    call, wanted = calls.call(call_code, READER), changes or Changes()
    rules = changed(programme.current(), call.track, wanted)
    scores = reviews.deciding_scores(call_code, wanted.weights)
    admitted = applications.of_call(call_code, READER, states=("admitted",))
    tenths = {number: score.tenths for number, score in scores.items()}
    if call.rules.reviewers == 0:  # found eligible is all there is to it: everybody stands at the pass mark
        tenths = {one.number: rules.rubric.pass_mark_tenths for one in admitted}
    numbers = _organisation_numbers(call_code, [(one.number, one.organisation.code) for one in admitted])
    applicants = [
        Applicant(
            id=one.number,
            applicant_class=one.organisation.applicant_class,
            region=one.organisation.region,
            organisation=numbers[one.organisation.code],
            is_youth=one.organisation.is_youth,
            score_tenths=tenths.get(one.number, 0),
            is_eligible=one.number in tenths
            and applications.check(call, one.organisation, one.content, "award").is_eligible,
            requested_nodes=one.content.requested_nodes,
            min_nodes=one.content.min_nodes,
            months=one.content.months,
            earliest=Month.parse(one.content.earliest_start),
            latest=Month.parse(one.content.latest_start),
            preferences={model.gpu_model: model.utility for model in one.content.models},
        )
        for one in admitted
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
        running=_running(sorted(call.offered), months, numbers),
    )
    posed = assemble(rules, ground, applicants, rule=wanted.rule, delta_tenths=wanted.delta_tenths)
    return Posed(posed, call.id)


def _running(clusters: list[str], months: list[Month], numbers: Mapping[str, str]) -> list[Running]:
    """What earlier awards hold on these clusters in these months, by organisation."""
    held: dict[str, dict[str, list[int]]] = {}
    for code in clusters:
        for organisation, nodes in fleet.awarded_per_month(code, months).items():
            held.setdefault(organisation, {})[code] = [nodes.get(month, 0) for month in months]
    known = people.organisations_of_codes(held)
    return [
        Running(numbers.get(code, ""), known[code].applicant_class, known[code].region, nodes)
        if code in known
        else Running("", "", "", nodes)
        for code, nodes in sorted(held.items())
    ]


def _organisation_numbers(call_code: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    """A name for each organisation of `pairs` (application, organisation) that tells nothing of it: by lottery."""
    ranks = lottery_ranks(call_code, [number for number, _ in pairs])
    first: dict[str, int] = {}
    for number, code in pairs:
        first[code] = min(ranks[number], first.get(code, ranks[number]))
    return {code: f"organisation-{place:04d}" for place, code in enumerate(sorted(first, key=first.__getitem__), 1)}


def is_outdated(plan_id: int) -> bool:
    """Whether scores, applications or free nodes have changed since the problem of a plan was posed."""
    view = queries.plan(plan_id, READER)
    changes = replace(view.changes, rule=cast(RuleName, view.rule), delta_tenths=view.delta_tenths)
    return pose(view.call_code, changes).problem.encode() != queries.ground_document(plan_id)
