"""Stores received windows as hours in Parquet; the only loop that writes there."""

from __future__ import annotations

from datetime import datetime

from dure.portal.usage import operations


def run(now: datetime) -> int:
    """Store what waits; returns how many windows."""
    return operations.store_pending(now=now)
