"""Compile the planner's kernels ahead of time: `python -m dure.decide.planning.prepare`, after installing.

They are compiled on first use otherwise, which takes most of a minute. Compiled code lies beside the source, or where
NUMBA_CACHE_DIR says; it is made again when a source file changes.
"""

from __future__ import annotations

import numpy as np

from dure.decide.planning import sweepline
from dure.decide.planning.explain import explain
from dure.decide.planning.generate import Shape, draw
from dure.decide.planning.instances import FIRST_CALL_CAPS, pose
from dure.decide.planning.placement import named_leaves, place_plan
from dure.decide.planning.problem import RULES
from dure.decide.planning.solver import solve


def prepare() -> None:
    """Solve, explain and place a small call under both rules, so that every kernel has been used."""
    shape = Shape(size=60, months=12, starts=2, prompt_permille=500, supply=480, demand_permille=None)
    problem = pose("prepare", draw(shape, 1), (12, 20, 8, 0, 0), 12, FIRST_CALL_CAPS)
    for rule in RULES:
        plan = solve(problem, 60_000, rule=rule)
        explain(problem, plan)
    place_plan(problem, plan, {one.code: named_leaves(one) for one in problem.clusters}, {})
    spans = (np.array([0, 0]), np.array([2, 1]), np.array([3, 2]))
    sweepline.shares(np.full((2, 2), 4, dtype=np.int64), *spans)


if __name__ == "__main__":
    prepare()
