"""Running calls: open, close, extend, correct, cancel, and what follows the deadline; every step is public."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import CALL
from dure.portal.calls import terms
from dure.portal.calls.models import Call
from dure.portal.calls.operations.keeping import CORRECTABLE, LONGEST_TEXT, apply, both, event
from dure.portal.calls.queries import CallView, view_of
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor


@transaction.atomic
def open(*, actor: Actor, now: datetime, code: str) -> None:
    """Open an announced call once its time has come."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if is_repeated(row, CALL, "open"):
        return
    CALL.after(row.state, "open")
    if now < row.opens_at:
        what = Text("아직 접수 시작 전입니다.", "It is not time to open yet.")
        raise InvalidInput(Mistake("opens_at", what, Text("접수 시작을 정정하십시오.", "Correct the opening first.")))
    move(row, CALL, "open")
    event(row, now, "opened", Text("접수를 시작하였습니다.", "Applications are open."))
    append(at=now, actor=actor.name, event="calls.open", subject=f"call:{code}")


@transaction.atomic
def close(*, actor: Actor, now: datetime, code: str) -> None:
    """Close a call at its deadline. Submissions that were under way by then are still judged by their start."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if is_repeated(row, CALL, "close"):
        return
    CALL.after(row.state, "close")
    if now < row.closes_at:
        what = Text("공고한 마감 전에는 닫을 수 없습니다.", "A call cannot close before its announced deadline.")
        raise InvalidInput(Mistake("closes_at", what, Text("마감까지 기다리십시오.", "Wait for the deadline.")))
    move(row, CALL, "close")
    event(row, now, "closed", Text("접수를 마감하였습니다.", "Applications are closed."))
    append(at=now, actor=actor.name, event="calls.close", subject=f"call:{code}")


@transaction.atomic
def start_review(*, actor: Actor, now: datetime, code: str) -> None:
    """From intake to review."""
    _step(actor, now, code, "start_review", "reviewing", Text("평가를 시작하였습니다.", "Review has begun."))


@transaction.atomic
def start_deciding(*, actor: Actor, now: datetime, code: str) -> None:
    """Reviews are in: plans may be made."""
    _step(actor, now, code, "start_deciding", None, None)


@transaction.atomic
def decide(*, actor: Actor, now: datetime, code: str) -> None:
    """The awards are made and the result is public."""
    _step(actor, now, code, "decide", "decided", Text("결과를 발표하였습니다.", "The result was announced."))


@transaction.atomic
def extend(
    *, actor: Actor, now: datetime, code: str, closes_at: datetime, reason: Text, decide_by: datetime | None = None
) -> None:
    """Move the deadline later, publicly and with a reason; a closed call opens again. Raises InvalidInput."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if row.state not in ("announced", "open"):
        CALL.after(row.state, "extend")
    mistakes = terms.text_mistakes("reason", reason, LONGEST_TEXT)
    if closes_at <= max(row.closes_at, now):
        what = Text("지금 마감보다 뒤여야 합니다.", "It must be later than the present deadline.")
        mistakes.append(Mistake("closes_at", what, Text("더 늦은 때를 고르십시오.", "Choose a later time.")))
    changes = {"closes_at": closes_at} | ({"decide_by": decide_by} if decide_by else {})
    made = apply(row, changes, ("closes_at", "decide_by"), mistakes)
    if row.state == "closed":
        move(row, CALL, "extend", **changes)
    else:
        row.save(update_fields=list(changes))
    event(row, now, "extended", reason, made)
    append(at=now, actor=actor.name, event="calls.extend", subject=f"call:{code}", reason=reason.ko, changes=made)


@transaction.atomic
def correct(*, actor: Actor, now: datetime, code: str, reason: Text, **changes: Any) -> None:
    """Correct an announced call, publicly and with a reason. `changes` are of CORRECTABLE; the form never changes.

    The deadline may move, but not into the past. Raises InvalidInput, IllegalTransition once the call is closed.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "cancel")  # whatever may still be cancelled may still be corrected
    mistakes = terms.text_mistakes("reason", reason, LONGEST_TEXT)
    if (deadline := changes.get("closes_at")) is not None and (deadline <= now or row.state == "closed"):
        what = Text("지난 시각으로 마감을 옮길 수 없습니다.", "The deadline cannot move into the past.")
        mistakes.append(Mistake("closes_at", what, Text("앞으로 올 때를 고르십시오.", "Choose a time to come.")))
    made = apply(row, changes, CORRECTABLE, mistakes)
    if not made:
        what = Text("바뀐 내용이 없습니다.", "Nothing was changed.")
        raise InvalidInput(Mistake("changes", what, Text("고칠 내용을 적으십시오.", "Enter what is to be corrected.")))
    row.save(update_fields=list(changes))
    event(row, now, "corrected", reason, made)
    append(at=now, actor=actor.name, event="calls.correct", subject=f"call:{code}", reason=reason.ko, changes=made)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, code: str, reason: Text) -> None:
    """Cancel a call before review, publicly and with a reason."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if mistakes := terms.text_mistakes("reason", reason, LONGEST_TEXT):
        raise InvalidInput(mistakes)
    if row.state == "cancelled" and row.events.filter(kind="cancelled", text=both(reason)).exists():
        return
    move(row, CALL, "cancel")
    event(row, now, "cancelled", reason)
    append(at=now, actor=actor.name, event="calls.cancel", subject=f"call:{code}", reason=reason.ko)


@transaction.atomic
def notify(*, actor: Actor, now: datetime, code: str, text: Text) -> None:
    """Publish a notice on the call's page."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if mistakes := terms.text_mistakes("text", text, LONGEST_TEXT):
        raise InvalidInput(mistakes)
    event(row, now, "notice", text)
    append(at=now, actor=actor.name, event="calls.notify", subject=f"call:{code}", text=both(text))


def hold(code: str) -> CallView:
    """The call, its row locked for the caller's transaction: later chapters number their rows under it."""
    return view_of(locked(Call.objects, code=code))


def _step(actor: Actor, now: datetime, code: str, name: str, kind: str | None, text: Text | None) -> None:
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if name != "decide" and is_repeated(row, CALL, name):  # two plans accepted at once meet at "decide": one passes
        return
    move(row, CALL, name)
    if kind is not None and text is not None:
        event(row, now, kind, text)
    append(at=now, actor=actor.name, event=f"calls.{name}", subject=f"call:{code}")
