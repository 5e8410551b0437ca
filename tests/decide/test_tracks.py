"""Rounds of a rolling call, and how a request on the fast track is decided."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure import programmes
from dure.core.period import Month
from dure.core.text import Text
from dure.decide import support, tracks
from dure.decide.eligibility import Eligibility, Finding, Request
from dure.decide.tracks import Place

SEOUL = ZoneInfo("Asia/Seoul")
DUBLIN = ZoneInfo("Europe/Dublin")
OPENS = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
CLOSES = datetime(2026, 7, 9, 8, 0, tzinfo=UTC)  # 17:00 in Seoul
FAR = datetime(2027, 1, 1, tzinfo=UTC)
APRIL = Month(2026, 4)
FAST = programmes.read("korea-gpu-2025").track("fast")
ELIGIBLE = Eligibility(())
NOT = Eligibility((Finding("x", "nodes", False, Text("안 됨", "no")),))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 60),
    st.integers(0, 30),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 2000),
    st.sampled_from([SEOUL, DUBLIN]),
)
def test_rounds_cover_the_call_without_gap_or_overlap(every, decide, opens_at, hours, zone):
    closes_at = opens_at + timedelta(hours=hours)
    found = tracks.rounds(
        opens_at=opens_at, closes_at=closes_at, every_days=every, decision_days=decide,
        use_until=closes_at + timedelta(days=400), zone=zone,
    )  # fmt: skip
    assert found[0].opens_at == opens_at and found[-1].closes_at == closes_at
    assert all(earlier.closes_at == later.opens_at for earlier, later in pairwise(found))
    for number, one in enumerate(found, 1):
        assert one.number == number and one.opens_at < one.closes_at < one.decide_by < one.use_from
        local = one.use_from.astimezone(zone)
        assert (local.day, local.hour) == (1, 0)
    hour = closes_at.astimezone(zone).time()
    # The one exception is an hour that summer time skips.
    assert all(abs(_minutes(one.closes_at.astimezone(zone).time()) - _minutes(hour)) in (0, 60) for one in found)


def _minutes(hour):
    return hour.hour * 60 + hour.minute


def test_a_round_whose_use_could_not_begin_is_left_out():
    until = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)
    found = tracks.rounds(
        opens_at=OPENS, closes_at=CLOSES, every_days=14, decision_days=10, use_until=until, zone=SEOUL
    )
    assert found and all(one.use_from < until for one in found) and found[-1].closes_at < CLOSES


def test_too_short_a_cadence_is_refused():
    with pytest.raises(ValueError, match="rounds"):
        tracks.rounds(opens_at=OPENS, closes_at=FAR, every_days=1, decision_days=1, use_until=FAR, zone=SEOUL)
    with pytest.raises(ValueError, match="cadence"):
        tracks.rounds(opens_at=OPENS, closes_at=CLOSES, every_days=0, decision_days=1, use_until=FAR, zone=SEOUL)


def request(months=1, nodes=2, least=2):
    return Request(("h200",), least, nodes, months, APRIL, APRIL)


PLACES = (Place("full", "h200", APRIL, 1), Place("roomy", "h200", APRIL, 9))


@pytest.mark.parametrize(
    ("asked", "eligibility", "places", "outcome"),
    [
        (request(), ELIGIBLE, PLACES, "award"),
        (request(months=2), ELIGIBLE, PLACES, "verify"),
        (request(), NOT, PLACES, "refuse"),
        (request(), ELIGIBLE, PLACES[:1], "wait"),
        (request(), ELIGIBLE, (), "wait"),
    ],
)
def test_screening(asked, eligibility, places, outcome):
    found = tracks.screen(FAST, asked, eligibility, places)
    assert found.outcome == outcome and found.reason.ko and found.reason.en
    assert (found.place is not None) == (outcome in ("award", "verify"))
    if found.place:
        assert found.place.cluster == "roomy" and found.nodes == 2


def test_a_smaller_place_is_taken_only_where_none_has_all_that_is_asked():
    asked = request(nodes=6, least=2)
    small, large = Place("small", "h200", APRIL, 3), Place("large", "h200", APRIL, 6)
    assert tracks.screen(FAST, asked, ELIGIBLE, (small, large)).place == large
    partly = tracks.screen(FAST, asked, ELIGIBLE, (small,))
    assert partly.place == small and partly.nodes == 3 and partly.outcome == "verify"


def test_a_panel_track_is_not_screened():
    with pytest.raises(ValueError, match="verifier"):
        tracks.screen(programmes.read("korea-gpu-2025").track("regular"), request(), ELIGIBLE, PLACES)


@pytest.mark.parametrize(
    ("asked", "days", "holidays", "expected"),
    [
        ("2026-04-01T10:00", 2, (), "2026-04-03T10:00"),
        ("2026-04-02T10:00", 2, (), "2026-04-06T10:00"),  # over a weekend
        ("2026-04-04T22:00", 1, (), "2026-04-07T00:00"),  # on a Saturday
        ("2026-04-30T10:00", 1, (date(2026, 5, 1),), "2026-05-04T10:00"),
    ],
)
def test_the_support_clock_counts_working_days(asked, days, holidays, expected):
    at = datetime.fromisoformat(asked).replace(tzinfo=SEOUL)
    assert support.respond_by(at, days, holidays, SEOUL) == datetime.fromisoformat(expected).replace(tzinfo=SEOUL)
