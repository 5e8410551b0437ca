"""`dure loop`: the portal's loops as a process."""

from __future__ import annotations

import os
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The portal's loops.")


@app.callback()
def loops() -> None:
    """The portal's loops: any number of processes may run them, and one does each."""


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()


@app.command("all")
def run_all() -> None:
    """Run every loop until stopped."""
    _start()
    from dure.portal.loops import driver

    driver.run_forever(driver.LOOPS, driver.stop_on_signals())


@app.command("run")
def run_some(names: Annotated[list[str], typer.Argument(help="names of loops; see `dure loop list`")]) -> None:
    """Run only the named loops until stopped."""
    _start()
    from dure.portal.loops import driver

    unknown = sorted(set(names) - set(driver.LOOPS))
    if unknown:
        raise typer.BadParameter(f"no loop called {', '.join(unknown)}; there are {', '.join(driver.LOOPS)}")
    driver.run_forever(names, driver.stop_on_signals())


@app.command("list")
def list_loops() -> None:
    """Name the loops."""
    _start()
    from dure.portal.loops import driver

    for name in driver.LOOPS:
        print(name)
