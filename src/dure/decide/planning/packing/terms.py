"""Further inequalities a bound may price: each a sparse weight over choices and a cap, each provable on its own.

A *cover term* follows from one row: its cap is the largest weight any pick within that row can have, and one
knapsack table proves it. A *precedence term* holds for plans without envy only (see `envy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dure.decide.planning.packing.model import Int64


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """sum weight[k] x[choice[k]] <= cap, with integer weights (of either sign) and cap.

    `source` is the row a cover term follows from; for a precedence term it is -1.
    """

    choice: Int64
    weight: Int64
    cap: int
    source: int

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
