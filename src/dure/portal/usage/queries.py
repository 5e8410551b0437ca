"""Reading use: allocated, running and busy are three numbers and are never mixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from django.conf import settings

from dure.core.period import Month, Period
from dure.metering import store
from dure.metering.hours import HourUse
from dure.portal.framework.programme import zone
from dure.portal.people.actor import Actor
from dure.portal.usage.models import StoredHours, Window


@dataclass(frozen=True)
class Use:
    """What was used in a period, in whole GPU-seconds (node-seconds where the name says so) and joules.

    `missing_gpu_seconds` is time of which nobody knows; it is not idle.
    """

    allocated_node_seconds: int = 0
    allocated_gpu_seconds: int = 0
    running_gpu_seconds: int = 0
    busy_gpu_seconds: int = 0
    missing_gpu_seconds: int = 0
    energy_joules: int = 0

    @property
    def idle_gpu_seconds(self) -> int:
        """GPU-seconds seen idle."""
        return self.allocated_gpu_seconds - self.busy_gpu_seconds - self.missing_gpu_seconds

    @property
    def kilowatt_hours(self) -> int:
        """Energy in whole kWh, as far as power was measured."""
        return self.energy_joules // 3_600_000

    def plus(self, other: Use) -> Use:
        """The sum of both."""
        return Use(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Use)))


@dataclass(frozen=True)
class Delivery:
    """How far an agent's windows have come: the end of the newest, and how many wait to be stored."""

    cluster: str
    windows: int
    until: datetime | None
    unstored: int


def directory() -> Path:
    """Where the meter loop keeps hours."""
    return Path(settings.ENV.home) / "usage"


def files() -> list[Path]:
    """The files of hours that count, oldest first: exactly those listed, whatever else lies beside them."""
    paths = StoredHours.objects.filter(superseded_at=None).order_by("id").values_list("path", flat=True)
    return [Path(settings.ENV.home) / path for path in paths]


def _use(found: store.Sums) -> Use:
    return Use(*(getattr(found, f.name) for f in fields(Use)))


def use_of(hour: HourUse) -> Use:
    """The sums of one hour."""
    return Use(*(getattr(hour, f.name) for f in fields(Use)))


def by_allocation(periods: Sequence[Period]) -> dict[tuple[str, str, Period], Use]:
    """Use by cluster, allocation and period, of every allocation that had any. Periods must not overlap."""
    return {(s.cluster, s.allocation, s.period): _use(s) for s in store.sums(files(), periods)}


def hours(cluster: str, allocation: str, months: Iterable[Month]) -> dict[Month, Use]:
    """One allocation's use by calendar month of the programme's zone; months without use are there, empty."""
    wanted = sorted(months)
    if not wanted:
        return {}
    found, _ = by_month_and_day(cluster, allocation, Period(_start(wanted[0]), _start(wanted[-1].plus(1))))
    return {month: found.get(month, Use()) for month in wanted}


def _start(month: Month) -> datetime:
    return month.period(zone()).start


def hourly(cluster: str, allocation: str, period: Period) -> list[HourUse]:
    """One allocation's hours in a period, oldest first."""
    return [use for use in store.hourly(files(), allocation, period) if use.cluster == cluster]


def hours_of(names: Sequence[str], period: Period) -> dict[tuple[str, str], list[HourUse]]:
    """The hours of several allocations by cluster and name, each oldest first, read at once."""
    found: dict[tuple[str, str], list[HourUse]] = defaultdict(list)
    for use in store.hours_of(files(), names, period):
        found[use.cluster, use.allocation].append(use)
    return found


def by_month_and_day(cluster: str, allocation: str, period: Period) -> tuple[dict[Month, Use], dict[datetime, Use]]:
    """One allocation's use in a period, by month and by day of the programme's zone, in order.

    A day is named by its first instant there. An hour belongs to the day in which it starts.
    """
    days: dict[datetime, Use] = defaultdict(Use)
    for hour in hourly(cluster, allocation, period):
        day = hour.start.astimezone(zone()).replace(hour=0, minute=0)
        days[day] = days[day].plus(use_of(hour))
    months: dict[Month, Use] = defaultdict(Use)
    for day, use in days.items():
        month = Month(day.year, day.month)
        months[month] = months[month].plus(use)
    return dict(months), dict(days)


def first_busy(period: Period) -> dict[tuple[str, str], datetime]:
    """By cluster and name: when an allocation's GPUs first computed in the period; those that did not are missing."""
    return store.first_busy(files(), period)


def idle_now(period: Period, at_least_seconds: int) -> set[tuple[str, str]]:
    """Cluster and name of allocations whose idle run at the end of the period has lasted that long."""
    runs = store.idle_runs(files(), period, at_least_seconds)
    return {(run.cluster, run.allocation) for run in runs if run.current_seconds >= at_least_seconds}


def by_cluster(month: Month, actor: Actor) -> dict[str, Use]:
    """Use of a month by cluster, over all allocations. For those who oversee the programme."""
    actor.require(actor.may_oversee or actor.is_finance or bool(actor.providers))
    found: dict[str, Use] = defaultdict(Use)
    for (cluster, _, _), use in by_allocation([month.period(zone())]).items():
        found[cluster] = found[cluster].plus(use)
    return dict(found)


def unstored() -> int:
    """How many received windows wait for the meter loop."""
    return Window.objects.filter(stored=None).count()


def delivery(cluster: str) -> Delivery:
    """How far a cluster's windows have been received."""
    rows = Window.objects.filter(cluster__code=cluster)
    last = rows.order_by("-end_at").values_list("end_at", flat=True).first()
    return Delivery(cluster, rows.count(), last, rows.filter(stored=None).count())
