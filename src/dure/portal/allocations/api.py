"""The allocations' JSON API: a person's allocations, and three doors for agents: lease, desired state, report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dure.portal.allocations import operations, queries
from dure.portal.fleet.doors import agent_token, documented, door, read
from dure.portal.fleet.queries import Caller
from dure.portal.framework.api import answers, signed_in
from dure.portal.framework.lists import PAGE_SIZE, paged
from dure.protocol.answers import Acknowledged, Lease, Refusal
from dure.protocol.desired import DesiredState
from dure.protocol.report import LeaseClaim, Report

router = Router(tags=["allocations"])

LEASE = {"cluster": "naver-h200-a", "instance": "gw1-7f3a"}
REPORT = {
    "cluster": "naver-h200-a",
    "instance": "gw1-7f3a",
    "epoch": 1,
    "observed_generation": 12,
    "done_at": "2026-04-01T00:00:00Z",
    "conditions": [{"type": "UsageDelivered", "status": "true", "reason": "Delivered"}],
    "allocations": [
        {
            "id": "a-25-1-0007",
            "generation": 12,
            "nodes": ["naver-h200-a-001", "naver-h200-a-002"],
            "conditions": [{"type": "Ready", "status": "true", "reason": "Applied", "observed_generation": 12}],
        }
    ],
}
REFUSALS = {(401, 403, 409, 422, 429): Refusal}


class AllocationOut(Schema):
    """An allocation."""

    name: str
    award_number: str
    cluster: str
    gpu_model: str
    gpus_per_node: int
    state: str
    node_names: list[str]
    start_at: datetime
    end_at: datetime
    ready_at: datetime | None
    is_applied: bool


class AllocationsOut(Schema):
    """One page of allocations."""

    rows: list[AllocationOut]
    number: int
    total: int


@router.get("/allocations", auth=signed_in, response=answers(AllocationsOut))
def list_allocations(request: HttpRequest, state: str = "", cluster: str = "", page: int = 1) -> dict[str, Any]:
    """The allocations this person may see, 50 to a page."""
    found = paged(queries.listing(request.auth, state=state, cluster=cluster), page, queries.view_of, PAGE_SIZE)
    return {"rows": list(found.rows), "number": found.number, "total": found.total}


@router.get("/allocations/{name}", auth=signed_in, response=answers(AllocationOut))
def show_allocation(request: HttpRequest, name: str) -> queries.AllocationView:
    """One allocation."""
    return queries.allocation(name, request.auth)


@router.post(
    "/agent/v1/lease",
    auth=agent_token,
    tags=["agent"],
    response={200: Lease, **REFUSALS},
    openapi_extra=documented(LeaseClaim, LEASE),
)
@door
def claim_lease(request: HttpRequest, caller: Caller, now: datetime) -> Lease:
    """Speak for a cluster. Another instance than the present one takes the next epoch and fences the older off."""
    claim = read(request, LeaseClaim, caller)
    epoch = operations.claim(now=now, cluster=claim.cluster, instance=claim.instance)
    return Lease(cluster=claim.cluster, instance=claim.instance, epoch=epoch, now=now)


@router.get("/agent/v1/desired", auth=agent_token, tags=["agent"], response={200: DesiredState, 304: None, **REFUSALS})
@door
def get_desired(request: HttpRequest, caller: Caller, now: datetime) -> HttpResponse | DesiredState:
    """What should be on the cluster; 304 when `If-None-Match` names the newest."""
    known = request.headers.get("If-None-Match", "")
    if known and known == queries.desired_tag(caller.cluster):
        answer = HttpResponse(status=304)
        answer["ETag"] = known
        return answer
    generation, etag, document = queries.desired(caller.cluster)
    if not document:
        state = DesiredState(cluster=caller.cluster, generation=generation, epoch=0)
        etag, document = state.etag(), state.model_dump_json()
    answer = HttpResponse(document, content_type="application/json")
    answer["ETag"] = etag
    return answer


@router.post(
    "/agent/v1/report",
    auth=agent_token,
    tags=["agent"],
    response={200: Acknowledged, **REFUSALS},
    openapi_extra=documented(Report, REPORT),
)
@door
def take_report(request: HttpRequest, caller: Caller, now: datetime) -> Acknowledged:
    """The agent's account of its cluster; the newest `done_at` of the newest epoch wins."""
    operations.record_report(now=now, report=read(request, Report, caller))
    return Acknowledged(now=now)
