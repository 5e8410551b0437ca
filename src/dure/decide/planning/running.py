"""Awards that already run and stand in a problem: they stay as they are, and all others share what they leave.

Such an application (standing "running") has exactly one choice. What it holds is taken off clusters and rules, the
rest is planned and bounded by itself, and the award, its value and what it costs soft rules are put back: both sides
of every bound grow by the same amount.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.held import caps_of, held_by, option_of, remaining, used
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Application, Problem


def beside_running(problem: Problem, solve: Callable[[Problem], Plan]) -> Plan:
    """The plan `solve` makes of what running awards leave, and these awards. Raises InvalidInput (`running_awards`)."""
    fixed = running_awards(problem)
    if not fixed:
        return solve(problem)
    plan, worth = solve(without_running(problem)), _worth(problem, fixed)
    return replace(
        plan,
        problem=problem.digest,
        awards=(*plan.awards, *fixed),
        value=plan.value + worth,
        bound=plan.bound + worth,
    )


def running_awards(problem: Problem) -> tuple[Award, ...]:
    """The awards that already run. Raises InvalidInput where one does not say exactly what it holds."""
    running = [one for one in problem.applications if one.standing == "running"]
    mistakes = [mistake for one in running for mistake in not_fixed(problem, one)]
    if mistakes:
        raise InvalidInput(mistakes)
    return tuple(
        Award(one.id, option.cluster, one.earliest, option.min_nodes) for one in running for option in one.options
    )


def without_running(problem: Problem) -> Problem:
    """The problem of everybody else: capacities and caps less what running awards hold."""
    others = tuple(one for one in problem.applications if one.standing != "running")
    if len(others) == len(problem.applications):
        return problem
    return replace(remaining(problem, held_by(problem, running_awards(problem))), applications=others)


def not_fixed(problem: Problem, one: Application) -> list[Mistake]:
    """What keeps a running award from being the one thing it holds."""
    is_placed = one.earliest == one.latest and one.latest + one.duration <= problem.calendar.slots
    if len(one.options) == 1 and is_placed and _is_one_size(one):
        return []
    what = Text(
        "이미 사용 중인 선정은 클러스터·시작·서버 수가 하나로 정해져 있어야 합니다.",
        "An award that already runs has one cluster, one start within the calendar and one size.",
    )
    remedy = Text(
        "옵션은 하나만, min_nodes와 max_nodes, earliest와 latest는 같게 두고 자부담 한도를 넘지 않게 하십시오.",
        "Give one option, the same min_nodes and max_nodes, the same earliest and latest, within its fee limit.",
    )
    return [Mistake(f"applications[{one.id}]", what, remedy)]


def _is_one_size(one: Application) -> bool:
    option, limit = one.options[0], one.fee_limit_won
    is_paid = limit is None or option.fee_won * option.min_nodes * one.duration <= limit
    return option.min_nodes == option.max_nodes and is_paid


def _worth(problem: Problem, awards: Sequence[Award]) -> int:
    """The value of these awards by themselves, less what they cost soft rules."""
    total = 0
    for award in awards:
        application = problem.application[award.application]
        total += problem.value(application, option_of(application, award.cluster), award.start, award.nodes)
    for policy in problem.policies:
        if policy.price is not None:
            for word, line in used(problem, policy, held_by(problem, awards)).items():
                over = [max(0, use - cap) for use, cap in zip(line, caps_of(policy, word), strict=True)]
                total -= policy.price * sum(over)
    return total
