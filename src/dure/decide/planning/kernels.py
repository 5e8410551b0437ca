"""Compiled steps on a plan: put, drop, fit, envy, swap, refill. Whole numbers only.

A state is the column each application has (-1: none), what hard rows have left, and the plan's value. Soft rows never
refuse: in `left` they are endless, in `room` they count, and going below zero there costs their price.
"""

# ruff: noqa: ANN001, ANN201, SIM110
# (Numba infers types, and compiles loops but not generator expressions.)

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

NONE = -1
ENDLESS = np.iinfo(np.int64).max // 4


class Tables(NamedTuple):
    """The model as plain arrays; see `model.Model`.

    `by_score` lists applications from the lowest score up, `small` the columns of the smallest size per cluster and
    start, `soft_price` is -1 for hard rows, `priced` each column's value less the price of what it uses.
    """

    first: Any
    owner: Any
    cluster: Any
    start: Any
    nodes: Any
    value: Any
    use_first: Any
    use_row: Any
    use_amount: Any
    small_first: Any
    small: Any
    score: Any
    lane: Any
    is_enviable: Any
    by_score: Any
    soft_price: Any
    soft_rows: Any
    priced: Any


class Work(NamedTuple):
    """A state. `value` holds one number."""

    column: Any
    left: Any
    room: Any
    value: Any


def compiled(function: Any) -> Any:
    """`function` compiled once and kept beside the source."""
    return numba.njit(cache=True, nogil=True)(function)


@compiled
def fits(t, w, column):  # type: ignore[no-untyped-def]
    """Whether `column` can be added."""
    for k in range(t.use_first[column], t.use_first[column + 1]):
        if t.use_amount[k] > w.left[t.use_row[k]]:
            return False
    return True


@compiled
def move(t, w, column, sign):  # type: ignore[no-untyped-def]
    """Add (sign 1) or take away (sign -1) `column`, with value and soft costs."""
    change = sign * t.value[column]
    for k in range(t.use_first[column], t.use_first[column + 1]):
        row, amount = t.use_row[k], sign * t.use_amount[k]
        price = t.soft_price[row]
        if price >= 0:
            change -= price * (max(0, amount - w.room[row]) - max(0, -w.room[row]))
        else:
            w.left[row] -= amount
        w.room[row] -= amount
    w.value[0] += change
    owner = t.owner[column]
    w.column[owner] = column if sign > 0 else NONE


@compiled
def soft_cost(t, w, column):  # type: ignore[no-untyped-def]
    """What adding `column` would cost by going over soft caps."""
    cost = np.int64(0)
    if len(t.soft_rows) == 0:
        return cost
    for k in range(t.use_first[column], t.use_first[column + 1]):
        price = t.soft_price[t.use_row[k]]
        if price >= 0:
            room = w.room[t.use_row[k]]
            cost += price * (max(0, t.use_amount[k] - room) - max(0, -room))
    return cost


@compiled
def best_fitting(t, w, application, by):  # type: ignore[no-untyped-def]
    """The column of `application` that fits and is highest in `by` [columns] less soft costs; the first of equals,
    or NONE."""
    best, best_worth = NONE, np.int64(0)
    for column in range(t.first[application], t.first[application + 1]):
        if best != NONE and by[column] <= best_worth:
            continue
        if fits(t, w, column):
            worth = by[column] - soft_cost(t, w, column)
            if best == NONE or worth > best_worth:
                best, best_worth = column, worth
    return best


@compiled
def covers(t, w, award, column):  # type: ignore[no-untyped-def]
    """Whether without column `award` the other `column` fits. Rows of a column are in ascending order."""
    k, end = t.use_first[award], t.use_first[award + 1]
    for at in range(t.use_first[column], t.use_first[column + 1]):
        row = t.use_row[at]
        short = t.use_amount[at] - w.left[row]
        if short > 0:
            while k < end and t.use_row[k] < row:
                k += 1
            if k == end or t.use_row[k] != row or t.use_amount[k] < short:
                return False
    return True


@compiled
def may_replace(t, w, application, award):  # type: ignore[no-untyped-def]
    """Whether some smallest choice of `application` fits once the award of `award` is gone."""
    had = w.column[award]
    for at in range(t.small_first[application], t.small_first[application + 1]):
        if covers(t, w, had, t.small[at]):
            return True
    return False


@compiled
def displaced(t, w, application):  # type: ignore[no-untyped-def]
    """For every application, whether its award alone stands between `application` and a place."""
    found = np.zeros(len(w.column), dtype=np.bool_)
    for award in range(len(w.column)):
        if w.column[award] != NONE and award != application:
            found[award] = may_replace(t, w, application, award)
    return found


@compiled
def envied(t, w, application, delta):  # type: ignore[no-untyped-def]
    """The lowest-scored funded application that `application` justly envies, or NONE."""
    most = t.score[application] - delta
    for award in t.by_score:
        if t.score[award] > most:
            return NONE
        if (
            w.column[award] != NONE
            and t.is_enviable[award]
            and t.lane[award] == t.lane[application]
            and may_replace(t, w, application, award)
        ):
            return award
    return NONE


@compiled
def swap(t, w, application, delta, by):  # type: ignore[no-untyped-def]
    """Give `application` a place it envies: a free one, else that of the lower award that costs least; True if any."""
    if envied(t, w, application, delta) == NONE:
        return False
    column = best_fitting(t, w, application, by)
    if column != NONE:
        move(t, w, column, 1)
        return True
    most = t.score[application] - delta
    best_award, best_column, best_gain, is_found = NONE, NONE, np.int64(0), False
    for award in t.by_score:
        if t.score[award] > most:
            break
        had = w.column[award]
        if (
            had == NONE
            or not t.is_enviable[award]
            or t.lane[award] != t.lane[application]
            or not may_replace(t, w, application, award)
        ):
            continue
        move(t, w, had, -1)
        column = best_fitting(t, w, application, by)
        gain = by[column] - soft_cost(t, w, column) - by[had] + soft_cost(t, w, had)
        move(t, w, had, 1)
        if not is_found or gain > best_gain:
            best_award, best_column, best_gain, is_found = award, column, gain, True
    if is_found:
        move(t, w, w.column[best_award], -1)
        move(t, w, best_column, 1)
    return is_found


@compiled
def refill(t, w, by):  # type: ignore[no-untyped-def]
    """Fund whoever fits and is worth more than the soft caps it exceeds cost, from the highest score down."""
    for place in range(len(t.by_score) - 1, -1, -1):
        application = t.by_score[place]
        if w.column[application] == NONE:
            column = best_fitting(t, w, application, by)
            if column != NONE and t.value[column] >= soft_cost(t, w, column):
                move(t, w, column, 1)


@compiled
def settle(t, w, delta, by):  # type: ignore[no-untyped-def]
    """Swap and refill until nobody has justified envy.

    It ends: every swap puts a higher score in place of a lower, and room is filled from the highest score down.
    """
    refill(t, w, by)
    place = len(t.by_score) - 1
    while place >= 0:
        application = t.by_score[place]
        if w.column[application] == NONE and swap(t, w, application, delta, by):
            refill(t, w, by)
            place = len(t.by_score)
        place -= 1


@compiled
def enlarge(t, w, delta):  # type: ignore[no-untyped-def]
    """Give awards the best column at their place where that raises the value and nobody comes to envy."""
    for place in range(len(t.by_score) - 1, -1, -1):
        application = t.by_score[place]
        had = w.column[application]
        if had == NONE:
            continue
        before = w.value[0]
        move(t, w, had, -1)
        column = best_fitting(t, w, application, t.value)
        move(t, w, column, 1)
        if column != had and (w.value[0] <= before or is_envious(t, w, delta)):
            move(t, w, column, -1)
            move(t, w, had, 1)


@compiled
def is_envious(t, w, delta):  # type: ignore[no-untyped-def]
    """Whether anybody has justified envy."""
    for place in range(len(t.by_score) - 1, -1, -1):
        application = t.by_score[place]
        if w.column[application] == NONE and envied(t, w, application, delta) != NONE:
            return True
    return False
