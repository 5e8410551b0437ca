"""`python -m dure.cli` is the `dure` command."""

from dure.cli import main

main()
