"""Panel meetings: the agenda, what is on the table, decisions, minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import AGENDA_ITEM, MEETING
from dure.portal.applications import queries as applications
from dure.portal.calls import operations as call_rows
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.models import AgendaItem, Meeting, Minute, Reviewer, SetAside

LONGEST = 500
_DECISIONS = {
    "keep": Text("점수대로 배분에 올림", "Goes on with its score"),
    "reject": Text("선정 대상에서 뺌", "Set aside"),
}


@transaction.atomic
def plan_meeting(
    *,
    actor: Actor,
    now: datetime,
    call_code: str,
    place: str,
    starts_at: datetime,
    numbers: Sequence[str],
    reviewer_ids: Sequence[int],
) -> int:
    """Plan a meeting with its agenda, in this order, and invite its reviewers. Returns its id. Raises InvalidInput."""
    actor.require(actor.is_programme_manager)
    call = call_rows.hold(call_code)
    panel = list(Reviewer.objects.filter(pk__in=reviewer_ids).select_related("user"))
    if mistakes := _plan_mistakes(now, call_code, place, starts_at, numbers, panel):
        raise InvalidInput(mistakes)
    row = Meeting.objects.create(call_id=call.id, place=place.strip(), starts_at=starts_at)
    row.reviewers.set(panel)
    ids = applications.ids_of(call_code, numbers)
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=row, application_id=ids[number], position=place_)
        for place_, number in enumerate(numbers, start=1)
    )
    append(
        at=now,
        actor=actor.name,
        event="reviews.plan_meeting",
        subject=f"meeting:{row.pk}",
        call=call_code,
        items=len(numbers),
        reviewers=len(panel),
    )
    _invite(row, call_code, panel, now)
    return row.pk


def _plan_mistakes(
    now: datetime,
    call_code: str,
    place: str,
    starts_at: datetime,
    numbers: Sequence[str],
    panel: Sequence[Reviewer],
) -> list[Mistake]:
    mistakes = []
    if not place.strip() or len(place) > 200:
        what = Text("장소가 비었거나 너무 깁니다.", "The place is missing or too long.")
        mistakes.append(
            Mistake("place", what, Text("회의실이나 화상 회의 주소를 적으십시오.", "A room or an address."))
        )
    if starts_at <= now:
        what = Text("지난 시각입니다.", "This time has passed.")
        mistakes.append(Mistake("starts_at", what, Text("앞으로 올 때를 고르십시오.", "Choose a time to come.")))
    admitted = set(applications.numbers(call_code, "admitted"))
    wrong = [number for number in numbers if number not in admitted]
    if not numbers or wrong or len(set(numbers)) != len(numbers):
        listed = ", ".join(wrong[:5]) or "-"
        what = Text("안건을 확인하십시오.", "Check the agenda.")
        remedy = Text(
            f"이 공모에서 요건을 충족한 신청의 번호를 한 번씩 적으십시오. 맞지 않는 것: {listed}",
            f"List eligible applications of this call, each once. Not fitting: {listed}",
        )
        mistakes.append(Mistake("numbers", what, remedy))
    if not panel:
        what = Text("참석할 평가위원이 없습니다.", "Nobody takes part.")
        mistakes.append(Mistake("reviewer_ids", what, Text("평가위원을 고르십시오.", "Choose reviewers.")))
    return mistakes


def _invite(row: Meeting, call_code: str, panel: Sequence[Reviewer], now: datetime) -> None:
    day = queries.shown_day(row.starts_at)
    for one in panel:
        messages.announce(
            key=f"meeting:{row.pk}:{one.user_id}",
            user_id=one.user_id,
            subject=Text(f"[{call_code}] 평가위원회 회의", f"[{call_code}] Panel meeting"),
            body=Text(
                f"{day.ko}, {row.place}. 안건과 진행: /reviews/meetings/{row.pk}/",
                f"{day.en}, {row.place}. Agenda and progress: /reviews/meetings/{row.pk}/",
            ),
            now=now,
        )


_MEETING_LINES = {
    "start": Text("회의를 시작함", "The meeting began"),
    "end": Text("회의를 마침", "The meeting ended"),
    "cancel": Text("회의를 취소함", "The meeting was cancelled"),
    "resume": Text("회의를 다시 시작함", "The meeting went on"),
}


@transaction.atomic
def run_meeting(*, actor: Actor, now: datetime, meeting_id: int, event: str) -> None:
    """Start, end, resume or cancel a meeting; an item still on the table goes back to waiting when it ends."""
    actor.require(actor.is_programme_manager)
    row = locked(Meeting.objects.all(), pk=meeting_id)
    if is_repeated(row, MEETING, event):
        return
    move(row, MEETING, event)
    for item in row.items.filter(state="open"):
        move(item, AGENDA_ITEM, "postpone")
    _minute(row.pk, None, event, _MEETING_LINES[event], actor, now)


@transaction.atomic
def table(*, actor: Actor, now: datetime, item_id: int, event: str, decision: str = "", reason: str = "") -> None:
    """Put an item on the table ("open", "reopen"), back ("postpone"), or settle it with a decision.

    "reject" needs a reason and keeps the application from every plan; "keep" lets it go on with its score. Raises
    IllegalTransition (meeting not running, another item on the table) and InvalidInput.
    """
    actor.require(actor.is_programme_manager)
    item = locked(AgendaItem.objects.select_related("meeting", "application"), pk=item_id)
    if item.meeting.state != "running":
        public = Text("회의를 먼저 시작하십시오.", "Start the meeting first.")
        raise IllegalTransition("panel meeting", item.meeting.state, event, public)
    if event == "settle":
        _require_decision(decision, reason)
        move(item, AGENDA_ITEM, "settle", decision=decision, reason=reason.strip(), settled_at=now)
        _set_aside(item, actor, now)
        chosen = _DECISIONS[decision]
        said = Text(f"{chosen.ko}. {reason.strip()}".strip(), f"{chosen.en}. {reason.strip()}".strip())
        _minute(item.meeting_id, item, "settle", said, actor, now)
        return
    try:
        with transaction.atomic():
            move(item, AGENDA_ITEM, event, opened_at=now)
    except IntegrityError:
        public = Text("다른 안건을 먼저 마치십시오.", "Finish the item on the table first.")
        raise IllegalTransition("agenda item", item.state, event, public) from None
    line = Text("심의를 미룸", "Put back") if event == "postpone" else Text("심의를 시작함", "On the table")
    _minute(item.meeting_id, item, event, line, actor, now)


@transaction.atomic
def note(*, actor: Actor, now: datetime, meeting_id: int, text: str, item_id: int | None = None) -> None:
    """Add a line to the minutes. Raises InvalidInput, NotFound."""
    actor.require(actor.is_programme_manager)
    row = locked(Meeting.objects.all(), pk=meeting_id)
    item = locked(AgendaItem.objects.all(), pk=item_id, meeting=row) if item_id else None
    if not text.strip() or len(text) > LONGEST:
        what = Text("내용이 비었거나 너무 깁니다.", "The text is empty or too long.")
        raise InvalidInput(
            Mistake("text", what, Text(f"{LONGEST}자 이내로 적으십시오.", f"Use at most {LONGEST} characters."))
        )
    _minute(row.pk, item, "note", Text(text.strip(), text.strip()), actor, now)


def _minute(meeting_id: int, item: AgendaItem | None, kind: str, text: Text, actor: Actor, now: datetime) -> None:
    both = {"ko": text.ko, "en": text.en}
    Minute.objects.create(meeting_id=meeting_id, item=item, kind=kind, text=both, made_by=actor.name, made_at=now)
    append(
        at=now,
        actor=actor.name,
        event=f"reviews.meeting_{kind}",
        subject=f"meeting:{meeting_id}",
        item=item.pk if item else None,
        digest=canonical.digest(both),
    )


def _set_aside(item: AgendaItem, actor: Actor, now: datetime) -> None:
    if item.decision == "reject":
        SetAside.objects.update_or_create(
            application_id=item.application_id,
            defaults={"source": "panel", "reason": item.reason, "made_by": actor.name, "made_at": now},
        )
    else:
        SetAside.objects.filter(application_id=item.application_id, source="panel").delete()


def _require_decision(decision: str, reason: str) -> None:
    mistakes = []
    if decision not in _DECISIONS:
        what = Text("결정을 고르지 않았습니다.", "The decision is missing.")
        mistakes.append(Mistake("decision", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    if (decision == "reject" and not reason.strip()) or len(reason) > LONGEST:
        what = Text(
            "대상에서 빼는 까닭이 없거나 너무 깁니다.", "The reason for setting it aside is missing or too long."
        )
        mistakes.append(
            Mistake("reason", what, Text(f"{LONGEST}자 이내로 적으십시오.", f"Use at most {LONGEST} characters."))
        )
    if mistakes:
        raise InvalidInput(mistakes)
