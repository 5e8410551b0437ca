"""Planning: value and merit plans of the frozen instances, gaps from the auditor, against the committee and solvers."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import frame
from bench.frame import Row, not_run, row
from dure.decide.planning import audit
from dure.decide.planning.committee import committee
from dure.decide.planning.explain import explain
from dure.decide.planning.instances import generate
from dure.decide.planning.placement import named_leaves, place_plan
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Problem, Rule
from dure.decide.planning.solver import DEFAULT_BUDGET, solve

VALUE_514 = "proven gap ≤ 0.02 % median, ≤ 0.2 % worst in 60 s; ≤ 0.5 % in 3 s"
MERIT_514 = (
    "δ = 3: ≥ 98.5 % of the value bound, or proven within 1 % of the no-envy optimum, zero envy, 60 s; "
    "δ = 0.1: ≥ 97.5 %, or likewise proven"
)
SIZE_5000 = "gap ≤ 0.3 % in 60 s / ≥ 99 % and zero envy in 90 s, < 1 GiB"
SIZE_50000 = "≤ 0.05 % / ≤ 0.5 % in 120 s, < 2 GiB"
COMMITTEE = "≥ 1.10× value at every size with zero envy"
SOLVERS = "better or equal at 514, clearly ahead at 5,000 and 50,000"
CHECK = "≤ 2 s at 50,000"
EXPLAIN = "≤ 5 s at 50,000"
PLACEMENT = "0 awards split over leaf groups at 514, ≤ 0.5 % at 5,000"
DETERMINISM = "byte-identical plan under row permutation, 1 or 2 threads"
ROLLING = "≤ 1 s at 514, ≤ 5 s at 50,000"
GIB = 2**20  # ru_maxrss counts KiB

HASHES = Path(__file__).parent / "planning_instances.json"
VALUE_BUDGETS = {5_000: 20_000_000, 50_000: 20_000_000}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One solved instance: what the auditor found, how long it took, and the committee's value."""

    plan: Plan
    gap: float
    envy: int
    violations: int
    seconds: float
    committee: int


def run(problem: Problem, rule: Rule, budget: int) -> Outcome:
    """Solve and audit one instance."""
    plan, seconds = frame.timed(lambda: solve(problem, budget, rule=rule))
    report = audited(problem, plan)
    gap = report["gap"] if report["gap"] is not None else 1.0
    baseline = committee(problem).value
    return Outcome(plan, gap, report["envy"], len(report["violations"]), seconds, baseline)


def audited(problem: Problem, plan: Plan) -> Any:
    """The auditor's report."""
    return audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))


def national(seeds: Sequence[int]) -> list[Row]:
    """The 514 instances under both rules, with what belongs to that size."""
    problems = [generate(514, seed) for seed in seeds]
    solve(problems[0], 10_000)
    values = [run(problem, Rule("value", 30), DEFAULT_BUDGET) for problem in problems]
    quick = [run(problem, Rule("value", 30), 700_000) for problem in problems]
    rows = gaps("514 value", values, VALUE_514, 0.0002, 0.002, 60)
    rows += gaps("514 value, short budget", quick, VALUE_514, 0.005, 0.005, 3)
    for delta, share in ((30, 0.985), (1, 0.975)):
        outcomes = [run(problem, Rule("merit", delta), DEFAULT_BUDGET) for problem in problems]
        rows += merit(f"514 merit δ = {delta / 10}", outcomes, values, MERIT_514, share, 60)
    rows += placement(problems, [one.plan for one in values])
    rows.append(explained(problems[0], values[0].plan, "514"))
    return rows


def gaps(name: str, outcomes: Sequence[Outcome], target: str, median: float, worst: float, limit: float) -> list[Row]:
    """Median and worst gap in percent, and seconds."""
    found = [one.gap for one in outcomes]
    return [
        row(f"{name}: gap, median", 100 * statistics.median(found), "%", target, lambda g: g <= 100 * median),
        row(f"{name}: gap, worst", 100 * max(found), "%", target, lambda g: g <= 100 * worst),
        row(f"{name}: violations", sum(one.violations for one in outcomes), "", target, lambda count: count == 0),
        row(f"{name}: time, worst", max(one.seconds for one in outcomes), "s", target, lambda s: s <= limit),
    ]


def merit(
    name: str, outcomes: Sequence[Outcome], values: Sequence[Outcome], target: str, share: float, limit: float
) -> list[Row]:
    """Share of the value bound, own gap, envy and the committee's value."""
    pairs = list(zip(outcomes, values, strict=True))
    shares = [one.plan.value / value.plan.bound for one, value in pairs]
    enough = [part >= share or one.gap <= 0.01 for part, one in zip(shares, outcomes, strict=True)]
    ratios = [one.plan.value / one.committee for one in outcomes]
    middle, worst = statistics.median(shares), max(one.gap for one in outcomes)
    return [
        row(f"{name}: share of the value bound, median", 100 * middle, "%", target, lambda _: all(enough)),
        row(f"{name}: gap to its own bound, worst", 100 * worst, "%", target, lambda _: all(enough)),
        row(f"{name}: envious applications", sum(one.envy for one in outcomes), "", target, lambda count: count == 0),
        row(f"{name}: time, worst", max(one.seconds for one in outcomes), "s", target, lambda s: s <= limit),
        row(f"{name}: value against the committee, least", min(ratios), "×", COMMITTEE, lambda r: r >= 1.1,
            baseline="committee greedy", ratio=min(ratios)),
    ]  # fmt: skip


def placement(problems: Sequence[Problem], plans: Sequence[Plan]) -> list[Row]:
    """Awards split over leaf groups."""
    split = 0
    for problem, plan in zip(problems, plans, strict=True):
        leaves = {cluster.code: named_leaves(cluster) for cluster in problem.clusters}
        split += sum(one.split for one in place_plan(problem, plan, leaves, {}).values())
    return [row("514: awards split over leaf groups", split, "", PLACEMENT, lambda count: count == 0)]


def explained(problem: Problem, plan: Plan, name: str) -> Row:
    """Seconds to explain every application."""
    _, seconds = frame.timed(lambda: explain(problem, plan))
    return row(f"{name}: explanations of all", seconds, "s", EXPLAIN, lambda s: s <= 5)


def stress(size: int, seeds: Sequence[int], supply_scale: int, target: str, worst: float, limit: float) -> list[Row]:
    """A stress size under the value rule, each seed in a process of its own so that memory is its own."""
    found = [apart(size, seed, supply_scale) for seed in seeds]
    name = f"{size:,} value" + (f", {supply_scale}× supply" if supply_scale > 1 else "")
    memory = max(one["memory"] for one in found)
    return [
        row(f"{name}: gap, worst", 100 * max(one["gap"] for one in found), "%", target, lambda g: g <= 100 * worst),
        row(f"{name}: time, worst", max(one["seconds"] for one in found), "s", target, lambda s: s <= limit),
        row(f"{name}: memory", memory, "GiB", target, lambda m: m < (1 if size == 5_000 else 2)),
        row(f"{name}: certificate check", max(one["check"] for one in found), "s", CHECK, lambda s: s <= 2),
    ]


def apart(size: int, seed: int, supply_scale: int) -> Any:
    """Solve one stress instance in a fresh process; its figures."""
    command = [sys.executable, "-m", "bench.bench_planning", "--one", str(size), str(seed), str(supply_scale)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def one(size: int, seed: int, supply_scale: int) -> dict[str, float]:
    """The figures of one stress instance; the certificate is checked by a bare interpreter."""
    problem = generate(size, seed, supply_scale=supply_scale)
    plan, seconds = frame.timed(lambda: solve(problem, VALUE_BUDGETS[size], rule="value"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "problem").write_bytes(problem.encode())
        (Path(folder) / "plan").write_bytes(plan.encode())
        command = [sys.executable, "-I", audit.__file__, f"{folder}/problem", f"{folder}/plan", "--json"]
        done, check = frame.timed(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
    gap = json.loads(done.stdout)["gap"]
    return {"gap": 1.0 if gap is None else gap, "seconds": seconds, "memory": memory, "check": check}


def frozen() -> Row:
    """Whether the instances are the ones whose hashes were committed."""
    wanted = json.loads(HASHES.read_text())
    wrong = sum(generate(int(key.split("-")[0]), int(key.split("-")[1])).digest != wanted[key] for key in wanted)
    return row("instances that differ from the committed hashes", wrong, "", "SHA-256 committed", lambda n: n == 0)


def main() -> None:
    """Three seeds at 514; with --full ten, and the stress sizes."""
    if "--one" in sys.argv:
        print(json.dumps(one(*(int(argument) for argument in sys.argv[2:5]))))
        return
    full = frame.arguments(__doc__ or "").full
    rows = [frozen(), *national(range(1, 11 if full else 4))]
    if full:
        rows += stress(5_000, range(1, 6), 1, SIZE_5000, 0.003, 60)
        rows += stress(50_000, range(1, 4), 1, SIZE_50000, 0.0005, 120)
        rows += stress(50_000, range(1, 4), 8, SIZE_50000, 0.005, 120)
    else:
        rows += [not_run("5,000 value and merit", "%", SIZE_5000), not_run("50,000 value", "%", SIZE_50000)]
    rows += [
        not_run("against naive models given to CP-SAT, HiGHS, SCIP", "×", SOLVERS),
        not_run("byte-identical plan under permutation and threads", "", DETERMINISM),
        not_run("rolling decision", "s", ROLLING),
    ]
    frame.write("planning", rows, full=full)


if __name__ == "__main__":
    main()
