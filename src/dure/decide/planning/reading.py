"""Read a JSON document strictly: every value has a place, and whatever is wrong is told with its place and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

T = TypeVar("T")

NO_REMEDY = Text("", "")

_WORDS: dict[type, Text] = {
    int: Text("정수", "a whole number"),
    str: Text("문자열", "a text"),
    bool: Text("true 또는 false", "true or false"),
    list: Text("목록", "a list"),
    dict: Text("객체", "an object"),
}


def parse(content: bytes, name: str) -> Any:
    """`content` as JSON. Raises InvalidInput with the line where it is broken; floats are broken too."""
    try:
        found = json.loads(content.decode("utf-8"), parse_float=_refuse_number, parse_constant=_refuse_number)
        if b"\\ud" in content.lower():  # half of a pair is no character, and could not be written again
            json.dumps(found, ensure_ascii=False).encode()
        return found
    except _NotWhole as number:
        what = Text(f"{number}: 정수만 쓸 수 있습니다.", f"{number}: only whole numbers are allowed.")
        remedy = Text("소수점이나 지수 없이 적으십시오.", "Write it without a decimal point or an exponent.")
        raise InvalidInput(Mistake(name, what, remedy)) from None
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"{name}, line {line}" if line else name
        what = Text("JSON 문서로 읽을 수 없습니다.", "This cannot be read as a JSON document.")
        remedy = Text(
            "`dure plan generate` 또는 `solve`로 다시 만드십시오.",
            "Make it again with `dure plan generate` or `solve`.",
        )
        raise InvalidInput(Mistake(where, what, remedy), str(error)) from None


class _NotWhole(ValueError):
    """A number with a point or an exponent, or none at all; the text is as written."""


def _refuse_number(text: str) -> Any:
    raise _NotWhole(text[:40])


class Reader:
    """A JSON object at a place of a document; collects mistakes in a list shared by the whole document."""

    def __init__(self, value: Any, where: str, mistakes: list[Mistake]) -> None:
        self.where, self.mistakes = where, mistakes
        self._seen: set[str] = set()
        self._fields: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self._wrong(where, dict)

    def integer(self, key: str, low: int = 0, high: int = 2**53) -> int:
        """The whole number at `key`, from `low` to `high`."""
        value = self._take(key, int, 0)
        if not low <= value <= high:
            self.refuse(
                key, Text(f"{value}은(는) {low}–{high} 범위를 벗어났습니다.", f"{value} is outside {low}–{high}.")
            )
        return value

    def text(self, key: str, among: tuple[str, ...] = ()) -> str:
        """The text at `key`, one of `among` where given."""
        value = self._take(key, str, "")
        if among and value not in among:
            choices = ", ".join(repr(choice) for choice in among)
            self.refuse(key, Text(f"다음 중 하나여야 합니다: {choices}.", f"It must be one of {choices}."))
        return value

    def flag(self, key: str) -> bool:
        """The boolean at `key`."""
        return self._take(key, bool, False)

    def optional_integer(self, key: str, low: int = 0, high: int = 2**53) -> int | None:
        """The whole number at `key`, or None where it is null."""
        if key in self._fields and self._fields[key] is None:
            self._seen.add(key)
            return None
        return self.integer(key, low, high)

    def integers(self, key: str, low: int = 0, high: int = 2**53) -> tuple[int, ...]:
        """The list of whole numbers at `key`."""
        values = self._take(key, list, [])
        if all(type(value) is int and low <= value <= high for value in values):
            return tuple(values)
        self.refuse(
            key, Text(f"{low} 이상의 정수 목록이어야 합니다.", f"It must be a list of whole numbers from {low} up.")
        )
        return ()

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts at `key`."""
        values = self._take(key, list, [])
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        self.refuse(key, Text("문자열 목록이어야 합니다.", "It must be a list of texts."))
        return ()

    def triples(self, key: str) -> Iterator[tuple[str, str, int]]:
        """The list of [text, text, whole number from 0] at `key`."""
        for index, value in enumerate(self._take(key, list, [])):
            if isinstance(value, list) and [type(one) for one in value] == [str, str, int] and value[2] >= 0:
                yield value[0], value[1], value[2]
            else:
                what = Text(
                    "[문자열, 문자열, 0 이상의 정수]여야 합니다.", "It must be [text, text, whole number from 0]."
                )
                self.refuse(f"{key}[{index}]", what)

    def pair(self, key: str) -> tuple[int, int]:
        """The two whole numbers of the list at `key`."""
        value = self._take(key, list, [])
        if [type(one) for one in value] == [int, int]:
            return value[0], value[1]
        self.refuse(key, Text("정수 두 개의 목록이어야 합니다.", "It must be a list of two whole numbers."))
        return 0, 1

    def part(self, key: str) -> Reader:
        """The object at `key`."""
        return Reader(self._take(key, dict, {}), self._at(key), self.mistakes)

    def parts(self, key: str, read: Callable[[Reader], T]) -> tuple[T, ...]:
        """Every object of the list at `key`, read by `read`; a part with a mistake is read all the same."""
        found = []
        for index, value in enumerate(self._take(key, list, [])):
            part = Reader(value, f"{self._at(key)}[{index}]", self.mistakes)
            found.append(read(part))
            part.close()
        return tuple(found)

    def __iter__(self) -> Iterator[str]:
        """The keys of the object, for objects whose keys are themselves facts."""
        return iter(self._fields)

    def refuse(self, key: str, what: Text, remedy: Text = NO_REMEDY) -> None:
        """Note a mistake at `key`."""
        self.mistakes.append(Mistake(self._at(key), what, remedy))

    def close(self) -> None:
        """Refuse the keys nobody asked for: a misspelt rule must not be silently dropped."""
        for key in self._fields:
            if key not in self._seen:
                self.refuse(
                    key,
                    Text("알 수 없는 항목입니다.", "Nothing is known by this name."),
                    Text("이름을 확인하거나 지우십시오.", "Check its spelling or remove it."),
                )

    def _take(self, key: str, kind: type[T], empty: T) -> T:
        self._seen.add(key)
        if key not in self._fields:
            self.refuse(key, Text("필요한 항목이 없습니다.", "This is missing."), Text("추가하십시오.", "Add it."))
            return empty
        value = self._fields[key]
        if type(value) is not kind:
            self._wrong(self._at(key), kind)
            return empty
        return value

    def _at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def _wrong(self, where: str, kind: type) -> None:
        word = _WORDS[kind]
        self.mistakes.append(Mistake(where, Text(f"{word.ko}이어야 합니다.", f"It must be {word.en}.")))
