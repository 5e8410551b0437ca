"""A draft that missed its deadline goes on in the next round."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import APPLICATION
from dure.portal.applications import content as contents
from dure.portal.applications.models import Application
from dure.portal.applications.operations.writing import editable, own, start
from dure.portal.calls import queries as calls
from dure.portal.framework.states import move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor


@transaction.atomic
def carry_over(*, actor: Actor, now: datetime, number: str) -> str:
    """Begin an application in the next round with all that was typed in this one; returns its number.

    Files and consents are asked again. A draft that was never submitted is discarded, a withdrawn one stays. Again
    gives the same number. Raises NotFound, IllegalTransition, InvalidInput while the call is open or without a round.
    """
    late = own(actor, number)
    known = Application.objects.filter(renews=late).exclude(state="discarded").first()
    if late.state in ("discarded", "withdrawn") and known is not None:
        return known.number
    row = editable(actor, number)
    call = calls.view_of(row.call)
    target = calls.successor(call, now)
    if call.accepts(now) or target is None:
        raise InvalidInput(_STILL_OPEN if call.accepts(now) else _NO_ROUND)
    fresh = start(
        actor=actor, now=now, call_code=target.code, organisation_id=row.organisation_id, is_synthetic=row.is_synthetic
    )
    draft = contents.stored(contents.carried(contents.trusted(row.draft), target.form))
    Application.objects.filter(number=fresh).update(draft=draft, renews=row)
    if row.state == "draft":
        move(row, APPLICATION, "discard")
    append(at=now, actor=actor.name, event="applications.carry_over", subject=f"application:{number}", to=fresh)
    return fresh


_STILL_OPEN = Mistake(
    "call",
    Text("이 공모는 아직 접수 중입니다.", "This call still takes applications."),
    Text("여기에서 제출하십시오.", "Submit it here."),
)
_NO_ROUND = Mistake(
    "call",
    Text("지금 접수 중인 다음 회차나 공모가 없습니다.", "No next round or call takes applications now."),
    Text("작성한 내용은 남아 있습니다. 다음 공모를 기다리십시오.", "What you wrote is kept. Wait for the next call."),
)
