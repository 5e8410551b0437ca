"""Writing applications: start, save, submit, withdraw, discard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound, Stale
from dure.core.text import Text
from dure.decide import questions as forms
from dure.decide.lifecycles import APPLICATION
from dure.portal.applications import content as contents
from dure.portal.applications import queries
from dure.portal.applications.content import Content
from dure.portal.applications.models import Application, TeamMember, Version
from dure.portal.applications.queries import Receipt
from dure.portal.calls import operations as call_rows
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor

MOST_DRAFTS = 20  # of one organisation in one call: enough for a university, too few to flood intake


@transaction.atomic
def start(
    *,
    actor: Actor,
    now: datetime,
    call_code: str,
    organisation_id: int,
    renews: str = "",
    is_synthetic: bool = False,
) -> str:
    """Begin an application for an organisation of the actor's and return its number.

    With `renews`, the number of an earlier one of that organisation, its text, team and size are taken over; months,
    answers, files and consents are asked again. Raises NotFound (call, earlier application), NotPermitted,
    InvalidInput when the call takes none now or the organisation may not apply.
    """
    actor.require(actor.user_id is not None and organisation_id in actor.organisations)
    calls.call(call_code, actor)
    call = call_rows.hold(call_code)
    if not call.accepts(now):
        raise InvalidInput(_not_now(call, now))
    organisation = people.organisation(organisation_id)
    if mistakes := queries.check(call, organisation, None, "start").mistakes:
        raise InvalidInput(mistakes)
    rows = Application.objects.filter(call_id=call.id)
    if rows.filter(organisation_id=organisation_id, state="draft").count() >= MOST_DRAFTS:
        what = Text("작성 중인 신청이 너무 많습니다.", "Too many drafts.")
        raise InvalidInput(
            Mistake("call", what, Text("쓰지 않을 초안을 지우십시오.", "Discard those you do not need."))
        )
    number = _free_number(call_code, rows.count())
    person = people.person(actor.user_id)
    lead = contents.Member(name=person.name, email=person.email, affiliation=organisation.name, role="lead")
    earlier = _earlier(renews, organisation_id)
    content = contents.renewed(_content(earlier), lead) if earlier else Content(team=(lead,))
    Application.objects.create(
        call_id=call.id,
        number=number,
        organisation_id=organisation_id,
        lead_id=actor.user_id,
        renews=earlier,
        draft=contents.stored(content),
        draft_saved_at=now,
        is_synthetic=is_synthetic or call.is_synthetic,
        created_at=now,
    )
    append(
        at=now,
        actor=actor.name,
        event="applications.start",
        subject=f"application:{number}",
        organisation=organisation.code,
        renews=renews,
    )
    return number


def _earlier(number: str, organisation_id: int) -> Application | None:
    if not number:
        return None
    row = (
        Application.objects.filter(number=number, organisation_id=organisation_id, version__isnull=False)
        .select_related("version")
        .first()
    )
    if row is None:
        raise NotFound(internal=f"{number} is no sealed application of organisation {organisation_id}")
    return row


def _content(row: Application) -> Content:
    if row.version is None:
        raise NotFound(internal=f"{row.number} was never submitted")
    return contents.trusted(row.version.content)


def _free_number(call_code: str, taken: int) -> str:
    """The next number of the call; numbers that were brought along from elsewhere may lie in the way."""
    number = f"{call_code}-{taken + 1:04d}"
    while Application.objects.filter(number=number).exists():
        taken += 1
        number = f"{call_code}-{taken + 1:04d}"
    return number


@transaction.atomic
def save_draft(
    *, actor: Actor, now: datetime, number: str, content: Mapping[str, Any], edition: int | None = None
) -> int:
    """Save top-level fields of the draft (others stay; sections of the plan one by one) and return its edition.

    `edition` is the one the writer saw: Stale when somebody saved since. Raises InvalidInput for fields of a wrong
    type or too long, IllegalTransition while a submission stands. Drafts are not journalled; sealed versions are.
    """
    row = editable(actor, number)
    if edition is not None and edition != row.draft_edition:
        raise Stale(_OTHER_TAB, f"application {number}: edition {edition} is not {row.draft_edition}")
    if "attachments" in content and content["attachments"] != row.draft.get("attachments", []):
        raise InvalidInput(_NOT_TYPED)
    row.draft = contents.stored(contents.merged(row.draft, content))
    row.draft_saved_at, row.draft_edition = now, row.draft_edition + 1
    row.save(update_fields=["draft", "draft_saved_at", "draft_edition"])
    return row.draft_edition


@transaction.atomic
def submit(*, actor: Actor, now: datetime, started_at: datetime, number: str) -> Receipt:
    """Seal the draft as a version and return the receipt; submitting again what stands returns the same receipt.

    The deadline is judged by `started_at`, when the request arrived. Raises InvalidInput with everything that is
    missing, ineligible or late.
    """
    row = own(actor, number)
    if row.state == "submitted":
        return _receipt(number, row.version)
    APPLICATION.after(row.state, "submit")
    call = calls.view_of(row.call)
    if not call.accepts(started_at):
        raise InvalidInput(_not_now(call, started_at))
    content, organisation = contents.read(row.draft), people.organisation(row.organisation_id)
    mistakes = contents.remaining(content, programmes.current(), call.form)
    mistakes += queries.check(call, organisation, content, "submit").mistakes
    if queries.needs_endorsement(call, organisation):
        mistakes += queries.unendorsed(queries.application(number, actor), call)
    if mistakes:
        raise InvalidInput(mistakes)
    version = _seal(actor, now, started_at, row, final(content, call))
    move(row, APPLICATION, "submit", version=version, draft=version.content)
    messages.announce(
        key=f"submitted:{number}:{version.number}",
        user_id=row.lead_id,
        subject=Text(f"[{number}] 신청이 접수되었습니다", f"[{number}] Your application has been received"),
        body=Text(
            f"제출본 {version.number}, 지문(해시) {version.hash}. 확인과 철회: /applications/{number}/",
            f"Version {version.number}, hash {version.hash}. See it, or withdraw it: /applications/{number}/",
        ),
        now=now,
    )
    # The journal's one chain comes last: whoever else submits waits for it no longer than this takes to commit.
    append(
        at=now,
        actor=actor.name,
        event="applications.submit",
        subject=f"application:{number}",
        version=version.number,
        hash=version.hash,
    )
    return _receipt(number, version)


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, number: str) -> None:
    """Take a submission back while the call is open; it may be submitted again until the deadline.

    Withdrawing again changes nothing.
    """
    row = own(actor, number)
    if is_repeated(row, APPLICATION, "withdraw"):
        return
    APPLICATION.after(row.state, "withdraw")
    call = calls.call(row.call.code, actor)
    if not call.accepts(now):
        raise InvalidInput(_not_now(call, now))
    move(row, APPLICATION, "withdraw")
    append(at=now, actor=actor.name, event="applications.withdraw", subject=f"application:{number}")


@transaction.atomic
def discard(*, actor: Actor, now: datetime, number: str) -> None:
    """Throw a draft away that was never submitted. Doing it again changes nothing."""
    row = own(actor, number)
    if is_repeated(row, APPLICATION, "discard"):
        return
    move(row, APPLICATION, "discard")
    append(at=now, actor=actor.name, event="applications.discard", subject=f"application:{number}")


def editable(actor: Actor, number: str) -> Application:
    """The person's own application, locked, while its draft may be written. Raises IllegalTransition else."""
    row = own(actor, number)
    if row.state not in ("draft", "withdrawn"):
        raise IllegalTransition("application", row.state, "save", _SEALED)
    return row


def own(actor: Actor, number: str) -> Application:
    """The application, locked, if the person writes for its organisation; NotFound when they may not know of it."""
    # The version is read after the lock: joined, PostgreSQL gives none that was sealed while the lock was awaited.
    row = locked(Application.objects.select_related("call"), number=number)
    if not queries.may_see(actor, row.organisation_id):
        raise NotFound(internal=f"application {number} for {actor}")
    actor.require(row.organisation_id in actor.organisations)
    return row


def _seal(actor: Actor, now: datetime, started_at: datetime, row: Application, content: Content) -> Version:
    last = 0 if row.version is None else row.version.number
    stored = contents.stored(content)
    version = Version.objects.create(
        application=row,
        number=last + 1,
        content=stored,
        hash=queries.hash_of(row.number, last + 1, stored),
        started_at=started_at,
        submitted_at=now,
        submitted_by_id=actor.user_id,
        consent_version=programmes.privacy().consent_version,
    )
    if last:
        row.team.all().delete()
    TeamMember.objects.bulk_create(team_rows(row, content))
    return version


def team_rows(application: Application, content: Content) -> list[TeamMember]:
    """The team as rows, for finding conflicts of interest."""
    return [
        TeamMember(
            application=application,
            name=member.name,
            email=member.email.lower(),
            affiliation=member.affiliation,
            role=member.role,
        )
        for member in content.team
    ]


def final(content: Content, call: CallView) -> Content:
    """The content as sealed: no answers to questions that were not asked, the fewest nodes said outright."""
    return content.model_copy(
        update={
            "answers": forms.asked(call.form, content.answers),
            "min_nodes": content.min_nodes or content.requested_nodes,
        }
    )


def _receipt(number: str, version: Version) -> Receipt:
    return Receipt(number, version.number, version.hash, version.started_at, version.submitted_at)


def _not_now(call: CallView, at: datetime) -> Mistake:
    shown = {name: getattr(call, name).astimezone(programmes.zone()) for name in ("opens_at", "closes_at")}
    if call.state in ("announced", "open", "closed") and at < call.opens_at:
        what = Text("아직 접수를 시작하지 않은 공모입니다.", "The call is not open yet.")
        remedy = Text(
            f"접수는 {shown['opens_at']:%Y-%m-%d %H:%M}에 시작합니다.", f"It opens {shown['opens_at']:%d %b %Y %H:%M}."
        )
    elif call.state in ("cancelled", "draft"):
        what, remedy = (
            Text("취소된 공모입니다.", "The call was cancelled."),
            Text("다른 공모를 보십시오.", "See other calls."),
        )
    else:
        what = Text(
            f"마감이 지났습니다. 마감은 {shown['closes_at']:%Y-%m-%d %H:%M}였습니다.",
            f"The deadline has passed: it was {shown['closes_at']:%d %b %Y %H:%M}.",
        )
        remedy = Text(
            "작성한 내용은 남아 있습니다. 다음 공모를 확인하십시오.", "What you wrote is kept. See the next call."
        )
    return Mistake("call", what, remedy)


_NOT_TYPED = Mistake(
    "attachments",
    Text("첨부 파일은 따로 올립니다.", "Attachments are uploaded, not written."),
    Text("이 항목을 빼고 저장하십시오.", "Leave the field out."),
)
_SEALED = Text(
    "이미 제출한 신청입니다. 고치려면 먼저 제출을 철회하십시오.",
    "This application has been submitted. Withdraw it first to change it.",
)
_OTHER_TAB = Text(
    "다른 창이나 다른 사람이 먼저 저장하였습니다. 새로 고쳐 그 내용을 확인한 뒤 다시 저장하십시오.",
    "It was saved from another window or by somebody else. Reload, look at it, and save again.",
)
