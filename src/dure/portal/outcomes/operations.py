"""Asking for reports, receiving and judging them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.period import Period
from dure.core.text import Text
from dure.decide.duties import Duty, reports_due
from dure.decide.lifecycles import OUTCOME
from dure.portal.awards import queries as awards
from dure.portal.files import operations as files
from dure.portal.framework import programme
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.outcomes.models import Report
from dure.portal.outcomes.queries import kind_name
from dure.portal.people.actor import Actor, system

ACTOR = system("outcomes")
SHORTEST_SUMMARY = 20
LONGEST_SUMMARY = 10_000
MOST_LINKS = 20


def make_due(*, now: datetime) -> int:
    """Ask for every report that has fallen due by `now` and was not asked for; how many. Safe to repeat."""
    rules = programme.current_hash()
    there = set(Report.objects.values_list("award_id", "kind", "due_at"))
    held = awards.public_register().filter(state__in=("agreed", "ended"), start_at__lte=now)
    missing = [
        (award_id, number, duty)
        for award_id, number, applicant_class, start, end, ended in held.values_list(*_COLUMNS)
        for duty in _duties(rules, applicant_class, start, min(end, ended or end))
        if duty.falls_at <= now and (award_id, duty.report, duty.due_at) not in there
    ]
    return sum(_ask(award_id, number, duty, now) for award_id, number, duty in missing)


_COLUMNS = ("id", "number", "holder__applicant_class", "start_at", "end_at", "ended_at")


@lru_cache(maxsize=10_000)
def _duties(programme_hash: str, applicant_class: str, start_at: datetime, end_at: datetime) -> list[Duty]:
    """What one award owes; worked out once per process, since the loop asks again and again."""
    current = programme.current()
    return reports_due(current.reports, applicant_class, Period(start_at, max(start_at, end_at)), current.zone)


@transaction.atomic
def _ask(award_id: int, number: str, duty: Duty, now: datetime) -> int:
    row, is_new = Report.objects.get_or_create(award_id=award_id, kind=duty.report, due_at=duty.due_at)
    if is_new:
        append(
            at=now,
            actor=ACTOR.name,
            event="outcomes.ask",
            subject=f"award:{number}",
            report=duty.report,
            due_at=duty.due_at.isoformat(),
        )
        _tell(row, "ask", now)
    return int(is_new)


_LETTERS = {
    "ask": (
        Text("{report}를 내실 때가 되었습니다", "{report}: now due"),
        Text("{due}까지 내 주십시오: {path}", "Please hand it in by {due}: {path}"),
    ),
    "approve": (
        Text("{report}가 승인되었습니다", "{report}: approved"),
        Text("이제 누구나 볼 수 있습니다: {path}", "It is public now: {path}"),
    ),
    "return": (
        Text("{report}를 보완해 주십시오", "{report}: please improve it"),
        Text("{note}\n\n{path}", "{note}\n\n{path}"),
    ),
}


def _tell(row: Report, event: str, now: datetime) -> None:
    """Write to the lead of the application what has become of the report."""
    subject, body = _LETTERS[event]
    due = row.due_at.astimezone(programme.zone())
    words = {
        "report": kind_name(row.kind),
        "due": Text(f"{due.year}. {due.month}. {due.day}.", f"{due.day} {due:%b %Y}"),
        "path": f"/outcomes/{row.pk}/",
        "note": row.review_note,
    }
    number = row.award.number
    messages.announce(
        key=f"report:{row.pk}:{event}:{now:%Y%m%dT%H%M%S}",
        user_id=row.award.application.lead_id,
        subject=Text(f"[{number}] {subject.ko}", f"[{number}] {subject.en}").format(**words),
        body=body.format(**words),
        now=now,
    )


@transaction.atomic
def submit(
    *,
    actor: Actor,
    now: datetime,
    report_id: int,
    summary: str,
    links: Sequence[dict[str, str]] = (),
    file: tuple[str, bytes] | None = None,
) -> None:
    """Hand in a report, with addresses of what came of it ({"title", "url"}) and at most one file (name, bytes).

    For members of the award's organisation. Raises InvalidInput, IllegalTransition once it is under review.
    """
    row = _report(report_id, actor)
    organisation_id = row.award.holder_id
    actor.require(organisation_id in actor.organisations)
    tidy = _check(summary, links)
    if file is None and is_repeated(row, OUTCOME, "submit", summary=summary.strip(), links=tidy):
        return
    OUTCOME.after(row.state, "submit")
    file_id = row.file_id
    if file is not None:
        file_id = files.store(
            actor=actor,
            now=now,
            content=file[1],
            name=file[0],
            purpose="outcome",
            organisation_id=organisation_id,
        )
    move(
        row,
        OUTCOME,
        "submit",
        summary=summary.strip(),
        links=tidy,
        file_id=file_id,
        submitted_by=actor.name,
        submitted_at=now,
        review_note="",
    )
    append(at=now, actor=actor.name, event="outcomes.submit", subject=f"award:{row.award.number}", report=row.kind)


def _check(summary: str, links: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The links to keep. Raises InvalidInput."""
    mistakes = []
    length = len(summary.strip())
    if length < SHORTEST_SUMMARY:
        what = Text("무엇을 했는지 알기에 너무 짧습니다.", "This is too short to tell what was done.")
        remedy = Text(f"{SHORTEST_SUMMARY}자 이상 적어 주십시오.", f"Write at least {SHORTEST_SUMMARY} characters.")
        mistakes.append(Mistake("summary", what, remedy))
    if length > LONGEST_SUMMARY:
        what = Text("너무 깁니다.", "This is too long.")
        remedy = Text("줄이고 나머지는 파일로 올려 주십시오.", "Shorten it and put the rest into a file.")
        mistakes.append(Mistake("summary", what, remedy))
    tidy = [{"title": link.get("title", "").strip()[:200], "url": link.get("url", "").strip()} for link in links]
    tidy = [link for link in tidy if link["url"] or link["title"]]
    wrong = [link for link in tidy if not re.fullmatch(r"https?://[^\s<>\"]{4,500}", link["url"])]
    if wrong or len(tidy) > MOST_LINKS:
        what = Text("열 수 없는 주소가 있습니다.", "There is an address that cannot be opened.")
        remedy = Text("https://로 시작하는 주소를 적어 주십시오.", "Write addresses that begin with https://.")
        mistakes.append(Mistake("links", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
    return tidy


def approve(*, actor: Actor, now: datetime, report_id: int, note: str = "") -> None:
    """Accept a report; from then on it is public. For programme managers."""
    _judge(actor, now, report_id, "approve", note)


def send_back(*, actor: Actor, now: datetime, report_id: int, note: str) -> None:
    """Ask for a better report, saying what is missing. For programme managers. Raises InvalidInput."""
    if not note.strip():
        what = Text("보완할 내용이 없습니다.", "It does not say what is missing.")
        remedy = Text("무엇을 보완해야 하는지 적어 주십시오.", "Say what has to be added.")
        raise InvalidInput(Mistake("note", what, remedy))
    _judge(actor, now, report_id, "return", note)


@transaction.atomic
def _judge(actor: Actor, now: datetime, report_id: int, event: str, note: str) -> None:
    row = _report(report_id, actor)
    actor.require(actor.is_programme_manager)
    if is_repeated(row, OUTCOME, event, review_note=note.strip()[:300]):
        return
    move(row, OUTCOME, event, review_note=note.strip()[:300], reviewed_at=now)
    append(
        at=now,
        actor=actor.name,
        event=f"outcomes.{event}",
        subject=f"award:{row.award.number}",
        reason=note.strip(),
        report=row.kind,
    )
    _tell(row, event, now)


def _report(report_id: int, actor: Actor) -> Report:
    row = locked(Report.objects.select_related("award__application"), pk=report_id)
    if not (row.award.holder_id in actor.organisations or actor.may_oversee):
        raise NotFound(internal=f"{actor} and report {report_id}")
    return row
