"""The fleet: what the file says, who holds what, and that two never hold the same node."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dure.core.errors import InsufficientCapacity, InvalidInput, NotFound, NotPermitted, Stale
from dure.core.period import Month
from dure.portal.fleet import operations, queries
from dure.portal.fleet.forms import Work
from dure.portal.fleet.models import AgentToken, Booking, Node
from dure.portal.framework.programme import current, zone
from dure.portal.journal.models import Entry
from dure.portal.people.actor import Actor, system
from dure.protocol.inventory import Inventory, InventoryNode
from dure.protocol.report import TokenRenewal

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LOADER = system("test")
NAVER = Actor("naver@example.org", user_id=1, providers=frozenset({"naver"}))
KAKAO = Actor("kakao@example.org", user_id=2, providers=frozenset({"kakao"}))
PM = Actor("pm@example.org", user_id=3, roles=frozenset({"programme_manager"}))
AUDITOR = Actor("audit@example.org", user_id=4, roles=frozenset({"auditor"}))
SMALL = "naver-h200-b"  # 32 nodes


def months(first: int, count: int) -> list[Month]:
    return [Month(2026, first).plus(i) for i in range(count)]


def at(month: int, day: int = 1) -> datetime:
    return current().midnight(date(2026, month, day))


def hold(nodes: int, start: datetime, end: datetime, reference: str = "award:25-1-0001", first: int = 1) -> list[str]:
    names = [f"{SMALL}-{n:03d}" for n in range(first, first + nodes)]
    operations.book(
        actor=LOADER,
        now=NOW,
        cluster=SMALL,
        node_names=names,
        start_at=start,
        end_at=end,
        kind="award",
        organisation="org",
        reference=reference,
    )
    return names


@pytest.fixture
def fleet(db: None) -> None:
    operations.load_programme(actor=LOADER, now=NOW)


def test_the_whole_fleet_is_loaded_once(fleet: None) -> None:
    assert operations.load_programme(actor=LOADER, now=NOW) == 0
    sizes = {c.code: (c.nodes, c.share) for c in queries.clusters()}
    assert sum(n for n, share in sizes.values() if share == "government") == 1307
    assert sum(n for n, share in sizes.values() if share == "self_use") == 335
    assert Booking.objects.count() == 335
    leaves = Node.objects.filter(cluster__code="naver-h200-a").values_list("leaf", flat=True)
    assert sorted(set(leaves)) == list(range(8))


def test_only_the_programme_loads_it(db: None) -> None:
    with pytest.raises(NotPermitted):
        operations.load_programme(actor=NAVER, now=NOW)
    assert not Node.objects.exists()


def test_self_use_holds_its_nodes_and_nothing_else_is_free_there(fleet: None) -> None:
    found = queries.capacity("naver-h200-self", months(4, 2))
    assert all(c.self_use == c.supplied and c.free == 0 for c in found)
    assert queries.free_nodes("naver-h200-self", at(4), at(5)) == []


def test_before_delivery_nothing_is_supplied(fleet: None) -> None:
    march, april = queries.capacity("nhn-b200-a", months(3, 2))
    assert march.supplied == 510 * 86400  # delivered on 31 March
    assert april.supplied == 510 * 30 * 86400
    assert queries.free_nodes("nhn-b200-a", at(3), at(5)) == []
    assert queries.free_per_month("nhn-b200-a", months(3, 2)) == {Month(2026, 3): 0, Month(2026, 4): 510}


def test_a_booking_takes_nodes_for_its_half_open_period(fleet: None) -> None:
    names = hold(4, at(4), at(6))
    free = queries.free_per_month(SMALL, months(3, 4))
    assert [free[m] for m in months(3, 4)] == [32, 28, 28, 32]
    assert not set(names) & {name for name, _ in queries.free_nodes(SMALL, at(5, 20), at(6, 10))}
    assert len(queries.free_nodes(SMALL, at(6), at(7))) == 32
    hold(4, at(6), at(7), "award:25-1-0002")  # begins the instant the other ends


def test_the_database_refuses_a_second_holder_and_keeps_nothing_of_it(fleet: None) -> None:
    hold(4, at(4), at(6))
    before = Booking.objects.count(), Entry.objects.count()
    with pytest.raises(InsufficientCapacity):
        hold(8, at(5), at(7), "award:25-1-0002", first=4)
    assert (Booking.objects.count(), Entry.objects.count()) == before


def test_all_or_nothing_over_several_bookings(fleet: None) -> None:
    good = operations.Wanted(SMALL, [f"{SMALL}-001"], at(4), at(5), "award", "a", "award:1")
    clash = operations.Wanted("naver-h200-self", ["naver-h200-self-001"], at(4), at(5), "award", "b", "award:2")
    with pytest.raises(InsufficientCapacity):
        operations.book_all(actor=LOADER, now=NOW, wanted=[good, clash])
    assert not Booking.objects.filter(reference__startswith="award:").exists()


@pytest.mark.parametrize(
    ("name", "start", "end", "error"),
    [
        (f"{SMALL}-999", at(4), at(5), NotFound),
        (f"{SMALL}-001", at(5), at(4), InvalidInput),
        (f"{SMALL}-001", datetime(2025, 1, 1, tzinfo=UTC), at(4), InsufficientCapacity),
        (f"{SMALL}-001", at(4), datetime(2031, 2, 1, tzinfo=UTC), InsufficientCapacity),
    ],
)
def test_bad_bookings_leave_nothing(fleet: None, name: str, start: datetime, end: datetime, error: type) -> None:
    with pytest.raises(error):
        operations.book(
            actor=LOADER, now=NOW, cluster=SMALL, node_names=[name], start_at=start, end_at=end,
            kind="award", organisation="o", reference="award:x",
        )  # fmt: skip
    assert not Booking.objects.filter(reference="award:x").exists()


def test_release_cuts_what_began_and_deletes_what_did_not(fleet: None) -> None:
    hold(2, at(4), at(6))
    assert operations.release(actor=LOADER, now=NOW, reference="award:25-1-0001", from_at=at(5)) == 2
    assert set(Booking.objects.filter(reference="award:25-1-0001").values_list("end_at", flat=True)) == {at(5)}
    assert operations.release(actor=LOADER, now=NOW, reference="award:25-1-0001", from_at=at(5)) == 0
    assert operations.release(actor=LOADER, now=NOW, reference="award:25-1-0001", from_at=at(3)) == 2
    assert len(queries.free_nodes(SMALL, at(4), at(6))) == 32


def test_release_of_some_nodes_keeps_the_others(fleet: None) -> None:
    names = hold(4, at(4), at(6))
    operations.release(actor=LOADER, now=NOW, reference="award:25-1-0001", from_at=at(5), node_names=names[:1])
    assert queries.booked_nodes("award:25-1-0001", at(5, 10)) == names[1:]


def test_postpone_gives_back_what_lies_before(fleet: None) -> None:
    hold(2, at(4), at(6))
    assert operations.postpone(actor=LOADER, now=NOW, reference="award:25-1-0001", to=at(4, 11)) == 2
    april = queries.capacity(SMALL, months(4, 1))[0]
    assert april.awarded == 2 * 20 * 86400


def test_maintenance_splits_the_award_and_its_hours_move(fleet: None) -> None:
    names = hold(2, at(4), at(6))
    operations.announce_maintenance(
        actor=NAVER, now=NOW, cluster=SMALL, node_names=names[:1], start_at=at(4, 10), end_at=at(4, 12), reason="펌웨어"
    )
    april = queries.capacity(SMALL, months(4, 1))[0]
    assert april.maintenance == 2 * 86400
    assert april.awarded == (2 * 30 - 2) * 86400
    assert april.free == april.supplied - 60 * 86400
    assert queries.booked_nodes("award:25-1-0001", at(4, 11)) == names[1:]
    assert queries.booked_nodes("award:25-1-0001", at(4, 12)) == names


def test_maintenance_is_its_own_providers_business(fleet: None) -> None:
    def announce(actor: Actor, **changed: object) -> None:
        given = {"node_names": [f"{SMALL}-001"], "start_at": at(4), "end_at": at(4, 2), "reason": "점검"} | changed
        operations.announce_maintenance(actor=actor, now=NOW, cluster=SMALL, **given)

    with pytest.raises(NotFound):
        announce(KAKAO)
    with pytest.raises(NotPermitted):
        announce(PM)
    with pytest.raises(InvalidInput) as refused:
        announce(NAVER, node_names=["other-001"], start_at=at(1), end_at=at(1), reason=" ")
    assert {m.where for m in refused.value.mistakes} == {"node_names", "start_at", "end_at", "reason"}
    assert not Booking.objects.filter(kind="maintenance").exists()
    announce(NAVER)
    with pytest.raises(InsufficientCapacity):
        announce(NAVER)


def test_tokens_are_kept_as_hashes_and_end_when_told(fleet: None) -> None:
    token = operations.issue_token(actor=NAVER, now=NOW, cluster=SMALL, label="관문 서버", days=30)
    assert not AgentToken.objects.filter(token_hash__contains=token[5:]).exists()
    found = queries.cluster_of_token(token, NOW)
    assert found is not None and found.cluster == SMALL
    assert queries.cluster_of_token(token, NOW + timedelta(days=30)) is None
    assert queries.cluster_of_token("dure_wrong", NOW) is None
    operations.revoke_token(actor=NAVER, now=NOW, cluster=SMALL, token_id=found.token_id)
    assert queries.cluster_of_token(token, NOW) is None
    operations.revoke_token(actor=NAVER, now=NOW, cluster=SMALL, token_id=found.token_id)
    assert Entry.objects.filter(event="fleet.revoke_token").count() == 1


def test_tokens_are_for_the_clusters_own_provider(fleet: None) -> None:
    for actor, error in ((KAKAO, NotFound), (PM, NotPermitted), (AUDITOR, NotPermitted)):
        with pytest.raises(error):
            operations.issue_token(actor=actor, now=NOW, cluster=SMALL, label="x", days=1)
    with pytest.raises(InvalidInput):
        operations.issue_token(actor=NAVER, now=NOW, cluster=SMALL, label=" ", days=400)
    with pytest.raises(NotFound):
        queries.tokens(SMALL, KAKAO)
    assert not AgentToken.objects.exists()


def renew(token: str, now: datetime) -> str | None:
    caller = queries.cluster_of_token(token, now)
    assert caller is not None
    renewal = TokenRenewal(cluster=SMALL, instance="one", epoch=1)
    return operations.renew_token(now=now, renewal=renewal, token_id=caller.token_id)


def test_a_token_is_renewed_in_the_second_half_of_its_life(fleet: None) -> None:
    first = operations.issue_token(actor=NAVER, now=NOW, cluster=SMALL, label="gw1", days=30)
    operations.claim_epoch(now=NOW, cluster=SMALL, instance="one")
    assert renew(first, NOW + timedelta(days=14)) is None
    late = NOW + timedelta(days=16)
    lost = renew(first, late)
    second = renew(first, late)
    assert lost and second and lost != second
    assert queries.cluster_of_token(lost, late) is None and queries.cluster_of_token(first, late) is not None
    assert renew(second, late) is None
    assert queries.cluster_of_token(first, late) is None
    assert queries.cluster_of_token(second, late + timedelta(days=29)) is not None
    assert queries.cluster_of_token(second, late + timedelta(days=30)) is None
    assert Entry.objects.filter(event="fleet.renew_token").count() == 2
    assert not [entry for entry in Entry.objects.all() if second in str(entry.detail)]


def test_an_agent_that_is_fenced_off_renews_nothing(fleet: None) -> None:
    token = operations.issue_token(actor=NAVER, now=NOW, cluster=SMALL, label="gw1", days=1)
    operations.claim_epoch(now=NOW, cluster=SMALL, instance="one")
    operations.claim_epoch(now=NOW, cluster=SMALL, instance="two")
    with pytest.raises(Stale):
        renew(token, NOW + timedelta(hours=20))
    assert AgentToken.objects.count() == 1


def test_a_second_agent_fences_the_first(fleet: None) -> None:
    assert operations.claim_epoch(now=NOW, cluster=SMALL, instance="one") == 1
    assert operations.claim_epoch(now=NOW, cluster=SMALL, instance="one") == 1
    operations.require_lease(cluster=SMALL, instance="one", epoch=1)
    assert operations.claim_epoch(now=NOW, cluster=SMALL, instance="two") == 2
    with pytest.raises(Stale):
        operations.require_lease(cluster=SMALL, instance="one", epoch=1)
    with pytest.raises(Stale):
        operations.require_lease(cluster=SMALL, instance="one", epoch=2)


def test_inventory_newest_wins_and_strangers_are_shown(fleet: None) -> None:
    operations.claim_epoch(now=NOW, cluster=SMALL, instance="one")

    def say(seen_at: datetime, state: str) -> bool:
        nodes = [
            InventoryNode(name=f"{SMALL}-{n:03d}", gpus=8 if n > 2 else 7, gpu_model="H200", state=state)
            for n in range(2, 33)
        ]
        nodes.append(InventoryNode(name="stranger", gpus=8, gpu_model="H200", state="ready"))
        return operations.record_inventory(
            now=NOW,
            inventory=Inventory(cluster=SMALL, instance="one", epoch=1, seen_at=seen_at, nodes=tuple(nodes)),
        )

    assert say(NOW, "ready")
    assert not say(NOW - timedelta(hours=1), "down")
    states = {n.name: n.observed for n in queries.nodes(SMALL, NOW)}
    assert states[f"{SMALL}-001"] == "unknown" and states[f"{SMALL}-002"] == "ready"
    mismatch = queries.cluster(SMALL).inventory_mismatch
    assert mismatch == {"missing": [f"{SMALL}-001"], "unknown": ["stranger"], "gpus": [f"{SMALL}-002"]}


def test_who_sees_which_clusters(fleet: None) -> None:
    assert {c.provider for c in queries.clusters(NAVER)} == {"naver"}
    assert len(queries.clusters(PM)) == 8
    assert queries.clusters(Actor("somebody", user_id=9)) == []
    with pytest.raises(NotFound):
        queries.cluster(SMALL, KAKAO)


day = st.integers(0, 89)
change = st.one_of(
    st.tuples(st.just("book"), st.integers(1, 32), st.integers(1, 8), day, st.integers(1, 40)),
    st.tuples(st.just("release"), st.integers(0, 5), day),
    st.tuples(st.just("maintain"), st.integers(1, 32), st.integers(1, 4), day, st.integers(1, 5)),
)


class Conservation(TestCase):
    """Supplied = awarded + self-use + maintenance + free, whatever is done, counted independently node by node."""

    @classmethod
    def setUpTestData(cls) -> None:
        operations.load_programme(actor=LOADER, now=NOW)

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(change, max_size=12))
    def test_node_seconds_are_conserved(self, changes: list[tuple]) -> None:
        base = at(4)
        for number, item in enumerate(changes):
            try:
                self._apply(item, base, number)
            except (InsufficientCapacity, InvalidInput, NotFound):
                continue
        for month in months(4, 4):
            period = month.period(zone())
            held: dict[str, set[tuple[int, datetime]]] = {"award": set(), "maintenance": set(), "self_use": set()}
            hours = [period.start + timedelta(hours=h) for h in range(period.seconds // 3600)]
            for b in Booking.objects.filter(node__cluster__code=SMALL):
                held[b.kind] |= {(b.node_id, h) for h in hours if b.start_at <= h < b.end_at}
            found = queries.capacity(SMALL, [month])[0]
            assert found.awarded == 3600 * len(held["award"])
            assert found.maintenance == 3600 * len(held["maintenance"])
            assert found.supplied == 32 * period.seconds
            taken = held["award"] | held["maintenance"]
            assert found.free == 3600 * (32 * len(hours) - len(taken)) >= 0
            assert found.supplied == found.awarded + found.self_use + found.maintenance + found.free

    def _apply(self, item: tuple, base: datetime, number: int) -> None:
        if item[0] == "book":
            _, first, nodes, start, days = item
            begin = base + timedelta(days=start)
            hold(nodes, begin, begin + timedelta(days=days), f"award:{number}", first)
        elif item[0] == "release":
            reference = f"award:{item[1]}"
            operations.release(actor=LOADER, now=NOW, reference=reference, from_at=base + timedelta(days=item[2]))
        else:
            _, first, nodes, start, days = item
            begin = base + timedelta(days=start)
            names = [f"{SMALL}-{n:03d}" for n in range(first, first + nodes)]
            operations.announce_maintenance(
                actor=NAVER, now=NOW, cluster=SMALL, node_names=names, start_at=begin,
                end_at=begin + timedelta(days=days), reason="점검",
            )  # fmt: skip


def test_servers_may_be_named_by_a_range() -> None:
    form = Work(
        {
            "node_names": "naver-h200-b-[009-011], naver-h200-b-001\nnaver-h200-b-010 odd-[3-1]",
            "start_at": "2026-04-10T00:00",
            "end_at": "2026-04-11T00:00",
            "reason": "x",
        }
    )
    assert form.is_valid()
    wanted = [f"naver-h200-b-{number}" for number in ("009", "010", "011", "001")]
    assert form.names() == [*wanted, "odd-[3-1]"]  # what is no range is refused as an unknown server
