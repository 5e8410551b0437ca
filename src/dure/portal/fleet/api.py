"""The fleet's JSON API: clusters and capacity for people, inventory for agents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.fleet import operations, queries
from dure.portal.fleet.doors import agent_token, documented, door, read
from dure.portal.fleet.queries import Caller
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.protocol.answers import Acknowledged, Refusal, Renewed
from dure.protocol.inventory import Inventory
from dure.protocol.report import TokenRenewal

router = Router(tags=["fleet"])

INVENTORY = {
    "cluster": "naver-h200-a",
    "instance": "gw1-7f3a",
    "epoch": 1,
    "seen_at": "2026-04-01T00:00:00Z",
    "nodes": [{"name": "naver-h200-a-001", "leaf": "0", "gpus": 8, "gpu_model": "h200", "state": "ready"}],
}
MOST_MONTHS = 60


class ClusterOut(Schema):
    """A cluster."""

    code: str
    provider: str
    name: TextOut
    gpu_model: str
    gpus_per_node: int
    nodes: int
    share: str
    scheduler: str
    engine: str
    delivered_at: datetime
    retired_at: datetime
    agent_seen_at: datetime | None


class CapacityOut(Schema):
    """Node-seconds of a month; supplied is the sum of the others."""

    month: str
    supplied: int
    awarded: int
    self_use: int
    maintenance: int
    free: int


@router.get("/clusters", auth=signed_in, response=answers(list[ClusterOut]))
def list_clusters(request: HttpRequest) -> list[queries.ClusterView]:
    """The clusters this person may see."""
    return queries.clusters(request.auth)


@router.get("/clusters/{code}", auth=signed_in, response=answers(ClusterOut))
def show_cluster(request: HttpRequest, code: str) -> queries.ClusterView:
    """One cluster."""
    return queries.cluster(code, request.auth)


@router.get("/clusters/{code}/capacity", auth=signed_in, response=answers(list[CapacityOut]))
def show_capacity(request: HttpRequest, code: str, first: str, months: int = 12) -> list[dict[str, Any]]:
    """What held a cluster's node-seconds, by month from `first` (YYYY-MM), at most 60 months."""
    queries.cluster(code, request.auth)
    try:
        start = Month.parse(first)
    except ValueError as error:
        what = Text("달은 2026-04처럼 적어 주십시오.", "Write the month as 2026-04.")
        raise InvalidInput(Mistake("first", what)) from error
    wanted = [start.plus(offset) for offset in range(max(1, min(months, MOST_MONTHS)))]
    return [
        {
            "month": str(found.month),
            "supplied": found.supplied,
            "awarded": found.awarded,
            "self_use": found.self_use,
            "maintenance": found.maintenance,
            "free": found.free,
        }
        for found in queries.capacity(code, wanted)
    ]


@router.post(
    "/agent/v1/inventory",
    auth=agent_token,
    tags=["agent"],
    response={200: Acknowledged, (401, 403, 409, 422, 429): Refusal},
    openapi_extra=documented(Inventory, INVENTORY),
)
@door
def take_inventory(request: HttpRequest, caller: Caller, now: datetime) -> Acknowledged:
    """All nodes of the cluster as its agent sees them; the newest `seen_at` wins."""
    operations.record_inventory(now=now, inventory=read(request, Inventory, caller))
    return Acknowledged(now=now)


@router.post(
    "/agent/v1/token",
    auth=agent_token,
    tags=["agent"],
    response={200: Renewed, (401, 403, 409, 422, 429): Refusal},
    openapi_extra=documented(TokenRenewal, {"cluster": "naver-h200-a", "instance": "gw1-7f3a", "epoch": 1}),
)
@door
def renew_token(request: HttpRequest, caller: Caller, now: datetime) -> Renewed:
    """A successor once the token asked with is in the second half of its life; asking with it ends the one before."""
    renewal = read(request, TokenRenewal, caller)
    return Renewed(token=operations.renew_token(now=now, renewal=renewal, token_id=caller.token_id), now=now)
