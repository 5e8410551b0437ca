"""Reading people and organisations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Count, Q

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.people.actor import NOBODY, Actor
from dure.portal.people.models import Consent, Invitation, Membership, Organisation, Role, User


@dataclass(frozen=True)
class PersonView:
    """A person as other chapters see one."""

    id: int
    email: str
    name: str
    name_en: str
    language: str
    orcid: str = ""
    is_synthetic: bool = False

    @property
    def shown(self) -> str:
        """The name, or the address of somebody who has not given one yet."""
        return self.name or self.email

    def named(self, language: str) -> str:
        """The name in `language`; the Korean one where there is no English, "" where there is none."""
        return self.name if language.startswith("ko") else self.name_en or self.name


@dataclass(frozen=True)
class OrganisationView:
    """An organisation as other chapters see it."""

    id: int
    code: str
    name: str
    name_en: str
    applicant_class: str
    region: str
    is_youth: bool
    state: str
    is_synthetic: bool = False

    def named(self, language: str) -> str:
        """Its name in `language`; the Korean one where there is no English."""
        return self.name if language.startswith("ko") else self.name_en or self.name


@dataclass(frozen=True)
class MemberView:
    """A membership with its person."""

    id: int
    user_id: int
    name: str
    email: str
    role: str
    state: str
    since_at: datetime

    def is_of(self, domain: str) -> bool:
        """Whether the address belongs to the organisation's domain: evidence, not proof."""
        return bool(domain) and (self.email.endswith(f"@{domain}") or self.email.endswith(f".{domain}"))


@dataclass(frozen=True)
class InvitationView:
    """An invitation into an organisation that is still open, or was."""

    id: int
    organisation: OrganisationView
    email: str
    role: str
    sent_at: datetime
    expires_at: datetime
    is_open: bool

    def may_be_taken(self, now: datetime) -> bool:
        """Whether the link still works."""
        return self.is_open and now < self.expires_at


@dataclass(frozen=True)
class MembershipView:
    """A person's own membership with its organisation."""

    id: int
    organisation: OrganisationView
    role: str
    state: str
    since_at: datetime


def actor_name(user_id: int) -> str:
    """How records name a person: by number, for what is recorded for good must not hold a name or an address."""
    return f"person:{user_id}"


def actor_of(user: Any) -> Actor:
    """The actor a signed-in user is; `NOBODY` for a visitor."""
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return NOBODY
    memberships = list(user.memberships.filter(state="active").values_list("organisation_id", "role"))
    roles = list(user.roles.values_list("role", "scope"))
    return Actor(
        name=actor_name(user.pk),
        user_id=user.pk,
        roles=frozenset(role for role, _ in roles),
        organisations=frozenset(organisation for organisation, _ in memberships),
        headed=frozenset(organisation for organisation, role in memberships if role == "head"),
        providers=frozenset(scope for role, scope in roles if role == "provider"),
        ministries=frozenset(scope for role, scope in roles if role == "nominator"),
    )


def actor_of_id(user_id: int) -> Actor:
    """The actor with this number; `NOBODY` when there is none."""
    return actor_of(User.objects.filter(pk=user_id).first())


def actor_by_email(email: str) -> Actor:
    """The actor with this address. Raises NotFound."""
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    if user is None:
        raise NotFound(internal=f"no person {email}")
    return actor_of(user)


def _person(user: User) -> PersonView:
    return PersonView(user.pk, user.email, user.name, user.name_en, user.language, user.orcid, user.is_synthetic)


def person(user_id: int) -> PersonView:
    """One person. Raises NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(internal=f"no person {user_id}")
    return _person(user)


def persons(user_ids: Iterable[int]) -> dict[int, PersonView]:
    """Several people by id, in one query."""
    return {user.pk: _person(user) for user in User.objects.filter(pk__in=set(user_ids))}


INVITATION_SALT = "dure.people.invitation"
ERASED = Text("지워진 사람", "erased person")


def names_of(actors: Iterable[str]) -> dict[str, Text]:
    """Names by actor ("person:7"), in one query; loops and commands are left out."""
    ids = {int(one.removeprefix("person:")) for one in actors if re.fullmatch(r"person:\d+", one)}
    found = User.objects.filter(pk__in=ids).values_list("pk", "name", "name_en", "email", "erased_at")
    return {
        actor_name(pk): ERASED if erased_at else Text(name or email, name_en or name or email)
        for pk, name, name_en, email, erased_at in found
    }


def people_with_role(role: str, scope: str = "") -> list[PersonView]:
    """Everybody who has `role` (for a provider: of the provider `scope`)."""
    found = User.objects.filter(is_active=True, roles__role=role, roles__scope=scope)
    return [_person(user) for user in found.distinct()]


def heads(organisation_id: int) -> list[PersonView]:
    """The people who speak and sign for an organisation."""
    found = User.objects.filter(
        memberships__organisation_id=organisation_id, memberships__state="active", memberships__role="head"
    )
    return [_person(user) for user in found]


def organisation_view(row: Organisation) -> OrganisationView:
    """The row as plain values, for chapters that reach it through their own rows."""
    return OrganisationView(
        row.pk,
        row.code,
        row.name,
        row.name_en,
        row.applicant_class,
        row.region,
        row.is_youth,
        row.state,
        row.is_synthetic,
    )


def organisation(organisation_id: int) -> OrganisationView:
    """One organisation. Raises NotFound."""
    row = Organisation.objects.filter(pk=organisation_id).first()
    if row is None:
        raise NotFound(internal=f"no organisation {organisation_id}")
    return organisation_view(row)


def organisation_of_code(code: str) -> OrganisationView:
    """The organisation `code`. Raises NotFound."""
    row = Organisation.objects.filter(code=code).first()
    if row is None:
        raise NotFound(internal=f"no organisation {code}")
    return organisation_view(row)


def organisations_of_codes(codes: Iterable[str]) -> dict[str, OrganisationView]:
    """Several organisations by code, in one query; codes nobody has are left out."""
    return {row.code: organisation_view(row) for row in Organisation.objects.filter(code__in=set(codes))}


def organisations(organisation_ids: Iterable[int]) -> dict[int, OrganisationView]:
    """Several organisations by id, in one query."""
    return {row.pk: organisation_view(row) for row in Organisation.objects.filter(pk__in=set(organisation_ids))}


def members(organisation_id: int, states: Sequence[str] = ("active",)) -> list[MemberView]:
    """The members of an organisation in `states`, heads first."""
    rows = Membership.objects.filter(organisation_id=organisation_id, state__in=states).select_related("user")
    return [
        MemberView(row.pk, row.user_id, row.user.name, row.user.email, row.role, row.state, row.since_at)
        for row in rows.order_by("role", "id")
    ]


def memberships(user_id: int) -> list[MembershipView]:
    """A person's memberships, also requested and refused ones, newest last; those that were left are not shown."""
    rows = Membership.objects.filter(user_id=user_id).exclude(state="left").select_related("organisation")
    return [
        MembershipView(row.pk, organisation_view(row.organisation), row.role, row.state, row.since_at) for row in rows
    ]


def requests_for(organisation_ids: Iterable[int]) -> list[tuple[OrganisationView, MemberView]]:
    """Who asks to join these organisations, oldest first."""
    rows = Membership.objects.filter(organisation_id__in=set(organisation_ids), state="requested")
    return [
        (
            organisation_view(row.organisation),
            MemberView(row.pk, row.user_id, row.user.name, row.user.email, row.role, row.state, row.since_at),
        )
        for row in rows.select_related("user", "organisation").order_by("since_at")
    ]


def search_organisations(text: str, limit: int = 20) -> list[OrganisationView]:
    """Organisations somebody could join: names or codes that contain `text`, at least two characters of it."""
    text = text.strip()
    if len(text) < 2:
        return []
    rows = Organisation.objects.exclude(state="rejected").filter(
        Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__icontains=text)
    )
    return [organisation_view(row) for row in rows.order_by("name")[:limit]]


def invitations(organisation_id: int) -> list[InvitationView]:
    """The open invitations of an organisation, for those who have decided who may see them."""
    found = Invitation.objects.filter(organisation_id=organisation_id, accepted_at=None, withdrawn_at=None)
    return [_invitation(row) for row in found.select_related("organisation")]


def invitations_since(since: datetime) -> list[InvitationView]:
    """Invitations sent since then and still open, for the loop that mails their links."""
    found = Invitation.objects.filter(sent_at__gt=since, accepted_at=None, withdrawn_at=None)
    return [_invitation(row) for row in found.select_related("organisation")]


def invitation_of(token: str) -> InvitationView:
    """The invitation that a link names. Raises NotFound for a link nobody signed."""
    try:
        pk = signing.loads(token, salt=INVITATION_SALT)
    except signing.BadSignature as error:
        raise NotFound(internal=f"invitation token: {error}") from None
    row = Invitation.objects.filter(pk=pk).select_related("organisation").first()
    if row is None:
        raise NotFound(internal=f"no invitation {pk}")
    return _invitation(row)


def invitation_token(invitation_id: int) -> str:
    """What the link of an invitation ends with."""
    return signing.dumps(invitation_id, salt=INVITATION_SALT)


def _invitation(row: Invitation) -> InvitationView:
    is_open = row.accepted_at is None and row.withdrawn_at is None
    organisation = organisation_view(row.organisation)
    return InvitationView(row.pk, organisation, row.email, row.role, row.sent_at, row.expires_at, is_open)


def organisations_awaiting() -> int:
    """How many organisations wait for the programme's check."""
    return Organisation.objects.filter(state="founded").count()


def consents(user_id: int) -> list[tuple[str, str, datetime]]:
    """What a person has agreed to: document, version, when."""
    return list(Consent.objects.filter(user_id=user_id).values_list("document", "version", "given_at"))


def roles_of(user_id: int) -> list[tuple[str, str]]:
    """The programme roles of a person: role and scope."""
    return list(Role.objects.filter(user_id=user_id).values_list("role", "scope"))


@dataclass(frozen=True)
class OrganisationRow(OrganisationView):
    """An organisation in the programme manager's list."""

    registration_number: str = ""
    email_domain: str = ""
    ror: str = ""
    state_reason: str = ""
    created_at: datetime | None = None
    verified_at: datetime | None = None
    head: str = ""
    head_email: str = ""
    member_count: int = 0


def organisation_record(organisation_id: int, actor: Actor) -> OrganisationRow:
    """Everything kept of an organisation, for its members and those who oversee. Raises NotFound for others."""
    row = _counted(Organisation.objects.filter(pk=organisation_id)).first()
    if row is None or not (organisation_id in actor.organisations or actor.may_oversee):
        raise NotFound(internal=f"{actor} and organisation {organisation_id}")
    return organisation_row(row)


def records(organisation_ids: Iterable[int]) -> dict[int, OrganisationRow]:
    """Everything kept of these organisations, for later chapters that have decided who may see it."""
    rows = _counted(Organisation.objects.filter(pk__in=set(organisation_ids)))
    return {row.pk: organisation_row(row) for row in rows}


def organisation_list(actor: Actor, *, text: str = "", state: str = "", sort: str = "name") -> Any:
    """The organisations as a queryset for `framework.lists.paged(…, make=organisation_row)`.

    Raises NotPermitted unless the actor may oversee the programme.
    """
    actor.require(actor.may_oversee)
    rows = _counted(Organisation.objects.all())
    if text:
        rows = rows.filter(
            Q(name__icontains=text)
            | Q(name_en__icontains=text)
            | Q(code__icontains=text)
            | Q(registration_number__icontains=text)
        )
    if state:
        rows = rows.filter(state=state)
    orders = ("name", "applicant_class", "region", "state", "created_at", "member_count")
    return rows.order_by(sort if sort.lstrip("-") in orders else "name", "id")


def _counted(rows: Any) -> Any:
    return rows.annotate(member_count=Count("memberships", filter=Q(memberships__state="active"))).prefetch_related(
        "memberships__user"
    )


def organisation_row(row: Any) -> OrganisationRow:
    """One row of `organisation_list`."""
    head = next((m.user for m in row.memberships.all() if m.role == "head" and m.state == "active"), None)
    return OrganisationRow(
        **organisation_view(row).__dict__,
        registration_number=row.registration_number,
        email_domain=row.email_domain,
        ror=row.ror,
        state_reason=row.state_reason,
        created_at=row.created_at,
        verified_at=row.verified_at,
        head=(head.name or head.email) if head else "",
        head_email=head.email if head else "",
        member_count=row.member_count,
    )


@dataclass(frozen=True)
class MembershipRow(MemberView):
    """A membership with its organisation, for the page that changes it."""

    organisation: OrganisationView


def membership(membership_id: int, actor: Actor) -> MembershipRow:
    """One membership, for its person, heads and programme managers. Raises NotFound for others."""
    row = Membership.objects.filter(pk=membership_id).select_related("user", "organisation").first()
    mine = row is not None and actor.user_id is not None and row.user_id == actor.user_id
    if row is None or not (mine or row.organisation_id in actor.headed or actor.is_programme_manager):
        raise NotFound(internal=f"{actor} and membership {membership_id}")
    user = row.user
    return MembershipRow(
        row.pk, user.pk, user.name, user.email, row.role, row.state, row.since_at, organisation_view(row.organisation)
    )


def role_holders() -> list[tuple[PersonView, list[tuple[str, str]]]]:
    """Everybody with a role in the programme but reviewers, who have their own list: person and (role, scope)."""
    found: dict[int, tuple[PersonView, list[tuple[str, str]]]] = {}
    for row in Role.objects.exclude(role="reviewer").select_related("user").order_by("user__email"):
        found.setdefault(row.user_id, (_person(row.user), []))[1].append((row.role, row.scope))
    return list(found.values())


@dataclass(frozen=True)
class Notice:
    """Something about a membership or an organisation that people should hear of; `key` names it once."""

    key: str
    state: str
    organisation: OrganisationView
    person: str
    to: tuple[int, ...]
    reason: str = ""


def notices(since: datetime) -> list[Notice]:
    """What became known since `since`: requests for the heads, decisions for those who asked; nothing synthetic."""
    found = []
    rows = Membership.objects.filter(since_at__gt=since, user__is_synthetic=False).select_related(
        "user", "organisation"
    )
    for row in rows.exclude(state="left").exclude(role="head"):
        organisation = organisation_view(row.organisation)
        to = tuple(head.id for head in heads(organisation.id)) if row.state == "requested" else (row.user_id,)
        key = f"membership:{row.pk}:{row.state}:{row.since_at:%Y%m%dT%H%M%S}"
        found.append(Notice(key, row.state, organisation, row.user.name or row.user.email, to))
    for organisation in Organisation.objects.filter(judged_at__gt=since, is_synthetic=False):
        key = f"organisation:{organisation.pk}:{organisation.state}:{organisation.judged_at:%Y%m%dT%H%M%S}"
        to = tuple(head.id for head in heads(organisation.pk))
        shown = organisation_view(organisation)
        found.append(Notice(key, organisation.state, shown, "", to, organisation.state_reason))
    return found
