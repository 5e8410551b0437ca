"""The packing problem as plain integers: caps, groups of choices, and what each choice uses.

    maximise   sum value[j] x[j]
    subject to sum over the choices j of one group: x[j] <= 1         for every group
               sum amount[r, j] x[j] <= caps[r]                       for every row
               x[j] in {0, 1}

All amounts and caps are non-negative, so dropping a choice never breaks a row: every search of this room may
drop and insert freely and stays feasible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

LARGEST = 1 << 60
"""No sum formed anywhere in this room may pass this, so that 64-bit integers never wrap."""

EXACT = 2**53
"""Nor may all uses of one row, so that sums of them are exact in floating point too."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A packing problem in compressed rows.

    Shapes: `caps` [rows]; `group_start` [groups + 1], the choices of group g being group_start[g] up to
    group_start[g + 1]; `value` [choices]; `use_start` [choices + 1]; `use_row`, `use_amount` [uses].
    """

    caps: Int64
    group_start: Int64
    value: Int64
    use_start: Int64
    use_row: Int32
    use_amount: Int64

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.caps)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.group_start) - 1

    @property
    def choices(self) -> int:
        """Number of choices over all groups."""
        return len(self.value)

    def group_of(self) -> Int32:
        """The group of every choice, [choices]."""
        return np.repeat(np.arange(self.groups, dtype=np.int32), np.diff(self.group_start))

    def uses_of(self, choices: Int64) -> tuple[Int64, Int64]:
        """The uses of `choices`, one after the other, and how many each has."""
        length = self.use_start[choices + 1] - self.use_start[choices]
        first = np.cumsum(length) - length
        return np.arange(int(length.sum())) + np.repeat(self.use_start[choices] - first, length), length

    def within(self, choices: Int64) -> Model:
        """The model of the same groups and rows with these `choices` (rising) only."""
        source, length = self.uses_of(choices)
        return Model(
            self.caps,
            np.searchsorted(choices, self.group_start),
            self.value[choices],
            np.concatenate([[0], np.cumsum(length)]),
            self.use_row[source],
            self.use_amount[source],
        )

    def worth(self, choice: Int64) -> int:
        """Total value of `choice` ([groups], the choice's place within its group or -1); raises InvalidInput
        if it names a choice that does not exist or breaks a row."""
        picked = absolute(self, choice)
        load = np.zeros(self.rows, dtype=np.int64)
        for j in picked[picked >= 0]:
            here = slice(self.use_start[j], self.use_start[j + 1])
            np.add.at(load, self.use_row[here], self.use_amount[here])
        if (load > self.caps).any():
            row = int(np.flatnonzero(load > self.caps)[0])
            raise _mistake(f"rows[{row}]", "한도를 넘었습니다.", f"uses {load[row]} of {self.caps[row]}.")
        return int(self.value[picked[picked >= 0]].sum())


def absolute(model: Model, choice: Int64) -> Int64:
    """`choice` counted within groups, as one counted over all choices; -1 stays. Raises InvalidInput."""
    choice = np.asarray(choice, dtype=np.int64)
    sizes = np.diff(model.group_start)
    if choice.shape != (model.groups,) or (choice < -1).any() or (choice >= sizes).any():
        raise _mistake("choice", "그룹에 없는 선택지입니다.", "names a choice its group does not have.")
    return np.where(choice >= 0, model.group_start[:-1] + choice, -1)


def build(
    caps: Sequence[int] | Int64,
    group_start: Sequence[int] | Int64,
    value: Sequence[int] | Int64,
    use_start: Sequence[int] | Int64,
    use_row: Sequence[int] | Int32,
    use_amount: Sequence[int] | Int64,
) -> Model:
    """A checked model from its arrays. Raises InvalidInput naming what cannot be used."""
    model = Model(
        np.ascontiguousarray(caps, dtype=np.int64),
        np.ascontiguousarray(group_start, dtype=np.int64),
        np.ascontiguousarray(value, dtype=np.int64),
        np.ascontiguousarray(use_start, dtype=np.int64),
        np.ascontiguousarray(use_row, dtype=np.int32),
        np.ascontiguousarray(use_amount, dtype=np.int64),
    )
    _check(model)
    return model


def _check(model: Model) -> None:
    for name, start, end in (
        ("group_start", model.group_start, model.choices),
        ("use_start", model.use_start, len(model.use_row)),
    ):
        if len(start) == 0 or start[0] != 0 or start[-1] != end or (np.diff(start) < 0).any():
            raise _mistake(name, "구간이 맞지 않습니다.", "must rise from 0 to the number of entries.")
    if len(model.use_start) != model.choices + 1 or len(model.use_amount) != len(model.use_row):
        raise _mistake("use", "길이가 맞지 않습니다.", "has arrays of different length.")
    if len(model.use_row) and (model.use_row.min() < 0 or model.use_row.max() >= model.rows):
        raise _mistake("use", "없는 행을 가리킵니다.", "names a row that does not exist.")
    if (model.caps < 0).any() or (model.use_amount < 0).any():
        raise _mistake("rows", "음수는 쓸 수 없습니다.", "may hold no negative cap or amount.")
    if float(np.abs(model.value).astype(float).sum()) > LARGEST or float(model.caps.max(initial=0)) > LARGEST:
        raise _mistake("value", "수가 너무 큽니다.", "is too large to add up in 64 bits; use a larger unit.")
    if len(model.use_amount) and np.bincount(model.use_row, model.use_amount.astype(float)).max() > EXACT:
        raise _mistake("use", "한 행의 사용량을 모두 더하면 2⁵³을 넘습니다.",
                       "adds up to more than 2^53 on one row; use a larger unit.")  # fmt: skip


def from_json(document: Any) -> Model:
    """The model a parsed JSON document describes: `{"rows": [cap…], "groups": [[{"value", "use": {row: a}}…]…]}`.

    Raises InvalidInput that names the path of the first mistake.
    """
    if not isinstance(document, dict) or not isinstance(document.get("rows"), list):
        raise _mistake("rows", "행의 한도 목록이 없습니다.", "must be a list of integer caps.")
    caps = [_integer(cap, f"rows[{r}]", least=0) for r, cap in enumerate(document["rows"])]
    groups = document.get("groups")
    if not isinstance(groups, list):
        raise _mistake("groups", "그룹 목록이 없습니다.", "must be a list of lists of choices.")
    group_start, value, use_start = [0], [], [0]
    use_row: list[int] = []
    use_amount: list[int] = []
    for g, group in enumerate(groups):
        if not isinstance(group, list):
            raise _mistake(f"groups[{g}]", "선택지 목록이 아닙니다.", "must be a list of choices.")
        for c, choice in enumerate(group):
            value.append(_choice(choice, f"groups[{g}][{c}]", len(caps), use_row, use_amount))
            use_start.append(len(use_row))
        group_start.append(len(value))
    return build(caps, group_start, value, use_start, use_row, use_amount)


def _choice(choice: Any, where: str, rows: int, use_row: list[int], use_amount: list[int]) -> int:
    if not isinstance(choice, dict) or not isinstance(choice.get("use", {}), dict):
        raise _mistake(where, "value와 use가 있는 객체가 아닙니다.", 'must be {"value": v, "use": {row: amount}}.')
    for key, amount in choice.get("use", {}).items():
        if not (key.isascii() and key.isdigit() and int(key) < rows):
            raise _mistake(f"{where}.use", "없는 행을 가리킵니다.", f"names row {key!r}, which does not exist.")
        use_row.append(int(key))
        use_amount.append(_integer(amount, f"{where}.use.{key}", least=0))
    return _integer(choice.get("value"), f"{where}.value", least=-LARGEST)


def _integer(value: Any, where: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise _mistake(where, "쓸 수 있는 정수가 아닙니다.", f"must be an integer from {least} to 2^60.")
    return value


def to_json(model: Model) -> dict[str, Any]:
    """The document `from_json` reads back into an equal model."""
    groups: list[list[dict[str, Any]]] = []
    rows, amounts = model.use_row.tolist(), model.use_amount.tolist()
    values, starts, uses = model.value.tolist(), model.group_start.tolist(), model.use_start.tolist()
    for g in range(model.groups):
        groups.append(
            [
                {
                    "value": values[j],
                    "use": {str(rows[k]): amounts[k] for k in range(uses[j], uses[j + 1])},
                }
                for j in range(starts[g], starts[g + 1])
            ]
        )
    return {"rows": cast(list[int], model.caps.tolist()), "groups": groups}


def _mistake(where: str, ko: str, en: str) -> InvalidInput:
    return InvalidInput(Mistake(where, Text(f"{where}: {ko}", f"{where} {en}")))
