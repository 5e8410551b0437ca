"""What the awards of a plan hold of a problem's capacities and rules, counted in plain whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

from dure.decide.planning.left import held_by, used
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Option, Policy, Problem


def option_of(application: Application, cluster: str) -> Option:
    """The option by which `application` may be on `cluster`. Raises KeyError when it has none."""
    for option in application.options:
        if option.cluster == cluster:
            return option
    raise KeyError(cluster)


def nodes_held(problem: Problem, awards: Sequence[Award]) -> dict[str, list[int]]:
    """Nodes held per cluster and slot."""
    held = {cluster.code: [0] * problem.calendar.slots for cluster in problem.clusters}
    for award in awards:
        for slot in range(award.start, award.start + problem.application[award.application].duration):
            held[award.cluster][slot] += award.nodes
    return held


def held_of(problem: Problem, policy: Policy, awards: Sequence[Award]) -> dict[str, list[int]]:
    """What `awards` hold of one rule; see `left.used`."""
    return used(problem, policy, held_by(problem, awards))
