"""What was used on a Kubernetes cluster, kept on disk: the API server forgets a pod with its job.

Every cycle looks at the pods that hold GPUs and writes down when each began and ended. A pod that vanished between two
looks counts up to the last look: never more than is known.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from dure.agent import durable
from dure.agent.clusters.kubernetes_objects import GPU, Object, amount
from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import Hold
from dure.agent.telemetry import Prometheus, TelemetryUnreachable
from dure.metering.rollup import Held, RolledHour, Signals, roll_up
from dure.protocol.usage import UsageRow
from dure.protocol.wire import WINDOW_SECONDS, Instant

log = logging.getLogger("dure.agent")

Hours = Sequence[tuple[datetime, tuple[UsageRow, ...]]]
KEPT = timedelta(days=45)  # longer than `recheck_hours` may be


class _Held(BaseModel):
    """An allocation held these nodes over this period."""

    id: str
    name: str
    nodes: tuple[str, ...]
    start: Instant
    end: Instant


class _Ran(BaseModel):
    """A pod held GPUs from `start` to `end`, or still does. `job` is what made it."""

    id: str
    job: str
    gpus: int
    start: Instant
    end: Instant | None = None


class _Book(BaseModel):
    """`folded`: GPU-seconds of pods long over, by allocation; `looked_at`: the last look at the pods."""

    held: list[_Held] = Field(default_factory=list)
    pods: dict[str, _Ran] = Field(default_factory=dict)
    folded: dict[str, int] = Field(default_factory=dict)
    looked_at: Instant | None = None


class UseBook:
    """The use of one cluster, in one file of `directory`."""

    def __init__(self, options: KubernetesOptions) -> None:
        self._options = options
        self._path: Path = options.state_directory / "use.json"
        options.state_directory.mkdir(parents=True, exist_ok=True)
        stored = durable.read_json(self._path)
        self._book = _Book() if stored is None else _Book.model_validate(stored)
        self._telemetry = None if options.telemetry is None else Prometheus(options.telemetry)

    def note_hold(self, identity: str, name: str, hold: Hold | None, now: datetime) -> None:
        """From `now` on the allocation holds these nodes, or none; noted before the cluster is told."""
        last = next((one for one in reversed(self._book.held) if one.id == identity), None)
        if hold is not None and last is not None and (last.nodes, last.end) == (hold.nodes, hold.end):
            return
        kept = []
        for one in self._book.held:
            if one.id == identity and one.end > now:
                if one.start >= now:
                    continue
                one.end = now
            kept.append(one)
        if hold is not None and hold.end > now:
            start = hold.start if last is None else max(hold.start, now)
            kept.append(_Held(id=identity, name=name, nodes=hold.nodes, start=start, end=hold.end))
        self._book.held = kept
        self._save()

    def look(self, pods: Iterable[Object], ids: Mapping[str, str], now: datetime) -> None:
        """Take in the pods there are now; `ids` says whose each namespace is."""
        book, seen = self._book, set[str]()
        before = book.model_dump_json(exclude={"looked_at"})
        for pod in pods:
            namespace, uid = pod["metadata"].get("namespace", ""), pod["metadata"]["uid"]
            began, gpus = _instant((pod.get("status") or {}).get("startTime")), gpus_of(pod)
            if namespace in ids and gpus and began is not None:
                seen.add(uid)
                end = _ended(pod, book.pods.get(uid), now)
                book.pods[uid] = _Ran(id=ids[namespace], job=_job(pod), gpus=gpus, start=began, end=end)
        for uid, ran in book.pods.items():
            if uid not in seen and ran.end is None:
                ran.end = max(ran.start, book.looked_at or now)
        for uid in [uid for uid, ran in book.pods.items() if ran.end is not None and ran.end < now - KEPT]:
            old = book.pods.pop(uid)
            book.folded[old.id] = book.folded.get(old.id, 0) + _overlap(old, old.start, now) * old.gpus
        book.looked_at = now
        self._save(sync=before != book.model_dump_json(exclude={"looked_at"}))

    def gpu_seconds(self, identity: str, now: datetime) -> int:
        """GPU-seconds that pods of an allocation have held so far."""
        ran = sum(_overlap(one, one.start, now) * one.gpus for one in self._book.pods.values() if one.id == identity)
        return ran + self._book.folded.get(identity, 0)

    def rows(self, since: datetime, until: datetime) -> Hours:
        """Rows of every allocation, those that have ended included, for each whole hour."""
        found = []
        hour = timedelta(seconds=WINDOW_SECONDS)
        while since < until:
            found.append((since, tuple(self._rows_of(since, since + hour))))
            since += hour
        return found

    def _rows_of(self, start: datetime, end: datetime) -> Iterable[UsageRow]:
        held = [one for one in self._book.held if one.start < end and one.end > start]
        ran = [one for one in self._book.pods.values() if _overlap(one, start, end)]
        seen = self._seen(held, start)
        for identity in sorted({one.id for one in held} | {one.id for one in ran}):
            nodes = sum(_overlap(one, start, end) * len(one.nodes) for one in held if one.id == identity)
            mine = [one for one in ran if one.id == identity]
            running = sum(_overlap(one, start, end) * one.gpus for one in mine)
            jobs = len({one.job for one in mine})
            yield _row(identity, nodes, self._options.gpus_per_node, running, jobs, seen.get(identity))

    def _seen(self, held: Sequence[_Held], start: datetime) -> dict[str, RolledHour]:
        """What telemetry said of one hour. Where quota is lent a node's GPUs are not one holder's: nothing is said."""
        options = self._options
        gpus = sorted({(node, gpu) for one in held for node in one.nodes for gpu in range(options.gpus_per_node)})
        if self._telemetry is None or options.telemetry is None or options.borrow_nodes or not gpus:
            return {}
        try:
            samples = self._telemetry.samples(gpus, start, start + timedelta(seconds=WINDOW_SECONDS))
        except TelemetryUnreachable as error:
            log.warning("telemetry of %s: %s", start, error.internal)
            return {}
        row, ids = {gpu: index for index, gpu in enumerate(gpus)}, sorted({one.id for one in held})
        spans = [
            (ids.index(one.id), row[node, gpu], int(one.start.timestamp()), int(one.end.timestamp()))
            for one in held
            for node in one.nodes
            for gpu in range(options.gpus_per_node)
        ]
        told = options.telemetry
        signals = Signals(busy_percent=told.busy_percent, busy_watts=told.busy_watts, idle_watts=told.idle_watts)
        rolled = roll_up(samples, Held(*np.array(spans, dtype=np.int64).reshape(-1, 4).T), signals)
        return {ids[number]: rolled.at(index, 0) for index, number in enumerate(rolled.allocations.tolist())}

    def _save(self, sync: bool = True) -> None:
        durable.write(self._path, self._book.model_dump_json().encode(), sync=sync)


def gpus_of(pod: Object) -> int:
    """How many GPUs a pod holds: its containers' together, or one of its first containers' if that is more."""
    spec = pod.get("spec") or {}
    together = sum(_asked(one) for one in spec.get("containers") or [])
    return max([together, *(_asked(one) for one in spec.get("initContainers") or [])])


def _asked(container: Mapping[str, Any]) -> int:
    resources = container.get("resources") or {}
    # For extended resources a limit is a request: https://kubernetes.io/docs, "Schedule GPUs".
    found = (resources.get("requests") or {}).get(GPU) or (resources.get("limits") or {}).get(GPU) or 0
    return max(0, amount(found))


def _job(pod: Object) -> str:
    owners = pod["metadata"].get("ownerReferences") or []
    return next((str(one["uid"]) for one in owners if one.get("controller")), str(pod["metadata"]["uid"]))


def _ended(pod: Object, known: _Ran | None, now: datetime) -> datetime | None:
    """When a pod gave its GPUs back; None while it holds them. One that does not say counts up to the first look."""
    status = pod.get("status") or {}
    if status.get("phase") not in ("Succeeded", "Failed"):
        return None
    statuses = [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]
    ends = [_instant(((one.get("state") or {}).get("terminated") or {}).get("finishedAt")) for one in statuses]
    said = [end for end in ends if end is not None]
    if said:
        return max(said)
    return known.end if known is not None and known.end is not None else now


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def _overlap(one: _Held | _Ran, start: datetime, end: datetime) -> int:
    """Seconds of `one` between `start` and `end`; what has not ended goes on."""
    last = end if one.end is None else min(one.end, end)
    return max(0, int((last - max(one.start, start)).total_seconds()))


def _row(identity: str, nodes: int, gpus: int, running: int, jobs: int, seen: RolledHour | None) -> UsageRow:
    """What telemetry does not cover is missing; idle runs are known only where it covers everything held."""
    allocated, seen = nodes * gpus, seen or RolledHour(0, 0, 0, 0, 0, 0, 0)
    is_whole = seen.allocated == allocated
    return UsageRow(
        allocation=identity,
        allocated_node_seconds=nodes,
        allocated_gpu_seconds=allocated,
        running_gpu_seconds=running,
        busy_gpu_seconds=min(seen.busy, allocated),
        missing_gpu_seconds=max(0, allocated - seen.busy - (seen.allocated - seen.busy - seen.missing)),
        energy_joules=seen.energy,
        jobs=jobs,
        idle_lead_seconds=seen.idle_lead if is_whole else 0,
        idle_longest_seconds=seen.idle_longest if is_whole else 0,
        idle_tail_seconds=seen.idle_tail if is_whole else 0,
    )
