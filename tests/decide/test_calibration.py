"""Calibration: against the mixed-model equations solved in full, against simulated truth, and its promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.panels import Kind, simulate
from dure.decide import calibration
from dure.decide.calibration import Review, calibrate, standings


def estimates(fitted, name):
    return np.array([getattr(score, name) for score in fitted.scores]) / 10


def rmse(found, truth):
    error = found - truth
    return float(np.sqrt(((error - error.mean()) ** 2).mean()))


def henderson(panel, ratio):
    """Severities and application effects from the mixed-model equations, nothing swept out."""
    n, m = len(panel.applications), len(panel.reviewers)
    x = np.zeros((len(panel.y), n + m))
    x[np.arange(len(panel.y)), panel.a] = 1
    x[np.arange(len(panel.y)), n + panel.r] = 1
    left = x.T @ x + np.diag([0.0] * n + [1 / ratio] * m)
    inverse = np.linalg.inv(left)
    return inverse @ x.T @ panel.y, inverse, n


@pytest.mark.parametrize("kind", [Kind(30, 8, 3, severity=6.0), Kind(60, 12, 4, severity=5.0, missing=0.2)])
def test_the_fit_solves_hendersons_equations(kind):
    ordered = sorted(simulate(kind, 4).reviews, key=lambda r: (r.application, r.reviewer))
    panel = calibration._Panel(ordered)
    fit = calibration._fit(panel)
    assert fit.severity > 0
    solution, inverse, n = henderson(panel, fit.severity / fit.noise)
    assert np.allclose(fit.added, solution[n:], atol=1e-8)
    fitted = calibrate(ordered)
    assert np.allclose(estimates(fitted, "adjusted_tenths"), solution[:n], atol=0.051)
    errors = np.sqrt(fit.noise * np.diag(inverse)[:n])
    assert np.allclose(estimates(fitted, "adjusted_error_tenths"), errors, atol=0.051)


def test_the_ratio_is_where_the_full_restricted_likelihood_is_greatest():
    """Compared with the textbook formula on whole matrices, over a grid."""
    ordered = sorted(simulate(Kind(25, 7, 3, severity=5.0), 9).reviews, key=lambda r: (r.application, r.reviewer))
    panel = calibration._Panel(ordered)
    fit = calibration._fit(panel)
    count = len(panel.y)
    x = np.eye(len(panel.applications))[panel.a]
    z = np.eye(len(panel.reviewers))[panel.r]

    def restricted(ratio):
        v = np.eye(count) + ratio * z @ z.T
        vi = np.linalg.inv(v)
        middle = x.T @ vi @ x
        p = vi - vi @ x @ np.linalg.inv(middle) @ x.T @ vi
        free = count - x.shape[1]
        return -0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(middle)[1] + free * math.log(panel.y @ p @ panel.y))

    ours = restricted(fit.severity / fit.noise)
    grid = [restricted(ratio) for ratio in np.exp(np.linspace(math.log(1e-3), math.log(1e2), 200))]
    assert ours >= max(grid) - 1e-6
    assert math.isclose(2 * (ours - restricted(0.0)), fit.likelihood_ratio, abs_tol=1e-6)


def test_severities_are_found_and_signed_for_the_reader():
    """Reviewer 0 takes 10 points off everything, reviewer 1 gives 10 more."""
    chance = np.random.default_rng(3)
    reviews = []
    for a in range(60):
        merit = chance.normal(70, 8)
        for r in chance.choice(8, 4, replace=False):
            off = {0: 10, 1: -10}.get(int(r), 0)
            reviews.append(Review(a, int(r), round(10 * (merit - off + chance.normal(0, 2)))))
    fitted = calibrate(reviews)
    by_reviewer = {one.reviewer: one for one in fitted.reviewers}
    assert fitted.is_adjusted
    assert 80 <= by_reviewer[0].severity_tenths <= 115 and -115 <= by_reviewer[1].severity_tenths <= -80
    assert all(abs(by_reviewer[r].severity_tenths) <= 25 for r in range(2, 8))
    assert all(one.error_tenths > 0 for one in fitted.reviewers)


def test_an_inconsistent_reviewer_shows():
    chance = np.random.default_rng(5)
    reviews = [
        Review(a, r, round(10 * (70 + chance.normal(0, 15 if r == 2 else 3)))) for a in range(80) for r in range(5)
    ]
    noise = {one.reviewer: one.noise_tenths for one in calibrate(reviews).reviewers}
    assert noise[2] > 2 * max(noise[r] for r in (0, 1, 3, 4))


@pytest.mark.parametrize("severity", [4.0, 8.0])
def test_adjusting_helps_where_reviewers_differ(severity):
    for seed in range(4):
        panel = simulate(Kind(200, 40, 5, severity=severity, missing=0.1), seed)
        fitted = calibrate(panel.reviews)
        raw, ours = (rmse(estimates(fitted, name), panel.truth) for name in ("raw_tenths", "adjusted_tenths"))
        assert fitted.is_adjusted and ours < raw


def test_where_there_is_no_bias_nothing_is_lost():
    worst = 0.0
    adjusted = 0
    for seed in range(60):
        panel = simulate(Kind(60, 15, 4, missing=0.05), seed)
        fitted = calibrate(panel.reviews)
        raw, ours = (rmse(estimates(fitted, name), panel.truth) for name in ("raw_tenths", "adjusted_tenths"))
        adjusted += fitted.is_adjusted
        worst += ours / raw / 60
    assert worst <= 1.01
    assert adjusted <= 3


def test_without_differences_beyond_chance_adjusted_is_raw():
    fitted = calibrate(simulate(Kind(60, 15, 4), 1).reviews)
    assert not fitted.is_adjusted and fitted.severity_spread_tenths == 0
    assert all(one.adjusted_tenths == one.raw_tenths for one in fitted.scores)
    assert all(one.severity_tenths == 0 for one in fitted.reviewers)


def test_the_errors_are_what_they_say():
    """Of many adjusted scores about two thirds lie within one error of the truth."""
    inside = []
    for seed in range(10):
        panel = simulate(Kind(200, 40, 5, severity=6.0), seed)
        fitted = calibrate(panel.reviews)
        off = estimates(fitted, "adjusted_tenths") - panel.truth
        inside += (np.abs(off - off.mean()) <= estimates(fitted, "adjusted_error_tenths")).tolist()
    assert 0.62 <= np.mean(inside) <= 0.74


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_the_order_of_reviews_and_the_names_do_not_matter(seed, order):
    reviews = list(simulate(Kind(20, 6, 3, severity=6.0, missing=0.2), seed).reviews)
    shuffled = reviews[:]
    order.shuffle(shuffled)
    assert calibrate(shuffled) == calibrate(reviews)
    renamed = calibrate([Review(r.application + 500, r.reviewer, r.tenths) for r in reviews])
    assert [s.adjusted_tenths for s in renamed.scores] == [s.adjusted_tenths for s in calibrate(reviews).scores]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(-200, 200))
def test_a_shift_of_all_scores_shifts_all_and_changes_nothing_else(seed, shift):
    reviews = simulate(Kind(20, 6, 3, severity=6.0), seed).reviews
    moved = calibrate([Review(r.application, r.reviewer, r.tenths + 10 * shift) for r in reviews])
    for before, after in zip(calibrate(reviews).scores, moved.scores, strict=True):
        assert abs(after.adjusted_tenths - before.adjusted_tenths - 10 * shift) <= 1
        assert abs(after.z_tenths - before.z_tenths - 10 * shift) <= 1
        assert abs(after.adjusted_error_tenths - before.adjusted_error_tenths) <= 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 1000)),
        max_size=30,
        unique_by=lambda pair: pair[:2],
    )
)
def test_any_panel_gets_an_answer(rows):
    """One review, one reviewer, all the same, separate groups: never an error, never a nonsense figure."""
    fitted = calibrate([Review(*one) for one in rows])
    assert {s.application for s in fitted.scores} == {a for a, _, _ in rows}
    for one in fitted.scores:
        assert -3000 <= one.adjusted_tenths <= 4000 and one.adjusted_error_tenths >= 0
        assert one.raw_error_tenths >= 0 and -3000 <= one.z_tenths <= 4000
    assert len(standings(fitted, 700)) == len(fitted.scores)


def test_groups_that_share_no_reviewer_are_not_moved_against_each_other():
    """Nothing tells a good group from a lenient panel, so the groups' own means stay what they were."""
    chance = np.random.default_rng(2)
    reviews = []
    for group in range(2):
        for a in range(30):
            for r in range(4):
                points = 60 + 20 * group + chance.normal(0, 2) + (8 if r == 0 else 0)
                reviews.append(Review(100 * group + a, 10 * group + r, round(10 * points)))
    fitted = calibrate(reviews)
    for group in range(2):
        mine = [s for s in fitted.scores if s.application // 100 == group]
        means = [np.mean([getattr(s, name) for s in mine]) for name in ("raw_tenths", "adjusted_tenths")]
        assert abs(means[0] - means[1]) < 1


def test_two_totals_of_one_reviewer_are_refused():
    with pytest.raises(ValueError, match="two totals"):
        calibrate([Review(1, 1, 700), Review(1, 1, 710)])


def test_standings_say_who_is_near_the_line_and_who_changes_side():
    fitted = calibrate(simulate(Kind(120, 24, 5, severity=6.0), 3).reviews)
    line = sorted(s.adjusted_tenths for s in fitted.scores)[80]
    found = {one.application: one for one in standings(fitted, line)}
    for score in fitted.scores:
        one = found[score.application]
        far = abs(score.adjusted_tenths - line) > 1.645 * score.adjusted_error_tenths + 2
        near = abs(score.adjusted_tenths - line) < 1.645 * score.adjusted_error_tenths - 2
        assert not (one.straddles and far) and not (near and not one.straddles)
        assert one.changes_side == ((score.raw_tenths >= line) != (score.adjusted_tenths >= line))
        assert (one.adjusted_permille >= 500) == (score.adjusted_tenths >= line)
    assert any(one.changes_side for one in found.values()) and any(one.straddles for one in found.values())


def test_no_reviews_no_scores():
    assert calibrate([]).scores == ()
