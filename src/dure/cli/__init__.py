"""The `dure` command. Each group lives in a module of its own and is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys

import click
import typer

from dure.core.errors import DureError, InvalidInput

GROUPS = {
    "programme": "check a programme file; print its JSON Schema",
    "plan": "generate, solve, audit, explain award plans from files",
    "agent": "run at a provider's site",
    "loop": "the portal's loops",
    "bill": "close months, write invoices",
    "journal": "verify the journal",
    "portal": "migrate and serve the portal",
    "demo": "play a programme from the call to the first invoices",
}


class LazyGroup(click.Group):
    """A group whose commands are imported from `dure.cli.NAME` when asked for, so that the agent loads no Django."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The groups, in the order of the story."""
        return list(GROUPS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The group `name`, imported now."""
        if name not in GROUPS:
            return None
        module = importlib.import_module(f"dure.cli.{name}")
        command = typer.main.get_command(module.app)
        command.name = name
        command.short_help = GROUPS[name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the groups without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(GROUPS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dure")
def root() -> None:
    """Run a public GPU programme from the call to the last invoice."""


def language() -> str:
    """The language of the person at the terminal: DURE_LANG, else LANG."""
    return os.environ.get("DURE_LANG") or os.environ.get("LANG", "en")


def main() -> None:
    """Run the command; a refusal is one line per mistake on standard error, and exit status 2."""
    try:
        root()
    except DureError as error:
        if isinstance(error, InvalidInput):
            for mistake in error.mistakes:
                print(f"{mistake.where}: {mistake.sentence(language())}", file=sys.stderr)
        else:
            print(error.public.in_(language()), file=sys.stderr)
        sys.exit(2)
