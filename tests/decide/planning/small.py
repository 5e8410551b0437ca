"""A small synthetic call that solves in a moment: forty applications for thirty servers."""

from __future__ import annotations

from dure.decide.planning.generate import Shape, draw
from dure.decide.planning.instances import Caps, pose
from dure.decide.planning.problem import Problem


def small_call(seed: int = 1, size: int = 40) -> Problem:
    shape = Shape(size=size, months=12, starts=2, prompt_permille=500, supply=360, demand_permille=None)
    caps = Caps(organisation=200, academia=600, industry=500, capital=700, budget=900)
    return pose(f"small-{seed}", draw(shape, seed), (10, 14, 6, 0, 0), 12, caps)
