"""Two people at the same moment: one wins, the other hears it in words, and nothing is there twice.

For PostgreSQL, where requests really run side by side; SQLite lets one writer in at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from dure.core.errors import DureError, IllegalTransition, InsufficientCapacity, InvalidInput, Stale
from dure.core.period import Month
from dure.portal.allocations import operations as allocations
from dure.portal.awards import operations as awards
from dure.portal.awards.models import Agreement, Award
from dure.portal.billing import operations as billing
from dure.portal.billing.models import Invoice
from dure.portal.fleet import operations as fleet
from dure.portal.fleet.models import Booking
from dure.portal.framework.http import of_database
from dure.portal.journal.models import Entry
from dure.portal.journal.queries import verify
from dure.portal.people import operations as people
from dure.portal.people.models import Membership, Organisation
from dure.portal.usage import operations as usage
from dure.portal.usage.models import Window
from tests.portal import realised as world
from tests.portal.realised import HOUR, NOW, SMALL, SYSTEM, at

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def unbroken(committed: None) -> Iterator[None]:
    """Whatever meets whatever, the journal's chain holds."""
    yield
    assert verify() is None


def at_once(*operations: Callable[[], object]) -> list[object]:
    """What each of them gives, or the refusal it meets, all begun at the same moment."""
    barrier = threading.Barrier(len(operations))
    found: list[object] = [None] * len(operations)

    def run(place: int) -> None:
        try:
            barrier.wait()
            found[place] = operations[place]()
        except DureError as error:
            found[place] = error
        except Exception as error:  # noqa: BLE001 - as the portal's door does; anything else fails the test below
            found[place] = of_database(error) or error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(operations))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    wrong = [one for one in found if isinstance(one, Exception) and not isinstance(one, DureError)]
    assert not wrong, wrong
    return found


def refused(found: Sequence[object]) -> list[object]:
    return [one for one in found if isinstance(one, DureError)]


def offered(number: str = "25-1-0001", code: str = "lab") -> world.Actor:
    holder = world.organisation(code)
    world.award(holder, number, start=at(4), end=at(7), state="offered")
    return holder


def test_an_offer_is_accepted_or_declined_never_both() -> None:
    world.load()
    for round_ in range(4):
        number = f"25-1-{round_:04d}"
        holder = offered(number)
        found = at_once(
            partial(awards.accept, actor=holder, now=LATER, number=number),
            partial(awards.decline, actor=holder, now=LATER, number=number, reason="안 씀"),
        )
        award = Award.objects.get(number=number)
        held = Booking.objects.filter(reference=f"award:{number}").exists()
        assert (award.state, held) in (("accepted", True), ("declined", False))
        # who declines second takes an accepted award back, which is allowed; who accepts second is refused
        assert all(isinstance(one, IllegalTransition | Stale) for one in refused(found))


def test_accepting_signing_and_countersigning_twice_leaves_one_agreement() -> None:
    world.load()
    holder, boss = offered(), world.manager()
    found = at_once(*[lambda: awards.accept(actor=holder, now=LATER, number="25-1-0001")] * 3)
    assert not refused(found) and Entry.objects.filter(event="awards.accept").count() == 1
    at_once(*[lambda: awards.sign(actor=holder, now=LATER, number="25-1-0001")] * 3)
    at_once(*[lambda: awards.countersign(actor=boss, now=LATER, number="25-1-0001")] * 3)
    assert Agreement.objects.count() == 1
    assert Award.objects.get().state == "agreed"
    at_once(*[lambda: allocations.allocate_due(now=LATER)] * 3)
    assert Award.objects.get().state == "agreed"
    assert len(set(Booking.objects.values_list("node_id", "start_at"))) == Booking.objects.count()


def test_one_server_is_held_once_however_many_ask() -> None:
    world.load()
    names = [f"{SMALL}-001", f"{SMALL}-002"]

    def book(reference: str) -> Callable[[], object]:
        return lambda: fleet.book(
            actor=SYSTEM, now=NOW, cluster=SMALL, node_names=names, start_at=at(4), end_at=at(5), kind="award",
            organisation="lab", reference=f"award:{reference}",
        )  # fmt: skip

    found = at_once(*[book(str(number)) for number in range(6)])
    assert [type(one) for one in refused(found)] == [InsufficientCapacity] * 5
    assert Booking.objects.filter(reference__startswith="award:").count() == 2


def test_a_month_closes_once() -> None:
    world.load()
    world.allocated(world.organisation("lab"), "25-1-0001")
    world.allocated(world.organisation("firm", "industry"), "25-1-0002")
    office = world.finance()
    found = at_once(*[lambda: billing.close_month(actor=office, now=at(5, 2), month=Month(2026, 4))] * 4)
    assert sorted(found) == [0, 0, 0, 2]
    assert Invoice.objects.count() == 2


def test_a_window_counts_once_when_two_connections_hand_it_over() -> None:
    world.load()
    world.epoch_of()
    windows = [world.window(at(4) + n * HOUR, {"a": world.busy()}) for n in range(20)]
    found = at_once(*[lambda: usage.receive(now=at(5), post=world.post(*windows))] * 4)
    assert not refused(found)
    outcomes = sorted(receipt.outcome for receipts in found for receipt in receipts)
    assert outcomes == ["accepted"] * 20 + ["duplicate"] * 60
    assert Window.objects.count() == 20


def test_the_last_head_stays() -> None:
    first = world.organisation("lab")
    (organisation_id,) = first.organisations
    second = world.person("second")
    Membership.objects.create(
        user_id=second.user_id, organisation_id=organisation_id, role="head", state="active", since_at=NOW
    )
    mine = {row.user_id: row.pk for row in Membership.objects.all()}
    second = world.people.actor_by_email("second@example.org")
    found = at_once(*[
        lambda who=who: people.end_membership(actor=who, now=NOW, membership_id=mine[who.user_id])
        for who in (first, second)
    ])  # fmt: skip
    assert [type(one) for one in refused(found)] == [InvalidInput]
    assert Membership.objects.filter(role="head", state="active").count() == 1


def test_an_organisation_is_founded_once() -> None:
    founders = [world.person(f"founder-{number}") for number in range(4)]
    found = at_once(*[
        lambda who=who: people.found_organisation(
            actor=who, now=NOW, code="hanbit", name="한빛", applicant_class="academia", region="seoul",
            registration_number="1248100998",
        )
        for who in founders
    ])  # fmt: skip
    assert len(refused(found)) == 3
    assert Organisation.objects.count() == 1


def test_keys_reports_and_members_of_one_cluster_do_not_wait_for_each_other_for_good() -> None:
    world.load()
    world.epoch_of()
    lab, firm = world.organisation("lab"), world.organisation("firm", "industry")
    names = [world.allocated(lab, "25-1-0001"), world.allocated(firm, "25-1-0002")]
    applied = dict.fromkeys(names, "Applied")

    def several(one: Callable[[int], object]) -> Callable[[], object]:
        return lambda: [one(number) for number in range(5)]

    found = at_once(
        several(lambda n: allocations.record_report(now=LATER, report=world.report(applied, at=LATER, generation=n))),
        several(lambda n: _rotate(lab, n)),
        several(lambda n: _rotate(firm, n)),
        several(lambda n: usage.receive(now=at(5), post=world.post(world.window(at(4) + n * HOUR, {})))),
        several(lambda n: fleet.release(actor=SYSTEM, now=LATER, reference=f"award:none-{n}", from_at=LATER)),
    )
    assert not refused(found)


def _rotate(actor: world.Actor, number: int) -> None:
    """A key is added and revoked at once."""
    line = world.public_key("ssh-ed25519", bytes([number, actor.user_id or 0] * 16))
    key = allocations.add_ssh_key(actor=actor, now=LATER, label="x", public_key=line)
    allocations.revoke_ssh_key(actor=actor, now=LATER, key_id=key)
