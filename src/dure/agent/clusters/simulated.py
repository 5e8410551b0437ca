"""A cluster that is not there: its state on disk, its jobs and telemetry synthetic, its faults on request.

In its directory: `cluster.json`, written only by the agent that drives it; `faults.json`, written only by
`dure agent simulate`; `looked.json`, the instant of the last look. Everything else follows from the first two and the
seed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

from dure.agent import durable
from dure.agent.clusters import simulated_use
from dure.agent.clusters.hostlist import expand
from dure.agent.clusters.options import SimulatedOptions
from dure.agent.clusters.port import ClusterUnreachable, Hold, Observed, Standing, Step, StepRefused
from dure.core.text import Text
from dure.protocol.inventory import InventoryNode
from dure.protocol.report import StorageUse
from dure.protocol.usage import UsageRow
from dure.protocol.wire import Instant, parse_stamp, stamp


class Fault(BaseModel):
    """One node that has failed (`down`) or whose telemetry is silent (`blind`), until healed."""

    node: str
    kind: str = Field(pattern="^(down|blind)$")
    since: Instant
    until: Instant | None = None


class Faults(BaseModel):
    """What is wrong with the cluster."""

    model_config = ConfigDict(extra="forbid")

    offline: bool = False
    slow_seconds: float = Field(default=0, ge=0, le=60)
    nodes: list[Fault] = Field(default_factory=list)


class _Held(BaseModel):
    """An allocation really held these nodes over this period."""

    id: str
    nodes: tuple[str, ...]
    start: Instant
    end: Instant


class _Stop(BaseModel):
    """No job of an allocation ran from `since` on, until its budget was raised."""

    since: Instant
    until: Instant | None = None


class _State(BaseModel):
    """`foreign` names and `taken` nodes are somebody else's, with a few words on whose; `stops` are by allocation."""

    standings: dict[str, Standing] = Field(default_factory=dict)
    held: list[_Held] = Field(default_factory=list)
    foreign: dict[str, str] = Field(default_factory=dict)
    taken: dict[str, str] = Field(default_factory=dict)
    stops: dict[str, list[_Stop]] = Field(default_factory=dict)


class SimulatedCluster:
    """The cluster in `options.directory`; a new directory is an idle cluster."""

    def __init__(self, options: SimulatedOptions) -> None:
        self._options = options
        self._names = expand(options.nodes)
        options.directory.mkdir(parents=True, exist_ok=True)
        self._file = options.directory / "cluster.json"
        self._read: tuple[int, int] | None = None
        self._state = _State()
        self._looked: datetime | None = None
        self._used: dict[str, tuple[int, int]] = {}  # allocation → (GPU-seconds used, up to when)

    def observe(self, now: datetime) -> Observed:
        """What stands; a hold that is over has vanished by itself, as a reservation does."""
        state = self._reach(now)
        standings = {
            name: standing.model_copy(update={"hold": None})
            if standing.hold is not None and standing.hold.end <= now
            else standing
            for name, standing in state.standings.items()
        }
        return Observed(standings=standings, foreign=dict(state.foreign), lends=True)

    def apply(self, step: Step, now: datetime) -> None:
        """Do one step. Raises StepRefused for a hold of unknown or taken nodes."""
        state = self._reach(now)
        if step.after is None:
            standing = state.standings.pop(step.name, None)
            if standing is not None:
                _let_go(state, standing.id, now)
        elif step.field is None:
            state.standings.setdefault(step.name, step.after)
        else:
            standing = state.standings.get(step.name)
            if standing is None:
                raise StepRefused(internal=f"there is no account {step.name}")
            if step.field == "hold":
                self._hold(state, standing, step.after.hold, now)
            value = getattr(step.after, step.field)
            state.standings[step.name] = standing.model_copy(update={step.field: value})
        self._save(state)

    def inventory(self, now: datetime) -> tuple[InventoryNode, ...]:
        """All nodes; a failed one is down."""
        self._reach(now)
        down = {f.node for f in self.faults().nodes if f.kind == "down" and _in_force(f, now)}
        return tuple(
            InventoryNode(
                name=name,
                leaf=f"leaf{index // self._options.nodes_per_leaf + 1:02d}",
                gpus=self._options.gpus_per_node,
                gpu_model=self._options.gpu_model,
                state="down" if name in down else "ready",
                reason="simulated failure" if name in down else "",
            )
            for index, name in enumerate(self._names)
        )

    def usage(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, tuple[UsageRow, ...]]]:
        """Synthetic use per hour; the same hours give the same rows, however often and in whatever pieces asked."""
        state, faults = self._reach(None), self.faults().nodes
        start, end = int(since.timestamp()), int(until.timestamp())
        rows: dict[int, list[UsageRow]] = {hour: [] for hour in range(start, end, simulated_use.HOUR)}
        by_allocation: dict[str, list[_Held]] = {}
        for held in state.held:
            by_allocation.setdefault(held.id, []).append(held)
        for allocation in sorted(by_allocation):
            stretches = list(_stretches(by_allocation[allocation], faults))
            if stretches[-1].end > start and stretches[0].start < end:
                stops = state.stops.get(allocation, [])
                for hour, row in self._rows(allocation, stretches, stops, start, end):
                    rows[hour].append(row)
        return [(datetime.fromtimestamp(hour, UTC), tuple(found)) for hour, found in rows.items()]

    def spent(self, now: datetime) -> Mapping[str, int]:
        """Of whole hours that are over. Where a budget is spent no job runs until it is raised."""
        state, found = self._load(), dict[str, int]()
        for name, standing in state.standings.items():
            budget = standing.limits.gpu_hours
            if budget is None:
                continue
            found[name] = self._gpu_seconds(state, standing.id, now)
            stops = state.stops.setdefault(standing.id, [])
            is_stopped = bool(stops) and stops[-1].until is None
            if is_stopped != (found[name] >= budget * simulated_use.HOUR):
                if is_stopped:
                    stops[-1].until = now
                else:
                    stops.append(_Stop(since=now))
                self._save(state)
        return found

    def _gpu_seconds(self, state: _State, allocation: str, now: datetime) -> int:
        """GPU-seconds its jobs have held since its beginning, up to the last full hour."""
        held = [piece for piece in state.held if piece.id == allocation]
        if not held:
            return 0
        stretches = list(_stretches(held, self.faults().nodes))
        begin = int(stretches[0].start) // simulated_use.HOUR * simulated_use.HOUR
        used, since = self._used.get(allocation, (0, begin))
        until = int(now.timestamp()) // simulated_use.HOUR * simulated_use.HOUR
        if until > since:
            rows = self._rows(allocation, stretches, state.stops.get(allocation, []), since, until)
            used += sum(row.running_gpu_seconds for _, row in rows)
            self._used[allocation] = used, until
        return used

    def storage(self, now: datetime) -> Mapping[str, StorageUse]:
        """Invented storage that fills week by week."""
        return {
            name: simulated_use.storage_of(self._options.seed, name, standing.hold, now)
            for name, standing in self._load().standings.items()
            if standing.hold is not None and standing.hold.start <= now
        }

    def faults(self) -> Faults:
        """What is wrong now."""
        stored = durable.read_json(self._options.directory / "faults.json")
        return Faults() if stored is None else Faults.model_validate(stored)

    def set_faults(self, faults: Faults) -> None:
        """Say what is wrong from now on."""
        durable.write(self._options.directory / "faults.json", faults.model_dump_json(indent=1).encode())

    def latest(self) -> datetime | None:
        """The instant at which the agent last looked."""
        stored = durable.read_json(self._options.directory / "looked.json")
        return None if stored is None else parse_stamp(stored)

    def node_names(self) -> tuple[str, ...]:
        """All nodes by name."""
        return tuple(self._names)

    def _hold(self, state: _State, standing: Standing, hold: Hold | None, now: datetime) -> None:
        if hold is not None:
            self._may_hold(state, standing, hold, now)
        _let_go(state, standing.id, now)
        if hold is None or hold.end <= now:
            return
        start = max(hold.start, now)
        last = next((held for held in reversed(state.held) if held.id == standing.id), None)
        if last is not None and last.end == start and last.nodes == hold.nodes:
            last.end = hold.end
        else:
            state.held.append(_Held(id=standing.id, nodes=hold.nodes, start=start, end=hold.end))

    def _may_hold(self, state: _State, standing: Standing, hold: Hold, now: datetime) -> None:
        unknown = sorted(set(hold.nodes) - set(self._names))
        if unknown:
            raise StepRefused(
                Text(f"클러스터에 없는 서버입니다: {unknown[0]}", f"The cluster has no node {unknown[0]}."),
                f"unknown nodes {unknown}",
            )
        for other in state.standings.values():
            if other.id == standing.id or other.hold is None:
                continue
            if max(hold.start, other.hold.start, now) >= min(hold.end, other.hold.end):
                continue
            shared = sorted(set(hold.nodes) & set(other.hold.nodes))
            if shared:
                raise StepRefused(
                    Text(
                        f"{shared[0]} 서버는 같은 기간에 {other.name}이(가) 쓰고 있습니다.",
                        f"Node {shared[0]} is held by {other.name} in that period.",
                    ),
                    f"{standing.name} overlaps {other.name} on {shared}",
                )
        for node in hold.nodes:
            if node in state.taken:
                what = state.taken[node]
                raise StepRefused(Text(f"{node} 서버가 이미 쓰이고 있습니다: {what}", f"Node {node} is taken: {what}"))

    def _rows(
        self, allocation: str, stretches: list[simulated_use.Stretch], stops: list[_Stop], start: int, end: int
    ) -> Iterable[tuple[int, UsageRow]]:
        spans = simulated_use.spans_between(self._options.seed, allocation, stretches[0].start, start, end)
        for stop in stops:
            over = end if stop.until is None else int(stop.until.timestamp())
            spans = simulated_use.without_jobs(spans, int(stop.since.timestamp()), over)
        hours = simulated_use.hours_of(
            spans, stretches, self._options.gpus_per_node, self._options.gpu_model, start, end
        )
        columns = [getattr(hours, column).tolist() for column in simulated_use.COLUMNS]
        for index, values in enumerate(zip(*columns, strict=True)):
            if values[0]:
                named = dict(zip(simulated_use.COLUMNS, values, strict=True))
                yield start + index * simulated_use.HOUR, UsageRow(allocation=allocation, **named)

    def _reach(self, now: datetime | None) -> _State:
        faults = self.faults()
        if faults.offline:
            raise ClusterUnreachable(internal=f"{self._options.directory} is set offline")
        if faults.slow_seconds:
            time.sleep(faults.slow_seconds)
        if now is not None and now != self._looked:
            durable.write_json(self._options.directory / "looked.json", stamp(now), sync=False)
            self._looked = now
        return self._load()

    def _load(self) -> _State:
        """The state on disk, read again only when somebody has written it."""
        try:
            seen = self._file.stat()
        except FileNotFoundError:
            return self._state
        mark = (seen.st_mtime_ns, seen.st_ino)
        if mark != self._read:
            self._state = _State.model_validate(durable.read_json(self._file))
            self._read = mark
        return self._state

    def _save(self, state: _State) -> None:
        # No fsync: this cluster need survive a killed process, not a power cut.
        durable.write(self._file, state.model_dump_json().encode(), sync=False)
        seen = self._file.stat()
        self._state, self._read = state, (seen.st_mtime_ns, seen.st_ino)


def _let_go(state: _State, allocation: str, now: datetime) -> None:
    """From `now` on the allocation holds nothing."""
    kept = []
    for held in state.held:
        if held.id == allocation and held.end > now:
            if held.start >= now:
                continue
            held.end = now
        kept.append(held)
    state.held = kept


def _in_force(fault: Fault, now: datetime) -> bool:
    return fault.since <= now and (fault.until is None or now < fault.until)


def _stretches(held: list[_Held], faults: list[Fault]) -> Iterable[simulated_use.Stretch]:
    """What was held, cut wherever a node of it failed or healed, oldest first."""
    for piece in sorted(held, key=lambda piece: piece.start):
        start, end = int(piece.start.timestamp()), int(piece.end.timestamp())
        mine = [
            (f.node, f.kind, int(f.since.timestamp()), int(f.until.timestamp()) if f.until else end)
            for f in faults
            if f.node in piece.nodes
        ]
        cuts = {start, end}.union(*((max(start, min(a, end)), max(start, min(b, end))) for _, _, a, b in mine))
        edges = sorted(cuts)
        for a, b in pairwise(edges):
            down = {node for node, kind, since, until in mine if kind == "down" and since <= a < until}
            blind = {node for node, kind, since, until in mine if kind == "blind" and since <= a < until} - down
            yield simulated_use.Stretch(a, b, len(piece.nodes), len(down), len(blind))
