"""Who reviews what: the assignment run, and what happens when somebody cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import matching, reminding
from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.applications import queries as applications
from dure.portal.calls import operations as call_rows
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.board import Board, board_of
from dure.portal.reviews.models import Assignment

LONGEST_REASON = 300
APPEAL_DAYS = 7


@dataclass(frozen=True)
class Assigned:
    """What an assignment run did; `short` lists applications that still lack reviewers, and how many."""

    pairs: Sequence[tuple[str, int]]  # application number, reviewer's user
    short: dict[str, int]
    worst_permille: int
    total_permille: int
    is_optimal: bool


@transaction.atomic
def assign(
    *,
    actor: Actor,
    now: datetime,
    call_code: str,
    pairs: Iterable[tuple[str, int]] | None = None,
    due_at: datetime | None = None,
    lifts_worst: bool = True,
) -> Assigned:
    """Give every admitted application the reviewers it lacks; what stands is kept.

    Without `pairs` the best matching is found (`lifts_worst`: first the worst-off pair, then the total; else the total
    alone); with them (application number, reviewer's user) they are taken as they are, unless one is conflicted,
    unknown or doubled: then InvalidInput, and nothing is written. `due_at` is by default half way to the decision.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    call = call_rows.hold(call_code)
    require_assignable(call)
    due = due_at or now + max(call.decide_by - now, call.decide_by - call.closes_at) / 2
    board = board_of(call)
    fit = board.fit()
    if pairs is None:
        result = matching.match(fit, board.allowed(), board.needs, board.side(), lifts_worst=lifts_worst)
        chosen: Sequence[tuple[int, int]] = result.pairs
        summary = (result.worst_permille, result.total_permille, result.is_optimal)
        short = {board.views[p].number: count for p, count in result.short}
    else:
        chosen = _given(board, list(pairs))
        fits = [int(fit[pair]) for pair in chosen]
        summary = (min(fits, default=0), sum(fits), False)
        short = _still_short(board, chosen)
    Assignment.objects.bulk_create([board.seat(fit, p, r, now, due) for p, r in chosen], batch_size=500)
    made = [(board.views[p].number, board.judges[r].user_id) for p, r in chosen]
    append(
        at=now,
        actor=actor.name,
        event="reviews.assign",
        subject=f"call:{call_code}",
        pairs=len(made),
        short=short,
        lifts_worst=lifts_worst,
        digest=canonical.digest([list(pair) for pair in made]),
    )
    for user_id in sorted({user_id for _, user_id in made}):
        tell(user_id, call_code, sum(judge == user_id for _, judge in made), now)
    return Assigned(made, short, *summary)


def require_assignable(call: CallView) -> None:
    """Raise InvalidInput unless reviewers may be assigned to the call's applications now."""
    if call.state not in ("closed", "reviewing"):
        what = Text("평가위원을 배정할 수 있는 때가 아닙니다.", "Reviewers cannot be assigned now.")
        remedy = Text("접수를 마감한 뒤 배정하십시오.", "Assign them once the call is closed.")
        raise InvalidInput(Mistake("call", what, remedy))


def tell(user_id: int, call_code: str, count: int, now: datetime) -> None:
    """Tell a reviewer of new work, without a word of what it is about."""
    messages.announce(
        key=f"assigned:{call_code}:{user_id}:{now.isoformat()}",
        user_id=user_id,
        subject=Text(f"[{call_code}] 평가할 신청 {count}건", f"[{call_code}] {count} applications to review"),
        body=Text(
            "새로 배정된 신청을 확인해 주십시오: /reviews/",
            "Please see the applications assigned to you: /reviews/",
        ),
        now=now,
    )


@transaction.atomic
def decline(*, actor: Actor, now: datetime, assignment_id: int, reason: str) -> None:
    """A reviewer gives an assignment back before submitting, with a reason. The same again changes nothing."""
    given = Assignment.objects.filter(pk=assignment_id, reviewer__user_id=actor.user_id, state="declined")
    if given.filter(state_reason=reason.strip()).exists():
        return
    row = locked(Assignment.objects.all(), pk=queries.own_row(assignment_id, actor).pk)
    ASSIGNMENT.after(row.state, "decline")
    require_reason(reason)
    move(row, ASSIGNMENT, "decline", state_reason=reason.strip())
    append(at=now, actor=actor.name, event="reviews.decline", subject=f"assignment:{assignment_id}", reason=reason)


@transaction.atomic
def recuse(*, actor: Actor, now: datetime, assignment_id: int, reason: str) -> None:
    """The programme takes an assignment from its reviewer for a conflict of interest; its score counts no more."""
    actor.require(actor.is_programme_manager)
    require_reason(reason)
    row = locked(Assignment.objects.all(), pk=assignment_id)
    if is_repeated(row, ASSIGNMENT, "recuse", state_reason=reason.strip()):
        return
    move(row, ASSIGNMENT, "recuse", state_reason=reason.strip())
    append(at=now, actor=actor.name, event="reviews.recuse", subject=f"assignment:{assignment_id}", reason=reason)


@transaction.atomic
def replace(*, actor: Actor, now: datetime, assignment_id: int, reason: str, user_id: int | None = None) -> int:
    """Replace a silent reviewer by `user_id`, or by who fits best; returns the new assignment's id.

    Raises InvalidInput when that person is conflicted, full or was asked before, or nobody is left.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    require_reason(reason)
    row = locked(Assignment.objects.select_related("application__call", "reviewer"), pk=assignment_id)
    move(row, ASSIGNMENT, "replace", state_reason=reason.strip())
    fresh = seat_successor(row, now, user_id)
    if fresh is None:
        what = Text("이 신청을 맡을 수 있는 평가위원이 없습니다.", "No reviewer may take this application.")
        remedy = Text("다른 사람을 고르거나 평가위원을 늘리십시오.", "Choose somebody else, or add reviewers.")
        raise InvalidInput(Mistake("user_id", what, remedy))
    append(
        at=now,
        actor=actor.name,
        event="reviews.replace",
        subject=f"assignment:{assignment_id}",
        reason=reason,
        new=fresh.pk,
    )
    return fresh.pk


def seat_successor(row: Assignment, now: datetime, user_id: int | None = None) -> Assignment | None:
    """Seat the next best reviewer (or that one) after `row`, and tell them; None when nobody may take it."""
    call = call_rows.hold(row.application.call.code)
    board = board_of(call, row.application_id)
    fit = board.fit()
    best = board.best(fit, 0, user_id)
    if best is None:
        return None
    due = reminding.next_due(row.assigned_at, row.due_at, now, call.decide_by)
    fresh = board.seat(fit, 0, best, now, due, purpose=row.purpose, replaces=row)
    fresh.save()
    tell(board.judges[best].user_id, call.code, 1, now)
    return fresh


@transaction.atomic
def ask_fresh(
    *, actor: Actor, now: datetime, application_number: str, due_at: datetime | None = None, reason: str = ""
) -> int:
    """Ask the best reviewer who never held this application, without conflict, to judge it for an appeal.

    Returns the assignment's id. It counts in no score. Raises IllegalTransition before the call is being decided,
    InvalidInput when one is being asked already or nobody is left.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    view = applications.application(application_number, actor)
    call = calls.call(view.call_code, queries.READER)
    if call.state not in ("deciding", "decided"):
        raise IllegalTransition("call", call.state, "ask a fresh reviewer")
    board = board_of(call_rows.hold(call.code), view.id)
    asked = Assignment.objects.filter(application_id=view.id, purpose="appeal")
    if asked.filter(state__in=("assigned", "in_progress")).exists():
        what = Text("이미 다른 평가위원에게 맡겼습니다.", "A fresh reviewer is being asked already.")
        raise InvalidInput(Mistake("application_number", what, Text("답을 기다리십시오.", "Wait for the answer.")))
    fit = board.fit()
    best = board.best(fit, 0)
    if best is None:
        what = Text("이 신청을 새로 볼 수 있는 평가위원이 없습니다.", "No reviewer may look at this application anew.")
        raise InvalidInput(
            Mistake("application_number", what, Text("평가위원을 더 등록하십시오.", "Add reviewers to the pool."))
        )
    due = due_at or now + timedelta(days=APPEAL_DAYS)
    fresh = board.seat(fit, 0, best, now, due, purpose="appeal")
    fresh.save()
    tell(board.judges[best].user_id, call.code, 1, now)
    subject = f"application:{application_number}"
    append(at=now, actor=actor.name, event="reviews.ask_fresh", subject=subject, assignment=fresh.pk, reason=reason)
    return fresh.pk


def _given(board: Board, pairs: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    rows = {view.number: i for i, view in enumerate(board.views)}
    columns = {judge.user_id: i for i, judge in enumerate(board.judges)}
    allowed = board.allowed()
    chosen: dict[tuple[int, int], None] = {}
    mistakes = []
    for line, (number, user_id) in enumerate(pairs, start=1):
        where = f"pairs.{line}"
        if number not in rows or user_id not in columns:
            what = Text("그런 신청이나 평가위원이 없습니다.", "There is no such application or reviewer.")
        elif (rows[number], columns[user_id]) in chosen:
            what = Text("같은 배정이 두 번 있습니다.", "The pair is listed twice.")
        elif not allowed[rows[number], columns[user_id]]:
            what = Text(
                "이해관계가 있거나 이미 배정했던 평가위원입니다.", "A conflict, or this reviewer was asked before."
            )
        else:
            chosen[rows[number], columns[user_id]] = None
            continue
        mistakes.append(Mistake(where, what, Text("이 줄을 고치십시오.", "Correct this line.")))
    if mistakes:
        raise InvalidInput(mistakes)
    return list(chosen)


def _still_short(board: Board, chosen: Sequence[tuple[int, int]]) -> dict[str, int]:
    left = list(board.needs)
    for p, _ in chosen:
        left[p] -= 1
    return {board.views[p].number: count for p, count in enumerate(left) if count > 0}


def require_reason(reason: str) -> None:
    """Raise InvalidInput unless a reason is given, LONGEST_REASON characters at most."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        what = Text("사유가 없거나 너무 깁니다.", "The reason is missing or too long.")
        remedy = Text(f"{LONGEST_REASON}자 이내로 적으십시오.", f"Use at most {LONGEST_REASON} characters.")
        raise InvalidInput(Mistake("reason", what, remedy))
