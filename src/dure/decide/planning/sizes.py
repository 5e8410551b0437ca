"""Whether the amounts of a problem stay where 64-bit whole numbers are exact, prices in millionths included."""

from __future__ import annotations

from dure.core.errors import Mistake
from dure.core.text import Text
from dure.decide.planning.problem import Application, Option, Policy, Problem

MOST_VALUE = 10**12
"""The values of all applications together; and what a soft rule could cost if everybody came."""

MOST_PRODUCT = 2**62
MOST_WON = 2**53


def too_large(problem: Problem) -> list[Mistake]:
    """What is larger than can be counted exactly: values, won, prices of soft rules."""
    mistakes = _values(problem)
    for measure in ("cost_won", "fee_won"):
        if sum(_most(one, measure) for one in problem.applications) > MOST_WON:
            what = Text(f"모든 신청의 금액({measure})을 합하면 2⁵³을 넘습니다.",
                        f"The won of all applications together ({measure}) pass 2^53.")  # fmt: skip
            mistakes.append(Mistake("applications", what, _SMALLER))
    mistakes.extend(_prices(problem))
    return mistakes


_SMALLER = Text("더 작은 수로 적으십시오.", "Use smaller numbers.")


def _values(problem: Problem) -> list[Mistake]:
    """Nobody's value may pass 64 bits before it is divided, nor all values together the most there can be."""
    table, months = problem.formula.size_table, problem.calendar.slots_per_month
    total = 0
    for one in problem.applications:
        over = max(0, one.score_tenths - problem.formula.offset_tenths) * one.duration * 1000 * months
        best = max((option.utility * table[option.max_nodes] for option in one.options), default=0)
        if over * best > MOST_PRODUCT:
            what = Text("점수·기간·활용도·규모표를 곱하면 2⁶²를 넘습니다.",
                        "Score, duration, utility and size table multiplied pass 2^62.")  # fmt: skip
            return [Mistake(f"applications[{one.id}]", what, _SMALLER)]
        total += over * best // (10_000 * 1000 * months * months)
    if total <= MOST_VALUE:
        return []
    what = Text("모든 신청의 가치를 합하면 10¹²를 넘습니다.", "The values of all applications together pass 10^12.")
    return [Mistake("formula.size_table", what, _SMALLER)]


def _prices(problem: Problem) -> list[Mistake]:
    """A soft rule may not cost more than all values could be worth if everybody was in excess of it."""
    found = []
    for policy in problem.policies:
        if policy.price is not None and policy.price * _everybody(problem, policy) > MOST_VALUE:
            what = Text("이 값에 가능한 초과량을 곱하면 10¹²를 넘습니다.",
                        "Multiplied by what could exceed the rule it passes 10^12.")  # fmt: skip
            remedy = Text("더 낮은 값을 쓰거나 price를 null로 두어 엄격한 규칙으로 하십시오.",
                          "Use a lower price, or make the rule hard with null.")  # fmt: skip
            found.append(Mistake(f"policies[{policy.name}].price", what, remedy))
    return found


def _everybody(problem: Problem, policy: Policy) -> int:
    """What all applications could use of a rule at most."""
    return sum(_most(one, policy.measure) for one in problem.applications)


def _most(one: Application, measure: str) -> int:
    """The most an application can use of a rule that counts in `measure`."""
    if measure == "awards":
        return one.duration

    def use(option: Option) -> int:
        return {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(measure, 1) * option.max_nodes

    return one.duration * max((use(option) for option in one.options), default=0)
