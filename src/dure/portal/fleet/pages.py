"""Pages of the fleet: clusters, the capacity calendar, one cluster with its nodes, agents' tokens and maintenance."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dure.core.errors import InsufficientCapacity, InvalidInput, NotFound, NotPermitted
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.fleet import forms, operations, queries
from dure.portal.framework.lists import Page, export
from dure.portal.framework.pages import add_mistakes, person_required
from dure.portal.framework.programme import current, zone

MONTHS_SHOWN = 12
KINDS = ("award", "self_use", "maintenance")
KIND_NAMES = (Text("선정 과제", "Awards"), Text("자체 활용", "Self-use"), Text("점검", "Maintenance"))
FREE = Text("비어 있음", "Free")
SCHEDULERS = {
    "slurm": Text("Slurm", "Slurm"),
    "kubernetes": Text("쿠버네티스와 Kueue", "Kubernetes with Kueue"),
    "simulated": Text("모의 클러스터", "Simulated"),
}
ENGINES = {
    **SCHEDULERS,
    "simulated": Text("모의 클러스터(실제 서버 없음)", "A simulated cluster (no real servers)"),
    "": Text("아직 알려 오지 않음", "Not said yet"),
}
NODE_STATES = {
    "draining": Text("비우는 중", "Draining"),
    "drained": Text("비움", "Drained"),
    "down": Text("멈춤", "Down"),
    "maintenance": Text("점검 중", "In maintenance"),
}


def _seen_by(request: HttpRequest) -> list[queries.ClusterView]:
    actor = request.actor
    if not (queries.may_see_all(actor) or actor.providers):
        raise NotPermitted
    return queries.clusters(actor)


@require_GET
@person_required
def clusters_list(request: HttpRequest) -> HttpResponse:
    """The clusters this person may see."""
    found = _seen_by(request)
    text, share = request.GET.get("q", "").strip().lower(), request.GET.get("share", "")
    rows = [
        one
        for one in found
        if text in f"{one.code} {one.name.ko} {one.name.en} {one.gpu_model} {one.provider_name.ko}".lower()
        and share in ("", one.share)
    ]
    key = request.GET.get("sort", "code")
    sorts = {"code": "code", "nodes": "nodes", "provider": "provider", "delivered": "delivered_at"}
    rows.sort(key=lambda one: getattr(one, sorts.get(key.lstrip("-"), "code")), reverse=key.startswith("-"))
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["code", "name", "provider", "gpu_model", "nodes", "gpus", "share", "scheduler", "delivered_at"]
        cells = [
            [o.code, o.name.ko, o.provider, o.gpu_model, o.nodes, o.nodes * o.gpus_per_node, o.share, o.scheduler,
             o.delivered_at] for o in rows
        ]  # fmt: skip
        return export("clusters", request.GET["format"], header, cells)
    context = {
        "page": Page(rows, 1, max(1, len(rows)), len(rows)),
        "exports": True,
        "sort": "code",
        "share": share,
        "nodes": sum(one.nodes for one in found),
        "gpus": sum(one.nodes * one.gpus_per_node for one in found),
        "crumbs": [(_("클러스터"), "")],
    }
    return render(request, "fleet/list.html", context)


def _months(request: HttpRequest) -> list[Month]:
    supplied = current().supply_period
    now = min(max(request.now, supplied.start), supplied.end)
    try:
        first = Month.parse(request.GET.get("first", ""))
    except ValueError:
        first = Month.of(now, zone())
    return [first.plus(offset) for offset in range(MONTHS_SHOWN)]


@require_GET
@person_required
def calendar(request: HttpRequest) -> HttpResponse:
    """How much of each cluster is taken in each of twelve months, as chart and table."""
    found, months = _seen_by(request), _months(request)
    tables = [(cluster, queries.capacity(cluster.code, months)) for cluster in found]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["cluster", "month", "supplied", "awarded", "self_use", "maintenance", "free"]
        cells = [
            [cluster.code, str(c.month), c.supplied, c.awarded, c.self_use, c.maintenance, c.free]
            for cluster, rows in tables
            for c in rows
        ]
        return export("capacity-node-seconds", request.GET["format"], header, cells)
    totals = [
        (str(month), [sum(getattr(rows[i], part) for _c, rows in tables) // 3600 for part in _PARTS])
        for i, month in enumerate(months)
    ]
    spec = {
        "kind": "columns",
        "title": Text("달마다 누가 서버를 쓰는가", "Who holds the servers, month by month"),
        "unit": Text("서버시간", "node-hours"),
        "series": [*KIND_NAMES, FREE],
        "rows": totals,
        "size": "full",
    }
    context = {
        "chart": spec,
        "tables": tables,
        "months": months,
        "earlier": months[0].plus(-MONTHS_SHOWN),
        "later": months[0].plus(MONTHS_SHOWN),
        "crumbs": [(_("모든 클러스터"), reverse("fleet-list")), (_("가용 일정"), "")],
    }
    return render(request, "fleet/calendar.html", context)


_PARTS = ("awarded", "self_use", "maintenance", "free")


@require_GET
@person_required
def show(request: HttpRequest, code: str) -> HttpResponse:
    """One cluster: its agent, its nodes by leaf, what holds them, announced work, tokens for its provider."""
    cluster = queries.cluster(code, request.actor)
    nodes = queries.nodes(code, request.now)
    context = {
        "cluster": cluster,
        "scheduler": SCHEDULERS.get(cluster.scheduler, Text(cluster.scheduler, cluster.scheduler)),
        "engine": ENGINES.get(cluster.engine, Text(cluster.engine, cluster.engine)),
        "speaks": request.actor.speaks_for(cluster.provider),
        "tabs": tabs(cluster, "show"),
        "leaves": _leaves(nodes),
        "unwell": [(node, NODE_STATES[node.observed]) for node in nodes if node.observed in NODE_STATES],
        "replace_after": current().after_award.replace_failed_after_hours,
        "unreported": sum(node.observed == "unknown" for node in nodes),
        "map": _map(cluster, _months(request)),
        "works": queries.maintenances(code, ending_after=request.now),
        "tokens": _tokens(request, cluster),
        "crumbs": [(_("모든 클러스터"), reverse("fleet-list")), (cluster.name, "")],
    }
    return render(request, "fleet/show.html", context)


def tabs(cluster: queries.ClusterView, current_tab: str) -> list[dict[str, Any]]:
    """The pages of one cluster; later chapters bring some of them."""
    pages = (
        ("show", _("서버와 에이전트"), reverse("fleet-show", args=[cluster.code])),
        ("allocations", _("요청과 실제"), reverse("allocations-cluster", args=[cluster.code])),
    )
    return [{"label": label, "url": url, "current": name == current_tab} for name, label, url in pages]


def _tokens(request: HttpRequest, cluster: queries.ClusterView) -> list[tuple[queries.TokenView, str]]:
    actor = request.actor
    if not (actor.speaks_for(cluster.provider) or actor.may_oversee):
        return []
    return [(token, token.state(request.now)) for token in queries.tokens(cluster.code, actor)]


def _leaves(nodes: list[queries.NodeView]) -> list[dict[str, Any]]:
    """Per leaf: how many nodes, and how many are held by what."""
    found: dict[int, list[queries.NodeView]] = {}
    for node in nodes:
        found.setdefault(node.leaf, []).append(node)
    rows = []
    for leaf, members in sorted(found.items()):
        held = Counter(node.held_by or "free" for node in members)
        rows.append(
            {
                "leaf": leaf,
                "first": members[0].name,
                "last": members[-1].name,
                "nodes": len(members),
                "ready": sum(node.observed == "ready" for node in members),
                **{kind: held[kind] for kind in (*KINDS, "free")},
            }
        )
    return rows


def _map(cluster: queries.ClusterView, months: list[Month]) -> dict[str, Any]:
    rows = queries.occupancy(cluster.code, months)
    order = {kind: index for index, kind in enumerate(KINDS)}
    return {
        "kind": "occupancy",
        "title": Text("서버마다 앞으로 열두 달의 쓰임", "What each server is held for in the next twelve months"),
        "months": [str(month) for month in months],
        "kinds": list(KIND_NAMES),
        "rows": [(name, [order.get(kind) for kind in kinds]) for name, kinds in rows],
        "size": "full",
    }


@person_required
def issue_token(request: HttpRequest, code: str) -> HttpResponse:
    """Issue a credential; it is shown on the answer to this form and never again."""
    cluster = _own(request, code)
    form = forms.Token(request.POST or None)
    token = ""
    if request.method == "POST" and form.is_valid():
        try:
            token = operations.issue_token(actor=request.actor, now=request.now, cluster=code, **form.cleaned_data)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = _form_context(cluster, form, _("토큰 발급"), _("발급하기")) | {"token": token}
    return render(request, "fleet/token.html", context)


@person_required
def revoke_token(request: HttpRequest, code: str, token_id: int) -> HttpResponse:
    """Ask, then end a credential at once."""
    cluster = _own(request, code)
    if request.method == "POST":
        operations.revoke_token(actor=request.actor, now=request.now, cluster=code, token_id=token_id)
        messages.success(request, _("토큰을 폐기했습니다. 이 토큰을 쓰는 에이전트는 바로 끊깁니다."))
        return redirect("fleet-show", code)
    return render(request, "fleet/revoke.html", _form_context(cluster, None, _("토큰 폐기"), _("폐기하기")))


@person_required
def announce_maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """Announce work on some nodes; holders are told by mail."""
    cluster = _own(request, code)
    form = forms.Work(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            operations.announce_maintenance(
                actor=request.actor,
                now=request.now,
                cluster=code,
                node_names=form.names(),
                start_at=typed["start_at"],
                end_at=typed["end_at"],
                reason=typed["reason"],
            )
            messages.success(request, _("점검을 예고했습니다. 이 서버를 쓰는 분들께 알립니다."))
            return redirect("fleet-show", code)
        except InvalidInput as error:
            add_mistakes(form, error)
        except InsufficientCapacity:
            form.add_error("node_names", _("그 시간에 이미 다른 점검이 예고된 서버가 있습니다."))
    context = _form_context(cluster, form, _("점검 예고"), _("예고하기"))
    return render(request, "fleet/maintenance.html", context)


@person_required
def call_off_maintenance(request: HttpRequest, code: str, work_id: int) -> HttpResponse:
    """Ask, then let the nodes go; holders are told by mail."""
    cluster = _own(request, code)
    if request.method == "POST":
        operations.call_off_maintenance(actor=request.actor, now=request.now, cluster=code, maintenance_id=work_id)
        messages.success(request, _("점검을 취소했습니다. 이 서버를 쓰는 분들께 알립니다."))
        return redirect("fleet-show", code)
    works = {work.id: work for work in queries.maintenances(code, ending_after=request.now)}
    if work_id not in works:
        raise NotFound(internal=f"work {work_id} of {code}")
    context = _form_context(cluster, None, _("점검 취소"), _("점검 취소하기")) | {"work": works[work_id]}
    return render(request, "fleet/call_off.html", context)


@person_required
def describe_access(request: HttpRequest, code: str) -> HttpResponse:
    """Say where holders sign in."""
    cluster = _own(request, code)
    kind = forms.KubernetesAccess if cluster.scheduler == "kubernetes" else forms.Access
    form = kind(request.POST or None, initial={name: getattr(cluster, name) for name in kind.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            operations.describe_access(actor=request.actor, now=request.now, cluster=code, **form.cleaned_data)
            messages.success(request, _("접속 안내를 저장했습니다."))
            return redirect("fleet-show", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    return render(request, "fleet/access.html", _form_context(cluster, form, _("접속 안내"), _("저장하기")))


def _own(request: HttpRequest, code: str) -> queries.ClusterView:
    cluster = queries.cluster(code, request.actor)
    request.actor.require(request.actor.speaks_for(cluster.provider))
    return cluster


def _form_context(cluster: queries.ClusterView, form: Any, title: str, submit: str) -> dict[str, Any]:
    url = reverse("fleet-show", args=[cluster.code])
    return {
        "cluster": cluster,
        "form": form,
        "title": title,
        "submit_label": submit,
        "cancel_url": url,
        "crumbs": [(_("모든 클러스터"), reverse("fleet-list")), (cluster.name, url), (title, "")],
    }
