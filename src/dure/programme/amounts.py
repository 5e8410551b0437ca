"""Money of a programme in its own currency, as people write it. Amounts are in the currency's smallest unit."""

from __future__ import annotations

from dure.core import money
from dure.core.text import Text
from dure.programme.schema import Currency


def amount(value: int, currency: Currency) -> Text:
    """For pages: won in 만 and 억 in Korean, anything else to the last digit."""
    return money.won(value) if currency.code == "KRW" else exact(value, currency)


def exact(value: int, currency: Currency) -> Text:
    """For what is signed or printed: every digit."""
    whole, rest = divmod(abs(value), 10**currency.decimals)
    figure = f"{'-' if value < 0 else ''}{whole:,}"
    if currency.decimals:
        figure += f".{rest:0{currency.decimals}d}"
    unit = currency.symbol.ko
    return Text(f"{figure}{unit}" if currency.code == "KRW" else f"{figure} {unit}", f"{currency.symbol.en}{figure}")
