"""The usage JSON API: a person's hours, and the door through which agents hand over windows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month, months_touched
from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.fleet.doors import agent_token, documented, door, read
from dure.portal.fleet.queries import Caller
from dure.portal.framework.api import answers, signed_in
from dure.portal.framework.programme import zone
from dure.portal.usage import operations, queries
from dure.protocol.answers import Receipts, Refusal
from dure.protocol.usage import UsagePost

router = Router(tags=["usage"])

POST = {
    "cluster": "naver-h200-a",
    "instance": "gw1-7f3a",
    "epoch": 1,
    "windows": [
        {
            "cluster": "naver-h200-a",
            "start": "2026-04-01T00:00:00Z",
            "end": "2026-04-01T01:00:00Z",
            "revision": 0,
            "rows": [
                {
                    "allocation": "a-25-1-0007",
                    "allocated_node_seconds": 7200,
                    "allocated_gpu_seconds": 57600,
                    "running_gpu_seconds": 43200,
                    "busy_gpu_seconds": 36000,
                    "missing_gpu_seconds": 0,
                    "energy_joules": 21600000,
                    "jobs": 2,
                    "idle_lead_seconds": 0,
                    "idle_longest_seconds": 600,
                    "idle_tail_seconds": 600,
                }
            ],
        }
    ],
}


class MonthUse(Schema):
    """One allocation's use in one calendar month: three different measures, in whole seconds."""

    month: str
    allocated_node_seconds: int
    allocated_gpu_seconds: int
    running_gpu_seconds: int
    busy_gpu_seconds: int
    missing_gpu_seconds: int
    energy_joules: int


@router.get("/allocations/{name}/usage", auth=signed_in, response=answers(list[MonthUse]))
def show_usage(request: HttpRequest, name: str, first: str = "", last: str = "") -> list[dict[str, Any]]:
    """An allocation's use by month, from `first` to `last` (YYYY-MM), by default its whole period so far."""
    found = allocations.allocation(name, request.auth)
    months = [month for month, _ in months_touched(found.period, zone())]
    try:
        start, end = Month.parse(first or str(months[0])), Month.parse(last or str(months[-1]))
    except ValueError as error:
        what = Text("달은 2026-04처럼 적어 주십시오.", "Write the month as 2026-04.")
        raise InvalidInput(Mistake("first", what)) from error
    wanted = [month for month in months if start <= month <= end]
    return [
        {"month": str(month)} | {name: getattr(use, name) for name in MonthUse.model_fields if name != "month"}
        for month, use in sorted(queries.hours(found.cluster, found.name, wanted).items())
    ]


@router.post(
    "/agent/v1/usage",
    auth=agent_token,
    tags=["agent"],
    response={200: Receipts, (401, 403, 409, 422, 429): Refusal},
    openapi_extra=documented(UsagePost, POST),
)
@door
def take_usage(request: HttpRequest, caller: Caller, now: datetime) -> Receipts:
    """Up to 200 hourly windows, each received exactly once; the answer comes after they are committed."""
    receipts = operations.receive(now=now, post=read(request, UsagePost, caller))
    return Receipts(now=now, receipts=tuple(receipts))
