"""Changes of awards, appeals and the waitlist, from the first request to the allocation and the bill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.core.period import Month
from dure.portal.allocations import operations as allocation_operations
from dure.portal.allocations import queries as allocations
from dure.portal.awards import operations as awards
from dure.portal.awards import queries
from dure.portal.awards.operations import appealing, changing
from dure.portal.billing import queries as billing
from dure.portal.fleet import queries as fleet
from dure.portal.framework.programme import zone
from dure.portal.loops import allocate, expire
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.plans import operations as plans
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as review_queries
from tests.portal import competition, decided, realised
from tests.portal.competition import SYSTEM
from tests.portal.decided import DECIDING

pytestmark = pytest.mark.django_db
NOW = DECIDING + timedelta(days=1)
HOUR = timedelta(hours=1)


def offered() -> tuple[Actor, list[Actor], list[str]]:
    """Manager, applicants, numbers: the first four hold offers of eight nodes, the fifth is first on the waitlist."""
    manager, heads, numbers, plan_id = decided.solved()
    plans.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="시험")
    awards.offer_plan(actor=manager, now=DECIDING, plan_id=plan_id)
    return manager, heads, numbers


def agreed() -> tuple[Actor, list[Actor], list[str]]:
    """As `offered`; the first award is under an agreement and allocated."""
    manager, heads, numbers = offered()
    awards.accept(actor=heads[0], now=NOW, number=numbers[0])
    awards.sign(actor=heads[0], now=NOW, number=numbers[0])
    awards.countersign(actor=manager, now=NOW, number=numbers[0])
    assert allocate.run(NOW) == 1
    return manager, heads, numbers


def held(number: str) -> queries.AwardView:
    return queries.award(number, SYSTEM)


def booked(number: str) -> list[str]:
    return fleet.booked_nodes(f"award:{number}", held(number).start_at + HOUR)


def allocation(number: str) -> allocations.AllocationView:
    return allocations.by_award([number])[number]


def test_nodes_given_back_go_down_the_waitlist_by_the_loop() -> None:
    manager, heads, numbers = offered()
    waiting = [n for n in numbers if not queries.awards(manager).filter(number=n).exists()]
    assert numbers[4] in waiting
    assert expire.run(NOW) == 0
    awards.decline(actor=heads[0], now=NOW, number=numbers[0], reason="인력이 바뀌었습니다")
    expire.run(NOW + HOUR)
    assert held(numbers[4]).state == "offered"
    assert held(numbers[4]).nodes == 8
    assert expire.run(NOW + 2 * HOUR) == 0
    assert not queries.awards(manager).filter(number=numbers[5]).exists()  # below the pass mark


def test_nodes_of_an_allocation_taken_back_go_down_the_waitlist() -> None:
    manager, _heads, numbers = agreed()
    assert not queries.awards(manager).filter(number=numbers[4]).exists()
    name, reason = allocation(numbers[0]).name, "reclaim case 1"
    allocation_operations.revise(actor=SYSTEM, now=NOW + HOUR, name=name, reason=reason, present=False)
    expire.run(NOW + 2 * HOUR)
    assert held(numbers[4]).state == "offered"


def test_fewer_nodes_at_once_in_award_booking_and_allocation() -> None:
    _manager, heads, numbers = agreed()
    changing.reduce(actor=heads[0], now=NOW, number=numbers[0], nodes=5, reason="절반이면 됩니다")
    assert held(numbers[0]).nodes == 5
    assert len(booked(numbers[0])) == 5
    allocate.run(NOW + HOUR)
    assert sorted(allocation(numbers[0]).node_names) == sorted(held(numbers[0]).node_names)
    assert allocate.run(NOW + 2 * HOUR) == 0  # once
    for nodes in (0, 5, 6):
        with pytest.raises(InvalidInput):
            changing.reduce(actor=heads[0], now=NOW, number=numbers[0], nodes=nodes, reason="다시")


def test_an_earlier_end_frees_the_nodes_from_then_on() -> None:
    _manager, heads, numbers = agreed()
    end = held(numbers[0]).start_at + timedelta(days=31)
    changing.shorten(actor=heads[0], now=NOW, number=numbers[0], end_at=end, reason="일찍 끝났습니다")
    allocate.run(NOW + HOUR)
    assert allocation(numbers[0]).end_at == held(numbers[0]).end_at == end
    assert len(fleet.booked_nodes(f"award:{numbers[0]}", end - HOUR)) == 8
    assert fleet.booked_nodes(f"award:{numbers[0]}", end) == []


def test_an_extension_is_decided_books_the_same_nodes_and_has_a_limit() -> None:
    manager, heads, numbers = agreed()
    before = held(numbers[0])
    with pytest.raises(InvalidInput):
        changing.ask_extension(actor=heads[0], now=NOW, number=numbers[0], months=4, reason="더 필요합니다")
    change = changing.ask_extension(actor=heads[0], now=NOW, number=numbers[0], months=2, reason="더 필요합니다")
    against = queries.obstacle(change, NOW)
    assert against is not None and "organisation" in against.en.lower()  # eight nodes longer would pass its cap
    changing.withdraw(actor=heads[0], now=NOW, change_id=change)
    changing.reduce(actor=heads[0], now=NOW, number=numbers[0], nodes=4, reason="절반이면 됩니다")
    allocate.run(NOW)
    change = changing.ask_extension(actor=heads[0], now=NOW, number=numbers[0], months=2, reason="더 필요합니다")
    with pytest.raises(InvalidInput):  # one at a time
        changing.reduce(actor=heads[0], now=NOW, number=numbers[0], nodes=2, reason="그사이")
    with pytest.raises(NotPermitted):
        changing.approve(actor=heads[0], now=NOW, change_id=change)
    assert queries.obstacle(change, NOW) is None
    for _again in range(2):  # a button pressed twice
        changing.approve(actor=manager, now=NOW, change_id=change)
    after = held(numbers[0])
    assert after.end_at == Month.of(before.end_at, zone()).plus(2).period(zone()).start
    assert fleet.booked_nodes(f"award:{numbers[0]}", after.end_at - HOUR) == booked(numbers[0])
    allocate.run(NOW + HOUR)
    assert allocation(numbers[0]).end_at == after.end_at
    assert len(allocation(numbers[0]).node_names) == 4
    with pytest.raises(InvalidInput):  # two of three months are used
        changing.ask_extension(actor=heads[0], now=NOW, number=numbers[0], months=2, reason="더")


def test_an_extension_over_nodes_that_are_taken_is_refused_with_their_names() -> None:
    from dure.portal.fleet import operations as fleet_operations

    manager, heads, numbers = agreed()
    award = held(numbers[0])
    fleet_operations.book(
        actor=SYSTEM,
        now=NOW,
        cluster=award.cluster,
        node_names=[award.node_names[0]],
        start_at=award.end_at,
        end_at=award.end_at + timedelta(days=3),
        kind="award",
        organisation="org-9",
        reference="award:other",
    )
    change = changing.ask_extension(actor=heads[0], now=NOW, number=numbers[0], months=1, reason="더 필요합니다")
    against = queries.obstacle(change, NOW)
    assert against is not None and award.node_names[0] in against.en
    with pytest.raises(InvalidInput):
        changing.approve(actor=manager, now=NOW, change_id=change)
    changing.refuse(actor=manager, now=NOW, change_id=change, reason="서버가 없습니다")
    assert queries.changes(numbers[0], heads[0])[0].state == "refused"


def test_a_transfer_needs_consent_and_moves_holder_access_and_bill_with_the_month() -> None:
    manager, heads, numbers = agreed()
    award, to = held(numbers[0]), people.organisation(next(iter(heads[5].headed)))
    start = Month.of(award.start_at, zone())
    during = award.start_at + timedelta(days=10)
    change = changing.ask_transfer(
        actor=heads[0],
        now=during,
        number=numbers[0],
        organisation_code=to.code,
        email="head-org-5@example.org",
        reason="이직",
    )
    with pytest.raises(IllegalTransition):
        changing.approve(actor=manager, now=during, change_id=change)
    with pytest.raises(NotFound):
        changing.consent(actor=heads[4], now=during, change_id=change)
    changing.consent(actor=heads[5], now=during, change_id=change)
    changing.approve(actor=manager, now=during, change_id=change, reason="타당함")
    expire.run(during)
    assert held(numbers[0]).organisation_code != to.code  # not before the month begins
    next_month = start.plus(1).period(zone()).start
    expire.run(next_month)
    allocate.run(next_month)
    assert held(numbers[0]).organisation_code == to.code
    assert allocation(numbers[0]).organisation.id == to.id
    with pytest.raises(NotFound):
        queries.award(numbers[0], heads[0])
    payers = [[i.organisation.code for i in billing.draft(month).invoices] for month in (start, start.plus(1))]
    assert payers == [[award.organisation_code], [to.code]]


def test_only_those_who_act_for_the_holder_may_ask() -> None:
    _manager, heads, numbers = agreed()
    for stranger in (heads[1], heads[5]):
        with pytest.raises(NotFound):
            changing.ask_extension(actor=stranger, now=NOW, number=numbers[0], months=1, reason="남의 것")
    with pytest.raises(IllegalTransition):
        changing.ask_extension(actor=heads[1], now=NOW, number=numbers[1], months=1, reason="협약 전")


def test_an_appeal_is_seen_by_somebody_new_and_upheld_goes_first() -> None:
    manager, heads, numbers = offered()
    number, head = numbers[4], heads[4]
    appealing.lodge(actor=head, now=NOW, number=number, text="둘째 기준을 잘못 읽었습니다.")
    appealing.lodge(actor=head, now=NOW, number=number, text="둘째 기준을 잘못 읽었습니다.")  # repeated
    with pytest.raises(IllegalTransition):
        appealing.lodge(actor=head, now=NOW, number=number, text="다른 내용")
    with pytest.raises(IllegalTransition):
        appealing.uphold(actor=manager, now=NOW, number=number, answer="맞습니다.")
    fresh = competition.person("fresh", "reviewer", shown="새 평가위원")
    reviews.add_reviewer(
        actor=SYSTEM, now=NOW, user_id=fresh.user_id, affiliation="또 다른 기관", keywords=["언어 모델"], load_limit=5
    )
    appealing.ask_reviewer(actor=manager, now=NOW, number=number)
    asked = review_queries.fresh_reviews(number, SYSTEM)[0]
    assert asked.reviewer == "새 평가위원"
    with pytest.raises(IllegalTransition):
        appealing.uphold(actor=manager, now=NOW, number=number, answer="아직")


def test_an_appeal_in_time_only_and_for_the_applicant_only() -> None:
    _manager, heads, numbers = offered()
    limit = queries.appeal_limit(numbers[4])
    assert limit is not None
    with pytest.raises(NotFound):
        appealing.lodge(actor=heads[3], now=NOW, number=numbers[4], text="남의 것")
    with pytest.raises(IllegalTransition):
        appealing.lodge(actor=heads[4], now=limit.until, number=numbers[4], text="늦었습니다")
    with pytest.raises(InvalidInput):
        appealing.lodge(actor=heads[4], now=NOW, number=numbers[4], text="  ")
    assert queries.appeal(numbers[4], heads[4]) is None


def test_pages_of_changes_and_appeals(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, heads, numbers = agreed()
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: NOW)
    client.force_login(people_user(heads[0]))
    assert client.get(f"/awards/{numbers[0]}/changes/").status_code == 200
    for kind in ("extend", "reduce", "shorten", "hand_over", "transfer"):
        assert client.get(f"/awards/{numbers[0]}/changes/{kind}/").status_code == 200
    wrong = client.post(f"/awards/{numbers[0]}/changes/reduce/", {"nodes": "9", "reason": "더"})
    assert wrong.status_code == 422
    asked = client.post(f"/awards/{numbers[0]}/changes/extend/", {"months": "1", "reason": "더 필요합니다"})
    assert asked.status_code == 302
    assert client.get(f"/awards/{numbers[1]}/changes/").status_code == 404
    assert client.get("/awards/changes/").status_code == 403
    client.force_login(people_user(heads[4]))
    page = client.get(f"/appeals/{numbers[4]}/")
    assert page.status_code == 200
    assert client.post(f"/appeals/{numbers[4]}/", {"text": "다시 보아 주십시오."}).status_code == 302
    client.force_login(people_user(manager))
    change = queries.changes_to_decide(manager)[0]
    assert client.get("/awards/changes/").status_code == 200
    assert client.get(f"/awards/changes/{change.id}/").status_code == 200
    refused = client.post(f"/awards/changes/{change.id}/", {"action": "approve", "reason": "타당"})
    assert refused.status_code == 422  # the organisation's cap stands against it
    assert client.post(f"/awards/changes/{change.id}/", {"action": "refuse", "reason": "상한"}).status_code == 302
    assert client.get("/appeals/").status_code == 200
    assert numbers[4] in client.get("/appeals/?format=csv").content.decode()
    assert client.get(f"/appeals/{numbers[4]}/dismiss/").status_code == 200
    answered = client.post(f"/appeals/{numbers[4]}/dismiss/", {"answer": "다툴 점이 적혀 있지 않습니다."})
    assert answered.status_code == 302
    assert queries.appeal(numbers[4], heads[4]).state == "dismissed"  # type: ignore[union-attr]


def people_user(actor: Actor):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(pk=actor.user_id)


@pytest.mark.parametrize("role", ["finance", "provider"])
def test_who_accounts_for_an_award_opens_it_without_the_reviewers_words(role: str) -> None:
    manager, heads, numbers = offered()
    awards.accept(actor=heads[0], now=NOW, number=numbers[0])
    awards.sign(actor=heads[0], now=NOW, number=numbers[0])
    awards.countersign(actor=manager, now=NOW, number=numbers[0])
    cluster = fleet.cluster(queries.award(numbers[0], heads[0]).cluster)
    reader = realised.finance() if role == "finance" else realised.provider(cluster.provider)
    listed = realised.signed_in(reader).get("/awards/").content.decode()
    assert f"/awards/{numbers[0]}/" in listed
    page = realised.signed_in(reader).get(f"/awards/{numbers[0]}/")
    assert page.status_code == 200 and "이렇게 결정한 까닭" not in page.content.decode()
    own = realised.signed_in(heads[0]).get(f"/awards/{numbers[0]}/").content.decode()
    assert "이렇게 결정한 까닭" in own
