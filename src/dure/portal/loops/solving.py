"""The process that solves one plan: files in, files out, progress on standard output. It knows no database.

    python -m dure.portal.loops.solving FOLDER RULE DELTA_TENTHS [BUDGET]

reads FOLDER/problem.json and writes plan.json, audit.json, explanation.json there. Each line of standard output is a
JSON object {"permille", "value", "bound"}. When nobody reads them any more, solving stops.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from dure.decide.planning import audit
from dure.decide.planning.explain import explain
from dure.decide.planning.load import read_problem
from dure.decide.planning.problem import Rule, RuleName
from dure.decide.planning.solver import Progress, solve


def main(arguments: list[str]) -> int:
    """Solve, audit, explain; returns the exit status."""
    folder, rule = Path(arguments[0]), Rule(cast(RuleName, arguments[1]), int(arguments[2]))
    budget = int(arguments[3]) if len(arguments) > 3 else None
    content = (folder / "problem.json").read_bytes()
    problem = read_problem(content, "problem.json")
    plan = solve(problem, budget, tell, rule)
    report = audit.examine((json.loads(content), content), (plan.document(), plan.encode()))
    report["statements"] = [
        {"ko": ko, "en": en} for ko, en in zip(audit.words(report, True), audit.words(report, False), strict=True)
    ]
    _write(folder / "plan.json", plan.encode())
    _write(folder / "audit.json", _json(report))
    _write(folder / "explanation.json", _json(explain(problem, plan).document()))
    return 0


def tell(progress: Progress) -> bool:
    """Say how far it is; False once nobody listens, for then the portal's process is gone."""
    line = {"permille": progress.permille, "value": progress.value, "bound": progress.bound}
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
