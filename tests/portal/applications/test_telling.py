"""Applicants hear of what changes in their call: once, in their own language, and nobody else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.calls import operations as calls
from dure.portal.loops import expire
from dure.portal.messages.models import Message
from tests.portal.competition import CLOSES, DURING, manager, member_of, opened, person, submitted

pytestmark = pytest.mark.django_db
REASON = Text("문의가 많았습니다.", "Many questions came in.")
DAY = timedelta(days=1)


def mails():
    return Message.objects.filter(key__startswith="call-event:").order_by("id")


def begun(head):
    (organisation_id,) = head.organisations
    return applications.start(actor=head, now=DURING, call_code="25-1", organisation_id=organisation_id)


def test_each_change_reaches_every_applicant_once_in_their_language():
    boss = manager()
    opened(boss)
    korean, english, third = (member_of(code) for code in ("hanbit", "saebyeok", "garam"))
    get_user_model().objects.filter(pk=english.user_id).update(language="en")
    submitted(korean)
    begun(korean)
    begun(english)
    applications.discard(actor=third, now=DURING, number=begun(third))
    person("stranger")
    calls.extend(actor=boss, now=DURING, code="25-1", closes_at=CLOSES + DAY, reason=REASON)
    assert applications.tell_of_calls(now=DURING) == 1
    found = {one.to: (one.subject, one.body) for one in mails()}
    assert set(found) == {"head-hanbit@example.org", "head-saebyeok@example.org"} and mails().count() == 2
    subject, body = found["head-hanbit@example.org"]
    assert "마감 연장" in subject and "2026-01-28 15:00 → 2026-01-29 15:00" in body and REASON.ko in body
    subject, body = found["head-saebyeok@example.org"]
    assert "Deadline extended" in subject and REASON.en in body and "/calls/25-1/" in body
    assert applications.tell_of_calls(now=DURING + DAY) == 0 and mails().count() == 2


def test_notices_corrections_and_cancellation_are_told_and_steps_are_not():
    boss = manager()
    opened(boss)
    begun(member_of("hanbit"))
    calls.notify(actor=boss, now=DURING, code="25-1", text=Text("설명회를 엽니다.", "There will be a briefing."))
    calls.correct(actor=boss, now=DURING, code="25-1", reason=REASON, title=Text("새 이름", "A new name"))
    calls.cancel(actor=boss, now=DURING, code="25-1", reason=REASON)
    assert expire.run(DURING) >= 3
    assert [one.subject for one in mails()] == ["[25-1] 알림", "[25-1] 정정", "[25-1] 취소"]
    assert "공모 이름: 바뀌었습니다." in mails()[1].body


def test_an_idle_turn_only_reads_and_old_news_is_no_news():
    boss = manager()
    opened(boss)
    begun(member_of("hanbit"))
    calls.notify(actor=boss, now=DURING, code="25-1", text=REASON)
    assert applications.tell_of_calls(now=DURING + 8 * DAY) == 0, "a week later it is on the page"
    applications.tell_of_calls(now=DURING)
    with CaptureQueriesContext(connection) as idle:
        assert applications.tell_of_calls(now=DURING) == 0
    assert len(idle) == 2 and all(query["sql"].startswith("SELECT") for query in idle.captured_queries)
