"""Which nodes an adapter held for whom since when: Slurm's own history counts CPUs and forgets names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from dure.agent import durable
from dure.protocol.wire import Instant


class HeldSince(BaseModel):
    """From `at` on, until the next entry of that name, `name` held `nodes`."""

    name: str
    at: Instant
    nodes: tuple[str, ...]


_ENTRIES = TypeAdapter(list[HeldSince])


class HoldLog:
    """The entries in `directory`, oldest first."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "holds.json"

    def note(self, name: str, nodes: tuple[str, ...], at: datetime) -> None:
        """From `at` on `name` is to hold `nodes`; written before the cluster is told."""
        entries = self.entries()
        last = next((entry for entry in reversed(entries) if entry.name == name), None)
        if last is None or last.nodes != nodes:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            entries.append(HeldSince(name=name, at=at, nodes=nodes))
            durable.write(self._path, _ENTRIES.dump_json(entries))

    def entries(self) -> list[HeldSince]:
        """All of them."""
        stored = durable.read_json(self._path)
        return [] if stored is None else _ENTRIES.validate_python(stored)

    def nodes(self, entries: list[HeldSince], name: str, count: int, at: datetime) -> tuple[str, ...]:
        """The nodes of `name` in a stretch of `count` nodes that began about `at`; none where that is not known.

        The log is written by another clock than the scheduler's and a little before it acts, so of the entries with
        that many nodes the one nearest to `at` counts.
        """
        fitting = [entry for entry in entries if entry.name == name and len(entry.nodes) == count]
        return min(fitting, key=lambda entry: abs(entry.at - at)).nodes if fitting else ()
