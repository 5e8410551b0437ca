"""Calls as open data, and their operations for programmes that run them from elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.decide.estimator import CONTEXT_TOKENS, Kind, Need
from dure.portal.calls import nominations_api, operations, queries, sizing
from dure.portal.framework.api import TextOut, answers, refuse_too_often, signed_in

router = Router(tags=["calls"])
router.add_router("", nominations_api.router)


class CallOut(Schema):
    """A call: the record its page, feed, calendar and notice are made from."""

    code: str
    track: str
    title: TextOut
    summary: TextOut
    state: str
    opens_at: datetime
    closes_at: datetime
    decide_by: datetime
    use_from: datetime
    use_until: datetime
    offered: dict[str, int]
    questions: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    programme_hash: str
    is_synthetic: bool


class EventOut(Schema):
    """A public, dated event of a call."""

    at: datetime
    kind: str
    text: TextOut
    changes: list[dict[str, Any]]


class NeedIn(Schema):
    """What is to be done, in whole parameters and tokens; for whom a size would be priced."""

    kind: Kind
    gpu: str
    parameters: int = Field(le=10**18)
    tokens: int = Field(0, le=10**18)
    output_tokens: int = Field(0, le=10**18)
    total_parameters: int = Field(0, ge=0, le=10**18)
    context_tokens: int = Field(CONTEXT_TOKENS, le=10**8)
    efficiency_percent: int | None = None
    development_percent: int = 0
    applicant_class: str
    is_youth: bool = False

    def need(self) -> Need:
        """As the estimator takes it."""
        return Need(**self.model_dump(exclude={"applicant_class", "is_youth"}))


class HoursOut(Schema):
    """GPU-hours: if all goes well, as a rule, if it does not."""

    low: int
    typical: int
    high: int


class AssumptionOut(Schema):
    """What the figure rests on, and where it comes from (empty: our own choice)."""

    text: TextOut
    source: str


class SizeOut(Schema):
    """Servers for months, the GPU-hours of it that can be used, and its cost in the currency's smallest unit."""

    nodes: int
    months: int
    gpu_hours: int
    covers_typical: bool
    covers_high: bool
    price: int
    self_pay: int
    subsidy: int


class AccuracyOut(Schema):
    """Of `runs` published training runs, how many are met within a factor of two."""

    within: int
    runs: int


class EstimateOut(Schema):
    """How many GPUs, for how long, at what cost. `is_checked`: such work was compared with published figures."""

    gpu_model: str
    hours: HoursOut
    least_gpus: int
    least_nodes: int
    sizes: list[SizeOut]
    assumptions: list[AssumptionOut]
    accuracy: AccuracyOut
    is_checked: bool


class Both(Schema):
    """A text in both languages."""

    ko: str
    en: str

    def text(self) -> Text:
        """As the core writes it."""
        return Text(self.ko, self.en)


class CallIn(Schema):
    """A call to compose."""

    code: str
    track: str
    title: Both
    summary: Both | None = None
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    decide_by: AwareDatetime
    use_from: AwareDatetime
    use_until: AwareDatetime
    offered: dict[str, int]
    questions: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []


class ExtensionIn(Schema):
    """A later deadline and its public reason."""

    closes_at: AwareDatetime
    decide_by: AwareDatetime | None = None
    reason: Both


class PublicReasonIn(Schema):
    """A public reason."""

    reason: Both


STEPS = {
    "announce": operations.announce,
    "take-over": operations.take_over,
    "open": operations.open,
    "close": operations.close,
    "start-review": operations.start_review,
    "start-deciding": operations.start_deciding,
}


@router.get("/calls", response=answers(list[CallOut]), auth=None, summary="All public calls")
def calls(request: HttpRequest, state: str = "") -> list[dict[str, Any]]:
    """The latest opening first; only those in `state` when given."""
    return [queries.open_record(one) for one in queries.calls(request.actor, [state] if state else ())]


@router.get("/calls/{code}", response=answers(CallOut), auth=None, summary="One call")
def call(request: HttpRequest, code: str) -> dict[str, Any]:
    """A call by its code."""
    return queries.open_record(queries.call(code, request.actor))


@router.get("/calls/{code}/events", response=answers(list[EventOut]), auth=None, summary="What happened to a call")
def events(request: HttpRequest, code: str) -> list[queries.EventView]:
    """Public events, oldest first."""
    return queries.events(code, request.actor)


@router.get("/calls/{code}/estimate", response=answers(EstimateOut), auth=None, summary="How many GPUs are needed")
def estimate(request: HttpRequest, code: str, wanted: Query[NeedIn]) -> Any:
    """GPU-hours with range, sizes within the call's limits, every assumption."""
    if refused := refuse_too_often(request, "calls.api.estimate", 120, 10):
        return refused
    found = sizing.size(queries.call(code, request.actor), wanted.need(), wanted.applicant_class, wanted.is_youth)
    sizes = [
        {
            **{name: getattr(one.suggestion, name) for name in ("nodes", "months", "gpu_hours")},
            **{name: getattr(one.suggestion, name) for name in ("covers_typical", "covers_high")},
            **{name: getattr(one.cost, name) for name in ("price", "self_pay", "subsidy")},
        }
        for one in found.sizes
    ]
    return {
        "gpu_model": found.gpu_model,
        "hours": found.estimate.hours,
        "least_gpus": found.estimate.least_gpus,
        "least_nodes": found.least_nodes,
        "sizes": sizes,
        "assumptions": found.assumptions,
        "accuracy": found.accuracy,
        "is_checked": found.is_checked,
    }


@router.post("/calls", response=answers(CallOut, created=True), auth=signed_in, summary="Compose a call")
def compose(request: HttpRequest, body: CallIn) -> Status[dict[str, Any]]:
    """A draft; announce it to make it public."""
    columns = body.model_dump(exclude={"title", "summary"})
    summary = body.summary.text() if body.summary else None
    operations.compose(actor=request.actor, now=request.now, title=body.title.text(), summary=summary, **columns)
    return Status(201, queries.open_record(queries.call(body.code, request.actor)))


@router.post("/calls/{code}/extend", response=answers(CallOut), auth=signed_in, summary="Extend the deadline")
def extend(request: HttpRequest, code: str, body: ExtensionIn) -> dict[str, Any]:
    """Public, with its reason."""
    operations.extend(
        actor=request.actor,
        now=request.now,
        code=code,
        closes_at=body.closes_at,
        decide_by=body.decide_by,
        reason=body.reason.text(),
    )
    return queries.open_record(queries.call(code, request.actor))


@router.post("/calls/{code}/cancel", response=answers(CallOut), auth=signed_in, summary="Cancel a call")
def cancel(request: HttpRequest, code: str, body: PublicReasonIn) -> dict[str, Any]:
    """Public, with its reason; it cannot be undone."""
    operations.cancel(actor=request.actor, now=request.now, code=code, reason=body.reason.text())
    return queries.open_record(queries.call(code, request.actor))


@router.post("/calls/{code}/steps/{step}", response=answers(CallOut), auth=signed_in, summary="Take the next step")
def step(request: HttpRequest, code: str, step: str) -> dict[str, Any]:
    """`step` is announce, take-over, open, close, start-review or start-deciding."""
    if step not in STEPS:
        raise NotFound(internal=f"no step {step!r}")
    STEPS[step](actor=request.actor, now=request.now, code=code)
    return queries.open_record(queries.call(code, request.actor))
