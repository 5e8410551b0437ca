"""`dure plan`: problems, plans, audits and explanations as files, without a database."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

app = typer.Typer(no_args_is_help=True, help="Generate, solve, audit and explain award plans.")

WITHOUT = "none"
SWEPT = "50,75,90,100,110,150,none"

PROBLEM = typer.Argument(help="a problem file", metavar="PROBLEM")
PLAN = typer.Argument(help="a plan file", metavar="PLAN")


@app.command()
def generate(
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the problem")],
    size: Annotated[int, typer.Option(help="applications; 514 keeps the published totals", min=1, max=200_000)] = 514,
    seed: Annotated[int, typer.Option(help="a whole number; the same seed gives the same problem", min=0)] = 1,
    supply_scale: Annotated[int, typer.Option(help="multiply the nodes of every cluster", min=1, max=100)] = 1,
    first_call: Annotated[bool, typer.Option("--first-call", help="call 25-1 as it was offered: 542 nodes")] = False,
    weekly: Annotated[bool, typer.Option("--weekly", help="with its months cut into weeks")] = False,
) -> None:
    """Write a synthetic problem."""
    from dure.decide.planning import instances, weeks

    made = instances.first_call(seed) if first_call else instances.generate(size, seed, supply_scale=supply_scale)
    made = weeks.in_weeks(made) if weekly else made
    write(output, made.encode())
    typer.echo(f"{output}: {len(made.applications)} applications, {made.digest}")


@app.command()
def solve(
    problem: Annotated[Path, PROBLEM],
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the plan")],
    rule: Annotated[Optional[str], typer.Option(help="value or merit; the problem's own by default")] = None,  # noqa: UP045
    delta: Annotated[Optional[int], typer.Option(help="score band in tenths of a point", min=1, max=1000)] = None,  # noqa: UP045
    budget: Annotated[Optional[int], typer.Option(help="units of work", min=0)] = None,  # noqa: UP045
) -> None:
    """Compute a plan, with progress on a terminal. Rules that cannot all hold are refused by name."""
    from dure.decide.planning.conflicts import refuse_conflicts
    from dure.decide.planning.load import read_problem
    from dure.decide.planning.problem import RULES, Rule
    from dure.decide.planning.solver import solve as by_months
    from dure.decide.planning.weeks import WEEKS, solve_weekly

    check_place(output)
    ground = read_problem(read(problem), str(problem))
    name = rule or ground.rule.name
    if name not in RULES:
        raise InvalidInput(
            Mistake("--rule", Text(f"'{name}'이라는 규칙은 없습니다.", f"There is no rule '{name}'."),
                    Text("value 또는 merit를 쓰십시오.", "Use value or merit."))
        )  # fmt: skip
    refuse_conflicts(ground)
    chosen = Rule(name, ground.rule.delta_tenths if delta is None else delta)
    compute = solve_weekly if ground.calendar.slots_per_month == WEEKS else by_months
    plan = compute(ground, budget, _Line(), chosen)
    write(output, plan.encode())
    typer.echo(f"{output}: {len(plan.awards)} awards, value {plan.value:,}, bound {plan.bound:,}, {plan.ended}")


@app.command()
def audit(
    problem: Annotated[Path, PROBLEM],
    plan: Annotated[Path, PLAN],
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON object")] = False,
    programme: Annotated[Optional[Path], typer.Option(help="the programme file the problem names")] = None,  # noqa: UP045
    lang: Annotated[str, typer.Option(help="ko or en")] = "",
) -> None:
    """Check a plan with the independent auditor: exit 0 no violation, 1 violations, 2 unreadable."""
    from dure.cli import language
    from dure.decide.planning import audit as auditor

    arguments = [str(problem), str(plan), "--lang", "ko" if (lang or language()).startswith("ko") else "en"]
    if programme is not None:
        arguments += ["--programme", str(programme)]
    sys.exit(auditor.main(arguments + (["--json"] if as_json else [])))


@app.command()
def explain(
    problem: Annotated[Path, PROBLEM],
    plan: Annotated[Path, PLAN],
    application: Annotated[Optional[str], typer.Option(help="only this application")] = None,  # noqa: UP045
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON object")] = False,
    lang: Annotated[str, typer.Option(help="ko or en")] = "",
) -> None:
    """Say why, for every application or one, and what each rule cost."""
    from dure.cli import language
    from dure.decide.planning.explain import explain as explained
    from dure.decide.planning.load import read_problem
    from dure.decide.planning.plan import read_plan

    found = explained(read_problem(read(problem), str(problem)), read_plan(read(plan), str(plan)))
    document, spoken = found.document(), lang or language()
    if application is not None:
        if application not in document["applications"]:
            what = Text(f"'{application}' 신청이 없습니다.", f"There is no application '{application}'.")
            raise InvalidInput(
                Mistake("--application", what, Text("문제 파일의 번호를 쓰십시오.", "Use an id from the problem file."))
            )
        document["applications"] = {application: document["applications"][application]}
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    for statement in found.statements:
        if statement.application in document["applications"]:
            typer.echo(f"{statement.application}  {statement.outcome}")
            for reason in statement.reasons:
                typer.echo(f"  {reason.label.in_(spoken)}: {reason.text.in_(spoken)}")
    for rule in found.rules if application is None else ():
        typer.echo(rule.text.in_(spoken))


@app.command()
def seal(
    problem: Annotated[Path, PROBLEM],
    plan: Annotated[Path, PLAN],
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the sealed file")],
    programme: Annotated[Optional[Path], typer.Option(help="the programme file the problem names")] = None,  # noqa: UP045
    key: Annotated[Optional[Path], typer.Option(help="Ed25519 private key (PEM): also write ZIP.sig")] = None,  # noqa: UP045
) -> None:
    """Pack a decision into one file that anybody can audit and make again, signed where a key is given."""
    from dure.decide.planning.seal import seal as sealed
    from dure.decide.planning.signature import sign

    private = read(key) if key else None
    content = sealed(read(problem), read(plan), read(programme) if programme else None)
    signature = sign(content, private) if private is not None else None
    write(output, content)
    typer.echo(str(output))
    if signature is not None:
        write(signature_of(output), signature)
        typer.echo(str(signature_of(output)))


@app.command()
def verify(
    sealed: Annotated[Path, typer.Argument(help="a sealed file", metavar="ZIP")],
    public_key: Annotated[Path, typer.Option("--public-key", help="Ed25519 public key (PEM) of who signed")],
    signature: Annotated[Optional[Path], typer.Option(help="the signature; ZIP.sig by default")] = None,  # noqa: UP045
) -> None:
    """Check who signed a sealed file: exit 0 when the signature is good, 1 otherwise."""
    from dure.cli import language
    from dure.decide.planning.signature import verify as is_signed

    is_good = is_signed(read(sealed), read(signature or signature_of(sealed)), read(public_key))
    good = Text("서명이 맞습니다.", "The signature is good.")
    bad = Text("이 열쇠로 서명한 파일이 아니거나 바뀌었습니다.", "Not signed by this key, or changed since.")
    typer.echo((good if is_good else bad).in_(language()))
    sys.exit(0 if is_good else 1)


def signature_of(sealed: Path) -> Path:
    """Where the signature of a sealed file lies: beside it."""
    return sealed.with_name(sealed.name + ".sig")


@app.command()
def replay(sealed: Annotated[Path, typer.Argument(help="a sealed file", metavar="ZIP")]) -> None:
    """Make a sealed plan again: exit 0 when the same bytes come out, 1 otherwise."""
    from dure.cli import language
    from dure.decide.planning.seal import replay as again

    found = again(read(sealed), _Line())
    typer.echo(found.why.in_(language()))
    sys.exit(0 if found.is_same else 1)


@app.command()
def sweep(
    problem: Annotated[Path, PROBLEM],
    rule_name: Annotated[Optional[str], typer.Option("--rule-name", help="the rule to vary")] = None,  # noqa: UP045
    percent: Annotated[str, typer.Option(help="its caps in percent of what they are; none: without it")] = SWEPT,
    deltas: Annotated[Optional[str], typer.Option(help="instead: score bands in tenths of a point")] = None,  # noqa: UP045
    budget: Annotated[Optional[int], typer.Option(help="units of work for each plan", min=0)] = None,  # noqa: UP045
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON array")] = False,
) -> None:
    """Solve with one rule at several values: value, bound, awards, who gains and who loses."""
    from dure.decide.planning.load import read_problem
    from dure.decide.planning.sweep import sweep_band, sweep_rule

    ground = read_problem(read(problem), str(problem))
    if (rule_name is None) == (deltas is None):
        what = Text("--rule-name과 --deltas 가운데 하나를 주십시오.", "Give either --rule-name or --deltas.")
        raise InvalidInput(Mistake("--rule-name", what))
    if rule_name is not None:
        steps = sweep_rule(ground, rule_name, percents(percent), budget)
    else:
        steps = sweep_band(ground, bands(deltas or ""), budget)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in steps]))
        return
    typer.echo(f"{'setting':>8} {'value':>14} {'bound':>14} {'awards':>7} {'nodes':>6} {'gain':>5} {'lose':>5}")
    for one in steps:
        setting = WITHOUT if one.setting is None else str(one.setting)
        counts = f"{one.awards:>7,} {one.nodes:>6,} {len(one.gains):>5} {len(one.loses):>5}"
        typer.echo(f"{setting:>8} {one.value:>14,} {one.bound:>14,} {counts}")


def percents(text: str) -> list[int | None]:
    """Percentages, and None for `none`, from a list with commas. Raises InvalidInput."""
    words = [word.strip() for word in text.split(",")]
    return [None if word == WITHOUT else number("--percent", word, 0, 10_000) for word in words]


def bands(text: str) -> list[int]:
    """Score bands in tenths of a point from a list with commas. Raises InvalidInput."""
    return [number("--deltas", word.strip(), 1, 1000) for word in text.split(",")]


def number(option: str, word: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`. Raises InvalidInput."""
    if not (word.isascii() and word.isdigit() and len(word) < 10 and low <= int(word) <= high):
        what = Text(
            f"'{word}'은(는) {low}–{high}의 정수가 아닙니다.", f"'{word}' is no whole number of {low} to {high}."
        )
        raise InvalidInput(Mistake(option, what, Text("예: 50,100", "For example 50,100")))
    return int(word)


@app.command()
def pack(
    model: Annotated[Path, typer.Argument(help="a packing model", metavar="MODEL")],
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the result")],
    budget: Annotated[Optional[int], typer.Option(help="units of work", min=0)] = None,  # noqa: UP045
) -> None:
    """Solve a plain packing model: {"rows": [cap, …], "groups": [[{"value": v, "use": {row: amount}}, …], …]}."""
    from dure.core import canonical
    from dure.decide.planning import packing
    from dure.decide.planning.reading import parse

    check_place(output)
    found = packing.pack(
        packing.from_json(parse(read(model), str(model))), packing.DEFAULT_BUDGET if budget is None else budget
    )
    write(output, canonical.encode(found.to_json()))
    typer.echo(f"{output}: value {found.value:,}, bound {found.bound:,}")


def read(path: Path) -> bytes:
    """The bytes of a file. Raises InvalidInput that says what to do."""
    try:
        return path.read_bytes()
    except OSError as error:
        what = Text(f"파일을 읽을 수 없습니다({error.strerror}).", f"The file cannot be read ({error.strerror}).")
        raise InvalidInput(Mistake(str(path), what, Text("경로를 확인하십시오.", "Check the path."))) from None


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises InvalidInput when the place cannot be written."""
    check_place(path)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise unwritable(path, str(error.strerror)) from None


def check_place(path: Path) -> None:
    """Raises InvalidInput where no file can be written, so that it is known before hours of work."""
    if path.is_dir() or not path.parent.is_dir():
        raise unwritable(path, os.strerror(errno.EISDIR if path.is_dir() else errno.ENOENT))


def unwritable(path: Path, why: str) -> InvalidInput:
    """That a file cannot be written, and what to do."""
    what = Text(f"파일을 쓸 수 없습니다({why}).", f"The file cannot be written ({why}).")
    remedy = Text(
        "디렉터리가 있는지, 쓸 수 있는지 확인하십시오.", "Check that the directory exists and can be written."
    )
    return InvalidInput(Mistake(str(path), what, remedy))


class _Line:
    """Progress on standard error of whatever takes more than a second: one line that is written over where a person
    watches, elsewhere a line for every tenth."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._shown = 0
        self._is_watched = sys.stderr.isatty()

    def __call__(self, progress: Any) -> bool:
        step = progress.permille if self._is_watched else progress.permille // 100
        if step > self._shown and time.monotonic() - self._begun > 1:
            self._shown = step
            value = "" if progress.value is None else f"{progress.value:,}"
            line = f"{progress.phase:<9}{progress.permille / 10:5.1f} %  {value}"
            is_last = progress.phase == "finished" or not self._is_watched
            print(
                f"\r{line:<38}" if self._is_watched else line, end="\n" if is_last else "", file=sys.stderr, flush=True
            )
        return True
