"""SQL in migrations that differs by database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations


def per_vendor(**statements: list[str]) -> migrations.RunPython:
    """A migration step that runs the statements of the database at hand (keywords `sqlite`, `postgresql`)."""

    def run(apps: Any, schema_editor: Any) -> None:
        for statement in statements.get(schema_editor.connection.vendor, []):
            schema_editor.execute(statement)

    forward: Callable[[Any, Any], None] = run
    return migrations.RunPython(forward, migrations.RunPython.noop)
