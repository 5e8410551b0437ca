"""What the portal answers: leases, receipts, acknowledgements, refusals."""

from __future__ import annotations

from typing import Literal

from dure.core.errors import (
    DureError,
    IllegalTransition,
    InsufficientCapacity,
    InvalidInput,
    NotFound,
    NotPermitted,
    Stale,
)
from dure.protocol.wire import Asked, Count, Instant, Key

Outcome = Literal["accepted", "duplicate", "conflict"]
RefusalKind = Literal[
    "not_found", "not_permitted", "invalid_input", "illegal_transition", "stale", "insufficient_capacity", "failed"
]
_KINDS: tuple[tuple[type[DureError], RefusalKind], ...] = (
    (NotFound, "not_found"),
    (NotPermitted, "not_permitted"),
    (InvalidInput, "invalid_input"),
    (IllegalTransition, "illegal_transition"),
    (Stale, "stale"),
    (InsufficientCapacity, "insufficient_capacity"),
)


class Lease(Asked):
    """The epoch in which this instance speaks for its cluster; whoever holds a lower one is fenced off."""

    cluster: Key
    instance: Key
    epoch: Count
    now: Instant


class Renewed(Asked):
    """The token to use from now on, or None: the one asked with is good for longer. The one before works until its
    successor asks."""

    token: str | None
    now: Instant


class Acknowledged(Asked):
    """A report or an inventory was taken in (or was older than what is known, and changed nothing)."""

    now: Instant


class Receipt(Asked):
    """What became of one window.

    `accepted`: committed now. `duplicate`: the same bytes were committed before. `conflict`: another content stands
    under this key; nothing changed, and only a higher revision can replace it.
    """

    key: str
    outcome: Outcome
    digest: str


class Receipts(Asked):
    """One receipt per window, in the order sent."""

    now: Instant
    receipts: tuple[Receipt, ...]


class RefusedField(Asked):
    """One thing wrong with what was sent."""

    where: str
    ko: str
    en: str


class Refusal(Asked):
    """Why a request was refused, for the person who reads the agent's log."""

    error: RefusalKind
    ko: str
    en: str
    mistakes: tuple[RefusedField, ...] = ()

    @classmethod
    def of(cls, error: DureError) -> Refusal:
        """`error` as a refusal: its public text only."""
        kinds: list[RefusalKind] = [kind for known, kind in _KINDS if isinstance(error, known)]
        mistakes = error.mistakes if isinstance(error, InvalidInput) else ()
        return cls(
            error=kinds[0] if kinds else "failed",
            ko=error.public.ko,
            en=error.public.en,
            mistakes=tuple(RefusedField(where=m.where, ko=m.sentence("ko"), en=m.sentence("en")) for m in mistakes),
        )
