"""Pages of allocations: the list, one allocation, its people and keys, and what a cluster's agent says."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.core.text import Text
from dure.portal.allocations import forms, instructions, operations, queries
from dure.portal.allocations.queries import AllocationView
from dure.portal.awards import queries as awards
from dure.portal.fleet import queries as fleet
from dure.portal.fleet.pages import tabs as cluster_tabs
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, person_required
from dure.protocol import words
from dure.protocol.kueue import LOCAL_QUEUE
from dure.protocol.slurm import LENT_ACCOUNT

STATES = ("present", "ended")
_STAGES = {
    "waiting": Text(
        "클러스터에 적용하는 중입니다. 보통 몇 분 안에 끝납니다.", "Being applied; usually a matter of minutes."
    ),
    "prepared": Text("준비되었습니다. 시작일부터 쓰실 수 있습니다.", "Prepared. You can use it from its first day."),
    "ready": Text("지금 쓰실 수 있습니다.", "You can use it now."),
    "changing": Text(
        "바뀐 내용을 적용하는 중입니다. 그동안에도 쓰실 수 있습니다.", "A change is being applied; it stays usable."
    ),
    "over": Text("기간이 끝났습니다.", "Its period is over."),
}
_REASONS = {
    "agreed": Text("협약이 체결되어 할당했습니다", "Allocated on agreement"),
    "ssh key added": Text("SSH 키를 추가했습니다", "SSH key added"),
    "ssh key revoked": Text("SSH 키를 폐기했습니다", "SSH key revoked"),
    "member added": Text("사용자를 추가했습니다", "Member added"),
    "member removed": Text("사용자를 뺐습니다", "Member removed"),
    "in use again": Text("다시 쓰고 있어 빌려주기를 멈추었습니다", "In use again: no longer lent"),
    "failed node replaced": Text("고장 난 서버를 예비 서버로 바꾸었습니다", "A failed server was replaced by a spare"),
}
_RULES = {
    "reclaim case ": Text("회수 규칙에 따라 바꾸었습니다", "Changed under the reclaim rules"),
    "award change ": Text("변경 신청에 따라 바꾸었습니다", "Changed as asked for"),
}


@require_GET
@person_required
def allocations_list(request: HttpRequest) -> HttpResponse:
    """The allocations this person may see."""
    state = request.GET.get("state", "")
    rows = queries.listing(
        request.actor,
        text=request.GET.get("q", "").strip(),
        state=state if state in STATES else "",
        cluster=request.GET.get("cluster", ""),
        order=request.GET.get("sort", "name"),
    )
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(request.GET["format"], [queries.view_of(row) for row in rows])
    page = paged(rows, request.GET.get("page"), queries.view_of)
    titles = awards.titles(request.actor, [one.award_number for one in page])
    context = {
        "page": replace(page, rows=[(one, titles.get(one.award_number) or one.name) for one in page]),
        "states": STATES,
        "state": state,
        "exports": True,
        "sort": "name",
        "crumbs": [(_("할당"), "")],
    }
    return render(request, "allocations/list.html", context)


def _export(form: str, rows: list[AllocationView]) -> HttpResponse:
    header = ["name", "award", "organisation", "cluster", "gpu_model", "nodes", "gpus", "start", "end", "state"]
    cells = [
        [
            one.name,
            one.award_number,
            one.organisation.name,
            one.cluster,
            one.gpu_model,
            one.nodes,
            one.nodes * one.gpus_per_node,
            one.start_at,
            one.end_at,
            one.state,
        ]
        for one in rows
    ]
    return export("allocations", form, header, cells)


def tabs(found: AllocationView, current: str) -> list[dict[str, Any]]:
    """The pages of one allocation; the chapter of use brings one of them."""
    pages = (
        ("show", _("접속과 상태"), reverse("allocations-show", args=[found.name])),
        ("usage", _("사용량"), reverse("usage-allocation", args=[found.name])),
        ("ahead", _("앞으로"), reverse("reclaims-ahead", args=[found.name])),
    )
    return [{"label": label, "url": url, "current": name == current} for name, label, url in pages]


@require_GET
@person_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One allocation: how it stands, how to get in, its servers and people."""
    return _show(request, queries.allocation(name, request.actor), forms.Member())


def _show(request: HttpRequest, found: AllocationView, form: forms.Member) -> HttpResponse:
    actor, people = request.actor, queries.members(found.id)
    context = {
        "allocation": found,
        "title": _title(request, found),
        "stage": _STAGES[_stage(request, found)],
        "is_ready": _stage(request, found) in ("ready", "changing"),
        "tabs": tabs(found, "show"),
        "conditions": [c for c in queries.conditions(found.id) if c.type != words.ENDED or c.status == "true"],
        "people": [(person, queries.login_of(person.id)) for person in people],
        "names_people": actor.may_oversee
        or found.organisation.id in actor.organisations
        or actor.user_id in {p.id for p in people},  # a provider needs login names only
        "manages": found.state == "present" and _manages(request, found, {p.id for p in people}),
        "login": queries.login_of(actor.user_id) if actor.user_id in {p.id for p in people} else "",
        "has_key": any(key.revoked_at is None for key in queries.ssh_keys(actor.user_id)),
        **_access(found),
        "works": _works(found, request),
        "form": form,
        "events": _events(found, request),
        "crumbs": [(_("할당"), reverse("allocations-list")), (found.name, "")],
    }
    return render(request, "allocations/show.html", context)


def _access(found: AllocationView) -> dict[str, Any]:
    """How to get in, what may be used at once, where the storage is."""
    way, storage = queries.way_in(found.id), queries.storage(found.id)
    return {
        "way": way,
        "first_job": instructions.first_job(found) if way.scheduler == "kubernetes" else "",
        "queue": LOCAL_QUEUE,
        "gpus": found.nodes * found.gpus_per_node,
        "storage": storage,
        "storage_used": instructions.size(storage.used) if storage else "",
        "storage_quota": instructions.size(storage.quota) if storage else "",
        "budget": queries.gpu_hour_budgets([found.id]).get(found.id),
        "lent_gpus": queries.lent_by_others(found),
        "lent_account": LENT_ACCOUNT,
        "without_spare": queries.without_spare(found) if found.state == "present" else [],
    }


@require_GET
@person_required
def kubeconfig(request: HttpRequest, name: str) -> HttpResponse:
    """A kubeconfig without a secret, for people with access to an allocation on Kubernetes."""
    found = queries.allocation(name, request.actor)
    way = queries.way_in(found.id)
    if not way.has_kubeconfig or request.actor.user_id not in {person.id for person in queries.members(found.id)}:
        raise NotFound(internal=f"no kubeconfig of {name} for {request.actor}")
    answer = HttpResponse(instructions.kubeconfig(found, way), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kubeconfig-{found.name}.yaml"'
    return answer


def _manages(request: HttpRequest, found: AllocationView, people: Container[int]) -> bool:
    """Whether this person may change who uses the allocation."""
    return found.organisation.id in request.actor.headed or request.actor.user_id in people


def _title(request: HttpRequest, found: AllocationView) -> Any:
    try:
        return awards.award(found.award_number, request.actor).title or found.name
    except NotFound:  # somebody with access from outside the organisation's members
        return found.name


def _stage(request: HttpRequest, found: AllocationView) -> str:
    if found.state == "ended" or request.now >= found.end_at:
        return "over"
    if found.ready_at is not None:
        return "ready" if found.is_applied else "changing"
    return "prepared" if found.is_applied and request.now < found.start_at else "waiting"


def _works(found: AllocationView, request: HttpRequest) -> list[tuple[fleet.MaintenanceView, list[str]]]:
    mine = set(found.node_names)
    works = fleet.maintenances(found.cluster, ending_after=request.now)
    return [(work, sorted(mine & set(work.node_names))) for work in works if mine & set(work.node_names)]


def _change(one: queries.RevisionView) -> dict[str, Any]:
    title = _REASONS.get(one.reason) or next((said for of, said in _RULES.items() if one.reason.startswith(of)), None)
    changed = Text("할당을 바꾸었습니다", "The allocation was changed")
    return {"title": title or changed, "at": one.made_at, "why": "" if title else one.reason}


def _events(found: AllocationView, request: HttpRequest) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [_change(one) for one in queries.revisions(found.id)]
    if found.ready_at:
        events.append({"title": Text("사용할 수 있게 되었습니다", "It became usable"), "at": found.ready_at})
    if found.ended_at:
        events.append({"title": Text("할당이 끝났습니다", "The allocation ended"), "at": found.ended_at})
    events.sort(key=lambda event: event["at"])
    if not found.ended_at:
        coming = (
            (Text("사용 시작", "Use begins"), found.start_at),
            (Text("사용 종료", "Use ends"), found.end_at),
        )
        events += [{"title": t, "due": at, "phase": "next"} for t, at in coming if at > request.now]
    return events


@require_POST
@person_required
def add_member(request: HttpRequest, name: str) -> HttpResponse:
    """Let a member of the organisation in."""
    found, form = queries.allocation(name, request.actor), forms.Member(request.POST)
    if form.is_valid():
        try:
            operations.add_member(actor=request.actor, now=request.now, name=name, **form.cleaned_data)
            messages.success(request, _("사용자를 추가했습니다. 클러스터에 곧 반영됩니다."))
            return redirect("allocations-show", name)
        except InvalidInput as error:
            add_mistakes(form, error)
    return _show(request, found, form)


@person_required
def remove_member(request: HttpRequest, name: str, user_id: int) -> HttpResponse:
    """Ask, then end a person's access."""
    found = queries.allocation(name, request.actor)
    people = {person.id: person for person in queries.members(found.id)}
    request.actor.require(_manages(request, found, people))
    if user_id not in people:
        raise NotFound
    mistakes: list[Any] = []
    if request.method == "POST":
        try:
            operations.remove_member(actor=request.actor, now=request.now, name=name, user_id=user_id)
            messages.success(request, _("사용자를 뺐습니다."))
            return redirect("allocations-show", name)
        except InvalidInput as error:
            mistakes = list(error.mistakes)
    context = {
        "allocation": found,
        "person": people[user_id],
        "mistakes": mistakes,
        "cancel_url": reverse("allocations-show", args=[name]),
        "submit_label": _("사용자에서 빼기"),
        "crumbs": [(_("할당"), reverse("allocations-list")), (name, reverse("allocations-show", args=[name]))],
    }
    return render(request, "allocations/remove.html", context)


@person_required
def keys(request: HttpRequest) -> HttpResponse:
    """A person's SSH keys, and adding one."""
    form = forms.Key(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.add_ssh_key(actor=request.actor, now=request.now, **form.cleaned_data)
            messages.success(request, _("키를 추가했습니다. 쓰고 계신 모든 클러스터에 곧 반영됩니다."))
            return redirect("allocations-keys")
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {
        "form": form,
        "keys": queries.ssh_keys(request.actor.user_id),
        "login": queries.login_of(request.actor.user_id),
        "submit_label": _("키 추가하기"),
        "crumbs": [(_("할당"), reverse("allocations-list")), (_("SSH 키"), "")],
    }
    return render(request, "allocations/keys.html", context)


@person_required
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Ask, then revoke a key."""
    found = next((key for key in queries.ssh_keys(request.actor.user_id) if key.id == key_id), None)
    if found is None:
        raise NotFound
    if request.method == "POST":
        operations.revoke_ssh_key(actor=request.actor, now=request.now, key_id=key_id)
        messages.success(request, _("키를 폐기했습니다."))
        return redirect("allocations-keys")
    context = {
        "key": found,
        "cancel_url": reverse("allocations-keys"),
        "submit_label": _("폐기하기"),
        "crumbs": [(_("할당"), reverse("allocations-list")), (_("SSH 키"), reverse("allocations-keys"))],
    }
    return render(request, "allocations/revoke_key.html", context)


@require_GET
@person_required
def cluster(request: HttpRequest, code: str) -> HttpResponse:
    """What is asked of a cluster's agent beside what it reports."""
    here = fleet.cluster(code, request.actor)
    rows = sorted(queries.of_cluster(code), key=lambda row: row.is_applied)
    context = {
        "cluster": here,
        "waiting": sum(not row.is_applied for row in rows),
        "report": queries.report(code),
        "rows": [(row, _STAGES[_stage(request, row)]) for row in rows],
        "tabs": cluster_tabs(here, "allocations"),
        "crumbs": [
            (_("모든 클러스터"), reverse("fleet-list")),
            (here.name, reverse("fleet-show", args=[code])),
            (_("요청과 실제"), ""),
        ],
    }
    return render(request, "allocations/cluster.html", context)
