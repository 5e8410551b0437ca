"""Before anything of a call's proposals is shown: which of the applicants a reviewer has to do with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide import conflicts
from dure.decide.conflicts import DECLARED_KINDS
from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.applications import queries as applications
from dure.portal.framework.states import move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries, standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Conflict, Declaration

TEXT_VERSION = "1"
MOST_NAMES = 50


@transaction.atomic
def declare_for_call(
    *, actor: Actor, now: datetime, call_code: str, kinds: Mapping[int, str], named: Sequence[str] = ()
) -> int:
    """A reviewer declares every conflict in a call: `kinds` by organisation, and further organisations by name.

    Returns how many applications are kept from the reviewer by it. Declaring again adds to what was declared. Raises
    NotFound (no reviewer, or a call that has nothing to review) and InvalidInput.
    """
    view = queries.declaration(call_code, actor)
    reviewer = queries.own_reviewer(actor)
    if reviewer is None:
        raise NotFound(internal=f"{actor} is no reviewer")
    _require_known(view, kinds, named)
    parties = applications.behind(one.id for one in queries.in_call(call_code))
    wanted, found = conflicts.names(*named), dict[int, str]()
    for pk, behind in parties.items():
        kind = kinds.get(behind.organisation.id)
        party = standing.party_of(behind)
        if kind or wanted & (party.names | party.affiliations):
            found[pk] = kind or "other"
    evidence = {"ko": "공모의 신청 기관과 이해관계를 신고함", "en": "Declared against an applicant of the call"}
    for pk, kind in found.items():
        Conflict.objects.update_or_create(
            reviewer=reviewer,
            application_id=pk,
            kind=kind,
            defaults={"evidence": evidence, "source": "declared", "standing": "stands", "found_at": now},
        )
    for row in Assignment.objects.filter(reviewer=reviewer, application_id__in=found, state__in=OPEN_STATES):
        move(row, ASSIGNMENT, "recuse", state_reason="declared")
    Declaration.objects.update_or_create(
        reviewer=reviewer, call_id=view.call_id, defaults={"made_at": now, "text_version": TEXT_VERSION}
    )
    append(
        at=now,
        actor=actor.name,
        event="reviews.declare_for_call",
        subject=f"call:{call_code}",
        conflicts=len(found),
        text_version=TEXT_VERSION,
    )
    return len(found)


def _require_known(view: queries.DeclarationView, kinds: Mapping[int, str], named: Sequence[str]) -> None:
    mistakes = []
    shown = {one.id for one in view.organisations}
    for organisation_id, kind in kinds.items():
        if organisation_id not in shown or kind not in DECLARED_KINDS:
            what = Text("목록에 없는 기관이거나 관계입니다.", "No such organisation or kind of conflict.")
            mistakes.append(Mistake("kinds", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    if len(named) > MOST_NAMES:
        what = Text("기관이 너무 많습니다.", "Too many organisations.")
        remedy = Text(f"{MOST_NAMES}곳까지 적으십시오.", f"Name {MOST_NAMES} at most.")
        mistakes.append(Mistake("named", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
