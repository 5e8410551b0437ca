"""Plain packing models in the style of public collections, for `dure plan pack`:

    python -m bench.packing_instances KIND SEED > model.json

`chu-beasley` N M: N items in M knapsacks, tightness 0.25 (Chu and Beasley, J. Heuristics 4, 1998); `multiple-choice`
N C M: N groups of C choices that all use M rows, about half of what the groups ask on average (as Khan and others,
2002, but a group may stay empty); `set-packing` N M: N sets of 1 to 8 of M members, each once. Drawn afresh here: the
collections' own files differ.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

Model = dict[str, Any]


def chu_beasley(chance: random.Random, items: int, rows: int) -> Model:
    """Weights from 1 to 1,000; a value is the mean weight and up to 500 more."""
    weights = [[chance.randint(1, 1_000) for _ in range(rows)] for _ in range(items)]
    return {
        "rows": [sum(column) // 4 for column in zip(*weights, strict=True)],
        "groups": [[_choice(sum(one) // rows + chance.randint(0, 500), one)] for one in weights],
    }


def multiple_choice(chance: random.Random, groups: int, choices: int, rows: int) -> Model:
    """Uses from 0 to 99; values follow the sum of uses, loosely."""
    uses = [[[chance.randint(0, 99) for _ in range(rows)] for _ in range(choices)] for _ in range(groups)]
    return {
        "rows": [groups * 25] * rows,
        "groups": [[_choice(sum(one) * 2 // rows + chance.randint(0, 100), one) for one in group] for group in uses],
    }


def set_packing(chance: random.Random, sets: int, members: int) -> Model:
    """Every member once; a set is worth 1 to 20 for each of its members."""
    drawn = [chance.sample(range(members), chance.randint(1, 8)) for _ in range(sets)]
    return {
        "rows": [1] * members,
        "groups": [
            [{"value": sum(chance.randint(1, 20) for _ in one), "use": {str(r): 1 for r in sorted(one)}}]
            for one in drawn
        ],
    }


def _choice(value: int, amounts: Sequence[int]) -> Model:
    return {"value": value, "use": {str(r): amount for r, amount in enumerate(amounts) if amount}}


KINDS: dict[str, tuple[Callable[..., Model], tuple[int, ...]]] = {
    "chu-beasley-5.100": (chu_beasley, (100, 5)),
    "chu-beasley-10.250": (chu_beasley, (250, 10)),
    "chu-beasley-30.500": (chu_beasley, (500, 30)),
    "multiple-choice-100.10.10": (multiple_choice, (100, 10, 10)),
    "set-packing-2000.1000": (set_packing, (2_000, 1_000)),
}


def instance(kind: str, seed: int) -> Model:
    """The instance of a kind in `KINDS`."""
    make, shape = KINDS[kind]
    return make(random.Random(f"{kind}/{seed}"), *shape)


if __name__ == "__main__":
    print(json.dumps(instance(sys.argv[1], int(sys.argv[2]))))
