"""`dure call`: take over a call that was run elsewhere; write all of one into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dure.cli import language
from dure.core.text import Text

app = typer.Typer(no_args_is_help=True, help="Import and export a call.")
CodeArgument = Annotated[str, typer.Argument(help="code of the call, for example 25-1")]


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()


def _say(text: Text) -> None:
    print(text.in_(language()))


@app.command("import")
def take(
    code: CodeArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="XLSX, CSV, or a ZIP of CSV files")],
    write: Annotated[bool, typer.Option("--write", help="keep what was found right; without it only look")] = False,
) -> None:
    """Look at the tables of a call and, with --write, take them over: all of them or nothing.

    Each mistake is a line "sheet!cell: what remedy"; then the exit status is 1 and nothing is written.
    """
    _start()
    from dure.portal.clock.queries import now
    from dure.portal.people.actor import system
    from dure.portal.site.importing.taking import preview, take_over
    from dure.portal.site.importing.uploads import Upload, looked_at

    upload = Upload(file.name, file.read_bytes())
    outcome = looked_at(system("command:call"), now(), code, upload, take_over if write else preview)
    for one in outcome.mistakes:
        print(f"{one.where}: {one.what.in_(language())} {one.remedy.in_(language())}", file=sys.stderr)
    if not outcome.is_right:
        raise typer.Exit(1)
    for name, new, there in outcome.counts:
        _say(Text(f"{name}: 새로 {new}줄, 이미 있음 {there}줄", f"{name}: {new} new, {there} there already"))
    for note in outcome.notes:
        _say(note)
    if not write:
        _say(Text("아무것도 저장하지 않았습니다. 저장하려면 --write를 더하십시오.", "Nothing written; add --write."))


@app.command("export")
def give(
    code: CodeArgument, file: Annotated[Path, typer.Argument(help="the ZIP to write; it must not be there yet")]
) -> None:
    """Write everything of a call into a ZIP: tables as XLSX and CSV, the call and the sealed documents as JSON."""
    _start()
    from dure.portal.people.actor import system
    from dure.portal.site.importing.giving import everything

    content = everything(code, system("command:call"))
    with file.open("xb") as out:
        out.write(content)
    _say(Text(f"{file}에 썼습니다.", f"Written to {file}."))
