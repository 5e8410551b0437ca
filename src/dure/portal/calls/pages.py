"""Pages of calls: the list, one call with all a person needs, the check before applying; composing and running one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import CALL
from dure.portal.calls import facts, operations, queries, sizing
from dure.portal.calls.forms import (
    BothForm,
    CallForm,
    CheckForm,
    CorrectionForm,
    NeedForm,
    QuestionForm,
    language,
    offered_model_choices,
)
from dure.portal.calls.ical import calendar
from dure.portal.calls.queries import CallView, EventView
from dure.portal.calls.words import CHANGED, EVENTS
from dure.portal.framework import programme as programmes
from dure.portal.framework.pages import add_mistakes, limited, person_required, role_required
from dure.portal.people import queries as people

CALLS = (Text("공모", "Calls"), "/calls/")
MOVABLE = ("announced", "open", "closed")  # still to be extended, corrected or cancelled
STEPS = {
    "announce": operations.announce,
    "open": operations.open,
    "close": operations.close,
    "start_review": operations.start_review,
    "start_deciding": operations.start_deciding,
}


@require_GET
def calls_list(request: HttpRequest) -> HttpResponse:
    """Calls: those that take applications first, then to come, then past."""
    found = queries.calls(request.actor)
    groups = {
        "open": [c for c in found if c.state == "open"],
        "coming": [c for c in found if c.state in ("announced", "draft")],
        "past": [c for c in found if c.state not in ("open", "announced", "draft")],
    }
    return render(request, "calls/list.html", {"groups": groups, "crumbs": [(CALLS[0], "")]})


@require_GET
def show(request: HttpRequest, code: str) -> HttpResponse:
    """One call, everything on one page."""
    call = queries.call(code, request.actor)
    form = _check_form(request, call)
    context = {
        "call": call,
        "form": form,
        "may_apply": call.accepts(request.now),
        "question_form": QuestionForm(),
        "crumbs": [CALLS, (call.code, "")],
        **_about(request, call),
        **_checked(call, form),
    }
    template = "calls/checked.html" if request.htmx else "calls/show.html"
    return render(request, template, context)


@require_GET
def record(request: HttpRequest, code: str) -> HttpResponse:
    """The call as open data."""
    call = queries.call(code, request.actor)
    return JsonResponse(
        queries.open_record(call)
        | {
            "rubric": call.rubric.model_dump(mode="json"),
            "events": [
                {"at": e.at, "kind": e.kind, "text": {"ko": e.text.ko, "en": e.text.en}, "changes": list(e.changes)}
                for e in queries.events(code, request.actor)
            ],
        },
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


@require_GET
def dates(request: HttpRequest, code: str) -> HttpResponse:
    """The call's dates as a calendar file."""
    call = queries.call(code, request.actor)
    text = calendar(call, language(), request.build_absolute_uri(f"/calls/{code}/"), request.now)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="call-{code}.ics"'
    return response


@require_GET
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """The call as a notice to print, from the same record."""
    call = queries.call(code, request.actor)
    context = {"call": call, "back_url": f"/calls/{code}/", "document_number": call.code, **_about(request, call)}
    return render(request, "calls/notice.html", context)


@require_GET
@limited(120, 10, "GET")
def estimate(request: HttpRequest, code: str) -> HttpResponse:
    """How many GPUs, for how long, at what cost? Answered while it is typed where there is JavaScript."""
    call = queries.call(code, request.actor)
    form = NeedForm(call, request.GET) if "kind" in request.GET else NeedForm(call, initial=_own_class(request))
    sized = None
    if form.is_bound and form.is_valid():
        try:
            read = form.cleaned_data
            sized = sizing.size(call, form.need(), read["applicant_class"], bool(read.get("is_youth")))
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {
        "call": call,
        "form": form,
        "sized": sized,
        "accuracy": sizing.accuracy(),
        "is_market_assumed": programmes.current().is_assumption("gpu_models"),
        "is_quiet": request.htmx and not form.is_begun,
        "crumbs": [CALLS, (call.code, f"/calls/{code}/"), (_("GPU 필요량"), "")],
    }
    if request.htmx:
        return render(request, "calls/estimated.html", context)
    return render(request, "calls/estimate.html", context, status=422 if form.errors else 200)


@require_POST
@person_required
@limited(10, 10)
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask a public question."""
    call = queries.call(code, request.actor)
    form = QuestionForm(request.POST)
    if form.is_valid():
        try:
            operations.ask(actor=request.actor, now=request.now, code=code, text=form.cleaned_data["text"])
            messages.success(request, _("질문을 등록하였습니다. 답변되면 공개됩니다."))
            return redirect("calls-show", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"call": call, "form": form, "crumbs": [CALLS, (code, f"/calls/{code}/"), (_("질문"), "")]}
    return render(request, "calls/ask.html", context, status=422)


@role_required("programme_manager")
def new(request: HttpRequest) -> HttpResponse:
    """Compose a call."""
    form = CallForm(request.POST or None, track=request.GET.get("track", ""))
    if request.method == "POST" and _may_save(request, form):
        read = form.cleaned_data
        try:
            operations.compose(
                actor=request.actor, now=request.now, code=read["code"], track=read["track"], **form.columns()
            )
            messages.success(request, _("초안을 저장하였습니다. 확인한 뒤 공고하십시오."))
            return redirect("calls-manage", read["code"])
        except InvalidInput as error:
            add_mistakes(form, error)
    return _compose_page(request, form, [CALLS, (_("공모 만들기"), "")])


@role_required("programme_manager")
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a draft; what is announced is corrected instead."""
    call = queries.call(code, request.actor)
    form = CallForm(request.POST or None, call=call)
    if call.state != "draft":
        return redirect("calls-manage", code)
    if request.method == "POST" and _may_save(request, form):
        columns = form.columns()
        try:
            operations.redraft(
                actor=request.actor, now=request.now, code=code, questions=columns.pop("questions"), **columns
            )
            messages.success(request, _("저장하였습니다."))
            return redirect("calls-manage", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    return _compose_page(request, form, [CALLS, (code, f"/calls/{code}/"), (_("고치기"), "")])


@role_required("programme_manager")
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """Correct the title, summary or offer of an announced call, publicly and with a reason."""
    call = queries.call(code, request.actor)
    if call.state not in MOVABLE:
        return redirect("calls-manage", code)
    form = CorrectionForm(call, request.POST or None)
    if request.method == "POST" and form.is_valid():
        who: dict[str, Any] = {"actor": request.actor, "now": request.now, "code": code}
        try:
            operations.correct(reason=form.reason(), **who, **form.changes())
            messages.success(request, _("바로잡은 내용과 이유를 공개하였습니다."))
            return redirect("calls-manage", code)
        except InvalidInput as error:
            add_mistakes(form, InvalidInput([_at_field(form, mistake) for mistake in error.mistakes]))
    crumbs = [CALLS, (code, f"/calls/{code}/"), (_("운영"), f"/calls/{code}/manage/"), (_("바로잡기"), "")]
    context = {"call": call, "form": form, "crumbs": crumbs, "cancel_url": f"/calls/{code}/manage/"}
    return render(request, "calls/correct.html", context, status=422 if form.errors else 200)


@role_required("programme_manager", "auditor")
def manage(request: HttpRequest, code: str) -> HttpResponse:
    """Run a call: its next step, its deadline, notices, questions to answer."""
    call = queries.call(code, request.actor)
    return _manage_page(request, call, BothForm())


@require_POST
@role_required("programme_manager")
def step(request: HttpRequest, code: str, event: str) -> HttpResponse:
    """The next step of a call."""
    if event not in STEPS:
        raise NotFound(internal=f"no step {event}")
    try:
        STEPS[event](actor=request.actor, now=request.now, code=code)
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-manage", code)


@require_POST
@role_required("programme_manager")
def publish(request: HttpRequest, code: str, event: str) -> HttpResponse:
    """What is told in public with a text: a notice, an extension, a corrected deadline, a cancellation."""
    call = queries.call(code, request.actor)
    form = BothForm(request.POST)
    if form.is_valid():
        who: dict[str, Any] = {"actor": request.actor, "now": request.now, "code": code}
        try:
            _publish(event, form, who)
            messages.success(request, _("공개하였습니다."))
            return redirect("calls-manage", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    return _manage_page(request, call, form, event)


@require_POST
@role_required("programme_manager")
def answer(request: HttpRequest, code: str, question_id: int) -> HttpResponse:
    """Answer a public question."""
    text = request.POST.get("text", "")
    try:
        operations.answer(actor=request.actor, now=request.now, code=code, question_id=question_id, text=text)
        messages.success(request, _("답변을 공개하였습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-manage", code)


def _publish(event: str, form: BothForm, who: dict[str, Any]) -> None:
    text = form.text()
    if event == "notify":
        operations.notify(text=text, **who)
    elif event == "cancel":
        operations.cancel(reason=text, **who)
    elif event == "extend":
        closes_at = form.instant("closes_at") or queries.call(who["code"], who["actor"]).closes_at
        operations.extend(closes_at=closes_at, decide_by=form.instant("decide_by"), reason=text, **who)
    elif event == "correct":
        dates = {name: at for name in ("closes_at", "decide_by") if (at := form.instant(name)) is not None}
        operations.correct(reason=text, **dates, **who)
    else:
        raise NotFound(internal=f"no public event {event}")


def _at_field(form: CorrectionForm, mistake: Mistake) -> Mistake:
    """A mistake of a text in two languages stands at the first one that is empty, or else at the Korean."""
    names = [f"{mistake.where}.{code}" for code in ("ko", "en")]
    if names[0] not in form.fields:
        return mistake
    empty = [name for name in names if not form.cleaned_data[name].strip()]
    return Mistake((empty or names)[0], mistake.what, mistake.remedy)


def _may_save(request: HttpRequest, form: CallForm) -> bool:
    return request.POST.get("action") != "rows" and form.is_valid()


def _compose_page(request: HttpRequest, form: CallForm, crumbs: list[tuple[Any, str]]) -> HttpResponse:
    is_wrong = request.POST.get("action") != "rows" and bool(form.errors)
    context = {"form": form, "crumbs": crumbs, "cancel_url": "/calls/", "more_rows": form.rows + 2}
    return render(request, "calls/compose.html", context, status=422 if is_wrong else 200)


def _manage_page(request: HttpRequest, call: CallView, form: BothForm, event: str = "") -> HttpResponse:
    context = {
        "call": call,
        "form": form,
        "event": event,
        "questions": queries.questions(call.code, request.actor),
        "next": [name for name in STEPS if CALL.allows(call.state, name) and _is_due(call, name, request.now)],
        "may_move": call.state in MOVABLE,
        "events": _timeline(call, request),
        "crumbs": [CALLS, (call.code, f"/calls/{call.code}/"), (_("운영"), "")],
    }
    return render(request, "calls/manage.html", context, status=422 if form.errors else 200)


def _is_due(call: CallView, step: str, now: datetime) -> bool:
    """Opening and closing wait for their announced times."""
    return now >= {"open": call.opens_at, "close": call.closes_at}.get(step, now)


def _about(request: HttpRequest, call: CallView) -> dict[str, Any]:
    """What a call's page and its notice both say."""
    programme = programmes.current()
    return {
        "classes": [programme.applicant_class(code) for code in call.rules.applicant_classes],
        "prices": facts.prices(call),
        "limits": facts.limits(call),
        "offer": facts.offer(call),
        "rubric": call.rubric,
        "is_rubric_assumed": programme.is_assumption("rubric"),
        "is_market_assumed": programme.is_assumption("gpu_models"),
        "questions": queries.questions(call.code, request.actor),
        "timeline": _timeline(call, request),
        "youth": programme.youth,
        "now": request.now,
    }


def _timeline(call: CallView, request: HttpRequest) -> list[dict[str, Any]]:
    """What happened to the call in public, then what comes next."""
    done = [
        {"title": EVENTS[e.kind], "at": e.at, "why": _why(e), "phase": "done"}
        for e in queries.events(call.code, request.actor)
    ]
    coming = [
        {"title": title, "at": getattr(call, name), "phase": "next"}
        for name, title in (
            ("opens_at", Text("접수 시작", "Applications open")),
            ("closes_at", Text("접수 마감", "Deadline")),
            ("decide_by", Text("결과 발표", "Decision")),
            ("use_from", Text("사용 시작", "Use begins")),
        )
        if getattr(call, name) > request.now and call.state != "cancelled"
    ]
    return done + coming


def _why(event: EventView) -> Text:
    """The text of a public event, and the names of what it changed."""
    names = [CHANGED[change["field"]] for change in event.changes]
    if not names:
        return event.text
    ko, en = (", ".join(name.in_(code) for name in names) for code in ("ko", "en"))
    return Text(f"{event.text.ko} (바뀐 항목: {ko})", f"{event.text.en} (changed: {en})")


def _check_form(request: HttpRequest, call: CallView) -> CheckForm:
    if "gpu_model" in request.GET:
        return CheckForm(call, request.GET)
    (model, _name), *_others = offered_model_choices(call)
    initial: dict[str, Any] = {"gpu_model": model, "months": call.rules.months.min}
    limit = call.rules.limit(model)
    initial["nodes"] = limit.min_nodes if limit else 1
    return CheckForm(call, initial=initial | _own_class(request))


def _own_class(request: HttpRequest) -> dict[str, Any]:
    """The class of the person's organisation, or the one a link names."""
    found: dict[str, Any] = {}
    for organisation in people.organisations(request.actor.organisations).values():
        found |= {"applicant_class": organisation.applicant_class, "is_youth": organisation.is_youth}
    return found | {name: request.GET[name] for name in ("applicant_class", "is_youth") if name in request.GET}


def _checked(call: CallView, form: CheckForm) -> dict[str, Any]:
    if not form.is_bound or not form.is_valid():
        return {}
    applicant, wanted = form.applicant(), form.request()
    return {"checked": facts.check(call, applicant, wanted), "quotes": facts.quotes(applicant, wanted)}
