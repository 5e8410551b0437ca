"""The agent's side of the protocol: outbound HTTP only, every answer's time handed to the clock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from dure.agent import durable
from dure.agent.clock import Clock
from dure.agent.config import AgentConfig
from dure.core.errors import DureError, InvalidInput, Mistake, Stale
from dure.core.text import Text
from dure.protocol import wire
from dure.protocol.answers import Acknowledged, Lease, Receipts, Refusal, Renewed
from dure.protocol.desired import DesiredState
from dure.protocol.inventory import Inventory
from dure.protocol.report import LeaseClaim, Report, TokenRenewal
from dure.protocol.usage import UsagePost

Answer = TypeVar("Answer", bound=BaseModel)


class PortalUnreachable(DureError):
    """No usable answer: try again later, nothing is lost."""

    default = Text(
        "포털에 연결할 수 없습니다. 마지막으로 받은 요청대로 계속 운영하며 다시 시도합니다.",
        "The portal cannot be reached. The agent goes on from the last desired state and tries again.",
    )


class PortalRefused(DureError):
    """The portal answered and said no; its words are in the public text."""


class Portal:
    """The six doors of one portal, for one cluster."""

    def __init__(self, http: httpx.Client, token_file: Path, clock: Clock) -> None:
        self._http = http
        self._token_file = token_file
        self._clock = clock

    def claim(self, claim: LeaseClaim) -> Lease:
        """Ask to speak for the cluster."""
        return self._post(wire.LEASE_PATH, claim, Lease)

    def desired(self, etag: str | None) -> DesiredState | None:
        """What should be; None when it is still what `etag` names."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._request("GET", wire.DESIRED_PATH, headers=headers)
        return None if answer.status_code == httpx.codes.NOT_MODIFIED else _read(answer, DesiredState)

    def send_inventory(self, inventory: Inventory) -> Acknowledged:
        """Say what the cluster consists of."""
        return self._post(wire.INVENTORY_PATH, inventory, Acknowledged)

    def send_usage(self, post: UsagePost) -> Receipts:
        """Hand over windows. Raises PortalUnreachable unless there is one receipt for each."""
        receipts = self._post(wire.USAGE_PATH, post, Receipts)
        if [receipt.key for receipt in receipts.receipts] != [window.key for window in post.windows]:
            raise PortalUnreachable(internal="receipts do not match the windows sent")
        return receipts

    def send_report(self, report: Report) -> Acknowledged:
        """Say what was done and seen."""
        return self._post(wire.REPORT_PATH, report, Acknowledged)

    def renew_token(self, renewal: TokenRenewal) -> bool:
        """Put the token's successor in its file, if the portal gives one; whether it did.

        A token in a place that may not be written (a mounted secret) is left to whoever put it there.
        """
        if not os.access(self._token_file.parent, os.W_OK):
            return False
        token = self._post(wire.TOKEN_PATH, renewal, Renewed).token
        if token is not None:
            durable.write(self._token_file, f"{token}\n".encode("ascii"), is_secret=True)
        return token is not None

    def _post(self, path: str, body: BaseModel, answer: type[Answer]) -> Answer:
        content = body.model_dump_json().encode()
        return _read(self._request("POST", path, content, {"Content-Type": "application/json"}), answer)

    def _request(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = {wire.VERSION_HEADER: str(wire.PROTOCOL_VERSION), "Authorization": f"Bearer {self._token()}"}
        try:
            answer = self._http.request(method, path, content=content, headers={**sent, **(headers or {})})
        except httpx.HTTPError as error:
            raise PortalUnreachable(internal=f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
            raise PortalUnreachable(internal=f"{method} {path}: HTTP {answer.status_code}")
        self._hear(answer)
        if answer.status_code >= 400:
            raise _refusal(answer, f"{method} {path}")
        return answer

    def _hear(self, answer: httpx.Response) -> None:
        """Take the time from the answer. Raises PortalUnreachable for an answer that is no portal's."""
        version, kind = answer.headers.get(wire.VERSION_HEADER), answer.headers.get(wire.CLOCK_HEADER)
        if version is None or kind not in ("wall", "virtual"):
            raise PortalUnreachable(internal=f"HTTP {answer.status_code} without {wire.VERSION_HEADER}: not a portal")
        if version != str(wire.PROTOCOL_VERSION):
            raise PortalRefused(
                Text(
                    f"포털 프로토콜({version})과 에이전트({wire.PROTOCOL_VERSION})가 다릅니다. 갱신해 주십시오.",
                    f"The portal speaks protocol {version}, this agent {wire.PROTOCOL_VERSION}. Update the agent.",
                )
            )
        try:
            now = wire.parse_stamp(answer.headers.get(wire.NOW_HEADER, ""))
        except ValueError as error:
            raise PortalUnreachable(internal=f"{wire.NOW_HEADER}: {error}") from error
        self._clock.heard(now, kind)

    def _token(self) -> str:
        """Read at every request, so that a rotated token is used at once. Raises InvalidInput without one."""
        try:
            token = self._token_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _no_token(self._token_file, str(error)) from error
        if not token or any(letter.isspace() for letter in token):
            raise _no_token(self._token_file, "empty, or more than one word")
        return token


@contextmanager
def connected(config: AgentConfig, clock: Clock, transport: httpx.BaseTransport | None = None) -> Iterator[Portal]:
    """The portal of `config`; `transport` stands in for the network."""
    with httpx.Client(base_url=config.portal, timeout=config.timeout_seconds, transport=transport) as http:
        yield Portal(http, config.token_file, clock)


def _read(answer: httpx.Response, model: type[Answer]) -> Answer:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise PortalUnreachable(internal=f"unreadable {model.__name__}: {error}") from error


def _refusal(answer: httpx.Response, what: str) -> DureError:
    try:
        refusal = Refusal.model_validate_json(answer.content)
    except ValidationError:
        refusal = Refusal(
            error="failed",
            ko=f"포털이 요청을 거부했습니다(HTTP {answer.status_code}).",
            en=f"The portal refused the request (HTTP {answer.status_code}).",
        )
    text = Text(refusal.ko, refusal.en)
    internal = f"{what}: HTTP {answer.status_code} {refusal.error}: {refusal.en}"
    internal += "".join(f" [{mistake.where}: {mistake.en}]" for mistake in refusal.mistakes)
    return Stale(text, internal) if refusal.error == "stale" else PortalRefused(text, internal)


def _no_token(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        Mistake(
            str(path),
            Text("토큰을 읽을 수 없습니다.", "The token cannot be read."),
            Text("포털에서 발급한 토큰을 한 줄로 저장해 주십시오.", "Save the portal's token there, on one line."),
        ),
        why,
    )
