"""What awards hold of a problem's capacities and rules, counted in plain whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dure.decide.planning.model import is_matched, row_word
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Option, Policy, Problem

Use = dict[str, list[int]]
"""Amounts held of a rule: for each value of its `each` fact ("" without one), one number or one per slot."""


def option_of(application: Application, cluster: str) -> Option:
    """The option by which `application` may be on `cluster`. Raises KeyError when it has none."""
    for option in application.options:
        if option.cluster == cluster:
            return option
    raise KeyError(cluster)


def nodes_held(problem: Problem, awards: Iterable[Award]) -> dict[str, list[int]]:
    """Nodes held per cluster and slot."""
    held = {cluster.code: [0] * problem.calendar.slots for cluster in problem.clusters}
    for award in awards:
        for slot in range(award.start, award.start + problem.application[award.application].duration):
            held[award.cluster][slot] += award.nodes
    return held


def held_of(problem: Problem, policy: Policy, awards: Iterable[Award]) -> Use:
    """What `awards` hold of one rule."""
    held: Use = {}
    for award in awards:
        application, cluster = problem.application[award.application], problem.cluster[award.cluster]
        if is_matched(policy, application, cluster):
            line = held.setdefault(row_word(policy, application, cluster), [0] * len(policy.caps))
            _count(policy, application, award, line)
    return held


def caps_of(policy: Policy, word: str) -> tuple[int, ...]:
    """The caps of one value of a rule's `each` fact."""
    return policy.overrides.get(word, policy.caps)


def less(policy: Policy, held: Mapping[str, list[int]]) -> Policy:
    """The rule with its caps reduced by what is held; what is held beyond a cap leaves 0."""
    left = {
        word: tuple(max(0, cap - use) for cap, use in zip(caps_of(policy, word), line, strict=True))
        for word, line in held.items()
    }
    if not policy.each:
        return replace(policy, caps=left.get("", policy.caps))
    return replace(policy, overrides={**policy.overrides, **left})


def _count(policy: Policy, application: Application, award: Award, line: list[int]) -> None:
    """Add what one award uses of a rule's rows to `line`."""
    option = option_of(application, award.cluster)
    unit = {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(policy.measure, 1)
    amount = unit * (1 if policy.measure == "awards" else award.nodes)
    begin = max(award.start, policy.first_slot)
    end = min(award.start + application.duration, policy.end_slot)
    if policy.by_slot:
        for slot in range(begin, end):
            line[slot - policy.first_slot] += amount
    elif begin < end:
        line[0] += amount * (1 if policy.measure in ("nodes", "awards") else end - begin)
