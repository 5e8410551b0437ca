"""`dure portal`: set the database up and serve."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The portal.")


@app.callback()
def portal() -> None:
    """The portal's database and server."""


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables; safe to repeat."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="server processes", min=1)] = 1,
) -> None:
    """Serve pages and API with granian; replaces this process."""
    threads = "4"
    command = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers)]
    command += ["--blocking-threads", threads, "--log-level", "warning", "dure.portal.wsgi:application"]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 (our own server, a fixed list)
