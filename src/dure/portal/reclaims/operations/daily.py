"""The day's look at every allocation: help for those who have not begun, idle rules, pace tables."""

from __future__ import annotations

from datetime import datetime

from dure.portal.framework.programme import zone
from dure.portal.reclaims.models import Round
from dure.portal.reclaims.operations.cases import look_for_idle
from dure.portal.reclaims.operations.paces import pull_back
from dure.portal.reclaims.operations.starting import offer_help


def look(*, now: datetime) -> int:
    """Apply the programme's rules once a day of its zone; returns how many cases and looks changed."""
    today = now.astimezone(zone()).date()
    if Round.objects.filter(day=today).exists():
        return 0
    offer_help(now=now)
    changed = look_for_idle(now=now) + pull_back(now=now)
    Round.objects.get_or_create(day=today, defaults={"at": now})
    return changed
