"""What a person needs to know before applying, as rows: prices, limits, capacity; and whether they may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dure.core.period import Month
from dure.core.text import Text
from dure.decide import eligibility, pricing
from dure.decide.eligibility import Applicant, Eligibility, Request
from dure.portal.calls.queries import CallView
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme as programmes
from dure.programme.competition import Limit, Rubric, Track

OF_ORGANISATION = ("organisation-verified", "nominated")  # not known before somebody applies


@dataclass(frozen=True)
class Price:
    """What one node costs for one month, for one class of applicant; won."""

    applicant_class: Text
    is_youth: bool
    gpu_model: str
    self_pay: int
    subsidy: int
    market: int


@dataclass(frozen=True)
class Offered:
    """Nodes of one cluster on offer, and how many of the cluster's are free in each month of use."""

    name: Text
    provider: Text
    gpu_model: str
    nodes: int
    gpus_per_node: int
    free: Sequence[tuple[Month, int]]

    @property
    def least_free(self) -> int | None:
        """The fewest free in any month, None while the fleet is not loaded."""
        return min((count for _, count in self.free), default=None)


@dataclass(frozen=True)
class Quote:
    """What a request costs on one GPU model, for its whole period; won."""

    gpu_model: str
    nodes: int
    months: int
    price: int
    self_pay: int
    subsidy: int
    self_pay_per_month: int


def programme_rubric() -> Rubric:
    """What is judged where a call says nothing of its own."""
    return programmes.current().rubric


def tracks() -> Sequence[Track]:
    """The programme's tracks."""
    return programmes.current().tracks


def prices(call: CallView) -> list[Price]:
    """Every class that may apply by every GPU model on offer; youth companies on a line of their own."""
    programme, found = programmes.current(), []
    youth_classes = programme.youth.applicant_classes if programme.youth else ()
    for code in call.rules.applicant_classes:
        for is_youth in (False, True) if code in youth_classes else (False,):
            for model in offered_models(call):
                one = pricing.estimate(
                    programme, gpu_model=model, applicant_class=code, is_youth=is_youth, nodes=1, months=1
                )
                name = programme.applicant_class(code).name
                charge = one.per_month
                found.append(Price(name, is_youth, _model_name(model), charge.self_pay, charge.subsidy, charge.price))
    return found


def limits(call: CallView) -> list[tuple[str, Limit]]:
    """The limits of each GPU model on offer, with its name."""
    return [(_model_name(m), limit) for m in offered_models(call) if (limit := call.rules.limit(m)) is not None]


def automatic(call: CallView) -> list[tuple[str, int, int]]:
    """Model name, nodes and months up to which an eligible request needs no verifier."""
    return [(_model_name(line.gpu_model), line.nodes, line.months) for line in call.rules.automatic]


def offered_models(call: CallView) -> list[str]:
    """Codes of the GPU models on offer, in the programme's order."""
    programme = programmes.current()
    there = {programme.cluster(code).gpu_model for code in call.offered}
    return [model.code for model in programme.gpu_models if model.code in there]


def offer(call: CallView) -> list[Offered]:
    """What is on offer, cluster by cluster, with the fleet's own calendar of free nodes."""
    programme, zone = programmes.current(), programmes.zone()
    first, end = Month.of(call.use_from, zone), Month.of(call.use_until, zone)
    months = [first.plus(offset) for offset in range(end.minus(first))]
    loaded = {cluster.code for cluster in fleet.clusters()}
    found = []
    for code, nodes in call.offered.items():
        cluster = programme.cluster(code)
        free = fleet.free_per_month(code, months) if code in loaded else {}
        found.append(
            Offered(
                cluster.name,
                programme.provider(cluster.provider).name,
                _model_name(cluster.gpu_model),
                nodes,
                cluster.gpus_per_node,
                sorted(free.items()),
            )
        )
    return found


def quotes(applicant: Applicant, request: Request) -> list[Quote]:
    """What the request costs on each model it names, the most wanted first; models the programme lacks are left out."""
    programme = programmes.current()
    known = {model.code for model in programme.gpu_models}
    found = []
    for model in request.gpu_models:
        if model not in known:
            continue
        one = pricing.estimate(
            programme,
            gpu_model=model,
            applicant_class=applicant.applicant_class,
            is_youth=applicant.is_youth,
            nodes=request.requested_nodes,
            months=request.months,
        )
        whole = one.whole
        found.append(
            Quote(
                _model_name(model),
                request.requested_nodes,
                request.months,
                whole.price,
                whole.self_pay,
                whole.subsidy,
                one.per_month.self_pay,
            )
        )
    return found


def check(call: CallView, applicant: Applicant, request: Request) -> Eligibility:
    """Whether such an applicant may ask for this; nothing is said that only a known organisation has."""
    found = eligibility.check(programmes.current(), call.rules, applicant, request, call.terms, "submit")
    return Eligibility(tuple(one for one in found.findings if one.code not in OF_ORGANISATION))


def _model_name(code: str) -> str:
    return programmes.current().gpu_model(code).name
