"""Pages of people and organisations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.core.text import Text
from dure.portal.framework import programme
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import ROLE_NAMES, add_mistakes, limited, person_required, role_required
from dure.portal.people import operations, queries
from dure.portal.people.forms import OrganisationForm, ProfileForm, RoleForm

ORGANISATIONS = Text("기관", "Organisations")
MINE = (Text("소속 기관", "My organisations"), "/organisations/mine/")


@person_required
@limited(20, 10)
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, language, ORCID, consents and roles."""
    person = queries.person(request.actor.user_id)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=person.__dict__)
    if request.method == "POST" and form.is_valid():
        try:
            operations.save_profile(actor=request.actor, now=request.now, **form.cleaned_data)
        except InvalidInput as error:
            add_mistakes(form, error)
        else:
            messages.success(request, _("저장하였습니다."))
            return redirect("people-profile")
    context = {
        "form": form,
        "person": person,
        "consents": queries.consents(person.id),
        "memberships": queries.memberships(person.id),
    }
    return render(request, "people/profile.html", context, status=422 if form.errors else 200)


@person_required
def mine(request: HttpRequest) -> HttpResponse:
    """The organisations one belongs to or has asked to join."""
    context = {
        "memberships": queries.memberships(request.actor.user_id),
        "requests": queries.requests_for(request.actor.headed),
        "crumbs": [MINE],
    }
    return render(request, "people/mine.html", context)


@person_required
@limited(10, 10)
def found(request: HttpRequest) -> HttpResponse:
    """Register an organisation."""
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            organisation_id = operations.found_organisation(actor=request.actor, now=request.now, **form.cleaned_data)
        except InvalidInput as error:
            add_mistakes(form, error)
        else:
            messages.success(request, _("등록하였습니다. 사업 담당자가 확인하면 신청서를 제출할 수 있습니다."))
            return redirect("people-organisation", queries.organisation(organisation_id).code)
    context = {"form": form, "crumbs": [MINE, (Text("기관 등록", "Register"), "")]}
    return render(request, "people/found.html", context, status=422 if form.errors else 200)


@person_required
@limited(120, 10, "GET")
def join(request: HttpRequest) -> HttpResponse:
    """Find an organisation and ask to join it."""
    text = request.GET.get("q", "")
    joined = {m.organisation.id: m.state for m in queries.memberships(request.actor.user_id)}
    rows = [(found, joined.get(found.id)) for found in queries.search_organisations(text)]
    context = {"rows": rows, "q": text, "crumbs": [MINE, (Text("기관 찾기", "Find"), "")]}
    return render(request, "people/join.html", context)


@person_required
@limited(10, 10)
@require_POST
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask to join an organisation."""
    organisation = queries.organisation_of_code(code)
    operations.request_membership(actor=request.actor, now=request.now, organisation_id=organisation.id)
    messages.success(request, _("소속을 신청하였습니다. 기관 대표자가 승인하면 함께 신청할 수 있습니다."))
    return redirect("people-mine")


@person_required
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    """One organisation: what it says of itself, its members, who asks to join."""
    row = queries.organisation_record(queries.organisation_of_code(code).id, request.actor)
    current = programme.current()
    is_head = row.id in request.actor.headed
    context = {
        "row": row,
        "applicant_class": current.applicant_class(row.applicant_class).name,
        "region": current.region(row.region).name,
        "youth": current.youth,
        "members": queries.members(row.id),
        "requests": queries.members(row.id, ("requested",)) if is_head or request.actor.is_programme_manager else [],
        "is_head": is_head,
        "invitations": queries.invitations(row.id) if is_head else [],
        "by_domain": {m.id for m in queries.members(row.id) if m.is_of(row.email_domain)},
        "may_judge": request.actor.is_programme_manager,
        "crumbs": [
            MINE if row.id in request.actor.organisations else (ORGANISATIONS, "/organisations/"),
            (row.name, ""),
        ],
    }
    return render(request, "people/organisation.html", context)


@require_POST
@person_required
@limited(30, 10)
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """Invite somebody into the organisation by e-mail."""
    organisation_id = queries.organisation_record(queries.organisation_of_code(code).id, request.actor).id
    email, role = request.POST.get("email", ""), request.POST.get("role", "member")
    try:
        operations.invite(actor=request.actor, now=request.now, organisation_id=organisation_id, email=email, role=role)
        messages.success(request, _("초대 메일을 보냅니다."))
    except InvalidInput as error:
        messages.error(request, " ".join(mistake.sentence(get_language() or "ko") for mistake in error.mistakes))
    return redirect("people-organisation", code)


@require_POST
@person_required
def uninvite(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    operations.uninvite(actor=request.actor, now=request.now, invitation_id=invitation_id)
    messages.success(request, _("초대를 거두었습니다."))
    return redirect("people-mine")


@person_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation's link opens: who invites, then yes."""
    row = queries.invitation_of(token)
    if request.method == "POST":
        code = operations.take_invitation(actor=request.actor, now=request.now, token=token)
        messages.success(request, _("소속되었습니다."))
        return redirect("people-organisation", code)
    context = {"row": row, "may_take": row.may_be_taken(request.now)}
    return render(request, "people/invitation.html", context)


@person_required
@limited(20, 10)
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """Change what an organisation says of itself."""
    row = queries.organisation_record(queries.organisation_of_code(code).id, request.actor)
    request.actor.require(row.id in request.actor.headed or request.actor.is_programme_manager)
    form = OrganisationForm(request.POST if request.method == "POST" else None, initial=row.__dict__)
    if request.method == "POST" and form.is_valid():
        try:
            operations.correct_organisation(
                actor=request.actor, now=request.now, organisation_id=row.id, **form.cleaned_data
            )
        except InvalidInput as error:
            add_mistakes(form, error)
        else:
            messages.success(request, _("저장하였습니다."))
            return redirect("people-organisation", code)
    crumbs = [(row.name, f"/organisations/{code}/"), (Text("고치기", "Correct"), "")]
    context = {"form": form, "row": row, "crumbs": crumbs}
    return render(request, "people/correct.html", context, status=422 if form.errors else 200)


@person_required
@require_POST
def judge(request: HttpRequest, code: str) -> HttpResponse:
    """Verify or reject an organisation."""
    organisation_id = queries.organisation_of_code(code).id
    what = {"actor": request.actor, "now": request.now, "organisation_id": organisation_id}
    reason = request.POST.get("reason", "")
    if request.POST.get("action") == "reject":
        operations.reject_organisation(**what, reason=reason)
        messages.success(request, _("반려하였습니다."))
    else:
        operations.verify_organisation(**what, reason=reason)
        messages.success(request, _("확인하였습니다."))
    return redirect("people-organisation", code)


@person_required
def member(request: HttpRequest, membership_id: int, verb: str) -> HttpResponse:
    """Approve, refuse, make head or end a membership; ending and refusing are confirmed first."""
    operation = {
        "approve": operations.approve_membership,
        "refuse": operations.refuse_membership,
        "head": operations.make_head,
        "leave": operations.end_membership,
    }.get(verb)
    if operation is None:
        raise NotFound(internal=f"no verb {verb}")
    if request.method != "POST":
        row = queries.membership(membership_id, request.actor)
        context = {"row": row, "verb": verb, "is_own": row.user_id == request.actor.user_id}
        return render(request, "people/member.html", context)
    operation(actor=request.actor, now=request.now, membership_id=membership_id)
    messages.success(request, _("처리하였습니다."))
    return redirect("people-mine")


@role_required("programme_manager", "auditor")
def organisations(request: HttpRequest) -> HttpResponse:
    """All organisations; those that wait to be verified come first."""
    text, state = request.GET.get("q", ""), request.GET.get("state", "")
    rows = queries.organisation_list(request.actor, text=text, state=state, sort=request.GET.get("sort", "name"))
    if (form := request.GET.get("format", "")) in ("csv", "xlsx"):
        return export("organisations", form, *_organisation_table(rows))
    current = programme.current()
    classes = {c.code: c.name for c in current.applicant_classes}
    regions = {r.code: r.name for r in current.regions}

    def shown(row: Any) -> dict[str, Any]:
        made = queries.organisation_row(row)
        return {
            "row": made,
            "applicant_class": classes.get(made.applicant_class, made.applicant_class),
            "region": regions.get(made.region, made.region),
        }

    context = {
        "page": paged(rows, request.GET.get("page"), shown),
        "awaiting": queries.organisations_awaiting(),
        "states": ("founded", "verified", "rejected"),
        "exports": True,
        "sort": "name",
        "crumbs": [(ORGANISATIONS, "")],
    }
    return render(request, "people/organisations.html", context)


def _organisation_table(rows: Any) -> tuple[list[str], list[list[Any]]]:
    header = [_("코드"), _("기관 이름"), _("영문 이름"), _("유형"), _("지역"), _("상태"), _("대표자"), _("인원")]
    made = [queries.organisation_row(row) for row in rows]
    return header, [
        [r.code, r.name, r.name_en, r.applicant_class, r.region, r.state, r.head, r.member_count] for r in made
    ]


@role_required("programme_manager")
def roles(request: HttpRequest) -> HttpResponse:
    """Who has which role; give one."""
    form = RoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            person = queries.actor_by_email(wanted["email"])
            operations.give_role(
                actor=request.actor,
                now=request.now,
                user_id=person.user_id,
                role=wanted["role"],
                scope=wanted["scope"],
            )
        except InvalidInput as error:
            add_mistakes(form, error)
        except NotFound:
            form.add_error("email", _("가입한 사람이 아닙니다. 먼저 가입하도록 안내해 주십시오."))
        else:
            messages.success(request, _("역할을 주었습니다."))
            return redirect("people-roles")
    holders = [
        (person, [(role, scope, ROLE_NAMES[role]) for role, scope in given]) for person, given in queries.role_holders()
    ]
    context = {"form": form, "holders": holders, "crumbs": [(Text("역할", "Roles"), "")]}
    return render(request, "people/roles.html", context, status=422 if form.errors else 200)


@role_required("programme_manager")
@require_POST
def take_role(request: HttpRequest, user_id: int) -> HttpResponse:
    """End somebody's role."""
    operations.take_role(
        actor=request.actor,
        now=request.now,
        user_id=user_id,
        role=request.POST.get("role", ""),
        scope=request.POST.get("scope", ""),
    )
    messages.success(request, _("역할을 거두었습니다."))
    return redirect("people-roles")
