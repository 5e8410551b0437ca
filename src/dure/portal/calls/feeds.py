"""Everything public that happened to calls, newest first, as Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from dure.core.text import Text
from dure.portal.calls import queries
from dure.portal.calls.queries import CallView, EventView
from dure.portal.calls.words import EVENTS

MOST = 60
TITLE = Text("공모 소식", "Calls: news")
Entry = tuple[CallView, EventView]


def entries() -> list[Entry]:
    """The newest public events of all public calls."""
    found = [(call, event) for call in queries.calls() for event in queries.events(call.code)]
    return sorted(found, key=lambda one: (one[1].at, one[0].code), reverse=True)[:MOST]


def title(entry: Entry, language: str) -> str:
    """What happened to which call."""
    call, event = entry
    return f"[{EVENTS[event.kind].in_(language)}] {call.title.in_(language)}"


def body(entry: Entry, language: str) -> str:
    """The event's text and the deadline as it now stands."""
    call, event = entry
    closes = Text(f"접수 마감: {queries.iso(call.closes_at)}", f"Deadline: {queries.iso(call.closes_at)}")
    return f"{event.text.in_(language)} {closes.in_(language)}"


def atom(found: Sequence[Entry], language: str, base: str, now: datetime) -> str:
    """The feed as Atom; `base` is the portal's address without a closing slash."""
    updated = found[0][1].at if found else now
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language)}>',
        f"<title>{escape(TITLE.in_(language))}</title><id>{escape(base)}/calls/</id>",
        f'<link rel="self" href={quoteattr(f"{base}/calls/feed.atom")}/><link href={quoteattr(f"{base}/calls/")}/>',
        f"<updated>{queries.iso(updated)}</updated><author><name>Dure</name></author>",
    ]
    for call, event in found:
        lines.append(
            f"<entry><title>{escape(title((call, event), language))}</title>"
            f"<id>{escape(_id(base, call, event))}</id><link href={quoteattr(f'{base}/calls/{call.code}/')}/>"
            f"<updated>{queries.iso(event.at)}</updated><summary>{escape(body((call, event), language))}</summary>"
            f"<category term={quoteattr(event.kind)}/></entry>"
        )
    return "\n".join([*lines, "</feed>"])


def json_feed(found: Sequence[Entry], language: str, base: str) -> dict[str, Any]:
    """The feed as JSON Feed 1.1, each item with the call's open record under `_call`."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE.in_(language),
        "language": language,
        "home_page_url": f"{base}/calls/",
        "feed_url": f"{base}/calls/feed.json",
        "items": [
            {
                "id": _id(base, call, event),
                "url": f"{base}/calls/{call.code}/",
                "title": title((call, event), language),
                "content_text": body((call, event), language),
                "date_published": queries.iso(event.at),
                "tags": [event.kind, call.track],
                "_call": queries.open_record(call),
            }
            for call, event in found
        ],
    }


def _id(base: str, call: CallView, event: EventView) -> str:
    return f"{base}/calls/{call.code}/#{event.kind}-{event.at:%Y%m%dT%H%M%S%f}"
