"""Running Slurm's own commands: one way out to the scheduler, its failures told apart.

Exit codes of Slurm 22.05 do not tell "already so" from "refused" from "nobody there"; its words do. The phrases below
were met on 22.05.8 and are matched in lower case.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dure.agent.clusters.port import ClusterUnreachable, StepRefused
from dure.core.text import Text

Parsed = TypeVar("Parsed")
_NOBODY_THERE = (
    "unable to contact slurm controller",
    "connection refused",
    "connection timed out",
    "socket timed out",
    "problem talking to the database",
    "unable to connect",
    "slurm_persist_conn_open",
    "resource temporarily unavailable",
    "transport endpoint is not connected",
    "zero bytes were transmitted",
    "munge encode failed",
    "protocol authentication error",
)
_ALREADY_SO = ("nothing new added", "nothing modified", "nothing deleted", "invalid job id specified")


@dataclass(frozen=True, slots=True)
class Commands:
    """Slurm's commands with the environment they need. Times go in and come out in UTC."""

    timeout_seconds: float = 60
    slurm_conf: str | None = None

    def ask(self, *words: str) -> str:
        """Standard output of a question. Raises ClusterUnreachable for any failure: an answer is then unknown."""
        code, said, complaint = self._run(words)
        if code != 0:
            raise ClusterUnreachable(internal=f"{' '.join(words)}: {_short(complaint or said)}")
        return said

    def read(self, parse: Callable[[str], Parsed], *words: str) -> Parsed:
        """What `parse` makes of an answer. Raises ClusterUnreachable when it cannot be read (another version?)."""
        text = self.ask(*words)
        try:
            return parse(text)
        except ValueError as error:
            raise ClusterUnreachable(internal=f"{' '.join(words)}: cannot be read: {error}") from error

    def order(self, *words: str) -> None:
        """Have something changed; that it is already so is no failure. Raises StepRefused with Slurm's own words."""
        code, said, complaint = self._run(words)
        text = f"{complaint} {said}".lower()
        if code == 0 or any(phrase in text for phrase in _ALREADY_SO):
            return
        own = _short(complaint or said)
        raise StepRefused(Text(f"Slurm이 거부했습니다: {own}", f"Slurm refused: {own}"), f"{' '.join(words)}: {own}")

    def _run(self, words: Sequence[str]) -> tuple[int, str, str]:
        environment = {**os.environ, "TZ": "UTC", "SLURM_TIME_FORMAT": "standard", "LC_ALL": "C"}
        if self.slurm_conf is not None:
            environment["SLURM_CONF"] = self.slurm_conf
        try:
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, timeout=self.timeout_seconds, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ClusterUnreachable(internal=f"{words[0]}: {error}") from error
        text = f"{done.stderr} {done.stdout}".lower()
        if done.returncode != 0 and any(phrase in text for phrase in _NOBODY_THERE):
            raise ClusterUnreachable(internal=f"{' '.join(words)}: {_short(done.stderr or done.stdout)}")
        return done.returncode, done.stdout, done.stderr


def _short(text: str) -> str:
    return " ".join(text.split())[:500]
