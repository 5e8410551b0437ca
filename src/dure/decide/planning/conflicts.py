"""Rules that cannot all hold, and the smallest set of them that already cannot.

Every rule is a cap, so the empty plan keeps all of them; what can fail is what the rules promise. A problem is in
conflict when one of three promises cannot be kept:

- *standing*: awards that already run and stand in the problem can all stay, each at its smallest size;
- *somebody*: at least one application that may be funded, and that the free nodes could hold, can be funded;
- *shares*: every floor and reserve can be reached at once. See `shares`: only rules and supply count, not who applied.

A set of rules is in conflict when the promise cannot be kept under these rules alone; then no larger set can keep it.
The set named is a smallest one, found by implicit hitting sets (Ignatiev, Previti, Liffiton, Marques-Silva, CP 2015): a
smallest set that hits every correction set known so far is tested; if it is no conflict yet, it is grown to a largest
set that is none, whose complement is one more correction set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import highs
from dure.decide.planning.model import Model, build
from dure.decide.planning.problem import Application, Policy, Problem
from dure.decide.planning.shares import Shares

Promise = Literal["standing", "somebody", "shares"]

PROMISES: dict[Promise, Text] = {
    "standing": Text("이미 사용 중인 선정을 모두 유지할 수 없습니다", "Awards that already run cannot all stay"),
    "somebody": Text(
        "빈 서버가 있어도 어떤 신청도 선정할 수 없습니다", "No application can be funded although nodes are free"
    ),
    "shares": Text(
        "최소 배분과 유보분을 한꺼번에 채울 수 없습니다", "Floors and reserves cannot all be reached at once"
    ),
}
REMEDY = Text(
    "이 가운데 하나 이상을 풀거나 바꾸십시오. 하나라도 없으면 충돌이 풀립니다.",
    "Relax or change at least one of these; without any one of them they no longer conflict.",
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A promise that cannot be kept and a smallest set of rules that already prevents it.

    `rules` is empty where the capacity alone prevents it (only for *standing*).
    """

    promise: Promise
    rules: tuple[Policy, ...]

    @property
    def text(self) -> Text:
        """What cannot be, and the rules by name."""
        says = PROMISES[self.promise]
        if not self.rules:
            return Text(f"{says.ko}: 서버 수가 모자랍니다.", f"{says.en}: there are too few nodes.")
        ko = ", ".join(f"'{one.label.ko}'({one.name})" for one in self.rules)
        en = ", ".join(f"'{one.label.en}' ({one.name})" for one in self.rules)
        return Text(f"{says.ko}. 함께 성립하지 않는 규칙: {ko}.", f"{says.en}. Rules in conflict: {en}.")


def conflicts(problem: Problem) -> tuple[Conflict, ...]:
    """Every promise that the hard rules of `problem` cannot keep, each with a smallest set of rules to blame."""
    found = []
    tests: tuple[tuple[Promise, Callable[[Problem], tuple[Policy, ...] | None]], ...] = (
        ("standing", _standing),
        ("somebody", _somebody),
        ("shares", _shares),
    )
    for promise, test in tests:
        rules = test(problem)
        if rules is not None:
            found.append(Conflict(promise, rules))
    return tuple(found)


def refuse_conflicts(problem: Problem) -> None:
    """Raises InvalidInput that names the rules in conflict, if there are any."""
    found = conflicts(problem)
    if found:
        raise InvalidInput(
            [Mistake("policies" if one.rules else "clusters", one.text, REMEDY if one.rules else Text("", ""))
             for one in found]
        )  # fmt: skip


def smallest(count: int, is_possible: Callable[[frozenset[int]], bool]) -> frozenset[int] | None:
    """A smallest set of 0 … count-1 that is not possible; None if all together are. `is_possible` must be monotone:
    a part of what is possible is possible."""
    everything = frozenset(range(count))
    if is_possible(everything):
        return None
    corrections: list[frozenset[int]] = []
    while True:
        chosen = _hitting(corrections)
        if not is_possible(chosen):
            return chosen
        for one in range(count):
            if one not in chosen and is_possible(chosen | {one}):
                chosen |= {one}
        corrections.append(everything - chosen)


def _hitting(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    """A smallest set that meets every one of `sets`; the first in order of its numbers among equals."""
    most = 0
    while True:
        found = _hit(sets, frozenset(), most)
        if found is not None:
            return found
        most += 1


def _hit(sets: Sequence[frozenset[int]], chosen: frozenset[int], most: int) -> frozenset[int] | None:
    missed = next((one for one in sets if chosen.isdisjoint(one)), None)
    if missed is None:
        return chosen
    if most == 0:
        return None
    for one in sorted(missed):
        found = _hit(sets, chosen | {one}, most - 1)
        if found is not None:
            return found
    return None


def _standing(problem: Problem) -> tuple[Policy, ...] | None:
    """The rules that running awards cannot all keep; nobody else is there."""
    running = tuple(_at_least(one) for one in problem.applications if one.standing == "running")
    hard = [policy for policy in problem.policies if policy.price is None]

    def may_all_stay(chosen: Iterable[int]) -> bool:
        policies = tuple(hard[index] for index in sorted(chosen))
        model = build(replace(problem, applications=running, policies=policies))
        return _all_fit(model)

    found = smallest(len(hard), may_all_stay) if running else None
    return None if found is None else tuple(hard[index] for index in sorted(found))


def _at_least(one: Application) -> Application:
    """The application as it must at least be held; that it runs is not a matter of its score."""
    options = tuple(replace(option, max_nodes=option.min_nodes) for option in one.options)
    return replace(one, options=options, eligible=True, score_tenths=1000, fee_limit_won=None)


def _all_fit(model: Model) -> bool:
    """Whether every application can have one of its columns, all together; exact."""
    if (np.diff(model.first) == 0).any():
        return False
    load = np.bincount(model.use_row, model.use_amount, len(model.rows))
    if model.columns == len(model.applications):
        return bool((load <= model.caps).all())
    return highs.all_served(model)


def _somebody(problem: Problem) -> tuple[Policy, ...] | None:
    """The rules that together leave no choice to any application; None where some choice is left, or none ever was."""
    if build(problem).columns:
        return None
    hard = [policy for policy in problem.policies if policy.price is None]
    soft = tuple(replace(one, price=0) if one.price is None else one for one in problem.policies)
    barred = _barred(build(replace(problem, policies=soft)), [policy.name for policy in hard])
    if not barred:
        return None
    found = smallest(len(hard), lambda chosen: any(chosen.isdisjoint(one) for one in barred))
    return None if found is None else tuple(hard[index] for index in sorted(found))


def _barred(model: Model, names: Sequence[str]) -> set[frozenset[int]]:
    """For every choice that capacity allows, the rules that forbid it by themselves, as numbers of `names`."""
    place = {name: index for index, name in enumerate(names)}
    rule = np.array(
        [-1 if row.policy is None else place.get(row.policy.name, -1) for row in model.rows], dtype=np.int64
    )
    is_over = (rule[model.use_row] >= 0) & (model.use_amount > model.caps[model.use_row])
    column = np.repeat(np.arange(model.columns), np.diff(model.use_first))[is_over]
    pairs = np.unique(np.stack([column, rule[model.use_row[is_over]]], axis=1), axis=0)
    found: list[set[int]] = [set() for _ in range(model.columns)]
    for j, one in pairs.tolist():
        found[j].add(one)
    return {frozenset(one) for one in found}


def _shares(problem: Problem) -> tuple[Policy, ...] | None:
    """The rules whose shares cannot be reached at once."""
    shares = Shares(problem)
    found = smallest(len(shares.policies), shares.may_all_hold)
    return None if found is None else tuple(shares.policies[index] for index in sorted(found))
