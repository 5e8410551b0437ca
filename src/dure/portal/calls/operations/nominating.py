"""Ministries nominate projects of organisations for a call of national projects; only those may then apply."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.portal.calls.models import Call, Nomination
from dure.portal.calls.operations.keeping import LONGEST_TEXT, LONGEST_TITLE, require_text
from dure.portal.calls.queries import view_of
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import locked
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor


@transaction.atomic
def nominate(
    *, actor: Actor, now: datetime, code: str, ministry: str, organisation_id: int, project: str, reason: str
) -> int:
    """Nominate `project` of an organisation for `ministry`; its heads are told. Returns the nomination's id.

    Raises NotPermitted (another ministry), NotFound, IllegalTransition (not a call of nominations, or past its
    deadline), InvalidInput.
    """
    actor.require(ministry in actor.ministries)
    row = _call(now, code)
    require_text("project", project, LONGEST_TITLE)
    require_text("reason", reason, LONGEST_TEXT)
    organisation = people.organisation(organisation_id)
    _require_fit(row, organisation)
    made = Nomination.objects.create(
        call=row,
        ministry=ministry,
        organisation_id=organisation_id,
        project=project.strip(),
        reason=reason.strip(),
        nominated_by_id=actor.user_id,
        nominated_at=now,
    )
    name = programmes.current().ministry(ministry).name
    for head in people.heads(organisation_id):
        messages.announce(
            key=f"nomination:{made.pk}:{head.id}",
            user_id=head.id,
            subject=Text(
                f"[{code}] {name.ko}이(가) 과제를 추천하였습니다", f"[{code}] {name.en} nominated your project"
            ),
            body=Text(
                f"{made.project}\n\n이제 신청할 수 있습니다: /calls/{code}/",
                f"{made.project}\n\nYou can now apply: /calls/{code}/",
            ),
            now=now,
        )
    append(
        at=now,
        actor=actor.name,
        event="calls.nominate",
        subject=f"call:{code}",
        ministry=ministry,
        organisation=organisation.code,
        project=made.project,
    )
    return made.pk


@transaction.atomic
def withdraw_nomination(*, actor: Actor, now: datetime, code: str, nomination_id: int, reason: str) -> None:
    """Take a nomination back before the deadline: its ministry, or a programme manager, with a reason."""
    row = locked(Nomination.objects, call__code=code, pk=nomination_id)
    if row.ministry not in actor.ministries and not actor.may_oversee:
        raise NotFound(internal=f"nomination {nomination_id} for {actor}")
    actor.require(row.ministry in actor.ministries or actor.is_programme_manager)
    _call(now, code)
    require_text("reason", reason, 500)
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at, row.withdrawn_reason = now, reason.strip()
    row.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    append(
        at=now, actor=actor.name, event="calls.withdraw_nomination", subject=f"call:{code}", nomination=row.pk,
        reason=row.withdrawn_reason,
    )  # fmt: skip


def _call(now: datetime, code: str) -> Call:
    row = locked(Call.objects, code=code)
    if row.state == "draft":
        raise NotFound(internal=f"call {code} is a draft")
    view = view_of(row)
    if view.rules.decision != "nomination":
        public = Text("추천을 받지 않는 공모입니다.", "This call takes no nominations.")
        raise IllegalTransition("call", row.state, "nominate", public)
    if row.state not in ("announced", "open", "closed") or now >= row.closes_at:
        public = Text("추천할 수 있는 기간이 아닙니다.", "The time for nominations is over.")
        raise IllegalTransition("call", row.state, "nominate", public)
    return row


def _require_fit(row: Call, organisation: people.OrganisationView) -> None:
    mistakes = []
    if organisation.state != "verified":
        what = Text("확인되지 않은 기관입니다.", "The organisation is not verified.")
        remedy = Text("먼저 사업 담당자의 확인을 받게 하십시오.", "Have it verified first.")
        mistakes.append(Mistake("organisation", what, remedy))
    rules = view_of(row).rules
    if organisation.applicant_class not in rules.applicant_classes:
        what = Text(
            "이 공모에 신청할 수 없는 유형의 기관입니다.", "This kind of organisation cannot apply to the call."
        )
        names = [programmes.current().applicant_class(one).name for one in rules.applicant_classes]
        ko, en = ", ".join(name.ko for name in names), ", ".join(name.en for name in names)
        mistakes.append(Mistake("organisation", what, Text(f"대상: {ko}", f"It is for: {en}")))
    if Nomination.objects.filter(call=row, organisation_id=organisation.id, withdrawn_at=None).exists():
        what = Text("이미 추천된 기관입니다.", "The organisation is nominated already.")
        mistakes.append(Mistake("organisation", what, Text("다른 기관을 고르십시오.", "Choose another.")))
    if mistakes:
        raise InvalidInput(mistakes)
