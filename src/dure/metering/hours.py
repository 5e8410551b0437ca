"""One allocation's use in one hour, as it is stored: integers, three measures never mixed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HourUse:
    """One row of one window. A window in which nothing was allocated is one row with `allocation` empty.

    Seconds are node- or GPU-seconds as named; `idle_*` are runs in which every GPU of the allocation was seen idle.
    """

    cluster: str
    start: datetime
    revision: int
    allocation: str
    allocated_node_seconds: int = 0
    allocated_gpu_seconds: int = 0
    running_gpu_seconds: int = 0
    busy_gpu_seconds: int = 0
    missing_gpu_seconds: int = 0
    energy_joules: int = 0
    jobs: int = 0
    idle_lead_seconds: int = 0
    idle_longest_seconds: int = 0
    idle_tail_seconds: int = 0


SUMMED = (
    "allocated_node_seconds",
    "allocated_gpu_seconds",
    "running_gpu_seconds",
    "busy_gpu_seconds",
    "missing_gpu_seconds",
    "energy_joules",
)
"""What may be added up over hours; a job that runs for three hours would count three times."""
