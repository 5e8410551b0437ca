"""The odds hint counts similar requests of decided calls, names no share of a handful, and says so."""

from __future__ import annotations

import pytest

from dure.portal.applications import operations as applications
from dure.portal.applications import queries as reading
from dure.portal.awards import queries as awards
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.site.odds import odds
from tests.portal import competition
from tests.portal.competition import DURING, browser
from tests.portal.decided import DECIDING, reviewed

pytestmark = pytest.mark.django_db


@pytest.fixture(name="draft")
def _draft(monkeypatch):
    """Six universities asked for 8 servers in a call that is decided; two were awarded. A new call is open."""
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: DURING)
    office, heads, numbers = reviewed()
    calls.decide(actor=office, now=DECIDING, code="25-1")
    offered = set(numbers[:2])

    class Numbers:
        """What `awards` gives, as far as the hint asks."""

        def values_list(self, *_, **__):
            return offered

    monkeypatch.setattr(awards, "awards", lambda actor, call_code="": Numbers())
    competition.opened(office, "25-2", questions=())
    (organisation_id,) = heads[0].organisations
    number = applications.start(actor=heads[0], now=DURING, call_code="25-2", organisation_id=organisation_id)

    def draft(nodes):
        applications.save_draft(
            actor=heads[0], now=DURING, number=number, content=competition.complete(answers={}, requested_nodes=nodes)
        )
        return heads[0], number

    return draft


def hint(actor, number):
    return odds(call_queries.call("25-2", actor), reading.application(number, actor))


def test_similar_requests_are_counted(draft):
    found = hint(*draft(8))
    assert (found.asked, found.awarded, found.percent, found.is_enough) == (6, 2, 33, True)
    assert hint(*draft(16)).asked == 6  # half of it
    assert hint(*draft(17)).asked == 0
    assert found.calls == ("25-1",)


def test_the_page_says_the_share_or_that_there_are_too_few(draft):
    actor, number = draft(8)
    page = browser(actor).get(f"/applications/{number}/edit/compute/").content.decode()
    assert "6건 가운데 2건(33%)" in page
    assert "점수는 아직 알 수 없어" in page
    draft(30)
    assert "0건뿐이어서" in browser(actor).get(f"/applications/{number}/edit/compute/").content.decode()


def test_without_a_past_call_there_is_no_hint():
    office = competition.manager()
    competition.opened(office, "25-2")
    actor = competition.member_of("hanbit")
    (organisation_id,) = actor.organisations
    number = applications.start(actor=actor, now=DURING, call_code="25-2", organisation_id=organisation_id)
    applications.save_draft(actor=actor, now=DURING, number=number, content=competition.complete())
    assert hint(actor, number) is None
