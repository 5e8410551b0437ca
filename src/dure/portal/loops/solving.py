"""The process that does the plan loop's heavy work: files in, files out, progress on standard output. It knows no
database.

    python -m dure.portal.loops.solving solve FOLDER RULE DELTA_TENTHS [BUDGET]
    python -m dure.portal.loops.solving stability FOLDER RULE DELTA_TENTHS RUNS
    python -m dure.portal.loops.solving seal FOLDER

All read FOLDER/problem.json. `solve` writes plan.json, audit.json, explanation.json and measures.json, or
conflicts.json when the rules cannot all hold; `stability` writes stability.json; `seal` reads plan.json and
programme.yaml (where there is one) and writes sealed.zip. Each line of standard output is a JSON object of what is to
be noted. When nobody reads them any more, solving stops.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from dure.decide.planning import audit
from dure.decide.planning.committee import committee
from dure.decide.planning.compare import measures
from dure.decide.planning.conflicts import conflicts
from dure.decide.planning.explain import explain
from dure.decide.planning.load import read_problem
from dure.decide.planning.overrides import is_left_out
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Problem, Rule, RuleName
from dure.decide.planning.seal import seal
from dure.decide.planning.solver import Progress, solve
from dure.decide.planning.stability import stability

STABILITY_BUDGET = 500_000
"""Units of work for each variant of a stability run: about a second at 514 applications."""


def main(arguments: list[str]) -> int:
    """Do one task; returns the exit status."""
    task, folder, *rest = arguments
    tasks: dict[str, Callable[..., None]] = {"solve": _solve, "stability": _stability, "seal": _seal}
    tasks[task](Path(folder), *rest)
    return 0


def _solve(folder: Path, rule: str, delta_tenths: str, budget: str = "") -> None:
    content = (folder / "problem.json").read_bytes()
    problem = read_problem(content, "problem.json")
    _check_rules(folder, problem)
    plan = solve(problem, int(budget) if budget else None, tell, Rule(cast(RuleName, rule), int(delta_tenths)))
    _check_overrides(problem, plan)
    _note(phase="audit", permille=999, value=plan.value, bound=plan.bound)
    report = audit.examine((json.loads(content), content), (plan.document(), plan.encode()))
    report["statements"] = [
        {"ko": ko, "en": en} for ko, en in zip(audit.words(report, True), audit.words(report, False), strict=True)
    ]
    _note(phase="explain", permille=999, value=plan.value, bound=plan.bound)
    _write(folder / "audit.json", _json(report))
    _write(folder / "explanation.json", _json(explain(problem, plan).document()))
    _write(folder / "measures.json", _json(measures(problem, plan, committee(problem).value)))
    _write(folder / "plan.json", plan.encode())


def _check_rules(folder: Path, problem: Problem) -> None:
    """Refuse rules that cannot all hold, by name. Overrides were made on rules that had been found to hold."""
    found = () if any(one.kind == "override" for one in problem.policies) else conflicts(problem)
    if found:
        _write(folder / "conflicts.json", _json([{"ko": one.text.ko, "en": one.text.en} for one in found]))
        raise SystemExit(found[0].text.en)


def _check_overrides(problem: Problem, plan: Plan) -> None:
    """Refuse a plan that does not hold what was put in by hand."""
    put_in = [one.id for one in problem.applications if one.standing == "nominated"]
    named = {one.name for one in problem.policies if one.kind == "override" and not is_left_out(one)}
    missing = [name for name in put_in if f"override-{name}" in named and name not in plan.award]
    if missing:
        raise SystemExit(
            f"손으로 넣은 신청이 들어가지 않았습니다 / put in by hand but not funded: {', '.join(missing)}"
        )


def _stability(folder: Path, rule: str, delta_tenths: str, runs: str) -> None:
    problem = read_problem((folder / "problem.json").read_bytes(), "problem.json")
    chosen = Rule(cast(RuleName, rule), int(delta_tenths))
    found = stability(problem, int(runs), STABILITY_BUDGET, chosen, lambda done: _note(done=done))
    if found.runs == int(runs):
        _write(folder / "stability.json", _json({"runs": found.runs, "funded": found.funded}))


def _seal(folder: Path) -> None:
    programme = folder / "programme.yaml"
    parts = [(folder / name).read_bytes() for name in ("problem.json", "plan.json")]
    _write(folder / "sealed.zip", seal(parts[0], parts[1], programme.read_bytes() if programme.exists() else None))


def tell(progress: Progress) -> bool:
    """Say how far it is; False once nobody listens, for then the portal's process is gone."""
    return _note(phase=progress.phase, permille=progress.permille, value=progress.value, bound=progress.bound)


def _note(**line: Any) -> bool:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.replace(path)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
