"""Further inequalities a bound may price: each a sparse weight over choices and a cap.

A *precedence term* holds for plans without envy (see `precedence`): it names the group that comes first, the group that
may not be served without it, and the row whose filling may excuse that. A term from *rounding* holds for every plan
(see `rounding`) and names no groups. One that asks for a group to be served names that group alone (see `branches`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dure.decide.planning.packing.model import Int64


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a term follows from rows by rounding (see `rounding`): (row, multiplier) pairs, the divisor, the (group,
    amount taken off) pairs, and what weights and cap are divided by in the end."""

    rows: tuple[tuple[int, int], ...]
    divisor: int
    free: tuple[tuple[int, int], ...]
    shrink: int


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """sum weight[k] x[choice[k]] <= cap, with integer weights (of either sign) and cap.

    `first` and `second` are the groups of a precedence (both -1 for a term from rounding, `second` alone for a group
    that is to be served), `row` the row on whose load it depends or -1, and `reach` the load from which it does not
    hold.
    """

    choice: Int64
    weight: Int64
    cap: int
    first: int
    second: int
    row: int = -1
    reach: int = 0
    rounding: Rounding | None = None

    @property
    def size(self) -> int:
        """The largest weight, by which the linear programme scales the term."""
        return int(abs(self.weight).max(initial=1))


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms in compressed rows for the kernels: `start` [terms + 1], `choice`, `weight` [entries], `cap` [terms]."""

    start: Int64
    choice: Int64
    weight: Int64
    cap: Int64


def compress(terms: Sequence[Term]) -> Terms:
    """The terms as arrays, in the given order."""
    nothing = np.empty(0, dtype=np.int64)
    return Terms(
        np.cumsum([0, *(len(term.choice) for term in terms)], dtype=np.int64),
        np.concatenate([nothing, *(term.choice for term in terms)]),
        np.concatenate([nothing, *(term.weight for term in terms)]),
        np.array([term.cap for term in terms], dtype=np.int64),
    )
