"""What this agent has made on its cluster, and what it was about to make: on disk before the cluster is touched.

It answers one question: is what the cluster shows ours, or did somebody else change it?
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dure.agent import durable
from dure.agent.clusters.port import FIELDS, Field, Observed, Standing, Step, wanted
from dure.protocol.desired import DesiredAllocation, DesiredState, Member
from dure.protocol.wire import Instant


class Intention(BaseModel):
    """What a step may have left behind, done or undone: these fields of `standing`."""

    fields: tuple[Field, ...]
    standing: Standing


class Entry(BaseModel):
    """One allocation: the standing last made, and what the steps taken since `open_since` may have left behind.

    Intentions outlive their steps by a while: a scheduler that crashes may come back without its last changes.
    `made` None with intentions means: a step that creates, removes or makes it anew may or may not have happened. Its
    running jobs were told at `warned_at` that they end at `warned_of`.
    """

    generation: int = 0
    made: Standing | None = None
    intended: tuple[Intention, ...] = ()
    open_since: Instant | None = None
    warned_of: Instant | None = None
    warned_at: Instant | None = None


class _Book(BaseModel):
    entries: dict[str, Entry]
    works: frozenset[str] = frozenset()


class Ledger:
    """The entries by allocation name, kept in one file of the agent's state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "ledger.json"
        stored = durable.read_json(self._path)
        book = _Book(entries={}) if stored is None else _Book.model_validate(stored)
        self._entries, self._works = book.entries, book.works

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
        known = [getattr(one.standing, field) for one in entry.intended if field in one.fields]
        if entry.made is not None:
            known.append(getattr(entry.made, field))
        return value in known or (field == "members" and bool(known) and _is_between(value, known))

    def was_closed(self, name: str) -> bool:
        """Whether nodes were seen kept free for the work `name`."""
        return name in self._works

    def was_warned(self, name: str, end: datetime, since: datetime) -> bool:
        """Whether the jobs of `name` have been told, at `since` or later, that they end at `end`."""
        entry = self._entries.get(name)
        if entry is None or entry.warned_at is None:
            return False
        return entry.warned_of == end and entry.warned_at >= since

    def note_warning(self, name: str, end: datetime, now: datetime) -> None:
        """Write down that the jobs of `name` have been told of their end."""
        told = {"warned_of": end, "warned_at": now}
        self._entries[name] = self._entries.get(name, Entry()).model_copy(update=told)
        self._save()

    def intend(self, steps: Iterable[Step], now: datetime) -> None:
        """Write down what the steps will make and what they replace, before the first is applied."""
        for step in steps:
            if step.verb in ("close", "reopen", "warn"):
                continue
            entry = self._entries.get(step.name, Entry())
            fields = _touched(step)
            new = [Intention(fields=fields, standing=s) for s in (step.before, step.after) if s is not None]
            self._entries[step.name] = entry.model_copy(
                update={
                    "made": None if step.after is None else entry.made,
                    "intended": (*entry.intended, *(one for one in new if one not in entry.intended)),
                    "open_since": now,
                }
            )
        self._save()

    def settle(self, desired: DesiredState, observed: Observed, now: datetime, confirm: timedelta) -> None:
        """Take what stands now as made, wherever it is ours or as wanted; drop what is over and gone.

        Intentions are dropped once what they made has stood for `confirm`.
        """
        before = dict(self._entries), self._works
        asked = {one.name for one in desired.maintenance if not one.is_over(now)}
        self._works = (self._works | frozenset(observed.works or ())) & asked
        for allocation in desired.allocations:
            standing = observed.standings.get(allocation.name)
            if standing is not None and standing.id == allocation.id:
                self._entries[allocation.name] = self._entry_of(allocation, standing, now, confirm, observed.lends)
            elif standing is None and (allocation.is_over(now) or not self.was_made(allocation.name)):
                self._entries.pop(allocation.name, None)
        if (self._entries, self._works) != before:
            self._save()

    def _entry_of(
        self, allocation: DesiredAllocation, standing: Standing, now: datetime, confirm: timedelta, lends: bool
    ) -> Entry:
        goal, name = wanted(allocation, now, lends), allocation.name
        known: dict[str, Any] = {
            field: getattr(standing, field)
            for field in FIELDS
            if getattr(standing, field) == getattr(goal, field) or self.is_ours(name, field, getattr(standing, field))
        }
        old = self._entries.get(name, Entry())
        made = (old.made or Standing(id=goal.id, name=name)).model_copy(update=known)
        is_open = old.open_since is not None and now - old.open_since < confirm
        return old.model_copy(
            update={
                "generation": allocation.generation if standing == goal else old.generation,
                "made": made,
                "intended": old.intended if is_open else (),
                "open_since": old.open_since if is_open else None,
            }
        )

    def _save(self) -> None:
        durable.write(self._path, _Book(entries=self._entries, works=self._works).model_dump_json().encode())


def _touched(step: Step) -> tuple[Field, ...]:
    if step.field is not None:
        return (step.field,)
    if step.verb == "retell" and step.before is not None and step.after is not None:
        return tuple(field for field in FIELDS if getattr(step.before, field) != getattr(step.after, field))
    return FIELDS


def _is_between(value: Sequence[Member], known: Sequence[Sequence[Member]]) -> bool:
    """Whether `value` is members on the way from some of `known` to others: a list is changed one person at a time."""
    atoms, all_known = _atoms(value), [_atoms(one) for one in known]
    return atoms <= set().union(*all_known) and set.intersection(*all_known) <= atoms


def _atoms(members: Sequence[Member]) -> set[tuple[str, str]]:
    return {(member.login, key) for member in members for key in ("", *member.ssh_keys)}
