"""Pages of applicants: their list, the form in steps, check and submit, what was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake, NotFound, Stale
from dure.core.text import Text
from dure.portal.applications import content as contents
from dure.portal.applications import operations, queries
from dure.portal.applications.content import Content
from dure.portal.applications.forms import FORMS, STEP_NAMES, StartForm, StepForm, language, steps_of
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls import facts
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.pages import add_mistakes, limited, person_required
from dure.portal.journal import queries as journal
from dure.portal.people import queries as people

MINE = (Text("내 신청", "My applications"), "/applications/mine/")
EVENTS = {
    "applications.start": Text("작성 시작", "Started"),
    "applications.submit": Text("제출", "Submitted"),
    "applications.withdraw": Text("철회", "Withdrawn"),
    "applications.discard": Text("삭제", "Discarded"),
    "applications.admit": Text("요건 충족 확인", "Found eligible"),
    "applications.refuse": Text("요건 미충족 확인", "Found not eligible"),
}


@dataclass(frozen=True)
class StepStatus:
    """A step of the form and what it still lacks."""

    code: str
    name: Text
    url: str
    mistakes: list[Mistake]


@require_GET
@person_required
def mine(request: HttpRequest) -> HttpResponse:
    """The applications of one's organisations."""
    open_calls = [call for call in calls.calls(request.actor, ["open"]) if call.accepts(request.now)]
    context = {"views": queries.mine(request.actor), "open_calls": open_calls, "crumbs": [(MINE[0], "")]}
    return render(request, "applications/mine.html", context)


@person_required
@limited(30, 10)
def new(request: HttpRequest) -> HttpResponse:
    """Start an application: choose the organisation."""
    call = calls.call(request.GET.get("call", ""), request.actor)
    organisations = people.organisations(request.actor.organisations).values()
    choices = [(one.id, one.named(language())) for one in organisations]
    earlier = [one for one in queries.mine(request.actor) if one.receipt is not None]
    named = [(one.number, f"{one.number} {one.title.in_(language())}") for one in earlier]
    start = {"organisation": choices[0][0], "renews": request.GET.get("renews", "")} if choices else {}
    form = StartForm(choices, named, request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            number = operations.start(
                actor=request.actor,
                now=request.now,
                call_code=call.code,
                organisation_id=form.cleaned_data["organisation"],
                renews=form.cleaned_data.get("renews", ""),
            )
            return redirect("applications-show", number)
        except InvalidInput as error:
            add_mistakes(form, error)
        except NotFound:
            form.add_error("renews", _("고르신 기관의 이전 신청이 아닙니다. 그 기관의 신청을 고르거나 새로 쓰십시오."))
    checks = [(one, queries.check(call, one, None, "start")) for one in organisations]
    context = {
        "call": call,
        "form": form,
        "choices": choices,
        "checks": checks,
        "may_apply": call.accepts(request.now),
        "cancel_url": f"/calls/{call.code}/",
        "crumbs": [MINE, (_("신청 시작"), "")],
    }
    return render(request, "applications/new.html", context, status=422 if form.errors else 200)


@require_GET
@person_required
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One application: what remains to be done while it is written, what was sealed afterwards."""
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, queries.READER)
    is_own = view.organisation.id in request.actor.organisations
    if view.is_editable and is_own:
        return _overview(request, view, call, [])
    context = {
        **about(view, call, view.content),
        "is_own": is_own,
        "may_withdraw": is_own and view.state == "submitted" and call.accepts(request.now),
        "events": _timeline(view, call),
        "to_check": queries.open_checks(view, call) if request.actor.may_oversee else [],
        "now": request.now,
        "crumbs": [MINE, (number, "")],
    }
    return render(request, "applications/show.html", context)


@person_required
def edit(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """One step of the form: saved as it is, complete or not; htmx saves it while it is typed."""
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, queries.READER)
    steps = steps_of(call)
    if step not in steps:
        raise NotFound(internal=f"no step {step}")
    if not view.is_editable or view.organisation.id not in request.actor.organisations:
        return redirect("applications-show", number)
    form = FORMS[step](request.POST if request.method == "POST" else None, view, call)
    if request.method == "POST" and form.is_valid():
        try:
            operations.save_draft(
                actor=request.actor,
                now=request.now,
                number=number,
                content=form.content(),
                edition=form.cleaned_data["edition"],
            )
            return _after_save(request, number, step, call)
        except Stale as error:
            form.add_error(None, error.public.in_(language()))
        except InvalidInput as error:
            add_mistakes(form, error)
    return _step_page(request, view, call, step, form)


@person_required
def submit(request: HttpRequest, number: str) -> HttpResponse:
    """Check everything once more, then submit; judged by the instant the request arrived."""
    started_at = request.arrived_at.astimezone(UTC)
    mistakes: list[Mistake] = []
    if request.method == "POST":
        try:
            operations.submit(actor=request.actor, now=request.now, started_at=started_at, number=number)
            return redirect("applications-receipt", number)
        except InvalidInput as error:
            mistakes = list(error.mistakes)
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, queries.READER)
    if not view.is_editable or view.organisation.id not in request.actor.organisations:
        return redirect("applications-show", number)
    remaining = mistakes or queries.remaining(view, call)
    context = {
        **about(view, call, view.draft),
        "step_labels": _labels(view, call),
        "step": len(steps_of(call)) + 1,
        "problems": [(m, _step_url(number, m.where)) for m in remaining],
        "is_late": not call.accepts(request.now),
        "crumbs": [MINE, (number, f"/applications/{number}/"), (_("확인하고 제출하기"), "")],
    }
    return render(request, "applications/submit.html", context, status=422 if mistakes else 200)


@require_GET
@person_required
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of what was submitted last."""
    view = queries.application(number, request.actor)
    if view.receipt is None:
        raise NotFound(internal=f"application {number} has no version")
    call = calls.call(view.call_code, queries.READER)
    verdict = {
        "tone": "good",
        "title": Text("신청을 접수하였습니다", "Your application is in"),
        "body": Text("접수 번호는 {n}입니다.", "Its number is {n}.").format(n=number),
    }
    context = {"view": view, "call": call, "verdict": verdict, "crumbs": [MINE, (number, f"/applications/{number}/")]}
    return render(request, "applications/receipt.html", context)


@require_POST
@person_required
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take a submission back."""
    try:
        operations.withdraw(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("제출을 철회하였습니다. 마감 전에 다시 제출해야 접수됩니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("applications-show", number)


@require_POST
@person_required
def carry(request: HttpRequest, number: str) -> HttpResponse:
    """Go on in the next round with what was typed for one that is over."""
    try:
        fresh = operations.carry_over(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("작성한 내용을 옮겼습니다. 기간을 확인하고 동의를 다시 표시한 뒤 제출하십시오."))
        return redirect("applications-show", fresh)
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
        return redirect("applications-show", number)


@person_required
def discard(request: HttpRequest, number: str) -> HttpResponse:
    """Throw a draft away, after asking."""
    view = queries.application(number, request.actor)
    if request.method == "POST":
        operations.discard(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("초안을 지웠습니다."))
        return redirect("applications-mine")
    context = {"view": view, "cancel_url": f"/applications/{number}/", "crumbs": [MINE, (number, "")]}
    return render(request, "applications/discard.html", context)


@require_GET
@person_required
def version(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """A sealed version, to read or to print."""
    content = queries.versions_content(number, version, request.actor)
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, queries.READER)
    context = {
        **about(view, call, content),
        "receipt": next(r for r in view.receipts if r.version == version),
        "document_number": f"{number} / {version}",
        "back_url": f"/applications/{number}/",
        "now": request.now,
    }
    return render(request, "applications/version.html", context)


@require_GET
@person_required
def version_document(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """A sealed version byte by byte as its hash was taken."""
    document = queries.sealed(number, version, request.actor)
    response = HttpResponse(canonical.encode(document), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{number}-v{version}.json"'
    return response


def _after_save(request: HttpRequest, number: str, step: str, call: CallView) -> HttpResponse:
    view = queries.application(number, request.actor)
    if request.htmx:
        return render(request, "applications/saved.html", _saved(request, view, call, step))
    steps = steps_of(call)
    is_stay = request.POST.get("action") == "save" or _has_more(view, call, step, request.POST.get("shown", ""))
    if is_stay:
        messages.success(request, _("저장하였습니다."))
        return redirect("applications-edit", number, step)
    position = steps.index(step) + 1
    return (
        redirect("applications-edit", number, steps[position])
        if position < len(steps)
        else redirect("applications-submit", number)
    )


def _has_more(view: ApplicationView, call: CallView, step: str, shown: str) -> bool:
    """Whether there are unanswered questions that the page (`shown`: codes on it) did not have yet.

    The form of this request cannot tell: what was typed may have been saved before it was sent.
    """
    if step != "questions":
        return False
    fresh = FORMS[step](None, view, call)
    codes = {name.removeprefix("answers.") for name in fresh.fields if name.startswith("answers.")}
    return any(view.draft.answers.get(code) is None for code in codes - set(shown.split()))


def _overview(request: HttpRequest, view: ApplicationView, call: CallView, mistakes: list[Mistake]) -> HttpResponse:
    found = mistakes or queries.remaining(view, call)
    steps = [
        StepStatus(code, STEP_NAMES[code], f"/applications/{view.number}/edit/{code}/", _of_step(found, code))
        for code in steps_of(call)
    ]
    context = {
        **about(view, call, view.draft),
        "steps": steps,
        "remaining": len(found),
        "needs_endorsement": queries.needs_endorsement(call, view.organisation),
        "endorsement": queries.endorsement(view),
        "may_endorse": view.organisation.id in request.actor.headed,
        "events": _timeline(view, call),
        "now": request.now,
        "is_late": not call.accepts(request.now),
        "successor": calls.successor(call, request.now) if request.now >= call.closes_at else None,
        "crumbs": [MINE, (view.number, "")],
    }
    return render(request, "applications/overview.html", context)


def _step_page(request: HttpRequest, view: ApplicationView, call: CallView, step: str, form: StepForm) -> HttpResponse:
    steps = steps_of(call)
    position = steps.index(step)
    back = f"/applications/{view.number}/edit/{steps[position - 1]}/" if position else f"/applications/{view.number}/"
    context = {
        **_saved(request, view, call, step),
        "form": form,
        "step_labels": _labels(view, call),
        "step": position + 1,
        "back_url": back,
        "duties": [programmes.current().duty(d) for d in _class_of(view).duties],
        "privacy": programmes.privacy(),
        "crumbs": [MINE, (view.number, f"/applications/{view.number}/"), (STEP_NAMES[step], "")],
    }
    if request.htmx:
        return render(request, "applications/unsaved.html", context)
    return render(request, f"applications/step_{step}.html", context, status=422 if form.errors else 200)


def _saved(request: HttpRequest, view: ApplicationView, call: CallView, step: str) -> dict[str, Any]:
    found = queries.remaining(view, call)
    return {
        "view": view,
        "call": call,
        "step_code": step,
        "edition": view.draft_edition,
        "remaining_here": _of_step(found, step),
        **_price(view, view.draft, call),
        "now": request.now,
    }


def _price(view: ApplicationView, content: Content, call: CallView) -> dict[str, Any]:
    request = content.request
    if request is None:
        return {"quotes": [], "checked": None}
    return {
        "quotes": facts.quotes(queries.applicant_of(view.organisation), request),
        "checked": queries.check(call, view.organisation, content, "submit"),
    }


def about(view: ApplicationView, call: CallView, content: Content) -> dict[str, Any]:
    """What every page that shows an application's content needs."""
    programme = programmes.current()
    return {
        "view": view,
        "call": call,
        "content": content,
        "organisation_class": _class_of(view).name,
        "region": programme.region(view.organisation.region).name,
        "reading": contents.reading(content, programme, call.form),
        **_price(view, content, call),
    }


def _class_of(view: ApplicationView) -> Any:
    return programmes.current().applicant_class(view.organisation.applicant_class)


def _labels(view: ApplicationView, call: CallView) -> list[tuple[Text, str]]:
    pairs = [(STEP_NAMES[code], f"/applications/{view.number}/edit/{code}/") for code in steps_of(call)]
    return [*pairs, (Text("확인과 제출", "Check and submit"), f"/applications/{view.number}/submit/")]


def _of_step(mistakes: list[Mistake], step: str) -> list[Mistake]:
    return [m for m in mistakes if contents.step_of(m.where) == step]


def _step_url(number: str, where: str) -> str:
    if where in ("call", "organisation"):
        return ""
    if where == "endorsement":
        return f"/applications/{number}/#endorsement"
    if where == "attachments":
        return f"/applications/{number}/files/"
    first = "models" if where == "models" else where
    return f"/applications/{number}/edit/{contents.step_of(first)}/#id_{where}"


def _timeline(view: ApplicationView, call: CallView) -> list[dict[str, Any]]:
    """What happened to the application, and what comes next in its call."""
    done = [
        {
            "title": EVENTS[e.event],
            "at": e.at,
            "why": view.state_reason if e.event.endswith("refuse") else "",
            "phase": "done",
        }
        for e in journal.about(f"application:{view.number}")
        if e.event in EVENTS
    ]
    if view.state == "admitted" and not any(e["title"] == EVENTS["applications.admit"] for e in done):
        done.append({"title": EVENTS["applications.admit"], "phase": "done"})
    coming = {
        "draft": ("closes_at", Text("접수 마감", "Deadline")),
        "withdrawn": ("closes_at", Text("접수 마감", "Deadline")),
        "submitted": ("closes_at", Text("접수 마감 뒤 요건 확인", "Eligibility check after the deadline")),
        "admitted": ("decide_by", Text("평가와 결과 발표", "Review and decision")),
    }
    if view.state in coming:
        name, title = coming[view.state]
        is_over = view.state == "admitted" and call.state == "decided"
        next_one = {"due": getattr(call, name), "phase": "next"}
        done.append({"title": title} | ({"phase": "done"} if is_over else next_one))
    return done
