"""A draft that missed its deadline goes on in the next round: what goes along, whose it may be, and only once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import InvalidInput, NotFound
from dure.core.text import Text
from dure.portal.applications import operations, queries
from dure.portal.applications.models import Application
from dure.portal.calls import operations as calls
from dure.portal.journal.queries import verify
from tests.portal.competition import AFTER, CLOSES, DECIDE, DURING, browser, complete, manager, member_of, opened

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def missed(head, **changes):
    """A draft of the first call, written in time and never submitted."""
    (organisation_id,) = head.organisations
    number = operations.start(actor=head, now=DURING, call_code="25-1", organisation_id=organisation_id)
    operations.save_draft(actor=head, now=DURING, number=number, content=complete(**changes))
    return number


def second(boss):
    """Another call on the same track, open when the first is over."""
    return opened(boss, "25-2", closes_at=CLOSES + 20 * DAY, decide_by=DECIDE + 20 * DAY, questions=())


def test_what_was_typed_goes_along_and_consents_are_asked_again():
    boss, head = manager(), member_of("hanbit")
    opened(boss)
    number = missed(head)
    with pytest.raises(InvalidInput, match="No next round"):
        operations.carry_over(actor=head, now=AFTER, number=number)
    second(boss)
    with pytest.raises(InvalidInput):
        operations.carry_over(actor=head, now=DURING, number=number)
    with pytest.raises(NotFound):
        operations.carry_over(actor=member_of("garam"), now=AFTER, number=number)
    fresh = operations.carry_over(actor=head, now=AFTER, number=number)
    draft = queries.application(fresh, head).draft
    assert (draft.title.ko, draft.requested_nodes, draft.earliest_start) == ("한국어 거대 언어 모델", 8, "2026-04")
    assert not draft.answers and not draft.consents.privacy, "the other call asks no questions"
    assert queries.application(number, head).state == "discarded"
    assert operations.carry_over(actor=head, now=AFTER, number=number) == fresh
    assert Application.objects.filter(call__code="25-2").count() == 1
    operations.save_draft(
        actor=head, now=AFTER, number=fresh, content={"consents": {"privacy": True, "duties": True, "truth": True}}
    )
    assert operations.submit(actor=head, now=AFTER, started_at=AFTER, number=fresh).version == 1
    assert verify() is None


def test_a_withdrawn_application_stays_and_goes_on_once():
    boss, head = manager(), member_of("hanbit")
    opened(boss)
    second(boss)
    number = missed(head)
    operations.submit(actor=head, now=DURING, started_at=DURING, number=number)
    operations.withdraw(actor=head, now=DURING, number=number)
    fresh = operations.carry_over(actor=head, now=AFTER, number=number)
    assert operations.carry_over(actor=head, now=AFTER, number=number) == fresh
    assert queries.application(number, head).state == "withdrawn"


def test_the_page_and_the_home_offer_it(at):
    boss, head = manager(), member_of("hanbit")
    opened(boss)
    second(boss)
    number = missed(head)
    at(AFTER)
    client = browser(head)
    assert f"/applications/{number}/carry/" in client.get(f"/applications/{number}/").content.decode()
    assert "마감을 넘긴 신청" in client.get("/home/").content.decode()
    answer = client.post(f"/applications/{number}/carry/")
    assert answer.status_code == 302 and answer["Location"].startswith("/applications/25-2-")
    calls.cancel(actor=boss, now=AFTER, code="25-2", reason=Text("취소", "cancelled"))
    again = missed(head)
    assert f"/applications/{again}/carry/" not in client.get(f"/applications/{again}/").content.decode()
