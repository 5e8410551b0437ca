"""Interviews: who is interviewed, when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.decide import scoring
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.people.actor import Actor
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import Interview, InterviewSlot


@dataclass(frozen=True)
class SlotView:
    """A time at which an interview may be held; `number` of the application that took it, for the programme."""

    id: int
    starts_at: datetime
    minutes: int
    place: str
    number: str


@dataclass(frozen=True)
class InterviewView:
    """An interview."""

    number: str
    title: Text
    organisation: str
    state: str
    slot: SlotView | None
    points: str
    note: str


@dataclass(frozen=True)
class Choice:
    """An applicant's own interview and the free times, the earliest first."""

    interview: InterviewView
    call_title: Text
    free: Sequence[SlotView]


def interviewed(call: CallView) -> list[ApplicationView]:
    """The admitted applications that the track's rule has interviewed."""
    return [
        view
        for view in applications.of_call(call.code, READER, states=("admitted",))
        if call.rules.is_interviewed([m.gpu_model for m in view.content.models], view.content.requested_nodes or 0)
    ]


def interviews(call_code: str, actor: Actor) -> list[InterviewView]:
    """All interviews of a call, by application."""
    actor.require(actor.may_oversee)
    return _views(Interview.objects.filter(application__call__code=call_code))


def slots(call_code: str, actor: Actor) -> list[SlotView]:
    """All slots of a call, by time."""
    actor.require(actor.may_oversee)
    rows = InterviewSlot.objects.filter(call__code=call_code).select_related("interview__application")
    return [_slot(row, row.interview.application.number if hasattr(row, "interview") else "") for row in rows]


def my_interview(number: str, actor: Actor, now: datetime) -> Choice:
    """The interview of an application of the person's own organisation. Raises NotFound."""
    view = applications.application(number, actor)
    found = _views(Interview.objects.filter(application_id=view.id))
    if not found or view.organisation.id not in actor.organisations:
        raise NotFound(internal=f"interview of {number} for {actor}")
    call = calls.call(view.call_code, READER)
    free = InterviewSlot.objects.filter(call_id=call.id, interview=None, starts_at__gt=now)
    return Choice(found[0], call.title, [_slot(row) for row in free])


def my_interviews(actor: Actor) -> list[InterviewView]:
    """Interviews of the person's organisations whose time is still to be chosen."""
    if not actor.organisations:
        return []
    rows = Interview.objects.filter(application__organisation_id__in=actor.organisations, state="invited")
    return _views(rows)


def _views(rows: Any) -> list[InterviewView]:
    listed = list(rows.select_related("slot"))
    views = applications.by_ids(row.application_id for row in listed)
    return [
        InterviewView(
            number=views[row.application_id].number,
            title=views[row.application_id].title,
            organisation=views[row.application_id].organisation.name,
            state=row.state,
            slot=_slot(row.slot) if row.slot_id else None,
            points=scoring.points(row.total_tenths),
            note=row.note,
        )
        for row in listed
    ]


def _slot(row: InterviewSlot, number: str = "") -> SlotView:
    return SlotView(row.pk, row.starts_at, row.minutes, row.place, number)
