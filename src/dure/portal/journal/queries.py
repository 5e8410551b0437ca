"""Reading the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dure.portal.journal.chain import GENESIS, hash_of
from dure.portal.journal.models import Entry


@dataclass(frozen=True)
class EntryView:
    """One entry as pages show it."""

    seq: int
    at: datetime
    actor: str
    event: str
    subject: str
    reason: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Broken:
    """Where the chain does not hold, and why."""

    seq: int
    why: str


def _view(entry: Entry) -> EntryView:
    return EntryView(
        entry.seq, entry.at, entry.actor, entry.event, entry.subject, entry.reason, entry.detail, entry.hash
    )


def about(subject: str) -> Sequence[EntryView]:
    """Everything done to `subject`, oldest first."""
    return [_view(e) for e in Entry.objects.filter(subject=subject)]


def by(actor: str) -> Sequence[EntryView]:
    """Everything one actor did, oldest first."""
    return [_view(e) for e in Entry.objects.filter(actor=actor)]


def latest(limit: int = 100) -> Sequence[EntryView]:
    """The newest entries, newest first."""
    return [_view(e) for e in Entry.objects.order_by("-seq")[:limit]]


def last(event: str, until: datetime) -> int:
    """Number of the newest entry of one kind of event that was made by `until`; 0 when there is none."""
    return Entry.objects.filter(event=event, at__lte=until).order_by("-seq").values_list("seq", flat=True).first() or 0


def is_news(since: int, chapters: Iterable[str]) -> bool:
    """Whether any of these chapters has written an entry after number `since`."""
    named = Q()
    for chapter in chapters:
        named |= Q(event__startswith=f"{chapter}.")
    return Entry.objects.filter(named, seq__gt=since).exists()


def head() -> tuple[int, str]:
    """Number and hash of the newest entry: publish it, and no earlier entry can be changed unseen."""
    return Entry.objects.order_by("-seq").values_list("seq", "hash").first() or (0, GENESIS)


def verify() -> Broken | None:
    """The first entry at which the chain is broken, or None. Linear in the number of entries."""
    expected, previous = 1, GENESIS
    for entry in Entry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != expected:
            return Broken(expected, "entry missing")
        if entry.previous_hash != previous:
            return Broken(entry.seq, "does not follow the entry before")
        if entry.hash != hash_of(entry):
            return Broken(entry.seq, "content does not match its hash")
        expected, previous = entry.seq + 1, entry.hash
    return None


def search(*, text: str = "", chapter: str = "", since: str = "", until: str = "") -> Any:
    """Entries whose actor, subject or event holds `text`, newest first, to be paged with `entry_view`.

    `since` and `until` are days (YYYY-MM-DD, the last one included); what is not a day is left out.
    """
    rows = Entry.objects.order_by("-seq")
    if text:
        rows = rows.filter(
            Q(actor__icontains=text) | Q(subject__icontains=text) | Q(event__icontains=text) | Q(reason__icontains=text)
        )
    if chapter:
        rows = rows.filter(event__startswith=f"{chapter}.")
    if first := _day(since):
        rows = rows.filter(at__gte=first)
    if last := _day(until):
        rows = rows.filter(at__lt=last + timedelta(days=1))
    return rows


def _day(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007 (made aware here)
    except ValueError:
        return None


def entry_view(row: Any) -> EntryView:
    """One row of `search`."""
    return _view(row)


def chapters() -> list[str]:
    """The chapters that have written anything."""
    names = Entry.objects.order_by().values_list("event", flat=True).distinct()
    return sorted({name.split(".")[0] for name in names})
