"""The application that granian serves: a request is stamped as it arrives and then waits its turn for a thread.

Django runs in a few threads, each with its own database connection. What is sent (a submission, an autosave) goes
before pages that are only looked at, by `HEAD_START`: in the last minute before a deadline it does not wait for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from queue import PriorityQueue
from tempfile import SpooledTemporaryFile
from threading import Lock, Thread
from typing import IO, Any, Protocol

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # small matrices (a panel's scores): other threads only get in the way
django = get_wsgi_application()

from dure.portal.clock.queries import wall  # noqa: E402 (its models need Django to be set up)
from dure.portal.framework.arrival import ARRIVED, MOST_BODY, TOO_LARGE  # noqa: E402

THREADS = 4
HEAD_START = 15.0  # seconds: no page waits longer than this for what was sent after it
MOST_READ = 128 * 2**20  # bytes: of what is too large so much is read and forgotten, so that its sender hears why
KEPT_IN_MEMORY = 2**20
LOOKING = ("GET", "HEAD", "OPTIONS")

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Wsgi(Protocol):
    """What a WSGI application is."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object], /) -> Iterable[bytes]:
        """Answer."""


class Turns:
    """Threads that do what waits, the earliest turn first; they start with the first work."""

    def __init__(self, threads: int) -> None:
        self._waiting: PriorityQueue[tuple[float, int, Callable[[], None]]] = PriorityQueue()
        self._numbers, self._wanted, self._lock = count(), threads, Lock()

    def wait(self, turn: float, work: Callable[[], None]) -> None:
        """Have `work` done; it must not raise."""
        with self._lock:
            for _ in range(self._wanted):
                Thread(target=self._keep_working, daemon=True).start()
            self._wanted = 0
        self._waiting.put((turn, next(self._numbers), work))

    def _keep_working(self) -> None:
        while True:
            self._waiting.get()[2]()


class Portal:
    """The ASGI side of a WSGI application."""

    def __init__(self, wsgi: Wsgi, threads: int = THREADS) -> None:
        self._wsgi, self._turns = wsgi, Turns(threads)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Stamp, take the body in, wait for a thread, pass on what it says."""
        if scope["type"] != "http":
            raise ValueError(f"the portal speaks HTTP, not {scope['type']}")
        environ = environ_of(scope) | {ARRIVED: wall()}
        turn = time.monotonic() - (0 if scope["method"] in LOOKING else HEAD_START)
        with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as body:
            length = await _take_in(receive, body)
            if length is None:
                return  # nobody waits for an answer
            environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(body.tell()), TOO_LARGE: length > MOST_BODY}
            body.seek(0)
            loop, said = asyncio.get_running_loop(), asyncio.Queue[Message | Exception | None]()

            def say(message: Message | Exception | None) -> None:
                loop.call_soon_threadsafe(said.put_nowait, message)

            self._turns.wait(turn, lambda: _answer(self._wsgi, environ, say))
            while (message := await said.get()) is not None:
                if isinstance(message, Exception):
                    raise message
                await send(message)


async def _take_in(receive: Receive, body: IO[bytes]) -> int | None:
    """Write the request's body into `body` and say how long it is; None where the client has gone.

    Of one that is too long nothing is kept, and no more than `MOST_READ` bytes are read.
    """
    length, is_whole = 0, False
    while not is_whole and length <= MOST_READ:
        message = await receive()
        if message["type"] != "http.request":
            return None
        piece = message.get("body", b"")
        length, is_whole = length + len(piece), not message.get("more_body")
        if length <= MOST_BODY:
            body.write(piece)
        else:
            body.seek(0)
            body.truncate()
    return length


def _answer(wsgi: Wsgi, environ: dict[str, Any], say: Callable[[Message | Exception | None], None]) -> None:
    """Run the WSGI application in this thread; its answer goes to `say` piece by piece, None at the end."""

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        pairs = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        say({"type": "http.response.start", "status": int(status.split()[0]), "headers": pairs})

    try:
        chunks = wsgi(environ, start)
        try:
            for chunk in chunks:
                say({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        say({"type": "http.response.body", "body": b""})
        say(None)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the request's to raise, not this thread's)
        say(error)


def environ_of(scope: Message) -> dict[str, Any]:
    """A request's head as WSGI has it. Names with an underscore are dropped: they would pass for those with a dash."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin1").upper()
        if "_" in name:
            continue
        key = "CONTENT_TYPE" if name == "CONTENT-TYPE" else f"HTTP_{name.replace('-', '_')}"
        between = "; " if name == "COOKIE" else ","
        text = value.decode("latin1")
        found[key] = f"{found[key]}{between}{text}" if key in found else text
    return found


application = Portal(django)
