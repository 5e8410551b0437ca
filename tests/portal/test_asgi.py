"""The server's side of a request: when it came, whose turn it is, what its head says, what comes of faults."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.test import Client

from dure.portal.asgi import ARRIVED, HEAD_START, MOST_BODY, MOST_READ, TOO_LARGE, Portal, environ_of
from dure.portal.clock.queries import wall


def scope(method="GET", path="/", headers=()):
    return {
        "type": "http", "method": method, "path": path, "query_string": b"q=%EA%B0%80", "http_version": "1.1",
        "headers": headers, "client": ("10.0.0.9", 5), "server": ("127.0.0.1", 8000), "scheme": "http",
    }  # fmt: skip


def played(what):
    """What a coroutine returns, run in a thread of its own: browser tests keep an event loop in this one."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, what).result()


async def ask(portal, found, body=(b"",)):
    """Status, headers and body of an answer."""
    parts, said = list(body), []

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        said.append(message)

    await portal(found, receive, send)
    head, *rest = said
    assert not rest[-1].get("more_body")
    return head["status"], dict(head["headers"]), b"".join(one["body"] for one in rest)


def echo(environ, start):
    start("200 OK", [("X-Length", environ["CONTENT_LENGTH"])])
    return [environ["wsgi.input"].read(), b"!"]


def test_a_body_in_pieces_arrives_whole():
    status, headers, text = played(ask(Portal(echo), scope("POST"), (b"two ", b"rivers")))
    assert (status, headers[b"x-length"], text) == (200, b"10", b"two rivers!")


def test_of_a_body_that_is_too_long_nothing_is_kept_and_not_all_is_read():
    seen, piece = [], b"0" * (MOST_BODY // 2 + 1)

    def note(environ, start):
        seen.append((environ[TOO_LARGE], environ["CONTENT_LENGTH"], environ["wsgi.input"].read()))
        start("200 OK", [])
        return [b""]

    played(ask(Portal(note), scope("POST"), (b"0" * MOST_BODY,)))
    for times in (2, 3, 2 * MOST_READ // MOST_BODY + 9):
        played(ask(Portal(note), scope("POST"), (piece,) * times))
    assert [(is_over, length, len(kept)) for is_over, length, kept in seen] == [
        (False, str(MOST_BODY), MOST_BODY), *[(True, "0", 0)] * 3,
    ]  # fmt: skip


def test_whoever_has_gone_is_not_answered():
    async def leave():
        return {"type": "http.disconnect"}

    async def never(_message):
        raise AssertionError

    played(Portal(echo)(scope("POST"), leave, never))


@pytest.mark.parametrize(("path", "words"), [("/support/new/", "20MB까지"), ("/api/support", '"kind": "TooLarge"')])
def test_what_is_too_large_is_refused_in_words_with_a_remedy(db, path, words):
    answer = Client().post(path, **{TOO_LARGE: True})
    text = answer.content.decode().encode().decode("unicode_escape" if "api" in path else "utf-8")
    assert answer.status_code == 413 and words in text and "나누어" in text and "이전 화면으로" not in text


def test_the_head_as_wsgi_has_it():
    headers = [
        (b"host", b"gpu.example.org"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"content-type", b"text/plain"),
        (b"x-forwarded-for", b"1.2.3.4"), (b"x_forwarded_for", b"6.6.6.6"),
    ]  # fmt: skip
    found = environ_of(scope(path="/공모/", headers=headers))
    assert found["HTTP_COOKIE"] == "a=1; b=2" and found["CONTENT_TYPE"] == "text/plain"
    assert found["HTTP_X_FORWARDED_FOR"] == "1.2.3.4", "an underscore does not pass for a dash"
    assert found["PATH_INFO"].encode("latin1").decode() == "/공모/" and found["REMOTE_ADDR"] == "10.0.0.9"


def test_a_request_counts_from_its_arrival_however_long_it_waits():
    stamps, go = list[datetime](), threading.Event()

    def slow(environ, start):
        go.wait(5)
        stamps.append(environ[ARRIVED])
        start("200 OK", [])
        return [b""]

    async def crowd():
        portal = Portal(slow, threads=1)
        waiting = [asyncio.ensure_future(ask(portal, scope())) for _ in range(3)]
        await asyncio.sleep(0.05)
        taken_in = wall()
        go.set()
        await asyncio.gather(*waiting)
        return taken_in

    taken_in = played(crowd())
    assert len(stamps) == 3 and all(stamp <= taken_in for stamp in stamps)


def test_what_is_sent_goes_before_pages_that_wait():
    order, go = list[str](), threading.Event()

    def slow(environ, start):
        go.wait(5)
        order.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [b""]

    async def crowd():
        portal = Portal(slow, threads=1)
        asked = [("GET", "/first"), ("GET", "/page"), ("GET", "/list"), ("POST", "/submit")]
        waiting = []
        for method, path in asked:
            waiting.append(asyncio.ensure_future(ask(portal, scope(method, path))))
            await asyncio.sleep(0.02)
        go.set()
        await asyncio.gather(*waiting)

    played(crowd())
    assert order == ["/first", "/submit", "/page", "/list"] and HEAD_START > 1


def test_a_fault_is_the_requests_and_the_thread_goes_on():
    def faulty(environ, start):
        if environ["PATH_INFO"] == "/bad":
            raise RuntimeError("out of order")
        return echo(environ, start)

    portal = Portal(faulty, threads=1)

    async def both():
        with pytest.raises(RuntimeError):
            await ask(portal, scope(path="/bad"))
        return await ask(portal, scope("POST"), (b"still here",))

    assert played(both())[2] == b"still here!"
