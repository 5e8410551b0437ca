"""Whatever is done to a programme file, `check` answers; and what it lets through, `parse` turns into a programme."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure import programmes
from dure.core.errors import InvalidInput
from dure.programme import load, provenance, yaml_text

CAMPUS = programmes.text("campus-example")
LINES = CAMPUS.splitlines(keepends=True)

ODD_NUMBERS = ["", "null", "true", "-1", "0", "1e9", "9" * 30, ".nan", ".inf", "2026-99-99", "∞"]
ODD_SYNTAX = ["[]", "{}", "[[1]]", "'", '"', "&a x", "*a", "!!int 1", "- - x", "\t"]
odd_words = st.sampled_from(ODD_NUMBERS + ODD_SYNTAX)
relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def holds(text: str) -> None:
    mistakes = load.check(text)
    count = text.count("\n") + 1
    for mistake in mistakes:
        assert 1 <= mistake.line <= count + 1
        assert mistake.what.ko and mistake.what.en and mistake.remedy.ko and mistake.remedy.en
    if mistakes:
        with pytest.raises(InvalidInput) as refused:
            load.parse(text)
        assert list(refused.value.mistakes) == mistakes
    else:
        assert load.parse(text).digest == load.digest(text)


@relaxed
@given(st.sets(st.integers(0, len(LINES) - 1), min_size=1, max_size=6))
def test_lines_may_be_missing(gone: set[int]) -> None:
    holds("".join(line for place, line in enumerate(LINES) if place not in gone))


@relaxed
@given(st.integers(0, len(LINES) - 1), odd_words)
def test_any_value_may_be_odd(place: int, word: str) -> None:
    line = LINES[place]
    head, colon, _ = line.partition(":")
    changed = f"{head}{colon} {word}\n" if colon else f"{word}\n"
    holds("".join([*LINES[:place], changed, *LINES[place + 1 :]]))


@relaxed
@given(st.integers(0, len(CAMPUS) - 1), st.integers(0, 40), st.text(max_size=4))
def test_any_part_may_be_overwritten(start: int, length: int, put: str) -> None:
    holds(CAMPUS[:start] + put + CAMPUS[start + length :])


@relaxed
@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1))
def test_lines_may_change_places(one: int, other: int) -> None:
    lines = list(LINES)
    lines[one], lines[other] = lines[other], lines[one]
    holds("".join(lines))


@relaxed
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    holds(text)


KEYS = st.sampled_from(["code", "ko", "en", "a"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
VALUES = [path for path in yaml_text.read(CAMPUS).lines if path]


@relaxed
@given(st.sampled_from(VALUES), plain)
def test_any_value_may_be_of_any_kind(path: yaml_text.Path, value: object) -> None:
    root = yaml_text.read(CAMPUS).root
    holder = root
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    holds(json.dumps(root, ensure_ascii=False))  # JSON is YAML


@relaxed
@given(plain)
def test_every_leaf_is_at_or_below_itself(tree: object) -> None:
    leaves = list(provenance.leaves({"top": tree}))
    for leaf in leaves:
        assert leaf in provenance.under(leaves, leaf)
        assert leaf in provenance.under(leaves, "top")
        assert leaf in provenance.under(leaves, ".".join("*" for _ in leaf.split(".")))
