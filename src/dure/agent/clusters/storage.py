"""How full an allocation's storage is, from a command of the site's own: file systems differ too much to guess."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from dure.agent.clusters.options import StorageOptions
from dure.protocol.report import StorageUse

log = logging.getLogger("dure.agent")


class StorageCommand:
    """The site's command, asked every so often; between, and after a failure, its last answer stands or none does."""

    def __init__(self, options: StorageOptions | None) -> None:
        self._options = options
        self._answer: dict[str, StorageUse] = {}
        self._asked_at: datetime | None = None
        self._asked_for: tuple[str, ...] = ()

    def of(self, names: Sequence[str], now: datetime) -> Mapping[str, StorageUse]:
        """Storage of the allocations `names`: those the command speaks of."""
        wanted = tuple(sorted(names))
        if self._options is None or not wanted:
            return {}
        every = timedelta(minutes=self._options.every_minutes)
        if self._asked_at is None or now - self._asked_at >= every or wanted != self._asked_for:
            self._answer = self._ask(self._options, wanted)
            self._asked_at, self._asked_for = now, wanted
        return self._answer

    def _ask(self, options: StorageOptions, names: tuple[str, ...]) -> dict[str, StorageUse]:
        words = (*options.command, *names)
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=options.timeout_seconds, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("storage is not reported: %s", error)
            return {}
        found = {}
        for line in done.stdout.splitlines():
            name, use = _read(line)
            if use is None:
                log.warning("storage: cannot read %r: NAME, PATH, USED_BYTES, QUOTA_BYTES, tabs between", line[:200])
            elif name in names:
                found[name] = use
        return found


def _read(line: str) -> tuple[str, StorageUse | None]:
    parts = line.split("\t")
    if len(parts) != 4 or not parts[2].isdigit() or not parts[3].isdigit():
        return "", None
    try:
        return parts[0], StorageUse(path=parts[1], used_bytes=int(parts[2]), quota_bytes=int(parts[3]))
    except ValidationError:
        return "", None
