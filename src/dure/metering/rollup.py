"""One-minute GPU samples to hourly sums and idle runs per allocation: each sample is looked at once.

Samples are dense arrays, one row per GPU and one column per minute. A sample says busy or idle only where activity
and power agree; where one is absent, impossible, or contradicts the other, nobody knows, and that counts as missing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numba
import numpy as np
from numpy.typing import NDArray

NO_ACTIVITY = 255
NO_POWER = 65_535
MINUTE, HOUR = 60, 3600
_IDLE, _BUSY, _MISSING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Signals:
    """Where idle ends and busy begins: activity in percent, power in watts, per GPU model.

    A GPU is busy at or above `busy_percent` and `busy_watts`, idle below `busy_percent` and `idle_watts`. The last lies
    higher, as a loop of one small kernel that keeps a GPU looking used draws more than rest and works few of its
    multiprocessors. Anything above `most_watts` is a broken sensor. The watts are assumed for H200 and B200 servers.
    """

    busy_percent: int = 5
    busy_watts: int = 160
    idle_watts: int = 210
    most_watts: int = 2000


@dataclass(frozen=True, slots=True)
class Samples:
    """Activity in percent (`NO_ACTIVITY` where unseen), power in watts (`NO_POWER`), both [GPU, minute].

    `start` is the first minute in epoch seconds.
    """

    start: int
    activity: NDArray[np.uint8]
    power: NDArray[np.uint16]

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return int(self.activity.shape[1])


@dataclass(frozen=True, slots=True)
class Held:
    """Allocation `allocation[i]` held GPU `gpu[i]` from `start[i]` to `end[i]` (epoch seconds, end not included)."""

    allocation: NDArray[np.int64]
    gpu: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RolledHour:
    """One allocation in one hour, whole seconds and joules."""

    allocated: int
    busy: int
    missing: int
    energy: int
    idle_lead: int
    idle_longest: int
    idle_tail: int


@dataclass(frozen=True, slots=True)
class Rolled:
    """Per allocation (row) and hour (column), whole seconds and joules; idle runs are of the whole allocation."""

    allocations: NDArray[np.int64]
    allocated: NDArray[np.int64]
    busy: NDArray[np.int64]
    missing: NDArray[np.int64]
    energy: NDArray[np.int64]
    idle_lead: NDArray[np.int64]
    idle_longest: NDArray[np.int64]
    idle_tail: NDArray[np.int64]

    def at(self, row: int, hour: int) -> RolledHour:
        """One row's hour."""
        return RolledHour(*(int(getattr(self, field.name)[row, hour]) for field in fields(RolledHour)))


def roll_up(samples: Samples, held: Held, signals: Signals = Signals()) -> Rolled:
    """Sums and idle runs of every allocation in `held`, for each whole hour of `samples`.

    Raises ValueError when samples do not begin on a minute, are no whole hours, or a GPU is unknown.
    """
    gpus, minutes = samples.activity.shape
    if samples.power.shape != (gpus, minutes) or minutes % 60 or samples.start % MINUTE:
        raise ValueError("samples are whole hours of whole minutes, activity and power alike")
    if len(held.gpu) and (int(held.gpu.min()) < 0 or int(held.gpu.max()) >= gpus):
        raise ValueError("an allocation holds a GPU that has no row of samples")
    order = np.lexsort((held.start, held.gpu, held.allocation))
    names, first = np.unique(held.allocation[order], return_index=True)
    hours = minutes // 60
    sums = np.zeros((len(names), hours, 4), dtype=np.int64)
    runs = np.zeros((len(names), hours, 3), dtype=np.int64)
    last = samples.start + minutes * MINUTE
    _roll(
        samples.activity,
        samples.power,
        np.append(first, len(order)).astype(np.int64),
        held.gpu[order],
        np.clip(held.start[order], samples.start, last) - samples.start,
        np.clip(held.end[order], samples.start, last) - samples.start,
        np.array([signals.busy_percent, signals.busy_watts, signals.idle_watts, signals.most_watts], dtype=np.int64),
        sums,
        runs,
    )
    return Rolled(names, *(sums[:, :, k] for k in range(4)), *(runs[:, :, k] for k in range(3)))


@numba.njit(inline="always")  # type: ignore[untyped-decorator]
def _state(activity: int, power: int, busy_percent: int, busy_watts: int, idle_watts: int, most_watts: int) -> int:
    if activity > 100 or power > most_watts:
        return _MISSING
    if activity >= busy_percent:
        return _BUSY if power >= busy_watts else _MISSING
    return _IDLE if power < idle_watts else _MISSING


@numba.njit(parallel=True, cache=True)
def _roll(activity, power, first, gpu, start, end, signals, sums, runs):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    minutes = activity.shape[1]
    busy_percent, busy_watts, idle_watts, most_watts = signals[0], signals[1], signals[2], signals[3]
    for a in numba.prange(len(first) - 1):
        idle_for = np.zeros(minutes, dtype=np.int32)  # seconds of each minute in which every GPU seen so far was idle
        spoilt = np.zeros(minutes, dtype=np.uint8)
        for i in range(first[a], first[a + 1]):
            row, begin, after = gpu[i], start[i], end[i]
            for m in range(begin // 60, (after + 59) // 60):
                seconds = min(after, (m + 1) * 60) - max(begin, m * 60)
                hour = m // 60
                watts = np.int64(power[row, m])
                state = _state(np.int64(activity[row, m]), watts, busy_percent, busy_watts, idle_watts, most_watts)
                sums[a, hour, 0] += seconds
                if state == _BUSY:
                    sums[a, hour, 1] += seconds
                elif state == _MISSING:
                    sums[a, hour, 2] += seconds
                if watts <= most_watts:
                    sums[a, hour, 3] += watts * seconds
                if state == _IDLE:
                    idle_for[m] = max(idle_for[m], seconds)
                else:
                    spoilt[m] = 1
        _runs_of_hours(idle_for, spoilt, runs[a])


@numba.njit(cache=True)
def _runs_of_hours(idle_for, spoilt, runs):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Lead, longest and tail of each hour's held time. A minute held in part counts for the seconds held."""
    for hour in range(runs.shape[0]):
        run, longest, is_lead, was_held, gap = 0, 0, True, False, False
        for m in range(hour * 60, hour * 60 + 60):
            if not spoilt[m] and idle_for[m] == 0:
                gap = was_held
                continue
            if spoilt[m] or gap:
                if is_lead:
                    runs[hour, 0] = run
                    is_lead = False
                run = 0
            was_held, gap = True, False
            run += 0 if spoilt[m] else idle_for[m]
            longest = max(longest, run)
        if is_lead:
            runs[hour, 0] = run
        runs[hour, 1] = longest
        runs[hour, 2] = run
