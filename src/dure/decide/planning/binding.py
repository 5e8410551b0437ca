"""What holds an application back: the rule that has no room for any of its choices, else capacity, else both together.

One compiled pass over the smallest choices of every application; the sentences are made from its answer.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.core.text import Text
from dure.decide.planning import reasons
from dure.decide.planning.kernels import Tables, Work, compiled
from dure.decide.planning.model import Ints, Model
from dure.decide.planning.problem import Policy

CAPACITY, TOGETHER, NOTHING_SHORT, NO_CHOICE = -1, -2, -3, -4
"""Answers that are not the index of a policy."""

CODES = {CAPACITY: "capacity", TOGETHER: "rules_and_capacity", NOTHING_SHORT: "not_chosen", NO_CHOICE: "no_choice"}


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """Per application [applications]: `what` is the index of a policy or one of the answers above; `row` is where it
    comes closest to room, `left` what that row has left there and `need` what the choice would use of it."""

    what: Ints
    column: Ints
    row: Ints
    left: Ints
    need: Ints


def binding(model: Model, tables: Tables, work: Work) -> Binding:
    """What holds each application of `model` back beside the state `work`."""
    place = {policy.name: index for index, policy in enumerate(model.problem.policies)}
    policy = np.array([-1 if row.policy is None else place[row.policy.name] for row in model.rows], dtype=np.int64)
    count = len(model.applications)
    found = Binding(*(np.zeros(count, dtype=np.int64) for _ in range(5)))
    _bind(tables, work, policy, len(place), found.what, found.column, found.row, found.left, found.need)
    return found


def code(model: Model, found: Binding, application: int) -> str:
    """The answer for one application in one word, or the name of the rule."""
    what = int(found.what[application])
    return model.problem.policies[what].name if what >= 0 else CODES[what]


def sentence(model: Model, found: Binding, application: int) -> Text:
    """The answer for one application in words."""
    what = int(found.what[application])
    problem, calendar = model.problem, model.problem.calendar
    if what == NO_CHOICE:
        return reasons.nothing_on_offer()
    if what == NOTHING_SHORT:
        return reasons.not_chosen()
    if what == TOGETHER:
        return reasons.held_together()
    left, need = max(0, int(found.left[application])), int(found.need[application])
    if what >= 0:
        policy: Policy = problem.policies[what]
        measure = calendar, policy.measure, policy.by_slot
        return reasons.held_by_rule(policy.label, reasons.amount(*measure, left), reasons.amount(*measure, need))
    column = int(found.column[application])
    return reasons.held_by_capacity(
        problem.clusters[int(model.cluster[column])].code,
        reasons.slot_name(calendar, int(model.start[column])),
        reasons.length_name(calendar, model.applications[application].duration),
        left,
        need,
    )


@compiled
def _bind(t, w, policy, policies, what, column, row, left, need):  # type: ignore[no-untyped-def]
    """Fill the arrays of `Binding`; `policy` [rows] is the policy of each row, -1 for capacity."""
    count, seen = np.zeros(policies + 1, dtype=np.int64), np.zeros(policies + 1, dtype=np.int64)
    for i in range(len(what)):
        first, last = t.small_first[i], t.small_first[i + 1]
        if first == last:
            what[i] = NO_CHOICE
            continue
        count[:], seen[:] = 0, -1
        what[i] = TOGETHER
        for at in range(first, last):
            is_short = False
            for k in range(t.use_first[t.small[at]], t.use_first[t.small[at] + 1]):
                if t.use_amount[k] > w.left[t.use_row[k]]:
                    is_short = True
                    one = policy[t.use_row[k]] + 1
                    if seen[one] != at:
                        seen[one] = at
                        count[one] += 1
            if not is_short:
                what[i] = NOTHING_SHORT
                break
        if what[i] == NOTHING_SHORT:
            continue
        for one in range(1, policies + 1):
            if count[one] == last - first:
                what[i] = one - 1
                break
        if what[i] == TOGETHER and count[0] == last - first:
            what[i] = CAPACITY
        if what[i] >= CAPACITY:
            _closest(t, w, policy, i, what[i], column, row, left, need)


@compiled
def _closest(t, w, policy, i, wanted, column, row, left, need):  # type: ignore[no-untyped-def]
    """The choice of application `i` that lacks least of the rows of `wanted`, and the row where it lacks most."""
    is_first, best = True, t.first[0]
    for at in range(t.small_first[i], t.small_first[i + 1]):
        j, worst, worst_at, is_seen = t.small[at], t.first[0], t.first[0], False
        for k in range(t.use_first[j], t.use_first[j + 1]):
            if policy[t.use_row[k]] == wanted:
                lack = t.use_amount[k] - w.left[t.use_row[k]]
                if not is_seen or lack > worst:
                    worst, worst_at, is_seen = lack, k, True
        if is_seen and (is_first or worst < best):
            best, is_first = worst, False
            column[i], row[i] = j, t.use_row[worst_at]
            left[i], need[i] = w.left[t.use_row[worst_at]], t.use_amount[worst_at]
