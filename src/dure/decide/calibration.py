"""Severe and lenient reviewers: raw and adjusted scores side by side, with their uncertainty.

A total is application + severity of the reviewer + noise. Applications are fixed effects, so scores keep the scale of
the points and a pass mark keeps its meaning; severities are random effects, shrunk towards zero by the ratio of the
variances, which restricted maximum likelihood finds (Patterson & Thompson, Biometrika 58, 1971; Henderson, Biometrics
31, 1975). The applications are swept out exactly and what is left is turned to the axes on which it is independent, so
that the likelihood has one unknown and costs one small eigenvalue problem. Tenths of a point in, tenths out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CERTAIN_FROM = 6.63  # likelihood ratio: chance alone gives as much in 1 panel of 200 (half of chi-square at 1 %)
STRADDLES_PERMILLE = 50  # a chance of being above the line between this and 1000 less this is no clear answer
_RATIOS = (1e-4, 1e3)  # of the variances, severity to noise: where the maximum is looked for
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's total for one application, in tenths of a point."""

    application: int
    reviewer: int
    tenths: int


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One application: raw mean, adjusted and z-score on the same scale, and standard errors; tenths of a point."""

    application: int
    reviews: int
    raw_tenths: int
    raw_error_tenths: int
    adjusted_tenths: int
    adjusted_error_tenths: int
    z_tenths: int


@dataclass(frozen=True, slots=True)
class Severity:
    """One reviewer, for the programme manager only: tenths of a point.

    `severity_tenths` is how far below the others this one scores the same work (negative: lenient), shrunk, with its
    standard error; `noise_tenths` is the spread of what remains (large: inconsistent), None with fewer than 3 reviews.
    """

    reviewer: int
    reviews: int
    severity_tenths: int
    error_tenths: int
    noise_tenths: int | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """All of a panel. `is_adjusted` is False where reviewers do not differ beyond chance: adjusted equals raw."""

    scores: tuple[Adjusted, ...]
    reviewers: tuple[Severity, ...]
    is_adjusted: bool
    severity_spread_tenths: int
    noise_spread_tenths: int
    likelihood_ratio_hundredths: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one application stands to the line: the chance, in ‰, that its true score is at or above it."""

    application: int
    raw_permille: int
    adjusted_permille: int
    straddles: bool
    changes_side: bool


def calibrate(reviews: Iterable[Review]) -> Calibration:
    """Fit the panel. The order of `reviews` does not matter; one reviewer's second total for an application is refused.

    Raises ValueError for such a second total.
    """
    ordered = sorted(reviews, key=lambda r: (r.application, r.reviewer))
    if len({(r.application, r.reviewer) for r in ordered}) != len(ordered):
        raise ValueError("a reviewer has two totals for one application")
    if not ordered:
        return Calibration((), (), False, 0, 0, 0)
    return _answer(_Panel(ordered))


def standings(calibration: Calibration, line_tenths: int) -> tuple[Standing, ...]:
    """Every application against a line (the pass mark, or the score of the last one funded).

    `straddles`: neither clearly above nor clearly below by the adjusted score. `changes_side`: raw and adjusted score
    lie on different sides.
    """
    found = []
    for one in calibration.scores:
        raw = _chance_above(one.raw_tenths, one.raw_error_tenths, line_tenths)
        adjusted = _chance_above(one.adjusted_tenths, one.adjusted_error_tenths, line_tenths)
        found.append(
            Standing(
                application=one.application,
                raw_permille=raw,
                adjusted_permille=adjusted,
                straddles=STRADDLES_PERMILLE < adjusted < 1000 - STRADDLES_PERMILLE,
                changes_side=(one.raw_tenths >= line_tenths) != (one.adjusted_tenths >= line_tenths),
            )
        )
    return tuple(found)


class _Panel:
    """Totals as arrays: `a` and `r` index the application and the reviewer of each total `y` (points, not tenths)."""

    def __init__(self, ordered: Sequence[Review]) -> None:
        self.applications, self.a = _index([r.application for r in ordered])
        self.reviewers, self.r = _index([r.reviewer for r in ordered])
        self.y = np.array([r.tenths for r in ordered], dtype=np.float64) / 10
        self.per_application = np.bincount(self.a)
        self.per_reviewer = np.bincount(self.r)
        self.mean = np.bincount(self.a, self.y) / self.per_application
        share = np.zeros((len(self.applications), len(self.reviewers)))
        share[self.a, self.r] = 1.0
        self.share = share / self.per_application[:, None]  # rows sum to 1: who made this application's mean


@dataclass(frozen=True, slots=True)
class _Fit:
    """Severities as deviations added to a total, their covariance, and the two variances (points squared)."""

    added: Floats
    covariance: Floats
    severity: float
    noise: float
    likelihood_ratio: float


def _fit(panel: _Panel) -> _Fit:
    """Restricted maximum likelihood; severities are zero unless the likelihood ratio reaches CERTAIN_FROM."""
    centred = panel.y - panel.mean[panel.a]
    information = np.diag(panel.per_reviewer.astype(np.float64)) - panel.share.T @ (
        panel.share * panel.per_application[:, None]
    )
    scores = np.bincount(panel.r, centred, minlength=len(panel.reviewers))
    weights, axes = np.linalg.eigh(information)
    seen = weights > 1e-9 * max(1.0, float(weights[-1]))
    squares = (axes.T @ scores)[seen] ** 2 / weights[seen]
    free = len(panel.y) - len(panel.applications)
    rest = max(0.0, float(centred @ centred) - float(squares.sum()))
    count = len(panel.reviewers)
    nothing = _Fit(np.zeros(count), np.zeros((count, count)), 0.0, float(centred @ centred) / max(1, free), 0.0)
    if free <= int(seen.sum()) or not seen.any() or rest <= 1e-9:
        return nothing
    ratio = _best_ratio(weights[seen], squares, rest, free)
    gain = 2 * (
        _likelihood(ratio, weights[seen], squares, rest, free) - _likelihood(0.0, weights[seen], squares, rest, free)
    )
    if gain < CERTAIN_FROM:
        return _Fit(nothing.added, nothing.covariance, 0.0, nothing.noise, max(0.0, gain))
    noise = (rest + float((squares / (1 + ratio * weights[seen])).sum())) / free
    solved = (axes / (np.where(seen, weights, 0.0) + 1 / ratio)) @ axes.T
    return _Fit(solved @ scores, noise * solved, noise * ratio, noise, gain)


def _likelihood(ratio: float, weights: Floats, squares: Floats, rest: float, free: int) -> float:
    """The restricted log-likelihood with the noise put at its best for this ratio, up to a constant."""
    scale = 1 + ratio * weights
    return -0.5 * float(free * math.log(rest + float((squares / scale).sum())) + np.log(scale).sum())


def _best_ratio(weights: Floats, squares: Floats, rest: float, free: int) -> float:
    """The most likely ratio of the variances, by golden section on its logarithm."""
    low, high = math.log(_RATIOS[0]), math.log(_RATIOS[1])
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(_ROUNDS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        at_left = _likelihood(math.exp(left), weights, squares, rest, free)
        if at_left >= _likelihood(math.exp(right), weights, squares, rest, free):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def _answer(panel: _Panel) -> Calibration:
    fit = _fit(panel)
    correction = panel.share @ fit.added
    adjusted = panel.mean - correction
    per_total = fit.noise / panel.per_application
    error = np.sqrt(per_total + np.einsum("ar,rs,as->a", panel.share, fit.covariance, panel.share, optimize=True))
    raw_error = np.sqrt(per_total + fit.severity / panel.per_application)
    z = _z_scores(panel)
    scores = tuple(
        Adjusted(
            application=int(name),
            reviews=int(panel.per_application[i]),
            raw_tenths=_tenths(panel.mean[i]),
            raw_error_tenths=_tenths(raw_error[i]),
            adjusted_tenths=_tenths(adjusted[i]),
            adjusted_error_tenths=_tenths(error[i]),
            z_tenths=_tenths(z[i]),
        )
        for i, name in enumerate(panel.applications)
    )
    return Calibration(
        scores=scores,
        reviewers=_severities(panel, fit, adjusted),
        is_adjusted=fit.severity > 0,
        severity_spread_tenths=_tenths(math.sqrt(fit.severity)),
        noise_spread_tenths=_tenths(math.sqrt(fit.noise)),
        likelihood_ratio_hundredths=round(100 * fit.likelihood_ratio),
    )


def _severities(panel: _Panel, fit: _Fit, adjusted: Floats) -> tuple[Severity, ...]:
    left = panel.y - adjusted[panel.a] - fit.added[panel.r]
    # A total pulls its own application's mean along by one part in n, which makes what remains too small.
    kept = np.maximum(1 - 1 / panel.per_application[panel.a], 1e-9)
    squares = np.bincount(panel.r, np.where(panel.per_application[panel.a] > 1, left**2 / kept, 0.0))
    counted = np.bincount(panel.r, (panel.per_application[panel.a] > 1).astype(np.float64))
    found = []
    for j, name in enumerate(panel.reviewers):
        spread = math.sqrt(squares[j] / counted[j]) if counted[j] >= 3 else None
        found.append(
            Severity(
                reviewer=int(name),
                reviews=int(panel.per_reviewer[j]),
                severity_tenths=_tenths(-fit.added[j]),
                error_tenths=_tenths(math.sqrt(max(0.0, fit.covariance[j, j]))),
                noise_tenths=None if spread is None else _tenths(spread),
            )
        )
    return tuple(found)


def _z_scores(panel: _Panel) -> Floats:
    """Each reviewer's totals brought to the panel's mean and spread, then averaged; for comparison only."""
    mean = np.bincount(panel.r, panel.y) / panel.per_reviewer
    squares = np.bincount(panel.r, (panel.y - mean[panel.r]) ** 2)
    spread = np.sqrt(squares / np.maximum(1, panel.per_reviewer - 1))
    whole = float(panel.y.std())
    usable = (panel.per_reviewer > 1) & (spread > 0)
    standard = (panel.y - mean[panel.r]) / np.where(usable, spread, 1.0)[panel.r]
    totals = panel.y.mean() + whole * np.where(usable[panel.r], standard, 0.0)
    return np.asarray(np.bincount(panel.a, totals) / panel.per_application)


def _chance_above(tenths: int, error: int, line: int) -> int:
    if not error:
        return 1000 if tenths >= line else 0
    return round(500 * math.erfc((line - tenths) / (error * math.sqrt(2))))


def _index(names: Sequence[int]) -> tuple[Ints, Ints]:
    values, places = np.unique(np.array(names, dtype=np.int64), return_inverse=True)
    return values, places


def _tenths(points: float) -> int:
    """Points as tenths, half up, after dropping the digits in which two machines may differ."""
    return math.floor(round(float(points) * 10, 6) + 0.5)
