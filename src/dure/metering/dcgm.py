"""What dcgm-exporter says of the GPUs of one node, read from its text.

Source of the names: dcgm-exporter's default counters (NVIDIA/dcgm-exporter, etc/default-counters.csv) and the
Prometheus text format 0.0.4. Activity is SM_ACTIVE where the profiling counters are exported, else GPU utilisation;
values no GPU can have (SM_ACTIVE above 1 on partitioned GPUs, negative power) are left out, not clipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# No anchor and one literal prefix: the engine then skips from one `DCGM_FI_` to the next.
_LINE = re.compile(
    rb'DCGM_FI_(PROF_SM_ACTIVE|DEV_GPU_UTIL|DEV_POWER_USAGE|DEV_FB_USED)\{gpu="(\d+)"([^}]*)\} ([0-9.eE+-]+)'
)


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One GPU in one scrape: activity in percent, power in watts, memory in MiB; None where nothing usable was said."""

    activity: int | None
    power: int | None
    memory: int | None


def parse(text: bytes) -> dict[int, GpuSample]:
    """GPU number → sample. Slices of a partitioned GPU are passed over: only whole GPUs are metered."""
    values: dict[tuple[bytes, bytes], float] = {}
    gpus: dict[bytes, None] = {}
    for name, gpu, labels, value in _LINE.findall(text):
        if b"GPU_I_ID" not in labels:
            values[name, gpu] = _number(value)
            gpus[gpu] = None
    return {int(gpu): _sample(values, gpu) for gpu in gpus}


def _sample(values: dict[tuple[bytes, bytes], float], gpu: bytes) -> GpuSample:
    active = values.get((b"PROF_SM_ACTIVE", gpu))
    percent = values.get((b"DEV_GPU_UTIL", gpu)) if active is None else active * 100
    return GpuSample(
        activity=_whole(percent, 100),
        power=_whole(values.get((b"DEV_POWER_USAGE", gpu)), 2000),
        memory=_whole(values.get((b"DEV_FB_USED", gpu)), 2**22),
    )


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _whole(value: float | None, most: int) -> int | None:
    """`value` to the nearest whole number, if a GPU can have it; half a percent beyond `most` is rounding."""
    if value is None or not 0 <= value <= most * 1.005:
        return None
    return min(most, int(value + 0.5))
