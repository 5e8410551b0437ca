"""Whoever applies in a call is written to about what changes in it: notices, new dates, corrections, cancellation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core.text import Text
from dure.portal.applications.models import Application, Told
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import News
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages

LOOK_BACK = timedelta(days=7)  # what is older is no news, for instance after a restore or a first start


def tell_of_calls(*, now: datetime) -> int:
    """Write once, to each in their own language, about every public change not told yet; returns how many changes.

    The people are those who lead an application of the call that is not discarded, drafts too. Idle, it only reads.
    """
    found = calls.news(now - LOOK_BACK)
    told = set(Told.objects.filter(event_id__in={one.id for one in found}).values_list("event_id", flat=True))
    return sum(_tell(one, now) for one in found if one.id not in told)


@transaction.atomic
def _tell(one: News, now: datetime) -> int:
    _, is_new = Told.objects.get_or_create(event_id=one.id, defaults={"told_at": now})
    if not is_new:
        return 0
    rows = Application.objects.filter(call__code=one.call_code).exclude(state="discarded")
    people = set(rows.values_list("lead_id", flat=True))
    code, what = one.call_code, one.what
    for user_id in sorted(people):
        messages.announce(
            key=f"call-event:{one.id}:{user_id}",
            user_id=user_id,
            subject=Text(f"[{code}] {what.ko}", f"[{code}] {what.en}"),
            body=Text(f"{one.body.ko}\n\n공모 화면: /calls/{code}/", f"{one.body.en}\n\nThe call: /calls/{code}/"),
            now=now,
        )
    append(
        at=now, actor="loop:expire", event="applications.tell", subject=f"call:{code}", call_event=one.id,
        people=len(people),
    )  # fmt: skip
    return 1
