"""A problem as columns and rows: one column per way to fund an application, every rule a `<=` row.

Columns of an application lie together, applications in order of lottery rank, so the order says nothing about the
file they came from. Dropping any award keeps every row: the search may remove what it likes and stay feasible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.planning.problem import APPLICATION_FACTS, Application, Cluster, Option, Policy, Problem, Selector

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
    for k in `use_first[j]:use_first[j + 1]`, rows ascending.
    """

    problem: Problem
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
    rows = _Rows(problem, applications)
    uses = rows.uses(ways)
    return _assemble(problem, applications, ways, rows, uses)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Columns before their rows: indices and facts, one entry per column, and the option they came from."""

    owner: Ints
    option: Ints
    cluster: Ints
    start: Ints
    nodes: Ints
    value: Ints
    options: tuple[tuple[Application, Option], ...]


def _ways(problem: Problem, applications: Sequence[Application]) -> _Ways:
    """Every (cluster, start, size) each fundable application may have, in that order."""
    slots = problem.calendar.slots
    code = {cluster.code: index for index, cluster in enumerate(problem.clusters)}
    options: list[tuple[Application, Option]] = []
    facts: list[tuple[int, int, int, int, int, int, int, int]] = []
    for owner, application in enumerate(applications):
        if not problem.is_fundable(application):
            continue
        last = min(application.latest, slots - application.duration)
        if last < application.earliest:
            continue
        for option in application.options:
            most = option.max_nodes
            if application.fee_limit_won is not None and option.fee_won:
                most = min(most, application.fee_limit_won // (option.fee_won * application.duration))
            if most < option.min_nodes:
                continue
            over = max(0, application.score_tenths - problem.formula.offset_tenths)
            worth = over * option.utility * application.duration
            facts.append(
                (owner, len(options), code[option.cluster], application.earliest, last - application.earliest + 1,
                 option.min_nodes, most - option.min_nodes + 1, worth)
            )  # fmt: skip
            options.append((application, option))
    table = np.array(facts, dtype=np.int64).reshape(-1, 8)
    return _expand(problem, table, tuple(options))


def _expand(problem: Problem, table: Ints, options: tuple[tuple[Application, Option], ...]) -> _Ways:
    starts = np.repeat(np.arange(len(table)), table[:, 4])
    delay = _within(table[:, 4])
    sizes = table[starts, 6]
    line = np.repeat(starts, sizes)
    delay = np.repeat(delay, sizes)
    nodes = table[line, 5] + _within(sizes)
    per_month = problem.calendar.slots_per_month
    kept = np.maximum(0, 1000 * per_month - problem.formula.delay_permille * delay)
    worth = table[line, 7] * np.array(problem.formula.size_table, dtype=np.int64)[nodes] * kept
    value = worth // (10_000 * 1000 * per_month * per_month)
    return _Ways(table[line, 0], line, table[line, 2], table[line, 3] + delay, nodes, value, options)


def _within(counts: Ints) -> Ints:
    """0 … counts[0]-1, 0 … counts[1]-1, …"""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) - np.repeat(ends - counts, counts)


class _Rows:
    """The rows of a problem, and what each column uses of them."""

    def __init__(self, problem: Problem, applications: Sequence[Application]) -> None:
        self.problem = problem
        self.found: list[Row] = []
        self._capacity = len(problem.clusters) * problem.calendar.slots
        for cluster in problem.clusters:
            self.found.extend(
                Row(f"capacity/{cluster.code}/{slot}", amount, None) for slot, amount in enumerate(cluster.capacity)
            )
        self._start: dict[tuple[str, str], int] = {}
        for policy in problem.policies:
            for word in _words(policy, applications, problem.clusters):
                self._start[policy.name, word] = len(self.found)
                self.found.extend(_policy_rows(policy, word))

    def uses(self, ways: _Ways) -> tuple[Ints, Ints, Ints]:
        """(column, row, amount), sorted by column and row."""
        slots = self.problem.calendar.slots
        durations = np.array([application.duration for application, _ in ways.options], dtype=np.int64)
        length = durations[ways.option] if len(durations) else np.zeros(0, dtype=np.int64)
        columns = np.arange(len(ways.value), dtype=np.int64)
        column = [np.repeat(columns, length)]
        row = [np.repeat(ways.cluster * slots + ways.start, length) + _within(length)]
        amount = [np.repeat(ways.nodes, length)]
        for policy in self.problem.policies:
            self._policy_uses(policy, ways, length, column, row, amount)
        found = np.concatenate(column), np.concatenate(row), np.concatenate(amount)
        keep = found[2] > 0
        order = np.lexsort((found[1][keep], found[0][keep]))
        return found[0][keep][order], found[1][keep][order], found[2][keep][order]

    def _policy_uses(
        self, policy: Policy, ways: _Ways, length: Ints, column: list[Ints], row: list[Ints], amount: list[Ints]
    ) -> None:
        """Add what every column uses of the rows of `policy`."""
        base, unit = self._by_option(policy, ways.options)
        chosen = np.flatnonzero(base[ways.option] >= 0) if len(base) else np.zeros(0, dtype=np.int64)
        option, nodes = ways.option[chosen], ways.nodes[chosen]
        begin = np.maximum(ways.start[chosen], policy.first_slot)
        end = np.minimum(ways.start[chosen] + length[chosen], policy.end_slot)
        inside = np.maximum(end - begin, 0)
        per_slot = unit[option] * (np.ones_like(nodes) if policy.measure == "awards" else nodes)
        if policy.by_slot:
            column.append(np.repeat(chosen, inside))
            row.append(np.repeat(base[option] + begin - policy.first_slot, inside) + _within(inside))
            amount.append(np.repeat(per_slot, inside))
            return
        times = (inside > 0).astype(np.int64) if policy.measure in ("nodes", "awards") else inside
        column.append(chosen)
        row.append(base[option])
        amount.append(per_slot * times)

    def _by_option(self, policy: Policy, options: Sequence[tuple[Application, Option]]) -> tuple[Ints, Ints]:
        """Per option: the first row of `policy` it counts in (-1: none), and what one node counts in one slot."""
        base = np.full(len(options), -1, dtype=np.int64)
        unit = np.ones(len(options), dtype=np.int64)
        for index, (application, option) in enumerate(options):
            cluster = self.problem.cluster[option.cluster]
            if is_matched(policy, application, cluster):
                base[index] = self._start[policy.name, row_word(policy, application, cluster)]
                unit[index] = _unit(policy, option)
        return base, unit


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


def _unit(policy: Policy, option: Option) -> int:
    if policy.measure == "cost_won":
        return option.cost_won
    return option.fee_won if policy.measure == "fee_won" else 1


def _words(policy: Policy, applications: Sequence[Application], clusters: Sequence[Cluster]) -> list[str]:
    """The values of `each` that occur, in order; one empty word for a policy without."""
    if not policy.each:
        return [""]
    if policy.each in APPLICATION_FACTS:
        return sorted({application.fact(policy.each) for application in applications})
    return sorted({cluster.code if policy.each == "cluster" else getattr(cluster, policy.each) for cluster in clusters})


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
    applications: tuple[Application, ...],
    ways: _Ways,
    rows: _Rows,
    uses: tuple[Ints, Ints, Ints],
) -> Model:
    """Drop columns that no hard row can hold, and pack what is left."""
    column, row, amount = uses
    caps = np.array([one.cap for one in rows.found], dtype=np.int64)
    hard = np.array([one.price is None for one in rows.found], dtype=bool)
    keep = np.ones(len(ways.value), dtype=bool)
    keep[column[(amount > caps[row]) & hard[row]]] = False
    kept = keep[column]
    column, row, amount = column[kept], row[kept], amount[kept]
    number = np.cumsum(keep) - 1
    owner = ways.owner[keep]
    return Model(
        problem=problem,
        applications=applications,
        first=np.searchsorted(owner, np.arange(len(applications) + 1)).astype(np.int64),
        owner=owner,
        cluster=ways.cluster[keep],
        start=ways.start[keep],
        nodes=ways.nodes[keep],
        value=ways.value[keep],
        rows=tuple(rows.found),
        caps=caps,
        use_first=np.searchsorted(number[column], np.arange(int(keep.sum()) + 1)).astype(np.int64),
        use_row=row,
        use_amount=amount,
    )
