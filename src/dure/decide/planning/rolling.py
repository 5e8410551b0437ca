"""The rolling track: one application arrives, and is decided at once against what the current plan leaves.

It is funded when some choice fits beside the plan and is worth at least what it uses at the plan's own prices, so that
an arrival cannot take for little what later applicants would pay more for. The answer is a problem and a plan like any
other, of one application, and passes the same audit and explanation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import kernels, merit
from dure.decide.planning.bound import certificate
from dure.decide.planning.envy import Envy
from dure.decide.planning.held import Held, closed_before, held_by, remaining
from dure.decide.planning.model import build
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Application, Problem, Rule
from dure.decide.planning.solver import versions


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was decided: the problem of what was left, its plan, and worth and price of the best choice that fits.

    `worth` and `price` are None when no choice fits.
    """

    problem: Problem
    plan: Plan
    worth: int | None
    price: int | None


def arrive(
    problem: Problem,
    plan: Plan,
    application: Application,
    *,
    held: Sequence[Held] | None = None,
    first_slot: int = 0,
    free: Mapping[str, Sequence[int]] | None = None,
) -> Arrival:
    """Decide `application`, which is not in `problem`, beside the awards of `plan`.

    Where awards have changed since the plan, `held` are those that stand, `free` the nodes free per cluster and slot,
    and nothing starts before `first_slot`. Raises InvalidInput when these do not belong to the problem, or when its
    track does not.
    """
    if application.track not in problem.track:
        what = Text(
            f"이 문제에 없는 트랙입니다: {application.track}", f"The problem has no track '{application.track}'."
        )
        raise InvalidInput(Mistake("application.track", what))
    standing = held_by(problem, plan.awards) if held is None else held
    left = closed_before(first_slot, remaining(problem, standing, free))
    left = replace(left, applications=(application,), rule=Rule("value", plan.rule.delta_tenths))
    model = build(left)
    duals = merit.duals(model, plan.certificate, build(problem) if plan.certificate.rounding else None)
    proof, bound = certificate(model, duals)
    tables, state = merit.tables(model, Envy(model, left.rule.delta_tenths), duals), merit.empty(model)
    is_hard = np.array([row.price is None for row in model.rows], dtype=np.bool_)
    best: tuple[int, int, int] | None = None
    for column in range(model.columns):
        rows, amounts = model.uses(column)
        price = int(np.ceil((duals[rows] * amounts)[is_hard[rows]].sum()))
        worth = int(model.value[column]) - int(kernels.soft_cost(tables, state, column))
        if best is None or worth - price > best[0] - best[1]:
            best = (worth, price, column)
    if best is not None and best[0] >= best[1]:
        kernels.move(tables, state, best[2], 1)
    decided = Plan(
        problem=left.digest,
        programme=left.programme,
        rule=left.rule,
        awards=merit.choice(model, state).awards,
        value=int(state.value[0]),
        bound=bound,
        certificate=proof,
        budget=model.columns,
        work=model.columns,
        ended="finished",
        versions=versions(),
    )
    return Arrival(left, decided, best[0] if best else None, best[1] if best else None)
