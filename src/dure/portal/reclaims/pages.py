"""Pages of reclaim: the list of cases, one case, answering it and deciding it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dure.core.errors import IllegalTransition, InvalidInput, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import RECLAIM
from dure.portal.allocations import queries as allocations
from dure.portal.allocations.pages import tabs
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, person_required
from dure.portal.framework.programme import current, zone
from dure.portal.journal import queries as journal
from dure.portal.reclaims import forms, operations, queries
from dure.portal.reclaims.outlook import Outlook, outlook
from dure.portal.reclaims.queries import CaseView

ACTIONS = {
    "notice": Text("알림", "Notice"),
    "lend": Text("임시 제공", "Lent"),
    "shrink": Text("서버 일부 회수", "Some servers taken back"),
    "end": Text("할당 종료", "Allocation ended"),
}
_EVENTS = {
    "reclaims.clear": Text("다시 사용하여 종결했습니다", "In use again: dismissed"),
    "reclaims.justify": Text("사유를 제출했습니다", "An explanation was given"),
    "reclaims.accept": Text("사유를 받아들였습니다", "The explanation was accepted"),
    "reclaims.reject": Text("사유를 받아들이지 않았습니다", "The explanation was not accepted"),
    "reclaims.lapse": Text("기한까지 답이 없었습니다", "No answer in time"),
    "reclaims.reverse": Text("회수를 취소했습니다", "The reclaim was reversed"),
    "reclaims.execute": Text("회수했습니다", "Executed"),
}
_NOTICES = {
    "notice": Text("GPU가 쉬고 있다고 알렸습니다", "Told that the GPUs are idle"),
    "lend": Text("임시 제공을 예고했습니다", "Lending was announced"),
    "shrink": Text("서버 일부 회수를 예고했습니다", "Taking back some servers was announced"),
    "end": Text("할당 종료를 예고했습니다", "The end of the allocation was announced"),
}
_UNANSWERED = {
    "notice": Text("이 단계에서는 아무것도 회수하지 않습니다.", "Nothing is taken at this step."),
    "lend": Text(
        "쉬는 동안 다른 과제에 빌려줍니다. 할당은 그대로이고, 작업을 내시면 바로 돌려드립니다.",
        "While idle they are lent to others. The allocation stays, and its own jobs come first.",
    ),
}
_DECISIONS = {"accept": operations.accept, "reject": operations.reject, "reverse": operations.reverse}


@require_GET
@person_required
def cases_list(request: HttpRequest) -> HttpResponse:
    """The cases this person may see; open ones unless asked otherwise."""
    state = request.GET.get("state", "open")
    rows = queries.listing(
        request.actor,
        state="" if state == "all" else state if state in (*RECLAIM.states, "open") else "open",
        text=request.GET.get("q", "").strip(),
        order=request.GET.get("sort", "-opened"),
    )
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["id", "allocation", "organisation", "rule", "action", "idle_seconds", "state", "opened_at"]
        found = [queries.view_of(row) for row in rows]
        cells = [
            [c.id, c.allocation, c.organisation.name, c.rule, c.action, c.idle_seconds, c.state, c.opened_at]
            for c in found
        ]
        return export("reclaims", request.GET["format"], header, cells)
    context = {
        "page": paged(rows, request.GET.get("page"), _row),
        "state": state,
        "states": RECLAIM.states,
        "rules": current().idle_rules,
        "exports": True,
        "sort": "-opened",
        "crumbs": [(_("회수"), "")],
    }
    return render(request, "reclaims/list.html", context)


def _row(row: Any) -> tuple[CaseView, Text]:
    found = queries.view_of(row)
    return found, ACTIONS[found.action]


@person_required
def show(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case: what was seen, what comes next, and answering it."""
    found = queries.case(case_id, request.actor)
    form = forms.Answer(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.justify(actor=request.actor, now=request.now, case_id=case_id, text=form.cleaned_data["text"])
            messages.success(request, _("사유를 제출했습니다. 검토 결과를 이메일로 알려 드립니다."))
            return redirect("reclaims-show", case_id)
        except InvalidInput as error:
            add_mistakes(form, error)
        except IllegalTransition as error:
            form.add_error(None, error.public.in_(request.LANGUAGE_CODE))
    rule = next((one for one in current().idle_rules if one.code == found.rule), None)
    pace = next((one for one in current().pull_back_rules if one.code == found.rule), None)
    context = {
        "case": found,
        "action": ACTIONS[found.action],
        "unanswered": _unanswered(found),
        "form": form,
        "answers": found.state == "noticed"
        and found.organisation.id in request.actor.organisations
        and (pace is None or pace.may_be_exempted),
        "pace": pace.checkpoints[found.step] if pace else None,
        "decisions": _open_decisions(request, found),
        "ladder": [(step, ACTIONS[step.action]) for step in rule.ladder] if rule else [],
        "events": _events(found),
        "crumbs": [(_("회수"), reverse("reclaims-list")), (found.allocation, "")],
    }
    return render(request, "reclaims/show.html", context)


def _unanswered(found: CaseView) -> Text | None:
    """What happens when nobody answers in time."""
    if found.state != "noticed":
        return None
    taken = found.would_take
    return _UNANSWERED.get(found.action) or Text(
        f"기한까지 답이 없으면 하루 뒤 서버 {taken}대를 회수합니다.",
        f"Without an answer in time, {taken} server{'s' if taken != 1 else ''} will be taken back a day later.",
    )


def _open_decisions(request: HttpRequest, found: CaseView) -> list[str]:
    if not request.actor.is_programme_manager:
        return []
    return [event for event in _DECISIONS if RECLAIM.allows(found.state, event)]


def _events(found: CaseView) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {
            "title": _NOTICES[e.detail.get("action", found.action)]
            if e.event == "reclaims.notice"
            else _EVENTS.get(e.event, Text(e.event, e.event)),
            "at": e.at,
            "why": "" if e.event in ("reclaims.clear", "reclaims.lapse") else e.reason,
        }
        for e in journal.about(f"reclaim:{found.id}")
    ]
    if found.state == "noticed":
        events.append({"title": Text("답할 수 있는 기한", "Answer by"), "due": found.answer_by, "phase": "next"})
    if found.state == "confirmed":
        events.append({"title": ACTIONS[found.action], "due": found.execute_at, "phase": "next"})
    return events


@require_GET
@person_required
def ahead(request: HttpRequest, name: str) -> HttpResponse:
    """What lies ahead of an allocation: burn-down, forecast, what the rules will do next."""
    found = allocations.allocation(name, request.actor)
    seen = outlook(found, request.now)
    context = {
        "allocation": found,
        "seen": seen,
        "steps": [(one, ACTIONS[one.action]) for one in seen.next_steps],
        "chart": _burn_down(seen),
        "tabs": tabs(found, "ahead"),
        "crumbs": [
            (_("할당"), reverse("allocations-list")),
            (name, reverse("allocations-show", args=[name])),
            (_("앞으로"), ""),
        ],
    }
    return render(request, "reclaims/ahead.html", context)


def _burn_down(seen: Outlook) -> dict[str, Any]:
    """Week by week: allocated, running and busy GPU-hours."""
    parts = (
        (Text("할당", "Allocated"), "allocated_gpu_seconds"),
        (Text("작업", "Running"), "running_gpu_seconds"),
        (Text("계산", "Busy"), "busy_gpu_seconds"),
    )
    return {
        "kind": "line",
        "title": Text("주마다 쓴 시간", "Hours by week"),
        "unit": Text("GPU시간", "GPU-hours"),
        "labels": [f"{week.astimezone(zone()):%m/%d}" for week, _use in seen.weeks],
        "series": [(label, [getattr(use, name) // 3600 for _week, use in seen.weeks]) for label, name in parts],
        "size": "full",
    }


@person_required
def decide(request: HttpRequest, case_id: int, event: str) -> HttpResponse:
    """Accept or reject an explanation, or reverse a confirmed reclaim, with a reason."""
    found = queries.case(case_id, request.actor)
    request.actor.require(request.actor.is_programme_manager)
    if event not in _DECISIONS:
        raise NotFound
    form = forms.Decision(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _DECISIONS[event](actor=request.actor, now=request.now, case_id=case_id, **form.cleaned_data)
            messages.success(request, _("결정을 저장했습니다."))
            return redirect("reclaims-show", case_id)
        except InvalidInput as error:
            add_mistakes(form, error)
    titles = {
        "accept": _("사유를 받아들입니다"),
        "reject": _("사유를 받아들이지 않습니다"),
        "reverse": _("회수를 취소합니다"),
    }
    url = reverse("reclaims-show", args=[case_id])
    context = {
        "case": found,
        "form": form,
        "title": titles[event],
        "event": event,
        "cancel_url": url,
        "submit_label": _("결정하기"),
        "crumbs": [(_("회수"), reverse("reclaims-list")), (found.allocation, url), (titles[event], "")],
    }
    return render(request, "reclaims/decide.html", context)
