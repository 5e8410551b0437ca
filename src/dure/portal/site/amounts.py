"""Money of the programme at hand, in its own currency."""

from __future__ import annotations

from dure.core import money
from dure.core.text import Text
from dure.programme.schema import Currency


def amount(value: int, currency: Currency) -> Text:
    """`value` in the currency's smallest unit, as people write it."""
    if currency.code == "KRW":
        return money.won(value)
    whole, rest = divmod(abs(value), 10**currency.decimals)
    figure = f"{'-' if value < 0 else ''}{whole:,}"
    if currency.decimals:
        figure += f".{rest:0{currency.decimals}d}"
    return Text(f"{figure} {currency.symbol.ko}", f"{currency.symbol.en}{figure}")
