"""What else would have fitted beside a plan: for every application the first small change that finds room.

Changes are tried in this order: fewer nodes, a later start, another cluster, a shorter period; of each kind the one
that keeps most nodes, then the earliest. What is offered is inserted into the plan's rows one by one before it is said.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from dure.decide.planning.kernels import Work, compiled
from dure.decide.planning.model import Ints, Model, first_rows, window

Kind = Literal["fewer_nodes", "later_start", "other_cluster", "shorter"]
KINDS: tuple[Kind, ...] = ("fewer_nodes", "later_start", "other_cluster", "shorter")


@dataclass(frozen=True, slots=True)
class Offer:
    """A changed request that fits beside the plan."""

    application: str
    kind: Kind
    cluster: str
    start: int
    nodes: int
    duration: int


def offers(model: Model, work: Work, asked: Ints) -> dict[int, Offer]:
    """The first change that fits for each application numbered in `asked`; those without one are left out."""
    found = np.full((len(asked), 5), -1, dtype=np.int64)
    if len(asked):
        _offer(_request(model), work.left, asked, found)
    clusters = model.problem.clusters
    return {
        number: Offer(model.applications[number].id, KINDS[kind], clusters[cluster].code, start, nodes, duration)
        for number, (kind, cluster, start, nodes, duration) in zip(asked.tolist(), found.tolist(), strict=True)
        if kind >= 0
    }


class _Request(NamedTuple):
    """What applications ask for and how rules count it, for the kernels.

    By application: `duration`, `earliest`, `latest`, `limit` (won of fee, -1 none). By application and cluster: `terms`
    (0 none, 1 its own, 2 those others of its class have there), `low`, `high` sizes, and in `rates` what one node
    counts in one slot (1, subsidy, fee). By cluster: `least` anybody may ask for. By rule: `base` [rule, application,
    cluster] first row, `windows`, which of `rates` it counts in, and whether it
    says the same of every start.
    """

    slots: Any
    duration: Any
    earliest: Any
    latest: Any
    limit: Any
    terms: Any
    low: Any
    high: Any
    rates: Any
    least: Any
    base: Any
    windows: Any
    rate: Any
    is_steady: Any


def _request(model: Model) -> _Request:
    problem, applications = model.problem, model.applications
    facts = np.array(
        [(one.duration, one.earliest, one.latest, -1 if one.fee_limit_won is None else one.fee_limit_won)
         for one in applications], dtype=np.int64,
    )  # fmt: skip
    slots = problem.calendar.slots
    begin: dict[str, int] = {}
    for r, row in enumerate(model.rows):
        if row.policy is not None:
            begin.setdefault(row.policy.name, r)
    policies = problem.policies
    shape = (len(policies), len(applications), len(problem.clusters))
    base = np.array([first_rows(one, model.reach, begin.get(one.name, 0)) for one in policies], dtype=np.int64)
    terms, sizes, rates = _terms(model)
    least = np.where(terms == 1, sizes[0], np.iinfo(np.int64).max).min(axis=0)
    windows = np.array([window(one) for one in policies], dtype=np.int64).reshape(len(policies), 5)
    return _Request(
        slots, facts[:, 0].copy(), facts[:, 1].copy(), facts[:, 2].copy(), facts[:, 3].copy(), terms,
        sizes[0], sizes[1], rates, least, base.reshape(shape),
        windows,
        np.array([{"cost_won": 1, "fee_won": 2}.get(one.measure, 0) for one in policies], dtype=np.int64),
        (windows[:, 0] <= 0) & (windows[:, 1] >= slots) & (windows[:, 2] == 0),
    )  # fmt: skip


def _terms(model: Model) -> tuple[Ints, Ints, Ints]:
    """[application, cluster] which terms, [2, …] smallest and largest size, […, 3] rates.

    Where an application has no option of its own, it gets the terms others of its class have on that cluster: sizes no
    larger than its own, and what the last of them by lottery rank pays.
    """
    applications, clusters = model.applications, model.problem.clusters
    code = {cluster.code: index for index, cluster in enumerate(clusters)}
    table = np.array(
        [(i, code[each.cluster], each.min_nodes, each.max_nodes, each.cost_won, each.fee_won)
         for i, one in enumerate(applications) for each in one.options], dtype=np.int64,
    ).reshape(-1, 6)  # fmt: skip
    owner, cluster = table[:, 0], table[:, 1]
    alike: dict[tuple[str, bool], int] = {}
    group = [alike.setdefault((one.applicant_class, one.youth), len(alike)) for one in applications]
    last = np.full((len(alike), len(clusters)), -1, dtype=np.int64)
    kind = np.array(group, dtype=np.int64)
    last[kind[owner], cluster] = np.arange(len(table))
    first = np.searchsorted(owner, np.arange(len(applications) + 1))
    line, terms = last[kind], np.where((last[kind] >= 0) & (first[1:] > first[:-1])[:, None], 2, 0)
    sizes, rates = np.zeros((2, *terms.shape), dtype=np.int64), np.ones((*terms.shape, 3), dtype=np.int64)
    given = terms == 2
    own, lent = table[first[np.nonzero(given)[0]]], table[line[given]]
    sizes[1][given] = np.minimum(own[:, 3], lent[:, 3])
    sizes[0][given] = np.minimum(own[:, 2], sizes[1][given])
    rates[given, 1:] = lent[:, 4:]
    terms[owner, cluster] = 1
    sizes[:, owner, cluster] = table[:, 2:4].T
    rates[owner, cluster, 1:] = table[:, 4:]
    return terms, sizes, rates


@compiled
def _offer(q, left, asked, found):  # type: ignore[no-untyped-def]
    """For each of `asked`: kind, cluster, start, nodes and duration of its offer into `found`; kind -1 for none."""
    best = np.zeros(4, dtype=np.int64)
    for at in range(len(asked)):
        i = asked[at]
        length, last = q.duration[i], min(q.latest[i], q.slots - q.duration[i])
        for kind in range(4):
            if kind == 0:
                _best(q, left, i, 1, True, q.earliest[i], last, length, best)
            elif kind == 1:
                _best(q, left, i, 1, False, max(last + 1, q.earliest[i]), q.slots - length, length, best)
            elif kind == 2:
                _best(q, left, i, 2, False, q.earliest[i], last, length, best)
            else:
                best[1] = 0
                for shorter in range(length - 1, 0, -1):
                    latest = min(q.latest[i], q.slots - shorter)
                    _best(q, left, i, 1, False, q.earliest[i], latest, shorter, best)
                    if best[1] > 0:
                        break
            if best[1] > 0 and _inserts(q, left, i, best[0], best[2], best[1], best[3]):
                found[at, 0], found[at, 1], found[at, 2] = kind, best[0], best[2]
                found[at, 3], found[at, 4] = best[1], best[3]
                break


@compiled
def _best(q, left, i, terms, is_fewer, first, last, length, best):  # type: ignore[no-untyped-def]
    """The cluster, nodes, start and length of the largest size in a window of starts, into `best` (nodes 0: none).

    `is_fewer` looks below the smallest size asked for, down to what anybody may ask for there.
    """
    best[1] = 0
    for c in range(q.terms.shape[1]):
        if q.terms[i, c] != terms or q.low[i, c] > q.high[i, c]:
            continue
        low = q.least[c] if is_fewer else q.low[i, c]
        high = min(_steady(q, left, i, c, length), q.low[i, c] - 1 if is_fewer else q.high[i, c])
        for start in range(first, last + 1):
            if high <= best[1] or high < low:
                break
            nodes = _largest(q, left, i, c, start, length, max(low, best[1] + 1), high)
            if nodes >= low and nodes > best[1]:
                best[0], best[1], best[2], best[3] = c, nodes, start, length


@compiled
def _steady(q, left, i, c, length):  # type: ignore[no-untyped-def]
    """The largest size that the fee limit and the rules that say the same of every start leave room for."""
    most = q.high[i, c]
    if q.limit[i] >= 0 and q.rates[i, c, 2] > 0:
        most = min(most, q.limit[i] // (q.rates[i, c, 2] * length))
    for p in range(len(q.base)):
        row, one = q.base[p, i, c], q.rates[i, c, q.rate[p]]
        if row < 0 or one == 0 or not q.is_steady[p]:
            continue
        if q.windows[p, 4]:
            one *= length
        if q.windows[p, 3]:
            most = min(most, left[row] // one)
        elif left[row] < one:
            return most * 0
    return most


@compiled
def _largest(q, left, i, c, start, length, low, most):  # type: ignore[no-untyped-def]
    """The largest size from `low` to `most` that nodes and rules of some slots leave room for; less for none."""
    for row in range(c * q.slots + start, c * q.slots + start + length):
        most = min(most, left[row])
        if most < low:
            return most
    for p in range(len(q.base)):
        row, one, opens = q.base[p, i, c], q.rates[i, c, q.rate[p]], q.windows[p, 0]
        if row < 0 or one == 0 or q.is_steady[p]:
            continue
        begin, inside = max(start, opens), min(start + length, q.windows[p, 1]) - max(start, opens)
        by_slot, by_node, by_time = q.windows[p, 2], q.windows[p, 3], q.windows[p, 4]
        if inside < 1:
            continue
        room = left[row + begin - opens] if by_slot else left[row]
        if by_slot:
            for other in range(row + begin - opens, row + begin - opens + inside):
                room = min(room, left[other])
        elif by_time:
            one *= inside
        if by_node:
            most = min(most, room // one)
        elif room < one:
            return most * 0
        if most < low:
            return most
    return most


@compiled
def _inserts(q, left, i, c, start, nodes, length):  # type: ignore[no-untyped-def]
    """Whether the award, inserted row by row into what is left, exceeds no row and no fee limit."""
    for slot in range(start, start + length):
        if nodes > left[c * q.slots + slot]:
            return False
    if q.limit[i] >= 0 and q.rates[i, c, 2] * nodes * length > q.limit[i]:
        return False
    for p in range(len(q.base)):
        opens, ends, by_slot, by_node, by_time = q.windows[p]
        if q.base[p, i, c] < 0:
            continue
        amount, total = q.rates[i, c, q.rate[p]] * (nodes if by_node else 1), np.int64(0)
        for slot in range(max(start, opens), min(start + length, ends)):
            if by_slot:
                if amount > left[q.base[p, i, c] + slot - opens]:
                    return False
            elif by_time or total == 0:
                total += amount
        if total > left[q.base[p, i, c]] and not by_slot:
            return False
    return True
