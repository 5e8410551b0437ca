"""Usage windows on disk until the portal has a committed row for each: computed once, sent until received.

A batch is written, then the account of what is closed, then it may be sent. A batch that the account does not know
was cut off by a kill before anything was sent, and is dropped; its hours are computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter

from dure.agent import durable
from dure.protocol.answers import Receipts
from dure.protocol.usage import UsagePost, UsageRow, UsageWindow
from dure.protocol.wire import MAX_WINDOWS_PER_POST, Instant

Hours = Sequence[tuple[datetime, tuple[UsageRow, ...]]]
_WINDOWS = TypeAdapter(list[UsageWindow])
HOUR = timedelta(hours=1)


class _Closed(BaseModel):
    """An hour already handed to the spool: which revision, and what it said."""

    revision: int
    digest: str


class _Account(BaseModel):
    until: Instant | None = None
    next_batch: int = 1
    recent: dict[str, _Closed] = Field(default_factory=dict)
    unseen: dict[str, int] = Field(default_factory=dict)
    conflicts: list[str] = Field(default_factory=list)


class Spool:
    """The windows of one cluster in `directory`."""

    def __init__(self, directory: Path, cluster: str) -> None:
        self._directory = directory
        self._cluster = cluster
        directory.mkdir(parents=True, exist_ok=True)
        stored = durable.read_json(directory / "account.json")
        self._account = _Account() if stored is None else _Account.model_validate(stored)
        for path in self._batches():
            if int(path.stem) >= self._account.next_batch:
                durable.remove(path)

    @property
    def until(self) -> datetime | None:
        """All hours before this one are closed; None before the first."""
        return self._account.until

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Keys under which the portal holds something else; newest last."""
        return tuple(self._account.conflicts)

    @property
    def unseen(self) -> Mapping[str, int]:
        """GPU-seconds missing in the last closed hour, by allocation."""
        return self._account.unseen

    def begin(self, hour: datetime) -> None:
        """The first hour this agent answers for."""
        self._account.until = hour
        self._save()

    def close(self, hours: Hours, recheck: timedelta) -> None:
        """Take in computed hours: new ones as revision 0, earlier ones that now say something else as the next.

        Hours before `until` − `recheck` are forgotten and never corrected.
        """
        windows = [window for start, rows in hours if (window := self._window(start, rows)) is not None]
        if not windows:
            return
        path = self._directory / f"{self._account.next_batch:08d}.json"
        durable.write(path, _WINDOWS.dump_json(windows))
        for window in windows:
            self._account.recent[_hour(window)] = _Closed(revision=window.revision, digest=_content(window))
        until = max([window.end for window in windows] + ([self._account.until] if self._account.until else []))
        horizon = f"{until - max(recheck, HOUR):%Y-%m-%dT%H}"
        self._account.recent = {hour: closed for hour, closed in self._account.recent.items() if hour >= horizon}
        last = max(windows, key=lambda window: window.start)
        if last.end == until:
            self._account.unseen = {r.allocation: r.missing_gpu_seconds for r in last.rows if r.missing_gpu_seconds}
        self._account.until, self._account.next_batch = until, self._account.next_batch + 1
        self._save()

    def waiting(self) -> int:
        """Batches not yet received."""
        return sum(1 for _ in self._batches())

    def deliver(self, instance: str, epoch: int, send: Callable[[UsagePost], Receipts]) -> None:
        """Send every batch, oldest first, and drop it once each window has its receipt. `send` may raise."""
        for path in self._batches():
            windows = _WINDOWS.validate_json(path.read_bytes())
            for first in range(0, len(windows), MAX_WINDOWS_PER_POST):
                part = tuple(windows[first : first + MAX_WINDOWS_PER_POST])
                answer = send(UsagePost(cluster=self._cluster, instance=instance, epoch=epoch, windows=part))
                self._note_conflicts([r.key for r in answer.receipts if r.outcome == "conflict"])
            durable.remove(path)

    def _window(self, start: datetime, rows: tuple[UsageRow, ...]) -> UsageWindow | None:
        window = UsageWindow(cluster=self._cluster, start=start, end=start + HOUR, rows=rows)
        if self._account.until is None or start >= self._account.until:
            return window
        closed = self._account.recent.get(_hour(window))
        if closed is None or closed.digest == _content(window):
            return None
        return window.model_copy(update={"revision": closed.revision + 1})

    def _note_conflicts(self, keys: list[str]) -> None:
        new = [key for key in keys if key not in self._account.conflicts]
        if new:
            self._account.conflicts = [*self._account.conflicts, *new][-100:]
            self._save()

    def _batches(self) -> Iterator[Path]:
        return iter(sorted(path for path in self._directory.glob("[0-9]*.json")))

    def _save(self) -> None:
        durable.write(self._directory / "account.json", self._account.model_dump_json().encode())


def _hour(window: UsageWindow) -> str:
    return f"{window.start:%Y-%m-%dT%H}"


def _content(window: UsageWindow) -> str:
    """The digest of what a window says, whatever its revision."""
    return window.model_copy(update={"revision": 0}).digest()
