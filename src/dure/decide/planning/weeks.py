"""Weekly problems: solved by months, lifted to weeks, and bounded by the months' prices.

A month of the monthly problem has what all of its four weeks have, so that every monthly plan fits into the weeks,
maintenance and delivery dates of single weeks included. In weeks, awards are then moved and enlarged, and what
maintenance left open is given out. Prices of a month hold for its weeks at a quarter, caps that count once at the
whole: any prices prove a bound, and the bound is derived for the weekly problem itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dure.decide.planning import audit, kernels, merit
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Model, build
from dure.decide.planning.plan import Certificate, Conditional, Plan, Rounding
from dure.decide.planning.problem import Application, Option, Policy, Problem, Rule, RuleName
from dure.decide.planning.running import beside_running
from dure.decide.planning.solver import OnProgress, solve, versions

WEEKS = 4


def solve_weekly(
    problem: Problem,
    budget: int | None = None,
    on_progress: OnProgress | None = None,
    rule: RuleName | Rule | None = None,
) -> Plan:
    """The plan of a problem in quarters of a month: its months solved within `budget`, then lifted."""
    return beside_running(problem, lambda rest: lift(rest, solve(monthly(rest), budget, on_progress, rule)))


def monthly(problem: Problem) -> Problem:
    """The problem by months, such that whatever fits there fits into the weeks: full months only, the least of four
    weeks of every capacity and cap. Applications that fit into no whole month stay out of it until the lift."""
    months = problem.calendar.slots // WEEKS
    clusters = tuple(
        replace(one, capacity=tuple(min(one.capacity[m * WEEKS : (m + 1) * WEEKS]) for m in range(months)))
        for one in problem.clusters
    )
    applications = tuple(_in_months(one) for one in problem.applications)
    return replace(
        problem,
        calendar=replace(problem.calendar, slots=months, slots_per_month=1),
        clusters=clusters,
        applications=tuple(one for one in applications if one.latest >= one.earliest),
        policies=tuple(_policy_in_months(one, months) for one in problem.policies),
    )


def in_weeks(problem: Problem) -> Problem:
    """A monthly problem with its months cut into weeks; won per month are cut to whole won per week."""
    return replace(
        problem,
        calendar=replace(problem.calendar, slots=problem.calendar.slots * WEEKS, slots_per_month=WEEKS),
        clusters=tuple(
            replace(one, capacity=tuple(n for n in one.capacity for _ in range(WEEKS))) for one in problem.clusters
        ),
        applications=tuple(
            replace(
                one,
                duration=one.duration * WEEKS,
                earliest=one.earliest * WEEKS,
                latest=one.latest * WEEKS,
                options=tuple(
                    replace(each, cost_won=each.cost_won // WEEKS, fee_won=each.fee_won // WEEKS)
                    for each in one.options
                ),
            )
            for one in problem.applications
        ),
        policies=tuple(_policy_in_weeks(one) for one in problem.policies),
    )


def _policy_in_weeks(policy: Policy) -> Policy:
    def caps(monthly_caps: tuple[int, ...]) -> tuple[int, ...]:
        if policy.by_slot:
            by_week = 1 if policy.measure not in ("cost_won", "fee_won") else WEEKS
            return tuple(cap // by_week for cap in monthly_caps for _ in range(WEEKS))
        return tuple(cap * (WEEKS if policy.measure == "node_slots" else 1) for cap in monthly_caps)

    return replace(
        policy,
        caps=caps(policy.caps),
        overrides={word: caps(one) for word, one in policy.overrides.items()},
        first_slot=policy.first_slot * WEEKS,
        end_slot=policy.end_slot * WEEKS,
        price=policy.price
        if policy.price is None or policy.measure in ("cost_won", "fee_won")
        else policy.price // (WEEKS if policy.by_slot or policy.measure == "node_slots" else 1),
    )


def lift(problem: Problem, plan: Plan) -> Plan:
    """A plan of `monthly(problem)` as a plan of `problem`, improved in weeks, under the same rule."""
    model = build(problem)
    proof, bound = _proof(problem, plan)
    tables = merit.tables(model, Envy(model, plan.rule.delta_tenths), merit.duals(model, proof))
    state = merit.empty(model)
    numbers = {one.id: index for index, one in enumerate(model.applications)}
    code = {cluster.code: index for index, cluster in enumerate(problem.clusters)}
    for award in plan.awards:
        column = _column(model, numbers[award.application], code[award.cluster], award.start * WEEKS, award.nodes)
        kernels.move(tables, state, column, 1)
    _improve(tables, state)
    if plan.rule.name == "merit":
        merit.settle(tables, state, plan.rule.delta_tenths)
    return replace(
        plan,
        problem=problem.digest,
        awards=merit.choice(model, state).awards,
        value=int(state.value[0]),
        bound=bound,
        certificate=proof,
        versions=versions(),
    )


def _proof(problem: Problem, plan: Plan) -> tuple[Certificate, int]:
    """The months' certificate in weeks and the bound it proves; the best of keeping all, some or no rows as knapsacks,
    because in weeks an application may touch two of them, with and without what only the merit rule implies."""
    ground, rule = audit.Ground(problem.document()), plan.document()["rule"]
    rules = {policy.name for policy in problem.policies}
    lifted = _in_weeks(problem, plan.certificate)
    of_rules = tuple(row for row in lifted.blocks if row.split("/")[0] in rules)
    blocks = dict.fromkeys((lifted.blocks, of_rules, ()))
    tried = [replace(lifted, blocks=one) for one in blocks]
    tried += [replace(one, rounding=()) for one in tried if one.rounding]
    found = [one for one in (_proven(ground, plan, proof, rule) for proof in tried) if one is not None]
    if plan.certificate.precedence or plan.certificate.conditional:
        orders = _orders_in_weeks(problem, ground, plan, lifted)
        with_orders = [*(replace(orders, blocks=one) for one in blocks), replace(orders, blocks=of_rules, slack=())]
        proven = (_proven(ground, plan, proof, rule) for proof in with_orders)
        found += itertools.islice((one for one in proven if one is not None), 1)
    return min(found, key=lambda one: one[1])


def _proven(ground: audit.Ground, plan: Plan, proof: Certificate, rule: object) -> tuple[Certificate, int] | None:
    """A certificate and the bound it proves of the ground; None where something in it is not true there."""
    bound, _ = audit.prove(ground, replace(plan, certificate=proof).document()["certificate"], rule)
    return None if bound is None else (proof, bound)


def _improve(tables: kernels.Tables, state: kernels.Work) -> None:
    """Fund whoever fits, and give every award the best choice that fits where it stands, until nothing changes."""
    before = None
    while before != int(state.value[0]):
        before = int(state.value[0])
        kernels.refill(tables, state, tables.value)
        for application in tables.by_score[::-1].tolist():
            had = int(state.column[application])
            if had != kernels.NONE:
                kernels.move(tables, state, had, -1)
                best = int(kernels.best_fitting(tables, state, application, tables.value))
                kernels.move(tables, state, best, 1)


def _column(model: Model, owner: int, cluster: int, start: int, nodes: int) -> int:
    for column in range(int(model.first[owner]), int(model.first[owner + 1])):
        if (model.cluster[column], model.start[column], model.nodes[column]) == (cluster, start, nodes):
            return column
    raise ValueError(f"{model.applications[owner].id}: a monthly award that no week can hold")


def _in_months(one: Application) -> Application:
    """The application in whole months: what it may have by months it may have by weeks."""
    return replace(
        one,
        duration=-(-one.duration // WEEKS),
        earliest=-(-one.earliest // WEEKS),
        latest=one.latest // WEEKS,
        options=tuple(_option_in_months(option) for option in one.options),
    )


def _option_in_months(option: Option) -> Option:
    return replace(option, cost_won=option.cost_won * WEEKS, fee_won=option.fee_won * WEEKS)


def _policy_in_months(policy: Policy, months: int) -> Policy:
    """The rule by months: it reaches over every month it touches, with the least of its weeks' caps."""
    first, end = policy.first_slot // WEEKS, min(months, -(-policy.end_slot // WEEKS))

    def caps(weekly: tuple[int, ...]) -> tuple[int, ...]:
        if not policy.by_slot:
            return (weekly[0] // WEEKS,) if policy.measure == "node_slots" else weekly
        by_month: dict[int, int] = {}
        for place, cap in enumerate(weekly):
            month = (policy.first_slot + place) // WEEKS
            by_month[month] = min(by_month.get(month, cap), cap)
        per_week = policy.measure in ("cost_won", "fee_won")
        return tuple(by_month[month] * (WEEKS if per_week else 1) for month in range(first, end))

    overrides = {word: caps(one) for word, one in policy.overrides.items()}
    price, is_money = policy.price, policy.measure in ("cost_won", "fee_won")
    if price is not None and not is_money and (policy.by_slot or policy.measure == "node_slots"):
        price *= WEEKS
    return replace(policy, caps=caps(policy.caps), overrides=overrides, first_slot=first, end_slot=end, price=price)


def _in_weeks(problem: Problem, proof: Certificate) -> Certificate:
    """The months' prices for the weeks, in quarters of their unit, and the inequalities from rounding, added up over
    the weeks; orders of merit are left out."""
    rules = {policy.name: policy for policy in problem.policies}
    blocks = [next(iter(_weeks_of(problem, row, rules.get(row.split("/")[0]))), "") for row in proof.blocks]
    prices = _prices_in_weeks(problem, rules, proof.prices)
    found = Certificate(proof.scale * WEEKS, prices, tuple(sorted(row for row in blocks if row)))
    return replace(found, rounding=tuple(_rounding_in_weeks(problem, rules, one) for one in proof.rounding))


def _prices_in_weeks(problem: Problem, rules: Mapping[str, Policy], prices: Mapping[str, int]) -> dict[str, int]:
    """A week's row costs a quarter of its month's, a row that counts won, or awards once, what it cost."""
    found: dict[str, int] = {}
    for row, price in prices.items():
        policy = rules.get(row.split("/")[0])
        for week in _weeks_of(problem, row, policy):
            found[week] = price * _share(policy)
    return found


def _orders_in_weeks(problem: Problem, ground: audit.Ground, plan: Plan, lifted: Certificate) -> Certificate:
    """`lifted` with the months' orders of merit, excuses and proofs of room, as far as they speak of rules that count
    over all slots: the auditor derives for the weeks which choices they are about, so what is not true there has no
    effect, or is refused and left out by the caller."""
    rules = {policy.name: policy for policy in problem.policies}
    merit, proof = audit.Merit(ground, plan.rule.delta_tenths, {}), plan.certificate

    def orders(pairs: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
        return tuple((first, second, price * WEEKS) for first, second, price in pairs)

    def excuses(pairs: Iterable[Conditional]) -> tuple[Conditional, ...]:
        found = []
        for one in pairs:
            policy = _whole(rules, one.row)
            if policy is not None:
                cap = policy.overrides.get(one.row.partition("/")[2], policy.caps)[0]
                most = cap - merit.need(ground.application[one.first], one.row)
                reach = min(one.reach * WEEKS // _share(policy), most)
                found.append(replace(one, reach=reach, price=one.price * _share(policy)))
        return tuple(one for one in found if one.reach > 0)

    slack = tuple(
        replace(
            one,
            room=one.room * WEEKS // _share(policy),
            prices=_prices_in_weeks(problem, rules, one.prices),
            precedence=orders(one.precedence),
            conditional=excuses(one.conditional),
            rounding=tuple(_rounding_in_weeks(problem, rules, each) for each in one.rounding),
        )
        for one in proof.slack
        if (policy := _whole(rules, one.row)) is not None
    )
    return replace(lifted, precedence=orders(proof.precedence), conditional=excuses(proof.conditional), slack=slack)


def _whole(rules: Mapping[str, Policy], row: str) -> Policy | None:
    """The rule of a row that counts over all slots at once; None for capacities and rules by slot."""
    policy = rules.get(row.split("/")[0])
    return None if policy is None or policy.by_slot else policy


def _share(policy: Policy | None) -> int:
    """How many quarters of a month's price each of its weeks' rows costs."""
    is_money = policy is not None and policy.measure in ("cost_won", "fee_won")
    is_quarter = policy is None or (not is_money and (policy.by_slot or policy.measure == "node_slots"))
    return 1 if is_quarter else WEEKS


def _rounding_in_weeks(problem: Problem, rules: dict[str, Policy], one: Rounding) -> Rounding:
    """The inequality times four: for awards of whole months it says the same."""
    rows = []
    for row, factor, unit in one.rows:
        policy = rules.get(row.split("/")[0])
        rows += [(week, factor * _share(policy), unit) for week in _weeks_of(problem, row, policy)]
    free = tuple((name, amount * WEEKS) for name, amount in one.free)
    return replace(one, rows=tuple(sorted(rows)), divisor=one.divisor * WEEKS, free=free)


def _weeks_of(problem: Problem, row: str, policy: Policy | None) -> list[str]:
    """The weekly rows of a monthly row."""
    if policy is not None and not policy.by_slot:
        return [row]
    name, month = row.rsplit("/", 1)
    first, end = (0, problem.calendar.slots) if policy is None else (policy.first_slot, policy.end_slot)
    weeks = range(max(first, int(month) * WEEKS), min(end, (int(month) + 1) * WEEKS))
    return [f"{name}/{week}" for week in weeks]
