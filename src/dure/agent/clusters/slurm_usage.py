"""What was used on a Slurm cluster: allocated, running and busy, each from its own source.

Allocated: Slurm's history of reservations. Running: its job records. Busy and idle: GPU telemetry, where the site has
any; what telemetry does not say is missing, never idle.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dure.agent.clusters import slurm_text
from dure.agent.clusters.holds import HoldLog
from dure.agent.clusters.node_names import NodeNames
from dure.agent.clusters.options import SlurmOptions
from dure.agent.clusters.port import UsageUntracked
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_lending import Ran, ran, without_borrowers
from dure.agent.clusters.slurm_text import slurm_time
from dure.agent.telemetry import Prometheus, TelemetryUnreachable
from dure.metering import sacct
from dure.metering.rollup import Held, RolledHour, Samples, Signals, roll_up
from dure.metering.sacct import GpuTresNotTracked, held_between
from dure.protocol.inventory import InventoryNode
from dure.protocol.slurm import LENT_ACCOUNT
from dure.protocol.usage import UsageRow
from dure.protocol.wire import WINDOW_SECONDS

log = logging.getLogger("dure.agent")

Integers = NDArray[np.int64]
Nodes = Sequence[tuple[InventoryNode, int]]
Hours = Sequence[tuple[datetime, tuple[UsageRow, ...]]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A reservation held `count` nodes from `start` to `end` (epoch seconds); `nodes` where their names are known."""

    name: str
    start: int
    end: int
    count: int
    nodes: tuple[str, ...]


class SlurmUsage:
    """Rows per hour of the accounts that are ours."""

    def __init__(self, slurm: Commands, options: SlurmOptions, log_of_holds: HoldLog, names: NodeNames) -> None:
        self._slurm = slurm
        self._names = names
        self._options = options
        self._log = log_of_holds
        self._telemetry = None if options.telemetry is None else Prometheus(options.telemetry)

    def rows(self, ids: Mapping[str, str], nodes: Nodes, since: datetime, until: datetime) -> Hours:
        """Rows of the accounts in `ids` (name → allocation) for each whole hour. Raises UsageUntracked."""
        self._check_tracked()
        edges = np.arange(int(since.timestamp()), int(until.timestamp()) + 1, WINDOW_SECONDS, dtype=np.int64)
        stretches = self._stretches(ids, nodes, since, until)
        text = self._records(ids, since, until)
        running, jobs = _running(text, until, edges)
        lent = ran(text, int(until.timestamp()), self._names) if self._options.lends else []
        gpus = {node.name: node.gpus for node, _ in nodes}
        width = max(gpus.values(), default=0)
        none = np.zeros(len(edges) - 1, dtype=np.int64)
        held = {name: _held_by(name, stretches, edges) for name in ids}
        found = []
        for hour, start in enumerate(edges[:-1].tolist()):
            begin = datetime.fromtimestamp(start, UTC)
            seen = self._seen(stretches, gpus, begin, lent)
            rows = [
                _row(
                    ids[name],
                    int(held[name][hour]),
                    width,
                    _at(running, name, hour),
                    _at(jobs, name, hour),
                    seen.get(name),
                )
                for name in sorted(ids)
                if held[name][hour] or running.get(name, none)[hour]
            ]
            found.append((begin, tuple(rows)))
        return found

    def _check_tracked(self) -> None:
        text = self._slurm.ask("scontrol", "show", "config")
        line = next((line for line in text.splitlines() if line.startswith("AccountingStorageTRES")), "=")
        try:
            sacct.check_tracked(line.partition("=")[2].strip())
        except GpuTresNotTracked as error:
            raise UsageUntracked(internal=error.internal) from error

    def _stretches(self, ids: Mapping[str, str], nodes: Nodes, since: datetime, until: datetime) -> list[Stretch]:
        cpus = {count for _, count in nodes}
        words = ("list", "reservation", f"cluster={self._options.cluster_name}", "format=Name,Start,End,TRES")
        between = (f"start={slurm_time(since)}", f"end={slurm_time(until)}")
        history = self._slurm.read(
            lambda text: list(slurm_text.history(text)), "sacctmgr", "-n", "-P", *words, *between
        )
        entries = self._log.entries()
        found = []
        for name, start, end, held in history:
            if name not in ids:
                continue
            if len(cpus) != 1 or held % max(cpus):
                raise UsageUntracked(internal=f"reservation {name}: {held} CPUs are no whole nodes of {cpus}")
            count = held // max(cpus)
            named = self._log.nodes(entries, name, count, start)
            found.append(Stretch(name, int(start.timestamp()), int(end.timestamp()), count, named))
        return found

    def _records(self, ids: Mapping[str, str], since: datetime, until: datetime) -> str:
        """What sacct says of the jobs of these accounts, and of those on lent GPUs."""
        if not ids:
            return ""
        accounts = sorted({*ids, LENT_ACCOUNT} if self._options.lends else ids)
        words = ("-a", "-X", "-D", "-n", "-P", "-A", ",".join(accounts), "-o", ",".join(sacct.COLUMNS))
        return self._slurm.ask("sacct", *words, "-S", slurm_time(since), "-E", slurm_time(until))

    def _seen(
        self, stretches: Sequence[Stretch], gpus: Mapping[str, int], begin: datetime, jobs: Sequence[Ran]
    ) -> dict[str, RolledHour]:
        """What telemetry said of one hour, by account; nothing where there is none or it does not answer."""
        options = self._options.telemetry
        start, end = int(begin.timestamp()), int(begin.timestamp()) + WINDOW_SECONDS
        mine = [s for s in stretches if s.start < end and s.end > start and set(s.nodes) <= set(gpus)]
        wanted = sorted({(node, gpu) for s in mine for node in s.nodes for gpu in range(gpus[node])})
        if self._telemetry is None or options is None or not wanted:
            return {}
        try:
            asked = [(self._names.at_site(node), gpu) for node, gpu in wanted]
            samples = self._telemetry.samples(asked, begin, begin + timedelta(seconds=WINDOW_SECONDS))
        except TelemetryUnreachable as error:
            log.warning("telemetry of %s: %s", begin, error.internal)
            return {}
        signals = Signals(
            busy_percent=options.busy_percent, busy_watts=options.busy_watts, idle_watts=options.idle_watts
        )
        return _rolled(mine, wanted, gpus, without_borrowers(samples, wanted, jobs), signals)


def _running(text: str, until: datetime, edges: Integers) -> tuple[dict[str, Integers], dict[str, Integers]]:
    """GPU-seconds jobs of each account held per hour, and how many jobs held any."""
    try:
        jobs = sacct.parse(text.encode(), int(until.timestamp()))
    except GpuTresNotTracked as error:
        raise UsageUntracked(internal=error.internal) from error
    counts = {}
    for index, name in enumerate(jobs.accounts):
        mine = (jobs.account == index) & (jobs.gpus > 0)
        start, end = np.sort(jobs.start[mine]), np.sort(jobs.end[mine])
        counts[name] = np.searchsorted(start, edges[1:]) - np.searchsorted(end, edges[:-1], side="right")
    return sacct.hourly_gpu_seconds(jobs, edges), counts


def _rolled(
    stretches: Sequence[Stretch],
    gpus: Sequence[tuple[str, int]],
    per_node: Mapping[str, int],
    samples: Samples,
    signals: Signals,
) -> dict[str, RolledHour]:
    row = {gpu: index for index, gpu in enumerate(gpus)}
    names = sorted({s.name for s in stretches})
    held = [
        (names.index(s.name), row[node, gpu], s.start, s.end)
        for s in stretches
        for node in s.nodes
        for gpu in range(per_node[node])
    ]
    columns = np.array(held, dtype=np.int64).reshape(-1, 4).T
    rolled = roll_up(samples, Held(*columns), signals)
    return {names[name]: rolled.at(index, 0) for index, name in enumerate(rolled.allocations.tolist())}


def _held_by(name: str, stretches: Sequence[Stretch], edges: Integers) -> Integers:
    """Node-seconds of one account per hour."""
    mine = np.array([(s.start, s.end, s.count) for s in stretches if s.name == name], dtype=np.int64).reshape(-1, 3).T
    return held_between(mine[0], mine[1], mine[2], edges)


def _at(columns: Mapping[str, Integers], name: str, hour: int) -> int:
    column = columns.get(name)
    return 0 if column is None else int(column[hour])


def _row(allocation: str, node_seconds: int, gpus: int, running: int, jobs: int, seen: RolledHour | None) -> UsageRow:
    """What telemetry does not cover is missing; idle runs are known only where it covers everything held."""
    allocated = node_seconds * gpus
    seen = seen or RolledHour(0, 0, 0, 0, 0, 0, 0)
    runs = (seen.idle_lead, seen.idle_longest, seen.idle_tail) if seen.allocated == allocated else (0, 0, 0)
    idle = seen.allocated - seen.busy - seen.missing
    return UsageRow(
        allocation=allocation,
        allocated_node_seconds=node_seconds,
        allocated_gpu_seconds=allocated,
        running_gpu_seconds=running,
        busy_gpu_seconds=min(seen.busy, allocated),
        missing_gpu_seconds=max(0, allocated - seen.busy - idle),
        energy_joules=seen.energy,
        jobs=jobs,
        idle_lead_seconds=runs[0],
        idle_longest_seconds=runs[1],
        idle_tail_seconds=runs[2],
    )
