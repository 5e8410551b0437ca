"""What awards hold of a problem's capacities and rules, and what they leave, in plain whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.model import is_matched, row_word
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Option, Policy, Problem


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """An award that stands: `nodes` nodes of `cluster` from slot `start` up to but not including `end`.

    `end` lies before the end asked for where an award ended early.
    """

    application: str
    cluster: str
    start: int
    end: int
    nodes: int

    @classmethod
    def of(cls, problem: Problem, award: Award) -> Held:
        """An award of a plan, held for as long as it was asked for."""
        end = award.start + problem.application[award.application].duration
        return cls(award.application, award.cluster, award.start, end, award.nodes)


def held_by(problem: Problem, awards: Sequence[Award]) -> tuple[Held, ...]:
    """Every award of a plan as it stands when nothing has changed."""
    return tuple(Held.of(problem, award) for award in awards)


def option_of(application: Application, cluster: str) -> Option:
    """The option by which `application` may be on `cluster`. Raises KeyError when it has none."""
    for option in application.options:
        if option.cluster == cluster:
            return option
    raise KeyError(cluster)


def remaining(problem: Problem, held: Sequence[Held], free: Mapping[str, Sequence[int]] | None = None) -> Problem:
    """The problem that is left beside `held`: capacities and caps without what they use, and no application.

    `free` (nodes per cluster and slot), where given, replaces the capacity left; clusters it does not name have none.
    Raises InvalidInput when `held` or `free` does not belong to the problem.
    """
    for one in held:
        _belongs(problem, one)
    capacity = _free(problem, free) if free is not None else _capacity(problem, held)
    clusters = tuple(replace(one, capacity=tuple(capacity[one.code])) for one in problem.clusters)
    policies = tuple(less(policy, used(problem, policy, held)) for policy in problem.policies)
    return replace(problem, clusters=clusters, policies=policies, applications=())


def closed_before(first_slot: int, problem: Problem) -> Problem:
    """The problem with no capacity before `first_slot`, so that nothing can start there."""
    closed = tuple(replace(one, capacity=(0,) * first_slot + one.capacity[first_slot:]) for one in problem.clusters)
    return replace(problem, clusters=closed)


def _belongs(problem: Problem, one: Held) -> tuple[Application, Option]:
    """The application and the option an award stands on."""
    application = problem.application.get(one.application)
    options = () if application is None else application.options
    option = next((each for each in options if each.cluster == one.cluster), None)
    if application is None or option is None or not 0 <= one.start <= one.end <= problem.calendar.slots:
        what = Text("문제에 없는 신청·클러스터이거나 기간이 달력을 벗어난 선정입니다.",
                    "It names what the problem does not have, or leaves its calendar.")  # fmt: skip
        remedy = Text("이 공모의 선정만 넘기십시오.", "Give only awards of this problem.")
        raise InvalidInput(Mistake(f"held[{one.application}]", what, remedy))
    return application, option


def nodes_held(problem: Problem, held: Sequence[Held]) -> dict[str, list[int]]:
    """Nodes held per cluster and slot."""
    found = {cluster.code: [0] * problem.calendar.slots for cluster in problem.clusters}
    for one in held:
        for slot in range(one.start, one.end):
            found[one.cluster][slot] += one.nodes
    return found


def _capacity(problem: Problem, held: Sequence[Held]) -> dict[str, list[int]]:
    nodes = nodes_held(problem, held)
    return {
        one.code: [max(0, cap - taken) for cap, taken in zip(one.capacity, nodes[one.code], strict=True)]
        for one in problem.clusters
    }


def _free(problem: Problem, free: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    for code, line in free.items():
        if code not in problem.cluster or len(line) != problem.calendar.slots:
            what = Text(f"이 문제의 클러스터여야 하고 값이 {problem.calendar.slots}개여야 합니다.",
                        f"It must be a cluster of the problem with {problem.calendar.slots} numbers.")  # fmt: skip
            raise InvalidInput(Mistake(f"free[{code}]", what))
    nothing = [0] * problem.calendar.slots
    return {cluster.code: [max(0, n) for n in free.get(cluster.code, nothing)] for cluster in problem.clusters}


def used(problem: Problem, policy: Policy, held: Sequence[Held]) -> dict[str, list[int]]:
    """What `held` uses of one rule: for each value of its `each` fact ("" without one), one number or one per slot.

    Raises InvalidInput when `held` does not belong to the problem.
    """
    found: dict[str, list[int]] = {}
    for one in held:
        application, option = _belongs(problem, one)
        cluster = problem.cluster[one.cluster]
        if is_matched(policy, application, cluster):
            word = row_word(policy, application, cluster)
            _count(policy, option, one, found.setdefault(word, [0] * len(policy.caps)))
    return found


def caps_of(policy: Policy, word: str) -> tuple[int, ...]:
    """The caps of one value of a rule's `each` fact."""
    return policy.overrides.get(word, policy.caps)


def less(policy: Policy, use: Mapping[str, Sequence[int]]) -> Policy:
    """The rule with its caps reduced by `use`; a cap already exceeded becomes 0."""
    left = {
        word: tuple(max(0, cap - one) for cap, one in zip(caps_of(policy, word), line, strict=True))
        for word, line in use.items()
    }
    if not policy.each:
        return replace(policy, caps=left.get("", policy.caps))
    return replace(policy, overrides={**policy.overrides, **left})


def _count(policy: Policy, option: Option, one: Held, line: list[int]) -> None:
    """Add what one award uses of a rule's rows to `line`."""
    unit = {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(policy.measure, 1)
    amount = unit * (1 if policy.measure == "awards" else one.nodes)
    begin, end = max(one.start, policy.first_slot), min(one.end, policy.end_slot)
    if policy.by_slot:
        for slot in range(begin, end):
            line[slot - policy.first_slot] += amount
    elif begin < end:
        line[0] += amount * (1 if policy.measure in ("nodes", "awards") else end - begin)
