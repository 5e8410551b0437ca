"""`dure journal`: is the record of every operation still what was written?"""

from __future__ import annotations

import os

import typer

from dure.cli import language
from dure.core.text import Text

app = typer.Typer(no_args_is_help=True, help="Verify the journal.")


@app.callback()
def journal() -> None:
    """The journal of every operation, each entry chained to the one before."""


@app.command()
def verify() -> None:
    """Check every entry against its hash and the entry before; exit status 1 at the first that does not hold."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()
    from dure.portal.journal import queries

    broken = queries.verify()
    if broken is not None:
        said = Text(
            f"{broken.seq}번 기록에서 사슬이 끊어졌습니다: {broken.why}.",
            f"The chain is broken at entry {broken.seq}: {broken.why}.",
        )
        print(said.in_(language()))
        raise typer.Exit(1)
    count, head = queries.head()
    print(Text(f"기록 {count}건이 모두 맞습니다.", f"All {count} entries hold.").in_(language()))
    print(head)
