"""What is wrong with the shape of a value, said so that the writer of the file can mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from dure.core.text import Text
from dure.programme.yaml_text import Document, LineMistake, Path

_Context = Mapping[str, Any]


def explain(document: Document, error: ErrorDetails, schema: dict[str, Any]) -> LineMistake:
    """The mistake behind one error of the schema."""
    path: Path = tuple(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        name = path[-1]
        what = Text(f"'{name}'이(가) 없습니다.", f"'{name}' is missing.")
        return document.mistake(path, what, Text(f"'{name}'을(를) 더하십시오.", f"Add '{name}'."))
    if kind == "extra_forbidden":
        return _unknown(document, path, schema)
    if kind in _KINDS:
        what, remedy = _KINDS[kind](context)
        return document.mistake(path, what, remedy)
    what = Text("값의 모양이 맞지 않습니다.", f"The value does not fit: {error['msg']}.")
    return document.mistake(path, what, Text("JSON 스키마를 확인해 주십시오.", "See the JSON Schema."))


def _unknown(document: Document, path: Path, schema: dict[str, Any]) -> LineMistake:
    allowed = list(_at(schema, path[:-1]).get("properties", {}))
    close = get_close_matches(str(path[-1]), allowed, n=1, cutoff=0.6)
    what = Text(f"'{path[-1]}'은(는) 모르는 키입니다.", f"'{path[-1]}' is not a known key.")
    if close:
        remedy = Text(f"'{close[0]}'을(를) 쓰려고 하셨습니까?", f"Did you mean '{close[0]}'?")
    else:
        names = ", ".join(allowed)
        remedy = Text(f"지우거나 다음 중에서 고르십시오: {names}.", f"Delete it, or choose from: {names}.")
    return document.mistake(path, what, remedy)


def _at(schema: dict[str, Any], path: Path) -> dict[str, Any]:
    """The part of the JSON Schema for the value at `path`."""
    part = _resolved(schema, schema)
    for step in path:
        inner = part.get("items", {}) if isinstance(step, int) else part.get("properties", {}).get(step, {})
        part = _resolved(schema, inner)
    return part


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    for option in part.get("anyOf", ()):
        if option.get("type") != "null":
            part = option
    if "$ref" in part:
        found: dict[str, Any] = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]]
        return found
    return part


def _whole_number(_: _Context) -> tuple[Text, Text]:
    return (
        Text("정수가 아닙니다.", "It is not a whole number."),
        Text(
            "따옴표나 소수점, 쉼표 없이 18자리 이하의 정수로 적으십시오.",
            "Write a whole number of at most 18 digits, without quotes, point or commas.",
        ),
    )


def _text(_: _Context) -> tuple[Text, Text]:
    return (
        Text("글자가 아닙니다.", "It is not text."),
        Text("글자로 적고 숫자이면 따옴표로 묶으십시오.", "Write text; put a number in quotes."),
    )


def _truth(_: _Context) -> tuple[Text, Text]:
    return Text("참·거짓이 아닙니다.", "It is not true or false."), Text(
        "true나 false로 적으십시오.", "Write true or false."
    )


def _listed(_: _Context) -> tuple[Text, Text]:
    return (
        Text("목록이 아닙니다.", "It is not a list."),
        Text("각 줄을 '- '로 시작하거나 [ ]로 묶으십시오.", "Start each line with '- ', or put them in [ ]."),
    )


def _keys(_: _Context) -> tuple[Text, Text]:
    return (
        Text("키와 값의 묶음이 아닙니다.", "It is not a set of keys and values."),
        Text("'키: 값'을 들여 써서 적으십시오.", "Write indented lines of 'key: value'."),
    )


def _choice(context: _Context) -> tuple[Text, Text]:
    expected = str(context.get("expected", "")).replace(" or ", ", ")
    return (
        Text("쓸 수 없는 값입니다.", "It is not one of the allowed values."),
        Text(f"다음 중에서 고르십시오: {expected}.", f"Choose from {expected}."),
    )


def _least(context: _Context) -> tuple[Text, Text]:
    least = context.get("ge")
    return Text("값이 너무 작습니다.", "It is too small."), Text(
        f"{least} 이상으로 적으십시오.", f"Use {least} or more."
    )


def _most(context: _Context) -> tuple[Text, Text]:
    most = context.get("le")
    return Text("값이 너무 큽니다.", "It is too large."), Text(f"{most} 이하로 적으십시오.", f"Use {most} or less.")


def _pattern(context: _Context) -> tuple[Text, Text]:
    example = _EXAMPLES.get(str(context.get("pattern")), Text("정해진 모양", "the form expected"))
    return (
        Text("적는 모양이 맞지 않습니다.", "It is not written in the form expected."),
        Text(f"{example.ko}(으)로 적으십시오.", f"Write {example.en}."),
    )


def _day(_: _Context) -> tuple[Text, Text]:
    return Text("날짜가 아닙니다.", "It is not a date."), Text(
        "2026-03-03처럼 적으십시오.", "Write it as in 2026-03-03."
    )


def _instant(_: _Context) -> tuple[Text, Text]:
    return (
        Text("시차까지 적은 시각이 아닙니다.", "It is not an instant with its offset."),
        Text("2026-01-28T15:00:00+09:00처럼 적으십시오.", "Write it as in 2026-01-28T15:00:00+09:00."),
    )


def _empty(_: _Context) -> tuple[Text, Text]:
    return Text("비어 있거나 너무 적습니다.", "It is empty, or has too few members."), Text(
        "내용을 채우십시오.", "Fill it in."
    )


def _long(context: _Context) -> tuple[Text, Text]:
    most = context.get("max_length")
    return Text("너무 깁니다.", "It is too long."), Text(
        f"{most}자 이하로 줄이십시오.", f"Use at most {most} characters."
    )


_EXAMPLES = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": Text(
        "'naver-h200-a'처럼 소문자와 숫자, 붙임표", "lower-case letters, digits and hyphens, as in 'naver-h200-a'"
    ),
    r"^[A-Z]{3}$": Text("'KRW' 같은 세 글자 통화 코드", "a currency code of three letters, as in 'KRW'"),
    r"^https?://\S+$": Text("http나 https로 시작하는 주소", "an address that starts with http or https"),
    r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$": Text("'11-01' 같은 월-일", "month and day, as in '11-01'"),
    r"\S": Text("빈칸이 아닌 글자", "at least one letter"),
}

_KINDS: dict[str, Callable[[_Context], tuple[Text, Text]]] = {
    "int_type": _whole_number,
    "int_from_float": _whole_number,
    "string_type": _text,
    "bool_type": _truth,
    "tuple_type": _listed,
    "model_type": _keys,
    "model_attributes_type": _keys,
    "literal_error": _choice,
    "greater_than_equal": _least,
    "less_than_equal": _most,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _empty,
    "string_too_long": _long,
    "too_short": _empty,
    "date_type": _day,
    "date_parsing": _day,
    "date_from_datetime_parsing": _day,
    "date_from_datetime_inexact": _day,
    "datetime_type": _instant,
    "datetime_parsing": _instant,
    "datetime_from_date_parsing": _instant,
    "datetime_object_invalid": _instant,
    "timezone_aware": _instant,
}
