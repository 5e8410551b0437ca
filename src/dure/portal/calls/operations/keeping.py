"""What every writing operation on calls needs: changed columns, public events, texts in two languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import questions as forms
from dure.portal.calls import terms
from dure.portal.calls.models import Call, CallEvent
from dure.portal.calls.queries import open_record, view_of
from dure.portal.framework import programme as programmes

LONGEST_TITLE = 200
LONGEST_TEXT = 5_000
CORRECTABLE = ("title", "summary", "closes_at", "decide_by", "use_from", "use_until", "offered", "documents")


def apply(
    row: Call, changes: Mapping[str, Any], allowed: Sequence[str], mistakes: list[Mistake]
) -> list[dict[str, Any]]:
    """Set `changes` on `row` and say what changed. Raises InvalidInput with `mistakes` and those found here."""
    before = open_record(view_of(row))
    for name, value in changes.items():
        if name not in allowed:
            what = Text("바꿀 수 없는 항목입니다.", "This cannot be changed.")
            mistakes.append(Mistake(name, what, Text("이 항목을 빼십시오.", "Leave it out.")))
        elif name in ("title", "summary"):
            mistakes += terms.text_mistakes(name, value, LONGEST_TITLE if name == "title" else LONGEST_TEXT)
            setattr(row, name, both(value))
        else:
            setattr(row, name, value)
    current = programmes.current()
    mistakes += terms.date_mistakes({name: getattr(row, name) for name in terms.DATES}, current.zone)
    found = terms.offer_mistakes(current, row.track, row.offered)
    if not found and "offered" in changes:
        found = terms.room_mistakes(row.offered, row.use_from, row.use_until)
    mistakes += found + terms.document_mistakes(row.documents)
    if mistakes:
        raise InvalidInput(mistakes)
    after = open_record(view_of(row))
    return [
        {"field": name, "before": before[name], "after": after[name]} for name in changes if before[name] != after[name]
    ]


def form_of(questions: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[Mistake]]:
    """The form as it is kept, and what is wrong with it."""
    try:
        return [question.model_dump(mode="json") for question in forms.parse(questions)], []
    except InvalidInput as error:
        return [], list(error.mistakes)


def event(row: Call, now: datetime, kind: str, text: Text, changes: Sequence[dict[str, Any]] = ()) -> None:
    """Write down a public, dated event."""
    CallEvent.objects.create(call=row, at=now, kind=kind, text=both(text), changes=list(changes))


def require_text(where: str, text: str, most: int) -> None:
    """Raise InvalidInput for a text that is empty or too long."""
    if not text.strip() or len(text) > most:
        what = Text("내용이 비었거나 너무 깁니다.", "The text is empty or too long.")
        raise InvalidInput(
            Mistake(where, what, Text(f"{most:,}자 이내로 적으십시오.", f"Use at most {most:,} characters."))
        )


def both(text: Text) -> dict[str, str]:
    """The text as JSON keeps it."""
    return {"ko": text.ko, "en": text.en}
