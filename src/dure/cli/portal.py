"""`dure portal`: set the database up and serve."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

CROWD = 4096  # connections that may wait
app = typer.Typer(no_args_is_help=True, help="The portal.")


@app.callback()
def portal() -> None:
    """The portal's database and server."""


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables; safe to repeat."""
    _django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


@app.command()
def prepare() -> None:
    """Load the programme file's clusters and servers; safe to repeat."""
    _django()
    from dure.portal.clock.queries import now
    from dure.portal.fleet import operations as fleet
    from dure.portal.people.actor import system

    made = fleet.load_programme(actor=system("command:portal-prepare"), now=now())
    typer.echo(f"{made} new servers")


@app.command()
def appoint(email: Annotated[str, typer.Argument(help="address of somebody who has registered")]) -> None:
    """Make a registered person a programme manager: the first one; later ones are appointed on the portal's page."""
    _django()
    from dure.core.errors import NotFound
    from dure.portal.clock.queries import now
    from dure.portal.people import operations as people
    from dure.portal.people.actor import system
    from dure.portal.people.queries import actor_by_email

    try:
        person = actor_by_email(email)
    except NotFound:
        typer.echo(f"Nobody has registered as {email}. Let them sign up first.", err=True)
        raise typer.Exit(2) from None
    actor = system("command:portal-appoint")
    people.give_role(actor=actor, now=now(), user_id=person.user_id or 0, role="programme_manager")
    typer.echo(f"{email} is a programme manager")


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="server processes", min=1)] = 1,
) -> None:
    """Serve pages and API with granian; replaces this process."""
    command = ["granian", "--interface", "asginl", "--host", host, "--port", str(port), "--workers", str(workers)]
    # Who comes in a crowd is taken in at once, so that the time of arrival is noted and only the answer waits.
    command += ["--backlog", str(CROWD), "--backpressure", str(CROWD)]
    command += ["--log-level", "warning", "dure.portal.asgi:application"]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 (our own server, a fixed list)
