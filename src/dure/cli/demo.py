"""`dure demo`: a compressed quarter of a programme, then an open portal."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

STATE = ("dure.sqlite3", "dure.sqlite3-wal", "dure.sqlite3-shm", "demo", "agents", "usage", "files", "cache", "logs")


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="leave the portal open afterwards")] = True,
    fresh: Annotated[bool, typer.Option(help="start over: removes what an earlier demo left in DURE_HOME")] = False,
    port: Annotated[int, typer.Option(help="port of the portal", min=1, max=65535)] = 8000,
    scenario: Annotated[
        str, typer.Option(help="korea: call 25-1 with 514 applications; campus: a small one")
    ] = "korea",
) -> None:
    """Play a call from announcement to the first invoices on simulated clusters, in virtual time."""
    home = Path(os.environ.get("DURE_HOME", "var")).resolve()
    if fresh:
        _remove(home)
    home.mkdir(parents=True, exist_ok=True)
    from dure.simulate import scenarios

    chosen = scenarios.named(scenario)
    os.environ.update(
        DURE_HOME=str(home),
        DURE_CLOCK="virtual",
        DURE_PROGRAMME=chosen.programme,
        DURE_PUBLIC_URL=f"http://127.0.0.1:{port}",
        DJANGO_SETTINGS_MODULE="dure.portal.settings",
    )
    import django

    django.setup()
    from dure.simulate.demo import play

    sys.exit(play(chosen, home=home, port=port, serve=serve))


def _remove(home: Path) -> None:
    """Remove only what a demo makes, so that a mistyped DURE_HOME loses nothing else."""
    for name in STATE:
        path = home / name
        if path.is_dir():
            doomed = path.with_name(f".{name}-{secrets.token_hex(4)}")
            path.rename(doomed)
            shutil.rmtree(doomed)
        else:
            path.unlink(missing_ok=True)
