"""The `dure` command. Each group lives in a module of its own and is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.metadata import version

import typer

from dure.core.errors import DureError, InvalidInput

GROUPS = {
    "programme": "check a programme file; print its JSON Schema",
    "plan": "generate, solve, audit, explain award plans from files",
    "agent": "run at a provider's site",
    "loop": "the portal's loops",
    "bill": "close months, write invoices",
    "call": "import a call run elsewhere, export all of one",
    "journal": "verify the journal",
    "portal": "migrate and serve the portal",
    "demo": "play a programme from the call to the first invoices",
}
REFUSED = 2


def language() -> str:
    """The language of the person at the terminal: DURE_LANG, else LANG."""
    return os.environ.get("DURE_LANG") or os.environ.get("LANG", "en")


def main() -> None:
    """Run the group named first. A refusal is one line per mistake on standard error and exit status 2.

    The groups are not imported to list them, so that the agent starts without Django.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", f"{sys.prefix}/numba")  # where make setup put the compiled planner
    name, arguments = (sys.argv[1] if len(sys.argv) > 1 else "--help"), sys.argv[2:]
    if name in ("-h", "--help"):
        print(_usage())
    elif name == "--version":
        print(f"dure {version('dure')}")
    elif name not in GROUPS:
        print(f"There is no command '{name}'.\n\n{_usage()}", file=sys.stderr)
        sys.exit(REFUSED)
    else:
        command = typer.main.get_command(importlib.import_module(f"dure.cli.{name}").app)
        try:
            command.main(args=arguments, prog_name=f"dure {name}")
        except DureError as error:
            _say(error)
            sys.exit(REFUSED)


def _usage() -> str:
    lines = ["Usage: dure COMMAND …", "", "Run a public GPU programme from the call to the last invoice.", ""]
    return "\n".join(lines + [f"  {name:<11}{what}" for name, what in GROUPS.items()])


def _say(error: DureError) -> None:
    if isinstance(error, InvalidInput):
        for mistake in error.mistakes:
            print(f"{mistake.where}: {mistake.sentence(language())}", file=sys.stderr)
    else:
        print(error.public.in_(language()), file=sys.stderr)
