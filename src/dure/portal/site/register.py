"""Who got what: the public register of awards, its sums, its file and its open data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from dure.core.errors import NotFound
from dure.core.period import Period
from dure.core.text import Text
from dure.portal.awards import queries as awards
from dure.portal.awards.queries import AwardView
from dure.portal.framework import programme
from dure.portal.outcomes import queries as outcomes
from dure.portal.plans import queries as plans

CLASS, REGION = "holder__applicant_class", "holder__region"
MODEL, CLUSTER = "cluster__gpu_model", "cluster__code"
FILTERS = {"class": CLASS, "region": REGION, "model": MODEL, "cluster": CLUSTER, "call": "application__call__code"}
ORDERS = {
    "number": "number",
    "organisation": "holder__name",
    "class": CLASS,
    "region": REGION,
    "cluster": CLUSTER,
    "nodes": "nodes",
    "start": "start_at",
}


@dataclass(frozen=True)
class Result:
    """One award as everybody may read it."""

    number: str
    call_code: str
    title: Text
    organisation: Text
    applicant_class: Text
    region: Text
    research_field: Text
    cluster: Text
    provider: Text
    gpu_model: str
    nodes: int
    requested_nodes: int
    gpus_per_node: int
    start_at: datetime
    end_at: datetime
    state: str
    is_synthetic: bool
    codes: Mapping[str, str]

    @property
    def gpus(self) -> int:
        """GPUs awarded."""
        return self.nodes * self.gpus_per_node

    @property
    def period(self) -> Period:
        """From when to when."""
        return Period(self.start_at, self.end_at)


@dataclass(frozen=True)
class Totals:
    """Sums over the register: awards, nodes and GPUs, and GPUs by class, region, model and cluster."""

    awards: int
    organisations: int
    nodes: int
    gpus: int
    by: Mapping[str, list[tuple[Text, int]]]


@dataclass(frozen=True)
class Why:
    """The public part of why an award was made."""

    reviewers: int
    criteria: tuple[tuple[Text, int], ...]
    pass_mark: int
    rule: str
    problem_hash: str
    plan_hash: str
    programme_hash: str
    decided_at: datetime | None
    reasons: tuple[Text, ...]


def names() -> dict[str, dict[str, Text]]:
    """What the programme calls its codes."""
    return _names(programme.current_hash())


@cache
def _names(programme_hash: str) -> dict[str, dict[str, Text]]:
    current = programme.current()
    return {
        "field": {f.code: f.name for f in current.research_fields},
        "provider": {p.code: p.name for p in current.providers},
        "class": {c.code: c.name for c in current.applicant_classes},
        "region": {r.code: r.name for r in current.regions},
        "model": {m.code: Text(m.name, m.name) for m in current.gpu_models},
        "cluster": {c.code: c.name for c in current.government_clusters},
    }


def rows(*, text: str = "", sort: str = "number", **wanted: str) -> QuerySet[Any]:
    """The register filtered by `wanted` (keys of FILTERS) and by `text`, to be paged with `result_of`."""
    found = awards.public_register()
    for key, column in FILTERS.items():
        if wanted.get(key):
            found = found.filter(**{column: wanted[key]})
    if text:
        found = found.filter(
            Q(number__icontains=text)
            | Q(holder__name__icontains=text)
            | Q(holder__name_en__icontains=text)
            | Q(application__version__content__title__ko__icontains=text)
            | Q(application__version__content__title__en__icontains=text)
        )
    column = ORDERS.get(sort.lstrip("-"), "number")
    return found.order_by(f"-{column}" if sort.startswith("-") else column, "number")


def result_of(row: Any) -> Result:
    """One row of `rows`."""
    return _result(awards.award_view(row))


def _result(view: AwardView) -> Result:
    known = names()
    title = view.title
    codes = {
        "class": view.applicant_class,
        "region": view.region,
        "model": view.gpu_model,
        "cluster": view.cluster,
        "field": view.field,
        "organisation": view.organisation_code,
    }
    return Result(
        number=view.number,
        call_code=view.call_code,
        title=Text(title.get("ko", ""), title.get("en") or title.get("ko", "")),
        organisation=Text(view.organisation, view.organisation_en),
        applicant_class=_named(known["class"], view.applicant_class),
        region=_named(known["region"], view.region),
        research_field=_named(known["field"], view.field),
        cluster=_named(known["cluster"], view.cluster),
        provider=_named(known["provider"], view.provider),
        gpu_model=_named(known["model"], view.gpu_model).ko,
        nodes=view.nodes,
        requested_nodes=view.requested_nodes,
        gpus_per_node=view.gpus_per_node,
        start_at=view.start_at,
        end_at=view.end_at,
        state=view.state,
        is_synthetic=view.is_synthetic,
        codes=codes,
    )


def _named(known: Mapping[str, Text], code: str) -> Text:
    return known.get(code, Text(code, code))


def totals(found: QuerySet[Any]) -> Totals:
    """Sums over `found`, in one query per way of grouping."""
    plain = found.select_related(None).order_by()
    known, by = names(), {}
    for key in ("class", "region", "model", "cluster"):
        column = FILTERS[key]
        groups = plain.values(column, "cluster__gpus_per_node").annotate(held=Sum("nodes"))
        sums: dict[str, int] = defaultdict(int)
        for group in groups:
            sums[group[column]] += group["held"] * group["cluster__gpus_per_node"]
        order = list(known[key])
        ranked = sorted(sums.items(), key=lambda item: (order.index(item[0]) if item[0] in order else 99, item[0]))
        by[key] = [(_named(known[key], code), gpus) for code, gpus in ranked]
    sums_all = plain.aggregate(awards=Count("id"), nodes=Sum("nodes"), organisations=Count("holder", distinct=True))
    gpus = sum(count for _, count in by["model"])
    return Totals(sums_all["awards"], sums_all["organisations"], sums_all["nodes"] or 0, gpus, by)


_CHARTS = (
    ("class", Text("기관 유형별 GPU", "GPUs by class"), "donut"),
    ("model", Text("GPU 종류별 GPU", "GPUs by model"), "donut"),
    ("cluster", Text("클러스터별 GPU", "GPUs by cluster"), "bar"),
    ("region", Text("지역별 GPU", "GPUs by region"), "bar"),
)


def charts(sums: Totals) -> list[dict[str, Any]]:
    """The sums as charts; each carries its numbers as a table."""
    unit = Text("개", "GPUs")
    made: list[dict[str, Any]] = []
    for key, title, kind in _CHARTS:
        data = sums.by[key]
        if kind == "bar":
            data = sorted(data, key=lambda row: -row[1])
        if data:
            made.append({"kind": kind, "title": title, "unit": unit, "rows": data, "centre": f"{sums.gpus:,}"})
    return made


def result(number: str) -> Result:
    """One award of the register. Raises NotFound."""
    row = awards.public_register().filter(number=number).first()
    if row is None:
        raise NotFound(internal=f"no public award {number}")
    return result_of(row)


def why(view: Result, rubric: Any, reviewers: int, programme_hash: str) -> Why:
    """What decided it, without anybody's score: how it was judged, by which rule and from which frozen documents."""
    plan = plans.accepted(view.call_code)
    criteria = tuple((criterion.name, criterion.weight) for criterion in rubric.criteria)
    return Why(
        reviewers=reviewers,
        criteria=criteria,
        pass_mark=rubric.pass_mark,
        rule=plan.rule if plan else "",
        problem_hash=plan.problem_hash if plan else "",
        plan_hash=plan.hash if plan else "",
        programme_hash=programme_hash,
        decided_at=plan.accepted_at if plan else None,
        reasons=tuple(_reasons(view, rubric.pass_mark, plan)),
    )


def _reasons(view: Result, pass_mark: int, plan: plans.PlanView | None) -> Iterable[Text]:
    if plan is None:
        return
    yield Text(
        f"평가 점수가 통과 점수 {pass_mark}점 이상입니다.", f"Its score is at or above the pass mark of {pass_mark}."
    )
    if plan.rule == "merit":
        band = f"{plan.delta_tenths // 10}.{plan.delta_tenths % 10}"
        yield Text(
            f"점수가 {band}점 넘게 높은데도 이 과제에 밀려 선정되지 못한 신청은 없습니다.",
            f"No application scored more than {band} points higher was left out in its favour.",
        )
    else:
        yield Text(
            "전체 점수와 규모를 함께 따져 가치가 가장 크도록 배분했습니다.",
            "Servers were shared out for the highest total of scores weighted by size.",
        )
    if view.nodes == view.requested_nodes:
        yield Text(f"신청한 {view.nodes}대를 모두 배정했습니다.", f"All {view.nodes} servers asked for were awarded.")
    else:
        yield Text(
            f"신청한 {view.requested_nodes}대 가운데 {view.nodes}대를 배정했습니다.",
            f"{view.nodes} of the {view.requested_nodes} servers asked for were awarded.",
        )


HEADER = (
    "number",
    "call",
    "title_ko",
    "title_en",
    "organisation_ko",
    "organisation_en",
    "applicant_class",
    "region",
    "field",
    "cluster",
    "gpu_model",
    "nodes",
    "gpus",
    "requested_nodes",
    "start_at",
    "end_at",
    "state",
    "is_synthetic",
)


def record(view: Result) -> dict[str, Any]:
    """One award as open data: codes as in the programme file, instants in UTC."""
    return dict(
        zip(
            HEADER,
            (
                view.number,
                view.call_code,
                view.title.ko,
                view.title.en,
                view.organisation.ko,
                view.organisation.en,
                view.codes["class"],
                view.codes["region"],
                view.codes["field"],
                view.codes["cluster"],
                view.codes["model"],
                view.nodes,
                view.gpus,
                view.requested_nodes,
                view.start_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                view.end_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                view.state,
                view.is_synthetic,
            ),
            strict=True,
        )
    )


def newest(limit: int = 5) -> list[Result]:
    """The latest awards, for the first page."""
    return [result_of(row) for row in awards.public_register().order_by("-offered_at", "number")[:limit]]


def published(number: str) -> list[outcomes.ReportView]:
    """What came of an award: its approved reports."""
    return [report for report in outcomes.of_award(number) if report.state == "approved"]
