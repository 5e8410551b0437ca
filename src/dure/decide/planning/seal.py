"""A decision in one file: problem, programme file, plan, auditor and versions as a ZIP, the same bytes every time.

Who holds the file can audit the plan with Python alone, and make it again with the versions named in it.
"""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from dataclasses import dataclass

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import audit
from dure.decide.planning.load import read_problem
from dure.decide.planning.plan import Plan, read_plan
from dure.decide.planning.solver import OnProgress, solve
from dure.decide.planning.weeks import WEEKS, solve_weekly

FORMAT = "dure-seal/1"
PROBLEM, PLAN, PROGRAMME, AUDITOR, CONTENTS = "problem.json", "plan.json", "programme.yaml", "audit.py", "seal.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date a ZIP can hold: a sealed file tells no time of its own."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of making a sealed plan again: the plan, whether its bytes are the same, and if not, why not."""

    plan: Plan
    is_same: bool
    why: Text


def seal(problem: bytes, plan: bytes, programme: bytes | None = None) -> bytes:
    """The ZIP of a decision. Raises InvalidInput when the parts do not belong together or break a rule."""
    ground, decided = read_problem(problem, PROBLEM), read_plan(plan, PLAN)
    report = audit.examine((json.loads(problem), problem), (json.loads(plan), plan), programme)
    if report["violations"]:
        first = report["violations"][0]
        what = Text(
            f"감사에서 위반이 발견되어 봉인하지 않았습니다({first['rule']}).",
            f"The audit found violations, so nothing was sealed ({first['rule']}: {first['what']}).",
        )
        raise InvalidInput(Mistake(PLAN, what, Text("`dure plan audit`로 확인하십시오.", "See `dure plan audit`.")))
    parts = {
        PROBLEM: ground.encode(),
        PLAN: decided.encode(),
        AUDITOR: inspect.getsource(audit).encode(),
    }
    if programme is not None:
        parts[PROGRAMME] = programme
    contents = {
        "format": FORMAT,
        "versions": dict(decided.versions),
        "parts": {name: canonical.digest(content) for name, content in parts.items()},
    }
    parts[CONTENTS] = canonical.encode(contents)
    return _zip(parts)


def replay(sealed: bytes, on_progress: OnProgress | None = None) -> Replay:
    """Make a sealed plan again. Raises InvalidInput when the file is not sealed or a part was changed."""
    parts = _parts(sealed)
    problem, plan = read_problem(parts[PROBLEM], PROBLEM), read_plan(parts[PLAN], PLAN)
    make = solve_weekly if problem.calendar.slots_per_month == WEEKS else solve
    again = make(problem, plan.budget, on_progress, plan.rule)
    if again.encode() == parts[PLAN]:
        return Replay(again, True, Text("같은 배분안이 다시 나왔습니다.", "The same plan came out, byte for byte."))
    if plan.ended == "stopped":
        why = Text(
            "사람이 중간에 멈춘 배분안이라 다시 만들 수 없습니다.",
            "A person stopped this search; it cannot be made again.",
        )
    elif again.versions != plan.versions:
        why = Text("프로그램 판이 봉인 당시와 다릅니다.", "The programs are not the versions it was sealed with.")
    else:
        why = Text(
            "다른 배분안이 나왔습니다. 결함이므로 알려 주십시오.", "Another plan came out. This is a fault; report it."
        )
    return Replay(again, False, why)


def _zip(parts: dict[str, bytes]) -> bytes:
    """Files in order of name, without dates, so that equal parts give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            file.writestr(entry, parts[name])
    return buffer.getvalue()


def _parts(sealed: bytes) -> dict[str, bytes]:
    """The parts of a sealed file, each with the hash the file states."""
    try:
        with zipfile.ZipFile(io.BytesIO(sealed)) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        stated = json.loads(parts[CONTENTS])["parts"]
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        what = Text("봉인 파일이 아닙니다.", "This is not a sealed file.")
        remedy = Text("`dure plan seal`로 만든 파일을 주십시오.", "Give a file made by `dure plan seal`.")
        raise InvalidInput(Mistake("ZIP", what, remedy), str(error)) from None
    for name in {PROBLEM, PLAN, AUDITOR} | set(stated):
        if name not in parts or canonical.digest(parts[name]) != stated.get(name):
            what = Text("봉인된 뒤에 바뀌었습니다.", "It was changed after it was sealed.")
            raise InvalidInput(Mistake(name, what, Text("원본을 구하십시오.", "Obtain the original.")))
    return parts
