"""The institution stands behind an application, or does not: asked by its people, answered by a head."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import ENDORSEMENT
from dure.portal.applications import content as contents
from dure.portal.applications import queries
from dure.portal.applications.models import Application, Endorsement
from dure.portal.applications.operations.writing import editable, own
from dure.portal.calls import queries as calls
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor

REMIND_AFTER = timedelta(days=3)


@transaction.atomic
def request_endorsement(*, actor: Actor, now: datetime, number: str) -> None:
    """Ask the heads of the institution to endorse the draft as it is. Asking while they are asked changes nothing.

    Raises InvalidInput when the track wants no endorsement, or the draft still lacks its title or what it asks for.
    """
    row = editable(actor, number)
    call = calls.call(row.call.code, actor)
    if not queries.needs_endorsement(call, people.organisation(row.organisation_id)):
        what = Text("기관 확인이 필요하지 않은 신청입니다.", "This application needs no endorsement.")
        raise InvalidInput(Mistake("endorsement", what))
    content = contents.read(row.draft)
    if content.request is None or not content.title.ko.strip():
        what = Text("과제 이름과 신청 규모가 아직 없습니다.", "The title or the size is still missing.")
        remedy = Text("‘과제’와 ‘GPU와 기간’을 먼저 채우십시오.", "Fill in project and GPUs first.")
        raise InvalidInput(Mistake("endorsement", what, remedy))
    subject = queries.subject_of(content)
    there = Endorsement.objects.filter(application=row).first()
    if there is None:
        Endorsement.objects.create(application=row, subject=subject, requested_at=now)
    elif there.subject == subject and there.state in ("requested", "endorsed"):
        return
    elif there.state == "requested":  # for another size: the heads see the draft as it is now
        Endorsement.objects.filter(pk=there.pk).update(subject=subject)
        return
    else:
        changes = {"subject": subject, "requested_at": now, "reminded_at": None, "decided_at": None, "decided_by": None}
        move(there, ENDORSEMENT, "request", reason="", **changes)
    append(at=now, actor=actor.name, event="applications.request_endorsement", subject=f"application:{number}")
    _tell_heads(row, now, f"endorse:{number}:{now:%Y%m%dT%H%M%S}")


def endorse(*, actor: Actor, now: datetime, number: str) -> None:
    """The institution stands behind the application. For heads of the organisation."""
    _answer(actor, now, number, "endorse", "")


def decline_endorsement(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """The institution does not stand behind it, and why. For heads of the organisation. Raises InvalidInput."""
    if not reason.strip():
        what = Text("사유가 비어 있습니다.", "The reason is missing.")
        remedy = Text("무엇을 고쳐야 하는지 적으십시오.", "Say what has to change.")
        raise InvalidInput(Mistake("reason", what, remedy))
    _answer(actor, now, number, "decline", reason.strip()[:1_000])


@transaction.atomic
def _answer(actor: Actor, now: datetime, number: str, event: str, reason: str) -> None:
    row = own(actor, number)
    actor.require(row.organisation_id in actor.headed)
    there = Endorsement.objects.filter(application=row).first()
    if there is None:
        raise NotFound(internal=f"application {number} asks for no endorsement")
    if is_repeated(there, ENDORSEMENT, event, reason=reason, decided_by_id=actor.user_id):
        return
    if there.subject != queries.subject_of(contents.read(row.draft)):
        raise IllegalTransition("endorsement", there.state, event, _CHANGED)
    move(there, ENDORSEMENT, event, reason=reason, decided_at=now, decided_by_id=actor.user_id)
    append(at=now, actor=actor.name, event=f"applications.{event}", subject=f"application:{number}", reason=reason)
    ko, en = (
        ("확인하였습니다", "endorsed it") if event == "endorse" else ("확인하지 않았습니다", "declined to endorse it")
    )
    messages.announce(
        key=f"{event}:{number}:{now:%Y%m%dT%H%M%S}",
        user_id=row.lead_id,
        subject=Text(f"[{number}] 소속 기관이 신청을 {ko}", f"[{number}] Your institution {en}"),
        body=Text(
            f"{reason or '이제 제출할 수 있습니다.'} /applications/{number}/",
            f"{reason or 'You can submit it now.'} /applications/{number}/",
        ),
        now=now,
    )


def remind_endorsers(*, now: datetime) -> int:
    """Remind heads, once, of requests that have waited for three days while the draft can still be submitted."""
    waiting = Endorsement.objects.filter(
        state="requested", reminded_at=None, requested_at__lte=now - REMIND_AFTER,
        application__state__in=("draft", "withdrawn"), application__call__closes_at__gt=now,
    )  # fmt: skip
    numbers = list(waiting.values_list("application__number", flat=True))
    for number in numbers:
        with transaction.atomic():
            row = locked(Application.objects, number=number)
            if Endorsement.objects.filter(application=row, reminded_at=None).update(reminded_at=now):
                append(
                    at=now, actor="loop:expire", event="applications.remind_endorsers", subject=f"application:{number}"
                )
                _tell_heads(row, now, f"endorse-again:{number}:{now:%Y%m%d}")
    return len(numbers)


def _tell_heads(row: Application, now: datetime, key: str) -> None:
    for head in people.heads(row.organisation_id):
        messages.announce(
            key=f"{key}:{head.id}",
            user_id=head.id,
            subject=Text(f"[{row.number}] 신청을 확인해 주십시오", f"[{row.number}] Please endorse an application"),
            body=Text(
                f"기관이 확인해야 제출할 수 있습니다: /applications/{row.number}/endorse/",
                f"It can be submitted once your institution endorses it: /applications/{row.number}/endorse/",
            ),
            now=now,
        )


_CHANGED = Text(
    "그사이 과제 이름이나 신청 규모가 바뀌었습니다. 신청자가 다시 요청해야 합니다.",
    "Title or size have changed in the meantime: the applicant has to ask again.",
)
