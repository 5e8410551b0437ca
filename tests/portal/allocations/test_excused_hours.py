"""Announced work and failed servers: their hours never count as idle, and announced work is not billed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dure.core.period import Month
from dure.portal.allocations import operations, queries
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.fleet.models import Node
from dure.portal.loops import reclaim
from dure.portal.messages.models import Message
from dure.portal.reclaims.models import Case
from dure.portal.usage import operations as usage
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

FIRST = at(4, 15)  # the first fourteen days are free; from here on a day of idleness brings a notice


@pytest.fixture
def name(db: None) -> str:
    world.load()
    world.epoch_of()
    return world.allocated(world.organisation("lab"), "25-1-0001")


def idle(name: str, hours: int) -> datetime:
    """So many hours seen idle from FIRST on; their end."""
    windows = [world.window(FIRST + n * HOUR, {name: world.idle()}) for n in range(hours)]
    usage.receive(now=at(5), post=world.post(*windows))
    usage.store_pending(now=at(5))
    return FIRST + hours * HOUR


def work(name: str, start: datetime, hours: int) -> None:
    nodes = queries.allocation(name, world.manager()).node_names[:1]
    fleet.announce_maintenance(
        actor=world.provider(), now=world.NOW, cluster=SMALL, node_names=nodes, start_at=start,
        end_at=start + hours * HOUR, reason="펌웨어 교체",
    )  # fmt: skip


def test_a_day_of_idleness_brings_a_notice(name: str) -> None:
    reclaim.run(idle(name, 25))
    assert Case.objects.count() == 1


def test_announced_work_in_that_day_does_not_count(name: str) -> None:
    work(name, FIRST + 3 * HOUR, 4)
    reclaim.run(idle(name, 25))
    assert not Case.objects.exists()
    april = fleet_queries.capacity(SMALL, [Month(2026, 4)])[0]
    assert april.maintenance == 4 * 3600
    assert april.awarded == 2 * 30 * 86400 - 4 * 3600  # what is billed comes from these bookings
    assert operations.tell_of_maintenance(now=world.NOW) == 1
    assert Message.objects.filter(key__startswith="maintenance:").count() == 1


def test_hours_after_a_server_failed_do_not_count(name: str) -> None:
    failed = queries.allocation(name, world.manager()).node_names[0]
    Node.objects.filter(name=failed).update(observed="down", down_since=FIRST + timedelta(hours=10))
    reclaim.run(idle(name, 25))
    assert not Case.objects.exists()
