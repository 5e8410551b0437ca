"""One-minute samples of one cluster at rest: dense columns in Parquet, GPU by GPU.

Neither GPU nor time is stored per row: both follow from a row's place.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dure.metering.rollup import Samples

_KEY = b"dure.samples"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Samples with what a person may ask for beside them: GPU names (rows) and memory in use, MiB [GPU, minute]."""

    gpus: tuple[str, ...]
    samples: Samples
    memory: NDArray[np.uint32]


def write(path: Path, recorded: Recorded) -> int:
    """Put `recorded` at `path`, whole or not at all; returns its bytes. Raises ValueError when shapes differ."""
    samples = recorded.samples
    shape = samples.activity.shape
    if samples.power.shape != shape or recorded.memory.shape != shape or len(recorded.gpus) != shape[0]:
        raise ValueError(f"{len(recorded.gpus)} GPUs, but samples of shape {shape}")
    about = {"gpus": recorded.gpus, "start": samples.start, "minutes": samples.minutes}
    table = pa.table(
        {
            "activity": samples.activity.reshape(-1),
            "power": samples.power.reshape(-1),
            "memory": recorded.memory.reshape(-1),
        }
    ).replace_schema_metadata({_KEY: json.dumps(about).encode()})
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as out:
        pq.write_table(table, out, compression="zstd", compression_level=3, use_dictionary=True)
        out.flush()
        os.fsync(out.fileno())
    size = beside.stat().st_size
    beside.replace(path)
    return size


def read(path: Path) -> Recorded:
    """What `write` put at `path`. Raises ValueError for another kind of file."""
    table = pq.read_table(path, memory_map=True)
    known = _about(table, path)
    memory = table["memory"].to_numpy().reshape(len(known["gpus"]), known["minutes"])
    return Recorded(tuple(known["gpus"]), _samples(table, known), memory)


def read_samples(path: Path) -> Samples:
    """Only what the roll-up looks at of what `write` put at `path`. Raises ValueError for another kind of file."""
    table = pq.read_table(path, columns=["activity", "power"], memory_map=True)
    return _samples(table, _about(table, path))


def _about(table: pa.Table, path: Path) -> dict[str, Any]:
    about = (table.schema.metadata or {}).get(_KEY)
    if about is None:
        raise ValueError(f"{path} holds no samples")
    known: dict[str, Any] = json.loads(about)
    return known


def _samples(table: pa.Table, known: dict[str, Any]) -> Samples:
    shape = (len(known["gpus"]), int(known["minutes"]))
    activity, power = (table[name].to_numpy().reshape(shape) for name in ("activity", "power"))
    return Samples(int(known["start"]), activity, power)
