"""`dure programme`: check a programme file, show it, print its JSON Schema."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dure import programmes
from dure.cli import language
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.programme import load
from dure.programme.amounts import exact
from dure.programme.schema import Programme
from dure.programme.yaml_text import LineMistake

app = typer.Typer(no_args_is_help=True, help="Check a programme file; print its JSON Schema.")

File = Annotated[str, typer.Argument(metavar="FILE", help="A file, or the name of a packaged programme.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def check(file: File, as_json: Json = False) -> None:
    """Name every mistake in FILE with its line, key and remedy. Exit status 0 when there is none, else 2."""
    mistakes: Sequence[Mistake]
    digest: str | None = None
    try:
        text = programmes.text(file)
        digest = load.digest(text)
        mistakes = load.check(text)
    except InvalidInput as error:
        mistakes = error.mistakes
    if as_json:
        found = [_as_json(mistake) for mistake in mistakes]
        _print_json({"file": file, "ok": not mistakes, "digest": digest, "mistakes": found})
    else:
        for mistake in mistakes:
            print(_line(file, mistake))
        print(_verdict(file, digest, len(mistakes)).in_(language()))
    if mistakes:
        raise SystemExit(2)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a programme file, for editors."""
    _print_json(load.json_schema())


@app.command()
def show(file: File) -> None:
    """Show what FILE says, in a few tables."""
    programme = programmes.read(file)
    # Into a pipe there is no width to fit: never cut a figure short.
    console = Console(width=None if os.isatty(1) else 160)
    console.print(f"[bold]{programme.name.in_(language())}[/bold]  {programme.code}  {programme.digest}")
    for table in (_clusters(programme), _classes(programme), _tracks(programme), _rubric(programme)):
        console.print(table)
    star = Text("* 출처가 없어 가정한 값이 있습니다.", "* holds a value that is assumed, not published.")
    console.print(star.in_(language()))


def _line(file: str, mistake: Mistake) -> str:
    if not isinstance(mistake, LineMistake):
        return f"{mistake.where}: {mistake.sentence(language())}"
    key = f" {mistake.key}:" if mistake.key else ""
    return f"{file}:{mistake.line}:{key} {mistake.sentence(language())}"


def _verdict(file: str, digest: str | None, count: int) -> Text:
    if count:
        noun = "mistake" if count == 1 else "mistakes"
        return Text(f"고칠 곳이 {count}곳 있습니다.", f"{count} {noun} to mend.")
    return Text(f"{file}: 고칠 곳이 없습니다. {digest}", f"{file}: no mistakes. {digest}")


def _as_json(mistake: Mistake) -> dict[str, object]:
    placed = isinstance(mistake, LineMistake)
    return {
        "line": mistake.line if isinstance(mistake, LineMistake) else None,
        "key": mistake.key if isinstance(mistake, LineMistake) else None,
        "where": mistake.where if not placed else None,
        "what": {"ko": mistake.what.ko, "en": mistake.what.en},
        "remedy": {"ko": mistake.remedy.ko, "en": mistake.remedy.en},
    }


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _table(title: Text, columns: Iterable[Text], numbers: Sequence[int]) -> Table:
    table = Table(title=title.in_(language()), title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column.in_(language()), justify="right" if index in numbers else "left")
    return table


def _mark(programme: Programme, path: str) -> str:
    return " *" if programme.is_assumption(path) else ""


def _clusters(programme: Programme) -> Table:
    columns = (
        Text("클러스터", "Cluster"),
        Text("사업자", "Provider"),
        Text("GPU", "GPU"),
        Text("서버", "Nodes"),
        Text("GPU 수", "GPUs"),
        Text("구분", "Share"),
        Text("납품일", "Delivered"),
    )
    table = _table(Text("클러스터", "Clusters"), columns, (3, 4))
    shares = {"government": Text("정부 활용분", "government"), "self_use": Text("자체 활용분", "self-use")}
    for cluster in programme.clusters:
        table.add_row(
            cluster.code,
            programme.provider(cluster.provider).name.in_(language()),
            programme.gpu_model(cluster.gpu_model).name,
            f"{cluster.nodes:,}{_mark(programme, f'clusters.{cluster.code}.nodes')}",
            f"{cluster.gpus:,}",
            shares[cluster.share].in_(language()),
            f"{cluster.delivered_on}{_mark(programme, f'clusters.{cluster.code}.delivered_on')}",
        )
    return table


def _classes(programme: Programme) -> Table:
    columns = [Text("신청 구분", "Applicant class"), Text("자부담", "Self-pay")]
    columns += [Text(f"{m.name} 서버·월", f"{m.name} node-month") for m in programme.gpu_models]
    table = _table(Text("이용료", "Fees"), columns, range(1, len(columns)))
    for each in programme.applicant_classes:
        fees = (programme.fee_per_node_month(m.code, each.code) for m in programme.gpu_models)
        table.add_row(
            each.name.in_(language()),
            f"{each.self_pay_percent}%{_mark(programme, f'applicant_classes.{each.code}.self_pay_percent')}",
            *(exact(fee, programme.currency).in_(language()) for fee in fees),
        )
    return table


def _tracks(programme: Programme) -> Table:
    columns = (
        Text("트랙", "Track"),
        Text("규모(서버)", "Size (nodes)"),
        Text("기간(개월)", "Months"),
        Text("평가위원", "Reviewers"),
    )
    table = _table(Text("트랙", "Tracks"), columns, (2, 3))
    for track in programme.tracks:
        sizes = ", ".join(f"{limit.gpu_model} {limit.min_nodes}-{limit.max_nodes}" for limit in track.limits)
        table.add_row(
            track.name.in_(language()),
            sizes + _mark(programme, f"tracks.{track.code}.limits"),
            f"{track.months.min}-{track.months.max}{_mark(programme, f'tracks.{track.code}.months')}",
            f"{track.reviewers}{_mark(programme, f'tracks.{track.code}.reviewers')}",
        )
    return table


def _rubric(programme: Programme) -> Table:
    rubric = programme.rubric
    mark = _mark(programme, "rubric.pass_mark")
    title = Text(f"평가 항목 (통과 점수 {rubric.pass_mark}{mark})", f"Criteria (pass mark {rubric.pass_mark}{mark})")
    table = _table(title, (Text("항목", "Criterion"), Text("배점", "Weight")), (1,))
    for criterion in rubric.criteria:
        weight = f"{criterion.weight}{_mark(programme, f'rubric.criteria.{criterion.code}.weight')}"
        table.add_row(criterion.name.in_(language()), weight)
    return table
