"""Pages of reviewers: an evening's work, one proposal with the rubric beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import IllegalTransition, InvalidInput, NotPermitted
from dure.core.text import Text
from dure.decide.conflicts import DECLARED_KINDS
from dure.portal.applications import content as contents
from dure.portal.calls import queries as calls
from dure.portal.framework import programme as programmes
from dure.portal.framework.lists import Page
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.reviews import operations, queries
from dure.portal.reviews.forms import WISHES, CallDeclarationForm, ConflictForm, ReasonForm, ReviewForm, language
from dure.portal.reviews.queries import AssignmentView, ProposalView

MINE = (Text("내 평가", "My reviews"), "/reviews/mine/")
reviewers_only = role_required("reviewer")
BIDS_A_PAGE = 20


@require_GET
@reviewers_only
def mine(request: HttpRequest) -> HttpResponse:
    """What is still to be reviewed, by due date, and what is done."""
    found = queries.assignments(request.actor)
    done = [one for one in found if one.is_done]
    left = [one for one in found if not one.is_done]
    context = {
        "tasks": [*_to_declare(left, request), *(_task(one, request) for one in left if one.is_declared)],
        "done": done,
        "left": len(left),
        "count": len(found),
        "bidding": queries.bidding_calls(request.actor),
        "meetings": queries.my_meetings(request.actor),
        "crumbs": [(MINE[0], "")],
    }
    return render(request, "reviews/mine.html", context)


def _task(one: AssignmentView, request: HttpRequest) -> dict[str, Any]:
    why = Text(f"{one.number} · 평가 중", f"{one.number} · in progress")
    if one.state == "assigned":
        why = Text(one.number, one.number)
    if one.purpose == "appeal":
        why = Text(f"{one.number} · 이의 신청을 새로 보는 평가입니다", f"{one.number} · a fresh look for an appeal")
    tone = "overdue" if request.now >= one.due_at else ""
    return {"title": one.title, "url": f"/reviews/{one.id}/", "why": why, "due": one.due_at, "tone": tone}


def _to_declare(left: list[AssignmentView], request: HttpRequest) -> list[dict[str, Any]]:
    """One task for each call in which conflicts are to be declared before anything is shown."""
    waiting: dict[str, list[AssignmentView]] = {}
    for one in left:
        if not one.is_declared:
            waiting.setdefault(one.call_code, []).append(one)
    return [
        {
            "title": Text(f"{code} 공모의 이해관계를 알려 주십시오", f"Declare your conflicts of interest in {code}"),
            "url": f"/reviews/calls/{code}/declare/",
            "why": Text(
                f"배정된 과제 {len(rows)}건이 그 뒤에 보입니다.", f"The {len(rows)} proposals assigned show after it."
            ),
            "due": min(one.due_at for one in rows),
            "tone": "urgent",
        }
        for code, rows in waiting.items()
    ]


@reviewers_only
def declare_call(request: HttpRequest, code: str) -> HttpResponse:
    """Which of the applicants of a call a reviewer has to do with; nothing of a proposal is shown before."""
    view = queries.declaration(code, request.actor)
    form = CallDeclarationForm(view.organisations, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = operations.declare_for_call(
                actor=request.actor, now=request.now, call_code=code, **form.declaration()
            )
            if kept:
                messages.success(request, _("알려 주셔서 고맙습니다. 관련된 과제는 보이지 않습니다."))
            else:
                messages.success(request, _("알려 주셔서 고맙습니다. 이제 과제를 볼 수 있습니다."))
            return redirect(
                "reviews-bids" if request.GET.get("to") == "bids" else "reviews-mine", *_code_for(request, code)
            )
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"view": view, "form": form, "cancel_url": MINE[1], "crumbs": [MINE, (view.call_code, "")]}
    return render(request, "reviews/declare_call.html", context, status=422 if form.errors else 200)


def _code_for(request: HttpRequest, code: str) -> list[str]:
    return [code] if request.GET.get("to") == "bids" else []


@reviewers_only
def bids(request: HttpRequest, code: str) -> HttpResponse:
    """The proposals of a call, and which of them a reviewer would like to review."""
    text = request.GET.get("q", "").strip()
    try:
        found = queries.biddable(code, request.actor, text)
    except NotPermitted:
        return redirect(f"/reviews/calls/{code}/declare/?to=bids")
    if request.method == "POST":
        wishes = {key[5:]: value for key, value in request.POST.items() if key.startswith("wish.")}
        changed = operations.bid(actor=request.actor, now=request.now, call_code=code, wishes=wishes)
        messages.success(request, _("바꾼 답 %(n)s건을 저장하였습니다.") % {"n": changed})
        return redirect(request.get_full_path())
    wanted = request.GET.get("page", "1")
    number = max(1, min(int(wanted) if wanted.isdigit() else 1, -(-len(found) // BIDS_A_PAGE)))
    rows = found[(number - 1) * BIDS_A_PAGE : number * BIDS_A_PAGE]
    fields = programmes.current()
    context = {
        "call": calls.call(code, queries.READER),
        "page": Page([(one, fields.research_field(one.field).name) for one in rows], number, BIDS_A_PAGE, len(found)),
        "wishes": WISHES.items(),
        "crumbs": [MINE, (code, "")],
    }
    return render(request, "reviews/bids.html", context)


@reviewers_only
def review(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """One proposal: read it, score it by the rubric, comment; saved or submitted."""
    try:
        found = queries.assignment(assignment_id, request.actor)
    except NotPermitted:
        code = queries.seat(assignment_id, request.actor).call_code
        return redirect("reviews-declare-call", code)
    call = calls.call(found.assignment.call_code, queries.READER)
    form = ReviewForm(call.rubric, request.POST or None, review=found.review)
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, assignment_id, form)
        except (InvalidInput, IllegalTransition) as error:
            if isinstance(error, InvalidInput):
                add_mistakes(form, error)
            else:
                form.add_error(None, error.public.in_(language()))
    if request.htmx:
        return render(request, "reviews/saved.html", {"form": form, "error": form.errors})
    return _review_page(request, found, call, form)


@require_POST
@reviewers_only
def reopen(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Take a submitted review back to change it."""
    operations.reopen(actor=request.actor, now=request.now, assignment_id=assignment_id)
    messages.success(request, _("다시 고칠 수 있습니다. 고친 뒤 다시 제출하십시오."))
    return redirect("reviews-review", assignment_id)


@reviewers_only
def decline(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Give an assignment back, with a reason."""
    found = queries.seat(assignment_id, request.actor)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            operations.decline(actor=request.actor, now=request.now, assignment_id=assignment_id, reason=reason)
            messages.success(request, _("사양하였습니다. 다른 평가위원을 찾겠습니다."))
            return redirect("reviews-mine")
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"found": found, "form": form, "cancel_url": f"/reviews/{assignment_id}/"}
    return render(request, "reviews/decline.html", context, status=422 if form.errors else 200)


@reviewers_only
def declare(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Declare a conflict of interest; nothing of the proposal is shown any more."""
    found = queries.seat(assignment_id, request.actor)
    form = ConflictForm(DECLARED_KINDS, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.declare_conflict(
                actor=request.actor, now=request.now, assignment_id=assignment_id, **form.cleaned_data
            )
            messages.success(request, _("회피를 신고하였습니다. 이 과제는 더 보이지 않습니다."))
            return redirect("reviews-mine")
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"found": found, "form": form, "cancel_url": f"/reviews/{assignment_id}/"}
    return render(request, "reviews/declare.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, assignment_id: int, form: ReviewForm) -> HttpResponse:
    who: dict[str, Any] = {"actor": request.actor, "now": request.now, "assignment_id": assignment_id}
    if request.POST.get("action") == "submit" and not request.htmx:
        operations.submit_review(**who, **form.review())
        messages.success(request, _("평가를 제출하였습니다."))
        return redirect("reviews-mine")
    total = operations.save_review(**who, **form.review())
    if request.htmx:
        context = {"form": form, "total": form.total(), "is_complete": total is not None, "now": request.now}
        return render(request, "reviews/saved.html", context)
    messages.success(request, _("저장하였습니다."))
    return redirect("reviews-review", assignment_id)


def _review_page(request: HttpRequest, found: ProposalView, call: calls.CallView, form: ReviewForm) -> HttpResponse:
    content, programme = found.content, programmes.current()
    organisation = found.organisation
    others = [one for one in queries.assignments(request.actor) if not one.is_done and one.id != found.assignment.id]
    context = {
        "found": found,
        "call": call,
        "form": form,
        "total": form.total(),
        "content": content,
        "view": {"organisation": organisation},
        "is_blind": organisation is None,
        "organisation_class": programme.applicant_class(organisation.applicant_class).name if organisation else "",
        "region": programme.region(organisation.region).name if organisation else "",
        "reading": contents.reading(content, programme, call.form),
        "next": others[0] if others else None,
        "is_editable": found.is_open and found.assignment.state != "submitted",
        "crumbs": [MINE, (found.assignment.number, "")],
    }
    return render(request, "reviews/review.html", context, status=422 if form.errors else 200)
