"""Failed servers give way to spares after the programme's hours; without a spare the holders hear so, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dure.core.period import Month
from dure.portal.allocations import operations, queries
from dure.portal.allocations.models import NoSpare, Revision
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.fleet.models import Booking, Node
from dure.portal.journal.models import Entry
from dure.portal.messages.models import Message
from dure.protocol.desired import DesiredState
from dure.protocol.inventory import Inventory, InventoryNode
from tests.portal import realised as world
from tests.portal.realised import SMALL, at

LATER = at(4, 10)


@pytest.fixture
def name(db: None) -> str:
    world.load()
    made = world.allocated(world.organisation("lab"), "25-1-0001")
    world.epoch_of()
    return made


def see(now: datetime, **states: str) -> None:
    """The agent's inventory: every node ready but those named by their number."""
    nodes = tuple(
        InventoryNode(name=node, gpus=8, gpu_model="NVIDIA H200", state=states.get(f"n{node[-3:]}", "ready"), leaf="")
        for node in Node.objects.filter(cluster__code=SMALL).values_list("name", flat=True)
    )
    inventory = Inventory(cluster=SMALL, instance="agent-1", epoch=1, seen_at=now, engine="slurm", nodes=nodes)
    fleet.record_inventory(now=now, inventory=inventory)


def held(name: str) -> tuple[str, ...]:
    return queries.allocation(name, world.manager()).node_names


def test_a_node_down_too_long_gives_way_to_a_spare(name: str) -> None:
    lab = world.organisation("lab")
    before = held(name)
    see(LATER, n001="down")
    soon, due = LATER + timedelta(hours=3, minutes=59), LATER + timedelta(hours=4)
    assert operations.replace_failed(now=soon) == 0
    assert operations.replace_failed(now=due) == 1
    assert operations.replace_failed(now=due) == 0
    failed, kept = before
    after = held(name)
    assert failed not in after and kept in after and len(after) == 2
    (spare,) = set(after) - {kept}
    wanted = DesiredState.model_validate_json(queries.desired(SMALL)[2]).allocations[0]
    assert wanted.nodes == after and wanted.generation == Revision.objects.get(reason="failed node replaced").generation
    assert set(fleet_queries.booked_nodes("award:25-1-0001", due)) == set(after)
    spans = Booking.objects.filter(reference="award:25-1-0001", node__name=failed).values_list("start_at", "end_at")
    assert list(spans) == [(at(4), due)]
    out = Booking.objects.get(reference=f"failure:{SMALL}/{failed}")
    assert (out.kind, out.start_at) == ("maintenance", due)
    assert failed not in [node for node, _ in fleet_queries.free_nodes(SMALL, due, at(5))]
    assert fleet_queries.booked_nodes("award:25-1-0001", at(6)) == sorted(after)
    (mail,) = Message.objects.filter(key__startswith="replaced:")
    assert failed in mail.body and spare in mail.body
    assert mail.key.endswith(f":{lab.user_id}")
    entry = Entry.objects.get(event="allocations.replace_failed")
    assert (entry.detail["failed"], entry.detail["spare"]) == (failed, spare)


def test_no_second_is_billed_twice_or_lost(name: str) -> None:
    see(LATER, n001="down")
    operations.replace_failed(now=LATER + timedelta(hours=4))
    april = fleet_queries.capacity(SMALL, [Month(2026, 4)])[0]
    assert april.awarded == 2 * 30 * 86400


def test_the_failed_node_is_free_again_once_it_is_whole(name: str) -> None:
    see(LATER, n001="down")
    due = LATER + timedelta(hours=4)
    operations.replace_failed(now=due)
    failed = Booking.objects.get(reference__startswith="failure:").node.name
    see(due + timedelta(days=2), n001="ready")
    assert Node.objects.get(name=failed).down_since is None
    assert operations.replace_failed(now=due + timedelta(days=2)) == 1
    assert operations.replace_failed(now=due + timedelta(days=2)) == 0
    assert failed in [node for node, _ in fleet_queries.free_nodes(SMALL, due + timedelta(days=2), at(6))]


def test_a_short_failure_changes_nothing(name: str) -> None:
    before = held(name)
    see(LATER, n001="down")
    see(LATER + timedelta(hours=2), n001="ready")
    see(LATER + timedelta(hours=3), n001="down")
    assert operations.replace_failed(now=LATER + timedelta(hours=6)) == 0  # the clock began anew
    assert held(name) == before


@pytest.mark.parametrize("state", ["drained", "draining", "maintenance", "unknown"])
def test_what_is_out_on_purpose_or_unknown_is_no_failure(name: str, state: str) -> None:
    see(LATER, n001=state)
    assert operations.replace_failed(now=LATER + timedelta(days=9)) == 0


def test_a_spare_that_is_itself_unwell_or_booked_is_passed_over(name: str) -> None:
    world.award(world.organisation("other"), "25-1-0002", nodes=1, start=at(6), end=at(7))  # the first free one
    see(LATER, n001="down", n004="down", n005="unknown")
    operations.replace_failed(now=LATER + timedelta(hours=4))
    assert [node[-3:] for node in held(name)] == ["002", "006"]


def test_without_a_spare_the_holders_hear_so_once_and_it_is_shown(name: str) -> None:
    nodes = Node.objects.filter(cluster__code=SMALL).count()
    world.award(world.organisation("other"), "25-1-0002", nodes=nodes - 2, start=at(4), end=at(7))
    see(LATER, n001="down")
    due = LATER + timedelta(hours=4)
    assert operations.replace_failed(now=due) == 1
    assert operations.replace_failed(now=due + timedelta(hours=1)) == 0
    assert NoSpare.objects.count() == 1
    assert Message.objects.filter(key__startswith="no-spare:").count() == 1
    assert Entry.objects.filter(event="allocations.no_spare").count() == 1
    view = queries.allocation(name, world.manager())
    assert queries.without_spare(view) == [f"{SMALL}-001"]
    assert view.generation == 1
    see(due + timedelta(hours=2))
    assert queries.without_spare(view) == []


def test_once_a_spare_comes_free_the_failed_node_is_replaced(name: str) -> None:
    nodes = Node.objects.filter(cluster__code=SMALL).count()
    world.award(world.organisation("other"), "25-1-0002", nodes=nodes - 2, start=at(4), end=at(7))
    see(LATER, n001="down")
    due = LATER + timedelta(hours=4)
    operations.replace_failed(now=due)
    fleet.release(actor=world.SYSTEM, now=due, reference="award:25-1-0002", from_at=due)
    assert operations.replace_failed(now=due) == 1
    assert f"{SMALL}-001" not in held(name)


def test_a_failed_node_that_somebody_else_has_from_later_on_stays_theirs(name: str) -> None:
    world.award(world.organisation("other"), "25-1-0002", nodes=1, start=at(8), end=at(9))
    theirs = fleet_queries.booked_nodes("award:25-1-0002", at(8, 2))
    assert theirs == [f"{SMALL}-001"]  # the same node, once this award is over
    see(LATER, n001="down")
    operations.replace_failed(now=LATER + timedelta(hours=4))
    out = Booking.objects.get(reference__startswith="failure:")
    assert out.end_at == at(8)
    assert fleet_queries.booked_nodes("award:25-1-0002", at(8, 2)) == theirs
