"""Money, periods and canonical JSON: the rules that everything else stands on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core import canonical
from dure.core.gpu_hours import hours
from dure.core.money import prorate, won
from dure.core.period import Month, Period, months_touched

AMOUNT = st.integers(0, 10**15)
INSTANT = st.integers(1_704_067_200, 1_924_992_000).map(lambda second: datetime.fromtimestamp(second, UTC))
ZONES = st.sampled_from(
    [ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")]
)


@given(AMOUNT, AMOUNT, st.integers(1, 10**9))
def test_prorate_rounds_once_and_by_less_than_one(amount: int, part: int, whole: int) -> None:
    exact = Fraction(amount * part, whole)
    assert 0 <= exact - prorate(amount, part, whole, "down") < 1
    assert 0 <= prorate(amount, part, whole, "up") - exact < 1
    assert abs(prorate(amount, part, whole, "half_up") - exact) <= Fraction(1, 2)


@pytest.mark.parametrize("arguments", [(-1, 1, 1), (1, -1, 1), (1, 1, 0), (1, 1, -5)])
def test_prorate_refuses_what_makes_no_sense(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        prorate(*arguments)


@pytest.mark.parametrize(
    ("amount", "ko", "en"),
    [
        (0, "0 원", "₩0"),
        (1_234_000_000, "12억 3,400만 원", "₩1,234,000,000"),
        (1_234_567_890_123, "1조 2,345억 6,789만 123 원", "₩1,234,567,890,123"),
        (-50_000, "-5만 원", "-₩50,000"),
    ],
)
def test_won_reads_as_people_say_it(amount: int, ko: str, en: str) -> None:
    assert (won(amount).ko, won(amount).en) == (ko, en)


@given(INSTANT, st.integers(0, 800 * 24 * 3600), ZONES)
def test_months_cut_a_period_without_gap_or_overlap(start: datetime, seconds: int, zone: ZoneInfo) -> None:
    period = Period(start, start + timedelta(seconds=seconds))
    parts = [part for _, part in months_touched(period, zone)]
    assert sum(part.seconds for part in parts) == period.seconds
    assert all(one.end == other.start for one, other in pairwise(parts))


def test_a_month_with_daylight_saving_is_an_hour_shorter() -> None:
    assert Month(2026, 3).period(ZoneInfo("Europe/Berlin")).seconds == 31 * 86_400 - 3600
    assert Month(2026, 3).period(ZoneInfo("Asia/Seoul")).seconds == 31 * 86_400


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "march", "2026-3-1", ""])
def test_month_says_which_form_it_wants(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)


def test_period_is_half_open_and_forward() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    period = Period(start, start + timedelta(hours=1))
    assert period.contains(start)
    assert not period.contains(period.end)
    assert not period.overlaps(Period(period.end, period.end + timedelta(hours=1)))
    with pytest.raises(ValueError, match="ends after"):
        Period(period.end, period.start)
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON))
def test_canonical_form_does_not_depend_on_order(value: dict) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical.encode(value) == canonical.encode(turned)
    assert canonical.digest(value) == canonical.digest(turned)


@pytest.mark.parametrize("value", [1.5, {"a": [1, 2.0]}, {"a": {1: 2}}])
def test_canonical_form_refuses_floats_and_strange_keys(value: object) -> None:
    with pytest.raises(TypeError):
        canonical.encode(value)


def test_hours_are_for_showing() -> None:
    assert str(hours(3600 * 7 + 1800)) == "7.5"
    assert str(hours(179, places=2)) == "0.05"
