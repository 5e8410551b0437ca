"""Pages of the panel meeting and of the discussion of one proposal: reviewers and the programme together."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import IllegalTransition, InvalidInput, NotPermitted
from dure.core.text import Text
from dure.decide.scoring import points
from dure.portal.calls import queries as calls
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.reviews import operations, queries
from dure.portal.reviews.forms import ChangeForm, MeetingForm, RemarkForm, language
from dure.portal.reviews.tabs import tabs

panel_people = role_required("reviewer", "programme_manager", "auditor")
overseers = role_required("programme_manager", "auditor")
managers = role_required("programme_manager")


@overseers
def meetings(request: HttpRequest, code: str) -> HttpResponse:
    """The meetings of a call; planning one with its agenda."""
    call = calls.call(code, request.actor)
    progress = queries.progress(code, request.actor)
    seated = {s.reviewer_id: s.reviewer for s in progress.seats if s.state in ("assigned", "in_progress", "submitted")}
    people = sorted(seated.items(), key=lambda one: one[1])
    barred = {seat.pair for seat in progress.seats if seat.bars}
    numbers = queries.scores(code, request.actor, barred).deciding
    initial = {"numbers": "\n".join(sorted(numbers)), "reviewers": [str(pk) for pk, _n in people]}
    form = MeetingForm(people, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            meeting_id = operations.plan_meeting(actor=request.actor, now=request.now, call_code=code, **form.meeting())
            messages.success(request, _("회의를 잡고 평가위원에게 알렸습니다."))
            return redirect("reviews-meeting", meeting_id)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {**tabs(code, "meetings"), "call": call, "meetings": queries.meetings(code, request.actor), "form": form}
    return render(request, "reviews/meetings.html", context, status=422 if form.errors else 200)


@require_GET
@panel_people
def meeting(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """One meeting: what is on the table, who is out of the room, what was decided; the live part asks again itself."""
    try:
        found = queries.meeting(meeting_id, request.actor)
    except NotPermitted:
        return redirect("reviews-mine")
    if request.htmx and request.GET.get("seen") == found.seen:
        return HttpResponse(status=204)  # nothing new: what is on the page, and what is being typed, stays
    crumbs = [(Text("평가", "Reviews"), "/reviews/"), (found.call_code, "")]
    context = {"meeting": found, "crumbs": crumbs}
    return render(request, "reviews/live.html" if request.htmx else "reviews/meeting.html", context)


@require_POST
@managers
def run(request: HttpRequest, meeting_id: int, event: str) -> HttpResponse:
    """Start, end, resume or cancel; or add a line to the minutes."""
    who: dict[str, Any] = {"actor": request.actor, "now": request.now, "meeting_id": meeting_id}
    try:
        if event == "note":
            operations.note(**who, text=request.POST.get("text", ""))
        else:
            operations.run_meeting(**who, event=event)
    except (InvalidInput, IllegalTransition) as error:
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-meeting", meeting_id)


@require_POST
@managers
def item(request: HttpRequest, meeting_id: int, item_id: int, event: str) -> HttpResponse:
    """Put an item on the table, back, or settle it."""
    try:
        operations.table(
            actor=request.actor,
            now=request.now,
            item_id=item_id,
            event=event,
            decision=request.POST.get("decision", ""),
            reason=request.POST.get("reason", ""),
        )
    except (InvalidInput, IllegalTransition) as error:
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-meeting", meeting_id)


@panel_people
def discussion(request: HttpRequest, number: str) -> HttpResponse:
    """The reviews of a proposal side by side, and what is said about it."""
    try:
        found = queries.discussion(number, request.actor)
    except NotPermitted as error:
        messages.warning(request, error.public.in_(language()))
        return redirect("reviews-mine")
    form = RemarkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.remark(actor=request.actor, now=request.now, number=number, text=form.cleaned_data["text"])
            return redirect("reviews-discussion", number)
        except InvalidInput as error:
            add_mistakes(form, error)
    rubric = calls.call(found.call_code, queries.READER).rubric
    context = {
        "found": found,
        "form": form,
        "rubric": rubric,
        "rows": [
            (one, [(each.name, points(one.points_tenths.get(each.code, 0))) for each in rubric.criteria])
            for one in found.reviews
        ],
        "crumbs": [(Text("평가", "Reviews"), "/reviews/"), (number, "")],
    }
    return render(request, "reviews/discussion.html", context, status=422 if form.errors else 200)


@role_required("reviewer")
def change(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """A reviewer changes a submitted score while the panel has the proposal on the table."""
    found = queries.assignment(assignment_id, request.actor)
    rubric = calls.call(found.assignment.call_code, queries.READER).rubric
    form = ChangeForm(rubric, request.POST or None, review=found.review)
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_score(
                actor=request.actor,
                now=request.now,
                assignment_id=assignment_id,
                points=form.review()["points"],
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, _("점수를 고쳤습니다. 고치기 전의 점수와 까닭도 남습니다."))
            return redirect("reviews-discussion", found.assignment.number)
        except InvalidInput as error:
            add_mistakes(form, error)
        except IllegalTransition as error:
            form.add_error(None, error.public.in_(language()))
    context = {"found": found, "form": form, "cancel_url": f"/reviews/discussions/{found.assignment.number}/"}
    return render(request, "reviews/change.html", context, status=422 if form.errors else 200)
