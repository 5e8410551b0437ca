"""Pages of calls: the list, one call with all a person needs, the check before applying; composing and running one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.portal.calls import facts, feeds, operations, queries, sizing
from dure.portal.calls import notice as notices
from dure.portal.calls import record as records
from dure.portal.calls.forms import CheckForm, NeedForm, QuestionForm, language, offered_model_choices
from dure.portal.calls.hwpx import MEDIA_TYPE, hwpx
from dure.portal.calls.ical import calendar
from dure.portal.calls.pdf import pdf
from dure.portal.calls.queries import CallView, EventView
from dure.portal.calls.words import CHANGED, EVENTS
from dure.portal.files import queries as files
from dure.portal.framework import programme as programmes
from dure.portal.framework.pages import add_mistakes, limited, person_required
from dure.portal.people import queries as people

CALLS = (Text("공모", "Calls"), "/calls/")
FILES = {"pdf": (pdf, "application/pdf"), "hwpx": (hwpx, MEDIA_TYPE)}


@require_GET
def calls_list(request: HttpRequest) -> HttpResponse:
    """Calls: those that take applications first, then to come, then past."""
    found = queries.calls(request.actor)
    groups = {
        "open": [c for c in found if c.state == "open"],
        "coming": _next_rounds([c for c in found if c.state in ("announced", "draft")]),
        "past": [c for c in found if c.state not in ("open", "announced", "draft")],
    }
    return render(request, "calls/list.html", {"groups": groups, "crumbs": [(CALLS[0], "")]})


def _next_rounds(coming: list[CallView]) -> list[CallView]:
    """Of every rolling call only the round that opens next; all else as it is."""
    soonest = {c.series: c.code for c in sorted(coming, key=lambda c: c.opens_at, reverse=True) if c.series}
    return [c for c in coming if not c.series or soonest[c.series] == c.code]


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
        **about(request, call),
        **_checked(call, form),
    }
    template = "calls/checked.html" if request.htmx else "calls/show.html"
    return render(request, template, context)


@require_GET
def record(request: HttpRequest, code: str) -> HttpResponse:
    """The call as open data."""
    call = queries.call(code, request.actor)
    return JsonResponse(records.full(call, request.actor), json_dumps_params={"ensure_ascii": False, "indent": 1})


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
    context = {"call": call, "back_url": f"/calls/{code}/", "document_number": call.code, **about(request, call)}
    return render(request, "calls/notice.html", context)


@require_GET
@limited(60, 10, "GET")
def notice_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The notice as PDF or HWPX, from the same record."""
    write, kind = FILES[form]
    call = queries.call(code, request.actor)
    made = notices.notice(records.full(call, request.actor), language(), request.build_absolute_uri(f"/calls/{code}/"))
    response = HttpResponse(write(made), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="call-{code}.{form}"'
    return response


@require_GET
def document(request: HttpRequest, code: str, file_id: int) -> HttpResponseBase:
    """A file attached to a call, for whoever may see the call."""
    queries.document(code, file_id, request.actor)
    view = files.files([file_id])[file_id]
    return FileResponse(
        files.path_of(view.sha256).open("rb"), as_attachment=True, filename=view.name, content_type=view.media_type
    )


@require_GET
def feed(request: HttpRequest, form: str) -> HttpResponse:
    """Everything public that happened to calls, to subscribe to."""
    base, found = request.build_absolute_uri("/").rstrip("/"), feeds.entries()
    if form == "json":
        answer: HttpResponse = JsonResponse(
            feeds.json_feed(found, language(), base), json_dumps_params={"ensure_ascii": False, "indent": 1}
        )
        answer["Content-Type"] = "application/feed+json; charset=utf-8"
        return answer
    text = feeds.atom(found, language(), base, request.now)
    return HttpResponse(text, content_type="application/atom+xml; charset=utf-8")


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


def about(request: HttpRequest, call: CallView) -> dict[str, Any]:
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
        "questions": queries.questions(call.code, request.actor, request.GET.get("q", "").strip()),
        "rounds": queries.rounds(call.series, request.actor),
        "automatic": facts.automatic(call),
        "timeline": timeline(call, request),
        "youth": programme.youth,
        "now": request.now,
    }


def timeline(call: CallView, request: HttpRequest) -> list[dict[str, Any]]:
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
