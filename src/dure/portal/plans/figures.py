"""Figures of plans for people: charts, and the rows of the table that lays plans side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.scenario import Setting, settings
from dure.portal.calls import queries as calls
from dure.portal.framework import programme
from dure.portal.plans.posing import READER
from dure.portal.plans.queries import PlanView

_NODES = Text("대", "servers")
_NODE_MONTHS = Text("서버·월", "server-months")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the comparison: what is compared, what it means, (plan's title, value) per plan, how values are
    shown."""

    label: Any
    form: str
    cells: tuple[Any, ...]
    why: Any = ""


def of_plan(plan: PlanView) -> list[dict[str, Any]]:
    """Charts of one plan: use by month, awarded shares by class and region."""
    if plan.measures is None:
        return []
    months = _months(plan.measures)
    use = [
        (name, [month["used"], month["there"] - month["used"]])
        for name, month in zip(months, plan.measures["months"], strict=True)
    ]
    series = [Text("배정", "Awarded"), Text("남음", "Free")]
    title = Text("달마다 쓰는 서버", "Servers in use by month")
    charts = [{"kind": "columns", "size": "full", "title": title, "unit": _NODES, "series": series, "rows": use}]
    return [*charts, *_share_bars(plan.measures)]


def _share_bars(measures: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for key, title in (
        ("applicant_class", Text("기관 유형별 배정", "Awarded by class")),
        ("region", Text("지역별 배정", "Awarded by region")),
    ):
        named = _names(key)
        rows = [(named.get(word, Text(word, word)), one["held"]) for word, one in measures["shares"][key].items()]
        rows = sorted(((label, held) for label, held in rows if held), key=lambda row: -row[1])
        if rows:
            found.append({"kind": "bar", "title": title, "unit": _NODE_MONTHS, "rows": rows})
    return found


def side_by_side(plans: Sequence[PlanView]) -> list[dict[str, Any]]:
    """Charts of several plans: use by month, shares by class and by area."""
    told = [plan for plan in plans if plan.measures]
    if len(told) != len(plans):
        return []
    most = max((month["there"] for plan in told for month in (plan.measures or {})["months"]), default=0)
    lines = [(plan.title, [month["used"] for month in (plan.measures or {})["months"]]) for plan in told]
    found = [
        {
            "kind": "line",
            "size": "full",
            "title": Text("달마다 쓰는 서버", "Servers in use by month"),
            "unit": _NODES,
            "labels": _months(told[0].measures or {}),
            "series": lines,
            "top": most,
        }
    ]
    for key, title, series in _groupings():
        rows = [
            (plan.title, [sum(_held(plan, key, word) for word in words) for _name, words in series]) for plan in told
        ]
        names = [name for name, _words in series]
        found.append({"kind": "stacked", "title": title, "unit": _NODE_MONTHS, "series": names, "rows": rows})
    return found


def _groupings() -> list[tuple[str, Text, list[tuple[Text, tuple[str, ...]]]]]:
    current = programme.current()
    classes: list[tuple[Text, tuple[str, ...]]] = [(one.name, (one.code,)) for one in current.applicant_classes]
    capital = tuple(one.code for one in current.regions if one.is_capital_area)
    others = tuple(one.code for one in current.regions if not one.is_capital_area)
    areas: list[tuple[Text, tuple[str, ...]]] = [
        (Text("수도권", "Capital area"), capital),
        (Text("비수도권", "Outside it"), others),
    ]
    return [
        ("applicant_class", Text("기관 유형별 배정", "Awarded by class"), classes),
        ("region", Text("수도권과 비수도권", "Capital area and outside"), areas),
    ]


def _held(plan: PlanView, key: str, word: str) -> int:
    held: int = (plan.measures or {})["shares"][key].get(word, {"held": 0})["held"]
    return held


def _names(key: str) -> dict[str, Text]:
    current = programme.current()
    members = current.applicant_classes if key == "applicant_class" else current.regions
    return {one.code: one.name for one in members}


def _months(measures: Mapping[str, Any]) -> list[str]:
    first, per_month = Month.parse(measures["first_month"]), measures["slots_per_month"]
    return [str(first.plus(slot // per_month))[2:] for slot in range(len(measures["months"]))]


def lines(plans: Sequence[PlanView]) -> list[Line]:
    """The comparison, row by row."""

    def row(label: Any, form: str, of: Callable[[PlanView], Any], why: Any = "") -> Line:
        return Line(label, form, tuple((plan.title, of(plan)) for plan in plans), why)

    return [
        row(_("가치"), "number", lambda plan: plan.value),
        row(_("최적과의 차이(증명됨)"), "percent", lambda plan: plan.gap),
        row(
            _("위원회 방식 대비 가치"),
            "percent",
            _against_committee,
            _("점수순으로 신청한 만큼 채워 가는 방식의 가치를 100 %로 보았습니다."),
        ),
        row(_("선정"), "number", lambda plan: plan.awards),
        row(_("선정된 신청의 평균 점수"), "text", _mean_score),
        row(_("서버 활용률(전체 기간)"), "percent", _use),
        row(_("첫 달에 쓰는 서버"), "number", lambda plan: plan.first_month_nodes),
        row(_("정당한 불만"), "number", lambda plan: plan.envy),
        row(
            _("규모에 대한 불만"),
            "number",
            lambda plan: plan.size_envy,
            _("다른 선정의 서버를 줄였다면 들어갈 수 있었던, 점수가 더 높은 신청의 수입니다."),
        ),
        row(_("선정된 기관"), "number", lambda plan: (_measure(plan, "organisations") or {}).get("count")),
        row(_("가장 많이 받은 기관의 몫"), "percent", _largest),
        row(_("집중도(HHI)"), "number", lambda plan: (_measure(plan, "organisations") or {}).get("concentration")),
        row(_("지원금"), "won", lambda plan: _measure(plan, "cost_won")),
        row(_("자부담"), "won", lambda plan: _measure(plan, "fee_won")),
        row(_("손으로 바꾼 신청"), "number", lambda plan: len(plan.overrides)),
    ]


def targets(plans: Sequence[PlanView]) -> list[dict[str, Any]]:
    """Target shares: for each, what every plan aimed at and what it reached, as fractions of the supply."""
    call = calls.call(plans[0].call_code, READER)
    found = []
    for one in settings(programme.current(), call.track):
        wanted = [plan.changes.rules.get(one.name, one.present) for plan in plans]
        if "-target-" in one.name and any(wanted) and all(plan.measures for plan in plans):
            cells = [
                {"title": plan.title, "wanted": Fraction(number or 0, 1000), "got": _got(plan, one)}
                for plan, number in zip(plans, wanted, strict=True)
            ]
            found.append({"label": one.label, "cells": cells})
    return found


def _got(plan: PlanView, setting: Setting) -> Fraction:
    key = "applicant_class" if setting.group == "class" else "region"
    held = sum(_held(plan, key, word) for word in setting.about)
    return Fraction(held, max(1, _measure(plan, "supply")))


def rule_costs(plans: Sequence[PlanView]) -> list[dict[str, Any]]:
    """What each rule cost in each plan, in value and as a fraction of it; rules that cost nothing anywhere last."""
    labels: dict[str, Any] = {}
    costs: dict[str, dict[int, int]] = {}
    for plan in plans:
        for rule in plan.rules:
            labels.setdefault(rule["name"], rule["label"])
            costs.setdefault(rule["name"], {})[plan.id] = rule["cost"]
    found = []
    for name, by_plan in costs.items():
        cells = [
            {"title": plan.title, "cost": by_plan.get(plan.id), "share": _of_value(by_plan.get(plan.id), plan.value)}
            for plan in plans
        ]
        found.append({"label": labels[name], "cells": cells})
    return sorted(found, key=lambda one: -max(cell["cost"] or 0 for cell in one["cells"]))


def _of_value(cost: int | None, value: int | None) -> Fraction | None:
    return None if cost is None or not value else Fraction(cost, value)


def _measure(plan: PlanView, name: str) -> Any:
    return None if plan.measures is None else plan.measures[name]


def _mean_score(plan: PlanView) -> str | None:
    mean = _measure(plan, "score_hundredths")
    return None if mean is None else f"{mean // 100}.{mean % 100:02d}"


def _against_committee(plan: PlanView) -> Fraction | None:
    before = _measure(plan, "committee_value")
    return Fraction(plan.value, before) if before and plan.value is not None else None


def _use(plan: PlanView) -> Fraction | None:
    return None if plan.measures is None else Fraction(plan.measures["held"], max(1, plan.measures["supply"]))


def _largest(plan: PlanView) -> Fraction | None:
    if plan.measures is None:
        return None
    largest = plan.measures["organisations"]["largest"]
    return Fraction(largest[0]["held"], max(1, plan.measures["held"])) if largest else Fraction(0)
