"""The primal search: chains of annealing rounds around given prices, each chain alone on its board.

Chains differ in their seed only and hear of each other between rounds only, so one thread or two give the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dure.decide.planning.packing.anneal import PATIENCE, anneal
from dure.decide.planning.packing.envy import Rule
from dure.decide.planning.packing.model import Int64, Model
from dure.decide.planning.packing.settle import anneal_settled
from dure.decide.planning.packing.state import Board, fill, open_board, place

WIDTH_PERMILLE = 30
"""How much a promising choice may lose against the bound when it is forced in, in permille of a mean held value."""

HEAT_PERMILLE = (10, 3, 6, 3)
"""Starting heat of the rounds, in permille of a mean held value; rounds beyond the last go through them again."""

LARGE_WIDTH_PERMILLE = 20
LARGE_HEAT_PERMILLE = (5, 3, 4, 2)
"""The same in models too large to be visited often: there is time for what is nearly as good only."""

SETTLED_WIDTH_PERMILLE = 100
SETTLED_HEAT_PERMILLE, SETTLED_HEATING, SETTLED_ROUNDS = 80, 12, 8
"""The same under the merit rule, where good plans lie further apart: one long cooling in so many rounds. A short one
starts cooler: its heat is at most the root of so many times the moves for each group."""

PLAIN_TURNS = 2 * ((False, 1), (True, 1), (True, 10), (True, 3))
"""Turns of the search without pools: whether every choice is promising that a better plan may hold, and the heat, as a
multiple of the usual. Where rows are dense, good plans lie further apart."""

USES_PER_UNIT = 64
"""Uses of a group that a move without pools goes through for one unit."""

FIRST_SEED = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Where the search looks: `regret` [choices] is what each choice is worth to its group at prices, `targets` the
    promising choices, and `near[near_start[r] : near_start[r + 1]]` those of them that use row r."""

    regret: Int64
    targets: Int64
    near_start: Int64
    near: Int64


def field(model: Model, regret: Int64, targets: Int64) -> Field:
    """The field with these promising choices; `regret` [choices] says who is evicted first: the least."""
    source, length = model.uses_of(targets)
    rows = model.use_row[source]
    order = np.argsort(rows, kind="stable")
    start = np.searchsorted(rows[order], np.arange(model.rows + 1))
    return Field(regret, targets, start, np.repeat(targets, length)[order])


class Heat(NamedTuple):
    """The loss, in value units, that a round accepts readily at its start and at its end.

    A round that ends above 0 has not cooled: the next goes on from where it is, else from the best plan.
    """

    start: int
    end: int = 0


@dataclass(slots=True)
class Chain:
    """One board, its random stream, and the best plan it has ended a round with."""

    board: Board
    seed: np.ndarray[tuple[int], np.dtype[np.uint64]]
    best: Int64
    worth: int
    gained: int = 0
    is_cold: bool = True

    def round(self, around: Field, heat: Heat, steps: int, rule: Rule | None) -> None:
        """Anneal, among plans without envy if there is a `rule`, and keep what is better than the best plan."""
        if self.is_cold:
            place(self.board, self.best)
            self.gained = 0
        self.is_cold = heat.end == 0
        if len(around.targets) == 0:
            return
        where = (around.regret, around.targets, around.near_start, around.near, *heat, steps, PATIENCE, self.seed)
        self.gained += int(anneal(self.board, *where) if rule is None else anneal_settled(self.board, rule, *where))
        if self.gained > 0:
            self.best, self.worth, self.gained = self.board.held.copy(), self.worth + self.gained, 0


def open_chains(model: Model, worth: Int64, held: Int64, count: int) -> list[Chain]:
    """`count` chains that start from `held` [groups] and maximise `worth` [choices]."""
    total = int(worth[held[held >= 0]].sum())
    return [
        Chain(
            open_board(model, worth, held),
            np.array([FIRST_SEED ^ (c + 1) * 0x2545F4914F6CDD1D & (1 << 64) - 1], dtype=np.uint64),
            held.copy(),
            total,
        )
        for c in range(count)
    ]


def run_round(
    chains: Sequence[Chain], around: Field, heat: Heat, steps: int, threads: int, rule: Rule | None = None
) -> None:
    """One round of `steps` moves on every chain."""
    if threads == 1:
        for chain in chains:
            chain.round(around, heat, steps, rule)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(chain.round, around, heat, steps, rule) for chain in chains]:
            done.result()


def best_of(chains: Sequence[Chain]) -> Chain:
    """The chain with the best plan, the first of equals."""
    return max(chains, key=lambda chain: chain.worth)


def share_best(chains: Sequence[Chain]) -> None:
    """Let every chain that is more than a little behind go on from the best plan."""
    leader = best_of(chains)
    for chain in chains:
        if chain.worth < leader.worth:
            chain.best, chain.worth = leader.best.copy(), leader.worth


def greedy(model: Model, board: Board, held: Int64, order: Int64) -> Int64:
    """`held` [groups] filled up with the choices of `order` that still fit; leaves `board` there."""
    place(board, held)
    fill(board, order)
    return np.asarray(board.held.copy())
