"""What the doors of the agent protocol share: token, rate limit, headers on every answer, refusals in its own words.

A view behind a door takes (request, caller, now) and returns a message of `dure.protocol`; `documented` puts the
body it expects, with an example, into OpenAPI. Bodies are read by pydantic straight from the bytes: a day of usage of
a large cluster is a megabyte.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from ninja.security import HttpBearer
from pydantic import BaseModel, ValidationError

from dure.core.errors import DureError, InvalidInput, Mistake, NotPermitted
from dure.core.text import Text
from dure.portal.clock import queries as clock
from dure.portal.fleet import operations, queries
from dure.portal.fleet.queries import Caller
from dure.portal.framework.arrival import address_of
from dure.portal.framework.http import status_of
from dure.portal.framework.letters import refused
from dure.portal.framework.limits import is_over
from dure.protocol import wire
from dure.protocol.answers import Refusal

Message = TypeVar("Message", bound=BaseModel)
View = Callable[[HttpRequest, Caller, datetime], BaseModel | HttpResponse]

PER_MINUTE = 6000  # an agent polls every 10 s; this stops only one that runs wild
STRANGERS_PER_MINUTE = 30

_WHO = Text(
    "토큰이 없거나 만료되었거나 폐기되었습니다. 포털의 클러스터 화면에서 새로 발급해 주십시오.",
    "The token is missing, expired or revoked. Issue a new one on the cluster's page in the portal.",
)
_SLOWER = Text("요청이 너무 잦습니다. 1분 뒤에 다시 보내 주십시오.", "Too many requests. Send again in a minute.")
_OTHER = Text(
    "이 토큰은 다른 클러스터의 것입니다. 에이전트 설정의 클러스터와 토큰을 확인해 주십시오.",
    "This token belongs to another cluster. Check cluster and token in the agent's configuration.",
)
_VERSION = Text(
    f"지원하지 않는 프로토콜 판입니다. 판 {wire.PROTOCOL_VERSION}을 쓰는 에이전트로 바꾸어 주십시오.",
    f"This protocol version is not spoken here. Use an agent that speaks version {wire.PROTOCOL_VERSION}.",
)


class Stranger:
    """Somebody without a live token."""


class AgentToken(HttpBearer):
    """A bearer token bound to one cluster. Strangers are let as far as the door, which answers in its own words."""

    def __call__(self, request: HttpRequest) -> Caller | Stranger:
        """The caller, or a stranger."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token.strip() if kind.lower() == "bearer" else "")

    def authenticate(self, request: HttpRequest, token: str) -> Caller | Stranger:
        """Who a token speaks for."""
        return queries.cluster_of_token(token, request.now) or Stranger()


agent_token = AgentToken()


def door(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """A view as a door: only live tokens pass, every answer says the time, every refusal is a `Refusal`."""

    @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def wrapped(request: HttpRequest) -> HttpResponse:
        now: datetime = request.now.replace(microsecond=0)  # instants on the wire are whole seconds
        try:
            answer = _pass(request, view, now)
        except DureError as error:
            answer = _refuse(error, status_of(error))
        answer[wire.VERSION_HEADER] = str(wire.PROTOCOL_VERSION)
        answer[wire.NOW_HEADER] = wire.stamp(now)
        answer[wire.CLOCK_HEADER] = "virtual" if clock.is_virtual() else "wall"
        return answer

    del wrapped.__wrapped__  # ninja would read the view's own parameters as query parameters
    return wrapped


def _pass(request: HttpRequest, view: View, now: datetime) -> HttpResponse:
    caller = request.auth
    if not isinstance(caller, Caller):
        if is_over(f"agent:stranger:{address_of(request)}", STRANGERS_PER_MINUTE, 60):
            return _slower()
        return _refuse(NotPermitted(_WHO), 401)
    if is_over(f"agent:token:{caller.token_id}", PER_MINUTE, 60):
        return _slower()
    if request.headers.get(wire.VERSION_HEADER) != str(wire.PROTOCOL_VERSION):
        raise InvalidInput(Mistake(wire.VERSION_HEADER, _VERSION))
    operations.note_seen(now=now, cluster=caller.cluster, token_id=caller.token_id)
    answer = view(request, caller, now)
    return answer if isinstance(answer, HttpResponse) else _json(answer, 200)


def _json(message: BaseModel, status: int) -> HttpResponse:
    return HttpResponse(message.model_dump_json(), content_type="application/json", status=status)


def _refuse(error: DureError, status: int) -> HttpResponse:
    return _json(Refusal.of(error), status)


def _slower() -> HttpResponse:
    answer = _refuse(NotPermitted(_SLOWER), 429)
    answer["Retry-After"] = "60"
    return answer


def read(request: HttpRequest, model: type[Message], caller: Caller) -> Message:
    """The request's body as `model`. Raises InvalidInput naming each field, NotPermitted for another cluster."""
    if b"\\u0000" in request.body:  # pydantic takes it for a letter; no database keeps it
        raise refused("body")
    try:
        message = model.model_validate_json(request.body)
    except ValidationError as error:
        raise InvalidInput(
            [
                Mistake(
                    ".".join(str(part) for part in fault["loc"]) or "body",
                    Text(f"값이 맞지 않습니다: {fault['msg']}.", f"{fault['msg']}."),
                )
                for fault in error.errors(include_url=False, include_input=False)[:20]
            ]
        ) from error
    if message.cluster != caller.cluster:
        raise NotPermitted(_OTHER, f"token of {caller.cluster} speaks for {message.cluster}")
    return message


def documented(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a door that expects `model`. Raises ValidationError when the example is not one."""
    model.model_validate(example)
    schema = model.model_json_schema()
    body = {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {})), "example": example}}
    return {"requestBody": {"required": True, "content": body}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """`schema` with its references replaced by what they name: OpenAPI resolves them from the document's root."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    return {key: _inlined(value, definitions) for key, value in schema.items()}
