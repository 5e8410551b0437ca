"""Conflicts of interest as they stand now: found anew from the records at every read, declared ones added.

Everything that shows a proposal to a reviewer, or counts a reviewer's score, asks here first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dure.core.text import Text
from dure.decide import conflicts
from dure.decide.conflicts import Judge, Party
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import Behind
from dure.portal.reviews.models import Conflict, Reviewer

Pair = tuple[int, int]  # reviewer's and application's row


@dataclass(frozen=True)
class Bar:
    """A conflict that stands: why the reviewer may not judge, nor see, the application."""

    kind: str
    source: str
    evidence: Text


def judge_of(row: Reviewer, colleagues: Iterable[str] = ()) -> Judge:
    """The reviewer as conflicts see one; the user's memberships should be prefetched."""
    memberships = list(row.user.memberships.all())
    now = frozenset(m.organisation_id for m in memberships if m.state == "active")
    return Judge(
        user_id=row.user_id,
        name=conflicts.tidy(row.user.name),
        email=row.user.email.lower(),
        affiliation=conflicts.tidy(row.affiliation),
        former=conflicts.names(*row.former_affiliations),
        organisations=now,
        former_organisations=frozenset(m.organisation_id for m in memberships if m.state == "left"),
        colleagues=frozenset(colleagues),
    )


def party_of(behind: Behind) -> Party:
    """Who stands behind an application, as conflicts see them."""
    emails, people, affiliations = conflicts.team_of((p.name, p.email, p.affiliation) for p in behind.team)
    return Party(
        organisation_id=behind.organisation.id,
        names=conflicts.names(behind.organisation.name, behind.organisation.name_en),
        lead_id=behind.lead_id,
        emails=emails,
        people=people,
        affiliations=affiliations,
    )


def reviewers(**where: object) -> list[Reviewer]:
    """Reviewers with what finding conflicts needs."""
    return list(Reviewer.objects.filter(**where).select_related("user").prefetch_related("user__memberships"))


def bars(
    judges: Sequence[Reviewer], application_ids: Iterable[int], only: Collection[Pair] | None = None
) -> dict[Pair, list[Bar]]:
    """Every conflict that stands now between these reviewers and applications, or between the pairs in `only`."""
    wanted = set(application_ids)
    parties = {pk: party_of(behind) for pk, behind in applications.behind(wanted).items()}
    rows = Conflict.objects.filter(reviewer__in=judges, application_id__in=wanted)
    found: dict[Pair, list[Bar]] = {}
    set_aside: set[tuple[int, int, str, str]] = set()  # with the evidence it was judged on: other evidence counts anew
    for row in rows:
        if row.standing != "stands":
            set_aside.add((row.reviewer_id, row.application_id, row.kind, row.evidence["ko"]))
        elif row.source == "declared":
            bar = Bar(row.kind, row.source, Text(row.evidence["ko"], row.evidence["en"]))
            found.setdefault((row.reviewer_id, row.application_id), []).append(bar)
    colleagues = applications.teammates(reviewer.user.email for reviewer in judges)
    asked: dict[int, list[int]] = {}
    for reviewer_id, application_id in only or ():
        asked.setdefault(reviewer_id, []).append(application_id)
    for reviewer in judges:
        judge = judge_of(reviewer, colleagues.get(reviewer.user.email.lower(), ()))
        for application_id in parties if only is None else sorted(asked.get(reviewer.pk, ())):
            party = parties.get(application_id)
            if party is None:
                continue
            for one in conflicts.detect(judge, party):
                if (reviewer.pk, application_id, one.kind, one.evidence.ko) not in set_aside:
                    bar = Bar(one.kind, "detected", one.evidence)
                    found.setdefault((reviewer.pk, application_id), []).append(bar)
    return found


def bars_of(reviewer: Reviewer, application_id: int) -> list[Bar]:
    """Every conflict that stands now between one reviewer and one application."""
    return bars([reviewer], [application_id]).get((reviewer.pk, application_id), [])


def between(pairs: Collection[Pair]) -> dict[Pair, list[Bar]]:
    """Every conflict that stands now in these pairs of reviewer and application."""
    judges = reviewers(pk__in={reviewer_id for reviewer_id, _ in pairs})
    return bars(judges, (application_id for _, application_id in pairs), pairs)
