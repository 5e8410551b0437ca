"""Synthetic jobs: what the holder of an allocation would have run, day by day, and what telemetry would have said.

Everything follows from (seed, allocation, day), so an agent killed and started again sees the same past to the
second. Nothing here was measured; the profiles are invented to be plausible, and pages call them synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dure.agent.clusters.port import Hold
from dure.protocol.report import StorageUse

DAY, HOUR, MINUTE = 86_400, 3_600, 60
WHOLE = 1024  # shares of an allocation's GPUs are in 1024ths

Profile = Literal["training", "inference", "debug", "late", "heavy", "idle"]
# How common each profile is, in percent. An assumption of the simulation.
_MIX: tuple[tuple[Profile, int], ...] = (
    ("training", 42),
    ("inference", 16),
    ("late", 14),
    ("debug", 12),
    ("heavy", 10),
    ("idle", 6),
)
# Watts per GPU when idle and when computing. Assumptions of the simulation.
_WATTS = {"H200": (110, 560), "B200": (150, 820)}
_OTHER_WATTS = (100, 500)


@dataclass(frozen=True, slots=True)
class Span:
    """`share`/1024 of the allocation's GPUs, from `start` to `end` (seconds): held by a job, computing, or unseen."""

    start: int
    end: int
    share: int
    kind: Literal["job", "busy", "blind"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` (epoch seconds) `nodes` nodes were held; `down` of them had failed, `blind` were unseen."""

    start: int
    end: int
    nodes: int
    down: int = 0
    blind: int = 0


def profile_of(seed: int, allocation: str) -> Profile:
    """How the holder of `allocation` works."""
    draw = _stream(seed, allocation, "profile").random() * 100
    for profile, percent in _MIX:
        draw -= percent
        if draw < 0:
            return profile
    return _MIX[0][0]


@lru_cache(maxsize=8192)
def day_spans(seed: int, allocation: str, day: int) -> tuple[Span, ...]:
    """What ran on the `day`-th day of `allocation`, in seconds from that day's start. Jobs never exceed the whole."""
    profile, settled = profile_of(seed, allocation), _stream(seed, allocation, "start")
    first_day = 3 + int(settled.random() * 11) if profile == "late" else 0
    ramp = first_day + 2 + int(settled.random() * 7)
    draw = _stream(seed, allocation, f"day {day}")
    if profile == "idle":
        spans = _debugging(draw, 2) if day == 0 else _parked(seed, allocation)
    elif day < first_day:
        spans = iter(())
    elif profile == "heavy":
        spans = _training(draw, gap=90, every=4 * HOUR, steady=0.97)
    elif day < ramp or profile == "debug":
        spans = _debugging(draw, 3 + int(draw.random() * 9))
    elif profile == "inference":
        spans = _serving(draw)
    else:
        spans = _training(draw, gap=10 * MINUTE, every=2 * HOUR, steady=0.72)
    return (*spans, *_unseen(draw))


def spans_between(seed: int, allocation: str, anchor: int, since: int, until: int) -> list[Span]:
    """All spans touching [since, until), in epoch seconds; day 0 begins at `anchor`."""
    found = []
    for day in range(max(0, (since - anchor) // DAY), max(0, (until - anchor - 1) // DAY + 1)):
        at = anchor + day * DAY
        for span in day_spans(seed, allocation, day):
            start, end = max(at + span.start, since), min(at + span.end, until)
            if start < end:
                found.append(Span(start, end, span.share, span.kind))
    return found


def without_jobs(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """`spans` as they are when no job runs from `start` to `end`."""
    found = []
    for span in spans:
        if span.kind == "blind":
            found.append(span)
            continue
        if span.start < min(span.end, start):
            found.append(replace(span, end=min(span.end, start)))
        if max(span.start, end) < span.end:
            found.append(replace(span, start=max(span.start, end)))
    return found


def storage_of(seed: int, name: str, hold: Hold, now: datetime) -> StorageUse:
    """Storage of 20 TiB a node that begins partly full and fills by a few percent a week."""
    draw = _stream(seed, name, "storage")
    start, pace = 5 + draw.randrange(30), 1 + draw.randrange(6)
    percent = min(97, start + pace * ((now - hold.start).days // 7))
    quota = 20 * 2**40 * len(hold.nodes)
    return StorageUse(path=f"/scratch/{name}", used_bytes=quota * percent // 100, quota_bytes=quota)


def _stream(seed: int, allocation: str, what: str) -> random.Random:
    return random.Random(f"{seed}/{allocation}/{what}")  # noqa: S311 - synthetic use, not a secret


def _debugging(draw: random.Random, jobs: int) -> Iterator[Span]:
    at = 8 * HOUR + int(draw.random() * 2 * HOUR)
    for _ in range(jobs):
        length = 3 * MINUTE + int(draw.random() * 50 * MINUTE)
        if at + length > DAY:
            return
        share = 64 << int(draw.random() * 4)
        yield Span(at, at + length, share, "job")
        if draw.random() < 0.8:
            yield Span(at + min(length // 4, 90), at + length, share, "busy")
        at += length + 5 * MINUTE + int(draw.random() * 70 * MINUTE)


def _training(draw: random.Random, gap: int, every: int, steady: float) -> Iterator[Span]:
    if draw.random() < steady:
        yield from _run(draw, 0, DAY, gap, every)
        return
    fails = int(draw.random() * DAY * 0.8)
    again = fails + 30 * MINUTE + int(draw.random() * 8 * HOUR)
    if fails > MINUTE:
        yield from _run(draw, 0, fails, gap, every)
    if again < DAY:
        yield from _run(draw, again, DAY, gap, every)


def _run(draw: random.Random, start: int, end: int, gap: int, every: int) -> Iterator[Span]:
    """One job of all GPUs that computes in stretches, with evaluation and checkpoints between."""
    yield Span(start, end, WHOLE, "job")
    at = start if start == 0 else min(end, start + 5 * MINUTE + int(draw.random() * 15 * MINUTE))
    while at < end:
        stop = min(end, at + every - HOUR // 2 + int(draw.random() * HOUR))
        yield Span(at, stop, WHOLE, "busy")
        at = stop + gap // 2 + int(draw.random() * gap)


def _serving(draw: random.Random) -> Iterator[Span]:
    """A server that is always up and computes when asked: more by day than by night."""
    yield Span(0, DAY, WHOLE, "job")
    for slot in range(DAY // (10 * MINUTE)):
        by_day = 8 <= slot // 6 <= 22
        if draw.random() < (0.75 if by_day else 0.25):
            start = slot * 10 * MINUTE + int(draw.random() * 3 * MINUTE)
            yield Span(start, start + MINUTE + int(draw.random() * 6 * MINUTE), 128 + int(draw.random() * 800), "busy")


def _parked(seed: int, allocation: str) -> Iterator[Span]:
    """Half of the idle ones keep a notebook open on every GPU, half have gone."""
    if _stream(seed, allocation, "parked").random() < 0.5:
        yield Span(0, DAY, WHOLE, "job")


def _unseen(draw: random.Random) -> Iterator[Span]:
    """Now and then the exporter of one node is silent for a while."""
    if draw.random() < 0.02:
        start = int(draw.random() * 22 * HOUR)
        yield Span(start, start + 10 * MINUTE + int(draw.random() * HOUR), 1, "blind")


@dataclass(frozen=True, slots=True)
class Hours:
    """Use per hour, whole seconds; every array has one entry per hour."""

    allocated_node_seconds: NDArray[np.int64]
    allocated_gpu_seconds: NDArray[np.int64]
    running_gpu_seconds: NDArray[np.int64]
    busy_gpu_seconds: NDArray[np.int64]
    missing_gpu_seconds: NDArray[np.int64]
    energy_joules: NDArray[np.int64]
    jobs: NDArray[np.int64]
    idle_lead_seconds: NDArray[np.int64]
    idle_longest_seconds: NDArray[np.int64]
    idle_tail_seconds: NDArray[np.int64]


COLUMNS = tuple(field.name for field in fields(Hours))


def hours_of(
    spans: Sequence[Span], stretches: Sequence[Stretch], gpus: int, model: str, since: int, until: int
) -> Hours:
    """Use in each hour of [since, until): what ran, cut to what was held and had not failed.

    `since` and `until` are full hours in epoch seconds; stretches do not overlap.
    """
    cuts = [*range(since, until + 1, HOUR)]
    for start, end in [(s.start, s.end) for s in spans] + [(s.start, s.end) for s in stretches]:
        cuts += (min(max(start, since), until), min(max(end, since), until))
    edges = np.unique(np.array(cuts, dtype=np.int64))
    length, hour = np.diff(edges), (edges[:-1] - since) // HOUR
    count = (until - since) // HOUR

    nodes = _level(edges, [(s.start, s.end, s.nodes) for s in stretches])
    down = _level(edges, [(s.start, s.end, s.down) for s in stretches])
    unseen = _level(edges, [(s.start, s.end, s.blind) for s in stretches])
    unseen += _level(edges, [(s.start, s.end, 1) for s in spans if s.kind == "blind"])
    seen = np.maximum(nodes - down - unseen, 0) * gpus
    held = _level(edges, [(s.start, s.end, s.share) for s in spans if s.kind == "job"])
    computing = _level(edges, [(s.start, s.end, s.share) for s in spans if s.kind == "busy"])
    running = np.minimum(held, WHOLE) * (nodes - down) * gpus // WHOLE
    busy = np.minimum(computing, WHOLE) * seen // WHOLE
    missing = nodes * gpus - seen

    def per_hour(rate: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(hour, weights=rate * length, minlength=count).astype(np.int64)  # exact below 2**53

    idle_watts, busy_watts = _WATTS.get(model, _OTHER_WATTS)
    lead, longest, tail = _idle_runs((nodes > 0) & (busy == 0) & (missing == 0), nodes > 0, length, hour, count)
    return Hours(
        allocated_node_seconds=per_hour(nodes),
        allocated_gpu_seconds=per_hour(nodes * gpus),
        running_gpu_seconds=per_hour(running),
        busy_gpu_seconds=per_hour(busy),
        missing_gpu_seconds=per_hour(missing),
        energy_joules=per_hour(busy * busy_watts + (seen - busy) * idle_watts),
        jobs=_jobs(spans, edges, running, hour, count),
        idle_lead_seconds=lead,
        idle_longest_seconds=longest,
        idle_tail_seconds=tail,
    )


def _level(edges: NDArray[np.int64], pieces: Sequence[tuple[int, int, int]]) -> NDArray[np.int64]:
    """The sum of what is in force in each segment between two edges."""
    change = np.zeros(len(edges) + 1, dtype=np.int64)
    if pieces:
        start, end, amount = np.array(pieces, dtype=np.int64).T
        np.add.at(change, np.searchsorted(edges, start), amount)
        np.subtract.at(change, np.searchsorted(edges, end), amount)
    return np.cumsum(change)[: len(edges) - 1]


def _jobs(
    spans: Sequence[Span], edges: NDArray[np.int64], running: NDArray[np.int64], hour: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """How many jobs held a GPU in each hour."""
    jobs = np.zeros(count, dtype=np.int64)
    for span in spans:
        if span.kind == "job":
            inside = slice(int(np.searchsorted(edges, span.start)), int(np.searchsorted(edges, span.end)))
            jobs[np.unique(hour[inside][running[inside] > 0])] += 1
    return jobs


def _idle_runs(
    idle: NDArray[np.bool_], held: NDArray[np.bool_], length: NDArray[np.int64], hour: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Per hour: the idle run it begins with, its longest, the one it ends with."""
    lead, longest, tail = (np.zeros(count, dtype=np.int64) for _ in range(3))
    if not idle.any():
        return lead, longest, tail
    begins = idle.copy()
    begins[1:] &= ~(idle[:-1] & (hour[1:] == hour[:-1]))
    run = np.cumsum(begins) * idle
    lengths = np.bincount(run, weights=length).astype(np.int64)
    lengths[0] = 0
    np.maximum.at(longest, hour, lengths[run])
    at = np.flatnonzero(held)
    last = at[np.append(np.flatnonzero(np.diff(hour[at])), len(at) - 1)]
    first = at[np.append(0, np.flatnonzero(np.diff(hour[at])) + 1)]
    lead[hour[first]] = lengths[run[first]]
    tail[hour[last]] = lengths[run[last]]
    return lead, longest, tail
