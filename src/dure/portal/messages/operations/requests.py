"""Support requests: asked of the programme or a provider, answered within working days, or reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import SUPPORT
from dure.decide.support import respond_by
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import queries
from dure.portal.messages.models import SupportEntry, SupportRequest
from dure.portal.messages.operations.mail import announce
from dure.portal.people.actor import Actor

LONGEST_TITLE = 200
LONGEST_TEXT = 10_000
MOST_FILES = 5
REMIND_EVERY = timedelta(days=1)
# Where the programme file says nothing of support: one topic, answered by the programme within five working days.
DEFAULT_WORKING_DAYS = 5


@transaction.atomic
def ask_support(
    *,
    actor: Actor,
    now: datetime,
    topic: str,
    title: str,
    text: str,
    provider: str = "",
    about: str = "",
    file_ids: Sequence[int] = (),
) -> int:
    """Ask; whoever answers the topic is told. `provider` is needed for topics that providers answer.

    `file_ids` are the asker's own stored files, checked by the caller. Returns the request's id. Raises NotPermitted
    for visitors, InvalidInput.
    """
    actor.require(actor.user_id is not None)
    answerer, days, mistakes = _addressee(topic, provider)
    mistakes += _text_mistakes("title", title, LONGEST_TITLE) + _text_mistakes("text", text, LONGEST_TEXT)
    mistakes += _file_mistakes(file_ids)
    if about and (not about.startswith("/") or about.startswith("//") or len(about) > 200):
        what = Text("이 포털의 주소가 아닙니다.", "Not an address of this portal.")
        mistakes.append(Mistake("about", what, Text("/로 시작하는 주소를 적으십시오.", "Begin it with a slash.")))
    if mistakes:
        raise InvalidInput(mistakes)
    row = SupportRequest.objects.create(
        topic=topic,
        answerer=answerer,
        asked_by_id=actor.user_id,
        title=title.strip(),
        about=about,
        asked_at=now,
        respond_by=_due(now, days),
    )
    _write(row, actor, now, text, file_ids, is_answer=False)
    _tell_answerers(row, now, "asked", _ASKED)
    append(at=now, actor=actor.name, event="support.ask", subject=f"support:{row.pk}", topic=topic, answerer=answerer)
    return row.pk


@transaction.atomic
def reply_support(*, actor: Actor, now: datetime, request_id: int, text: str, file_ids: Sequence[int] = ()) -> None:
    """Write into the thread. From the asker it waits again, with a new clock unless it waited already; from whoever
    answers it counts as the answer, and the asker is told. Raises NotFound, NotPermitted, InvalidInput."""
    row = _seen(actor, request_id)
    is_asker = row.asked_by_id == actor.user_id
    actor.require(is_asker or queries.may_answer(actor, row.answerer))
    if mistakes := _text_mistakes("text", text, LONGEST_TEXT) + _file_mistakes(file_ids):
        raise InvalidInput(mistakes)
    if is_asker:
        clock = {} if row.state == "waiting" else {"respond_by": _due(now, _days(row.topic)), "reminded_at": None}
        move(row, SUPPORT, "ask_again", closed_at=None, **clock)
        _tell_answerers(row, now, "again", _AGAIN)
    else:
        move(row, SUPPORT, "answer", answered_at=row.answered_at or now)
        announce(
            key=f"support:{row.pk}:answer:{now:%Y%m%dT%H%M%S%f}",
            user_id=row.asked_by_id,
            subject=_ANSWERED[0].format(title=row.title),
            body=_ANSWERED[1].format(text=text.strip(), id=row.pk),
            now=now,
        )
    _write(row, actor, now, text, file_ids, is_answer=not is_asker)
    event = "support.ask_again" if is_asker else "support.answer"
    append(at=now, actor=actor.name, event=event, subject=f"support:{row.pk}")


@transaction.atomic
def pass_on(*, actor: Actor, now: datetime, request_id: int, to: str, reason: str) -> None:
    """Let somebody else answer: "programme" or a provider's code. The clock goes on; asker and answerer read why."""
    row = _seen(actor, request_id)
    actor.require(queries.may_answer(actor, row.answerer))
    known = {queries.PROGRAMME, *(one.code for one in programmes.current().providers)}
    mistakes = _text_mistakes("reason", reason, 500)
    if to not in known or to == row.answerer:
        what = Text("넘길 수 없는 곳입니다.", "It cannot be passed on there.")
        mistakes.append(Mistake("to", what, Text("다른 곳을 고르십시오.", "Choose another.")))
    if mistakes:
        raise InvalidInput(mistakes)
    move(row, SUPPORT, "pass_on", answerer=to, reminded_at=None)
    name = queries.support_view(row).answerer_name
    said = Text(f"{name.ko}에 넘겼습니다. {reason.strip()}", f"Passed on to {name.en}. {reason.strip()}")
    _write(row, actor, now, f"{said.ko}\n{said.en}", (), is_answer=False)
    _tell_answerers(row, now, f"passed:{to}", _ASKED)
    append(at=now, actor=actor.name, event="support.pass_on", subject=f"support:{row.pk}", to=to, reason=reason)


@transaction.atomic
def close_support(*, actor: Actor, now: datetime, request_id: int) -> None:
    """Close a request: whoever asked, or whoever answered it. Closing again changes nothing."""
    row = _seen(actor, request_id)
    actor.require(row.asked_by_id == actor.user_id or queries.may_answer(actor, row.answerer))
    if row.state == "closed":
        return
    move(row, SUPPORT, "close", closed_at=now)
    append(at=now, actor=actor.name, event="support.close", subject=f"support:{row.pk}")


def remind_overdue(*, now: datetime) -> int:
    """Write to whoever has not answered in time, and to the programme where a provider has not; once a day each.

    Returns how many requests were reminded of. Writes nothing when nothing is due.
    """
    before = now - REMIND_EVERY
    late = SupportRequest.objects.filter(state="waiting", respond_by__lte=now).exclude(reminded_at__gt=before)
    done = 0
    for request_id in list(late.values_list("pk", flat=True)):
        with transaction.atomic():
            row = locked(SupportRequest.objects, pk=request_id)
            if row.state != "waiting" or row.respond_by > now or (row.reminded_at and row.reminded_at > before):
                continue
            row.reminded_at = now
            row.save(update_fields=["reminded_at"])
            _tell_answerers(row, now, f"overdue:{now:%Y%m%d%H%M}", _OVERDUE)
            if row.answerer != queries.PROGRAMME:
                _tell_answerers(row, now, f"overdue:{now:%Y%m%d%H%M}", _OVERDUE, queries.PROGRAMME)
            append(at=now, actor="loop:expire", event="support.remind", subject=f"support:{row.pk}")
            done += 1
    return done


_ASKED = (
    Text("[문의] {title}", "[Question] {title}"),
    Text("{when}까지 답해 주십시오: /support/{id}/", "Please answer by {when}: /support/{id}/"),
)
_AGAIN = (
    Text("[문의] 다시 물었습니다: {title}", "[Question] Asked again: {title}"),
    Text("{when}까지 답해 주십시오: /support/{id}/", "Please answer by {when}: /support/{id}/"),
)
_OVERDUE = (
    Text("[문의] 답변 기한이 지났습니다: {title}", "[Question] The answer is overdue: {title}"),
    Text("{when}까지 답하기로 한 문의입니다: /support/{id}/", "An answer was due by {when}: /support/{id}/"),
)
_ANSWERED = (
    Text("[문의] 답변을 드렸습니다: {title}", "[Question] Answered: {title}"),
    Text("{text}\n\n이어서 묻기: /support/{id}/", "{text}\n\nTo ask further: /support/{id}/"),
)


def _tell_answerers(
    row: SupportRequest, now: datetime, what: str, words: tuple[Text, Text], answerer: str | None = None
) -> None:
    when = f"{row.respond_by.astimezone(programmes.zone()):%Y-%m-%d %H:%M}"
    for one in queries.answerers(answerer or row.answerer):
        announce(
            key=f"support:{row.pk}:{what}:{now:%Y%m%dT%H%M%S%f}:{one.id}",
            user_id=one.id,
            subject=words[0].format(title=row.title),
            body=words[1].format(when=when, id=row.pk),
            now=now,
        )


def _addressee(topic: str, provider: str) -> tuple[str, int, list[Mistake]]:
    current = programmes.current()
    if not current.support and not topic:
        return queries.PROGRAMME, DEFAULT_WORKING_DAYS, []
    found = next((one for one in current.support if one.code == topic), None)
    if found is None:
        what = Text("없는 주제입니다.", "There is no such topic.")
        mistake = Mistake("topic", what, Text("주제를 고르십시오.", "Choose a topic."))
        return queries.PROGRAMME, DEFAULT_WORKING_DAYS, [mistake]
    if found.answered_by == "programme":
        return queries.PROGRAMME, found.working_days, []
    if provider not in {one.code for one in current.providers}:
        what = Text("이 주제는 사업자가 답합니다.", "A provider answers this topic.")
        mistake = Mistake("provider", what, Text("사업자를 고르십시오.", "Choose the provider."))
        return queries.PROGRAMME, found.working_days, [mistake]
    return provider, found.working_days, []


def _days(topic: str) -> int:
    days = {one.code: one.working_days for one in programmes.current().support}
    return days.get(topic, DEFAULT_WORKING_DAYS)


def _due(now: datetime, days: int) -> datetime:
    return respond_by(now, days, programmes.current().holidays, programmes.zone())


def _seen(actor: Actor, request_id: int) -> SupportRequest:
    """The row, locked, if the person may know of it."""
    queries.support(request_id, actor)
    row = locked(SupportRequest.objects, pk=request_id)
    if actor.user_id is None:
        raise NotFound(internal=f"support request {request_id} for {actor}")
    return row


def _write(
    row: SupportRequest, actor: Actor, now: datetime, text: str, file_ids: Sequence[int], *, is_answer: bool
) -> None:
    SupportEntry.objects.create(
        request=row,
        written_by_id=actor.user_id,
        written_at=now,
        is_answer=is_answer,
        text=text.strip(),
        file_ids=list(file_ids),
    )


def _text_mistakes(where: str, text: str, most: int) -> list[Mistake]:
    if text.strip() and len(text) <= most:
        return []
    what = Text("내용이 비었거나 너무 깁니다.", "The text is empty or too long.")
    return [Mistake(where, what, Text(f"{most:,}자 이내로 적으십시오.", f"Use at most {most:,} characters."))]


def _file_mistakes(file_ids: Sequence[int]) -> list[Mistake]:
    if len(file_ids) <= MOST_FILES:
        return []
    what = Text("파일이 너무 많습니다.", "Too many files.")
    return [Mistake("files", what, Text(f"{MOST_FILES}개까지 붙일 수 있습니다.", f"Attach at most {MOST_FILES}."))]
