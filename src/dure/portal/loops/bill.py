"""Closes months whose published day of issue has come and that nobody has closed by hand."""

from __future__ import annotations

from datetime import datetime

from dure.portal.billing import operations, queries
from dure.portal.people.actor import system


def run(now: datetime) -> int:
    """Close what is due; returns how many months."""
    due = queries.months_due(now)
    for month in due:
        operations.close_month(actor=system("loop:bill"), now=now, month=month)
    return len(due)
