"""Bills: exact to the won, all or nothing, the same however often a month is closed, and conserved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.core.period import Month
from dure.decide.lifecycles import INVOICE
from dure.portal.allocations import operations as allocations
from dure.portal.billing import operations, queries
from dure.portal.billing.models import BillingMonth, Invoice, Line
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework.programme import current
from dure.portal.journal.models import Entry
from dure.portal.loops import bill
from dure.portal.messages.models import Message
from dure.portal.usage import operations as usage
from tests.portal import realised as world
from tests.portal.realised import SMALL, at

APRIL = Month(2026, 4)
AFTER = at(5)
RATE = current().gpu_model("h200").market_rate_per_node_month
FEE = current().gpu_model("h200").fee_per_node_month


@pytest.fixture
def firm(db: None) -> world.Actor:
    world.load()
    return world.organisation("firm", "industry")


def close(month: Month = APRIL, actor: world.Actor | None = None) -> int:
    return operations.close_month(actor=actor or world.finance(), now=AFTER, month=month)


def test_a_whole_month_to_the_won(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001", nodes=2)
    assert close() == 1
    found = queries.invoice("2026-04-firm", firm)
    assert (found.price, found.self_pay) == (2 * RATE, 2 * FEE)
    assert found.price == found.self_pay + found.subsidy
    (line,) = queries.lines(found.id)
    assert (line.node_seconds, line.month_seconds) == (2 * 30 * 86400, 30 * 86400)


def test_academia_pays_nothing_and_owes_nothing(firm: world.Actor) -> None:
    world.allocated(world.organisation("lab"), "25-1-0001")
    close()
    found = queries.invoice("2026-04-lab", world.organisation("lab"))
    assert found.self_pay == 0 and found.subsidy == found.price == 2 * RATE
    assert found.state == "paid"


def test_a_youth_company_pays_half(firm: world.Actor) -> None:
    world.allocated(world.organisation("young", "industry", is_youth=True), "25-1-0001", nodes=1)
    close()
    assert queries.invoice("2026-04-young", world.finance()).self_pay == FEE // 2


def test_two_allocations_are_two_lines_of_one_invoice(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001", nodes=1)
    world.allocated(firm, "25-1-0002", nodes=3, start=at(4, 11), end=at(4, 21))
    close()
    found = queries.invoice("2026-04-firm", firm)
    lines = queries.lines(found.id)
    assert [line.node_seconds for line in lines] == [30 * 86400, 3 * 10 * 86400]
    assert found.price == sum(line.price for line in lines)


def test_closing_again_changes_nothing(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    close()
    before = list(Line.objects.values()), Entry.objects.count()
    assert close() == 0
    world.allocated(firm, "25-1-0009", start=at(4), end=at(6))  # booked afterwards: not billed behind anybody's back
    assert close() == 0
    assert list(Line.objects.values()) == before[0]
    assert queries.is_closed(APRIL) and not queries.is_closed(Month(2026, 5))


def test_killed_in_the_middle_nothing_is_there(firm: world.Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        world.allocated(world.organisation(f"firm-{number}", "industry"), f"25-1-000{number}")
    calls: list[object] = []

    def killed(**said: object) -> None:
        calls.append(said)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(operations.messages, "announce", killed)
        with pytest.raises(KeyboardInterrupt):
            close()
    assert not Invoice.objects.exists() and not Line.objects.exists() and not BillingMonth.objects.exists()
    assert close() == 3
    assert Message.objects.filter(key__startswith="invoice:").count() == 3


def test_running_and_busy_hours_never_change_a_bill(firm: world.Actor) -> None:
    idle_one = world.allocated(firm, "25-1-0001")
    busy_one = world.allocated(world.organisation("busy", "industry"), "25-1-0002")
    world.epoch_of()
    before = queries.draft(APRIL)
    for hour in range(4):
        rows = {idle_one: world.idle(), busy_one: world.busy()}
        window = world.window(at(4) + hour * world.HOUR, rows)
        usage.receive(now=AFTER, post=world.post(window))
    usage.store_pending(now=AFTER)
    assert queries.draft(APRIL) == before
    close()
    assert len(set(Invoice.objects.values_list("price", "self_pay", "subsidy"))) == 1


def test_maintenance_is_not_charged(firm: world.Actor) -> None:
    name = world.allocated(firm, "25-1-0001", nodes=1)
    node = list(allocations.desired.Allocation.objects.get(name=name).revision.node_names)
    fleet.announce_maintenance(
        actor=world.provider(), now=world.NOW, cluster=SMALL, node_names=node, start_at=at(4, 10), end_at=at(4, 13),
        reason="점검",
    )  # fmt: skip
    close()
    (line,) = queries.lines(queries.invoice("2026-04-firm", firm).id)
    assert line.node_seconds == 27 * 86400
    assert line.price == RATE * 27 // 30


def test_offers_not_agreed_are_held_but_not_billed(firm: world.Actor) -> None:
    world.award(firm, "25-1-0001", start=at(4), end=at(7), state="accepted")
    assert close() == 0
    (small,) = [b for b in queries.balance(APRIL, world.auditor()) if b.cluster == SMALL]
    assert small.capacity.awarded == 2 * 30 * 86400 and small.billed == 0 and small.is_conserved


def test_a_month_must_be_over_and_the_draft_the_one_that_was_shown(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    with pytest.raises(InvalidInput):
        operations.close_month(actor=world.finance(), now=AFTER - timedelta(seconds=1), month=APRIL)
    shown = queries.draft(APRIL).hash
    world.allocated(firm, "25-1-0002")
    with pytest.raises(InvalidInput):
        operations.close_month(actor=world.finance(), now=AFTER, month=APRIL, expected_hash=shown)
    assert not BillingMonth.objects.filter(state="closed").exists()
    again = queries.draft(APRIL).hash
    assert operations.close_month(actor=world.finance(), now=AFTER, month=APRIL, expected_hash=again) == 1


def test_only_finance_closes(firm: world.Actor) -> None:
    for actor in (firm, world.manager(), world.auditor(), world.provider(), world.person("nobody")):
        with pytest.raises(NotPermitted):
            close(actor=actor)
    assert not BillingMonth.objects.exists()


def test_who_sees_an_invoice(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    close()
    for actor in (firm, world.finance(), world.auditor(), world.manager()):
        assert queries.invoice("2026-04-firm", actor).number == "2026-04-firm"
    for actor in (world.organisation("other"), world.provider(), world.person("nobody")):
        with pytest.raises(NotFound):
            queries.invoice("2026-04-firm", actor)
    with pytest.raises(NotPermitted):
        queries.totals_by_class(APRIL, firm)
    with pytest.raises(NotPermitted):
        queries.months(world.provider())


def test_an_invoice_walks_through_its_life(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    close()
    number, finance = "2026-04-firm", world.finance()
    events = {
        "pay": lambda: operations.pay(actor=finance, now=AFTER, number=number),
        "dispute": lambda: operations.dispute(actor=firm, now=AFTER, number=number, reason="시간이 다릅니다"),
        "uphold": lambda: operations.uphold(actor=finance, now=AFTER, number=number, reason="기록과 같습니다"),
        "cancel": lambda: operations.cancel(actor=finance, now=AFTER, number=number, reason="잘못 청구"),
    }
    for state in INVOICE.states:
        for event, do in events.items():
            Invoice.objects.filter(number=number).update(state=state)
            if INVOICE.allows(state, event):
                do()
                assert queries.invoice(number, firm).state == INVOICE.after(state, event)
            else:
                with pytest.raises(IllegalTransition):
                    do()


def test_settling_needs_the_right_person_and_a_reason(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    close()
    number, member = "2026-04-firm", world.member("firm", "worker")
    with pytest.raises(NotPermitted):
        operations.pay(actor=firm, now=AFTER, number=number)
    with pytest.raises(NotPermitted):
        operations.dispute(actor=member, now=AFTER, number=number, reason="x")
    with pytest.raises(NotFound):
        operations.dispute(actor=world.organisation("other"), now=AFTER, number=number, reason="x")
    with pytest.raises(InvalidInput):
        operations.dispute(actor=firm, now=AFTER, number=number, reason="  ")
    assert queries.invoice(number, firm).state == "issued"


def test_totals_by_class_and_by_month_are_the_invoices(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    world.allocated(world.organisation("lab"), "25-1-0002")
    close()
    totals = queries.totals_by_class(APRIL, world.finance())
    assert [(t.applicant_class, t.invoices, t.self_pay) for t in totals] == [
        ("industry", 1, 2 * FEE), ("academia", 1, 0),
    ]  # fmt: skip
    (month,) = queries.months(world.auditor())
    assert (month.invoices, month.self_pay, month.subsidy) == (2, 2 * FEE, sum(t.subsidy for t in totals))


def test_the_loop_closes_on_the_published_day_and_not_before(firm: world.Actor) -> None:
    world.allocated(firm, "25-1-0001")
    assert bill.run(at(5, 5) - timedelta(seconds=1)) == 0
    assert bill.run(at(5, 5)) == 1
    assert bill.run(at(5, 5)) == 0
    assert bill.run(at(7, 5)) == 2
    assert list(BillingMonth.objects.values_list("month", flat=True)) == ["2026-06", "2026-05", "2026-04"]


class Conserved(TestCase):
    """Whatever is awarded, shrunk, ended and maintained: what is billed is what was awarded, cluster by cluster."""

    @classmethod
    def setUpTestData(cls) -> None:
        world.load()
        cls.holders = [world.organisation(f"o{n}", c) for n, c in enumerate(("industry", "academia", "public"))]

    @hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2), st.integers(1, 8), st.integers(0, 40), st.integers(1, 60),
                st.one_of(st.none(), st.tuples(st.sampled_from(["shrink", "end", "maintain"]), st.integers(0, 59))),
            ),
            max_size=5,
        )
    )  # fmt: skip
    def test_billed_is_awarded(self, wanted: list[tuple]) -> None:
        manager, provider = world.manager(), world.provider()
        for number, (who, nodes, first, days, change) in enumerate(wanted):
            start = at(4) + timedelta(days=first)
            free = len(fleet_queries.free_nodes(SMALL, start, start + timedelta(days=days)))
            if free < nodes:
                continue
            name = world.allocated(
                self.holders[who], f"25-1-{number:04d}", nodes=nodes, start=start, end=start + timedelta(days=days)
            )
            if change:
                self._change(change, name, start, manager, provider)
        for month in (Month(2026, 4), Month(2026, 5), Month(2026, 6)):
            draft = queries.draft(month)
            for found in queries.balance(month, world.auditor()):
                held = found.capacity
                assert held.supplied == held.awarded + held.self_use + held.maintenance + held.free
                assert found.billed == held.awarded and found.is_conserved
            for one in draft.invoices:
                assert one.charge.price == sum(line.charge.price for line in one.lines)
                for line in one.lines:
                    assert line.charge.price == line.charge.self_pay + line.charge.subsidy
                    exact = line.rates.market * line.node_seconds / line.month_seconds
                    assert abs(line.charge.price - exact) <= 0.5 + 1e-6

    def _change(self, change: tuple, name: str, start: object, manager: world.Actor, provider: world.Actor) -> None:
        kind, day = change
        moment = start + timedelta(days=day)
        revision = allocations.desired.Allocation.objects.get(name=name).revision
        try:
            if kind == "maintain":
                fleet.announce_maintenance(
                    actor=provider, now=world.NOW, cluster=SMALL, node_names=revision.node_names[:1],
                    start_at=moment, end_at=moment + timedelta(hours=5), reason="점검",
                )  # fmt: skip
            elif kind == "end":
                allocations.revise(actor=manager, now=moment, name=name, reason="회수", present=False)
            else:
                kept = revision.node_names[: max(1, len(revision.node_names) // 2)]
                allocations.revise(actor=manager, now=moment, name=name, reason="회수", node_names=kept)
        except (InvalidInput, fleet.InsufficientCapacity):
            return
