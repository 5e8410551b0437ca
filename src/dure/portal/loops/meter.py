"""Stores received windows as hours in Parquet and merges small files; the only loop that writes there."""

from __future__ import annotations

from datetime import datetime

from dure.portal.usage import operations


def run(now: datetime) -> int:
    """Store what waits and keep files few; returns how many windows and files were moved."""
    return operations.store_pending(now=now) + operations.compact(now=now)
