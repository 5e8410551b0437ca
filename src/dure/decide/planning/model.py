"""A problem as columns and rows: one column per way to fund an application, every rule a `<=` row.

Columns of an application lie together, applications in order of lottery rank, so the order says nothing about the
file they came from. Dropping any award keeps every row: the search may remove what it likes and stay feasible.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers the types of the kernel.)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from dure.decide.planning.problem import APPLICATION_FACTS, Application, Cluster, Policy, Problem, Selector
from dure.decide.planning.reach import Reach

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """One `<=` row: of cluster and slot where `policy` is None, else of that policy, one of its values, one slot.

    `price` None is hard; a number is what each unit above the cap costs.
    """

    name: str
    cap: int
    policy: Policy | None
    price: int | None = None


@dataclass(frozen=True)
class Model:
    """Columns j of applications, and rows. All arrays are 64-bit integers.

    `first[i]:first[i + 1]` are the columns of `applications[i]`. Column j uses row `use_row[k]` by `use_amount[k]`
    for k in `use_first[j]:use_first[j + 1]`, rows ascending. `reach` knows which awards a rule counts.
    """

    problem: Problem
    reach: Reach
    applications: tuple[Application, ...]
    first: Ints
    owner: Ints
    cluster: Ints
    start: Ints
    nodes: Ints
    value: Ints
    rows: tuple[Row, ...]
    caps: Ints
    use_first: Ints
    use_row: Ints
    use_amount: Ints

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.value)

    def uses(self, column: int) -> tuple[Ints, Ints]:
        """Rows and amounts column `column` uses."""
        part = slice(int(self.use_first[column]), int(self.use_first[column + 1]))
        return self.use_row[part], self.use_amount[part]


def build(problem: Problem) -> Model:
    """The columns and rows of `problem`. Columns that use more than a whole hard row are left out."""
    applications = tuple(sorted(problem.applications, key=lambda one: one.lottery_rank))
    ways = _ways(problem, applications)
    reach = Reach(applications, problem.clusters)
    rows = [
        Row(f"capacity/{cluster.code}/{slot}", amount, None)
        for cluster in problem.clusters
        for slot, amount in enumerate(cluster.capacity)
    ]
    terms = [_term(policy, reach, ways, rows) for policy in problem.policies]
    return _assemble(problem, reach, ways, rows, terms)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Columns before their rows: one entry per column, and the options they came from, one entry per option.

    `cost`, `fee` are won per node and slot, `of` the application and `on` the cluster of each option.
    """

    owner: Ints
    option: Ints
    cluster: Ints
    start: Ints
    nodes: Ints
    value: Ints
    length: Ints
    of: Ints
    on: Ints
    cost: Ints
    fee: Ints


def _ways(problem: Problem, applications: Sequence[Application]) -> _Ways:
    """Every (cluster, start, size) each fundable application may have, in that order."""
    slots, offset = problem.calendar.slots, problem.formula.offset_tenths
    code = {cluster.code: index for index, cluster in enumerate(problem.clusters)}
    facts: list[tuple[int, ...]] = []
    for owner, application in enumerate(applications):
        duration, earliest = application.duration, application.earliest
        starts = min(application.latest, slots - duration) - earliest + 1
        if starts < 1 or not problem.is_fundable(application):
            continue
        over = max(0, application.score_tenths - offset) * duration
        for option in application.options:
            most = option.max_nodes
            if application.fee_limit_won is not None and option.fee_won:
                most = min(most, application.fee_limit_won // (option.fee_won * duration))
            if most >= option.min_nodes:
                facts.append(
                    (owner, code[option.cluster], earliest, starts, option.min_nodes, most - option.min_nodes + 1,
                     over * option.utility, duration, option.cost_won, option.fee_won)
                )  # fmt: skip
    return _expand(problem, np.array(facts, dtype=np.int64).reshape(-1, 10))


def _expand(problem: Problem, table: Ints) -> _Ways:
    """A column for every start and size of every option."""
    starts = np.repeat(np.arange(len(table)), table[:, 3])
    delay = _within(table[:, 3])
    sizes = table[starts, 5]
    line = np.repeat(starts, sizes)
    delay = np.repeat(delay, sizes)
    nodes = table[line, 4] + _within(sizes)
    per_month = problem.calendar.slots_per_month
    kept = np.maximum(0, 1000 * per_month - problem.formula.delay_permille * delay)
    worth = table[line, 6] * np.array(problem.formula.size_table, dtype=np.int64)[nodes] * kept
    value = worth // (10_000 * 1000 * per_month * per_month)
    return _Ways(
        table[line, 0], line, table[line, 1], table[line, 2] + delay, nodes, value, table[line, 7],
        table[:, 0], table[:, 1], table[:, 8], table[:, 9],
    )  # fmt: skip


def _within(counts: Ints) -> Ints:
    """0 … counts[0]-1, 0 … counts[1]-1, …"""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) - np.repeat(ends - counts, counts)


class Window(NamedTuple):
    """How a rule counts, for kernels: slots `opens` up to `ends`, a row for each or one for all.

    `by_node` is 0 where an award counts once whatever its size, `by_time` 0 where it counts once whatever its length.
    """

    opens: int
    ends: int
    by_slot: int
    by_node: int
    by_time: int


def window(policy: Policy) -> Window:
    """How `policy` counts."""
    by_node, by_time = policy.measure != "awards", policy.measure not in ("awards", "nodes")
    return Window(policy.first_slot, policy.end_slot, int(policy.by_slot), int(by_node), int(by_time))


def first_rows(policy: Policy, reach: Reach, begin: int) -> Ints:
    """[application, cluster]: the first row of `policy` an award counts in, -1 for none; its rows are from `begin`."""
    each = policy.end_slot - policy.first_slot if policy.by_slot else 1
    return np.where(reach.matched(policy), begin + each * reach.word(policy), -1)


def _term(policy: Policy, reach: Reach, ways: _Ways, rows: list[Row]) -> tuple[Ints, Ints, Window]:
    """Per option the first row of the rule and what one node counts in one slot; the rule's rows go into `rows`."""
    begin = len(rows)
    for word in reach.words(policy):
        rows.extend(_policy_rows(policy, word))
    unit = {"cost_won": ways.cost, "fee_won": ways.fee}.get(policy.measure, np.ones(len(ways.of), dtype=np.int64))
    return first_rows(policy, reach, begin)[ways.of, ways.on], unit, window(policy)


def fact(name: str, application: Application, cluster: Cluster) -> str:
    """The word of fact `name` for an award of `application` on `cluster`."""
    if name in APPLICATION_FACTS:
        return application.fact(name)
    return cluster.code if name == "cluster" else str(getattr(cluster, name))


def is_matched(policy: Policy, application: Application, cluster: Cluster) -> bool:
    """Whether an award of `application` on `cluster` counts in `policy`."""
    return _holds(policy.match, application, cluster) and not (
        policy.exclude and _holds(policy.exclude, application, cluster)
    )


def row_word(policy: Policy, application: Application, cluster: Cluster) -> str:
    """The value of the policy's `each` fact for this award, "" where the policy has one row for all."""
    return fact(policy.each, application, cluster) if policy.each else ""


def _holds(selector: Selector, application: Application, cluster: Cluster) -> bool:
    return all(fact(name, application, cluster) in words for name, words in selector.items())


def _policy_rows(policy: Policy, word: str) -> Iterator[Row]:
    name = f"{policy.name}/{word}" if word else policy.name
    caps = policy.overrides.get(word, policy.caps)
    if not policy.by_slot:
        yield Row(name, caps[0], policy, policy.price)
        return
    for place, cap in enumerate(caps):
        yield Row(f"{name}/{policy.first_slot + place}", cap, policy, policy.price)


def _assemble(
    problem: Problem,
    reach: Reach,
    ways: _Ways,
    rows: list[Row],
    terms: list[tuple[Ints, Ints, Window]],
) -> Model:
    """Drop columns that no hard row can hold, and write down what the others use."""
    caps = np.array([one.cap for one in rows], dtype=np.int64)
    most = np.where([one.price is None for one in rows], caps, np.iinfo(np.int64).max)
    base = np.array([term[0] for term in terms], dtype=np.int64).reshape(len(terms), len(ways.of))
    unit = np.array([term[1] for term in terms], dtype=np.int64).reshape(len(terms), len(ways.of))
    windows = np.array([term[2] for term in terms], dtype=np.int64).reshape(len(terms), 5)
    columns = (ways.option, ways.cluster * problem.calendar.slots + ways.start, ways.nodes, ways.start, ways.length)
    count = np.zeros(len(ways.value), dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    _uses(columns, base, unit, windows, most, count, nothing, nothing, nothing)
    keep = count > 0
    use_first = np.concatenate([[0], np.cumsum(count[keep])]).astype(np.int64)
    kept = tuple(one[keep] for one in columns)
    use_row, use_amount = np.empty(use_first[-1], dtype=np.int64), np.empty(use_first[-1], dtype=np.int64)
    _uses(kept, base, unit, windows, most, count[keep], use_first, use_row, use_amount)
    owner = ways.owner[keep]
    return Model(
        problem=problem,
        reach=reach,
        applications=tuple(reach.applications),
        first=np.searchsorted(owner, np.arange(len(reach.applications) + 1)).astype(np.int64),
        owner=owner,
        cluster=ways.cluster[keep],
        start=ways.start[keep],
        nodes=ways.nodes[keep],
        value=ways.value[keep],
        rows=tuple(rows),
        caps=caps,
        use_first=use_first,
        use_row=use_row,
        use_amount=use_amount,
    )


@numba.njit(cache=True, nogil=True)
def _uses(columns, base, unit, windows, most, count, use_first, use_row, use_amount):  # type: ignore[no-untyped-def]
    """Rows and amounts of every column, rows ascending: counted into `count` while `use_first` is empty (0 where some
    row could never hold the column), written to `use_row`, `use_amount` from `use_first` on otherwise."""
    option, cell, nodes, start, length = columns
    is_counting = len(use_first) == 0
    for j in range(len(option)):
        at = np.int64(0) if is_counting else use_first[j]
        begin, is_possible = at, True
        for row in range(cell[j], cell[j] + length[j]):
            is_possible &= nodes[j] <= most[row]
            if not is_counting:
                use_row[at], use_amount[at] = row, nodes[j]
            at += 1
        for p in range(len(base)):
            first = base[p, option[j]]
            opens, ends, by_slot, by_node, by_time = windows[p]
            inside = min(start[j] + length[j], ends) - max(start[j], opens)
            if first < 0 or inside < 1:
                continue
            amount = unit[p, option[j]] * (nodes[j] if by_node else 1)
            rows = np.int64(1)
            if by_slot:
                first += max(start[j], opens) - opens
                rows = inside
            elif by_time:
                amount *= inside
            if amount == 0:
                continue
            for row in range(first, first + rows):
                is_possible &= amount <= most[row]
                if not is_counting:
                    use_row[at], use_amount[at] = row, amount
                at += 1
        if is_counting:
            count[j] = at - begin if is_possible else 0
