"""Files that survive a kill at any line: written beside, synced, renamed; and one lock per state directory."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from dure.core.errors import Stale
from dure.core.text import Text


def write(path: Path, content: bytes, sync: bool = True, is_secret: bool = False) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part.

    `sync` also makes it survive a power cut. The temporary name is fixed: a leftover of a killed run is overwritten.
    What `is_secret` is for its owner alone.
    """
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as out:
        if is_secret:
            os.fchmod(out.fileno(), 0o600)
        out.write(content)
        if sync:
            out.flush()
            os.fsync(out.fileno())
    beside.replace(path)
    if sync:
        sync_directory(path.parent)


def write_json(path: Path, value: Any, sync: bool = True) -> None:
    """`write` of `value` as JSON with sorted keys."""
    write(path, json.dumps(value, sort_keys=True, ensure_ascii=False).encode(), sync)


def read_json(path: Path) -> Any:
    """The JSON at `path`, or None when there is no file. Raises ValueError when it is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def remove(path: Path) -> None:
    """Delete `path` if it is there, durably."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and deletions in `directory` survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock(directory: Path) -> IO[bytes]:
    """Take `directory` for this process until the returned file is closed. Raises Stale when another process has it."""
    held = (directory / "lock").open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise Stale(
            Text(
                f"다른 에이전트가 이미 {directory}을(를) 쓰고 있습니다. 그 에이전트를 멈춘 뒤 다시 실행해 주십시오.",
                f"Another agent is already using {directory}. Stop it first, then start again.",
            )
        ) from None
    return held
