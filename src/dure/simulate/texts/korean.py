"""Particles that follow a Korean word by its last sound."""

from __future__ import annotations

_FIRST, _LAST, _FINALS = ord("가"), ord("힣"), 28
_DIGITS_WITH_FINAL = frozenset("013678LMNRlmnr")


def ends_in_consonant(word: str) -> bool:
    """Whether `word` is read with a final consonant; digits and letters as Koreans read them."""
    last = word.rstrip(")\"' ")[-1]
    if _FIRST <= ord(last) <= _LAST:
        return (ord(last) - _FIRST) % _FINALS != 0
    return last in _DIGITS_WITH_FINAL


def eul(word: str) -> str:
    """을 or 를."""
    return "을" if ends_in_consonant(word) else "를"


def eun(word: str) -> str:
    """은 or 는."""
    return "은" if ends_in_consonant(word) else "는"
