"""Pages of people outside the office: an invited person, a provider's engineers, an applicant with an interview."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.portal.framework.pages import add_mistakes, limited, person_required, role_required
from dure.portal.reviews import operations, queries
from dure.portal.reviews.arranging import page_of
from dure.portal.reviews.forms import ProfileForm, language


@limited(30, 10)
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation asks; saying yes needs no account. A visitor with the link sees no proposal."""
    asked = queries.asked(token, request.now)
    form = ProfileForm(request.POST or None, initial={"load_limit": asked.load_limit})
    if asked.state == "sent" and request.method == "POST" and form.is_valid():
        try:
            operations.accept_invitation(now=request.now, token=token, **form.profile())
            return redirect("reviews-invited", token)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"asked": asked, "form": form, "token": token, "is_signed_in": request.user.is_authenticated}
    response = render(request, "reviews/invited.html", context, status=422 if form.errors else 200)
    response["Referrer-Policy"] = "no-referrer"  # the address is the key
    return response


@require_POST
@limited(30, 10)
def decline_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Saying no needs no account either."""
    operations.decline_invitation(now=request.now, token=token, reason=request.POST.get("reason", ""))
    return render(request, "reviews/declined.html", {})


@require_POST
@person_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The invited person, now signed in, joins the pool."""
    try:
        operations.join(actor=request.actor, now=request.now, token=token)
        messages.success(request, _("평가위원으로 등록되었습니다. 고맙습니다."))
        return redirect("reviews-mine")
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
        return redirect("reviews-invited", token)


@role_required("provider")
def checks(request: HttpRequest) -> HttpResponse:
    """What a provider's people are asked: can this run on our clusters?"""
    if request.method == "POST":
        try:
            operations.answer_feasibility(
                actor=request.actor,
                now=request.now,
                feasibility_id=int(request.POST.get("id", "0") or 0),
                verdict=request.POST.get("verdict", ""),
                reason=request.POST.get("reason", ""),
            )
            messages.success(request, _("답을 기록하였습니다."))
        except InvalidInput as error:
            messages.error(request, error.public.in_(language()))
        return redirect(request.get_full_path())
    rows = queries.feasibility_for(request.actor)
    text, state = request.GET.get("q", "").strip().casefold(), request.GET.get("state", "")
    shown = [r for r in rows if text in f"{r.number} {r.title.ko} {r.title.en}".casefold() and state in ("", r.state)]
    waiting = sum(row.state == "asked" for row in rows)
    context = {"page": page_of(request, shown, 20), "waiting": waiting, "crumbs": [(_("기술 검토"), "")]}
    return render(request, "reviews/checks.html", context)


@person_required
def interview(request: HttpRequest, number: str) -> HttpResponse:
    """An applicant chooses when to be interviewed."""
    if request.method == "POST":
        slot = request.POST.get("slot", "")
        try:
            slot_id = int(slot) if slot.isdigit() else None
            operations.book_interview(actor=request.actor, now=request.now, number=number, slot_id=slot_id)
            messages.success(request, _("면담 시간을 저장하였습니다."))
        except InvalidInput as error:
            messages.error(request, error.public.in_(language()))
        return redirect("reviews-interview", number)
    found = queries.my_interview(number, request.actor, request.now)
    crumbs = [(Text("신청", "Applications"), "/applications/"), (number, f"/applications/{number}/"), (_("면담"), "")]
    return render(request, "reviews/interview.html", {"found": found, "crumbs": crumbs})
