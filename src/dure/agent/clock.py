"""The agent's time: the portal's, carried on by this machine's clock while the portal is away.

The only module of the agent that reads the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from dure.agent import durable

Kind = Literal["wall", "virtual"]


FILE = "clock.json"


def stored_kind(state_dir: Path) -> Kind:
    """The kind of clock the portal last ran by; an agent restarted without a portal must not guess it."""
    return "virtual" if durable.read_json(state_dir / FILE) == "virtual" else "wall"


def store_kind(state_dir: Path, kind: Kind) -> None:
    """Remember `kind` for `stored_kind`."""
    if durable.read_json(state_dir / FILE) != kind:
        durable.write_json(state_dir / FILE, kind)


class Clock:
    """Whole seconds, never backwards.

    `wall`: the portal's last instant plus what has passed here since; before any answer, this machine's time.
    `virtual`: the portal's last instant, standing still until it says another.
    """

    def __init__(
        self,
        kind: Kind = "wall",
        latest: datetime | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._kind: Kind = kind
        self._latest = latest
        self._wall = wall
        self._offset = timedelta(0)

    @property
    def kind(self) -> Kind:
        """Which clock the portal runs by, as last heard."""
        return self._kind

    def heard(self, now: datetime, kind: Kind) -> None:
        """The portal said that it is `now` by its clock of this `kind`."""
        self._kind = kind
        self._offset = now - self._here()
        self._latest = max(now, self._latest) if self._latest else now

    def now(self) -> datetime | None:
        """The present instant; None while the clock is virtual and nobody has said the time yet."""
        if self._kind == "virtual":
            return self._latest
        present = (self._here() + self._offset).replace(microsecond=0)
        self._latest = max(present, self._latest) if self._latest else present
        return self._latest

    def seconds(self) -> float:
        """Seconds of this machine's own clock, for measuring waits."""
        return self._wall()

    def _here(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)
