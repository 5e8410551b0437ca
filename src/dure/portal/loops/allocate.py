"""Makes agreed awards real, takes over changes of them, ends what is over, replaces failed servers,
tells holders of maintenance and of the end."""

from __future__ import annotations

from datetime import datetime

from dure.portal.allocations import operations


def run(now: datetime) -> int:
    """Do what is due at `now`; returns how many things were done."""
    done = operations.allocate_due(now=now)
    done += operations.apply_changes(now=now)
    done += operations.end_due(now=now)
    done += operations.replace_failed(now=now)
    done += operations.warn_of_end(now=now)
    return done + operations.tell_of_maintenance(now=now)
