"""The oracle for tiny problems: every rule read off its definition, every plan tried. Slow on purpose, shares no step
with the planner or the auditor beyond the words of `problem`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Option, Policy, Problem, Rule, Selector

Awards = tuple[Award, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """The optimum of a tiny problem: its value and one set of awards that has it."""

    value: int
    awards: Awards


def optimum(problem: Problem, rule: Rule) -> Best:
    """The best plan of all, by trying every one. Only for problems with few choices."""
    best: Best | None = None
    running = {one.id for one in problem.applications if one.standing == "running"}
    for awards in _plans(problem, problem.applications, ()):
        if not running <= {award.application for award in awards}:
            continue
        worth = value(problem, awards)
        if (best is None or worth > best.value) and (
            rule.name == "value" or not envious(problem, awards, rule.delta_tenths)
        ):
            best = Best(worth, awards)
    if best is None:
        raise ValueError("no plan keeps every award that already runs")
    return best


def choices(problem: Problem, application: Application) -> Iterator[Award]:
    """Every way to fund one application, rules of the programme aside."""
    is_below = application.score_tenths < problem.track[application.track].pass_mark_tenths
    if application.standing != "running" and (is_below or not application.eligible):
        return
    for option in application.options:
        for start in range(application.earliest, application.latest + 1):
            if start + application.duration > problem.calendar.slots:
                continue
            for nodes in range(option.min_nodes, option.max_nodes + 1):
                fee = option.fee_won * nodes * application.duration
                if application.fee_limit_won is None or fee <= application.fee_limit_won:
                    yield Award(application.id, option.cluster, start, nodes)


def is_feasible(problem: Problem, awards: Awards) -> bool:
    """Whether capacity and every hard rule hold."""
    for cluster in problem.clusters:
        for slot, capacity in enumerate(cluster.capacity):
            if sum(a.nodes for a in awards if a.cluster == cluster.code and _is_running(problem, a, slot)) > capacity:
                return False
    return all(
        over <= 0 for policy in problem.policies if policy.price is None for over in excess(problem, awards, policy)
    )


def value(problem: Problem, awards: Awards) -> int:
    """Value of the awards less what going over soft caps costs."""
    total = 0
    for award in awards:
        application = problem.application[award.application]
        total += problem.value(application, _option(application, award.cluster), award.start, award.nodes)
    for policy in problem.policies:
        if policy.price is not None:
            total -= sum(policy.price * max(0, over) for over in excess(problem, awards, policy))
    return total


def excess(problem: Problem, awards: Awards, policy: Policy) -> list[int]:
    """Use less cap of every row of a rule that any award uses."""
    use: dict[tuple[str, int], int] = {}
    for award in awards:
        facts = _facts(problem, award)
        if not _holds(policy.match, facts) or (policy.exclude and _holds(policy.exclude, facts)):
            continue
        word = facts[policy.each] if policy.each else ""
        for slot in range(policy.first_slot, policy.end_slot):
            key = (word, slot if policy.by_slot else policy.first_slot)
            if _is_running(problem, award, slot):
                use.setdefault(key, 0)
                if policy.by_slot or policy.measure not in ("nodes", "awards"):
                    use[key] += _amount(problem, award, policy)
        is_seen = any(_is_running(problem, award, slot) for slot in range(policy.first_slot, policy.end_slot))
        if is_seen and not policy.by_slot and policy.measure in ("nodes", "awards"):
            use[word, policy.first_slot] += _amount(problem, award, policy)
    return [
        amount - policy.overrides.get(word, policy.caps)[slot - policy.first_slot]
        for (word, slot), amount in use.items()
    ]


def envious(problem: Problem, awards: Awards, delta: int) -> set[str]:
    """Applications with justified envy, straight from the definition."""
    funded = {award.application for award in awards}
    return {
        one.id
        for one in problem.applications
        if one.id not in funded and any(_may_replace(problem, awards, one, award, delta) for award in awards)
    }


def _may_replace(problem: Problem, awards: Awards, one: Application, award: Award, delta: int) -> bool:
    other = problem.application[award.application]
    if (
        other.standing != "new"
        or other.track != one.track
        or problem.track[other.track].rubric != problem.track[one.track].rubric
        or one.score_tenths < other.score_tenths + delta
    ):
        return False
    rest = tuple(each for each in awards if each != award)
    return any(is_feasible(problem, (*rest, choice)) for choice in choices(problem, one))


def _plans(problem: Problem, applications: tuple[Application, ...], chosen: Awards) -> Iterator[Awards]:
    """Every feasible plan. Rules never force an award, so a broken partial plan is dropped at once."""
    if not is_feasible(problem, chosen):
        return
    if not applications:
        yield chosen
        return
    yield from _plans(problem, applications[1:], chosen)
    for award in choices(problem, applications[0]):
        yield from _plans(problem, applications[1:], (*chosen, award))


def _is_running(problem: Problem, award: Award, slot: int) -> bool:
    return award.start <= slot < award.start + problem.application[award.application].duration


def _option(application: Application, cluster: str) -> Option:
    return next(option for option in application.options if option.cluster == cluster)


def _amount(problem: Problem, award: Award, policy: Policy) -> int:
    option = _option(problem.application[award.application], award.cluster)
    per_node = {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(policy.measure, 1)
    return per_node * (1 if policy.measure == "awards" else award.nodes)


def _facts(problem: Problem, award: Award) -> Mapping[str, str]:
    application, cluster = problem.application[award.application], problem.cluster[award.cluster]
    return {
        "application": application.id,
        "track": application.track,
        "applicant_class": application.applicant_class,
        "region": application.region,
        "organisation": application.organisation,
        "youth": "yes" if application.youth else "no",
        "standing": application.standing,
        "cluster": cluster.code,
        "gpu_model": cluster.gpu_model,
        "provider": cluster.provider,
    }


def _holds(selector: Selector, facts: Mapping[str, str]) -> bool:
    return all(facts[fact] in words for fact, words in selector.items())
