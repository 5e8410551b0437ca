"""Review: assignment, conflicts, calibration on simulated panels, the estimator against published training runs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench import frame, matching_baselines
from bench.frame import Row, not_run, row
from bench.panels import Kind, simulate
from dure.decide import affinity, calibration, conflicts, estimator, matching
from dure.decide.affinity import Profile
from dure.decide.published_runs import RUNS, Run
from dure.simulate.texts.subjects import SUBJECTS
from tests.real import postgres

SIZES = "514 × 120 reviewers × 5 in ≤ 2 s, 5,000 × 1,000 × 5 in ≤ 60 s, proven optimal or with gap"
NO_CONFLICT = "zero conflicts in 1,000 random instances"
QUALITY = (
    "ratio of matching quality and of the worst proposal's quality against greedy and against a published baseline"
    " (the papers' own, named)"
)
RECHECK = (
    "Conflict recheck of a national call after one change: ≤ 1 s; nothing about a conflicted proposal reaches that"
    " person through any page, search, count, export, API, error text or timing difference that a test can see."
)
CALIBRATION = (
    "RMSE and top-30 % overlap against the truth, raw vs. z-score vs. ours, under bias and under none; never more than"
    " 1 % worse where there is none."
)
LOAD = (
    "A hundred applicants submitting in the last minute on SQLite and a thousand on PostgreSQL: no loss, no double,"
    " p95 ≤ 1 s (a load script in `bench/`)."
)
ESTIMATOR = (
    "checked against published training runs (at least ten, with sources), factor-of-two accuracy stated with the"
    " cases that miss."
)

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Task:
    """Proposals and reviewers to be matched."""

    fit: npt.NDArray[np.int32]
    allowed: npt.NDArray[np.bool_]
    each: int

    @property
    def needs(self) -> list[int]:
        """Reviewers wanted, per proposal."""
        return [self.each] * len(self.fit)

    @property
    def most(self) -> list[int]:
        """The load limit all methods get: an even share, and as much beyond as ours allows itself."""
        reviewers = self.fit.shape[1]
        return [-(-sum(self.needs) // reviewers) + matching.SPREAD] * reviewers


def task(proposals: int, reviewers: int, each: int, seed: int, clash: float = 0.03) -> Task:
    """SYNTHETIC proposals and reviewers with keywords of Korean research fields; a few pairs are in conflict."""
    chance = np.random.default_rng(seed)
    fields = list(SUBJECTS)
    weights = chance.dirichlet(np.full(len(fields), 4.0))
    profiles = []
    for count, words in ((proposals, 4), (reviewers, 7)):
        side = []
        for _ in range(count):
            first, second = chance.choice(len(fields), 2, p=weights)
            known = [k for f in (first, first, second) for k in _keywords(fields[f], chance)]
            side.append(Profile(tuple(dict.fromkeys(known))[:words], " ".join(known)))
        profiles.append(side)
    return Task(affinity.affinities(*profiles), chance.random((proposals, reviewers)) >= clash, each)


def _keywords(field: str, chance: np.random.Generator) -> Sequence[str]:
    subjects = SUBJECTS[field]
    return subjects[int(chance.integers(len(subjects)))].keywords


def assignment_rows() -> list[Row]:
    """Sizes and times, conflicts, quality against greedy and the papers' methods."""
    rows = []
    for size, limit in (((514, 120, 5), 2.0), ((5000, 1000, 5), 60.0)):
        rows += _size_rows(task(*size, seed=1), limit)
    return [*rows, *_conflict_rows(), *_quality_rows(task(514, 120, 5, seed=2))]


def _size_rows(case: Task, limit: float) -> list[Row]:
    """Wall time, and processor time beside it, which other work on the machine does not lengthen."""
    name = f"assignment {case.fit.shape[0]:,} × {case.fit.shape[1]:,} × {case.each}"
    side = matching.Side(tuple(case.most), (0,) * case.fit.shape[1])
    before = time.process_time()
    found, seconds = frame.timed(lambda: matching.match(case.fit, case.allowed, case.needs, side))
    processor = time.process_time() - before
    gap = 100 * (found.bound_permille - found.total_permille) / max(1, found.bound_permille)
    return [
        row(f"{name}: time", seconds, "s", SIZES, lambda s: s <= limit),
        row(f"{name}: processor time", processor, "s", SIZES, lambda s: s <= limit),
        row(f"{name}: gap to the proven bound", gap, "%", SIZES, lambda g: g <= 0.0),
        row(f"{name}: reviews not given", sum(case.needs) - len(found.pairs), "reviews", SIZES, lambda n: n == 0),
        row(f"{name}: conflicts, doubles, overloads", _faults(case, found.pairs), "pairs", SIZES, lambda n: n == 0),
    ]


def _faults(case: Task, pairs: Pairs) -> int:
    """Pairs in conflict, given twice, or beyond a reviewer's limit; found without the matcher's own code."""
    loads = np.bincount([r for _, r in pairs], minlength=case.fit.shape[1])
    beyond = int(np.maximum(0, loads - np.array(case.most)).sum())
    return sum(not case.allowed[pair] for pair in pairs) + len(pairs) - len(set(pairs)) + beyond


def _conflict_rows() -> list[Row]:
    faults = incomplete = 0
    for seed in range(1000):
        chance = np.random.default_rng(seed)
        proposals, reviewers = int(chance.integers(5, 40)), int(chance.integers(5, 16))
        fit = chance.integers(0, 1001, (proposals, reviewers)).astype(np.int32)
        allowed = chance.random((proposals, reviewers)) >= chance.uniform(0.0, 0.6)
        case = Task(fit, allowed, int(chance.integers(1, 5)))
        found = matching.match(fit, allowed, case.needs, matching.Side(tuple(case.most), (0,) * reviewers))
        faults += _faults(case, found.pairs)
        incomplete += len(found.pairs) + sum(n for _, n in found.short) != sum(case.needs)
    return [
        row("1,000 random instances: conflicts, doubles, overloads", faults, "pairs", NO_CONFLICT, lambda n: n == 0),
        row("1,000 random instances: a shortage not said", incomplete, "instances", NO_CONFLICT, lambda n: n == 0),
    ]


def _quality_rows(case: Task) -> list[Row]:
    """Total fit and the worst proposal's sum of fits; ours over the other's."""
    rows = _ratios(case, "greedy (best pairs first)", _greedy(case))
    toronto = matching_baselines.tpms(case.fit, case.allowed, case.each, case.most)
    rows += _ratios(case, "TPMS (Charlin & Zemel 2013)", toronto or [])
    least = max(0, sum(case.needs) // case.fit.shape[1] - 1 - matching.SPREAD)
    even = matching_baselines.tpms(case.fit, case.allowed, case.each, case.most, least)
    rows += _ratios(case, "TPMS with loads as even as ours", even or [])
    small = task(40, 15, 3, seed=3)  # PR4A solves a few thousand programs even for these
    fair = matching_baselines.peer_review_4_all(small.fit, small.allowed, small.each, small.most)
    rows += _ratios(small, "PeerReview4All (Stelmakh, Shah & Singh 2019)", fair or [])
    return rows


def _greedy(case: Task) -> Pairs:
    return matching.greedy(case.fit, case.allowed, case.needs, case.most)


def _ratios(case: Task, rival: str, theirs: Pairs) -> list[Row]:
    side = matching.Side(tuple(case.most), (0,) * case.fit.shape[1])
    ours = matching.match(case.fit, case.allowed, case.needs, side).pairs
    size = f"{case.fit.shape[0]} × {case.fit.shape[1]} × {case.each}"
    rows = []
    for what, figure, other, least in (
        ("total fit", _total(case, ours), _total(case, theirs), 0.9),
        ("worst proposal's fit", _worst(case, ours), _worst(case, theirs), 1.0),
        ("worst single pair's fit", _worst_pair(case, ours), _worst_pair(case, theirs), 1.0),
    ):
        ratio = figure / other if other else None
        # Nothing at all for somebody is worse than anything: no ratio then, and ours only has to be more.
        met: Callable[[int], bool] = lambda mine, other=other, least=least: mine >= least * other  # noqa: E731
        rows.append(row(f"{what}, {size}", figure, "‰", QUALITY, met, baseline=f"{rival}: {other}", ratio=ratio))
    return rows


def _total(case: Task, pairs: Pairs) -> int:
    return sum(int(case.fit[pair]) for pair in pairs)


def _worst(case: Task, pairs: Pairs) -> int:
    sums = np.zeros(len(case.fit), dtype=np.int64)
    for p, r in pairs:
        sums[p] += int(case.fit[p, r])
    return int(sums.min())


def _worst_pair(case: Task, pairs: Pairs) -> int:
    """0 where a proposal lacks a reviewer."""
    complete = len(pairs) == sum(case.needs)
    return min(int(case.fit[pair]) for pair in pairs) if complete else 0


def recheck_rows() -> list[Row]:
    """The rule alone over all pairs of a national call, then the portal with its database, and a walk for leaks."""
    judges = [
        conflicts.Judge(i, f"이름{i}", f"r{i}@panel.example", f"기관{i % 60}", frozenset({f"기관{(i + 7) % 60}"}))
        for i in range(120)
    ]
    parties = [
        conflicts.Party(
            organisation_id=i % 300,
            names=frozenset({f"기관{i % 300}"}),
            lead_id=1000 + i,
            emails=frozenset(f"t{i}-{k}@team.example" for k in range(4)),
            people=frozenset((f"사람{i}-{k}", f"기관{(i + k) % 300}") for k in range(4)),
            affiliations=frozenset(f"기관{(i + k) % 300}" for k in range(4)),
        )
        for i in range(514)
    ]
    _, seconds = frame.timed(lambda: [conflicts.detect(judge, party) for judge in judges for party in parties])
    return [
        row(
            "conflicts found anew in all 61,680 pairs, the rule without the database",
            seconds,
            "s",
            RECHECK,
            lambda s: s <= 1,
        ),
        *_portal_rows(),
    ]


def _portal_rows() -> list[Row]:
    """One run of `bench.review_portal` in a process of its own, for it decides the portal's environment."""
    command = [sys.executable, "-m", "bench.review_portal"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=580
    )
    found = json.loads(done.stdout.splitlines()[-1])
    beside = (
        f"{found['recheck_processor_seconds']:.2f} s of processor time over {found['seats']:,} assignments; one"
        f" reviewer's list {found['own_seconds']:.2f} s; all 61,680 pairs {found['full_seconds']:.2f} s; a turn of the"
        f" loop {found['changed_turn_processor_seconds']:.2f} s after the change,"
        f" {found['idle_turn_processor_seconds']:.3f} s with nothing new"
    )
    walked = (
        "every address, with words, identifiers, searches, exports; status, text and number of queries as for nothing"
    )
    once: Callable[[float], bool] = lambda s: s <= 1  # noqa: E731
    return [
        row(
            "conflict recheck of a national call after one change, through the portal",
            found["recheck_seconds"],
            "s",
            RECHECK,
            once,
            baseline=beside,
        ),
        row("conflicts the one change brings to light", found["found"], "assignments", RECHECK, lambda n: n >= 1),
        row(
            "leaks about a conflicted proposal",
            len(found["leaks"]),
            "leaks",
            RECHECK,
            lambda n: n == 0,
            baseline=walked,
        ),
    ]


# What the panels of a national call may be like.
NO_BIAS = {
    "no bias": Kind(),
    "no bias, 10 % missing": Kind(missing=0.1),
    "no bias, 40 × 10 × 4": Kind(40, 10, 4),
    "no bias, fields of unlike merit": Kind(fields=8, field_spread=4.0),
}
BIAS = {
    "severity 2 points": Kind(severity=2.0),
    "severity 4 points, 10 % missing": Kind(severity=4.0, missing=0.1),
    "severity 8 points": Kind(severity=8.0),
    "severity 5 points, scales and noise unlike": Kind(severity=5.0, stretch=0.25, uneven_noise=0.3),
    "severity 6 points, fields of unlike merit": Kind(severity=6.0, fields=8, field_spread=4.0, missing=0.1),
    "severity 6 points, 40 × 10 × 4": Kind(40, 10, 4, severity=6.0),
}


@dataclass(frozen=True)
class Study:
    """Means over panels: RMSE in points and overlap in % for raw, z and ours; the worst single panel's RMSE ratio."""

    rmse: tuple[float, float, float]
    overlap: tuple[float, float, float]
    worst_ratio: float
    adjusted_percent: float


def study(kind: Kind, panels: int, first_seed: int = 1) -> Study:
    """Calibrate `panels` simulated panels and compare with the truth; a shift common to all scores does not count."""
    rmses, overlaps, adjusted = [], [], 0
    for seed in range(first_seed, first_seed + panels):
        panel = simulate(kind, seed)
        fitted = calibration.calibrate(panel.reviews)
        adjusted += fitted.is_adjusted
        estimates = np.array([(s.raw_tenths, s.z_tenths, s.adjusted_tenths) for s in fitted.scores]).T / 10
        rmses.append([_rmse(e, panel.truth) for e in estimates])
        overlaps.append([_overlap(e, panel.truth) for e in estimates])
    mean_rmse, mean_overlap = np.mean(rmses, axis=0), 100 * np.mean(overlaps, axis=0)
    worst = max(ours / raw for raw, _, ours in rmses)
    return Study(tuple(mean_rmse.tolist()), tuple(mean_overlap.tolist()), worst, 100 * adjusted / panels)


def _rmse(found: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> float:
    error = found - truth
    return float(np.sqrt(((error - error.mean()) ** 2).mean()))


def _overlap(found: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> float:
    top = round(0.3 * len(truth))
    chosen = [set(np.argsort(-scores, kind="stable")[:top].tolist()) for scores in (found, truth)]
    return len(chosen[0] & chosen[1]) / top


def calibration_rows(full: bool) -> list[Row]:
    """Raw, z-score and ours on simulated panels, and how long the fit takes."""
    panels = 200 if full else 30
    reviews = simulate(Kind(severity=5.0), 1).reviews
    seconds = frame.median_seconds(lambda: calibration.calibrate(reviews), 9)
    rows = [row("calibration of 514 × 5 by 120 reviewers: time", seconds, "s", CALIBRATION, lambda s: s < 0.1)]
    for name, kind in NO_BIAS.items():
        rows += _study_rows(name, study(kind, panels), lambda ratio: ratio <= 1.01)
    for name, kind in BIAS.items():
        rows += _study_rows(name, study(kind, panels), lambda ratio: ratio < 1.0)
    return rows


def _study_rows(name: str, found: Study, holds: Callable[[float], bool]) -> list[Row]:
    raw, z, ours = found.rmse
    raw_top, z_top, ours_top = found.overlap
    beside = f"raw {raw:.3f}, z {z:.3f}; worst single panel {found.worst_ratio:.4f}"
    tops = f"raw {raw_top:.1f}, z {z_top:.1f}; {found.adjusted_percent:.0f} % of panels adjusted"
    return [
        row(f"{name}: RMSE", ours, "points", CALIBRATION, lambda o: holds(o / raw), baseline=beside, ratio=ours / raw),
        row(
            f"{name}: overlap of the top 30 %",
            ours_top,
            "%",
            CALIBRATION,
            lambda o: o >= 0.99 * raw_top,
            baseline=tops,
            ratio=ours_top / raw_top,
        ),
    ]


def estimator_rows() -> list[Row]:
    """Published runs within a factor of two; with the shipped efficiency, and with each maker's own runs left out."""
    rows = [row("published runs with sources", len(RUNS), "runs", ESTIMATOR, lambda n: n >= 10)]
    rows += _accuracy("shipped efficiency", lambda run: RUNS)
    rows += _accuracy("maker's own runs left out", lambda run: tuple(r for r in RUNS if r.maker != run.maker))
    return rows


def _accuracy(name: str, known: Callable[[Run], Sequence[Run]]) -> list[Row]:
    ratios, inside = {}, 0
    for run in RUNS:
        need = estimator.Need("training", run.parameters, run.tokens, run.gpu)
        hours = estimator.estimate(need, known(run)).hours
        ratios[run.name] = hours.typical / run.gpu_hours
        inside += hours.low <= run.gpu_hours <= hours.high
    misses = [f"{miss} ×{ratio:.2f}" for miss, ratio in ratios.items() if not 0.5 <= ratio <= 2]
    within = 100 * (1 - len(misses) / len(RUNS))
    typical = statistics.median(max(ratio, 1 / ratio) for ratio in ratios.values())
    beside = f"misses: {', '.join(misses)}; {100 * inside / len(RUNS):.0f} % of the published hours lie in the range"
    return [
        row(f"estimator, {name}: within a factor of two", within, "%", ESTIMATOR, lambda w: w >= 80, baseline=beside),
        row(f"estimator, {name}: median factor off", typical, "×", ESTIMATOR, lambda f: f <= 2),
    ]


def load_rows() -> list[Row]:
    """The last minute on both databases; PostgreSQL's not run where the machine has none."""
    hundred, thousand = "a hundred applicants in the last minute, SQLite", "a thousand, PostgreSQL"
    rows = _load_rows(f"{hundred}, half in its last quarter", 100, None)
    try:
        for how, *more in (("evenly", "--evenly"), ("half in the last quarter",)):
            with postgres.server(is_durable=True) as url:
                rows += _load_rows(f"{thousand}, {how}", 1000, url, *more)
    except FileNotFoundError:
        rows.append(not_run(f"{thousand}: p95 of submitting", "s", LOAD))
    return rows


def _load_rows(name: str, applicants: int, database_url: str | None, *more: str) -> list[Row]:
    """One run of `bench.load_submissions` in a process of its own, for it decides the portal's environment."""
    environment = {key: text for key, text in os.environ.items() if key != "DURE_DATABASE_URL"}
    environment |= {"DURE_DATABASE_URL": database_url} if database_url else {}
    command = [sys.executable, "-m", "bench.load_submissions", "--applicants", str(applicants), *more]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=500)
    found = json.loads(done.stdout.splitlines()[-1])
    beside = (
        f"slowest {found['slowest_submit']:.3f} s, pages' p95 {found['p95_pages']:.3f} s; {found['requests']} requests"
        f" in {found['portal_processor_seconds']:.0f} s of the portal's processor time, {os.cpu_count()} cores;"
        f" answers {found['statuses']}"
    )
    none: Callable[[int], bool] = lambda count: count == 0  # noqa: E731
    return [
        row(f"{name}: p95 of submitting", found["p95_submit"], "s", LOAD, lambda s: s <= 1, baseline=beside),
        row(f"{name}: told accepted, nothing sealed", found["lost"], "applications", LOAD, none),
        row(f"{name}: in time and not accepted", found["unanswered"], "applications", LOAD, none),
        row(f"{name}: sealed twice", found["doubles"], "applications", LOAD, none),
        row(f"{name}: accepted after the deadline", found["late_accepted"], "applications", LOAD, none),
    ]


def main() -> None:
    """Print and write every row."""
    full = frame.arguments("Review bench").full
    rows = [*assignment_rows(), *recheck_rows(), *calibration_rows(full)]
    frame.write("review", [*rows, *load_rows(), *estimator_rows()], full=full)


if __name__ == "__main__":
    main()
