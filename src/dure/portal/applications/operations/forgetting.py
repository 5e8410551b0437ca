"""Taking people out of applications: what was asked for, its hash and its outcome stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from dure.portal.applications.models import Application, TeamMember
from dure.portal.framework.redaction import INSTEAD, redacted
from dure.portal.framework.states import locked
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor


@transaction.atomic
def forget_team(*, actor: Actor, now: datetime, number: str) -> None:
    """Replace every name and address in an application by nothing: it has been kept for long enough."""
    actor.require(actor.is_system)
    row = locked(Application.objects, number=number)
    words = {w for one in row.team.all() for w in (one.name, one.email) if w and w != INSTEAD}
    _rewrite(row, now, lambda member: True, sorted(words))
    append(at=now, actor=actor.name, event="applications.forget_team", subject=f"application:{number}")


@transaction.atomic
def forget_person(*, actor: Actor, now: datetime, user_id: int, email: str, name: str) -> None:
    """Take one person out of every application that they lead or whose team names their address."""
    actor.require(actor.is_system)
    found = Application.objects.annotate(
        written=Cast("draft", TextField()), sealed=Cast("versions__content", TextField())
    ).filter(Q(lead_id=user_id) | Q(team__email=email) | Q(written__icontains=email) | Q(sealed__icontains=email))
    for pk in sorted(set(found.values_list("pk", flat=True))):
        row = locked(Application.objects, pk=pk)

        def is_theirs(member: dict[str, Any], is_led: bool = row.lead_id == user_id) -> bool:
            by_name = is_led and not member.get("email") and member["name"] == name
            return member.get("email", "").lower() == email or by_name

        _rewrite(row, now, is_theirs, [word for word in (email, name) if len(word) > 1])


def _rewrite(row: Application, now: datetime, is_theirs: Any, words: list[str]) -> None:
    """The team without those people, the texts without their names; sealed versions say that they were changed."""
    row.draft = _without(row.draft, is_theirs, words)
    row.save(update_fields=["draft"])
    for version in row.versions.all():
        after = _without(version.content, is_theirs, words)
        if after != version.content:
            version.content, version.redacted_at = after, now
            version.save(update_fields=["content", "redacted_at"])
    for member in row.team.all():
        if is_theirs({"name": member.name, "email": member.email}):
            TeamMember.objects.filter(pk=member.pk).update(name=INSTEAD, email="")


def _without(content: dict[str, Any], is_theirs: Any, words: list[str]) -> dict[str, Any]:
    team = [one | {"name": INSTEAD, "email": ""} if is_theirs(one) else one for one in content.get("team", [])]
    return redacted(content | {"team": team}, words)
