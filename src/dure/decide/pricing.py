"""What use costs: price, self-pay and subsidy, to the won.

Of one line (one allocation in one calendar month): price = market reference rate × allocated node-seconds ÷ seconds of
that month; self-pay = the fee of the applicant's class on the same base; subsidy = the rest. Each line is rounded once,
by the programme's rounding, and an invoice is the sum of its lines. Running and busy hours are no argument here, so
they cannot change a bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dure.core.money import Rounding, prorate
from dure.programme.schema import Programme


@dataclass(frozen=True, slots=True)
class Rates:
    """Won (smallest unit) per node and calendar month: the market reference price, and the fee of an applicant."""

    market: int
    fee: int

    def __post_init__(self) -> None:
        if not 0 <= self.fee <= self.market:
            raise ValueError(f"the fee {self.fee} must lie between 0 and the market rate {self.market}")


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount and who bears it: price = self_pay + subsidy, always."""

    price: int
    self_pay: int
    subsidy: int

    def __post_init__(self) -> None:
        if self.price != self.self_pay + self.subsidy or min(self.price, self.self_pay, self.subsidy) < 0:
            raise ValueError(f"{self.price} is not {self.self_pay} + {self.subsidy}")


def fee_rate(programme: Programme, gpu_model: str, applicant_class: str, is_youth: bool = False) -> int:
    """Won per node and month that this applicant pays: the published fee, the class's part of it, the youth discount.

    A tariff in whole won; lines are computed from it. Raises NotFound for a model or class the programme lacks.
    """
    return programme.fee_per_node_month(gpu_model, applicant_class, is_youth)


def rates(programme: Programme, gpu_model: str, applicant_class: str, is_youth: bool = False) -> Rates:
    """Both rates of one applicant. Raises NotFound, and ValueError when the file has a fee above the market rate."""
    market = programme.gpu_model(gpu_model).market_rate_per_node_month
    return Rates(market, fee_rate(programme, gpu_model, applicant_class, is_youth))


def line(rates: Rates, *, node_seconds: int, month_seconds: int, rounding: Rounding) -> Charge:
    """The charge for `node_seconds` held in a month of `month_seconds`. Raises ValueError for negative amounts."""
    price = prorate(rates.market, node_seconds, month_seconds, rounding)
    self_pay = prorate(rates.fee, node_seconds, month_seconds, rounding)
    return Charge(price, self_pay, price - self_pay)


def total(charges: Iterable[Charge]) -> Charge:
    """The sum of charges; nothing is rounded again."""
    price = self_pay = 0
    for charge in charges:
        price += charge.price
        self_pay += charge.self_pay
    return Charge(price, self_pay, price - self_pay)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an applicant may expect, before applying: whole months at today's rates."""

    rates: Rates
    per_month: Charge
    whole: Charge


def estimate(
    programme: Programme, *, gpu_model: str, applicant_class: str, is_youth: bool, nodes: int, months: int
) -> Estimate:
    """The cost of `nodes` for `months` whole calendar months.

    Equals to the won what the invoices of those months will say: a whole month needs no rounding.
    Raises NotFound as `fee_rate` does, ValueError for negative counts.
    """
    found = rates(programme, gpu_model, applicant_class, is_youth)
    month = line(found, node_seconds=nodes, month_seconds=1, rounding=programme.currency.rounding)
    return Estimate(found, month, Charge(month.price * months, month.self_pay * months, month.subsidy * months))
