"""What this agent has made on its cluster, and what it was about to make: on disk before the cluster is touched.

It answers one question: is what the cluster shows ours, or did somebody else change it?
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dure.agent import durable
from dure.agent.clusters.port import FIELDS, Field, Observed, Standing, Step, wanted
from dure.protocol.desired import DesiredAllocation, DesiredState


class Intention(BaseModel):
    """What a step in flight may have left behind: these fields of `standing`."""

    fields: tuple[Field, ...]
    standing: Standing


class Entry(BaseModel):
    """One allocation: the standing last made, and what steps in flight may have left behind.

    `made` None with intentions means: a step that creates or removes it may or may not have happened.
    """

    generation: int = 0
    made: Standing | None = None
    intended: tuple[Intention, ...] = ()


class _Book(BaseModel):
    entries: dict[str, Entry]


class Ledger:
    """The entries by allocation name, kept in one file of the agent's state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "ledger.json"
        stored = durable.read_json(self._path)
        self._entries = {} if stored is None else _Book.model_validate(stored).entries

    def was_made(self, name: str) -> bool:
        """Whether `name` was made and no removal of it was begun."""
        entry = self._entries.get(name)
        return entry is not None and entry.made is not None

    def generation(self, name: str) -> int:
        """The generation of `name` last applied in full; 0 when never."""
        entry = self._entries.get(name)
        return entry.generation if entry else 0

    def made(self, name: str, field: str) -> Any:
        """The value this agent last gave `field`; None when it never made `name`."""
        entry = self._entries.get(name)
        return getattr(entry.made, field) if entry and entry.made else None

    def is_ours(self, name: str, field: Field, value: Any) -> bool:
        """Whether `value` is what this agent made or was making."""
        entry = self._entries.get(name)
        if entry is None:
            return False
        known = [one.standing for one in entry.intended if field in one.fields]
        if entry.made is not None:
            known.append(entry.made)
        return any(getattr(standing, field) == value for standing in known)

    def intend(self, steps: Iterable[Step]) -> None:
        """Write down what the steps will make, before the first is applied."""
        for step in steps:
            entry = self._entries.get(step.name, Entry())
            standing = step.after or step.before
            assert standing is not None  # noqa: S101 - the diff never makes a step about nothing
            new = Intention(fields=FIELDS if step.field is None else (step.field,), standing=standing)
            made = None if step.after is None else entry.made
            self._entries[step.name] = Entry(generation=entry.generation, made=made, intended=(*entry.intended, new))
        self._save()

    def settle(self, desired: DesiredState, observed: Observed, now: datetime) -> None:
        """Take what stands now as made, wherever it is ours or as wanted; drop what is over and gone."""
        before = dict(self._entries)
        for allocation in desired.allocations:
            standing = observed.standings.get(allocation.name)
            if standing is not None and standing.id == allocation.id:
                self._entries[allocation.name] = self._entry_of(allocation, standing, now)
            elif standing is None and (allocation.is_over(now) or not self.was_made(allocation.name)):
                self._entries.pop(allocation.name, None)
        if self._entries != before:
            self._save()

    def _entry_of(self, allocation: DesiredAllocation, standing: Standing, now: datetime) -> Entry:
        goal, name = wanted(allocation, now), allocation.name
        known: dict[str, Any] = {
            field: getattr(standing, field)
            for field in FIELDS
            if getattr(standing, field) == getattr(goal, field) or self.is_ours(name, field, getattr(standing, field))
        }
        old = self._entries.get(name)
        made = (old.made if old and old.made else Standing(id=goal.id, name=name)).model_copy(update=known)
        return Entry(generation=allocation.generation if standing == goal else self.generation(name), made=made)

    def _save(self) -> None:
        durable.write(self._path, _Book(entries=self._entries).model_dump_json().encode())
