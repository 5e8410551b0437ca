"""Price, self-pay and subsidy: exact, whole, and the same however a period is cut."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure import programmes
from dure.core.errors import NotFound
from dure.core.period import Month, Period, months_touched
from dure.decide import pricing
from dure.decide.pricing import Charge, Rates

KOREA = programmes.read("korea-gpu-2025")
SEOUL = ZoneInfo("Asia/Seoul")
MARCH = Month(2026, 3).period(SEOUL).seconds

rates_strategy = st.integers(0, 10**9).flatmap(
    lambda market: st.integers(0, market).map(lambda fee: Rates(market, fee))
)


@pytest.mark.parametrize(
    ("model", "applicant_class", "is_youth", "expected"),
    [
        ("h200", "industry", False, 3_200_000),
        ("h200", "industry", True, 1_600_000),
        ("b200", "industry", False, 6_400_000),
        ("b200", "industry", True, 3_200_000),
        ("h200", "academia", False, 0),
        ("b200", "research", False, 0),
        ("b200", "academia", True, 0),
        ("h200", "public", False, 1_600_000),
    ],
)
def test_published_fees(model: str, applicant_class: str, is_youth: bool, expected: int) -> None:
    assert pricing.fee_rate(KOREA, model, applicant_class, is_youth) == expected


def test_unknown_model_or_class_is_not_found() -> None:
    with pytest.raises(NotFound):
        pricing.fee_rate(KOREA, "a100", "industry")
    with pytest.raises(NotFound):
        pricing.fee_rate(KOREA, "h200", "martians")


def test_a_whole_month_costs_exactly_the_rate() -> None:
    rates = pricing.rates(KOREA, "h200", "industry")
    charge = pricing.line(rates, node_seconds=4 * MARCH, month_seconds=MARCH, rounding="half_up")
    assert charge == Charge(price=128_000_000, self_pay=12_800_000, subsidy=115_200_000)


def test_half_a_month_of_one_node_for_a_youth_company() -> None:
    rates = pricing.rates(KOREA, "b200", "industry", is_youth=True)
    charge = pricing.line(rates, node_seconds=MARCH // 2, month_seconds=MARCH, rounding="half_up")
    assert charge == Charge(price=32_000_000, self_pay=1_600_000, subsidy=30_400_000)


def test_academia_pays_nothing_and_the_programme_everything() -> None:
    rates = pricing.rates(KOREA, "b200", "academia")
    charge = pricing.line(rates, node_seconds=12345, month_seconds=MARCH, rounding="half_up")
    assert charge.self_pay == 0
    assert charge.subsidy == charge.price > 0


def test_a_fee_above_the_market_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and the market rate"):
        Rates(market=10, fee=11)


def test_a_charge_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="is not"):
        Charge(price=10, self_pay=3, subsidy=6)


@given(rates_strategy, st.integers(0, 10**9), st.integers(28 * 86400 - 3600, 31 * 86400 + 3600))
def test_each_amount_is_its_exact_value_rounded_once(rates: Rates, node_seconds: int, month_seconds: int) -> None:
    for rounding, low, high in (
        ("down", Fraction(0), Fraction(1)),
        ("half_up", Fraction(-1, 2), Fraction(1, 2)),
        ("up", Fraction(-1), Fraction(0)),
    ):
        charge = pricing.line(rates, node_seconds=node_seconds, month_seconds=month_seconds, rounding=rounding)
        exact_price = Fraction(rates.market * node_seconds, month_seconds)
        exact_fee = Fraction(rates.fee * node_seconds, month_seconds)
        assert low <= exact_price - charge.price <= high
        assert low <= exact_fee - charge.self_pay <= high
        assert charge.price == charge.self_pay + charge.subsidy


@given(rates_strategy, st.lists(st.integers(0, 10**8), max_size=20))
def test_the_total_is_the_sum_of_its_lines(rates: Rates, held: list[int]) -> None:
    lines = [pricing.line(rates, node_seconds=s, month_seconds=MARCH, rounding="half_up") for s in held]
    whole = pricing.total(lines)
    assert whole.price == sum(c.price for c in lines)
    assert whole.self_pay == sum(c.self_pay for c in lines)
    assert whole.subsidy == sum(c.subsidy for c in lines)


@given(
    st.sampled_from(["h200", "b200"]),
    st.sampled_from([c.code for c in KOREA.applicant_classes]),
    st.booleans(),
    st.integers(1, 64),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from(["Asia/Seoul", "Europe/Paris"]),
)
def test_the_estimate_is_what_the_invoices_will_say(
    model: str, applicant_class: str, is_youth: bool, nodes: int, months: int, first: int, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    start = Month(2026, first)
    held = Period(start.period(zone).start, start.plus(months - 1).period(zone).end)
    rates = pricing.rates(KOREA, model, applicant_class, is_youth)
    lines = [
        pricing.line(
            rates, node_seconds=nodes * part.seconds, month_seconds=month.period(zone).seconds, rounding="half_up"
        )
        for month, part in months_touched(held, zone)
    ]
    found = pricing.estimate(
        KOREA, gpu_model=model, applicant_class=applicant_class, is_youth=is_youth, nodes=nodes, months=months
    )
    assert found.whole == pricing.total(lines)
    assert found.per_month.price * months == found.whole.price


def test_a_month_with_daylight_saving_is_as_long_as_it_is() -> None:
    paris = ZoneInfo("Europe/Paris")
    month = Month(2026, 3).period(paris)
    assert month.seconds == 31 * 86400 - 3600
    from_noon = Period(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), month.end)
    charge = pricing.line(
        Rates(10**9, 10**6), node_seconds=from_noon.seconds, month_seconds=month.seconds, rounding="down"
    )
    assert charge.price == 10**9 * from_noon.seconds // month.seconds
