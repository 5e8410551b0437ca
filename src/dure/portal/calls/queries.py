"""Reading calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q

from dure.core.errors import NotFound
from dure.core.period import Month, Period
from dure.core.text import Text
from dure.decide import questions as forms
from dure.decide.eligibility import Terms
from dure.portal.calls.models import Call, CallEvent, Nomination, Question
from dure.portal.calls.words import CHANGED, EVENTS
from dure.portal.framework import programme as programmes
from dure.portal.people import queries as people
from dure.portal.people.actor import NOBODY, Actor
from dure.portal.people.queries import OrganisationView
from dure.programme.competition import Policy, Rubric, Track

PUBLIC_STATES = ("announced", "open", "closed", "reviewing", "deciding", "decided", "cancelled")


@dataclass(frozen=True)
class EventView:
    """A public event of a call."""

    at: datetime
    kind: str
    text: Text
    changes: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class News:
    """A public event that whoever applies should hear of: what it is, and what it says with the dates it moved."""

    id: int
    call_code: str
    what: Text
    body: Text


@dataclass(frozen=True)
class QuestionView:
    """A public question; `answer` is empty until there is one."""

    id: int
    text: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None
    is_mine: bool
    hidden_at: datetime | None = None
    hidden_reason: str = ""


@dataclass(frozen=True)
class NominationView:
    """A ministry's nomination, withdrawn or standing."""

    id: int
    call_code: str
    ministry: str
    organisation: OrganisationView
    project: str
    reason: str
    nominated_by: str
    nominated_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


@dataclass(frozen=True)
class CallView:
    """A call as plain values; `offered` is {cluster code: nodes}, `questions` the raw form."""

    id: int
    code: str
    track: str
    title: Text
    summary: Text
    opens_at: datetime
    closes_at: datetime
    decide_by: datetime
    use_from: datetime
    use_until: datetime
    offered: dict[str, int]
    questions: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    rubric_json: str
    policy_json: str
    programme_hash: str
    is_synthetic: bool
    state: str
    announced_at: datetime | None
    series: str = ""
    number: int | None = None

    @property
    def rules(self) -> Track:
        """The track's rules."""
        return programmes.current().track(self.track)

    @property
    def rubric(self) -> Rubric:
        """What is judged: as announced, or the programme's present one for a draft."""
        return _rubric(self.rubric_json) if self.rubric_json else programmes.current().rubric

    @property
    def policy(self) -> Policy:
        """How a plan shares out this call: as announced, or the programme's present one for a draft."""
        return _policy(self.policy_json) if self.policy_json else programmes.current().policy

    @property
    def form(self) -> tuple[forms.Question, ...]:
        """The call's own questions."""
        return _form(json.dumps(self.questions))

    @property
    def terms(self) -> Terms:
        """Months of use and the most nodes of one cluster by GPU model."""
        zone, most = programmes.zone(), dict[str, int]()
        for code, nodes in self.offered.items():
            model = programmes.current().cluster(code).gpu_model
            most[model] = max(nodes, most.get(model, 0))
        return Terms(Month.of(self.use_from, zone), Month.of(self.use_until, zone), most)

    @property
    def use_period(self) -> Period:
        """When the servers may be used."""
        return Period(self.use_from, self.use_until)

    @property
    def offered_nodes(self) -> int:
        """All nodes on offer."""
        return sum(self.offered.values())

    def accepts(self, at: datetime) -> bool:
        """Whether a submission begun at `at` counts: judged by the record's dates, not by whether a loop has run."""
        return self.state in ("announced", "open", "closed") and self.opens_at <= at < self.closes_at


def call(code: str, actor: Actor = NOBODY) -> CallView:
    """The call `code`. Raises NotFound, also for a draft the person may not know of."""
    row = Call.objects.filter(code=code).first()
    if row is None or not may_see(actor, row.state):
        raise NotFound(internal=f"call {code!r}")
    return view_of(row)


def calls(actor: Actor = NOBODY, states: Iterable[str] = ()) -> list[CallView]:
    """All calls this person may see, the latest opening first; only those in `states` when given."""
    rows = Call.objects.filter(state__in=list(states)) if states else Call.objects.all()
    return [view_of(row) for row in rows if may_see(actor, row.state)]


def accepting(code: str, at: datetime) -> bool:
    """Whether a submission begun at `at` counts for the call."""
    return call(code).accepts(at)


def events(code: str, actor: Actor = NOBODY) -> list[EventView]:
    """The call's public events, oldest first."""
    found = CallEvent.objects.filter(call_id=call(code, actor).id)
    return [EventView(e.at, e.kind, Text(e.text["ko"], e.text["en"]), e.changes) for e in found]


NEWS = ("notice", "extended", "corrected", "cancelled")


def news(since: datetime) -> list[News]:
    """Notices, extensions, corrections and cancellations made at `since` or later, oldest first."""
    rows = CallEvent.objects.filter(kind__in=NEWS, at__gte=since).select_related("call")
    return [News(row.pk, row.call.code, EVENTS[row.kind], _told(row)) for row in rows]


def _told(row: CallEvent) -> Text:
    """The event's text, then each change: dates as before and after, anything else by name."""
    ko, en = [row.text["ko"]], [row.text["en"]]
    for change in row.changes:
        name = CHANGED[change["field"]]
        if change["field"].endswith(("_at", "_by", "_from", "_until")):
            before, after = (_shown(change[side]) for side in ("before", "after"))
            ko.append(f"{name.ko}: {before} → {after}")
            en.append(f"{name.en}: {before} → {after}")
        else:
            ko.append(f"{name.ko}: 바뀌었습니다.")
            en.append(f"{name.en}: changed.")
    return Text("\n".join(ko), "\n".join(en))


def _shown(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(programmes.zone()):%Y-%m-%d %H:%M}"


def questions(code: str, actor: Actor = NOBODY, text: str = "") -> list[QuestionView]:
    """Answered questions, the person's own, and for the programme all of them; only those with `text` in them."""
    rows = Question.objects.filter(call_id=call(code, actor).id)
    if text:
        rows = rows.filter(Q(text__icontains=text) | Q(answer__icontains=text))
    found = [
        QuestionView(
            q.pk,
            q.text,
            q.asked_at,
            q.answer,
            q.answered_at,
            actor.user_id is not None and q.asked_by_id == actor.user_id,
            q.hidden_at,
            q.hidden_reason,
        )
        for q in rows
    ]
    return [q for q in found if (q.answered_at and not q.hidden_at) or actor.may_oversee or q.is_mine]


def rounds(series: str, actor: Actor = NOBODY) -> list[CallView]:
    """The rounds of a rolling call that this person may see, in order; none for no series."""
    rows = Call.objects.filter(series=series).order_by("number") if series else ()
    return [view_of(row) for row in rows if may_see(actor, row.state)]


def successor(view: CallView, now: datetime) -> CallView | None:
    """Where one goes on who missed this call: its next round that takes applications now, else a call on its track."""
    takes = [one for one in calls(NOBODY, ("announced", "open")) if one.code != view.code and one.accepts(now)]
    same_series = [one for one in takes if view.series and one.series == view.series]
    same_track = [one for one in takes if one.track == view.track]
    return min(same_series or same_track, key=lambda one: one.closes_at, default=None)


def document(code: str, file_id: int, actor: Actor = NOBODY) -> dict[str, Any]:
    """The document of a call that is the stored file `file_id`. Raises NotFound."""
    found = next((one for one in call(code, actor).documents if one.get("file") == file_id), None)
    if found is None:
        raise NotFound(internal=f"call {code} has no file {file_id}")
    return found


def nominations(code: str, actor: Actor) -> list[NominationView]:
    """The nominations for a call: all for the programme, a ministry's own for its nominators. Raises NotPermitted."""
    actor.require(actor.may_oversee or bool(actor.ministries))
    rows = Nomination.objects.filter(call_id=call(code, actor).id).select_related("nominated_by", "call")
    if not actor.may_oversee:
        rows = rows.filter(ministry__in=actor.ministries)
    found = list(rows)
    organisations = people.organisations(row.organisation_id for row in found)
    return [
        NominationView(
            row.pk,
            row.call.code,
            row.ministry,
            organisations[row.organisation_id],
            row.project,
            row.reason,
            row.nominated_by.name or row.nominated_by.email,
            row.nominated_at,
            row.withdrawn_at,
            row.withdrawn_reason,
        )
        for row in found
    ]


def nominated_by(code: str, organisation_id: int) -> str:
    """The ministry whose nomination of the organisation for the call stands; empty without one."""
    rows = Nomination.objects.filter(call__code=code, organisation_id=organisation_id, withdrawn_at=None)
    return rows.values_list("ministry", flat=True).first() or ""


def due(now: datetime) -> list[tuple[str, str]]:
    """What time asks for: (call code, "open" or "close"), in order of time."""
    opening = Call.objects.filter(state="announced", opens_at__lte=now).values_list("opens_at", "code")
    closing = Call.objects.filter(state="open", closes_at__lte=now).values_list("closes_at", "code")
    both = [(at, code, "open") for at, code in opening] + [(at, code, "close") for at, code in closing]
    return [(code, event) for _, code, event in sorted(both)]


def may_see(actor: Actor, state: str) -> bool:
    """Drafts are the programme's own."""
    return state in PUBLIC_STATES or actor.may_oversee


def view_of(row: Call) -> CallView:
    """The row as plain values."""
    summary = row.summary or {"ko": "", "en": ""}
    return CallView(
        id=row.pk,
        code=row.code,
        track=row.track,
        title=Text(row.title["ko"], row.title["en"]),
        summary=Text(summary["ko"], summary["en"]),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        decide_by=row.decide_by,
        use_from=row.use_from,
        use_until=row.use_until,
        offered=dict(row.offered),
        questions=list(row.questions),
        documents=list(row.documents),
        rubric_json=json.dumps(row.rubric) if row.rubric else "",
        policy_json=json.dumps(row.policy) if row.policy else "",
        programme_hash=row.programme_hash,
        is_synthetic=row.is_synthetic,
        state=row.state,
        announced_at=row.announced_at,
        series=row.series,
        number=row.number,
    )


def open_record(view: CallView) -> dict[str, Any]:
    """The call as open data: what page, feed, calendar and notice all say. Instants in UTC, ISO 8601."""
    return {
        "code": view.code,
        "track": view.track,
        "title": _both(view.title),
        "summary": _both(view.summary),
        "state": view.state,
        "opens_at": iso(view.opens_at),
        "closes_at": iso(view.closes_at),
        "decide_by": iso(view.decide_by),
        "use_from": iso(view.use_from),
        "use_until": iso(view.use_until),
        "offered": view.offered,
        "questions": view.questions,
        "documents": view.documents,
        "series": view.series,
        "round": view.number,
        "programme_hash": view.programme_hash,
        "is_synthetic": view.is_synthetic,
    }


def iso(instant: datetime) -> str:
    """An instant as open data writes it: UTC, ISO 8601."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


@lru_cache(maxsize=64)
def _rubric(document: str) -> Rubric:
    return Rubric.model_validate_json(document)


@lru_cache(maxsize=64)
def _policy(document: str) -> Policy:
    return Policy.model_validate_json(document)


@lru_cache(maxsize=64)
def _form(document: str) -> tuple[forms.Question, ...]:
    return forms.parse(json.loads(document))
