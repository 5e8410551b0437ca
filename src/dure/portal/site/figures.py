"""Capacity and use across clusters, as figures and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from dure.core.gpu_hours import SECONDS_PER_HOUR
from dure.core.period import Month, Period
from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.calls.queries import CallView
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.usage import queries as usage
from dure.portal.usage.queries import Use
from dure.programme.amounts import amount

MONTHS_BACK, MONTHS_AHEAD = 2, 5


@dataclass(frozen=True)
class CallCard:
    """An open call with what is on offer, by GPU model."""

    call: CallView
    track: Text
    offered: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Supply:
    """The nodes the programme may award, now."""

    nodes: int
    gpus: int
    awarded_nodes: int
    clusters: int
    providers: int


@dataclass(frozen=True)
class Fee:
    """What a server of one GPU model costs a month, at most and for those who pay nothing."""

    model: str
    full: Text
    free_for: tuple[Text, ...]


def call_card(call: CallView) -> CallCard:
    """What a person has to know of a call before opening it; nodes and GPUs by model."""
    current = programme.current()
    nodes: dict[str, int] = {}
    gpus: dict[str, int] = {}
    for code, count in call.offered.items():
        cluster = current.cluster(code)
        nodes[cluster.gpu_model] = nodes.get(cluster.gpu_model, 0) + count
        gpus[cluster.gpu_model] = gpus.get(cluster.gpu_model, 0) + count * cluster.gpus_per_node
    offered = tuple((current.gpu_model(m).name, nodes[m], gpus[m]) for m in nodes)
    return CallCard(call, call.rules.name, offered)


def fees() -> list[Fee]:
    """What each model costs, from the programme file."""
    current = programme.current()
    free = tuple(c.name for c in current.applicant_classes if c.self_pay_percent == 0)
    return [Fee(m.name, amount(m.fee_per_node_month, current.currency), free) for m in current.gpu_models]


def supply(now: datetime) -> Supply:
    """Nodes the programme may award that have been delivered, and how many are held by awards in this month."""
    clusters = [c for c in fleet.clusters() if c.share == "government" and c.delivered_at <= now < c.retired_at]
    month = Month.of(now, programme.zone())
    length = month.period(programme.zone()).seconds
    awarded = sum(fleet.capacity(c.code, [month])[0].awarded for c in clusters)
    return Supply(
        nodes=sum(c.nodes for c in clusters),
        gpus=sum(c.nodes * c.gpus_per_node for c in clusters),
        awarded_nodes=(2 * awarded + length) // (2 * length),
        clusters=len(clusters),
        providers=len({c.provider for c in clusters}),
    )


def month_name(month: Month) -> Text:
    """A month as charts label it."""
    return Text(f"{month.year}. {month.month}.", f"{month.first_day:%b %Y}")


def months_around(now: datetime) -> list[Month]:
    """The months the dashboard shows, inside the time of supply."""
    zone, period = programme.zone(), programme.current().supply_period
    this = Month.of(now, zone)
    found = [this.plus(offset) for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    return [month for month in found if month.period(zone).overlaps(period)]


@dataclass(frozen=True)
class PublicUse:
    """Use of one month over all clusters, in whole GPU-seconds; the three numbers are never mixed."""

    month: Month
    allocated: int
    running: int
    busy: int

    @property
    def allocated_hours(self) -> int:
        """Whole GPU-hours held."""
        return self.allocated // SECONDS_PER_HOUR

    @property
    def running_hours(self) -> int:
        """Whole GPU-hours with a job."""
        return self.running // SECONDS_PER_HOUR

    @property
    def busy_hours(self) -> int:
        """Whole GPU-hours of work."""
        return self.busy // SECONDS_PER_HOUR

    @property
    def name(self) -> Text:
        """The month in words."""
        return Text(f"{self.month.year}년 {self.month.month}월", f"{self.month.first_day:%B %Y}")


@lru_cache(maxsize=32)
def _use(paths: tuple[Path, ...], months: tuple[Month, ...]) -> dict[tuple[str, Month], Use]:
    """Use by cluster and month. Read once per list of files: files of hours never change."""
    if not paths:
        return {}
    zone = programme.zone()
    by_period = {month.period(zone): month for month in months}
    found: dict[tuple[str, Month], Use] = {}
    for (cluster, _, period), use in usage.by_allocation(list(by_period)).items():
        key = (cluster, by_period[period])
        found[key] = found.get(key, Use()).plus(use)
    return found


def use_by_cluster(months: Sequence[Month]) -> dict[tuple[str, Month], Use]:
    """Use by cluster and month, over all allocations."""
    return _use(tuple(usage.files()), tuple(months))


def public_use(now: datetime) -> PublicUse | None:
    """The newest month with any use, over all clusters; None while nothing has been used."""
    months = [month for month in months_around(now) if month.period(programme.zone()).start <= now]
    found = use_by_cluster(months)
    for month in reversed(months):
        uses = [use for (_, when), use in found.items() if when == month]
        if any(use.allocated_gpu_seconds for use in uses):
            return PublicUse(
                month,
                sum(use.allocated_gpu_seconds for use in uses),
                sum(use.running_gpu_seconds for use in uses),
                sum(use.busy_gpu_seconds for use in uses),
            )
    return None


_MEASURES = (Text("가동", "Busy"), Text("실행 중이나 쉼", "Running, not busy"), Text("할당만 됨", "Allocated only"))
_HELD = (
    ("awarded", Text("선정 과제", "Awarded")),
    ("self_use", Text("자체 활용", "Self-use")),
    ("maintenance", Text("점검", "Maintenance")),
    ("free", Text("비어 있음", "Free")),
)


def charts(now: datetime, *, by_cluster: bool) -> list[dict[str, Any]]:
    """Capacity and use by month over all clusters, and for those who oversee the same for each cluster."""
    months = months_around(now)
    clusters = [c for c in fleet.clusters() if c.share == "government"]
    if not months or not clusters:
        return []
    made = [
        _capacity_chart(Text("서버를 누가 쓰고 있습니까?", "Who holds the servers"), [c.code for c in clusters], months)
    ]
    past = [month for month in months if month.period(programme.zone()).start <= now]
    found = use_by_cluster(past)
    if found:
        made.append(_use_chart(Text("할당된 GPU를 얼마나 씁니까?", "How much of the GPUs is used"), found, past, None))
        made.append(_starts_chart(now))
    if by_cluster and len(clusters) > 1:
        for cluster in clusters:
            made.append(_capacity_chart(cluster.name, [cluster.code], months))
            if any(code == cluster.code for code, _ in found):
                name = Text(f"{cluster.name.ko} 사용량", f"Use of {cluster.name.en}")
                made.append(_use_chart(name, found, past, cluster.code))
    if len(made) % 2:
        made[0] = {**made[0], "size": "full"}
    return made


@lru_cache(maxsize=4)
def _first_busy(paths: tuple[Path, ...], since: datetime) -> dict[tuple[str, str], datetime]:
    """When allocations first computed. Read once per list of files: files of hours never change."""
    return usage.first_busy(Period(since, since + timedelta(days=3660))) if paths else {}


_START_DAYS = (0, 1, 2, 3, 5, 7, 14, 28)


def _starts_chart(now: datetime) -> dict[str, Any]:
    """Days from the start of an allocation to the first hour in which a GPU of it computed."""
    found = allocations.started(now)
    busy = _first_busy(tuple(usage.files()), min(view.start_at for view in found)) if found else {}
    days = [
        (busy[view.cluster, view.name] - view.start_at) // timedelta(days=1)
        for view in found
        if (view.cluster, view.name) in busy
    ]
    waiting = len(found) - len(days)
    return {
        "kind": "histogram",
        "title": Text("시작하고 며칠 만에 계산했습니까?", "Days from start to first use"),
        "note": Text(f"아직 시작하지 않은 할당 {waiting}건은 빠져 있습니다.", f"{waiting} allocations have not begun."),
        "unit": Text("건", "allocations"),
        "rows": [(low, high, sum(low <= day < high for day in days)) for low, high in pairwise(_START_DAYS)],
    }


def _capacity_chart(title: Text, codes: Sequence[str], months: Sequence[Month]) -> dict[str, Any]:
    rows = []
    zone = programme.zone()
    held = {code: {c.month: c for c in fleet.capacity(code, months)} for code in codes}
    for month in months:
        length = month.period(zone).seconds
        seconds = [sum(getattr(held[code][month], name) for code in codes) for name, _ in _HELD]
        rows.append((month_name(month), _servers(seconds, length)))
    note = Text("달 평균 서버 수입니다.", "Average number of servers in the month.")
    series = [name for _, name in _HELD]
    unit = Text("대", "servers")
    return {"kind": "columns", "title": title, "note": note, "unit": unit, "series": series, "rows": rows}


def _servers(seconds: Sequence[int], length: int) -> list[Decimal]:
    """Node-seconds as average servers to one decimal; the last takes what rounding left, so that the sum is right."""
    tenths = [(20 * value + length) // (2 * length) for value in (*seconds[:-1], sum(seconds))]
    parts = [*tenths[:-1], tenths[-1] - sum(tenths[:-1])]
    return [Decimal(part) / 10 if part % 10 else Decimal(part // 10) for part in parts]


def _use_chart(
    title: Text, found: dict[tuple[str, Month], Use], months: Sequence[Month], cluster: str | None
) -> dict[str, Any]:
    rows = []
    for month in months:
        uses = [u for (code, when), u in found.items() if when == month and cluster in (None, code)]
        allocated, running, busy = (
            sum(getattr(use, name) for use in uses) // SECONDS_PER_HOUR
            for name in ("allocated_gpu_seconds", "running_gpu_seconds", "busy_gpu_seconds")
        )
        rows.append((month_name(month), [busy, max(0, running - busy), max(0, allocated - running)]))
    note = Text("세 값을 더하면 할당된 시간입니다.", "The three add up to the hours allocated.")
    unit = Text("GPU시간", "GPU-hours")
    return {"kind": "columns", "title": title, "note": note, "unit": unit, "series": list(_MEASURES), "rows": rows}
