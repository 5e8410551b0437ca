"""Money as whole minor units (won have none smaller), and the one way to round a share of it."""

from __future__ import annotations

from typing import Literal

from dure.core.text import Text

Rounding = Literal["down", "half_up", "up"]

_KO_UNITS = ((10**12, "조"), (10**8, "억"), (10**4, "만"))


def prorate(amount: int, numerator: int, denominator: int, rounding: Rounding = "half_up") -> int:
    """`amount × numerator ÷ denominator` in whole units, rounded once.

    All arguments are non-negative integers, `denominator` positive. Raises ValueError otherwise.
    """
    if amount < 0 or numerator < 0 or denominator <= 0:
        raise ValueError("prorate takes non-negative amounts and a positive denominator")
    quotient, rest = divmod(amount * numerator, denominator)
    if rounding == "up":
        return quotient + (rest > 0)
    if rounding == "half_up":
        return quotient + (2 * rest >= denominator)
    return quotient


def won(amount: int) -> Text:
    """An amount of won as people say it: 12억 3,400만 원 / ₩1,234,000,000."""
    sign, rest = ("-" if amount < 0 else ""), abs(amount)
    parts = []
    for unit, name in _KO_UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count:,}{name}")
    if rest or not parts:
        parts.append(f"{rest:,}")
    return Text(f"{sign}{' '.join(parts)} 원", f"{sign}₩{abs(amount):,}")
