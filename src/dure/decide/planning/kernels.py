"""Compiled steps of the search: put, drop, fit, envy, swap, refill. Whole numbers only, no clock, no library's chance.

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
    """A state. `value` and `steps` hold one number each."""

    column: Any
    left: Any
    room: Any
    value: Any
    steps: Any


def compiled(function: Any) -> Any:
    """`function` compiled once and kept beside the source."""
    return numba.njit(cache=True, nogil=True)(function)


@compiled
def word(chance):  # type: ignore[no-untyped-def]
    """64 random bits (splitmix64); `chance` [1] is the state."""
    chance[0] += np.uint64(0x9E3779B97F4A7C15)
    z = chance[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled
def below(chance, count):  # type: ignore[no-untyped-def]
    """A whole number from 0 to count - 1."""
    return np.int64(word(chance) % np.uint64(count))


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
    w.steps[0] += 1


@compiled
def copy(source, target):  # type: ignore[no-untyped-def]
    """Make `target` equal to `source` but for its steps."""
    target.column[:] = source.column
    target.left[:] = source.left
    target.room[:] = source.room
    target.value[0] = source.value[0]


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
        w.steps[0] += 1
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
def settle(t, w, delta, by, least, limit):  # type: ignore[no-untyped-def]
    """Swap and refill until nobody has justified envy; False when the value falls below `least` or after `limit` swaps.

    It ends: every swap puts a higher score in place of a lower, and room is filled from the highest score down.
    """
    refill(t, w, by)
    place, swaps = len(t.by_score) - 1, 0
    while place >= 0:
        application = t.by_score[place]
        if w.column[application] == NONE and swap(t, w, application, delta, by):
            refill(t, w, by)
            swaps += 1
            if w.value[0] < least or swaps >= limit:
                return False
            place = len(t.by_score)
        place -= 1
    return w.value[0] >= least


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


@compiled
def disturb(t, w, chance, size):  # type: ignore[no-untyped-def]
    """Force a random unfunded application in, or take random awards out around one place; then fill greedily by price.

    `size` awards go at most. Those near in cluster and time go first, so that the gap can be used otherwise.
    """
    count = len(t.by_score)
    wanted = below(chance, count)
    for _ in range(count):
        if t.first[wanted] < t.first[wanted + 1]:
            break
        wanted = (wanted + 1) % count
    if t.first[wanted] == t.first[wanted + 1]:
        return
    had = w.column[wanted]
    if had != NONE:
        move(t, w, had, -1)
    target = t.first[wanted] + below(chance, t.first[wanted + 1] - t.first[wanted])
    removed = 0
    start = below(chance, count)
    for step in range(count):
        if removed >= size:
            break
        award = (start + step) % count
        column = w.column[award]
        if column != NONE and t.cluster[column] == t.cluster[target] and is_near(t, column, target):
            move(t, w, column, -1)
            removed += 1
    if had == NONE and fits(t, w, target):
        move(t, w, target, 1)
    fill(t, w, chance)


@compiled
def is_near(t, column, target):  # type: ignore[no-untyped-def]
    """Whether two columns share a row of use at their first slots."""
    k, end = t.use_first[target], t.use_first[target + 1]
    for at in range(t.use_first[column], t.use_first[column + 1]):
        while k < end and t.use_row[k] < t.use_row[at]:
            k += 1
        if k < end and t.use_row[k] == t.use_row[at]:
            return True
    return False


@compiled
def fill(t, w, chance):  # type: ignore[no-untyped-def]
    """Add the column of highest price-adjusted value, with a little noise, until none fits."""
    count = len(t.by_score)
    for _ in range(count):
        best, best_worth = NONE, -ENDLESS
        for application in range(count):
            if w.column[application] != NONE:
                continue
            w.steps[0] += 1
            for column in range(t.first[application], t.first[application + 1]):
                if t.priced[column] <= best_worth:
                    continue
                if fits(t, w, column) and below(chance, 8) != 0:
                    best, best_worth = column, t.priced[column]
        if best == NONE:
            return
        move(t, w, best, 1)


@compiled
def search(t, current, best, trial, delta, chance, rounds, heat, size):  # type: ignore[no-untyped-def]
    """`rounds` disturbances of `current`, each settled to no envy; kept when better or, by `heat`, little worse."""
    for _ in range(rounds):
        copy(current, trial)
        trial.steps[0] += 1
        disturb(t, trial, chance, 1 + below(chance, size))
        slack = np.int64(heat * np.float64(below(chance, 1000)) / 1000.0)
        by = t.value if below(chance, 2) == 0 else t.priced
        if settle(t, trial, delta, by, current.value[0] - slack, 40):
            copy(trial, current)
            if current.value[0] > best.value[0]:
                copy(current, best)
