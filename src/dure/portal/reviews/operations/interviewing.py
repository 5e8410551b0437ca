"""Interviews of large projects: slots, invitations, and a result that counts as the programme says."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import INTERVIEW
from dure.portal.applications import queries as applications
from dure.portal.calls import operations as call_rows
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.models import Interview, InterviewSlot

MOST_SLOTS = 100


@transaction.atomic
def add_slots(
    *, actor: Actor, now: datetime, call_code: str, starts_at: datetime, minutes: int, count: int, place: str
) -> int:
    """Add `count` interview slots of `minutes` each, one after the other; returns how many are new."""
    actor.require(actor.is_programme_manager)
    call = call_rows.hold(call_code)
    mistakes = []
    if starts_at <= now:
        what = Text("지난 시각입니다.", "This time has passed.")
        mistakes.append(Mistake("starts_at", what, Text("앞으로 올 때를 고르십시오.", "Choose a time to come.")))
    if not 5 <= minutes <= 480 or not 1 <= count <= MOST_SLOTS:
        what = Text("길이나 개수를 확인하십시오.", "Check length and number.")
        remedy = Text(f"5~480분, 1~{MOST_SLOTS}개", f"5 to 480 minutes, 1 to {MOST_SLOTS} slots.")
        mistakes.append(Mistake("minutes", what, remedy))
    if not place.strip() or len(place) > 200:
        what = Text("장소가 비었거나 너무 깁니다.", "The place is missing or too long.")
        mistakes.append(Mistake("place", what, Text("200자 이내로 적으십시오.", "Use at most 200 characters.")))
    if mistakes:
        raise InvalidInput(mistakes)
    made = 0
    for index in range(count):
        at = starts_at + timedelta(minutes=minutes) * index
        _, is_new = InterviewSlot.objects.get_or_create(
            call_id=call.id, starts_at=at, place=place.strip(), defaults={"minutes": minutes}
        )
        made += is_new
    append(at=now, actor=actor.name, event="reviews.add_slots", subject=f"call:{call_code}", slots=made)
    return made


@transaction.atomic
def invite_to_interviews(*, actor: Actor, now: datetime, call_code: str) -> int:
    """Invite every admitted application that is large enough by the track's rule; returns how many are new.

    Raises InvalidInput where there are fewer free slots than applications without one.
    """
    actor.require(actor.is_programme_manager)
    call = call_rows.hold(call_code)
    if call.state not in ("closed", "reviewing"):
        raise IllegalTransition("call", call.state, "invite to interviews")
    known = set(Interview.objects.filter(application__call_id=call.id).values_list("application_id", flat=True))
    due = [view for view in queries.interviewed(call) if view.id not in known]
    free = InterviewSlot.objects.filter(call_id=call.id, interview=None).count()
    waiting = Interview.objects.filter(application__call_id=call.id, state="invited").count()
    if free < len(due) + waiting:
        what = Text("면담 시간이 모자랍니다.", "There are too few slots.")
        remedy = Text(f"{len(due) + waiting - free}개를 더 만드십시오.", f"Add {len(due) + waiting - free} more.")
        raise InvalidInput(Mistake("slots", what, remedy))
    for view in due:
        Interview.objects.create(application_id=view.id, invited_at=now)
        messages.announce(
            key=f"interview:{view.number}:{now.isoformat()}",
            user_id=view.lead_id,
            subject=Text(f"[{view.number}] 면담에 모십니다", f"[{view.number}] Invitation to an interview"),
            body=Text(
                f"규모가 큰 과제는 면담을 합니다. 시간을 골라 주십시오: /reviews/interviews/{view.number}/",
                f"Large projects are interviewed. Please choose a time: /reviews/interviews/{view.number}/",
            ),
            now=now,
        )
    append(at=now, actor=actor.name, event="reviews.invite_to_interviews", subject=f"call:{call_code}", new=len(due))
    return len(due)


@transaction.atomic
def book_interview(*, actor: Actor, now: datetime, number: str, slot_id: int | None) -> None:
    """The applicant takes a free slot still to come, another one, or (None) gives theirs back."""
    row = _own(actor, number)
    if row.state == "booked" and row.slot_id == slot_id:
        return
    if row.state == "booked":
        move(row, INTERVIEW, "release", slot=None)
    if slot_id is not None:
        call_id = row.application.call_id
        slot = InterviewSlot.objects.filter(pk=slot_id, call_id=call_id, starts_at__gt=now, interview=None).first()
        if slot is None:
            raise _taken()
        try:
            with transaction.atomic():
                move(row, INTERVIEW, "book", slot=slot)
        except IntegrityError:
            raise _taken() from None
    append(at=now, actor=actor.name, event="reviews.book_interview", subject=f"application:{number}", slot=slot_id)


@transaction.atomic
def close_interview(
    *, actor: Actor, now: datetime, number: str, event: str, total_tenths: int | None = None, note: str = ""
) -> None:
    """The programme notes that an interview was held, with its result, was missed, or is cancelled; or invites again.

    Raises NotFound, IllegalTransition, InvalidInput.
    """
    actor.require(actor.is_programme_manager)
    row = locked(Interview.objects.select_related("application"), application__number=number)
    changes: dict[str, object] = {"note": note.strip()}
    if event == "hold":
        if total_tenths is None or not 0 <= total_tenths <= 1000:
            what = Text("면담 점수가 없거나 매길 수 없는 점수입니다.", "The points are missing or impossible.")
            raise InvalidInput(Mistake("total", what, Text("0~100점으로 적으십시오.", "Give 0 to 100.")))
        changes |= {"total_tenths": total_tenths, "held_at": now}
    elif event in ("cancel", "miss", "invite"):
        changes["slot"] = None
    if event != "invite" and (not note.strip() or len(note) > 1000):
        what = Text("기록할 내용이 없거나 너무 깁니다.", "The note is missing or too long.")
        raise InvalidInput(Mistake("note", what, Text("1,000자 이내로 적으십시오.", "Use at most 1,000 characters.")))
    if is_repeated(
        row, INTERVIEW, event, **{name: changes[name] for name in ("note", "total_tenths") if name in changes}
    ):
        return
    move(row, INTERVIEW, event, **changes)
    append(
        at=now,
        actor=actor.name,
        event=f"reviews.interview_{event}",
        subject=f"application:{number}",
        total_tenths=total_tenths,
    )


def _own(actor: Actor, number: str) -> Interview:
    """The interview of the person's own organisation's application, locked."""
    view = applications.application(number, actor)
    if view.organisation.id not in actor.organisations:
        raise NotFound(internal=f"interview of {number} for {actor}")
    return locked(Interview.objects.select_related("application"), application_id=view.id)


def _taken() -> InvalidInput:
    what = Text("그 시간은 이미 찼거나 지났습니다.", "This time is taken or has passed.")
    return InvalidInput(Mistake("slot", what, Text("다른 시간을 고르십시오.", "Choose another.")))
