"""A Prometheus that knows one value per GPU and metric, or is silent."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import httpx


class FakePrometheus:
    """`activity` and `power` map (node, GPU) to a function of the instant; None there is no sample."""

    def __init__(self) -> None:
        self.activity, self.power = {}, {}
        self.answer_with: tuple[int, bytes] | None = None
        self.asked: list[dict[str, str]] = []

    def answer(self, body: bytes) -> tuple[int, bytes]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.asked.append(form)
        if self.answer_with is not None:
            return self.answer_with
        source = self.power if "POWER" in form["query"] else self.activity
        start, end, step = (int(form[name]) for name in ("start", "end", "step"))
        result = []
        for (node, gpu), value in source.items():
            values = [[t, str(value(t))] for t in range(start, end + 1, step) if value(t) is not None]
            result.append({"metric": {"Hostname": f"{node}.site.kr", "gpu": str(gpu)}, "values": values})
        return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()

    def transport(self) -> httpx.MockTransport:
        def respond(request: httpx.Request) -> httpx.Response:
            status, content = self.answer(request.read())
            return httpx.Response(status, content=content)

        return httpx.MockTransport(respond)


class PrometheusServer:
    """`prometheus` on a real socket."""

    def __init__(self, prometheus: FakePrometheus) -> None:
        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = prometheus.answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> PrometheusServer:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
