"""SYNTHETIC one-minute GPU telemetry with known truth: who computed, who lay idle, and whose exporter lied.

The kinds and their numbers are invented after what sites describe; nothing here was measured on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dure.metering.rollup import NO_ACTIVITY, NO_POWER, Held, Samples

KINDS = (
    "training", "inference", "debug", "idle", "hang", "cheat", "cheat, no profiling", "stuck at 0", "no exporter",
)  # fmt: skip
SHARES = (0.44, 0.17, 0.11, 0.09, 0.04, 0.04, 0.03, 0.04, 0.04)
TRULY_IDLE = ("idle", "cheat", "cheat, no profiling")
"""Kinds whose holders get nothing done for days. A hang holds GPUs too, but its holder waits for a result."""

GPUS_EACH = 32


@dataclass(frozen=True)
class Fleet:
    """Samples of a cluster, who held what, each allocation's kind, and memory in use for the file at rest."""

    samples: Samples
    held: Held
    kinds: tuple[str, ...]
    memory: NDArray[np.uint32]


def fleet(gpus: int, minutes: int, seed: int, start: int = 1_772_323_200) -> Fleet:
    """`gpus` GPUs for `minutes`, held in allocations of 32 over the whole time."""
    chance = np.random.default_rng(seed)
    activity = np.empty((gpus, minutes), dtype=np.uint8)
    power = np.empty((gpus, minutes), dtype=np.uint16)
    memory = np.empty((gpus, minutes), dtype=np.uint32)
    count = -(-gpus // GPUS_EACH)
    kinds = tuple(str(kind) for kind in chance.choice(KINDS, size=count, p=SHARES))
    for index, kind in enumerate(kinds):
        rows = slice(index * GPUS_EACH, min(gpus, (index + 1) * GPUS_EACH))
        shape = (rows.stop - rows.start, minutes)
        activity[rows], power[rows] = _signals(kind, shape, chance)
        memory[rows] = int(chance.integers(4_000, 140_000))
    gpu = np.arange(gpus, dtype=np.int64)
    whole = np.full(gpus, start, dtype=np.int64)
    held = Held(gpu // GPUS_EACH, gpu, whole, whole + minutes * 60)
    return Fleet(Samples(start, activity, power), held, kinds, memory)


def _signals(
    kind: str, shape: tuple[int, int], chance: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Activity and power of one allocation. All its GPUs follow one plan, each with noise of its own."""
    works = _plan(kind, shape[1], chance)
    noise = chance.integers(-6, 7, shape)
    activity = np.where(works, np.clip(52 + noise, 6, 100), 0).astype(np.uint8)
    power = np.where(works, 480 + 8 * noise, 92 + noise // 3).astype(np.uint16)
    if kind == "hang":
        activity, power = np.full(shape, 100, np.uint8), (118 + noise // 3).astype(np.uint16)
    elif kind == "cheat":  # one small kernel in a loop: one of 132 multiprocessors works, clocks and power rise
        activity, power = np.full(shape, 1, np.uint8), (190 + noise).astype(np.uint16)
    elif kind == "cheat, no profiling":  # the same where only utilisation is exported: it says 99 %
        activity, power = np.full(shape, 99, np.uint8), (190 + noise).astype(np.uint16)
    elif kind == "stuck at 0":
        activity = np.zeros(shape, np.uint8)
    elif kind == "no exporter":
        activity, power = np.full(shape, NO_ACTIVITY, np.uint8), np.full(shape, NO_POWER, np.uint16)
    return activity, power


def _plan(kind: str, minutes: int, chance: np.random.Generator) -> NDArray[np.bool_]:
    """In which minutes an allocation of `kind` computes."""
    works = np.zeros(minutes, dtype=bool)
    if kind in ("training", "stuck at 0"):
        works[:] = True
        for at in range(int(chance.integers(30, 120)), minutes, 120):
            works[at : at + int(chance.integers(5, 40))] = False
    elif kind == "inference":
        day = np.sin(np.arange(minutes) * 2 * np.pi / 1440) > -0.3
        works = chance.random(minutes) < np.where(day, 0.5, 0.08)
    elif kind == "debug":
        for at in range(int(chance.integers(0, 300)), minutes, 360):
            works[at : at + int(chance.integers(5, 60))] = True
    return works
