"""What people wait for others to answer: support requests, and nominations that ministries may still make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from dure.core.text import Text
from dure.portal.calls import queries as calls
from dure.portal.messages import queries as messages
from dure.portal.people.actor import Actor
from dure.portal.site import addresses
from dure.portal.site.tasks.task import Task


def tasks(actor: Actor, now: datetime) -> Iterator[Task]:
    """Questions to answer, and calls that wait for a ministry's nominations."""
    waiting = messages.to_answer(actor)
    if len(waiting) == 1:
        (one,) = waiting
        title = Text("문의에 답하십시오", "Answer a question")
        yield Task(title, Text(one.title, one.title), addresses.support(one.id), due=one.respond_by)
    elif waiting:
        late = sum(one.is_overdue(now) for one in waiting)
        title = Text(f"문의 {len(waiting)}건에 답하십시오", f"Answer {len(waiting)} questions")
        why = Text(f"기한이 지난 문의가 {late}건입니다.", f"{late} of them are overdue.") if late else _FIRST
        yield Task(title, why, f"{reverse('support-list')}?state=waiting", due=waiting[0].respond_by)
    if actor.ministries:
        for call in calls.calls(actor, ("announced", "open")):
            if call.rules.decision == "nomination" and now < call.closes_at:
                title = Text(f"‘{call.title.ko}’에 과제를 추천하십시오", f"Nominate projects for “{call.title.en}”")
                yield Task(title, _NOMINATE, addresses.nominations(call.code), due=call.closes_at)


_FIRST = Text("기한이 가장 가까운 것부터 나옵니다.", "The soonest due comes first.")
_NOMINATE = Text("추천된 기관만 신청할 수 있습니다.", "Only organisations that are nominated may apply.")
