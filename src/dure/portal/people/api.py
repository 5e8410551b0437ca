"""People and organisations as JSON: oneself, one's organisations, joining."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from dure.portal.framework.api import answers, signed_in
from dure.portal.people import operations, queries
from dure.portal.people.queries import OrganisationView

router = Router(tags=["people"])


class OrganisationOut(Schema):
    """An organisation; `applicant_class` and `region` are codes of the programme file."""

    code: str
    name: str
    name_en: str
    applicant_class: str
    region: str
    is_youth: bool
    state: str
    is_synthetic: bool


class MembershipOut(Schema):
    """One's membership in an organisation."""

    organisation: OrganisationOut
    role: str
    state: str


class MeOut(Schema):
    """The person who asks."""

    email: str
    name: str
    name_en: str
    language: str
    orcid: str
    roles: list[str]
    memberships: list[MembershipOut]


class FoundIn(Schema):
    """A new organisation."""

    name: str
    name_en: str = ""
    applicant_class: str
    region: str
    is_youth: bool = False
    registration_number: str = ""


def _out(view: OrganisationView) -> dict[str, Any]:
    return {key: value for key, value in view.__dict__.items() if key != "id"}


@router.get("/me", response=answers(MeOut), auth=signed_in, summary="Who am I")
def me(request: HttpRequest) -> dict[str, Any]:
    """The person who asks, with roles and organisations."""
    person = queries.person(request.actor.user_id)
    memberships = queries.memberships(person.id)
    return {
        **person.__dict__,
        "roles": sorted(f"{role}:{scope}" if scope else role for role, scope in queries.roles_of(person.id)),
        "memberships": [{"organisation": _out(m.organisation), "role": m.role, "state": m.state} for m in memberships],
    }


@router.get("/organisations", response=answers(list[OrganisationOut]), auth=signed_in, summary="Find organisations")
def organisations(request: HttpRequest, q: str) -> list[dict[str, Any]]:
    """Organisations whose name or code contains `q` (two characters or more)."""
    return [_out(view) for view in queries.search_organisations(q)]


@router.post("/organisations", response=answers(OrganisationOut, created=True), auth=signed_in, summary="Register one")
def found(request: HttpRequest, body: FoundIn) -> Status[dict[str, Any]]:
    """Register an organisation that the person heads."""
    organisation_id = operations.found_organisation(actor=request.actor, now=request.now, **body.dict())
    return Status(201, _out(queries.organisation(organisation_id)))


@router.post("/organisations/{code}/join", response=answers(OrganisationOut), auth=signed_in, summary="Ask to join")
def join(request: HttpRequest, code: str) -> dict[str, Any]:
    """Ask to join an organisation; its heads decide."""
    view = queries.organisation_of_code(code)
    operations.request_membership(actor=request.actor, now=request.now, organisation_id=view.id)
    return _out(view)
