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
from dure.decide.planning.problem import Application, Option

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
    cluster] first row, `windows` and which of `rates` it counts in.
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


def _request(model: Model) -> _Request:
    problem, applications = model.problem, model.applications
    facts = np.array(
        [(one.duration, one.earliest, one.latest, -1 if one.fee_limit_won is None else one.fee_limit_won)
         for one in applications], dtype=np.int64,
    )  # fmt: skip
    begin: dict[str, int] = {}
    for r, row in enumerate(model.rows):
        if row.policy is not None:
            begin.setdefault(row.policy.name, r)
    policies = problem.policies
    shape = (len(policies), len(applications), len(problem.clusters))
    base = np.array([first_rows(one, model.reach, begin.get(one.name, 0)) for one in policies], dtype=np.int64)
    terms, sizes, rates = _terms(model)
    least = np.where(terms == 1, sizes[0], np.iinfo(np.int64).max).min(axis=0)
    return _Request(
        problem.calendar.slots, facts[:, 0].copy(), facts[:, 1].copy(), facts[:, 2].copy(), facts[:, 3].copy(), terms,
        sizes[0], sizes[1], rates, least, base.reshape(shape),
        np.array([window(one) for one in policies], dtype=np.int64).reshape(len(policies), 5),
        np.array([{"cost_won": 1, "fee_won": 2}.get(one.measure, 0) for one in policies], dtype=np.int64),
    )  # fmt: skip


def _terms(model: Model) -> tuple[Ints, Ints, Ints]:
    """[application, cluster] which terms, [2, …] smallest and largest size, […, 3] rates.

    Where an application has no option of its own, it gets the terms others of its class have on that cluster.
    """
    applications, clusters = model.applications, model.problem.clusters
    code = {cluster.code: index for index, cluster in enumerate(clusters)}
    others: dict[tuple[str, bool, int], Option] = {}
    lines: list[tuple[int, ...]] = []
    for i, one in enumerate(applications):
        for option in one.options:
            c = code[option.cluster]
            others[one.applicant_class, one.youth, c] = option
            lines.append((i, c, 1, option.min_nodes, option.max_nodes, option.cost_won, option.fee_won))
    for i, one in enumerate(applications):
        lines.extend(_foreign(i, one, code, others))
    table = np.array(lines, dtype=np.int64).reshape(-1, 7)
    terms = np.zeros((len(applications), len(clusters)), dtype=np.int64)
    sizes, rates = np.zeros((2, *terms.shape), dtype=np.int64), np.ones((*terms.shape, 3), dtype=np.int64)
    where = table[:, 0], table[:, 1]
    terms[where] = table[:, 2]
    for at in range(2):
        sizes[at][where] = table[:, 3 + at]
        rates[..., 1 + at][where] = table[:, 5 + at]
    return terms, sizes, rates


def _foreign(
    i: int, one: Application, code: dict[str, int], others: dict[tuple[str, bool, int], Option]
) -> list[tuple[int, ...]]:
    """The terms of application `i` on clusters it did not name."""
    if not one.options or len(one.options) == len(code):
        return []
    named, size = {option.cluster for option in one.options}, one.options[0]
    found: list[tuple[int, ...]] = []
    for name, c in code.items():
        option = None if name in named else others.get((one.applicant_class, one.youth, c))
        if option is not None:
            most = min(size.max_nodes, option.max_nodes)
            found.append((i, c, 2, min(size.min_nodes, most), most, option.cost_won, option.fee_won))
    return found


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
        high = q.low[i, c] - 1 if is_fewer else q.high[i, c]
        for start in range(first, last + 1):
            if high <= best[1] or high < low:
                break
            nodes = _largest(q, left, i, c, start, length, max(low, best[1] + 1), high)
            if nodes >= low and nodes > best[1]:
                best[0], best[1], best[2], best[3] = c, nodes, start, length


@compiled
def _largest(q, left, i, c, start, length, low, most):  # type: ignore[no-untyped-def]
    """The largest size from `low` to `most` that every row and the fee limit leave room for; less when none does."""
    if q.limit[i] >= 0 and q.rates[i, c, 2] > 0:
        most = min(most, q.limit[i] // (q.rates[i, c, 2] * length))
    for p in range(len(q.base)):
        row, one, opens = q.base[p, i, c], q.rates[i, c, q.rate[p]], q.windows[p, 0]
        if row < 0 or one == 0:
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
    for row in range(c * q.slots + start, c * q.slots + start + length):
        most = min(most, left[row])
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
