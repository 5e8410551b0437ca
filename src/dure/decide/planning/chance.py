"""Chance that is the same on every machine and in every version: splitmix64 in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Chance:
    """A stream of chance from a seed and a name. Source of the mixing constants: Steele, Lea, Flood, OOPSLA 2014."""

    def __init__(self, seed: int, name: str = "") -> None:
        self._state = seed & _MASK
        for byte in name.encode():
            self._state = (self.word() ^ byte) & _MASK

    def word(self) -> int:
        """64 random bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1; the bias of the product is under 2⁻⁴⁰ for every count used here."""
        return (self.word() * count) >> 64

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def is_within(self, permille: int) -> bool:
        """True in `permille` of 1,000 cases."""
        return self.below(1000) < permille

    def pick(self, among: Sequence[T], weights: Sequence[int]) -> T:
        """One of `among`, in proportion to `weights`."""
        point = self.below(sum(weights))
        for one, weight in zip(among, weights, strict=True):
            point -= weight
            if point < 0:
                return one
        raise ValueError("weights must be positive")

    def bell(self, mean: int, deviation: int, scale: int = 1000) -> int:
        """About normal with `mean` and `deviation`: the sum of twelve uniform numbers, in whole steps of 1."""
        total = sum(self.below(scale) for _ in range(12)) - 6 * scale + 6
        return mean + (total * deviation * 2 + scale) // (2 * scale)

    def shuffle(self, items: list[T]) -> None:
        """Put `items` in random order, in place (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
