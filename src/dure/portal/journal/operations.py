"""Writing the journal: every operation of every chapter ends with one entry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from dure.portal.journal.chain import GENESIS, hash_of
from dure.portal.journal.models import Entry

_ADVISORY_LOCK = 0x64757265  # "dure": one writer of the chain at a time on PostgreSQL


def append(*, at: datetime, actor: str, event: str, subject: str, reason: str = "", **detail: Any) -> Entry:
    """Append one entry in the caller's transaction.

    `event` is "chapter.verb", `subject` "noun:key"; `detail` holds only what canonical JSON can (no floats).
    Raises TypeError for anything else, and TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written in the operation's own transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    last = Entry.objects.order_by("-seq").values_list("seq", "hash").first() or (0, GENESIS)
    entry = Entry(
        seq=last[0] + 1,
        at=at,
        actor=actor,
        event=event,
        subject=subject,
        reason=reason,
        detail=detail,
        previous_hash=last[1],
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    return entry
