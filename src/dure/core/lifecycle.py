"""One explicit table `(state, event) → state` per noun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dure.core.errors import IllegalTransition


@dataclass(frozen=True)
class Lifecycle:
    """A noun's states and the events that move it.

    There is no wildcard source: every (state, event) that is allowed stands in `table`.
    """

    noun: str
    initial: str
    table: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        unreachable = set(self.states) - set(self._reachable())
        if unreachable:
            raise ValueError(f"{self.noun}: states never reached: {sorted(unreachable)}")

    @property
    def states(self) -> tuple[str, ...]:
        """All states, the initial one first, then in table order."""
        seen = {self.initial: None}
        for (source, _), target in self.table.items():
            seen.setdefault(source)
            seen.setdefault(target)
        return tuple(seen)

    @property
    def ends(self) -> tuple[str, ...]:
        """States that nothing leaves."""
        sources = {source for source, _ in self.table}
        return tuple(s for s in self.states if s not in sources)

    def events(self, state: str) -> tuple[str, ...]:
        """What may happen in `state`."""
        return tuple(event for (source, event) in self.table if source == state)

    def allows(self, state: str, event: str) -> bool:
        """Whether `event` may happen in `state`."""
        return (state, event) in self.table

    def is_done(self, state: str, event: str) -> bool:
        """Whether `event` led to `state` and leads no further: asked for again, there is nothing to do."""
        return state in {self.table[pair] for pair in self.table if pair[1] == event} and not self.allows(state, event)

    def after(self, state: str, event: str) -> str:
        """The state after `event`. Raises IllegalTransition when the table has no such move."""
        try:
            return self.table[state, event]
        except KeyError:
            raise IllegalTransition(self.noun, state, event) from None

    def _reachable(self) -> Iterator[str]:
        found, todo = {self.initial}, [self.initial]
        while todo:
            state = todo.pop()
            yield state
            for (source, _), target in self.table.items():
                if source == state and target not in found:
                    found.add(target)
                    todo.append(target)
