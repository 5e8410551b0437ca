"""The pool of reviewers and their conflicts of interest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.conflicts import DECLARED_KINDS
from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.applications import queries as applications
from dure.portal.framework.states import locked, move
from dure.portal.journal.operations import append
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.people.actor import Actor, system
from dure.portal.reviews import queries, standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Conflict, Reviewer

MOST_KEYWORDS = 30


@transaction.atomic
def add_reviewer(
    *,
    actor: Actor,
    now: datetime,
    user_id: int,
    affiliation: str,
    keywords: Sequence[str],
    load_limit: int = 30,
    former_affiliations: Sequence[str] = (),
    expertise: str = "",
    is_synthetic: bool = False,
) -> int:
    """Put a person into the pool, or change what is known of them; returns the reviewer's id. Raises InvalidInput."""
    actor.require(actor.is_programme_manager or actor.is_system)
    persons.person(user_id)  # NotFound for nobody
    words = [word.strip() for word in keywords if word.strip()]
    require_profile(affiliation, words, load_limit)
    known = {
        "affiliation": affiliation.strip(),
        "former_affiliations": [a.strip() for a in former_affiliations if a.strip()],
        "keywords": words,
        "expertise": expertise.strip(),
        "load_limit": load_limit,
        "is_synthetic": is_synthetic,
    }
    row, is_new = Reviewer.objects.update_or_create(
        user_id=user_id, defaults=known, create_defaults={**known, "joined_at": now}
    )
    people.give_role(actor=system("reviews"), now=now, user_id=user_id, role="reviewer")
    append(
        at=now,
        actor=actor.name,
        event="reviews.add_reviewer" if is_new else "reviews.change_reviewer",
        subject=f"reviewer:{row.pk}",
        affiliation=row.affiliation,
        load_limit=load_limit,
    )
    return row.pk


def require_profile(affiliation: str, words: Sequence[str], load_limit: int) -> None:
    """Raise InvalidInput unless this is enough to know of a reviewer."""
    mistakes = []
    if not affiliation.strip():
        what = Text("소속이 비어 있습니다.", "The affiliation is missing.")
        mistakes.append(Mistake("affiliation", what, Text("소속을 적으십시오.", "Enter it.")))
    if not words or len(words) > MOST_KEYWORDS or max(map(len, words)) > 60:
        what = Text("전문 분야 핵심어를 확인하십시오.", "Check the keywords.")
        remedy = Text(
            f"1~{MOST_KEYWORDS}개를 60자 이내로 적으십시오.", f"Give 1 to {MOST_KEYWORDS}, up to 60 characters."
        )
        mistakes.append(Mistake("keywords", what, remedy))
    if not 1 <= load_limit <= 500:
        what = Text("맡을 수 있는 건수가 아닙니다.", "Not a number of reviews.")
        mistakes.append(Mistake("load_limit", what, Text("1~500 사이로 적으십시오.", "Give 1 to 500.")))
    if mistakes:
        raise InvalidInput(mistakes)


@transaction.atomic
def set_active(*, actor: Actor, now: datetime, reviewer_id: int, is_active: bool) -> None:
    """Take a reviewer out of the pool for new assignments, or back in."""
    actor.require(actor.is_programme_manager)
    row = locked(Reviewer.objects.select_related("user"), pk=reviewer_id)
    row.is_active = is_active
    row.save(update_fields=["is_active"])
    event = "reviews.activate" if is_active else "reviews.deactivate"
    append(at=now, actor=actor.name, event=event, subject=f"reviewer:{row.pk}")


@transaction.atomic
def declare_conflict(*, actor: Actor, now: datetime, assignment_id: int, kind: str, evidence: str) -> None:
    """A reviewer declares a conflict with a proposal assigned to them, is recused, and sees nothing of it any more."""
    row = locked(Assignment.objects.select_related("reviewer"), pk=queries.own_row(assignment_id, actor).pk)
    _record(row.reviewer, row.application_id, kind, evidence, now)
    move(row, ASSIGNMENT, "recuse", state_reason=kind)
    append(at=now, actor=actor.name, event="reviews.declare_conflict", subject=f"assignment:{assignment_id}", kind=kind)


@transaction.atomic
def record_conflict(*, actor: Actor, now: datetime, reviewer_id: int, number: str, kind: str, evidence: str) -> None:
    """The programme records a conflict it learned of; a review the reviewer holds is taken from them."""
    actor.require(actor.is_programme_manager or actor.is_system)
    reviewer = locked(Reviewer.objects.select_related("user"), pk=reviewer_id)
    application = applications.application(number, actor)
    _record(reviewer, application.id, kind, evidence, now)
    _recuse_all(Assignment.objects.filter(reviewer=reviewer, application_id=application.id), kind)
    append(
        at=now,
        actor=actor.name,
        event="reviews.record_conflict",
        subject=f"reviewer:{reviewer.pk}",
        application=number,
        kind=kind,
    )


@transaction.atomic
def detect_conflicts(*, actor: Actor, now: datetime, call_code: str) -> int:
    """Write down every conflict the records show between pool and call; returns how many are new.

    Reviews held in spite of one are taken from their reviewers.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    ids = [view.id for view in applications.of_call(call_code, queries.READER, states=("submitted", "admitted"))]
    judges = standing.reviewers()
    found = {
        (reviewer_id, application_id, bar.kind): bar
        for (reviewer_id, application_id), bars in standing.bars(judges, ids).items()
        for bar in bars
        if bar.source == "detected"
    }
    known = {
        (row.reviewer_id, row.application_id, row.kind): row for row in Conflict.objects.filter(application_id__in=ids)
    }
    for key in found.keys() & known.keys():  # judged on other evidence, or recorded by hand: it stands again
        if known[key].evidence != _both(found[key].evidence):
            Conflict.objects.filter(pk=known[key].pk).update(
                evidence=_both(found[key].evidence), standing="stands", found_at=now
            )
    fresh = sorted(key for key in found if key not in known)
    Conflict.objects.bulk_create(
        Conflict(
            reviewer_id=reviewer_id,
            application_id=application_id,
            kind=kind,
            evidence=_both(found[reviewer_id, application_id, kind].evidence),
            source="detected",
            found_at=now,
        )
        for reviewer_id, application_id, kind in fresh
    )
    pairs = {key[:2] for key in found}
    for row in Assignment.objects.filter(application_id__in=ids, state__in=OPEN_STATES):
        if (row.reviewer_id, row.application_id) in pairs:
            move(row, ASSIGNMENT, "recuse", state_reason="detected")
    append(at=now, actor=actor.name, event="reviews.detect_conflicts", subject=f"call:{call_code}", new=len(fresh))
    return len(fresh)


@transaction.atomic
def judge_conflict(
    *, actor: Actor, now: datetime, conflict_id: int, judgement: str, reason: str, plan: str = ""
) -> None:
    """Dismiss (there is none) or waive a conflict, or let it stand again, with a reason.

    A waiver (there is one, and it does no harm) also needs a plan: what keeps it from doing harm.
    """
    actor.require(actor.is_programme_manager)
    row = locked(Conflict.objects.select_related("reviewer__user", "application"), pk=conflict_id)
    mistakes = []
    if judgement not in ("stands", "dismissed", "waived"):
        what = Text("그런 판단은 없습니다.", "There is no such judgement.")
        mistakes.append(Mistake("judgement", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    if not reason.strip() or len(reason) > 300:
        what = Text("판단의 이유가 없거나 너무 깁니다.", "The reason is missing or too long.")
        mistakes.append(Mistake("reason", what, Text("300자 이내로 적으십시오.", "Use at most 300 characters.")))
    if (judgement == "waived" and not plan.strip()) or len(plan) > 300:
        what = Text("이해관계가 평가에 미치지 않게 할 방안이 없거나 너무 깁니다.", "The plan is missing or too long.")
        remedy = Text("300자 이내로 적으십시오.", "Say what keeps the conflict from doing harm, in 300 characters.")
        mistakes.append(Mistake("plan", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
    row.standing, row.reason = judgement, reason.strip()
    row.plan = plan.strip() if judgement == "waived" else ""
    row.save(update_fields=["standing", "reason", "plan"])
    append(
        at=now,
        actor=actor.name,
        event="reviews.judge_conflict",
        subject=f"reviewer:{row.reviewer_id}",
        reason=row.reason,
        plan=row.plan,
        application=row.application.number,
        kind=row.kind,
        judgement=judgement,
    )


def _record(reviewer: Reviewer, application_id: int, kind: str, evidence: str, now: datetime) -> None:
    mistakes = []
    if kind not in DECLARED_KINDS:
        what = Text("이해관계의 종류를 고르지 않았습니다.", "The kind of conflict is missing.")
        mistakes.append(Mistake("kind", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    if len(evidence) > 300:
        what = Text("설명이 너무 깁니다.", "Too long.")
        mistakes.append(Mistake("evidence", what, Text("300자 이내로 적으십시오.", "Use at most 300 characters.")))
    if mistakes:
        raise InvalidInput(mistakes)
    Conflict.objects.update_or_create(
        reviewer=reviewer,
        application_id=application_id,
        kind=kind,
        defaults={
            "evidence": {"ko": evidence.strip(), "en": evidence.strip()},
            "source": "declared",
            "standing": "stands",
            "found_at": now,
        },
    )


def _recuse_all(rows: QuerySet[Assignment], reason: str) -> None:
    for row in rows.filter(state__in=OPEN_STATES):
        move(row, ASSIGNMENT, "recuse", state_reason=reason)


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}
