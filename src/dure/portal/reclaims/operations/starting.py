"""Help is offered early: to whoever has servers for three days and has not computed on a GPU yet, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from dure.core.period import Period
from dure.core.text import Text
from dure.portal.allocations import queries as allocation_queries
from dure.portal.messages import operations as messages
from dure.portal.usage import queries as usage

HELP_AFTER = timedelta(days=3)
LATEST = timedelta(days=14)


def offer_help(*, now: datetime) -> int:
    """Write to the people of allocations that stand for three days unused; returns how many. Repeating tells nobody."""
    waiting = [view for view in allocation_queries.present(now) if now - LATEST <= view.start_at <= now - HELP_AFTER]
    if not waiting:
        return 0
    busy = usage.first_busy(Period(min(view.start_at for view in waiting), now))
    late = [view for view in waiting if (view.cluster, view.name) not in busy]
    for view in late:
        subject = Text(
            f"[{view.award_number}] 시작하는 데 도움이 필요하십니까?", f"[{view.award_number}] Can we help you start?"
        )
        body = Text(
            "서버를 받으신 지 사흘이 지났지만 아직 GPU로 계산한 기록이 없습니다. 준비에 도움이 필요하면 "
            f"문의해 주십시오: /support/\n접속 방법: /allocations/{view.name}/",
            "Your servers have been yours for three days and no GPU has computed yet. If you need help with your "
            f"environment or your data, ask: /support/\nHow to get in: /allocations/{view.name}/",
        )
        for person in allocation_queries.members(view.id):
            key = f"help:{view.name}:{person.id}"
            messages.announce(key=key, user_id=person.id, subject=subject, body=body, now=now)
    return len(late)
