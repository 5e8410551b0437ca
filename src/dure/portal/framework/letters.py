"""Letters that no text holds: NUL, which databases refuse, and halves of surrogate pairs, which nothing can write down.

A browser sends neither. They are refused at the door, in one place, before anything tries to keep them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest
from ninja.parser import Parser

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_WHAT = Text("쓸 수 없는 글자가 들어 있습니다.", "It holds a character that cannot be written.")
_REMEDY = Text("그 글자를 지우고 다시 보내 주십시오.", "Remove it and send again.")


def refused(where: str) -> InvalidInput:
    """The refusal of what stands at `where`."""
    return InvalidInput(Mistake(where, _WHAT, _REMEDY))


def check(request: HttpRequest) -> None:
    """Raise InvalidInput for an address, a query or a form with letters that no text holds."""
    if "\x00" in request.path_info or "\x00" in unquote(request.META.get("QUERY_STRING", "")):
        raise refused("address")
    for name, values in request.POST.lists():
        if any(_UNWRITABLE.search(text) for text in (name, *values)):
            raise refused(name.replace("\x00", ""))


class WritableJson(Parser):
    """The API's JSON: texts that can be kept, numbers that are numbers."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body. Raises InvalidInput naming the field that cannot be kept, ValueError for what is no JSON."""
        found = json.loads(request.body, parse_constant=_not_a_number)
        for where, text in _texts(found, ("body",)):
            if _UNWRITABLE.search(text):
                raise refused(".".join(where))
        return found


def _not_a_number(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _texts(value: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in `value`, keys included, with the path to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _texts(one, (*where, str(place)))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield where, key
            yield from _texts(one, (*where, key))
