"""Composing calls: a draft, the rounds of a rolling call, rubric and documents of a draft, and announcing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide import tracks
from dure.decide.lifecycles import CALL
from dure.portal.calls import terms
from dure.portal.calls.models import Call
from dure.portal.calls.operations.keeping import (
    CORRECTABLE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    apply,
    both,
    event,
    form_of,
    require_text,
)
from dure.portal.calls.operations.running import cancel
from dure.portal.calls.queries import open_record, view_of
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor


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
    rubric: Mapping[str, Any] | None = None,
    series: str = "",
    number: int | None = None,
    is_synthetic: bool = False,
) -> int:
    """Write a draft call of `track` and return its id; `series` and `number` make it a round of a rolling call.

    Raises NotPermitted, InvalidInput with every mistake.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    current = programmes.current()
    dates = dict(zip(terms.DATES, (opens_at, closes_at, decide_by, use_from, use_until), strict=True))
    mistakes = _code_mistakes(code)
    if track not in {t.code for t in current.tracks}:
        what = Text("사업에 없는 트랙입니다.", "The programme has no such track.")
        raise InvalidInput([*mistakes, Mistake("track", what, Text("트랙을 다시 고르십시오.", "Choose a track."))])
    mistakes += terms.text_mistakes("title", title, LONGEST_TITLE)
    if summary is not None:
        mistakes += terms.text_mistakes("summary", summary, LONGEST_TEXT)
    mistakes += terms.date_mistakes(dates, current.zone)
    offer = terms.offer_mistakes(current, track, offered)
    mistakes += offer or terms.room_mistakes(offered, use_from, use_until)
    mistakes += terms.document_mistakes(documents)
    form, form_mistakes = form_of(questions)
    kept, rubric_mistakes = terms.rubric_of(rubric) if rubric else ({}, [])
    if found := [*mistakes, *form_mistakes, *rubric_mistakes]:
        raise InvalidInput(found)
    row = Call.objects.create(
        code=code,
        track=track,
        title=both(title),
        summary=both(summary) if summary else {},
        **dates,
        offered=dict(offered),
        questions=form,
        documents=list(documents),
        rubric=kept,
        series=series,
        number=number,
        programme_hash=current.digest,
        is_synthetic=is_synthetic,
        created_at=now,
    )
    append(at=now, actor=actor.name, event="calls.compose", subject=f"call:{code}", record=open_record(view_of(row)))
    return row.pk


@transaction.atomic
def compose_rounds(
    *,
    actor: Actor,
    now: datetime,
    code: str,
    track: str,
    title: Text,
    opens_at: datetime,
    closes_at: datetime,
    use_until: datetime,
    every_days: int,
    decision_days: int,
    **columns: Any,
) -> list[str]:
    """Write the drafts of a rolling call: a round for every cut-off, CODE-1, CODE-2 …; their codes.

    Each round is a call of its own, decided as a batch; the servers that earlier rounds leave are what a later one has.
    `columns` are the rest of `compose`. Raises NotPermitted, InvalidInput; nothing is written then.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    if Call.objects.filter(series=code).exists():
        what = Text("이미 있는 공모 코드입니다.", "A call has this code already.")
        raise InvalidInput(Mistake("code", what, Text("다른 코드를 적으십시오.", "Choose another.")))
    found = _rounds(opens_at, closes_at, use_until, every_days, decision_days)
    for one in found:
        n = one.number
        compose(
            actor=actor,
            now=now,
            code=f"{code}-{n}",
            track=track,
            title=Text(f"{title.ko} {n}회차", f"{title.en}, round {n}") if title.ko and title.en else title,
            opens_at=one.opens_at,
            closes_at=one.closes_at,
            decide_by=one.decide_by,
            use_from=one.use_from,
            use_until=use_until,
            series=code,
            number=n,
            **columns,
        )
    return [f"{code}-{one.number}" for one in found]


def _rounds(
    opens_at: datetime, closes_at: datetime, use_until: datetime, every_days: int, decision_days: int
) -> tuple[tracks.Round, ...]:
    try:
        found = tracks.rounds(
            opens_at=opens_at,
            closes_at=closes_at,
            every_days=every_days,
            decision_days=decision_days,
            use_until=use_until,
            zone=programmes.zone(),
        )
    except ValueError:
        what = Text("마감 회차가 없거나 너무 많습니다.", "No rounds, or too many.")
        remedy = Text(
            f"간격을 늘려 {tracks.MOST_ROUNDS}회차 이내로 하십시오.",
            f"Choose a longer interval: at most {tracks.MOST_ROUNDS} rounds.",
        )
        raise InvalidInput(Mistake("every_days", what, remedy)) from None
    if not found:
        what = Text("이 날짜로는 회차를 만들 수 없습니다.", "These dates leave no round.")
        remedy = Text(
            "마감을 접수 시작보다 뒤로, 사용 종료를 더 뒤로 옮기십시오.", "Move the deadline or the end of use."
        )
        raise InvalidInput(Mistake("closes_at", what, remedy))
    return found


@transaction.atomic
def announce(*, actor: Actor, now: datetime, code: str) -> None:
    """Make a draft public. Rubric (unless it has its own) and policy are taken from the programme file now."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if is_repeated(row, CALL, "announce"):
        return
    CALL.after(row.state, "announce")
    mistakes = terms.room_mistakes(row.offered, row.use_from, row.use_until)
    if row.closes_at <= now:
        what = Text("마감이 이미 지났습니다.", "The deadline has passed already.")
        mistakes.append(Mistake("closes_at", what, Text("마감을 늦추십시오.", "Choose a later deadline.")))
    if mistakes:
        raise InvalidInput(mistakes)
    _publish(row, "announce", now)
    event(row, now, "announced", Text("공모를 공고하였습니다.", "The call was announced."))
    append(at=now, actor=actor.name, event="calls.announce", subject=f"call:{code}", record=open_record(view_of(row)))


@transaction.atomic
def take_over(*, actor: Actor, now: datetime, code: str) -> None:
    """Make a draft whose deadline has passed a closed call: it ran elsewhere, and its applications are imported."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    CALL.after(row.state, "take_over")
    if now < row.closes_at:
        what = Text("마감이 아직 지나지 않았습니다.", "The deadline has not passed.")
        raise InvalidInput(Mistake("closes_at", what, Text("옮겨 오지 말고 공고하십시오.", "Announce it instead.")))
    _publish(row, "take_over", now)
    text = Text(
        "다른 곳에서 접수를 마친 공모를 옮겨 왔습니다.",
        "This call was run elsewhere up to its deadline and moved here.",
    )
    event(row, now, "closed", text)
    append(at=now, actor=actor.name, event="calls.take_over", subject=f"call:{code}", record=open_record(view_of(row)))


def _publish(row: Call, name: str, now: datetime) -> None:
    """Rubric (unless it has its own), policy and hash of the programme file as it is now stay with the call."""
    current = programmes.current()
    move(
        row,
        CALL,
        name,
        announced_at=now,
        rubric=row.rubric or current.rubric.model_dump(mode="json"),
        policy=current.policy.model_dump(mode="json"),
        programme_hash=current.digest,
    )


@transaction.atomic
def announce_rounds(*, actor: Actor, now: datetime, series: str) -> list[str]:
    """Announce every round of a rolling call that is still a draft; their codes. All or none."""
    actor.require(actor.is_programme_manager or actor.is_system)
    codes = list(_rounds_in(series, "draft"))
    for code in codes:
        announce(actor=actor, now=now, code=code)
    return codes


@transaction.atomic
def end_rounds(*, actor: Actor, now: datetime, series: str, reason: Text) -> list[str]:
    """Cancel, publicly and with a reason, the rounds of a rolling call that have not opened; the open one stays."""
    actor.require(actor.is_programme_manager or actor.is_system)
    codes = list(_rounds_in(series, "draft", "announced"))
    for code in codes:
        cancel(actor=actor, now=now, code=code, reason=reason)
    return codes


def _rounds_in(series: str, *states: str) -> Sequence[str]:
    found = Call.objects.filter(series=series, state__in=states).order_by("number").values_list("code", flat=True)
    if not series or not found:
        raise NotFound(internal=f"no rounds of {series!r} in {states}")
    return list(found)


@transaction.atomic
def redraft(*, actor: Actor, now: datetime, code: str, questions: Sequence[Mapping[str, Any]], **changes: Any) -> None:
    """Change a call that is still a draft. `changes` are of CORRECTABLE and `opens_at`. Raises IllegalTransition."""
    row = _draft(actor, code)
    form, mistakes = form_of(questions)
    apply(row, changes, ("opens_at", *CORRECTABLE), mistakes)
    row.questions = form
    row.save()
    append(at=now, actor=actor.name, event="calls.redraft", subject=f"call:{code}", record=open_record(view_of(row)))


@transaction.atomic
def set_rubric(*, actor: Actor, now: datetime, code: str, rubric: Mapping[str, Any] | None) -> None:
    """What a draft will be judged by: a rubric of its own, or with None the programme's. Raises InvalidInput."""
    row = _draft(actor, code)
    kept, mistakes = terms.rubric_of(rubric) if rubric else ({}, [])
    if mistakes:
        raise InvalidInput(mistakes)
    row.rubric = kept
    row.save(update_fields=["rubric"])
    append(at=now, actor=actor.name, event="calls.set_rubric", subject=f"call:{code}", rubric=kept)


@transaction.atomic
def add_document(*, actor: Actor, now: datetime, code: str, name: Text, file_id: int) -> None:
    """Attach a stored file to a call; once announced, as a public correction. Raises InvalidInput."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    document = {"name": both(name), "url": f"/calls/{code}/files/{file_id}/", "file": file_id}
    text = Text(f"문서를 더하였습니다: {name.ko}", f"A document was added: {name.en}")
    _change_documents(row, [*row.documents, document], actor, now, text)


@transaction.atomic
def remove_document(*, actor: Actor, now: datetime, code: str, url: str, reason: str = "") -> None:
    """Take a document off a call; once announced, publicly and with a reason. Raises NotFound, InvalidInput."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    gone = next((one for one in row.documents if one["url"] == url), None)
    if gone is None:
        raise NotFound(internal=f"call {code} has no document {url}")
    if row.state != "draft":
        require_text("reason", reason, LONGEST_TEXT)
    name = gone["name"]
    text = Text(f"문서를 뺐습니다: {name['ko']}. {reason}", f"A document was removed: {name['en']}. {reason}")
    _change_documents(row, [one for one in row.documents if one is not gone], actor, now, text)


def _change_documents(row: Call, documents: list[dict[str, Any]], actor: Actor, now: datetime, text: Text) -> None:
    if row.state != "draft":
        CALL.after(row.state, "cancel")  # whatever may still be cancelled may still be corrected
    made = apply(row, {"documents": documents}, ("documents",), [])
    row.save(update_fields=["documents"])
    if row.state != "draft":
        event(row, now, "corrected", text, made)
    append(at=now, actor=actor.name, event="calls.documents", subject=f"call:{row.code}", changes=made)


def _draft(actor: Actor, code: str) -> Call:
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Call.objects, code=code)
    if row.state != "draft":
        raise IllegalTransition("call", row.state, "change the draft")
    return row


def _code_mistakes(code: str) -> list[Mistake]:
    if not code or len(code) > 30 or not all(c.isascii() and (c.isalnum() or c == "-") for c in code):
        what = Text("공모 코드에 쓸 수 없는 글자가 있습니다.", "This cannot be the code of a call.")
        remedy = Text("영문자, 숫자, 붙임표로 30자 이내로 적으십시오.", "Use up to 30 letters, digits and hyphens.")
        return [Mistake("code", what, remedy)]
    if code in ("new", "feed") or Call.objects.filter(code=code).exists():
        what = Text("이미 있는 공모 코드입니다.", "A call has this code already.")
        return [Mistake("code", what, Text("다른 코드를 적으십시오.", "Choose another."))]
    return []
