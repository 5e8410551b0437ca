"""A call's dates as a calendar file (RFC 5545), from the same record as its page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from dure.core.text import Text
from dure.portal.calls.queries import CallView

_DATES = (
    ("opens_at", Text("접수 시작", "Applications open")),
    ("closes_at", Text("접수 마감", "Deadline")),
    ("decide_by", Text("결과 발표", "Decision")),
    ("use_from", Text("사용 시작", "Use begins")),
)
_LONGEST_LINE = 75  # octets, before folding


def calendar(call: CallView, language: str, url: str, stamped_at: datetime) -> str:
    """The file's text: one event for each date, with CRLF line ends. `url` is the call's page."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dure//Calls//EN", "CALSCALE:GREGORIAN"]
    for name, label in _DATES:
        at: datetime = getattr(call, name)
        lines += [
            "BEGIN:VEVENT",
            f"UID:call-{call.code}-{name}@dure",
            f"DTSTAMP:{_utc(stamped_at)}",
            f"DTSTART:{_utc(at)}",
            f"DTEND:{_utc(at + timedelta(minutes=15))}",
            f"SUMMARY:{_escaped(f'{call.title.in_(language)} · {label.in_(language)}')}",
            f"URL:{url}",
            f"STATUS:{'CANCELLED' if call.state == 'cancelled' else 'CONFIRMED'}",
            "END:VEVENT",
        ]
    return "".join(f"{line}\r\n" for whole in [*lines, "END:VCALENDAR"] for line in _folded(whole))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterable[str]:
    """The line in pieces of at most 75 octets, never inside a character; each further piece begins with a space."""
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _LONGEST_LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + width
    yield piece
