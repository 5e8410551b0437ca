"""Planning: value and merit plans of the frozen instances, gaps from the auditor, against the committee and solvers.

The full study prints every piece as it ends and keeps what it found of each instance under var/bench/, by the hash of
the planner's text: a run that was interrupted goes on where it stopped. `--only PIECE` runs some pieces alone.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import frame
from bench.frame import Row, not_run, row
from bench.planning_shapes import shaped
from dure.decide.planning import audit, solver
from dure.decide.planning.committee import committee
from dure.decide.planning.explain import explain
from dure.decide.planning.instances import generate
from dure.decide.planning.placement import named_leaves, place_plan
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import RULES, Application, Problem, Rule, RuleName
from dure.decide.planning.rolling import arrive
from dure.decide.planning.solver import DEFAULT_BUDGET, solve, versions
from dure.decide.planning.weeks import in_weeks, lift, monthly

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
WEEKLY = "weekly or monthly slots (solve monthly, lift to weekly): gap of the months + 0.02 points"
GROWTH = "fit and state the exponent of time and memory in the number of applications, clusters and slots"
ROLLING_LIMIT = {514: 1, 5_000: 5, 50_000: 5}
SAME_BUDGET = 600_000
NOTHING_FOUND = 1_000.0
"""What stands for the ratio to a solver that found no plan at all."""
MODELS = Path(__file__).parent / "planning_solvers.py"
GIB = 2**20  # ru_maxrss counts KiB

HASHES = Path(__file__).parent / "planning_instances.json"
BUDGETS: dict[tuple[int, str], int] = {
    (5_000, "value"): 10_000_000, (5_000, "merit"): 34_000_000,
    (50_000, "value"): 24_000_000, (50_000, "merit"): 24_000_000,
}  # fmt: skip
KEPT = Path(__file__).parents[1] / "var" / "bench"
NO_TARGET = "no target"


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
    quick = [run(problem, Rule("value", 30), 420_000) for problem in problems]
    rows = gaps("514 value", values, VALUE_514, 0.0002, 0.002, 60)
    rows += gaps("514 value, short budget", quick, VALUE_514, 0.005, 0.005, 3)
    rows += placement(problems, [one.plan for one in values], "value")
    for delta, share in ((30, 0.985), (1, 0.975)):
        outcomes = [run(problem, Rule("merit", delta), DEFAULT_BUDGET) for problem in problems]
        rows += merit(f"514 merit δ = {delta / 10}", outcomes, values, MERIT_514, share, 60)
        if delta == 30:
            rows += placement(problems, [one.plan for one in outcomes], "merit")
            rows += beside(problems[0], outcomes[0].plan, "514", ROLLING_LIMIT[514])
    rows += same_bytes(problems[0])
    rows += weekly(problems[0], values[0])
    return rows


def weekly(problem: Problem, months: Outcome) -> list[Row]:
    """The gap of the lifted plan against the weekly problem's own bound, beside that of the months."""
    weeks = in_weeks(problem)
    plan, seconds = frame.timed(lambda: lift(weeks, solve(monthly(weeks), DEFAULT_BUDGET, rule="value")))
    report = audited(weeks, plan)
    gap = 100 * (1.0 if report["gap"] is None else report["gap"])
    return [
        row("514 weekly value: gap", gap, "%", WEEKLY, lambda g: g <= 100 * months.gap + 0.02),
        row("514 weekly value: violations", len(report["violations"]), "", WEEKLY, lambda count: count == 0),
        row("514 weekly value: time with its months", seconds, "s", WEEKLY, lambda s: s <= 60),
    ]


def beside(problem: Problem, plan: Plan, name: str, limit: float) -> list[Row]:
    """What is asked of one plan: its check by a bare interpreter, all explanations, one arrival."""
    check, whole = checked(problem, plan, "--proof"), checked(problem, plan)
    explain(problem, plan)
    told, seconds = frame.timed(lambda: explain(problem, plan))
    unfunded = sum(one.outcome == "unfunded" for one in told.statements)
    changes = sum(one.change is not None for one in told.statements)
    return [
        row(f"{name}: certificate check, python3 -I audit.py --proof", check.seconds, "s", CHECK, lambda s: s <= 2),
        row(f"{name}: the whole audit with its envy, python3 -I audit.py", whole.seconds, "s", CHECK, lambda s: s <= 2),
        row(f"{name}: explanations of all ({unfunded:,} unfunded, {changes:,} offers inserted)", seconds, "s", EXPLAIN,
            lambda s: s <= 5),
        row(f"{name}: rolling decision with its audit", decided(problem, plan), "s", ROLLING, lambda s: s <= limit),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a bare interpreter found that has the two files and the auditor only; wall and processor seconds."""

    report: Any
    seconds: float
    cpu: float


def checked(problem: Problem, plan: Plan, *options: str) -> Checked:
    """The audit of a plan, apart."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "problem").write_bytes(problem.encode())
        (Path(folder) / "plan").write_bytes(plan.encode())
        command = [sys.executable, "-I", audit.__file__, f"{folder}/problem", f"{folder}/plan", "--json", *options]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done, seconds = frame.timed(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Checked(json.loads(done.stdout), seconds, cpu)


def decided(problem: Problem, plan: Plan) -> float:
    """The worst seconds of three arrivals, each decided and audited; the first, which compiles, does not count."""
    worst = 0.0
    for index, like in enumerate(problem.applications[:4]):
        arriving = replace(like, id=f"R{index}", lottery_rank=len(problem.applications) + 1)

        def decide(one: Application = arriving) -> Any:
            found = arrive(problem, plan, one)
            return audited(found.problem, found.plan)

        report, seconds = frame.timed(decide)
        if report["violations"]:
            raise AssertionError(report["violations"])
        worst = max(worst, seconds if index else 0.0)
    return worst


def same_bytes(problem: Problem) -> list[Row]:
    """Whether permuted rows, and one thread instead of two, give the same plan to the byte."""
    chance = random.Random(1)
    applications = [replace(one, options=one.options[::-1]) for one in problem.applications]
    policies = list(problem.policies)
    chance.shuffle(applications)
    chance.shuffle(policies)
    other = replace(
        problem, applications=tuple(applications), policies=tuple(policies), clusters=problem.clusters[::-1]
    )
    rows = []
    for rule in RULES:
        plan = solve(problem, SAME_BUDGET, rule=rule).encode()
        permuted = solve(other, SAME_BUDGET, rule=rule).encode()
        with one_thread():
            alone = solve(problem, SAME_BUDGET, rule=rule).encode()
        for what, found in (("rows permuted", permuted), ("1 thread instead of 2", alone)):
            name = f"514 {rule}, {what}: same bytes"
            rows.append(row(name, int(found == plan), "", DETERMINISM, lambda same: same == 1))
    return rows


@contextmanager
def one_thread() -> Iterator[None]:
    """The planner with a single thread."""
    packed = solver.pack
    solver.pack = partial(packed, threads=1)
    try:
        yield
    finally:
        solver.pack = packed


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


def placement(problems: Sequence[Problem], plans: Sequence[Plan], rule: str) -> list[Row]:
    """Awards split over leaf groups, awards without nodes, and the seconds it took."""
    found, seconds = frame.timed(lambda: [placed(*pair) for pair in zip(problems, plans, strict=True)])
    split, lost = (sum(counts) for counts in zip(*found, strict=True))
    worst = seconds / len(problems)
    return [
        row(f"514 {rule}: awards split over leaf groups, all seeds", split, "", PLACEMENT, lambda count: count == 0),
        row(f"514 {rule}: awards that found no nodes", lost, "", PLACEMENT, lambda count: count == 0),
        row(f"514 {rule}: placing one plan", worst, "s", NO_TARGET, lambda s: s >= 0),
    ]


def placed(problem: Problem, plan: Plan) -> tuple[int, int]:
    """How many awards were split, and how many found too few nodes."""
    leaves = {cluster.code: named_leaves(cluster) for cluster in problem.clusters}
    found = place_plan(problem, plan, leaves, {}).values()
    return sum(one.split for one in found), sum(len(one.unplaced) for one in found)


def stress(size: int, seeds: Sequence[int], scale: int, solvers: Solvers) -> list[Row]:
    """A stress size, each seed and rule in a process of its own so that memory is its own."""
    name = f"{size:,}" + (f", {scale}× supply" if scale > 1 else "")
    target, gap, limit = (SIZE_5000, 0.003, 60) if size == 5_000 else (SIZE_50000, 0.005 if scale > 1 else 0.0005, 120)
    values = [apart(size, seed, scale, "value") for seed in seeds]
    merits = [apart(size, seed, scale, "merit") for seed in seeds]
    shares = [one["value"] / two["bound"] for one, two in zip(merits, values, strict=True)]
    rows = [
        row(f"{name} value: gap, median", 100 * statistics.median(one["gap"] for one in values), "%", target,
            lambda g: g <= 100 * gap),
        row(f"{name} value: gap, worst", 100 * max(one["gap"] for one in values), "%", target,
            lambda g: g <= 100 * gap),
        row(f"{name} value: time, worst", max(one["seconds"] for one in values), "s", target, lambda s: s <= limit),
        row(f"{name} merit: share of the value bound, worst", 100 * min(shares), "%", target, lambda s: s >= 99),
        row(f"{name} merit: envious applications", sum(one["envy"] for one in merits), "", target, lambda n: n == 0),
        row(f"{name} merit: time, worst", max(one["seconds"] for one in merits), "s", target,
            lambda s: s <= (90 if size == 5_000 else 120)),
        row(f"{name}: memory", max(one["memory"] for one in values + merits), "GiB", target,
            lambda m: m < (1 if size == 5_000 else 2)),
        row(f"{name}: violations", sum(one["violations"] for one in values + merits), "", target, lambda n: n == 0),
        row(f"{name} value: against the committee, least", min(one["ratio"] for one in values), "×", COMMITTEE,
            lambda r: r >= 1.1, baseline="committee greedy"),
        row(f"{name} merit: against the committee, least", min(one["ratio"] for one in merits), "×", COMMITTEE,
            lambda r: r >= 1.1, baseline="committee greedy"),
        row(f"{name} value: processor time, worst", max(one["cpu"] for one in values), "s", NO_TARGET, lambda s: s > 0),
        row(f"{name} merit: processor time, worst", max(one["cpu"] for one in merits), "s", NO_TARGET, lambda s: s > 0),
        row(f"{name}: certificate check", max(one["check"] for one in values + merits), "s", CHECK, lambda s: s <= 2),
        row(f"{name}: certificate check, processor time", max(one["check_cpu"] for one in values + merits), "s", CHECK,
            lambda s: s <= 2),
        row(f"{name}: the whole audit with its envy", max(one["audit"] for one in values + merits), "s", NO_TARGET,
            lambda s: s > 0),
        row(f"{name}: explanations of all", max(one["explain"] for one in values + merits), "s", EXPLAIN,
            lambda s: s <= 5),
        row(f"{name}: explanations of all, processor time", max(one["explain_cpu"] for one in values + merits), "s",
            EXPLAIN, lambda s: s <= 5),
        row(f"{name}: rolling decision with its audit", max(one["rolling"] for one in values + merits), "s", ROLLING,
            lambda s: s <= ROLLING_LIMIT[size]),
    ]  # fmt: skip
    if size == 5_000:
        split = 100 * max(one["split"] for one in values + merits)
        rows.append(row(f"{name}: awards split over leaf groups, worst", split, "%", PLACEMENT, lambda s: s <= 0.5))
    if scale == 1:
        rows += solvers.rows(size, list(seeds)[: 2 if size == 5_000 else 1], [one["value"] for one in values],
                             [one["seconds"] for one in values])  # fmt: skip
    return rows


def apart(size: int, seed: int, scale: int, rule: str, shape: str = "1", budget: int = 0) -> Any:
    """Solve one instance in a fresh process; its figures, which are kept for a study that goes on later."""
    asked = [str(one) for one in (size, seed, scale, rule, shape, budget or BUDGETS[size, rule])]
    path = KEPT / f"planning-{versions()['planner']}-{'-'.join(asked)}-{'alone' if budget else 'whole'}.json"
    if not path.exists():
        command = [sys.executable, "-m", "bench.bench_planning", "--one", *asked, "alone" if budget else "whole"]
        found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(found)
        path.with_suffix(".new").rename(path)
    answer = json.loads(path.read_text())
    print(" ", *asked, " ".join(f"{name}={round(figure, 6):,}" for name, figure in answer.items()), flush=True)
    return answer


def one(size: int, seed: int, scale: int, rule: RuleName, shape: str, budget: int, is_alone: bool) -> dict[str, float]:
    """The figures of one instance; `is_alone`: only time and memory of solving, as for `growth`."""
    warm = generate(200, 1)
    explain(warm, solve(warm, 1_000, rule=rule))
    problem = shaped(generate(size, seed, supply_scale=scale), shape)
    begin = time.process_time()
    plan, seconds = frame.timed(lambda: solve(problem, budget, rule=rule))
    cpu, memory = time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    if is_alone:
        return {"seconds": seconds, "cpu": cpu, "memory": memory}
    whole, proof = checked(problem, plan), checked(problem, plan, "--proof")
    begin = time.process_time()
    _, told = frame.timed(lambda: explain(problem, plan))
    told_cpu = time.process_time() - begin
    split = sum(placed(problem, plan)) / len(plan.awards) if size == 5_000 else 0.0
    report = whole.report
    return {
        "value": report["value"], "bound": report["bound"], "gap": 1.0 if report["gap"] is None else report["gap"],
        "envy": report["envy"], "violations": len(report["violations"]), "seconds": seconds, "cpu": cpu,
        "memory": memory, "check": proof.seconds, "check_cpu": proof.cpu, "audit": whole.seconds,
        "audit_cpu": whole.cpu, "explain": told, "explain_cpu": told_cpu, "rolling": decided(problem, plan),
        "split": split, "ratio": plan.value / committee(problem).value,
    }  # fmt: skip


def growth() -> list[Row]:
    """How processor time and memory of solving grow, at 400 units of work per application: exponents of a power."""
    found = {
        "applications": [(size, apart(size, 1, 1, "value", "1", 400 * size)) for size in (1_000, 4_000, 16_000)],
        "clusters": [(5 * times, apart(2_000, 1, 1, "value", str(times), 800_000)) for times in (1, 2, 4)],
        "slots": [(percent, apart(2_000, 1, 1, "value", f"t{percent}", 800_000)) for percent in (50, 100, 200)],
    }
    rows = []
    for what, line in found.items():
        for figure in ("cpu", "memory"):
            slope = frame.exponent([size for size, _ in line], [one[figure] for _, one in line])
            rows.append(row(f"growth of {figure} with {what}: exponent", slope, "", GROWTH, lambda power: power < 1.5))
    return rows


@dataclass(frozen=True, slots=True)
class Solvers:
    """The interpreter that has the comparison solvers (`pip install .[solvers]` puts them beside this one)."""

    python: str

    def rows(self, size: int, seeds: Sequence[int], values: Sequence[int], seconds: Sequence[float]) -> list[Row]:
        """Our value over each solver's, given the same time on the same instances; the least ratio."""
        found = []
        for name in ("cp-sat", "highs", "scip"):
            label, ratios = f"{size:,}: value against naive {name}, least", []
            for seed, value, limit in zip(seeds, values, seconds, strict=False):
                answer = self.ask(name, generate(size, seed), limit)
                if "missing" in answer:
                    label += f" (not run: {answer['missing']})"
                    break
                ratios.append(value / answer["value"] if answer["value"] else NOTHING_FOUND)
            if not ratios:
                found.append(not_run(label, "×", SOLVERS))
                continue
            if min(ratios) == NOTHING_FOUND:
                label += f" (no plan found: {NOTHING_FOUND:g})"
            least = 1.0 if size == 514 else 1.01
            found.append(row(label, min(ratios), "×", SOLVERS, lambda ratio, least=least: ratio >= least - 1e-4,
                             baseline=name, ratio=min(ratios)))  # fmt: skip
        return found

    def ask(self, name: str, problem: Problem, seconds: float) -> Any:
        """The answer of one solver in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "problem"
            path.write_bytes(problem.encode())
            command = [self.python, str(MODELS), name, str(path), str(max(1.0, seconds))]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=4 * seconds + 120)
            except subprocess.TimeoutExpired:
                return {"value": None}
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else {"missing": done.stderr.strip().splitlines()[-1:] or "no answer"}


def frozen(largest: int) -> Row:
    """Whether the instances of up to `largest` applications are those whose hashes were committed.

    Keys are SIZE-SEED, or SIZE-SEED-SCALE where the supply is multiplied.
    """
    wrong = 0
    for key, wanted in json.loads(HASHES.read_text()).items():
        size, seed, *scale = (int(part) for part in key.split("-"))
        if size <= largest:
            wrong += generate(size, seed, supply_scale=scale[0] if scale else 1).digest != wanted
    return row("instances that differ from the committed hashes", wrong, "", "SHA-256 committed", lambda n: n == 0)


def pieces(is_full: bool, solvers: Solvers) -> dict[str, Callable[[], list[Row]]]:
    """What a study is made of, by name."""
    if not is_full:
        return {"hashes": lambda: [frozen(5_000)], "514": lambda: national(range(1, 4))}
    return {
        "hashes": lambda: [frozen(50_000)],
        "514": lambda: national(range(1, 11)),
        "solvers": lambda: beside_solvers(solvers),
        "5000": lambda: stress(5_000, range(1, 6), 1, solvers),
        "50000": lambda: stress(50_000, range(1, 4), 1, solvers),
        "50000x8": lambda: stress(50_000, range(1, 4), 8, solvers),
        "growth": growth,
    }


def beside_solvers(solvers: Solvers) -> list[Row]:
    """Our value at 514 against the solvers', in the time ours took."""
    outcomes = [run(generate(514, seed), Rule("value", 30), DEFAULT_BUDGET) for seed in (1, 2)]
    return solvers.rows(514, (1, 2), [one.plan.value for one in outcomes], [one.seconds for one in outcomes])


def main() -> None:
    """Three seeds at 514; with --full ten, the stress sizes, growth and the comparison solvers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the longer study")
    parser.add_argument("--only", action="append", help="a piece of the study; more than once for several")
    parser.add_argument("--solver-python", default=sys.executable, help="a Python that has ortools and pyscipopt")
    parser.add_argument("--one", nargs=7, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        size, seed, scale, rule, shape, budget, kind = asked.one
        print(json.dumps(one(int(size), int(seed), int(scale), rule, shape, int(budget), kind == "alone")))
        return
    rows = []
    for name, piece in pieces(asked.full, Solvers(asked.solver_python)).items():
        if asked.only and name not in asked.only:
            continue
        found = piece()
        for each in found:
            print(f"[{name}] {each.name}: {each.figure} {each.unit} {'' if each.ok else 'NOT OK'}", flush=True)
        rows += found
    if not asked.full:
        rows += [
            not_run("5,000 value and merit (make bench-planning-full)", "%", SIZE_5000),
            not_run("50,000 value (make bench-planning-full)", "%", SIZE_50000),
            not_run("against naive models in CP-SAT, HiGHS, SCIP (make bench-planning-full)", "×", SOLVERS),
        ]
    frame.write("-".join(["planning", *(asked.only or [])]), rows, full=asked.full)


if __name__ == "__main__":
    main()
