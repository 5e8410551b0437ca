"""Pages of the programme: composing a call, looking at it before it is announced, running it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import CALL
from dure.portal.calls import facts, operations, queries, terms
from dure.portal.calls.composing_forms import CallForm, CorrectionForm, DocumentForm, RubricForm, filled_from_calendar
from dure.portal.calls.forms import BothForm, language
from dure.portal.calls.pages import CALLS, about, timeline
from dure.portal.calls.queries import CallView
from dure.portal.files import operations as files
from dure.portal.framework.pages import add_mistakes, role_required

MOVABLE = ("announced", "open", "closed")  # still to be extended, corrected or cancelled
STEPS = {
    "announce": operations.announce,
    "take_over": operations.take_over,
    "open": operations.open,
    "close": operations.close,
    "start_review": operations.start_review,
    "start_deciding": operations.start_deciding,
}


@role_required("programme_manager")
def new(request: HttpRequest) -> HttpResponse:
    """Compose a call, from nothing or from an earlier one."""
    copied = queries.call(request.GET["copy"], request.actor) if request.GET.get("copy") else None
    track = request.POST.get("track") or request.GET.get("track", "") or (copied.track if copied else "")
    form = CallForm(_typed(request, ""), track=track, copied=copied)
    if request.method == "POST" and _may_save(request, form):
        try:
            return redirect("calls-preview", _composed(request, form, copied))
        except InvalidInput as error:
            add_mistakes(form, error)
    return _compose_page(request, form, [CALLS, (_("공모 만들기"), "")])


def _composed(request: HttpRequest, form: CallForm, copied: CallView | None) -> str:
    """Write the draft, or the drafts of every round; the code of the first."""
    read = form.cleaned_data
    columns: dict[str, Any] = {"actor": request.actor, "now": request.now, "track": read["track"], **form.columns()}
    if copied is not None and copied.rubric != facts.programme_rubric():
        columns["rubric"] = copied.rubric.model_dump(mode="json")
    if form.has_rounds:
        codes = operations.compose_rounds(code=read["code"], **columns)
        text = ngettext("회차 %(n)s개의 초안을 저장하였습니다.", "회차 %(n)s개의 초안을 저장하였습니다.", len(codes))
        messages.success(request, text % {"n": len(codes)})
        return codes[0]
    operations.compose(code=read["code"], **columns)
    messages.success(request, _("초안을 저장하였습니다. 확인한 뒤 공고하십시오."))
    return read["code"]


def _typed(request: HttpRequest, track: str) -> Any:
    """What was posted; with the servers filled in from the fleet's calendar where that was asked for."""
    if request.method != "POST":
        return None
    if request.POST.get("action") != "calendar":
        return request.POST
    data = {name: request.POST[name] for name in request.POST}
    filled = filled_from_calendar(data | ({"track": track} if track else {}))
    if filled is None:
        messages.warning(request, _("사용 시작 달과 끝나는 다음 달을 먼저 적으십시오. 그 기간의 달력을 봅니다."))
    return filled or data


@role_required("programme_manager")
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a draft; what is announced is corrected instead."""
    call = queries.call(code, request.actor)
    form = CallForm(_typed(request, call.track), call=call)
    if call.state != "draft":
        return redirect("calls-manage", code)
    if request.method == "POST" and _may_save(request, form):
        columns = form.columns()
        try:
            operations.redraft(
                actor=request.actor, now=request.now, code=code, questions=columns.pop("questions"), **columns
            )
            messages.success(request, _("저장하였습니다."))
            return redirect("calls-preview", code)
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


@require_POST
@role_required("programme_manager")
def moderate(request: HttpRequest, code: str, question_id: int) -> HttpResponse:
    """Hide a question with a reason, or show it again."""
    who: dict[str, Any] = {"actor": request.actor, "now": request.now, "code": code, "question_id": question_id}
    try:
        if "show" in request.POST:
            operations.show_question(**who)
            messages.success(request, _("질문을 다시 공개하였습니다."))
        else:
            operations.hide_question(reason=request.POST.get("reason", ""), **who)
            messages.success(request, _("질문을 가리고 질문한 사람에게 까닭을 알렸습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-manage", code)


@require_GET
@role_required("programme_manager", "auditor")
def preview(request: HttpRequest, code: str) -> HttpResponse:
    """A call as it will be read, with what still stands against announcing it."""
    call = queries.call(code, request.actor)
    mistakes = list(terms.room_mistakes(call.offered, call.use_from, call.use_until))
    if call.closes_at <= request.now:
        what = Text("마감이 이미 지났습니다.", "The deadline has passed already.")
        mistakes.append(Mistake("closes_at", what, Text("마감을 늦추십시오.", "Choose a later deadline.")))
    context = {
        "call": call,
        "mistakes": mistakes,
        "warnings": terms.cap_warnings(
            call.rules, call.policy, call.offered, call.terms.use_until.minus(call.terms.use_from)
        ),
        "has_passed": call.closes_at <= request.now,
        "rounds": queries.rounds(call.series, request.actor),
        "crumbs": [CALLS, (code, f"/calls/{code}/"), (_("공고 미리 보기"), "")],
        **about(request, call),
    }
    return render(request, "calls/preview.html", context)


@role_required("programme_manager")
def rubric(request: HttpRequest, code: str) -> HttpResponse:
    """What a draft will be judged by."""
    call = queries.call(code, request.actor)
    if call.state != "draft":
        return redirect("calls-manage", code)
    form = RubricForm(call, request.POST or None)
    is_reset = request.POST.get("action") == "reset"
    if request.method == "POST" and (is_reset or form.is_valid()):
        try:
            wanted = None if is_reset else form.rubric()
            operations.set_rubric(actor=request.actor, now=request.now, code=code, rubric=wanted)
            messages.success(request, _("평가 기준을 저장하였습니다."))
            return redirect("calls-preview", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    crumbs = [CALLS, (code, f"/calls/{code}/"), (_("평가 기준"), "")]
    context = {"call": call, "form": form, "crumbs": crumbs, "cancel_url": f"/calls/{code}/preview/"}
    return render(request, "calls/rubric.html", context, status=422 if form.errors else 200)


@role_required("programme_manager")
def documents(request: HttpRequest, code: str) -> HttpResponse:
    """The documents of a call: attach a file, take one off."""
    call = queries.call(code, request.actor)
    form = DocumentForm(request.POST or None, request.FILES or None)
    who: dict[str, Any] = {"actor": request.actor, "now": request.now}
    if request.method == "POST" and form.is_valid():
        read = form.cleaned_data
        try:
            file_id = files.store(content=read["file"].read(), name=read["file"].name, purpose="call", **who)
            operations.add_document(code=code, name=Text(read["ko"], read["en"]), file_id=file_id, **who)
            messages.success(request, _("문서를 더하였습니다."))
            return redirect("calls-documents", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    crumbs = [CALLS, (code, f"/calls/{code}/"), (_("문서"), "")]
    context = {"call": call, "form": form, "crumbs": crumbs, "cancel_url": f"/calls/{code}/manage/", "multipart": True}
    return render(request, "calls/documents.html", context, status=422 if form.errors else 200)


@require_POST
@role_required("programme_manager")
def remove_document(request: HttpRequest, code: str) -> HttpResponse:
    """Take a document off a call."""
    url, reason = request.POST.get("url", ""), request.POST.get("reason", "")
    try:
        operations.remove_document(actor=request.actor, now=request.now, code=code, url=url, reason=reason)
        messages.success(request, _("문서를 뺐습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-documents", code)


@require_POST
@role_required("programme_manager")
def announce_rounds(request: HttpRequest, series: str) -> HttpResponse:
    """Announce every round of a rolling call."""
    first = queries.rounds(series, request.actor)
    try:
        operations.announce_rounds(actor=request.actor, now=request.now, series=series)
        messages.success(request, _("모든 회차를 공고하였습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-manage", first[0].code)


@require_POST
@role_required("programme_manager")
def end_rounds(request: HttpRequest, series: str) -> HttpResponse:
    """Cancel the rounds that have not opened, publicly and with a reason."""
    rounds, form = queries.rounds(series, request.actor), BothForm(request.POST)
    if not rounds:
        raise NotFound(internal=f"no series {series}")
    try:
        text = form.text() if form.is_valid() else Text("", "")
        operations.end_rounds(actor=request.actor, now=request.now, series=series, reason=text)
        messages.success(request, _("남은 회차를 취소하고 까닭을 공개하였습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-manage", rounds[0].code)


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
    return request.POST.get("action") not in ("rows", "calendar") and form.is_valid()


def _compose_page(request: HttpRequest, form: CallForm, crumbs: list[tuple[Any, str]]) -> HttpResponse:
    is_draft = request.POST.get("action") in ("rows", "calendar")
    is_wrong = not is_draft and bool(form.errors)
    context = {
        "form": form,
        "crumbs": crumbs,
        "cancel_url": "/calls/",
        "is_draft": is_draft,
        "earlier": queries.calls(request.actor)[:20] if form.is_new else [],
        "tracks": facts.tracks() if form.is_new else [],
    }
    return render(request, "calls/compose.html", context, status=422 if is_wrong else 200)


def _manage_page(request: HttpRequest, call: CallView, form: BothForm, event: str = "") -> HttpResponse:
    context = {
        "call": call,
        "form": form,
        "event": event,
        "questions": queries.questions(call.code, request.actor, request.GET.get("q", "")),
        "next": [name for name in STEPS if CALL.allows(call.state, name) and _is_due(call, name, request.now)],
        "may_move": call.state in MOVABLE,
        "events": timeline(call, request),
        "rounds": queries.rounds(call.series, request.actor),
        "crumbs": [CALLS, (call.code, f"/calls/{call.code}/"), (_("운영"), "")],
    }
    return render(request, "calls/manage.html", context, status=422 if form.errors else 200)


def _is_due(call: CallView, step: str, now: datetime) -> bool:
    """Opening and closing wait for their announced times; only a call still to close can be announced."""
    if step == "announce":
        return now < call.closes_at
    return now >= {"open": call.opens_at, "close": call.closes_at, "take_over": call.closes_at}.get(step, now)
