"""Points, totals and the deciding score: exact, without floats."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure import programmes
from dure.decide import scoring
from dure.programme.competition import Scale

RUBRIC = programmes.read("korea-gpu-2025").rubric
MEAN = Scale(step_tenths=10, combine="mean", decides="raw")
TRIMMED = Scale(step_tenths=10, combine="trimmed_mean", decides="raw")
TOTALS = st.lists(st.integers(0, 1000), min_size=1, max_size=9)


@settings(deadline=None)
@given(TOTALS)
def test_the_mean_is_within_half_a_tenth_of_the_true_one(totals):
    score = scoring.combine(totals, MEAN)
    assert abs(Fraction(score.tenths) - Fraction(sum(totals), len(totals))) <= Fraction(1, 2)
    assert min(totals) <= score.tenths <= max(totals)
    assert score.totals == tuple(sorted(totals)) and score.reviewers == len(totals)


def test_halves_round_up_and_no_review_is_no_score():
    assert scoring.combine([700, 701], MEAN).tenths == 701
    assert scoring.combine([], MEAN) == scoring.Score(None, ())


def test_a_trimmed_mean_leaves_out_one_of_each_end_from_four_on():
    assert scoring.combine([0, 700, 720, 1000], TRIMMED).tenths == 710
    assert scoring.combine([0, 700, 1000], TRIMMED).tenths == 567
    assert scoring.combine([0, 700, 720, 1000], TRIMMED).spread_tenths == 1000


def test_points_are_read_exactly():
    tenths, mistakes = scoring.points_in_tenths(RUBRIC, {"impact": 30, "ecosystem": "20", "capability": Decimal("7.0")})
    assert (tenths, mistakes) == ({"impact": 300, "ecosystem": 200, "capability": 70}, [])
    assert [m.where for m in scoring.missing(RUBRIC, tenths)] == ["points.feasibility"]


@pytest.mark.parametrize("points", [31, -1, "7.5", "x", True, 2.5, "NaN", None, "1e400000"])
def test_points_off_the_scale_are_mistakes(points):
    tenths, mistakes = scoring.points_in_tenths(RUBRIC, {"impact": points})
    assert not tenths and [m.where for m in mistakes] == ["points.impact"]
    assert mistakes[0].remedy.ko and mistakes[0].remedy.en


def test_an_unknown_criterion_is_a_mistake():
    assert scoring.points_in_tenths(RUBRIC, {"charm": 1})[1][0].where == "points.charm"


@settings(deadline=None)
@given(st.data())
def test_other_weights_keep_the_share_of_points_each_criterion_was_given(data):
    given_points = {c.code: data.draw(st.integers(0, c.weight * 10)) for c in RUBRIC.criteria}
    as_is = {c.code: c.weight for c in RUBRIC.criteria}
    assert scoring.reweighed(RUBRIC, given_points, as_is) == sum(given_points.values())
    first, second = RUBRIC.criteria[:2]
    other = as_is | {first.code: first.weight + second.weight, second.code: 0}
    exact = sum((Fraction(given_points[c.code], c.weight) * other[c.code] for c in RUBRIC.criteria), start=Fraction(0))
    assert abs(scoring.reweighed(RUBRIC, given_points, other) - exact) <= Fraction(1, 2)
    full = {c.code: c.weight * 10 for c in RUBRIC.criteria}
    assert scoring.reweighed(RUBRIC, full, other) == 1000


@pytest.mark.parametrize(
    ("review", "interview", "percent", "expected"),
    [(800, 600, 0, 800), (800, 600, 25, 750), (801, 600, 50, 701), (None, 600, 25, 600), (0, 1000, 100, 1000)],
)
def test_an_interview_counts_by_its_share_and_rounds_half_up(review, interview, percent, expected):
    assert scoring.with_interview(review, interview, percent) == expected
