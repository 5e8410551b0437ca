"""Soundness of the certificate: whatever prices, knapsacks and orders of merit somebody writes into it, a bound that
the auditor accepts is never below the true optimum."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.decide.planning import audit, reference
from dure.decide.planning.model import Model, build
from dure.decide.planning.plan import Certificate, Conditional, Decision, Leaf, Plan, Rounding, Slack
from dure.decide.planning.problem import (
    Application,
    Calendar,
    Cluster,
    Option,
    Problem,
    Rule,
    Track,
    ValueFormula,
    size_table,
)
from tests.decide.planning.tiny import problems

SCALE = 10

Fault = Callable[[tuple[Decision | Leaf, ...]], tuple[Decision | Leaf, ...]]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=4), st.integers(0, 2**32), st.sampled_from(["value", "merit"]))
def test_no_accepted_certificate_is_below_the_optimum(problem: Problem, seed: int, rule: str) -> None:
    chance = random.Random(seed)
    chosen = replace(problem.rule, name=rule)
    best = reference.optimum(problem, chosen)
    plan = Plan(
        problem=problem.digest,
        programme="",
        rule=chosen,
        awards=best.awards,
        value=best.value,
        bound=2**60,
        certificate=some_certificate(problem, chosen, best.value, chance),
        budget=0,
        work=0,
        ended="finished",
        versions={},
    )
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert [one for one in report["violations"] if one["rule"] != "certificate"] == []
    if report["violations"] == []:
        assert report["bound"] >= best.value


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=6), st.integers(0, 2**32))
def test_the_quick_sum_is_the_slow_one(problem: Problem, seed: int) -> None:
    """An inequality without a price changes nothing, but makes the auditor look at every choice."""
    chance = random.Random(seed)
    rows = build(problem).rows
    most = max((one.score_tenths for one in problem.applications), default=1) * SCALE
    prices = {row.name: chance.randrange(most if row.price is None else 1 + row.price * SCALE) for row in rows
              if chance.random() < 0.5}  # fmt: skip
    ground, rule = audit.Ground(problem.document()), {"name": "value", "delta_tenths": 30}
    quick = Certificate(chance.choice((1, SCALE)), prices, (), ())
    slow = replace(quick, rounding=(Rounding((), 1, (), 1, 0),))
    assert audit.prove(ground, quick.document(), rule) == audit.prove(ground, slow.document(), rule)


def test_nobody_stands_above_by_a_choice_that_no_calendar_holds() -> None:
    """One node, and a better application that needs two: the other may have it, whatever a certificate says."""
    one = Option("c1", 100, 1, 1)
    low = Application("a0", "t1", "academia", "seoul", "o1", False, 600, True, "new", 1, 1, 0, 0, 1, (one,))
    high = replace(low, id="a1", score_tenths=625, lottery_rank=2, options=(replace(one, min_nodes=2, max_nodes=2),))
    problem = Problem(
        "tiny", "", True, Calendar("2026-03", 1), ValueFormula(400, size_table(85, 2), 0), Rule("merit", 1),
        (Track("t1", "r1", 500),), (Cluster("c1", "H200", "p", (1,)),), (low, high), (),
    )  # fmt: skip
    best = reference.optimum(problem, problem.rule)
    assert [award.application for award in best.awards] == ["a0"]
    ground = audit.Ground(problem.document())
    proof = Certificate(1, {}, (), (("a1", "a0", best.value // 2),)).document()
    bound, wrong = audit.prove(ground, proof, {"name": "merit", "delta_tenths": 1})
    assert wrong == [] and bound is not None and bound >= best.value


def two_for_one() -> tuple[Problem, Certificate, int]:
    """Three nodes, and two applications that need two each: prices give half an award away, parts do not."""
    one = Option("c1", 100, 2, 2)
    first = Application("a0", "t1", "academia", "seoul", "o1", False, 600, True, "new", 1, 1, 0, 0, 1, (one,))
    second = replace(first, id="a1", lottery_rank=2)
    problem = Problem(
        "tiny", "", True, Calendar("2026-03", 1), ValueFormula(400, size_table(85, 2), 0), Rule("merit", 1),
        (Track("t1", "r1", 500),), (Cluster("c1", "H200", "p", (3,)),), (first, second), (),
    )  # fmt: skip
    best = reference.optimum(problem, problem.rule).value
    row = "capacity/c1/0"
    both = Leaf({"a0": 2 * best, "a1": 2 * best}, {row: 2 * best})
    neither = Leaf({}, {})
    tree = (Decision("a0"), Decision("a1"), both, neither, neither)
    return problem, Certificate(2, {row: best}, branches=tree), best


def test_parts_prove_what_prices_cannot() -> None:
    problem, proof, best = two_for_one()
    ground, rule = audit.Ground(problem.document()), {"name": "merit", "delta_tenths": 1}
    assert audit.prove(ground, replace(proof, branches=()).document(), rule) == (best * 3 // 2, [])
    assert audit.prove(ground, proof.document(), rule) == (best, [])


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda tree: tree[:-1], "1 parts are missing"),
        (lambda tree: (*tree, tree[-1]), "more parts"),
        (lambda tree: (Decision("a9"), *tree[1:]), "a9: no application to divide by"),
        (lambda tree: (tree[0], tree[0], *tree[2:]), "a0: no application to divide by"),
        (lambda tree: (*tree[:2], tree[3], tree[2], tree[4]), "a1: priced as funded"),
        (lambda tree: (tree[0], tree[4], *tree[1:4]), "a0: priced as funded"),
        (lambda tree: (*tree[:4], Leaf({"a1": 1}, {})), "a1: priced as funded"),
        (lambda tree: (*tree[:2], Leaf({"a0": -1}, {}), *tree[3:]), "a0: priced as funded"),
        (lambda tree: (*tree[:4], Leaf({}, {"capacity/c1/0": -1})), "a negative price"),
    ],
)  # fmt: skip
def test_a_fault_in_a_part_is_found(fault: Fault, says: str) -> None:
    problem, proof, _ = two_for_one()
    ground, rule = audit.Ground(problem.document()), {"name": "merit", "delta_tenths": 1}
    bound, wrong = audit.prove(ground, replace(proof, branches=fault(proof.branches)).document(), rule)
    assert bound is None and any(says in one for one in wrong)


def test_a_part_that_proves_less_than_is_claimed_is_found() -> None:
    """Without what must be paid for being funded, or without prices, the part that funds both is worth both."""
    problem, proof, best = two_for_one()
    ground, rule = audit.Ground(problem.document()), {"name": "merit", "delta_tenths": 1}
    weak = (*proof.branches[:2], Leaf({}, {}), *proof.branches[3:])
    assert audit.prove(ground, replace(proof, branches=weak).document(), rule) == (best * 3 // 2, [])


def some_certificate(problem: Problem, rule: Rule, value: int, chance: random.Random) -> Certificate:
    """Prices about as large as matter, a few knapsacks, sums of rows rounded, and any pairs the rule may imply."""
    model = build(problem)
    rows = [row for row in model.rows if row.price is None]
    each = max(1, value * SCALE // 4)
    blocks = tuple({row.name for row in rows if chance.random() < 0.1})
    prices = {row.name: chance.randrange(each) for row in rows if chance.random() < 0.3 and row.name not in blocks}
    merit = audit.Merit(audit.Ground(problem.document()), rule.delta_tenths, {})
    above = [
        (one.id, two.id)
        for one in problem.applications
        for two in problem.applications
        if rule.name == "merit" and merit.is_above(one.id, two.id)
    ]
    pairs = tuple((*pair, chance.randrange(each)) for pair in above if chance.random() < 0.7)
    rounding = tuple(some_rounding(model, each, chance) for _ in range(chance.choice((0, 1, 1, 2, 3))))
    if not above:
        found = Certificate(SCALE, prices, blocks, rounding=rounding)
        return replace(found, branches=some_branches(problem, found, each, chance))
    conditional = []
    for first, second in above:
        row = chance.choice(rows)
        reach = row.cap - merit.need(merit.ground.application[first], row.name) + chance.choice((0, 0, 0, 1))
        if reach > 0:
            conditional.append(Conditional(first, second, row.name, reach, chance.randrange(each) // reach))
    found = Certificate(SCALE, prices, blocks, pairs, tuple(conditional))
    slack = tuple(some_slack(row.name, row.cap, each, found, chance) for row in rows if chance.random() < 0.2)
    found = replace(found, slack=slack, rounding=rounding)
    return replace(found, branches=some_branches(problem, found, each, chance))


def some_branches(
    problem: Problem, found: Certificate, each: int, chance: random.Random
) -> tuple[Decision | Leaf, ...]:
    """Divided by any applications; every part with some of the certificate's prices and pairs, and now and then with a
    fault."""

    def part(free: list[str], served: list[str]) -> list[Decision | Leaf]:
        if not free or chance.random() < 0.3:
            prices = {row: chance.randrange(each) for row in found.prices if chance.random() < 0.7}
            paid = {one: chance.randrange(each) for one in served if chance.random() < 0.7}
            pairs = tuple(pair for pair in found.precedence if chance.random() < 0.7)
            excused = tuple(one for one in found.conditional if chance.random() < 0.5)
            return [Leaf(paid, prices, pairs, excused, found.rounding if chance.random() < 0.3 else ())]
        name = chance.choice(free)
        rest = [one for one in free if one != name]
        return [Decision(name), *part(rest, [*served, name]), *part(rest, served)]

    if chance.random() < 0.3:
        return ()
    tree = part([one.id for one in problem.applications], [])
    if chance.random() < 0.1:
        del tree[chance.randrange(len(tree))]
    elif chance.random() < 0.1:
        chance.shuffle(tree)
    return tuple(tree)


def some_rounding(model: Model, each: int, chance: random.Random) -> Rounding:
    """Any rows with any multipliers, counted in any unit they all come in, and any amounts taken off anybody."""
    chosen = []
    for r, row in enumerate(model.rows):
        if row.price is None and chance.random() < 0.4:
            common = math.gcd(*(int(amount) for amount in model.use_amount[model.use_row == r])) or 1
            unit = 1 if row.policy is None or chance.random() < 0.5 else common
            chosen.append((row.name, chance.randrange(-3, 5), unit))
    free = tuple((one.id, chance.randrange(-4, 5)) for one in model.problem.applications if chance.random() < 0.5)
    return Rounding(
        tuple(chosen), chance.randrange(1, 9), free, chance.choice((1, 1, 2, 3)), chance.randrange(1 + each // 8)
    )


def some_slack(name: str, cap: int, each: int, found: Certificate, chance: random.Random) -> Slack:
    """Room on a row, claimed with some reward for filling it."""
    own = {row: price for row, price in found.prices.items() if row != name} | {name: -chance.randrange(each)}
    room = chance.randrange(cap + 1)
    return Slack(name, room, own, found.precedence, found.conditional if chance.random() < 0.5 else ())
