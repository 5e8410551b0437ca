"""Public SSH keys of the people an allocation lets in, where sshd looks for them.

One file per login and allocation: `LOGIN/ALLOCATION`. sshd is told `AuthorizedKeysCommand /usr/bin/sh -c 'cat
DIRECTORY/%u/* 2>/dev/null'`; taking a file away ends the access at the next login.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dure.agent import durable


class KeyDirectory:
    """The keys in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, login: str, allocation: str) -> tuple[str, ...]:
        """The keys `allocation` gave `login`, sorted."""
        try:
            text = (self._directory / login / allocation).read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return tuple(sorted(line for line in text.splitlines() if line.strip()))

    def put(self, login: str, allocation: str, keys: Sequence[str]) -> None:
        """Let `login` in with `keys` and no others of `allocation`."""
        folder = self._directory / login
        folder.mkdir(parents=True, exist_ok=True)
        durable.write(folder / allocation, "".join(f"{key}\n" for key in sorted(keys)).encode())

    def drop(self, login: str, allocation: str) -> None:
        """Take back what `allocation` gave `login`."""
        path = self._directory / login / allocation
        if path.exists():
            durable.remove(path)

    def logins(self, allocation: str) -> tuple[str, ...]:
        """Who has a key file of `allocation`."""
        return tuple(sorted(path.parent.name for path in self._directory.glob(f"*/{allocation}")))
