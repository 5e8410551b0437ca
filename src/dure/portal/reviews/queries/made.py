"""Reviews as they were handed in, for the programme's own files."""

from __future__ import annotations

from dataclasses import dataclass

from dure.decide import scoring
from dure.portal.people.actor import Actor
from dure.portal.reviews.models import Review


@dataclass(frozen=True)
class Made:
    """One review that is in: points by criterion as people write them, comments; `reviewer` is the address."""

    number: str
    reviewer: str
    points: dict[str, str]
    to_applicant: str
    to_panel: str


def made(call_code: str, actor: Actor) -> list[Made]:
    """Every submitted review of a call by application, in one query. For those who oversee the programme."""
    actor.require(actor.may_oversee)
    rows = Review.objects.filter(
        assignment__application__call__code=call_code, assignment__state="submitted", assignment__purpose="review"
    ).order_by("assignment__application__number", "assignment_id")
    return [
        Made(number, email, {code: scoring.points(int(tenths)) for code, tenths in given.items()}, applicant, panel)
        for number, email, given, applicant, panel in rows.values_list(
            "assignment__application__number",
            "assignment__reviewer__user__email",
            "points_tenths",
            "to_applicant",
            "to_panel",
        )
    ]
