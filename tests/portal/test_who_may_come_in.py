"""Who may read and who may write at every address: all others are kept out, and an address without a rule fails.

`who_may_come_in.txt` holds the rule of each: route, who reads, who writes. "anyone" and "signed-in" are meant for
everybody (what they show and take is the person's own); otherwise the kinds of people of `one_of_each` are named, and
"-" is nobody. A rule with a question mark is meant so, but the things of `one_of_each` are in no state to show it.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from dure.portal.urls import api
from tests.portal import one_of_each as each
from tests.portal import realised as world
from tests.portal.leaks import routes

pytestmark = pytest.mark.django_db
RULES = Path(__file__).with_name("who_may_come_in.txt")
SKIPPED = ("accounts/",)  # allauth's own; tests/portal/people/test_accounts.py walks them
# Who tries to write, and who tries to read; the others of `one_of_each` are only let in.
STRANGERS = (("visitor", "other", "auditor", "manager"), ("visitor", "other", "recused", "kakao"))
QUERIES = {"api/clusters/<code>/capacity": "?first=2026-04"}
FORM = {
    "reason": "x", "text": "x", "email": "head-ours@example.org", "note": "x", "answer": "x", "justification": "x",
    "title": "x", "kind": "family", "evidence": "x", "truth": "on", "action": "submit", "verdict": "approve",
    "nodes": "1", "months": "1", "label": "x", "days": "30", "confirm": "on", "name": "x", "role": "member",
}  # fmt: skip
_PART = re.compile(r"<(?:\w+:)?(\w+)>")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Whether one may come in is decided before a page is drawn, so none is: that would take most of the time."""
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: each.NOW)
    monkeypatch.setattr("django.template.loader.render_to_string", lambda *args, **kwargs: "")
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@functools.cache
def document() -> dict[str, Any]:
    """The API's own description."""
    return api.get_openapi_schema()


def path_of(route: str, ids: Mapping[str, str]) -> str:
    """The address of a route with the identifiers of things that are there."""

    def value(match: re.Match[str]) -> str:
        special = [key for key in ids if key.endswith(f":{match[1]}") and route.startswith(key.split(":")[0])]
        return ids[max(special, key=len) if special else match[1]]

    return "/" + _PART.sub(value, route) + QUERIES.get(route, "")


def methods(route: str) -> list[str]:
    """GET, and what an address may be written to with: for the API what its document names."""
    if not route.startswith("api/"):
        return ["get", "post"]
    named = document()["paths"].get("/" + _PART.sub(r"{\1}", route), {"post": {}})
    return ["get", *(method for method in named if method != "get")]


def bodies() -> dict[tuple[str, str], Any]:
    """A body that fits the schema, by method and path of the API: what does not fit is refused before who asks."""
    found = {}
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                found[method, path] = content.get("example") or _example(content["schema"])
    return found


def _example(schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
    if schema.get("format") == "date-time":
        return "2026-06-01T00:00:00Z"
    plain = {"integer": schema.get("minimum", 1), "boolean": True, "array": [], "number": 1}
    return plain.get(schema.get("type", ""), "x" * schema.get("minLength", 1))


class Door:
    """Tries addresses as one person or another, and takes back whatever that wrote."""

    def __init__(self) -> None:
        self.ids = each.one_of_each()
        self.people = {kind: world.signed_in(one) if one else Client() for kind, one in each.people_of().items()}
        self.bodies = bodies()
        for client in self.people.values():
            client.raise_request_exception = False

    def tries(self, kind: str, method: str, route: str) -> tuple[bool, bool]:
        """Whether the person got past the door, and whether anything was written."""
        cache.clear()
        path, sent = path_of(route, self.ids), {}
        if method != "get" and route.startswith("api/"):
            body = self.bodies.get((method, "/" + _PART.sub(r"{\1}", route)), {})
            sent = {"data": body, "content_type": "application/json"}
        elif method != "get":
            sent = {"data": FORM}
        writes: list[str] = []

        def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            if sql.startswith(("INSERT", "UPDATE", "DELETE")):
                writes.append(sql)
            return execute(sql, *rest)

        with transaction.atomic(), connection.execute_wrapper(watch):
            response = getattr(self.people[kind], method)(path, **sent)
            response.close()
            transaction.set_rollback(True)
        if response.status_code == 405:
            return False, False
        to_sign_in = response.status_code == 302 and response["Location"].startswith("/accounts/login/")
        return not (to_sign_in or response.status_code in (401, 403, 404)), bool(writes)


def rules() -> dict[str, tuple[str, str]]:
    """Who reads and who writes, by route."""
    lines = [line.split("|") for line in RULES.read_text().splitlines() if not line.startswith("#")]
    return {route.strip().replace("(front)", ""): (reads.strip(), writes.strip()) for route, reads, writes in lines}


def kinds(said: str) -> list[str]:
    """The kinds of people a rule names."""
    plain = {"anyone": [*each.KINDS], "signed-in": [*each.KINDS[1:]], "-": []}
    return plain.get(said.lstrip("?"), said.lstrip("?").split())


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    known = {route for route in routes() if not route.startswith(SKIPPED)}
    assert known == set(rules()), "say in who_may_come_in.txt who reads and who writes there"
    named = {kind for pair in rules().values() for said in pair for kind in said.lstrip("?").split()}
    assert named <= {*each.KINDS, "anyone", "signed-in", "-"}


@pytest.mark.slow
def test_nobody_comes_in_who_should_not_and_whoever_should_does(quick: None) -> None:
    """Whoever is no reader comes no further than the door, whoever is no writer writes nothing, and no GET writes.

    One of those who may come in does: so nobody is kept out only because what is asked for is not there.
    """
    door, wrong = Door(), []
    for route, rule in sorted(rules().items()):
        readers, writers = map(kinds, rule)
        for method in methods(route):
            meant = readers if method == "get" else writers
            for kind in STRANGERS[method == "get"]:
                if kind not in meant:
                    came, wrote = door.tries(kind, method, route)
                    if wrote or (came and kind not in readers):
                        wrong.append(f"{method} {route}: {kind} {'wrote' if wrote else 'came in'}")
        for said, tried in zip(rule, (["get"], methods(route)[1:]), strict=True):
            if not said.startswith("?") and kinds(said):
                found = [door.tries(kinds(said)[-1], method, route) for method in tried]
                if not any(came for came, _ in found) or (tried == ["get"] and found[0][1]):
                    wrong.append(f"{'/'.join(tried)} {route}: {kinds(said)[-1]} did not come in, or wrote by reading")
    assert not wrong, "\n".join(wrong)
