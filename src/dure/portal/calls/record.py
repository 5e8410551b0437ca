"""The whole public record of a call as JSON: page, feeds, calendar and every form of the notice are made from it."""

from __future__ import annotations

from typing import Any

from dure.core import canonical
from dure.core.text import Text
from dure.portal.calls import facts, queries
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.people.actor import NOBODY, Actor


def full(call: CallView, actor: Actor = NOBODY) -> dict[str, Any]:
    """Everything a person needs to know of a call; instants in UTC, money in the currency's smallest unit."""
    current = programmes.current()
    return queries.open_record(call) | {
        "timezone": current.timezone,
        "currency": current.currency.code,
        "track_rules": _rules(call),
        "applicant_classes": [_class(code) for code in call.rules.applicant_classes],
        "limits": [
            {"gpu_model": name, "min_nodes": limit.min_nodes, "max_nodes": limit.max_nodes}
            for name, limit in facts.limits(call)
        ],
        "offer": _offer(call),
        "prices_per_node_month": _prices(call),
        "rubric": call.rubric.model_dump(mode="json"),
        "rounds": [
            {"code": one.code, "round": one.number, "state": one.state}
            | {name: queries.iso(getattr(one, name)) for name in ("opens_at", "closes_at", "decide_by", "use_from")}
            for one in queries.rounds(call.series, actor)
        ],
        "events": [
            {"at": queries.iso(e.at), "kind": e.kind, "text": _both(e.text), "changes": list(e.changes)}
            for e in queries.events(call.code, actor)
        ],
        "questions_and_answers": [
            {
                "question": one.text,
                "asked_at": queries.iso(one.asked_at),
                "answer": one.answer,
                "answered_at": queries.iso(one.answered_at),
            }
            for one in queries.questions(call.code)
            if one.answered_at is not None
        ]
        if call.state in queries.PUBLIC_STATES
        else [],
        "assumptions": [path for path in ("gpu_models", "rubric") if current.is_assumption(path)],
    }


def digest(record: dict[str, Any]) -> str:
    """The record's hash, printed on every notice made from it."""
    return canonical.digest(record)


def _rules(call: CallView) -> dict[str, Any]:
    rules = call.rules.model_dump(mode="json", exclude={"limits", "applicant_classes"})
    names = {model.code: model.name for model in programmes.current().gpu_models}
    for line in (*rules["interview_from"], *rules["automatic"]):
        line["gpu_model"] = names[line["gpu_model"]]
    return rules


def _class(code: str) -> dict[str, Any]:
    current = programmes.current()
    one = current.applicant_class(code)
    duties = [{"code": duty, "name": _both(current.duty(duty).name)} for duty in one.duties]
    return {"code": code, "name": _both(one.name), "duties": duties}


def _offer(call: CallView) -> list[dict[str, Any]]:
    return [
        {
            "cluster": _both(one.name),
            "provider": _both(one.provider),
            "gpu_model": one.gpu_model,
            "nodes": one.nodes,
            "gpus": one.nodes * one.gpus_per_node,
            "free_nodes_by_month": {str(month): nodes for month, nodes in one.free},
        }
        for one in facts.offer(call)
    ]


def _prices(call: CallView) -> list[dict[str, Any]]:
    return [
        {
            "applicant_class": _both(one.applicant_class),
            "is_youth": one.is_youth,
            "gpu_model": one.gpu_model,
            "self_pay": one.self_pay,
            "subsidy": one.subsidy,
            "market": one.market,
        }
        for one in facts.prices(call)
    ]


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}
