"""The Kubernetes API as plain REST: read, list in pages, apply on the server's side, delete; failures told apart.

Documented at kubernetes.io under "API concepts" (paging, resource versions, status answers) and "Server-Side Apply".
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import ClusterUnreachable, StepRefused
from dure.core.text import Text

Object = dict[str, Any]
FIELD_MANAGER = "dure-agent"
PAGE = 500
_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


class Conflict(StepRefused):
    """The object was changed since it was read."""


class KubernetesApi:
    """One API server, spoken to with a bearer token that is read anew at every request."""

    def __init__(self, options: KubernetesOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._options = options
        self._transport = transport
        self._http: httpx.Client | None = None

    def get(self, path: str) -> Object | None:
        """The object at `path`; None when there is none. Raises ClusterUnreachable."""
        answer = self._send("GET", path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._read(answer, "GET", path)

    def items(self, path: str, **query: str) -> list[Object]:
        """All objects of a collection, page after page. Raises ClusterUnreachable, also where there is no such kind."""
        for _ in range(2):
            found = self._pages(path, query)
            if found is not None:
                return found
        raise ClusterUnreachable(internal=f"GET {path}: the list changed faster than it could be read")

    def apply(self, path: str, body: Object) -> None:
        """Make the fields of `body` so, and ours. Raises Conflict when `body` names an older resource version."""
        self._write("PATCH", path, body, _APPLY, {"fieldManager": FIELD_MANAGER, "force": "true"})

    def merge(self, path: str, body: Object) -> None:
        """Change single fields of an object that is not ours. Raises as `apply` does."""
        self._write("PATCH", path, body, _MERGE, {"fieldManager": FIELD_MANAGER})

    def delete(self, path: str) -> None:
        """Ask for the deletion of an object and of what it owns; that it is gone already is no failure."""
        answer = self._send("DELETE", path, params={"propagationPolicy": "Background"})
        if answer.status_code != httpx.codes.NOT_FOUND and answer.status_code >= 400:
            raise _refused(answer, "DELETE", path)

    def wait_gone(self, path: str, seconds: float = 10) -> None:
        """Wait a little for an object to be gone. Raises StepRefused, to be asked again in the next cycle."""
        deadline = time.monotonic() + seconds
        while self.get(path) is not None:
            if time.monotonic() >= deadline:
                why = f"{path.rpartition('/')[2]} is still ending"
                raise StepRefused(Text(f"아직 정리되는 중입니다: {path}", f"Still being cleared away: {path}"), why)
            time.sleep(0.25)

    def again(self, attempt: Callable[[], None], times: int = 3) -> None:
        """Do a read and write that others may come between, a few times. Raises Conflict when they always do."""
        for _ in range(times - 1):
            try:
                return attempt()
            except Conflict:
                continue
        return attempt()

    def _pages(self, path: str, query: Mapping[str, str]) -> list[Object] | None:
        """All pages, or None when the list expired between two of them."""
        found: list[Object] = []
        after = ""
        while True:
            params = {**query, "limit": str(PAGE), **({"continue": after} if after else {})}
            answer = self._send("GET", path, params=params)
            if answer.status_code == httpx.codes.GONE:
                return None
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise ClusterUnreachable(internal=f"GET {path}: the server knows no such kind. Is Kueue installed?")
            page = self._read(answer, "GET", path)
            found += page.get("items") or []
            after = page.get("metadata", {}).get("continue") or ""
            if not after:
                return found

    def _write(self, method: str, path: str, body: Object, kind: str, params: Mapping[str, str]) -> None:
        answer = self._send(method, path, json=body, params=params, headers={"Content-Type": kind})
        if answer.status_code == httpx.codes.CONFLICT:
            raise Conflict(internal=f"{method} {path}: {_words(answer)}")
        if answer.status_code >= 400:
            raise _refused(answer, method, path)

    def _read(self, answer: httpx.Response, method: str, path: str) -> Object:
        if answer.status_code >= 400:
            raise ClusterUnreachable(internal=f"{method} {path}: HTTP {answer.status_code} {_words(answer)}")
        try:
            found = answer.json()
        except ValueError as error:
            raise ClusterUnreachable(internal=f"{method} {path}: no JSON: {error}") from error
        if not isinstance(found, dict):
            raise ClusterUnreachable(internal=f"{method} {path}: not an object")
        return found

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._token()}", **more.pop("headers", {})}
        try:
            answer = self._client().request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            raise ClusterUnreachable(internal=f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status_code >= 500 or answer.status_code in (401, 408, 429):
            raise ClusterUnreachable(internal=f"{method} {path}: HTTP {answer.status_code} {_words(answer)}")
        return answer

    def _client(self) -> httpx.Client:
        """Opened at the first request, so that a missing certificate is a cluster out of reach and not a crash."""
        if self._http is None:
            options = self._options
            verify: ssl.SSLContext | bool = True
            if options.ca_file is not None and self._transport is None and options.server.startswith("https:"):
                try:
                    verify = ssl.create_default_context(cafile=str(options.ca_file))
                except OSError as error:
                    raise ClusterUnreachable(internal=f"{options.ca_file}: {error}") from error
            self._http = httpx.Client(
                base_url=options.server, timeout=options.timeout_seconds, verify=verify, transport=self._transport
            )
        return self._http

    def _token(self) -> str:
        try:
            token = self._options.token_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ClusterUnreachable(internal=f"{self._options.token_file}: {error}") from error
        if not token:
            raise ClusterUnreachable(internal=f"{self._options.token_file} is empty")
        return token


def _words(answer: httpx.Response) -> str:
    """What the server says: the message of its Status object."""
    try:
        said = answer.json()
    except ValueError:
        return " ".join(answer.text.split())[:300]
    return str(said.get("message", ""))[:500] if isinstance(said, dict) else ""


def _refused(answer: httpx.Response, method: str, path: str) -> StepRefused:
    own = _words(answer)
    public = Text(f"쿠버네티스가 거부했습니다: {own}", f"Kubernetes refused: {own}")
    return StepRefused(public, f"{method} {path}: HTTP {answer.status_code} {own}")
