"""Reading support requests: one's own, those one is to answer, those the programme oversees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.framework import programme as programmes
from dure.portal.messages.models import SupportRequest
from dure.portal.people.actor import Actor
from dure.portal.people.queries import PersonView, people_with_role

PROGRAMME = "programme"
OFFICE = Text("전담기관", "The programme")
NOBODYS = Text("그 밖의 문의", "Another question")


@dataclass(frozen=True)
class EntryView:
    """One message of a thread."""

    id: int
    written_by: Text
    written_at: datetime
    is_answer: bool
    text: str
    file_ids: tuple[int, ...]


@dataclass(frozen=True)
class SupportView:
    """A support request; `entries` only where one request was asked for."""

    id: int
    topic: str
    topic_name: Text
    answerer: str
    answerer_name: Text
    asked_by_id: int
    asked_by: Text
    title: str
    about: str
    state: str
    asked_at: datetime
    respond_by: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    entries: Sequence[EntryView] = ()

    def is_overdue(self, now: datetime) -> bool:
        """Whether it waits for an answer longer than was promised."""
        return self.state == "waiting" and self.respond_by <= now


def may_answer(actor: Actor, answerer: str) -> bool:
    """Whether this person answers for `answerer`; the programme's managers may answer for everybody."""
    return actor.is_programme_manager or actor.speaks_for(answerer)


def answerers(answerer: str) -> list[PersonView]:
    """The people who are to answer."""
    if answerer == PROGRAMME:
        return people_with_role("programme_manager")
    return people_with_role("provider", answerer)


def support(request_id: int, actor: Actor) -> SupportView:
    """One request with its thread. Raises NotFound, also for people who may not know of it."""
    row = _visible(actor).filter(pk=request_id).prefetch_related("entries__written_by").first()
    if row is None:
        raise NotFound(internal=f"support request {request_id} for {actor}")
    return support_view(row, with_entries=True)


def support_list(
    actor: Actor, *, state: str = "", topic: str = "", text: str = "", overdue_at: datetime | None = None
) -> QuerySet[SupportRequest]:
    """The requests a person may see, those that wait first by their deadline; make rows with `support_view`."""
    rows = _visible(actor)
    if state:
        rows = rows.filter(state=state)
    if topic:
        rows = rows.filter(topic=topic)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(entries__text__icontains=text)).distinct()
    if overdue_at is not None:
        rows = rows.filter(state="waiting", respond_by__lte=overdue_at)
    return rows.order_by("-state", "respond_by", "id")  # waiting, closed, answered: the ones that wait come first


def to_answer(actor: Actor) -> list[SupportView]:
    """What waits for this person's own office to answer, the soonest due first."""
    offices = {*actor.providers, *([PROGRAMME] if actor.is_programme_manager else [])}
    if not offices:
        return []
    rows = _rows().filter(state="waiting", answerer__in=offices).order_by("respond_by", "id")
    return [support_view(row) for row in rows]


def overdue(now: datetime) -> list[SupportView]:
    """Every request that waits longer than was promised."""
    return [support_view(row) for row in _rows().filter(state="waiting", respond_by__lte=now).order_by("id")]


def support_view(row: Any, with_entries: bool = False) -> SupportView:
    """A row of `support_list` as pages show it."""
    current = programmes.current()
    topics = {topic.code: topic.name for topic in current.support}
    offices = {PROGRAMME: OFFICE} | {one.code: one.name for one in current.providers}
    return SupportView(
        id=row.pk,
        topic=row.topic,
        topic_name=topics.get(row.topic, NOBODYS),
        answerer=row.answerer,
        answerer_name=offices.get(row.answerer, Text(row.answerer, row.answerer)),
        asked_by_id=row.asked_by_id,
        asked_by=_name(row.asked_by),
        title=row.title,
        about=row.about,
        state=row.state,
        asked_at=row.asked_at,
        respond_by=row.respond_by,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
        entries=[
            EntryView(e.pk, _name(e.written_by), e.written_at, e.is_answer, e.text, tuple(e.file_ids))
            for e in row.entries.all()
        ]
        if with_entries
        else (),
    )


def _name(user: Any) -> Text:
    return Text(user.name or user.email, user.name_en or user.name or user.email)


def _rows() -> QuerySet[SupportRequest]:
    return SupportRequest.objects.select_related("asked_by")


def _visible(actor: Actor) -> QuerySet[SupportRequest]:
    if actor.may_oversee:
        return _rows()
    if actor.user_id is None:
        return _rows().none()
    return _rows().filter(Q(asked_by_id=actor.user_id) | Q(answerer__in=actor.providers))
