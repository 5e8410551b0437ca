"""Turn the text of a programme file into a `Programme`, or into every mistake in it at once."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dure.core import canonical
from dure.core.errors import InvalidInput
from dure.programme import checks, yaml_text
from dure.programme.schema import Programme
from dure.programme.shape import explain
from dure.programme.yaml_text import LineMistake


def parse(text: str) -> Programme:
    """The programme in `text`. Raises InvalidInput with every mistake (each a `LineMistake`)."""
    programme, mistakes = _examine(text)
    if programme is None or mistakes:
        raise InvalidInput(mistakes)
    programme._digest = digest(text)
    return programme


def check(text: str) -> list[LineMistake]:
    """Every mistake in `text`, in the order of its lines; an empty list when there is none."""
    return _examine(text)[1]


def digest(source: str | Programme) -> str:
    """`sha256:` of the file's bytes, so that anybody can compare it with `sha256sum FILE`.

    Raises ValueError for a programme that was not parsed from a file.
    """
    if isinstance(source, str):
        return canonical.digest(source.encode())
    if not source.digest:
        raise ValueError("this programme came from no file")
    return source.digest


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a programme file."""
    schema = Programme.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _told(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """All but what only follows: a list counts as too short where its members are there, but wrong."""
    above = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    return [error for error in errors if error["type"] != "too_short" or error["loc"] not in above]


def _examine(text: str) -> tuple[Programme | None, list[LineMistake]]:
    document = yaml_text.read(text)
    found = list(document.mistakes)
    programme = None
    if document.root is not None:
        try:
            programme = Programme.model_validate_json(json.dumps(document.root))
        except ValidationError as error:
            schema = json_schema()
            found += [explain(document, each, schema) for each in _told(error.errors(include_url=False))]
        malformed = {mistake.key for mistake in found}
        found += [mistake for mistake in checks.every(document) if mistake.key not in malformed]
    return programme, sorted(set(found), key=lambda m: (m.line, m.key))
