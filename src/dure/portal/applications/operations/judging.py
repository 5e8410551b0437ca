"""The programme finds applications eligible or not, after the deadline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, Stale
from dure.core.text import Text
from dure.decide import questions
from dure.decide.lifecycles import APPLICATION
from dure.portal.applications import content as contents
from dure.portal.applications import queries
from dure.portal.applications.models import Application, Clearance
from dure.portal.calls import operations as call_rows
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor


@transaction.atomic
def admit(*, actor: Actor, now: datetime, number: str) -> None:
    """Find an application eligible. Raises InvalidInput when it is not, before the deadline too."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Application.objects.select_related("call"), number=number)
    if is_repeated(row, APPLICATION, "admit"):
        return
    APPLICATION.after(row.state, "admit")
    call = calls.call(row.call.code, actor)
    organisation = people.organisation(row.organisation_id)
    mistakes = _not_yet(call, now)
    mistakes += queries.check(call, organisation, contents.read(row.version.content), "award").mistakes
    mistakes += queries.unchecked(queries.application(number, actor), call)
    if mistakes:
        raise InvalidInput(mistakes)
    move(row, APPLICATION, "admit", state_reason={})
    append(at=now, actor=actor.name, event="applications.admit", subject=f"application:{number}")


@transaction.atomic
def refuse(*, actor: Actor, now: datetime, number: str, reason: Text) -> None:
    """Find an application ineligible, with the reason its applicant reads."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Application.objects.select_related("call"), number=number)
    said = {"ko": reason.ko, "en": reason.en}
    if is_repeated(row, APPLICATION, "refuse", state_reason=said):
        return
    APPLICATION.after(row.state, "refuse")
    mistakes = _not_yet(calls.call(row.call.code, actor), now)
    if not reason.ko.strip() or not reason.en.strip():
        what = Text("부적격 사유가 없습니다.", "The reason is missing.")
        mistakes.append(Mistake("reason", what, Text("두 언어로 적으십시오.", "Give it in both languages.")))
    if mistakes:
        raise InvalidInput(mistakes)
    move(row, APPLICATION, "refuse", state_reason=said)
    append(at=now, actor=actor.name, event="applications.refuse", subject=f"application:{number}", reason=reason.ko)


@transaction.atomic
def clear(*, actor: Actor, now: datetime, number: str, note: str) -> None:
    """Note that answers the call wants checked were checked, and what was found. Repeating changes nothing.

    For programme managers. Raises InvalidInput without a note or when nothing is to be checked.
    """
    actor.require(actor.is_programme_manager)
    row = locked(Application.objects.select_related("call"), number=number)
    view = queries.application(number, actor)
    call = calls.call(row.call.code, actor)
    if row.version_id is None or not questions.to_check(call.form, view.content.answers):
        what = Text("따로 확인할 답이 없습니다.", "There is no answer to check.")
        raise InvalidInput(Mistake("note", what))
    if not note.strip():
        what = Text("확인한 내용이 비어 있습니다.", "What was found is missing.")
        raise InvalidInput(Mistake("note", what, Text("무엇을 보고 판단했는지 적으십시오.", "Say what you looked at.")))
    columns = {"cleared_at": now, "cleared_by_id": actor.user_id, "note": note.strip()[:1_000]}
    _, is_new = Clearance.objects.get_or_create(version_id=row.version_id, defaults=columns)
    if is_new:
        append(
            at=now, actor=actor.name, event="applications.clear", subject=f"application:{number}", reason=note.strip()
        )


@transaction.atomic
def admit_all(*, actor: Actor, now: datetime, call_code: str, numbers: Iterable[str] | None = None) -> list[str]:
    """Admit every submitted application of the call (or those of `numbers`) that is eligible, and say which.

    Those that are not stay as they are, for the programme to judge one by one. One journal entry for all.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    call = call_rows.hold(call_code)
    if mistakes := _not_yet(call, now):
        raise InvalidInput(mistakes)
    wanted = None if numbers is None else set(numbers)
    views = queries.of_call(call_code, queries.READER, states=("submitted",))
    admitted = [
        view.number
        for view in views
        if (wanted is None or view.number in wanted)
        and queries.check(call, view.organisation, view.content, "award").is_eligible
        and not queries.open_checks(view, call)
    ]
    rows = Application.objects.filter(call_id=call.id, number__in=admitted, state="submitted")
    if rows.update(state=APPLICATION.after("submitted", "admit"), state_reason={}) != len(admitted):
        raise Stale(internal=f"call {call_code}: an application changed while being admitted")
    if admitted:
        append(at=now, actor=actor.name, event="applications.admit_all", subject=f"call:{call_code}", numbers=admitted)
    return admitted


def _not_yet(call: CallView, now: datetime) -> list[Mistake]:
    if now >= call.closes_at:
        return []
    what = Text("마감 전에는 적격 여부를 정할 수 없습니다.", "Eligibility is decided after the deadline.")
    return [Mistake("call", what, Text("마감까지 기다리십시오.", "Wait for the deadline."))]
