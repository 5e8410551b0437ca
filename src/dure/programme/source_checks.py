"""Every value of a programme file has a source or is a marked assumption, and every source covers something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dure.core.text import Text
from dure.programme import provenance
from dure.programme.yaml_text import Document, LineMistake, Path


def sources(document: Document) -> Iterator[LineMistake]:
    """The mistakes of `sources`."""
    root = document.root
    if not isinstance(root, dict) or not isinstance(root.get("sources"), list):
        return
    places = _places({key: value for key, value in root.items() if key != "sources"})
    covered: dict[str, int] = {}
    for index, entry in enumerate(root["sources"]):
        if isinstance(entry, dict):
            yield from _entry(document, index, entry)
            yield from _paths(document, index, entry, places, covered)
    for path, place in places.items():
        if provenance.needs_source(path) and not any(provenance.covers(pattern, path) for pattern in covered):
            what = Text("출처도 가정 표시도 없습니다.", "It has neither a source nor a marked assumption.")
            remedy = Text(
                f"sources에 '{path}'을(를) 다루는 항목을 더하십시오.", f"Add an entry to sources that covers '{path}'."
            )
            yield document.mistake(place, what, remedy)


def _entry(document: Document, index: int, entry: dict[str, Any]) -> Iterator[LineMistake]:
    trust, assumed = entry.get("trust"), entry.get("assumption") is not None
    place: Path = ("sources", index)
    if assumed == (trust is not None):
        what = Text(
            "trust와 assumption 가운데 하나만 있어야 합니다.", "It needs either trust or assumption, and not both."
        )
        remedy = Text(
            "출처이면 trust를, 가정이면 assumption을 남기십시오.", "Keep trust for a source, assumption for one."
        )
        yield document.mistake(place, what, remedy)
        return
    needed = {"D": "note", "R": "document"}.get(str(trust), "url")
    if not assumed and entry.get(needed) is None:
        what = Text(f"trust {trust}에는 {needed}이(가) 있어야 합니다.", f"Trust {trust} needs a {needed}.")
        yield document.mistake(place, what, Text(f"{needed}을(를) 적으십시오.", f"Add the {needed}."))


def _paths(
    document: Document, index: int, entry: dict[str, Any], places: dict[str, Path], covered: dict[str, int]
) -> Iterator[LineMistake]:
    patterns = entry.get("covers")
    for position, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str):
            continue
        place: Path = ("sources", index, "covers", position)
        if pattern in covered:
            what = Text(
                f"'{pattern}'은(는) {covered[pattern]}번째 줄에서 이미 다루었습니다.",
                f"'{pattern}' is already covered on line {covered[pattern]}.",
            )
            yield document.mistake(place, what, Text("하나를 지우십시오.", "Delete one of them."))
        elif not any(provenance.covers(pattern, path) for path in places):
            what = Text(f"'{pattern}'에 해당하는 값이 없습니다.", f"There is no value at '{pattern}'.")
            remedy = Text("경로를 고치거나 지우십시오.", "Correct the path, or delete it.")
            yield document.mistake(place, what, remedy)
        covered.setdefault(pattern, document.line(place))


def _places(tree: Any) -> dict[str, Path]:
    """The path people write, and the path in the file, of every value."""
    return dict(zip(provenance.leaves(tree), _raw(tree, ()), strict=True))


def _raw(tree: Any, path: Path) -> Iterator[Path]:
    for key, item in provenance.members(tree):
        yield from _raw(item, (*path, key))
    if provenance.is_value(tree):
        yield path
