"""An import-linter contract of our own: a chapter's models are touched by that chapter alone."""

from __future__ import annotations

from typing import Any

from importlinter import Contract, ContractCheck, fields, output


class ForeignModels(Contract):
    """No module of `container`'s packages imports another package's `models` directly."""

    type_name = "foreign_models"
    container = fields.StringField()

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        """Every direct import of a `models` module from outside its own package is a violation."""
        prefix = f"{self.container}."
        found = []
        for models in sorted(m for m in graph.modules if m.startswith(prefix) and m.endswith(".models")):
            owner = models.removesuffix(".models")
            for importer in sorted(graph.find_modules_that_directly_import(models)):
                if importer != owner and not importer.startswith(f"{owner}."):
                    found.append((importer, models))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import."""
        for importer, models in check.metadata["found"]:
            output.print_error(f"{importer} imports {models}: use that chapter's queries or operations")
