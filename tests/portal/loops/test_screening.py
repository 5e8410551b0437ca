"""The fast track: what is within the automatic limit needs nobody, one verifier decides the rest, offers go out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.awards import queries as awards
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.loops import expire, screening
from dure.portal.loops import plan as plan_loop
from dure.portal.plans import queries as plans
from tests.portal import competition
from tests.portal.competition import NOW, SYSTEM

pytestmark = pytest.mark.django_db
OPENS = datetime(2026, 2, 2, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=7)
AFTER = CLOSES + timedelta(hours=1)
SMALL = {"requested_nodes": 2, "min_nodes": 2, "months": 1, "answers": {}, "latest_start": "2026-05"}


def fast(offered=None):
    """An open round of the fast track."""
    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss = competition.manager()
    calls.compose(
        actor=boss, now=NOW, code="26-f-1", track="fast", title=Text("신속 지원 1회차", "Fast track, round 1"),
        opens_at=OPENS, closes_at=CLOSES, decide_by=CLOSES + timedelta(days=2),
        use_from=competition.USE_FROM, use_until=datetime(2026, 6, 30, 15, tzinfo=UTC),
        offered=offered or {"naver-h200-a": 100}, series="26-f", number=1,
    )  # fmt: skip
    calls.announce(actor=boss, now=NOW, code="26-f-1")
    calls.open(actor=SYSTEM, now=OPENS, code="26-f-1")
    return boss


def asked(name, **changes):
    models = [{"gpu_model": "h200", "utility": 100}]
    head = competition.member_of(name)
    return competition.submitted(head, "26-f-1", OPENS + timedelta(days=1), **(SMALL | {"models": models} | changes))


def state(number):
    return application_queries.application(number, SYSTEM).state


def turns(now):
    """The loops until nothing is left to do."""
    for _ in range(12):
        if not expire.run(now) + plan_loop.run(now):
            return
    raise AssertionError("the loops never come to rest")


def test_small_requests_are_awarded_without_any_person():
    fast()
    small, other = asked("one"), asked("two")
    expire.run(CLOSES - timedelta(seconds=1))
    assert state(small) == "submitted"
    turns(AFTER)
    assert call_queries.call("26-f-1").state == "decided"
    accepted = plans.accepted("26-f-1")
    assert accepted is not None and accepted.accepted_by == "loop:screening"
    for number in (small, other):
        award = awards.award(number, SYSTEM)
        assert award.state == "offered" and award.nodes == 2 and len(award.node_names) == 2
    assert (
        len(fleet_queries.free_nodes("naver-h200-a", competition.USE_FROM, datetime(2026, 4, 30, 15, tzinfo=UTC)))
        == 251
    )
    assert expire.run(AFTER) == 0  # nothing twice


def test_one_verifier_decides_what_is_beyond_the_limit_and_then_nobody_is_needed():
    boss = fast()
    small, longer, refused = asked("one"), asked("two", months=2), asked("three", months=3, latest_start="2026-04")
    turns(AFTER)
    assert (state(small), state(longer), state(refused)) == ("admitted", "submitted", "submitted")
    assert call_queries.call("26-f-1").state == "closed"
    call, view = call_queries.call("26-f-1"), application_queries.application(longer, SYSTEM)
    assert screening.screened(call, view, AFTER).outcome == "verify"
    applications.admit(actor=boss, now=AFTER, number=longer)
    reason = Text("이미 충분한 서버가 있습니다.", "There are enough servers already.")
    applications.refuse(actor=boss, now=AFTER, number=refused, reason=reason)
    turns(AFTER)
    assert call_queries.call("26-f-1").state == "decided"
    assert {row.number for row in awards.awards(SYSTEM, call_code="26-f-1")} == {small, longer}


def test_without_free_servers_nothing_is_awarded_by_rule():
    fast()
    number = asked("one")
    free = fleet_queries.free_nodes("naver-h200-a", competition.USE_FROM, datetime(2026, 6, 30, 15, tzinfo=UTC))
    fleet.book(
        actor=SYSTEM, now=NOW, cluster="naver-h200-a", node_names=[name for name, _ in free][:254],
        start_at=competition.USE_FROM, end_at=datetime(2026, 6, 30, 15, tzinfo=UTC), kind="maintenance",
        organisation="", reference="test",
    )  # fmt: skip
    call, view = call_queries.call("26-f-1"), application_queries.application(number, SYSTEM)
    assert screening.screened(call, view, AFTER).outcome == "wait"
    turns(AFTER)
    assert state(number) == "submitted" and not awards.awards(SYSTEM, call_code="26-f-1").exists()


def test_an_organisation_that_is_not_verified_is_left_to_the_verifier():
    fast()
    head = competition.member_of("fresh", verified=False)
    number = competition.submitted(
        head, "26-f-1", OPENS + timedelta(days=1), **SMALL, models=[{"gpu_model": "h200", "utility": 100}]
    )
    call, view = call_queries.call("26-f-1"), application_queries.application(number, SYSTEM)
    found = screening.screened(call, view, AFTER)
    assert found.outcome == "refuse" and "확인" in found.reason.ko
    turns(AFTER)
    assert state(number) == "submitted"


def test_a_round_without_applications_is_decided_at_once():
    fast()
    turns(AFTER)
    assert call_queries.call("26-f-1").state == "decided" and plans.accepted("26-f-1") is None


def test_a_panel_call_is_left_alone():
    fleet.load_programme(actor=SYSTEM, now=NOW)
    competition.opened(competition.manager())
    calls.close(actor=SYSTEM, now=competition.AFTER, code="25-1")
    assert screening.tend(competition.AFTER) == 0 and call_queries.call("25-1").state == "closed"
