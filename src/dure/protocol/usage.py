"""What was used in one hour on one cluster. Allocated, running and busy are three different numbers."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from pydantic import Field, model_validator

from dure.metering.hours import HourUse
from dure.protocol.wire import (
    MAX_WINDOWS_PER_POST,
    WINDOW_SECONDS,
    Count,
    Instant,
    Key,
    Said,
    stamp,
)


class UsageRow(Said):
    """One allocation's use in one window, in whole seconds.

    `allocated_*`: the nodes were held for it. `running_gpu_seconds`: a job held the GPU (a job may outlive the hold by
    the seconds it takes to end it). `busy_gpu_seconds`: the GPU
    computed, by activity and power. `missing_gpu_seconds`: nobody knows (no sample, or contradictory ones); never
    idle. What is left, allocated − busy − missing, was seen idle.

    Idle runs are spans in which every GPU of the allocation was seen idle: the one the window begins with, the
    longest, the one it ends with. From these three the longest run over any row of windows follows exactly.
    """

    allocation: Key
    allocated_node_seconds: Count
    allocated_gpu_seconds: Count
    running_gpu_seconds: Count
    busy_gpu_seconds: Count
    missing_gpu_seconds: Count
    energy_joules: Count
    jobs: Count
    idle_lead_seconds: Count
    idle_longest_seconds: Count
    idle_tail_seconds: Count

    @model_validator(mode="after")
    def _possible(self) -> UsageRow:
        if self.allocated_gpu_seconds < self.allocated_node_seconds:
            raise ValueError("fewer GPU-seconds than node-seconds allocated")
        if self.busy_gpu_seconds + self.missing_gpu_seconds > self.allocated_gpu_seconds:
            raise ValueError("busy and missing GPU-seconds exceed those allocated")
        if max(self.idle_lead_seconds, self.idle_tail_seconds) > self.idle_longest_seconds:
            raise ValueError("an idle run at the edge is longer than the longest")
        if self.idle_longest_seconds > WINDOW_SECONDS:
            raise ValueError("an idle run is longer than its window")
        return self

    @property
    def idle_gpu_seconds(self) -> int:
        """GPU-seconds seen idle."""
        return self.allocated_gpu_seconds - self.busy_gpu_seconds - self.missing_gpu_seconds


class UsageWindow(Said):
    """All use of one cluster in one UTC hour. A later `revision` of the same hour replaces the earlier one whole."""

    cluster: Key
    start: Instant
    end: Instant
    revision: Count = 0
    rows: tuple[UsageRow, ...]

    @model_validator(mode="after")
    def _one_hour(self) -> UsageWindow:
        if self.start.minute or self.start.second or self.end - self.start != timedelta(seconds=WINDOW_SECONDS):
            raise ValueError("a window is one whole UTC hour")
        names = [row.allocation for row in self.rows]
        if len(set(names)) != len(names):
            raise ValueError("an allocation has two rows in one window")
        return self

    @property
    def key(self) -> str:
        """The idempotency key: cluster, start and revision."""
        return f"{self.cluster}/{stamp(self.start)}/{self.revision}"

    def digest(self) -> str:
        """`sha256:` of what the window says. Defaults are left out, so that a field added later keeps old digests."""
        return "sha256:" + hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def hour_uses(window: UsageWindow) -> list[HourUse]:
    """`window` as rows to store; one with no allocation says that nothing was used."""
    rows = [
        HourUse(cluster=window.cluster, start=window.start, revision=window.revision, **row.model_dump())
        for row in window.rows
    ]
    return rows or [HourUse(window.cluster, window.start, window.revision, "")]


class UsagePost(Said):
    """Windows an agent hands over in one request; each is received, or not, by itself."""

    cluster: Key
    instance: Key
    epoch: Count
    windows: tuple[UsageWindow, ...] = Field(min_length=1, max_length=MAX_WINDOWS_PER_POST)

    @model_validator(mode="after")
    def _own_cluster(self) -> UsagePost:
        if any(window.cluster != self.cluster for window in self.windows):
            raise ValueError("a window of another cluster")
        return self
