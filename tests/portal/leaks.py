"""Walks every address of the portal as one person and looks for what that person may not know.

Each address is asked for with the identifiers of the hidden thing and, beside it, with identifiers of nothing at all.
The two answers must be alike: status, text, and the number of database queries, which is what a clock would see of it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

BODY = {
    "reason": "x", "kind": "family", "evidence": "x", "text": "x", "action": "submit", "named": "", "truth": "on",
    "points": {}, "to_applicant": "", "to_panel": "", "q": "x", "wish": "eager", "verdict": "feasible",
    "upholds": True, "slot_id": 1, "note": "x", "place": "x", "starts_at": "2026-03-01T10:00:00+09:00", "numbers": [],
    "reviewer_ids": [], "minutes": 30, "count": 1, "title": "x", "to": "programme", "ministry": "msit",
    "organisation_id": 1, "project": "x", "item_id": None,
}  # fmt: skip
PLAIN = {"verb": "approve", "event": "open", "step": "title", "version": "1", "shape": "list", "month": "2026-04"}
SKIPPED = ("accounts/", "display/", "api/agent/", "design/", "api/docs", "api/openapi")
SEARCHED = (
    "search/", "results/", "published/", "applications/", "awards/", "reviews/", "organisations/join/", "api/results",
    "api/outcomes", "api/organisations", "api/support", "journal/", "billing/", "allocations/", "mail/",
    "reviews/mine/",
)  # fmt: skip
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Hidden:
    """What must not be known: `words` that must not be read, and identifiers by the name addresses give them.

    `nothing` holds, by the same names, identifiers of nothing.
    """

    words: Sequence[str]
    real: Mapping[str, str]
    nothing: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """One answer: status, text without what differs at every request, and the number of queries behind it."""

    status: int
    text: str
    queries: int


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    """Every route of the portal."""
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield route
        else:
            yield from routes(one, route)


def walk(client: Client, hidden: Hidden) -> list[str]:
    """Every leak found, as a sentence; an empty list is what is wanted."""
    client.raise_request_exception = False  # an address out of order must be so for nothing too
    leaks = []
    for route in sorted(set(routes())):
        if route.startswith(SKIPPED) or "(?P" in route:
            continue
        names = _CONVERTER.findall(route)
        real, nothing = filled(route, hidden.real), filled(route, {**hidden.real, **hidden.nothing})
        for method in ("get", "post", "put"):
            if method == "put" and not route.startswith("api/"):
                continue
            one = ask(client, method, real, hidden)
            leaks += [f"{method} {real}: shows {word!r}" for word in hidden.words if word in one.text]
            if set(names) & set(hidden.nothing):
                leaks += _differences(one, ask(client, method, nothing, hidden), f"{method} {real}")
        if route in SEARCHED:
            leaks += _searched(client, "/" + route, hidden)
    return leaks


def filled(route: str, given: Mapping[str, str]) -> str:
    """The address of a route with these identifiers."""
    return "/" + _CONVERTER.sub(lambda m: _value(m[1], given), route)


def _value(name: str, given: Mapping[str, str]) -> str:
    return given.get(name) or PLAIN.get(name) or ("999999" if name.endswith("_id") else "nothing")


def _searched(client: Client, path: str, hidden: Hidden) -> list[str]:
    """A search for the hidden words finds as much as a search for nonsense, in all forms of the list."""
    leaks = []
    for word in hidden.words:
        for form in ("", "&format=csv", "&format=xlsx") if not path.startswith("/api/") else ("",):
            one = ask(client, "get", f"{path}?q={quote(word)}{form}", hidden, word)
            other = ask(client, "get", f"{path}?q=zqxj{form}", hidden, "zqxj")
            leaks += _differences(one, other, f"get {path}?q={word}{form}")
    return leaks


def _differences(one: Answer, other: Answer, where: str) -> list[str]:
    leaks = []
    if one.status != other.status:
        leaks.append(f"{where}: status {one.status}, but {other.status} for nothing")
    elif one.text != other.text:
        leaks.append(f"{where}: another text than for nothing")
    if one.queries != other.queries:
        leaks.append(f"{where}: {one.queries} queries, but {other.queries} for nothing")
    return leaks


def ask(client: Client, method: str, path: str, hidden: Hidden, asked: str = "") -> Answer:
    """One request, whatever it wrote taken back; what was asked for is no news and is left out of the text."""
    cache.clear()
    client.cookies.pop("messages", None)  # what an earlier request said belongs to that one
    sent: dict[str, Any] = {}
    if method != "get":
        sent = {"data": BODY, "content_type": "application/json"} if path.startswith("/api/") else {"data": _flat()}
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = getattr(client, method)(path, **sent)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    kept = content.decode("utf-8", "replace") + " ".join(f"{k}: {v}" for k, v in response.headers.items())
    if response.headers.get("Content-Type", "").startswith("application/vnd.openxmlformats"):
        kept = str(_cells(content))
    return Answer(response.status_code, _same(kept, path, hidden, asked), len(queries))


def _flat() -> dict[str, str]:
    return {key: value for key, value in BODY.items() if isinstance(value, str)}


def _cells(content: bytes) -> list[Any]:
    import io

    from openpyxl import load_workbook

    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active.iter_rows()]


def _same(text: str, path: str, hidden: Hidden, asked: str) -> str:
    text = re.sub(r'value="\w{64}"|csrftoken=\w+|Content-Length: \d+|nonce[-=][^\s"\']+', "", text)
    for form in (asked, quote(asked), quote_plus(asked), html.escape(asked)) if asked else ():
        text, path = text.replace(form, ""), path.replace(form, "")
    text = text.replace(path, "").replace(path.replace("&", "&amp;"), "")
    for given in (*hidden.real.values(), *hidden.nothing.values()):
        if given in path and not given.isdigit():  # a bare number stands in many places; the path is gone already
            text = re.sub(rf"(?<![\w-]){re.escape(given)}(?![\w-])", "", text)
    return text
