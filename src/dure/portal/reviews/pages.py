"""Pages of reviewers: an evening's work, one proposal with the rubric beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import IllegalTransition, InvalidInput
from dure.core.text import Text
from dure.decide.conflicts import DECLARED_KINDS
from dure.portal.applications import content as contents
from dure.portal.calls import queries as calls
from dure.portal.framework import programme as programmes
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.reviews import operations, queries
from dure.portal.reviews.forms import ConflictForm, ReasonForm, ReviewForm, language
from dure.portal.reviews.queries import ProposalView

MINE = (Text("내 평가", "My reviews"), "/reviews/mine/")
reviewers_only = role_required("reviewer")


@require_GET
@reviewers_only
def mine(request: HttpRequest) -> HttpResponse:
    """What is still to be reviewed, by due date, and what is done."""
    found = queries.assignments(request.actor)
    done = [one for one in found if one.is_done]
    left = [one for one in found if not one.is_done]
    tasks = [
        {
            "title": one.title,
            "url": f"/reviews/{one.id}/",
            "why": Text("평가 중", "In progress") if one.state == "in_progress" else one.number,
            "due": one.due_at,
            "tone": "overdue" if request.now >= one.due_at else "",
        }
        for one in left
    ]
    context = {"tasks": tasks, "done": done, "count": len(found), "crumbs": [(MINE[0], "")]}
    return render(request, "reviews/mine.html", context)


@reviewers_only
def review(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """One proposal: read it, score it by the rubric, comment; saved or submitted."""
    found = queries.assignment(assignment_id, request.actor)
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
    found = queries.assignment(assignment_id, request.actor)
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
    found = queries.assignment(assignment_id, request.actor)
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
