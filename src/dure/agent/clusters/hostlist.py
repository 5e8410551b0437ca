"""Node names as Slurm writes them: `n[001-004,7]` for n001 … n004, n7."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PART = re.compile(r"^([^\[\],]+)(?:\[([0-9,-]+)\])?$")
MOST_NODES = 100_000


def expand(text: str) -> list[str]:
    """The names that `text` stands for, in order. Raises ValueError when it is not such a list."""
    names: list[str] = []
    for part in _split(text):
        found = _PART.match(part)
        if found is None:
            raise ValueError(f"{part!r} is not a node name or a range like n[001-004]")
        prefix, ranges = found.groups()
        if ranges is None:
            names.append(prefix)
            continue
        for piece in ranges.split(","):
            first, dash, last = piece.partition("-")
            if not first or (dash and not last) or (dash and int(last) < int(first)):
                raise ValueError(f"{piece!r} in {part!r} is not a range")
            if dash and int(last) - int(first) > MOST_NODES:
                raise ValueError(f"{part!r} names more than {MOST_NODES} nodes")
            names.extend(f"{prefix}{n:0{len(first)}d}" for n in range(int(first), int(last if dash else first) + 1))
    return names


def fold(names: Iterable[str]) -> str:
    """`names` as one short list; `expand` gives them back, sorted."""
    groups: dict[tuple[str, int], list[int]] = {}
    single: list[str] = []
    for name in sorted(set(names)):
        found = re.match(r"^(.*?)(\d+)$", name)
        if found is None:
            single.append(name)
        else:
            groups.setdefault((found[1], len(found[2])), []).append(int(found[2]))
    for (prefix, width), numbers in groups.items():
        runs = list(_runs(sorted(numbers)))
        if len(numbers) == 1:
            single.append(f"{prefix}{numbers[0]:0{width}d}")
        else:
            inside = ",".join(f"{a:0{width}d}" if a == b else f"{a:0{width}d}-{b:0{width}d}" for a, b in runs)
            single.append(f"{prefix}[{inside}]")
    return ",".join(single)


def _split(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            yield part
            part = ""
        else:
            part += letter
    if part or not text:
        yield part


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    start = end = numbers[0]
    for number in numbers[1:]:
        if number != end + 1:
            yield start, end
            start = number
        end = number
    yield start, end
