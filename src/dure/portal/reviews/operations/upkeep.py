"""Keeping a review going: reminders, and successors for who is silent, declined or turned out to be conflicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, Stale
from dure.core.text import Text
from dure.decide import reminding
from dure.decide.lifecycles import ASSIGNMENT
from dure.decide.reminding import Rules
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework.states import locked, move
from dure.portal.journal import queries as journal
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.reviews import queries, standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Conflict, Recheck, Reminder, Upkeep
from dure.portal.reviews.operations.assigning import seat_successor
from dure.portal.reviews.operations.inviting import expire_invitations

ACTOR = system("loop:expire")
WAITING = ("assigned", "in_progress")
BEHIND_CONFLICTS = ("people", "applications", "reviews", "privacy")  # chapters whose entries may change a conflict
RECHECK_EVERY = timedelta(hours=1)  # what no entry tells, such as a person's new address
LIMITS = {"remind_before_days": 30, "remind_after_days": 30, "replace_after_days": 60, "most_replacements": 10}

_MAILS = {
    "before": (
        Text("[{number}] 평가 기한이 다가옵니다", "[{number}] Your review is due soon"),
        Text("{due}까지 제출해 주십시오: /reviews/", "Please hand it in by {due}: /reviews/"),
    ),
    "due": (
        Text("[{number}] 오늘이 평가 기한입니다", "[{number}] Your review is due now"),
        Text(
            "아직 제출하지 않으셨습니다. 늦어도 받으니 마저 제출하거나 사양해 주십시오: /reviews/",
            "It is not in yet. Late reviews still count: please finish it, or decline: /reviews/",
        ),
    ),
    "after": (
        Text("[{number}] 평가 기한이 지났습니다", "[{number}] Your review is overdue"),
        Text(
            "시작하지 않으시면 다른 분에게 맡깁니다. 시작하신 평가는 늦어도 받습니다: /reviews/",
            "Unless you begin, somebody else will be asked. A review you have begun is still accepted: /reviews/",
        ),
    ),
}


@transaction.atomic
def set_upkeep(*, actor: Actor, now: datetime, call_code: str, rules: Rules) -> None:
    """Say how a call's reviewers are reminded and replaced, or stop both. Raises InvalidInput, NotFound."""
    actor.require(actor.is_programme_manager)
    call = calls.call(call_code, actor)
    mistakes = [
        Mistake(
            name,
            Text("쓸 수 없는 수입니다.", "This number cannot be used."),
            Text(f"0~{most} 사이로 적으십시오.", f"Give 0 to {most}."),
        )
        for name, most in LIMITS.items()
        if not 0 <= getattr(rules, name) <= most
    ]
    if mistakes:
        raise InvalidInput(mistakes)
    Upkeep.objects.update_or_create(call_id=call.id, defaults=asdict(rules))
    append(at=now, actor=actor.name, event="reviews.set_upkeep", subject=f"call:{call_code}", **asdict(rules))


def tend(*, now: datetime) -> int:
    """Remind, recuse and replace what is due by `now`, and let unanswered invitations lapse; returns how many were.

    Idle, it only reads.
    """
    open_calls = calls.calls(queries.READER, ("reviewing", "deciding", "decided"))
    return expire_invitations(now=now) + sum(_tend(call, now) for call in open_calls)


def _tend(call: CallView, now: datetime) -> int:
    purpose = "review" if call.state == "reviewing" else "appeal"
    rules = queries.upkeep(call.id)
    rows = Assignment.objects.filter(application__call_id=call.id, purpose=purpose)
    if not rules.is_automatic or not rows.exists():
        return 0
    seq, _ = journal.head()
    mark = Recheck.objects.filter(call_id=call.id).first()
    is_news = mark is None or now - mark.made_at >= RECHECK_EVERY or journal.is_news(mark.journal_seq, BEHIND_CONFLICTS)
    done = _recuse_conflicted(rows.filter(state__in=WAITING), now) if is_news else 0
    last_due = now + timedelta(days=rules.remind_before_days)
    for row in _full(rows.filter(state__in=WAITING, due_at__lte=last_due)):
        if not reminding.is_silent(row.state, row.due_at, now, rules):
            done += _remind(row, rules, now)
        elif is_news or not _is_stuck(row):
            done += _replace_silent(row, call, rules, now)
    for row in _gaps(call, rows, purpose):
        if is_news or not _is_stuck(row):
            done += _fill(row, call, rules, now)
    if is_news:
        Recheck.objects.update_or_create(call_id=call.id, defaults={"journal_seq": seq, "made_at": now})
    return done


def _full(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """With what reminding and replacing read of the application and the reviewer, without the texts."""
    named = ("application__number", "application__call_id", "reviewer__user_id")
    own = [field.attname for field in Assignment._meta.concrete_fields]
    return rows.select_related("application", "reviewer").only(*own, *named).prefetch_related("reminders")


def _is_stuck(row: Assignment) -> bool:
    """Whether nobody was found for this seat the last time: not asked again before something has changed."""
    return any(reminder.stage == "stuck" for reminder in row.reminders.all())


def _remind(row: Assignment, rules: Rules, now: datetime) -> int:
    stage = reminding.stage(row.due_at, now, rules)
    known = {reminder.stage for reminder in row.reminders.all()}
    later = reminding.STAGES[reminding.STAGES.index(stage) :] if stage else ()
    if stage is None or known & set(later):
        return 0
    due = queries.shown_day(row.due_at)
    subject, body = (text.format(number=row.application.number, due=due) for text in _MAILS[stage])
    with transaction.atomic():
        Reminder.objects.get_or_create(assignment=row, stage=stage, defaults={"made_at": now})
        key = f"remind:{row.pk}:{stage}"
        messages.announce(key=key, user_id=row.reviewer.user_id, subject=subject, body=body, now=now)
    return 1


def _recuse_conflicted(waiting: QuerySet[Assignment], now: datetime) -> int:
    """Take reviews from reviewers in whom a conflict has come to stand; each is written down with its evidence.

    Submitted ones stay: they count no more while it stands, and count again if the programme dismisses it.
    """
    barred = standing.between(set(waiting.values_list("reviewer_id", "application_id")))
    applications = {application_id for _, application_id in barred}
    done = 0
    for row in waiting.filter(application_id__in=applications) if applications else ():
        bars = barred.get((row.reviewer_id, row.application_id))
        if bars:
            done += _recuse(row, bars, now)
    return done


@transaction.atomic
def _recuse(row: Assignment, bars: list[standing.Bar], now: datetime) -> int:
    try:
        move(row, ASSIGNMENT, "recuse", state_reason=bars[0].kind)
    except (IllegalTransition, Stale):  # somebody else has just moved it
        return 0
    for bar in bars:
        Conflict.objects.get_or_create(
            reviewer_id=row.reviewer_id,
            application_id=row.application_id,
            kind=bar.kind,
            defaults={
                "evidence": {"ko": bar.evidence.ko, "en": bar.evidence.en},
                "source": bar.source,
                "found_at": now,
            },
        )
    subject = f"assignment:{row.pk}"
    append(at=now, actor=ACTOR.name, event="reviews.recuse", subject=subject, kinds=[bar.kind for bar in bars])
    return 1


def _gaps(call: CallView, rows: QuerySet[Assignment], purpose: str) -> list[Assignment]:
    """Declined and recused reviews without a successor, of applications that have too few reviewers."""
    gaps = list(_full(rows.filter(state__in=("declined", "recused"), successor=None)))
    seats = rows.filter(application_id__in={row.application_id for row in gaps}, state__in=OPEN_STATES)
    seated = Counter(seats.values_list("application_id", flat=True)) if gaps else Counter[int]()
    needed = call.rules.reviewers if purpose == "review" else 1
    found = []
    for row in gaps:
        if seated[row.application_id] < needed:
            seated[row.application_id] += 1
            found.append(row)
    return found


def _attempts(row: Assignment) -> int:
    """How many predecessors a seat has had."""
    count, before = 0, row.replaces_id
    while before is not None:
        before = Assignment.objects.values_list("replaces_id", flat=True).get(pk=before)
        count += 1
    return count


@transaction.atomic
def _replace_silent(row: Assignment, call: CallView, rules: Rules, now: datetime) -> int:
    if _attempts(row) >= rules.most_replacements:
        return _stuck(row, call, now)
    held = locked(Assignment.objects.select_related("application__call"), pk=row.pk)
    if not reminding.is_silent(held.state, held.due_at, now, rules):
        return 0
    fresh = seat_successor(held, now)
    if fresh is None:
        return _stuck(row, call, now)
    move(held, ASSIGNMENT, "replace", state_reason="silent")
    append(at=now, actor=ACTOR.name, event="reviews.replace", subject=f"assignment:{row.pk}", new=fresh.pk)
    return 1


@transaction.atomic
def _fill(row: Assignment, call: CallView, rules: Rules, now: datetime) -> int:
    if _attempts(row) >= rules.most_replacements:
        return _stuck(row, call, now)
    fresh = seat_successor(row, now)
    if fresh is None:
        return _stuck(row, call, now)
    append(at=now, actor=ACTOR.name, event="reviews.fill", subject=f"assignment:{row.pk}", new=fresh.pk)
    return 1


def _stuck(row: Assignment, call: CallView, now: datetime) -> int:
    """Tell the office, once, that a seat needs a person's decision."""
    if _is_stuck(row):
        return 0
    with transaction.atomic():
        Reminder.objects.get_or_create(assignment=row, stage="stuck", defaults={"made_at": now})
        _tell_office(row, call, {one.id for one in people.people_with_role("programme_manager")}, now)
    return 1


def _tell_office(row: Assignment, call: CallView, user_ids: Collection[int], now: datetime) -> None:
    number = row.application.number
    for user_id in sorted(user_ids):
        messages.announce(
            key=f"stuck:{row.pk}:{user_id}",
            user_id=user_id,
            subject=Text(f"[{number}] 평가위원을 더 찾지 못하였습니다", f"[{number}] No further reviewer was found"),
            body=Text(
                f"자동으로 바꿀 수 있는 사람이 없거나 횟수를 다 썼습니다: /reviews/panel/{call.code}/",
                f"Nobody is left, or as many were tried as allowed: /reviews/panel/{call.code}/",
            ),
            now=now,
        )
