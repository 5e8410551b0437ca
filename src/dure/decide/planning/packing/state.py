"""A plan being searched: what every group holds, what is left of every row, who sits on it, and how to undo.

Kernels only. A `Board` is made by `open_board`; its arrays are changed in place. Shapes are in the class.
"""

# ruff: noqa: ANN001, ANN201, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from dure.decide.planning.packing.model import Bool, Int32, Int64, Model


class Board(NamedTuple):
    """The model's arrays (as in `Model`; `worth` [choices] is what the search maximises) and the plan's.

    `owner` [choices] is the group of a choice, `use_choice` [uses]
    the choice of a use, `held` [groups] the choice held or -1, `free` [rows] what is left.
    The uses of row r by what is held are `seats[seat_start[r] : seat_start[r] + filled[r]]`, use k at `seat_of[k]`.
    `log` [2 * space] keeps (group, choice held before) pairs, `log_size[0]` of them.
    """

    group_start: Int64
    worth: Int64
    use_start: Int64
    use_row: Int32
    use_amount: Int64
    owner: Int32
    use_choice: Int32
    held: Int64
    free: Int64
    seat_start: Int64
    seats: Int64
    filled: Int64
    seat_of: Int32
    log: Int64
    log_size: Int64


LOG_SPACE = 4096
"""Changes one move may make before it must be kept or undone."""


def open_board(model: Model, worth: Int64, held: Int64) -> Board:
    """A board on which `held` [groups] is in place; it must be feasible."""
    owner = model.group_of()
    seat_start = np.zeros(model.rows + 1, dtype=np.int64)
    np.cumsum(_groups_per_row(model.rows, owner, model.use_start, model.use_row), out=seat_start[1:])
    board = Board(
        model.group_start,
        worth,
        model.use_start,
        model.use_row,
        model.use_amount,
        owner,
        np.repeat(np.arange(model.choices, dtype=np.int32), np.diff(model.use_start)),
        np.full(model.groups, -1, dtype=np.int64),
        model.caps.copy(),
        seat_start,
        np.empty(int(seat_start[-1]), dtype=np.int64),
        np.zeros(model.rows, dtype=np.int64),
        np.empty(len(model.use_row), dtype=np.int32),
        np.empty(2 * LOG_SPACE, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )
    place(board, held)
    return board


@numba.njit(cache=True, nogil=True)
def _groups_per_row(rows, owner, use_start, use_row):  # type: ignore[no-untyped-def]
    """Number of groups that touch each row [rows]."""
    last = np.full(rows, -1, dtype=np.int64)
    count = np.zeros(rows, dtype=np.int64)
    for j in range(len(owner)):
        for k in range(use_start[j], use_start[j + 1]):
            r = use_row[k]
            if last[r] != owner[j]:
                last[r] = owner[j]
                count[r] += 1
    return count


@numba.njit(cache=True, nogil=True)
def place(board, held):  # type: ignore[no-untyped-def]
    """Change the board to hold exactly `held` [groups]; the log is left empty."""
    for g in range(len(held)):
        if board.held[g] >= 0 and board.held[g] != held[g]:
            leave(board, board.held[g])
    for g in range(len(held)):
        if held[g] >= 0 and board.held[g] != held[g]:
            enter(board, held[g])
    board.log_size[0] = 0


@numba.njit(cache=True, nogil=True)
def fits(board, j):  # type: ignore[no-untyped-def]
    """Whether choice j can be added to what is held now."""
    for k in range(board.use_start[j], board.use_start[j + 1]):
        if board.use_amount[k] > board.free[board.use_row[k]]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def enter(board, j):  # type: ignore[no-untyped-def]
    """Hold choice j, whose group holds nothing; unlogged."""
    board.held[board.owner[j]] = j
    for k in range(board.use_start[j], board.use_start[j + 1]):
        r = board.use_row[k]
        board.free[r] -= board.use_amount[k]
        board.seats[board.seat_start[r] + board.filled[r]] = k
        board.seat_of[k] = board.filled[r]
        board.filled[r] += 1


@numba.njit(cache=True, nogil=True)
def leave(board, j):  # type: ignore[no-untyped-def]
    """Drop choice j, which its group holds; unlogged."""
    board.held[board.owner[j]] = -1
    for k in range(board.use_start[j], board.use_start[j + 1]):
        r = board.use_row[k]
        board.free[r] += board.use_amount[k]
        board.filled[r] -= 1
        last = board.seats[board.seat_start[r] + board.filled[r]]
        board.seats[board.seat_start[r] + board.seat_of[k]] = last
        board.seat_of[last] = board.seat_of[k]


@numba.njit(cache=True, nogil=True)
def change(board, g, j):  # type: ignore[no-untyped-def]
    """Let group g hold choice j (or nothing, -1) from now on, logged; returns the change of worth."""
    before = board.held[g]
    at = board.log_size[0]
    board.log[2 * at], board.log[2 * at + 1] = g, before
    board.log_size[0] = at + 1
    delta = 0
    if before >= 0:
        leave(board, before)
        delta -= board.worth[before]
    if j >= 0:
        enter(board, j)
        delta += board.worth[j]
    return delta


@numba.njit(cache=True, nogil=True)
def keep(board):  # type: ignore[no-untyped-def]
    """Forget how to undo."""
    board.log_size[0] = 0


@numba.njit(cache=True, nogil=True)
def undo(board):  # type: ignore[no-untyped-def]
    """Go back to where the log begins."""
    for at in range(board.log_size[0] - 1, -1, -1):
        g, before = board.log[2 * at], board.log[2 * at + 1]
        if board.held[g] >= 0:
            leave(board, board.held[g])
        if before >= 0:
            enter(board, before)
    board.log_size[0] = 0


@numba.njit(cache=True, nogil=True)
def draw(seed, bound):  # type: ignore[no-untyped-def]
    """A pseudo-random integer in [0, bound) from `seed` [1] (uint64, xorshift), which moves on."""
    x = seed[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    seed[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(bound))


@numba.njit(cache=True, nogil=True)
def fill(board, order):  # type: ignore[no-untyped-def]
    """Go through the choices in `order` and take each that fits and is its group's first; returns the worth gained."""
    gained = 0
    for j in order:
        if board.worth[j] > 0 and board.held[board.owner[j]] < 0 and fits(board, j):
            enter(board, j)
            gained += board.worth[j]
    return gained


def possible(model: Model) -> Bool:
    """The choices [choices] that fit into an empty plan."""
    over = model.use_amount > model.caps[model.use_row]
    wrong = np.zeros(model.choices + 1, dtype=np.int64)
    np.add.at(wrong, np.searchsorted(model.use_start, np.flatnonzero(over), side="right") - 1, 1)
    return np.asarray(wrong[:-1] == 0)


def alone(model: Model) -> Bool:
    """The choices [choices] that fit into an empty plan and have a positive value; no other is ever worth having."""
    return np.asarray(possible(model) & (model.value > 0))
