"""Writing calls: compose, announce, open, close, extend, correct, cancel, and what follows the deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide import questions as forms
from dure.decide.lifecycles import CALL
from dure.portal.calls import terms
from dure.portal.calls.models import Call, CallEvent, Question
from dure.portal.calls.queries import CallView, may_see, open_record, view_of
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import locked, move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor

CORRECTABLE = ("title", "summary", "closes_at", "decide_by", "use_from", "use_until", "offered", "documents")
LONGEST_QUESTION = 2_000
LONGEST_TEXT = 5_000


@transaction.atomic
def compose(
    *,
    actor: Actor,
    now: datetime,
    code: str,
    track: str,
    title: Text,
    opens_at: datetime,
    closes_at: datetime,
    decide_by: datetime,
    use_from: datetime,
    use_until: datetime,
    offered: Mapping[str, int],
    questions: Sequence[Mapping[str, Any]] = (),
    summary: Text | None = None,
    documents: Sequence[Mapping[str, Any]] = (),
    is_synthetic: bool = False,
) -> int:
    """Write a draft call of `track` and return its id. Raises NotPermitted, InvalidInput with every mistake."""
    actor.require(actor.is_programme_manager or actor.is_system)
    current = programmes.current()
    dates = dict(zip(terms.DATES, (opens_at, closes_at, decide_by, use_from, use_until), strict=True))
    mistakes = _code_mistakes(code)
    if track not in {t.code for t in current.tracks}:
        what = Text("사업에 없는 트랙입니다.", "The programme has no such track.")
        raise InvalidInput([*mistakes, Mistake("track", what, Text("트랙을 다시 고르십시오.", "Choose a track."))])
    mistakes += terms.text_mistakes("title", title, 200)
    if summary is not None:
        mistakes += terms.text_mistakes("summary", summary, LONGEST_TEXT)
    mistakes += terms.date_mistakes(dates, current.zone) + terms.offer_mistakes(current, track, offered)
    mistakes += terms.document_mistakes(documents)
    form, form_mistakes = _form(questions)
    if mistakes or form_mistakes:
        raise InvalidInput([*mistakes, *form_mistakes])
    row = Call.objects.create(
        code=code,
        track=track,
        title=_both(title),
        summary=_both(summary) if summary else {},
        **dates,
        offered=dict(offered),
        questions=form,
        documents=list(documents),
        programme_hash=current.digest,
        is_synthetic=is_synthetic,
        created_at=now,
    )
    append(at=now, actor=actor.name, event="calls.compose", subject=f"call:{code}", record=open_record(view_of(row)))
    return row.pk


@transaction.atomic
def announce(*, actor: Actor, now: datetime, code: str) -> None:
    """Make a draft public. Rubric and policy are taken from the programme file now; the form is frozen."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "announce")
    if row.closes_at <= now:
        what = Text("마감이 이미 지났습니다.", "The deadline has passed already.")
        raise InvalidInput(Mistake("closes_at", what, Text("마감을 늦추십시오.", "Choose a later deadline.")))
    current = programmes.current()
    move(
        row,
        CALL,
        "announce",
        announced_at=now,
        rubric=current.rubric.model_dump(mode="json"),
        policy=current.policy.model_dump(mode="json"),
        programme_hash=current.digest,
    )
    _event(row, now, "announced", Text("공모를 공고하였습니다.", "The call was announced."))
    append(at=now, actor=actor.name, event="calls.announce", subject=f"call:{code}", record=open_record(view_of(row)))


@transaction.atomic
def redraft(*, actor: Actor, now: datetime, code: str, questions: Sequence[Mapping[str, Any]], **changes: Any) -> None:
    """Change a call that is still a draft. `changes` are of CORRECTABLE and `opens_at`. Raises IllegalTransition."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "announce")
    form, mistakes = _form(questions)
    _apply(row, changes, ("opens_at", *CORRECTABLE), mistakes)
    row.questions = form
    row.save()
    append(at=now, actor=actor.name, event="calls.redraft", subject=f"call:{code}", record=open_record(view_of(row)))


@transaction.atomic
def open(*, actor: Actor, now: datetime, code: str) -> None:
    """Open an announced call once its time has come."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "open")
    if now < row.opens_at:
        what = Text("아직 접수 시작 전입니다.", "It is not time to open yet.")
        raise InvalidInput(Mistake("opens_at", what, Text("접수 시작을 정정하십시오.", "Correct the opening first.")))
    move(row, CALL, "open")
    _event(row, now, "opened", Text("접수를 시작하였습니다.", "Applications are open."))
    append(at=now, actor=actor.name, event="calls.open", subject=f"call:{code}")


@transaction.atomic
def close(*, actor: Actor, now: datetime, code: str) -> None:
    """Close a call at its deadline. Submissions that were under way by then are still judged by their start."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "close")
    if now < row.closes_at:
        what = Text("공고한 마감 전에는 닫을 수 없습니다.", "A call cannot close before its announced deadline.")
        raise InvalidInput(Mistake("closes_at", what, Text("마감까지 기다리십시오.", "Wait for the deadline.")))
    move(row, CALL, "close")
    _event(row, now, "closed", Text("접수를 마감하였습니다.", "Applications are closed."))
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
    made = _apply(row, changes, ("closes_at", "decide_by"), mistakes)
    if row.state == "closed":
        move(row, CALL, "extend", **changes)
    else:
        row.save(update_fields=list(changes))
    _event(row, now, "extended", reason, made)
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
    made = _apply(row, changes, CORRECTABLE, mistakes)
    if not made:
        what = Text("바뀐 내용이 없습니다.", "Nothing was changed.")
        raise InvalidInput(Mistake("changes", what, Text("고칠 내용을 적으십시오.", "Enter what is to be corrected.")))
    row.save(update_fields=list(changes))
    _event(row, now, "corrected", reason, made)
    append(at=now, actor=actor.name, event="calls.correct", subject=f"call:{code}", reason=reason.ko, changes=made)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, code: str, reason: Text) -> None:
    """Cancel a call before review, publicly and with a reason."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if mistakes := terms.text_mistakes("reason", reason, LONGEST_TEXT):
        raise InvalidInput(mistakes)
    move(row, CALL, "cancel")
    _event(row, now, "cancelled", reason)
    append(at=now, actor=actor.name, event="calls.cancel", subject=f"call:{code}", reason=reason.ko)


@transaction.atomic
def notify(*, actor: Actor, now: datetime, code: str, text: Text) -> None:
    """Publish a notice on the call's page."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if mistakes := terms.text_mistakes("text", text, LONGEST_TEXT):
        raise InvalidInput(mistakes)
    _event(row, now, "notice", text)
    append(at=now, actor=actor.name, event="calls.notify", subject=f"call:{code}", text=_both(text))


@transaction.atomic
def ask(*, actor: Actor, now: datetime, code: str, text: str) -> int:
    """Ask a public question; it is shown, without the asker's name, once answered."""
    row = locked(Call.objects, code=code)
    if not may_see(actor, row.state):
        raise NotFound(internal=f"call {code} is a draft")
    actor.require(actor.user_id is not None)
    _require_text("text", text, LONGEST_QUESTION)
    question = Question.objects.create(call=row, asked_by_id=actor.user_id, asked_at=now, text=text.strip())
    append(at=now, actor=actor.name, event="calls.ask", subject=f"call:{code}", question=question.pk)
    return question.pk


@transaction.atomic
def answer(*, actor: Actor, now: datetime, code: str, question_id: int, text: str) -> None:
    """Answer a question publicly; answering again corrects the answer."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Question.objects, call__code=code, pk=question_id)
    _require_text("text", text, LONGEST_TEXT)
    row.answer, row.answered_at = text.strip(), now
    row.save(update_fields=["answer", "answered_at"])
    append(at=now, actor=actor.name, event="calls.answer", subject=f"call:{code}", question=row.pk, answer=row.answer)


def hold(code: str) -> CallView:
    """The call, its row locked for the caller's transaction: later chapters number their rows under it."""
    return view_of(locked(Call.objects, code=code))


def _step(actor: Actor, now: datetime, code: str, event: str, kind: str | None, text: Text | None) -> None:
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    move(row, CALL, event)
    if kind is not None and text is not None:
        _event(row, now, kind, text)
    append(at=now, actor=actor.name, event=f"calls.{event}", subject=f"call:{code}")


def _apply(
    row: Call, changes: Mapping[str, Any], allowed: Sequence[str], mistakes: list[Mistake]
) -> list[dict[str, Any]]:
    """Set `changes` on `row` and say what changed. Raises InvalidInput with `mistakes` and those found here."""
    before = open_record(view_of(row))
    for name, value in changes.items():
        if name not in allowed:
            what = Text("바꿀 수 없는 항목입니다.", "This cannot be changed.")
            mistakes.append(Mistake(name, what, Text("이 항목을 빼십시오.", "Leave it out.")))
        elif name in ("title", "summary"):
            mistakes += terms.text_mistakes(name, value, 200 if name == "title" else LONGEST_TEXT)
            setattr(row, name, _both(value))
        else:
            setattr(row, name, value)
    current = programmes.current()
    mistakes += terms.date_mistakes({name: getattr(row, name) for name in terms.DATES}, current.zone)
    mistakes += terms.offer_mistakes(current, row.track, row.offered) + terms.document_mistakes(row.documents)
    if mistakes:
        raise InvalidInput(mistakes)
    after = open_record(view_of(row))
    return [
        {"field": name, "before": before[name], "after": after[name]} for name in changes if before[name] != after[name]
    ]


def _form(questions: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[Mistake]]:
    try:
        return [question.model_dump(mode="json") for question in forms.parse(questions)], []
    except InvalidInput as error:
        return [], list(error.mistakes)


def _code_mistakes(code: str) -> list[Mistake]:
    if not code or len(code) > 30 or not all(c.isascii() and (c.isalnum() or c == "-") for c in code):
        what = Text("공모 코드에 쓸 수 없는 글자가 있습니다.", "This cannot be the code of a call.")
        remedy = Text("영문자, 숫자, 붙임표로 30자 이내로 적으십시오.", "Use up to 30 letters, digits and hyphens.")
        return [Mistake("code", what, remedy)]
    if Call.objects.filter(code=code).exists():
        what = Text("이미 있는 공모 코드입니다.", "A call has this code already.")
        return [Mistake("code", what, Text("다른 코드를 적으십시오.", "Choose another."))]
    return []


def _event(row: Call, now: datetime, kind: str, text: Text, changes: Sequence[dict[str, Any]] = ()) -> None:
    CallEvent.objects.create(call=row, at=now, kind=kind, text=_both(text), changes=list(changes))


def _require_text(where: str, text: str, most: int) -> None:
    if not text.strip() or len(text) > most:
        what = Text("내용이 비었거나 너무 깁니다.", "The text is empty or too long.")
        raise InvalidInput(
            Mistake(where, what, Text(f"{most:,}자 이내로 적으십시오.", f"Use at most {most:,} characters."))
        )


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}
