"""Reading the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def latest(limit: int = 100) -> Sequence[EntryView]:
    """The newest entries, newest first."""
    return [_view(e) for e in Entry.objects.order_by("-seq")[:limit]]


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
