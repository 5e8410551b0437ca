"""Announced work that is called off: what it pushed aside comes back, holders are told, agents let the nodes go."""

from __future__ import annotations

import pytest
from django.test import Client

from dure.core.errors import IllegalTransition, NotFound, NotPermitted
from dure.core.period import Month
from dure.portal.allocations import operations as allocations_do
from dure.portal.allocations import queries as allocations
from dure.portal.fleet import operations, queries
from dure.portal.fleet.models import Booking, Maintenance
from dure.portal.messages.models import Message
from dure.portal.people.models import User
from dure.protocol.desired import DesiredState
from tests.portal import realised as world
from tests.portal.realised import NOW, SMALL, at

START, END = at(4, 10), at(4, 12)


@pytest.fixture
def name(db: None) -> str:
    world.load()
    return world.allocated(world.organisation("lab"), "25-1-0001")


def announce(*nodes: str) -> int:
    return operations.announce_maintenance(
        actor=world.provider(), now=NOW, cluster=SMALL, node_names=nodes, start_at=START, end_at=END, reason="팬 교체"
    )


def call_off(work: int, now) -> None:
    operations.call_off_maintenance(actor=world.provider(), now=now, cluster=SMALL, maintenance_id=work)


def held(name: str) -> tuple[str, ...]:
    return allocations.allocation(name, world.manager()).node_names


def april() -> tuple[int, int]:
    """Node-seconds awarded and in maintenance."""
    found = queries.capacity(SMALL, [Month(2026, 4)])[0]
    return found.awarded, found.maintenance


def test_called_off_before_it_begins_it_never_was(name: str) -> None:
    before = april()
    work = announce(*held(name), queries.free_nodes(SMALL, START, END)[0][0])
    assert april() != before
    allocations_do.tell_of_maintenance(now=NOW)
    call_off(work, at(4, 9))
    assert april() == before
    assert queries.maintenances(SMALL, ending_after=NOW) == []
    assert allocations_do.tell_of_maintenance(now=at(4, 9)) == 1
    assert allocations_do.tell_of_maintenance(now=at(4, 9)) == 0
    (told,) = DesiredState.model_validate_json(allocations.desired(SMALL)[2]).maintenance
    assert not told.present and told.is_over(NOW)
    assert Message.objects.filter(key__startswith="maintenance-off:").count() == 1
    with pytest.raises(IllegalTransition):
        call_off(work, at(4, 9))


def test_called_off_while_it_goes_on_it_ends_there(name: str) -> None:
    before = april()
    work = announce(*held(name))
    call_off(work, at(4, 11))
    assert april() == (before[0] - 2 * 86_400, 2 * 86_400)
    (seen,) = queries.maintenances(SMALL, ending_after=NOW)
    assert (seen.start_at, seen.end_at) == (START, at(4, 11))  # an excuse for idle hours up to there
    assert allocations_do.tell_of_maintenance(now=at(4, 11)) == 1  # never told of it: nothing to take back
    assert not Message.objects.filter(key__startswith="maintenance").exists()


def test_who_gave_the_node_up_meanwhile_gets_nothing_back(name: str) -> None:
    kept, gone = held(name)
    work = announce(kept, gone)
    allocations_do.revise(actor=world.manager(), now=at(4, 5), name=name, reason="회수", node_names=[kept])
    call_off(work, at(4, 6))
    mine = Booking.objects.filter(reference="award:25-1-0001", end_at__gt=at(4, 6))
    assert set(mine.values_list("node__name", flat=True)) == {kept}
    assert queries.booked_nodes("award:25-1-0001", START) == [kept]


def test_only_its_provider_calls_it_off(name: str) -> None:
    work = announce(*held(name))
    for actor, error in ((world.manager(), NotPermitted), (world.provider("kakao"), NotFound)):
        with pytest.raises(error):
            operations.call_off_maintenance(actor=actor, now=NOW, cluster=SMALL, maintenance_id=work)
    with pytest.raises(NotFound):
        call_off(work + 1, NOW)
    with pytest.raises(IllegalTransition):
        call_off(work, END)
    assert Maintenance.objects.get().called_off_at is None


def test_the_page_asks_first(name: str) -> None:
    work = announce(*held(name))
    Maintenance.objects.update(start_at=at(4, 10, 2030), end_at=at(4, 12, 2030))
    Booking.objects.filter(kind="maintenance").delete()
    browser = Client()
    browser.force_login(User.objects.get(pk=world.provider().user_id))
    url = f"/fleet/{SMALL}/maintenance/{work}/off/"
    assert url in browser.get(f"/fleet/{SMALL}/").content.decode()
    assert "이 점검을 취소하시겠습니까?" in browser.get(url).content.decode()
    assert Maintenance.objects.get().called_off_at is None
    assert browser.post(url).status_code == 302
    assert Maintenance.objects.get().called_off_at is not None
    assert browser.get(url).status_code == 404
    assert browser.post(f"/fleet/{SMALL}/maintenance/{work + 1}/off/").status_code == 404
