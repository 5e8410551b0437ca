"""One byte string per value: canonical JSON and its SHA-256, so that a decision can be named by its hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def encode(value: Any) -> bytes:
    """`value` as UTF-8 JSON with sorted keys, no spaces and no floats.

    Raises TypeError for floats and for anything JSON has no word for: a float prints differently on
    different machines, so nothing that is hashed may hold one.
    """
    _refuse_floats(value, "$")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """`sha256:` and the hex digest of `encode(value)`; bytes are hashed as they are."""
    data = value if isinstance(value, bytes) else encode(value)
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _refuse_floats(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise TypeError(f"float at {path}: canonical JSON holds integers and strings only")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} at {path} is not a string")
            _refuse_floats(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_floats(item, f"{path}[{index}]")
