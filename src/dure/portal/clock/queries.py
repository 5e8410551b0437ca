"""What time it is: the one place in the portal's processes that reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from dure.portal.clock.models import Instant, Reported


def is_virtual() -> bool:
    """Whether this portal runs on virtual time."""
    return settings.ENV.clock == "virtual"


def wall() -> datetime:
    """The wall clock, in UTC: only for leases, which are between processes and not part of the story."""
    return datetime.now(UTC)


def now() -> datetime:
    """The present instant, in UTC: virtual where the portal runs on virtual time."""
    if is_virtual():
        row = Instant.objects.first()
        if row is not None:
            return row.at
    return wall()


def has_begun() -> bool:
    """Whether virtual time has been set."""
    return Instant.objects.exists()


def reported() -> dict[str, datetime]:
    """Who has reported done up to when."""
    return dict(Reported.objects.values_list("reporter", "done_at"))


def waiting_for(reporters: set[str], instant: datetime) -> set[str]:
    """Those of `reporters` that have not yet reported `instant` done."""
    done = reported()
    return {name for name in reporters if name not in done or done[name] < instant}
