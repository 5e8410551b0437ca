"""A portal in a few lines: keeps the protocol's promises, can be away, can lose answers after committing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import httpx

from dure.core.errors import NotPermitted, Stale
from dure.protocol import wire
from dure.protocol.answers import Acknowledged, Lease, Receipt, Receipts, Refusal, Renewed
from dure.protocol.desired import DesiredAllocation, DesiredMaintenance, DesiredState
from dure.protocol.inventory import Inventory
from dure.protocol.report import LeaseClaim, Report, TokenRenewal
from dure.protocol.usage import UsagePost, UsageWindow

TOKEN = "secret-of-c-1"


class FakePortal:
    """One cluster's side of a portal, in memory."""

    def __init__(self, cluster: str, now: datetime, kind: str = "virtual") -> None:
        self.cluster, self.now, self.kind = cluster, now, kind
        self.allocations: dict[str, DesiredAllocation] = {}
        self.maintenance: tuple[DesiredMaintenance, ...] = ()
        self.generation = 0
        self.epoch, self.holder = 0, None
        self.windows: dict[str, UsageWindow] = {}
        self.outcomes: list[str] = []
        self.report: Report | None = None
        self.inventory: Inventory | None = None
        self.requests: list[tuple[str, str, int]] = []
        self.tokens, self.next_token = [TOKEN], None
        self.is_away = False
        self.lose_answers_to: set[str] = set()
        self._lock = Lock()

    def want(self, *allocations: DesiredAllocation) -> None:
        """Add or change allocations, as one generation."""
        with self._lock:
            for allocation in allocations:
                self.allocations[allocation.id] = allocation
            self.generation += 1

    def change(self, ident: str, **changes) -> None:
        """The next generation of one allocation."""
        old = self.allocations[ident]
        fields = {**old.model_dump(), **changes, "generation": old.generation + 1}
        self.want(DesiredAllocation.model_validate(fields))

    def announce(self, *works: DesiredMaintenance) -> None:
        """Work on nodes, added as one generation."""
        with self._lock:
            self.maintenance += works
            self.generation += 1

    def call_off(self, name: str) -> None:
        """Announced work that is not to be, as one generation."""
        with self._lock:
            self.maintenance = tuple(
                work.model_copy(update={"present": False}) if work.name == name else work for work in self.maintenance
            )
            self.generation += 1

    def desired(self) -> DesiredState:
        return DesiredState(
            cluster=self.cluster,
            generation=self.generation,
            epoch=self.epoch,
            allocations=tuple(self.allocations.values()),
            maintenance=self.maintenance,
        )

    def advance(self, **delta) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def total(self, column: str) -> int:
        """The sum of a column over the latest revision of every hour."""
        return sum(getattr(row, column) for window in self.latest() for row in window.rows)

    def latest(self) -> list[UsageWindow]:
        newest: dict[datetime, UsageWindow] = {}
        for window in self.windows.values():
            if window.start not in newest or newest[window.start].revision < window.revision:
                newest[window.start] = window
        return [newest[start] for start in sorted(newest)]

    def condition(self, kind: str, ident: str | None = None):
        """The (status, reason) last reported."""
        if ident is None:
            found = self.report.conditions
        else:
            found = next(a for a in self.report.allocations if a.id == ident).conditions
        return next((c.status, c.reason) for c in found if c.type == kind)

    def transport(self) -> httpx.MockTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            status, headers, body = self.answer(request.method, request.url.path, request.headers, request.read())
            if status is None:
                raise httpx.ConnectError("refused", request=request)
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(answer)

    def answer(self, method: str, path: str, headers, body: bytes):
        """(status, headers, body); status None is a broken connection."""
        if self.is_away:
            return None, {}, b""
        with self._lock:
            said = {
                wire.NOW_HEADER: wire.stamp(self.now),
                wire.CLOCK_HEADER: self.kind,
                wire.VERSION_HEADER: "1",
            }
            try:
                status, extra, content = self._route(method, path, headers, body)
            except Stale as error:
                status, extra, content = 409, {}, Refusal.of(error).model_dump_json().encode()
            except NotPermitted as error:
                status, extra, content = 401, {}, Refusal.of(error).model_dump_json().encode()
            self.requests.append((method, path, status))
            if path in self.lose_answers_to:
                return None, {}, b""
            return status, {**said, **extra}, content

    def _route(self, method, path, headers, body):
        if headers.get("Authorization") not in {f"Bearer {token}" for token in self.tokens}:
            raise NotPermitted()
        if path == wire.DESIRED_PATH:
            state = self.desired()
            if headers.get("If-None-Match") == state.etag():
                return 304, {"ETag": state.etag()}, b""
            return 200, {"ETag": state.etag()}, state.model_dump_json().encode()
        if path == wire.TOKEN_PATH:
            TokenRenewal.model_validate_json(body)
            return 200, {}, self._renewed(headers["Authorization"]).model_dump_json().encode()
        return 200, {}, self._posted(path, body).model_dump_json().encode()

    def _renewed(self, used: str) -> Renewed:
        """`next_token` for who asks with another one, which ends once the new one asks."""
        if self.next_token is None:
            return Renewed(token=None, now=self.now)
        if used == f"Bearer {self.next_token}":
            self.tokens = [self.next_token]
            return Renewed(token=None, now=self.now)
        self.tokens.append(self.next_token)
        return Renewed(token=self.next_token, now=self.now)

    def _posted(self, path, body):
        if path == wire.LEASE_PATH:
            claim = LeaseClaim.model_validate_json(body)
            if claim.instance != self.holder:
                self.epoch, self.holder = self.epoch + 1, claim.instance
            return Lease(cluster=self.cluster, instance=claim.instance, epoch=self.epoch, now=self.now)
        said = {wire.USAGE_PATH: UsagePost, wire.REPORT_PATH: Report, wire.INVENTORY_PATH: Inventory}[path]
        post = said.model_validate_json(body)
        if post.epoch < self.epoch:
            raise Stale()
        if isinstance(post, UsagePost):
            return Receipts(now=self.now, receipts=tuple(self._receive(window) for window in post.windows))
        if isinstance(post, Report):
            if self.report is None or post.done_at >= self.report.done_at:
                self.report = post
        else:
            self.inventory = post
        return Acknowledged(now=self.now)

    def _receive(self, window: UsageWindow) -> Receipt:
        known = self.windows.get(window.key)
        if known is None:
            self.windows[window.key] = window
            outcome = "accepted"
        else:
            outcome = "duplicate" if known.digest() == window.digest() else "conflict"
        self.outcomes.append(outcome)
        return Receipt(key=window.key, outcome=outcome, digest=window.digest())


class PortalServer:
    """`portal` on a real socket, for agents that are processes of their own."""

    def __init__(self, portal: FakePortal) -> None:
        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._do("GET")

            def do_POST(self):
                self._do("POST")

            def _do(self, method):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = portal.answer(method, self.path, self.headers, body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> PortalServer:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def as_json(model) -> object:
    return json.loads(model.model_dump_json())
