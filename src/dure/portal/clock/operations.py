"""Advancing virtual time; only the demo, the simulation and tests do."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import NotPermitted, Stale
from dure.core.text import Text
from dure.portal.clock import queries
from dure.portal.clock.models import Instant, Reported


@transaction.atomic
def advance(*, to: datetime) -> None:
    """Set the virtual instant, in whole seconds, as agents speak of time.

    Raises NotPermitted on wall time, Stale when `to` lies in the past.
    """
    to = to.replace(microsecond=0)
    if not queries.is_virtual():
        raise NotPermitted(
            Text(
                "실제 시각을 쓰는 포털의 시간은 바꿀 수 없습니다.",
                "This portal runs on wall time, which cannot be advanced.",
            )
        )
    row = Instant.objects.select_for_update().first()
    if row is not None and to < row.at:
        raise Stale(internal=f"virtual time does not go back: {row.at} to {to}")
    Instant.objects.update_or_create(id=1, defaults={"at": to})


def report_done(*, reporter: str, at: datetime) -> None:
    """Record that `reporter` has done all that is due up to `at`; saying it again writes nothing."""
    if Reported.objects.filter(reporter=reporter, done_at=at).exists():
        return
    Reported.objects.update_or_create(reporter=reporter, defaults={"done_at": at})
