"""Months pass in a minute: the real portal, the agent and a real Slurm on one clock that jumps."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dure.core.period import Month, Period
from dure.portal.allocations import queries as allocations
from dure.portal.billing import operations as billing
from dure.portal.billing import queries as billing_queries
from dure.portal.clock import operations as clock
from dure.portal.framework.programme import current
from dure.portal.usage import queries as usage
from tests.agent.conftest import Site
from tests.agent.fake_portal import FakePortal
from tests.portal import realised as world
from tests.portal.realised import SMALL
from tests.real.slurm.conftest import lab, slurm, submit, wait_until
from tests.real.slurm.real_portal import RealSite, agreed, login_of, loops, submit_as
from tests.real.slurm.site import SlurmSite, award, until, until_reason

LAB = Path(os.environ["LAB"])


class Times:
    """The lab's clock: real time plus a number of seconds."""

    def __init__(self):
        self.ahead = int(float((LAB / "clock").read_text()))

    def now(self) -> datetime:
        return (datetime.now(UTC) + timedelta(seconds=self.ahead)).replace(microsecond=0)

    def jump(self, instant: datetime) -> None:
        self.ahead += max(0, int((instant - self.now()).total_seconds()) + 1)
        lab("jump", str(self.ahead))


@pytest.fixture
def times(monkeypatch):
    """Every command that the agent or the test starts from here on runs on the lab's clock."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    for name, value in {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(LAB / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return Times()


def recorded(job: str) -> None:
    """Wait for the accounting database, which hears of jobs a second or so late: on this clock, weeks."""
    wait_until(lambda: slurm("sacct", "-X", "-n", "-j", job).strip(), f"a record of job {job}")


def ended(job: str) -> None:
    """Wait until Slurm and its database know that the job is over."""
    until(job, "", "TIMEOUT", "COMPLETED", "CANCELLED")
    wait_until(lambda: "RUNNING" not in slurm("sacct", "-X", "-n", "-j", job, "-o", "State"), f"the end of job {job}")


def used_gpu_seconds(account: str) -> int:
    said = slurm("sacct", "-a", "-X", "-n", "-P", "-A", account, "-S", "2020-01-01", "-o", "ElapsedRaw,AllocTRES")
    return sum(int(line.split("|")[0]) * 8 for line in said.splitlines())


def test_a_budget_is_spent_and_nothing_runs_any_more(tmp_path, times):
    portal = FakePortal("c-1", times.now(), "virtual")
    site = SlurmSite(tmp_path, portal)
    site.write(is_test=True)

    def cycle():
        portal.now = times.now()
        Site.cycle(site)  # not the real-time one

    def budget():
        cycle()
        return portal.condition("WithinBudget", "a-1")

    portal.want(award(start=times.now() - timedelta(minutes=1), limits={"gpu_hours": 4}))
    cycle()
    assert budget() == ("true", "HoursLeft")
    whole = submit("alice", "award-a-1", "--export=PATH", "-t", "30")  # 8 GPUs for half an hour: all there is
    until(whole, "RUNNING")
    times.jump(times.now() + timedelta(minutes=31))
    ended(whole)
    wait_until(lambda: budget() == ("false", "HoursSpent"), "the budget to be seen spent")
    more = submit("alice", "award-a-1", "--export=PATH", "-t", "10")
    until_reason(more, "AssocGrpGRESMinutes")
    portal.change("a-1", limits={"gpu_hours": 400})
    wait_until(lambda: budget() == ("true", "HoursLeft"), "the raised budget")
    until(more, "RUNNING")
    portal.change("a-1", limits={"gpu_hours": 3})  # lowered below what has been used: what runs is ended
    wait_until(lambda: budget() == ("false", "HoursSpent"), "the lowered budget")
    until(more, "", "CANCELLED", "COMPLETING")


def test_three_months_of_an_award_from_first_job_to_last_invoice(tmp_path, times, db):
    began = time.monotonic()
    programme = current()
    here = times.now().astimezone(programme.zone)
    months = [Month(here.year, here.month).plus(step) for step in (1, 2, 3)]
    start, end = (months[0].period(programme.zone).start, months[2].period(programme.zone).end)
    clock.advance(to=times.now())
    site = RealSite(tmp_path, 4, is_test=True, recheck_hours=744, settle_seconds=0)

    def cycle() -> None:
        clock.advance(to=times.now())
        loops("expire", "allocate")
        site.cycle()
        loops("meter", "bill")

    name = agreed("25-1-0001", start, end, times.now())
    loops("allocate")
    login = login_of(name)
    cycle()
    held = allocations.allocation(name, world.manager()).node_names
    assert len(held) == 2
    times.jump(start)
    cycle()
    assert allocations.allocation(name, world.manager()).ready_at is not None
    first = submit_as(login, name, "-t", "2880", command="sleep 5000000")
    until(first, "RUNNING")
    recorded(first)
    while times.now() + timedelta(days=7) < end:
        times.jump(times.now() + timedelta(days=7))
        wait_until(lambda: first not in slurm("squeue", "-h", "-o", "%i").split(), "the first job to end")
        cycle()
    last = submit_as(login, name, "-t", "20000", command="sleep 5000000")
    until(last, "RUNNING")
    recorded(last)
    times.jump(end + timedelta(minutes=2))
    ended(last)

    def is_cleared() -> bool:
        cycle()
        return allocations.allocation(name, world.manager()).cleared_at is not None

    wait_until(is_cleared, "the end of the award")
    times.jump(end + timedelta(hours=3))
    cycle()
    for month in months:
        if not billing_queries.is_closed(month):
            billing.close_month(actor=world.finance(), now=times.now(), month=month)
    seconds = time.monotonic() - began
    print(f"\nfigure: three months, first job to last invoice: {seconds:.1f} s")
    assert seconds < 300  # 120 on a machine of its own; the bench judges

    invoices = [billing_queries.invoice(f"{month}-firm", world.finance()) for month in months]
    rate = programme.gpu_model("h200").market_rate_per_node_month
    assert [one.price for one in invoices] == [2 * rate] * 3
    assert all(one.price == one.self_pay + one.subsidy for one in invoices)
    asked = int((end - start).total_seconds()) * 2

    def hours() -> list[usage.HourUse]:
        return usage.hourly(SMALL, name, Period(start, end + timedelta(hours=1)))

    def is_all_told() -> bool:
        """A busy controller says late when a job ended; the agent looks again at hours that it has told."""
        if sum(row.running_gpu_seconds for row in hours()) == used_gpu_seconds(name):
            return True
        times.jump(times.now() + timedelta(hours=1))
        cycle()
        return False

    wait_until(is_all_told, "usage to equal sacct's to the second")
    assert abs(sum(row.allocated_node_seconds for row in hours()) - asked) <= 2 * 60  # begun and ended within seconds
    assert used_gpu_seconds(name) > 8 * 2 * 86_400 - 600
