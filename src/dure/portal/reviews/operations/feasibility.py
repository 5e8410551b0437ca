"""The provider's technical check: can this be run here? Asked before the plan, answered by the provider's people."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import FEASIBILITY
from dure.portal.applications import queries as applications
from dure.portal.calls import operations as call_rows
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.models import Feasibility, SetAside

ANSWER_DAYS = 7
LONGEST = 500
EVENTS = {"feasible": "confirm", "conditional": "limit", "infeasible": "doubt"}


@transaction.atomic
def ask_providers(*, actor: Actor, now: datetime, call_code: str, only_large: bool = False) -> int:
    """Ask every provider that could host an admitted application of the call; returns how many questions are new.

    `only_large`: only about those large enough for an interview by the track's rule. Asking again adds what is missing.
    """
    actor.require(actor.is_programme_manager)
    call = call_rows.hold(call_code)
    if call.state not in ("closed", "reviewing", "deciding"):
        raise IllegalTransition("call", call.state, "ask the providers")
    programme, fresh = programmes.current(), []
    known = set(Feasibility.objects.filter(application__call_id=call.id).values_list("application_id", "provider"))
    for view in applications.of_call(call_code, queries.READER, states=("admitted",)):
        wished = [model.gpu_model for model in view.content.models]
        if only_large and not call.rules.is_interviewed(wished, view.content.requested_nodes or 0):
            continue
        clusters = [programme.cluster(code) for code, _, _ in applications.usable_clusters(view)]
        for provider in sorted({cluster.provider for cluster in clusters}):
            if (view.id, provider) not in known:
                due = now + timedelta(days=ANSWER_DAYS)
                fresh.append(Feasibility(application_id=view.id, provider=provider, asked_at=now, due_at=due))
    Feasibility.objects.bulk_create(fresh, batch_size=500)
    append(at=now, actor=actor.name, event="reviews.ask_providers", subject=f"call:{call_code}", asked=len(fresh))
    for provider in sorted({row.provider for row in fresh}):
        count = sum(row.provider == provider for row in fresh)
        for one in people.people_with_role("provider", provider):
            messages.announce(
                key=f"feasibility:{call_code}:{provider}:{one.id}:{now.isoformat()}",
                user_id=one.id,
                subject=Text(f"[{call_code}] 기술 검토 {count}건", f"[{call_code}] {count} technical checks"),
                body=Text(
                    "귀사의 클러스터에서 돌릴 수 있는지 알려 주십시오: /reviews/feasibility/",
                    "Please say whether these can run on your clusters: /reviews/feasibility/",
                ),
                now=now,
            )
    return len(fresh)


@transaction.atomic
def answer_feasibility(*, actor: Actor, now: datetime, feasibility_id: int, verdict: str, reason: str = "") -> None:
    """The provider's people say "feasible", "conditional" (the conditions as reason) or "infeasible" (why).

    Late answers are taken. Raises NotFound for other people and for proposals in which they have a conflict.
    """
    if feasibility_id not in {one.id for one in queries.feasibility_for(actor)}:
        raise NotFound(internal=f"feasibility {feasibility_id} for {actor}")
    row = locked(Feasibility.objects.select_related("application"), pk=feasibility_id)
    mistakes = []
    if verdict not in EVENTS:
        what = Text("답을 고르지 않았습니다.", "The answer is missing.")
        mistakes.append(Mistake("verdict", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    if (verdict != "feasible" and not reason.strip()) or len(reason) > LONGEST:
        what = Text("조건이나 까닭이 없거나 너무 깁니다.", "The conditions or the reason are missing or too long.")
        remedy = Text(f"{LONGEST}자 이내로 적으십시오.", f"Use at most {LONGEST} characters.")
        mistakes.append(Mistake("reason", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
    if is_repeated(row, FEASIBILITY, EVENTS[verdict], reason=reason.strip()):
        return
    if row.state in EVENTS:
        move(row, FEASIBILITY, "revise")
    move(row, FEASIBILITY, EVENTS[verdict], reason=reason.strip(), answered_by=actor.name, answered_at=now)
    append(
        at=now,
        actor=actor.name,
        event="reviews.answer_feasibility",
        subject=f"application:{row.application.number}",
        provider=row.provider,
        verdict=verdict,
        reason=reason.strip(),
    )
    if verdict == "infeasible":
        _tell_office(row, now)


def _tell_office(row: Feasibility, now: datetime) -> None:
    number = row.application.number
    for one in people.people_with_role("programme_manager"):
        messages.announce(
            key=f"infeasible:{row.pk}:{one.id}:{now.isoformat()}",
            user_id=one.id,
            subject=Text(f"[{number}] 사업자가 할 수 없다고 답하였습니다", f"[{number}] A provider objects"),
            body=Text(
                "까닭을 보고 판단해 주십시오: /reviews/",
                "Please read the reason and decide: /reviews/",
            ),
            now=now,
        )


@transaction.atomic
def judge_feasibility(*, actor: Actor, now: datetime, feasibility_id: int, upholds: bool, reason: str) -> None:
    """The manager follows an "infeasible", and no plan considers the application, or overrules it; with a reason."""
    actor.require(actor.is_programme_manager)
    row = locked(Feasibility.objects.select_related("application"), pk=feasibility_id)
    if not reason.strip() or len(reason) > LONGEST:
        what = Text("판단의 이유가 없거나 너무 깁니다.", "The reason is missing or too long.")
        remedy = Text(f"{LONGEST}자 이내로 적으십시오.", f"Use at most {LONGEST} characters.")
        raise InvalidInput(Mistake("reason", what, remedy))
    event = "uphold" if upholds else "overrule"
    if is_repeated(row, FEASIBILITY, event, judgement_reason=reason.strip()):
        return
    move(row, FEASIBILITY, event, judgement_reason=reason.strip(), judged_at=now)
    if upholds:
        SetAside.objects.get_or_create(
            application_id=row.application_id,
            defaults={"source": "feasibility", "reason": reason.strip(), "made_by": actor.name, "made_at": now},
        )
    append(
        at=now,
        actor=actor.name,
        event="reviews.judge_feasibility",
        subject=f"application:{row.application.number}",
        provider=row.provider,
        upholds=upholds,
        reason=reason.strip(),
    )
