"""Applies the idle rules and pace tables once a day, lends what stays idle, lets unanswered cases lapse, executes
confirmed ones."""

from __future__ import annotations

from datetime import datetime

from dure.portal.reclaims import operations


def run(now: datetime) -> int:
    """Do what is due at `now`; returns how many cases changed."""
    changed = operations.look(now=now)
    changed += operations.lend_due(now=now) + operations.lapse_due(now=now)
    return changed + operations.execute_due(now=now)
