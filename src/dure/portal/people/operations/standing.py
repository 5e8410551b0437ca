"""Changing people, organisations, memberships and roles."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.text import slugify

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.identifiers import (
    is_korean_business_number,
    is_orcid,
    is_ror,
    tidy_business_number,
    tidy_orcid,
    tidy_ror,
)
from dure.decide.lifecycles import MEMBERSHIP, ORGANISATION
from dure.portal.framework import programme
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor
from dure.portal.people.models import Consent, Invitation, Membership, Organisation, Role, User
from dure.portal.people.queries import actor_name

_REQUIRED = Text("비어 있습니다.", "This is empty.")


def _mistake(where: str, ko: str, en: str, remedy_ko: str = "", remedy_en: str = "") -> InvalidInput:
    return InvalidInput(Mistake(where, Text(ko, en), Text(remedy_ko, remedy_en)))


# ---- people


@transaction.atomic
def add_person(
    *,
    email: str,
    name: str,
    name_en: str = "",
    language: str = "ko",
    password: str | None = None,
    is_synthetic: bool = False,
    is_verified: bool = False,
    now: datetime,
) -> int:
    """Make an account and return its id; the same address again returns the one that is there, unchanged.

    Without a password nobody can sign in until one is set by mail.
    """
    email = email.strip().lower()
    there = User.objects.filter(email=email).values_list("pk", flat=True).first()
    if there is not None:
        return there
    user = User.objects.create_user(
        email, password, name=name, name_en=name_en, language=language, is_synthetic=is_synthetic, created_at=now
    )
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=is_verified)
    append(at=now, actor="system", event="people.add", subject=f"person:{user.pk}", is_synthetic=is_synthetic)
    return user.pk


@transaction.atomic
def registered(*, user_id: int, name: str, language: str, now: datetime) -> None:
    """Complete an account somebody has just registered: name, language and consent to the privacy notice."""
    user = locked(User.objects, pk=user_id)
    user.name, user.language = name.strip(), language
    user.save(update_fields=["name", "language"])
    _consent(user_id, "privacy", now)
    append(at=now, actor=actor_name(user_id), event="people.register", subject=f"person:{user_id}")


def _consent(user_id: int, document: str, now: datetime) -> None:
    Consent.objects.get_or_create(
        user_id=user_id, document=document, version=programme.privacy().consent_version, defaults={"given_at": now}
    )


@transaction.atomic
def save_profile(*, actor: Actor, now: datetime, name: str, name_en: str = "", language: str, orcid: str = "") -> None:
    """Change one's own name, language and ORCID. Raises InvalidInput, NotPermitted for visitors."""
    actor.require(actor.user_id is not None)
    mistakes = []
    orcid = tidy_orcid(orcid) if orcid.strip() else ""
    if not name.strip():
        mistakes.append(Mistake("name", _REQUIRED, Text("이름을 적어 주십시오.", "Enter your name.")))
    if language not in ("ko", "en"):
        mistakes.append(Mistake("language", Text("없는 언어입니다.", "There is no such language.")))
    if orcid and not is_orcid(orcid):
        what = Text("ORCID 번호의 검사 숫자가 맞지 않습니다.", "The check digit of this ORCID iD does not match.")
        remedy = Text("orcid.org에 있는 16자리를 그대로 적어 주십시오.", "Copy the 16 characters from orcid.org.")
        mistakes.append(Mistake("orcid", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
    user = locked(User.objects, pk=actor.user_id)
    after = {"name": name.strip(), "name_en": name_en.strip(), "language": language, "orcid": orcid}
    changed = sorted(key for key, value in after.items() if getattr(user, key) != value)
    if changed:
        User.objects.filter(pk=user.pk).update(**after)
        # Which fields, not what they say: the journal cannot forget a person.
        append(at=now, actor=actor.name, event="people.save_profile", subject=f"person:{user.pk}", changed=changed)


@transaction.atomic
def erase(*, actor: Actor, now: datetime, user_id: int) -> None:
    """Empty an account for good: nobody can sign in to it, it has no name, address, role or membership.

    The row stays, so that what points to it can still be counted. Repeating changes nothing. For the portal itself.
    """
    actor.require(actor.is_system)
    user = locked(User.objects, pk=user_id)
    if user.erased_at is not None:
        return
    EmailAddress.objects.filter(user_id=user_id).delete()
    Invitation.objects.filter(email__iexact=user.email).update(email=f"erased-{user_id}@erased.invalid")
    Role.objects.filter(user_id=user_id).delete()
    for row in Membership.objects.filter(user_id=user_id).select_related("organisation"):
        if row.state == "active":
            move(row, MEMBERSHIP, "leave", left_at=now, role="member")
        elif row.state == "requested":
            move(row, MEMBERSHIP, "refuse")
    user.email, user.name, user.name_en, user.orcid = f"erased-{user_id}@erased.invalid", "", "", ""
    user.is_active, user.erased_at = False, now
    user.set_unusable_password()
    user.save()
    append(at=now, actor=actor.name, event="people.erase", subject=f"person:{user_id}")


# ---- organisations


PAGES = ("join", "mine", "new")  # /organisations/mine/ is a page: no organisation can have that code
_LONGEST = {
    where: Organisation._meta.get_field(where).max_length or 0
    for where in ("name", "name_en", "registration_number", "email_domain")
}


def _too_long(where: str) -> Mistake:
    most = _LONGEST[where]
    what = Text("너무 깁니다.", "It is too long.")
    return Mistake(where, what, Text(f"{most}자 이내로 적어 주십시오.", f"Use at most {most} characters."))


def _organisation_columns(
    *,
    name: str,
    name_en: str = "",
    applicant_class: str,
    region: str,
    registration_number: str,
    email_domain: str = "",
    ror: str = "",
    but: int | None = None,
) -> dict[str, Any]:
    """The columns to save. Raises InvalidInput with every mistake; `but` is the organisation being corrected."""
    current = programme.current()
    mistakes = []
    name, number = name.strip(), registration_number.strip()
    if not name:
        mistakes.append(Mistake("name", _REQUIRED, Text("기관 이름을 적어 주십시오.", "Enter its name.")))
    lengths = {"name": name, "name_en": name_en, "registration_number": number, "email_domain": email_domain}
    mistakes += [_too_long(where) for where, text in lengths.items() if len(text.strip()) > _LONGEST[where]]
    if applicant_class not in {c.code for c in current.applicant_classes}:
        what = Text("사업에 없는 기관 유형입니다.", "The programme has no such class of organisation.")
        mistakes.append(Mistake("applicant_class", what, Text("목록에서 골라 주십시오.", "Choose one from the list.")))
    if region not in {r.code for r in current.regions}:
        what = Text("사업에 없는 지역입니다.", "The programme has no such region.")
        mistakes.append(Mistake("region", what, Text("목록에서 골라 주십시오.", "Choose one from the list.")))
    # The programme file names no country; its currency says whose register of businesses numbers come from.
    if number and current.currency.code == "KRW":
        number = tidy_business_number(number)
        if not is_korean_business_number(number):
            what = Text("사업자등록번호의 검사 숫자가 맞지 않습니다.", "The number's check digit does not match.")
            remedy = Text("사업자등록증에 있는 10자리를 확인해 주십시오.", "Check the ten digits on the certificate.")
            mistakes.append(Mistake("registration_number", what, remedy))
    others = Organisation.objects.exclude(pk=but)
    if number and others.filter(registration_number=number).exists():
        what = Text("이미 등록된 기관의 번호입니다.", "An organisation with this number is already registered.")
        remedy = Text("새로 등록하지 말고 그 기관에 소속을 신청해 주십시오.", "Ask to join that organisation instead.")
        mistakes.append(Mistake("registration_number", what, remedy))
    domain, ror = email_domain.strip().lower().removeprefix("@"), tidy_ror(ror)
    if domain and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
        what = Text("이메일 주소의 뒷부분이 아닙니다.", "Not the domain of an e-mail address.")
        remedy = Text("hanbit.ac.kr처럼 적어 주십시오.", "Write it like hanbit.ac.kr.")
        mistakes.append(Mistake("email_domain", what, remedy))
    if ror and not is_ror(ror):
        what = Text("ROR 번호의 검사 숫자가 맞지 않습니다.", "The check digits of this ROR id do not match.")
        remedy = Text("ror.org에 있는 9자리를 그대로 적어 주십시오.", "Copy the nine characters from ror.org.")
        mistakes.append(Mistake("ror", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
    said = {"name": name, "applicant_class": applicant_class, "region": region, "registration_number": number}
    return said | {"name_en": name_en.strip(), "email_domain": domain, "ror": ror}


def _free_code(wanted: str) -> str:
    stem = slugify(wanted)[:34].strip("-") or "org"
    code, count = stem, 1
    while code in PAGES or Organisation.objects.filter(code=code).exists():
        count += 1
        code = f"{stem}-{count}"
    return code


@transaction.atomic
def found_organisation(
    *,
    actor: Actor,
    now: datetime,
    code: str = "",
    name: str,
    name_en: str = "",
    applicant_class: str,
    region: str,
    is_youth: bool = False,
    registration_number: str = "",
    email_domain: str = "",
    ror: str = "",
    is_synthetic: bool = False,
) -> int:
    """Register an organisation that the actor heads, and return its id; the programme still has to verify it.

    Without `code` one is made of the English name. The head founding the same code again gets the one that is
    there. Raises InvalidInput, NotPermitted for visitors.
    """
    actor.require(actor.user_id is not None)
    code = code.strip().lower()
    there = Organisation.objects.filter(code=code).values_list("pk", flat=True).first() if code else None
    if there is not None and there in actor.headed:
        return there
    if there is not None or code in PAGES:
        raise _mistake(
            "code", "이미 쓰이는 기관 코드입니다.", "This code is taken.", "다른 코드를 적어 주십시오.", "Try another."
        )
    if code and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code):
        raise _mistake("code", "영문 소문자, 숫자, 붙임표만 됩니다.", "Only lower-case letters, digits and hyphens.")
    columns = _organisation_columns(
        name=name,
        name_en=name_en,
        applicant_class=applicant_class,
        region=region,
        registration_number=registration_number,
        email_domain=email_domain,
        ror=ror,
    )
    row = Organisation.objects.create(
        code=code or _free_code(name_en),
        is_youth=is_youth,
        is_synthetic=is_synthetic,
        created_at=now,
        **columns,
    )
    active = MEMBERSHIP.after(MEMBERSHIP.initial, "approve")
    Membership.objects.create(user_id=actor.user_id, organisation=row, role="head", state=active, since_at=now)
    append(at=now, actor=actor.name, event="people.found_organisation", subject=f"organisation:{row.code}")
    return row.pk


@transaction.atomic
def correct_organisation(
    *,
    actor: Actor,
    now: datetime,
    organisation_id: int,
    name: str,
    name_en: str = "",
    applicant_class: str,
    region: str,
    is_youth: bool = False,
    registration_number: str = "",
    email_domain: str | None = None,
    ror: str | None = None,
) -> None:
    """Change what an organisation says of itself; what decides eligibility or price has to be verified again.

    Heads and programme managers may. Raises InvalidInput, NotFound for people who are not members.
    """
    row = _organisation_for(actor, organisation_id)
    after = {
        **_organisation_columns(
            name=name,
            name_en=name_en,
            applicant_class=applicant_class,
            region=region,
            registration_number=registration_number,
            email_domain=row.email_domain if email_domain is None else email_domain,
            ror=row.ror if ror is None else ror,
            but=organisation_id,
        ),
        "is_youth": is_youth,
    }
    changed = {key: [getattr(row, key), value] for key, value in after.items() if getattr(row, key) != value}
    if not changed:
        return
    deciding = {"name", "applicant_class", "region", "is_youth", "registration_number"} & set(changed)
    if deciding and row.state == "verified" and not actor.is_programme_manager:
        move(row, ORGANISATION, "revoke", verified_at=None, judged_at=None)
    Organisation.objects.filter(pk=row.pk).update(**after)
    append(
        at=now,
        actor=actor.name,
        event="people.correct_organisation",
        subject=f"organisation:{row.code}",
        changed=changed,
    )


def _organisation_for(actor: Actor, organisation_id: int) -> Organisation:
    """The locked organisation, for its heads and programme managers."""
    if not (organisation_id in actor.organisations or actor.may_oversee):
        raise NotFound(internal=f"{actor} and organisation {organisation_id}")
    actor.require(organisation_id in actor.headed or actor.is_programme_manager or actor.is_system)
    return locked(Organisation.objects, pk=organisation_id)


def verify_organisation(*, actor: Actor, now: datetime, organisation_id: int, reason: str = "") -> None:
    """Confirm that the organisation is what it says it is. For programme managers."""
    _judge(actor, now, organisation_id, "verify", reason)


def reject_organisation(*, actor: Actor, now: datetime, organisation_id: int, reason: str) -> None:
    """Say that the organisation cannot be confirmed, and why. For programme managers. Raises InvalidInput."""
    if not reason.strip():
        raise _mistake("reason", "사유가 없습니다.", "No reason.", "반려하는 까닭을 적어 주십시오.", "Say why.")
    _judge(actor, now, organisation_id, "reject", reason)


@transaction.atomic
def _judge(actor: Actor, now: datetime, organisation_id: int, event: str, reason: str) -> None:
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Organisation.objects, pk=organisation_id)
    verified_at = now if event == "verify" else None
    if is_repeated(row, ORGANISATION, event, state_reason=reason.strip()):
        return
    move(row, ORGANISATION, event, state_reason=reason.strip(), verified_at=verified_at, judged_at=now)
    append(
        at=now,
        actor=actor.name,
        event=f"people.{event}_organisation",
        subject=f"organisation:{row.code}",
        reason=reason.strip(),
    )


# ---- memberships


@transaction.atomic
def request_membership(*, actor: Actor, now: datetime, organisation_id: int) -> int:
    """Ask to join an organisation; its heads decide. Asking again while it is pending changes nothing."""
    actor.require(actor.user_id is not None)
    organisation = locked(Organisation.objects, pk=organisation_id)
    row = Membership.objects.filter(user_id=actor.user_id, organisation=organisation).first()
    if row is not None and row.state in ("requested", "active"):
        return row.pk
    if row is None:
        row = Membership.objects.create(user_id=actor.user_id, organisation=organisation, since_at=now)
    else:
        move(row, MEMBERSHIP, "rejoin", since_at=now, left_at=None, role="member")
    _note_member(actor, now, "request_membership", row)
    return row.pk


def _note_member(actor: Actor, now: datetime, verb: str, row: Membership, reason: str = "") -> None:
    append(
        at=now,
        actor=actor.name,
        event=f"people.{verb}",
        subject=f"organisation:{row.organisation.code}",
        reason=reason,
        person=row.user_id,
    )


def _membership_for(actor: Actor, membership_id: int) -> Membership:
    """The locked membership, for heads of its organisation and programme managers; NotFound for anybody else."""
    row = locked(Membership.objects.select_related("organisation"), pk=membership_id)
    if not (row.organisation_id in actor.headed or actor.is_programme_manager or actor.is_system):
        raise NotFound(internal=f"{actor} and membership {membership_id}")
    return row


@transaction.atomic
def approve_membership(*, actor: Actor, now: datetime, membership_id: int) -> None:
    """Let somebody in who asked. For heads of the organisation."""
    row = _membership_for(actor, membership_id)
    if is_repeated(row, MEMBERSHIP, "approve"):
        return
    move(row, MEMBERSHIP, "approve", since_at=now)
    _note_member(actor, now, "approve_membership", row)


@transaction.atomic
def refuse_membership(*, actor: Actor, now: datetime, membership_id: int) -> None:
    """Turn down somebody who asked. For heads of the organisation."""
    row = _membership_for(actor, membership_id)
    if is_repeated(row, MEMBERSHIP, "refuse"):
        return
    move(row, MEMBERSHIP, "refuse", since_at=now)
    _note_member(actor, now, "refuse_membership", row)


@transaction.atomic
def end_membership(*, actor: Actor, now: datetime, membership_id: int) -> None:
    """Leave an organisation, or (heads) see a member out. Raises InvalidInput for the last head."""
    organisation_id = Membership.objects.filter(pk=membership_id).values_list("organisation_id", flat=True).first()
    locked(Organisation.objects, pk=organisation_id)  # two heads who leave at once would each see the other stay
    row = locked(Membership.objects.select_related("organisation"), pk=membership_id)
    if row.user_id != actor.user_id:
        row = _membership_for(actor, membership_id)
    if is_repeated(row, MEMBERSHIP, "leave"):
        return
    MEMBERSHIP.after(row.state, "leave")
    if row.role == "head" and not _other_heads(row).exists():
        raise _mistake(
            "membership",
            "마지막 대표자는 나갈 수 없습니다.",
            "The last head cannot leave.",
            "먼저 다른 구성원을 대표자로 정해 주십시오.",
            "First make another member a head.",
        )
    move(row, MEMBERSHIP, "leave", left_at=now)
    _note_member(actor, now, "end_membership", row)


def _other_heads(row: Membership) -> Any:
    heads = Membership.objects.filter(organisation_id=row.organisation_id, role="head", state="active")
    return heads.exclude(pk=row.pk)


@transaction.atomic
def make_head(*, actor: Actor, now: datetime, membership_id: int) -> None:
    """Let a member speak and sign for the organisation too. For its heads. Raises InvalidInput for non-members."""
    row = _membership_for(actor, membership_id)
    if row.state != "active":
        raise _mistake("membership", "소속된 사람만 대표자가 될 수 있습니다.", "Only a member can become a head.")
    if row.role != "head":
        row.role = "head"
        row.save(update_fields=["role"])
        _note_member(actor, now, "make_head", row)


# ---- roles


SCOPED_ROLES = ("provider", "nominator")


@transaction.atomic
def give_role(*, actor: Actor, now: datetime, user_id: int, role: str, scope: str = "") -> None:
    """Give a person a role in the programme; `scope`: whose, for "provider" (its code) and "nominator" (a ministry's).

    Programme managers may, but not to themselves. Raises InvalidInput, NotFound.
    """
    actor.require(actor.is_system or (actor.is_programme_manager and user_id != actor.user_id))
    if role not in Role.ROLES:
        raise _mistake("role", "없는 역할입니다.", "There is no such role.")
    current = programme.current()
    known = {"provider": current.providers, "nominator": current.ministries}.get(role, ())
    if scope not in ({one.code for one in known} if role in SCOPED_ROLES else {""}):
        raise _mistake("scope", "이 역할에 맞지 않는 소속입니다.", "This body does not fit the role.")
    user = locked(User.objects, pk=user_id)
    _, is_new = Role.objects.get_or_create(user=user, role=role, scope=scope, defaults={"since_at": now})
    if is_new:
        append(at=now, actor=actor.name, event="people.give_role", subject=f"person:{user_id}", role=role, scope=scope)


@transaction.atomic
def take_role(*, actor: Actor, now: datetime, user_id: int, role: str, scope: str = "") -> None:
    """End a person's role. For programme managers, but not their own."""
    actor.require(actor.is_system or (actor.is_programme_manager and user_id != actor.user_id))
    gone, _ = Role.objects.filter(user_id=user_id, role=role, scope=scope).delete()
    if gone:
        append(at=now, actor=actor.name, event="people.take_role", subject=f"person:{user_id}", role=role, scope=scope)
