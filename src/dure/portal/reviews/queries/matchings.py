"""The two best matchings of a call beside each other, before one of them is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from dure.decide import matching
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.reviews.board import board_of


@dataclass(frozen=True)
class Option:
    """One matching's figures in ‰: the worst pair, the sum, the mean; `aim` is "worst" or "total"."""

    aim: str
    pairs: int
    short: int
    worst_permille: int
    total_permille: int
    is_optimal: bool

    @property
    def mean_permille(self) -> int:
        """The mean fit of a pair."""
        return self.total_permille // self.pairs if self.pairs else 0


@dataclass(frozen=True)
class Options:
    """Both matchings, and what lifting the worst pair costs of the total."""

    fair: Option
    sum: Option

    @property
    def cost_permille(self) -> int:
        """The share of the total, in ‰, that lifting the worst pair costs."""
        lost = self.sum.total_permille - self.fair.total_permille
        return 1000 * lost // self.sum.total_permille if self.sum.total_permille else 0


def matchings(call_code: str, actor: Actor) -> Options:
    """Both best matchings for what is still to be assigned; nothing is written."""
    actor.require(actor.may_oversee)
    board = board_of(calls.call(call_code, actor))
    fit, allowed, side = board.fit(), board.allowed(), board.side()
    found = []
    for aim in ("worst", "total"):
        best = matching.match(fit, allowed, board.needs, side, lifts_worst=aim == "worst")
        short = sum(count for _, count in best.short)
        figures = (best.worst_permille, best.total_permille, best.is_optimal)
        found.append(Option(aim, len(best.pairs), short, *figures))
    return Options(*found)
