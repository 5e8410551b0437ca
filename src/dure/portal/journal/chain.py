"""How entries are chained: each carries the hash of all it says and of the entry before."""

from __future__ import annotations

from datetime import UTC

from dure.core import canonical
from dure.portal.journal.models import Entry

GENESIS = "sha256:" + "0" * 64


def hash_of(entry: Entry) -> str:
    """The hash that `entry` must carry: over all it says and the hash before it."""
    return canonical.digest(
        {
            "seq": entry.seq,
            "at": entry.at.astimezone(UTC).isoformat(),
            "actor": entry.actor,
            "event": entry.event,
            "subject": entry.subject,
            "reason": entry.reason,
            "detail": entry.detail,
            "previous": entry.previous_hash,
        }
    )
