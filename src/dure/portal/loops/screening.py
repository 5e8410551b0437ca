"""Calls that no panel scores: small requests are found eligible by rule, the rest by one verifier, then awarded.

What is within the track's automatic limit, eligible and has room needs nobody. A verifier decides the others at
intake. Once every application of a round is judged, its plan is made, audited and accepted, and offers go out: no
step of a fast round waits for a person except the verifier's.
"""

from __future__ import annotations

from datetime import datetime

from dure.core.errors import IllegalTransition, InsufficientCapacity, InvalidInput, Stale
from dure.core.period import Month
from dure.core.text import Text
from dure.decide import tracks
from dure.decide.tracks import Place, Screening
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.applications.queries import ApplicationView
from dure.portal.awards import operations as awards
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.calls.queries import CallView
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.people.actor import system
from dure.portal.plans import operations as plans
from dure.portal.plans import queries as plan_queries

ACTOR = system("loop:screening")
REASON = Text("요건과 빈 서버를 확인하여 정하는 트랙입니다.", "This track is decided by eligibility and room.")


def tend(now: datetime) -> int:
    """Take every such round as far as it can go without a person; returns how many things were done."""
    rounds = call_queries.calls(ACTOR, ("closed", "deciding"))
    return sum(_step(call, now) for call in rounds if call.rules.decision == "verifier")


def screened(call: CallView, view: ApplicationView, now: datetime) -> Screening:
    """What becomes of one application of such a call, as things stand."""
    request = view.content.request
    found = application_queries.check(call, view.organisation, view.content, "award")
    usable = application_queries.usable_clusters(view)
    if request is None:
        return Screening("refuse", 0, None, found.reason)
    places = [
        Place(
            cluster,
            programme.current().cluster(cluster).gpu_model,
            Month.of(start_at, programme.zone()),
            len(fleet.free_nodes(cluster, start_at, end_at)),
        )
        for start_at, end_at in application_queries.possible_periods(view, now)
        for cluster, _least, _most in usable
    ]
    return tracks.screen(call.rules, request, found, places)


def _step(call: CallView, now: datetime) -> int:
    try:
        return _judge(call, now) if call.state == "closed" else _decide(call, now)
    except (IllegalTransition, InvalidInput, InsufficientCapacity, Stale):
        # A person did it first, or has to: the call's page and the office's task list say what stands.
        return 0


def _judge(call: CallView, now: datetime) -> int:
    """Find eligible what needs nobody; once nothing waits for the verifier, go on to deciding."""
    waiting = application_queries.of_call(call.code, ACTOR, ("submitted",))
    by_rule = [view.number for view in waiting if screened(call, view, now).outcome == "award"]
    if by_rule:
        return len(applications.admit_all(actor=ACTOR, now=now, call_code=call.code, numbers=by_rule))
    if waiting:
        return 0
    calls.start_review(actor=ACTOR, now=now, code=call.code)
    calls.start_deciding(actor=ACTOR, now=now, code=call.code)
    return 1


def _decide(call: CallView, now: datetime) -> int:
    """Make the plan, and once it is solved accept it and send the offers."""
    if not application_queries.counts(call.code, ACTOR).get("admitted", 0):
        calls.decide(actor=ACTOR, now=now, code=call.code)
        return 1
    made = plan_queries.plans(ACTOR, call.code)
    solved = [plan for plan in made if plan.state == "solved"]
    if solved:
        plans.accept(actor=ACTOR, now=now, plan_id=solved[0].id, reason=f"{REASON.ko} {REASON.en}")
        return 1 + awards.offer_plan(actor=ACTOR, now=now, plan_id=solved[0].id)
    if made:
        return 0  # being solved, or failed: then a person looks
    plans.queue(actor=ACTOR, now=now, call_code=call.code, title=call.code, rule=programme.current().policy.rule)
    return 1
