"""What the acts of a demo share: the scenario, the virtual clock, the accounts, and waiting for loops and agents."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from dure.core.period import Month
from dure.portal.allocations import queries as allocations
from dure.portal.clock import operations as clock_operations
from dure.portal.clock import queries as clock
from dure.portal.framework import programme as programmes
from dure.portal.loops import driver
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.usage import queries as usage
from dure.programme.competition import Call
from dure.programme.schema import Programme
from dure.simulate.first_call import FirstCall
from dure.simulate.scenarios import Scenario

PASSWORD = "dure-demo-2026"  # noqa: S105 (printed by the demo; its accounts exist in virtual time only)
LOOK_AGAIN_SECONDS = 0.05
STUCK_AFTER_SECONDS = 300.0


class Stuck(RuntimeError):
    """Something that the demo waits for did not come."""


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account: who can sign in, as whom."""

    email: str
    person: str
    name: str
    name_en: str


ACCOUNTS = (
    Account("applicant@demo.example", "applicant", "신청자 하나", "Hana Applicant"),
    Account("reviewer@demo.example", "reviewer", "평가위원 두리", "Duri Reviewer"),
    Account("programme@demo.example", "programme manager", "사업 담당 세나", "Sena Programme"),
    Account("provider@demo.example", "provider", "사업자 네온", "Neon Provider"),
    Account("finance@demo.example", "finance", "정산 담당 다솔", "Dasol Finance"),
    Account("auditor@demo.example", "auditor", "감사 담당 여울", "Yeoul Auditor"),
)


@dataclass
class Stage:
    """The demo as it is played."""

    scenario: Scenario
    home: Path
    programme: Programme
    call: Call
    cast: FirstCall
    tell: Callable[[str, int, int], None]
    is_broken: Callable[[], str | None] = field(default=lambda: None)

    @property
    def agents(self) -> tuple[str, ...]:
        """Clusters that have an agent."""
        return tuple(cluster.code for cluster in self.programme.government_clusters)

    @property
    def opens(self) -> datetime:
        """When the call opens."""
        return self.call.opens_at

    @property
    def use_from(self) -> datetime:
        """When use begins."""
        return self.programme.midnight(self.call.first_use_on)

    @property
    def month(self) -> Month:
        """The first month of use: the one that is billed."""
        return Month(self.call.first_use_on.year, self.call.first_use_on.month)

    def as_person(self, email: str) -> Actor:
        """The actor with this address."""
        return people.actor_by_email(email)

    def as_role(self, person: str) -> Actor:
        """The demo account of this person."""
        return self.as_person(next(one.email for one in ACCOUNTS if one.person == person))

    def now(self) -> datetime:
        """The virtual instant."""
        return clock.now()

    def advance(self, to: datetime) -> None:
        """Set the clock to `to` (never back) and wait until every loop and agent has reported it done."""
        instant = max(to.replace(microsecond=0), self.now())
        clock_operations.advance(to=instant)
        loops = {driver.reporter(name) for name in driver.LOOPS}
        self.wait(lambda: not clock.waiting_for(loops, instant), lambda: str(clock.waiting_for(loops, instant)))
        # Loops first: what they change at this instant the agents must have seen before the clock goes on.
        self.wait(lambda: not allocations.agents_behind(instant), lambda: str(allocations.agents_behind(instant)))
        self.wait(lambda: not usage.unstored(), lambda: "the meter loop")

    def wait(self, is_done: Callable[[], bool], what: Callable[[], str]) -> None:
        """Wait for something the other processes do. Raises Stuck, saying what did not come."""
        deadline = time.monotonic() + STUCK_AFTER_SECONDS
        while not is_done():
            if (broken := self.is_broken()) is not None:
                raise Stuck(broken)
            if time.monotonic() > deadline:
                raise Stuck(f"waited {STUCK_AFTER_SECONDS:.0f} s for {what()}")
            time.sleep(LOOK_AGAIN_SECONDS)

    def days(self, first: int, last: int) -> list[datetime]:
        """Midnights of days `first`…`last` of use, in programme time."""
        start = self.call.first_use_on
        return [self.programme.midnight(start + timedelta(days=day)) for day in range(first, last + 1)]


def programme_of_portal() -> Programme:
    """The programme this portal runs."""
    return programmes.current()
