"""Who reviews what: the assignment run, and what happens when somebody cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import affinity, matching
from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls import operations as call_rows
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.states import locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries, standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Reviewer

LONGEST_REASON = 300


@dataclass(frozen=True)
class Assigned:
    """What an assignment run did; `short` lists applications that still lack reviewers, and how many."""

    pairs: Sequence[tuple[str, int]]  # application number, reviewer's user
    short: dict[str, int]
    worst_permille: int
    total_permille: int
    is_optimal: bool


@dataclass(frozen=True)
class _Board:
    """Everything an assignment run looks at."""

    views: Sequence[ApplicationView]
    judges: Sequence[Reviewer]
    barred: dict[standing.Pair, list[standing.Bar]]
    met: set[standing.Pair]
    held: dict[int, int]  # reviewer: open assignments in this call
    needs: Sequence[int]

    def allowed(self) -> matching.Bools:
        """Applications by reviewers: no conflict, not asked before."""
        grid = np.ones((len(self.views), len(self.judges)), dtype=bool)
        rows = {view.id: i for i, view in enumerate(self.views)}
        columns = {judge.pk: i for i, judge in enumerate(self.judges)}
        for reviewer_id, application_id in (*self.barred, *self.met):
            if application_id in rows and reviewer_id in columns:
                grid[rows[application_id], columns[reviewer_id]] = False
        return grid

    def side(self) -> matching.Side:
        """What limits the reviewers."""
        loads = tuple(self.held.get(judge.pk, 0) for judge in self.judges)
        limits = tuple(max(0, j.load_limit - load) for j, load in zip(self.judges, loads, strict=True))
        return matching.Side(limits, loads)


@transaction.atomic
def assign(
    *,
    actor: Actor,
    now: datetime,
    call_code: str,
    pairs: Iterable[tuple[str, int]] | None = None,
    due_at: datetime | None = None,
) -> Assigned:
    """Give every admitted application the reviewers it lacks; what stands is kept.

    Without `pairs` the best matching is found; with them (application number, reviewer's user) they are taken as they
    are, unless one is conflicted, unknown or doubled: then InvalidInput, and nothing is written. `due_at` is by
    default half way to the decision.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    call = call_rows.hold(call_code)
    if call.state not in ("closed", "reviewing"):
        what = Text("평가위원을 배정할 수 있는 때가 아닙니다.", "Reviewers cannot be assigned now.")
        remedy = Text("접수를 마감한 뒤 배정하십시오.", "Assign them once the call is closed.")
        raise InvalidInput(Mistake("call", what, remedy))
    due = due_at or now + max(call.decide_by - now, call.decide_by - call.closes_at) / 2
    board = _board(call)
    fit = _fit(board)
    if pairs is None:
        result = matching.match(fit, board.allowed(), board.needs, board.side())
        chosen: Sequence[tuple[int, int]] = result.pairs
        summary = (result.worst_permille, result.total_permille, result.is_optimal)
        short = {board.views[p].number: count for p, count in result.short}
    else:
        chosen = _given(board, list(pairs))
        fits = [int(fit[pair]) for pair in chosen]
        summary = (min(fits, default=0), sum(fits), False)
        short = _still_short(board, chosen)
    rows = [_row(board, fit, p, r, now, due) for p, r in chosen]
    Assignment.objects.bulk_create(rows, batch_size=500)
    made = [(board.views[p].number, board.judges[r].user_id) for p, r in chosen]
    append(
        at=now,
        actor=actor.name,
        event="reviews.assign",
        subject=f"call:{call_code}",
        pairs=len(made),
        short=short,
        digest=canonical.digest([list(pair) for pair in made]),
    )
    for user_id in sorted({user_id for _, user_id in made}):
        count = sum(judge == user_id for _, judge in made)
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
    return Assigned(made, short, *summary)


@transaction.atomic
def decline(*, actor: Actor, now: datetime, assignment_id: int, reason: str) -> None:
    """A reviewer gives an assignment back before submitting, with a reason."""
    row = locked(Assignment.objects.all(), pk=queries.own_row(assignment_id, actor).pk)
    ASSIGNMENT.after(row.state, "decline")
    _require_reason(reason)
    move(row, ASSIGNMENT, "decline", state_reason=reason.strip())
    append(at=now, actor=actor.name, event="reviews.decline", subject=f"assignment:{assignment_id}", reason=reason)


@transaction.atomic
def recuse(*, actor: Actor, now: datetime, assignment_id: int, reason: str) -> None:
    """The programme takes an assignment from its reviewer for a conflict of interest; its score counts no more."""
    actor.require(actor.is_programme_manager)
    _require_reason(reason)
    row = locked(Assignment.objects.all(), pk=assignment_id)
    move(row, ASSIGNMENT, "recuse", state_reason=reason.strip())
    append(at=now, actor=actor.name, event="reviews.recuse", subject=f"assignment:{assignment_id}", reason=reason)


@transaction.atomic
def replace(*, actor: Actor, now: datetime, assignment_id: int, reason: str, user_id: int | None = None) -> int:
    """Replace a silent reviewer by `user_id`, or by who fits best; returns the new assignment's id.

    Raises InvalidInput when that person is conflicted, full or was asked before, or nobody is left.
    """
    actor.require(actor.is_programme_manager)
    _require_reason(reason)
    row = locked(Assignment.objects.select_related("application__call"), pk=assignment_id)
    move(row, ASSIGNMENT, "replace", state_reason=reason.strip())
    board = _board(call_rows.hold(row.application.call.code), row.application_id)
    fit, allowed, side = _fit(board), board.allowed(), board.side()
    free = [
        r
        for r, judge in enumerate(board.judges)
        if allowed[0, r] and side.limits[r] and (user_id is None or judge.user_id == user_id)
    ]
    if not free:
        what = Text("이 신청을 맡을 수 있는 평가위원이 없습니다.", "No reviewer may take this application.")
        remedy = Text("다른 사람을 고르거나 평가위원을 늘리십시오.", "Choose somebody else, or add reviewers.")
        raise InvalidInput(Mistake("user_id", what, remedy))
    best = max(free, key=lambda r: (int(fit[0, r]), -side.loads[r], -r))
    fresh = _row(board, fit, 0, best, now, max(row.due_at, now + (row.due_at - row.assigned_at)))
    fresh.save()
    append(
        at=now,
        actor=actor.name,
        event="reviews.replace",
        subject=f"assignment:{assignment_id}",
        reason=reason,
        new=fresh.pk,
    )
    return fresh.pk


def _board(call: CallView, application_id: int | None = None) -> _Board:
    views = [
        view
        for view in applications.of_call(call.code, queries.READER, states=("admitted",))
        if application_id in (None, view.id)
    ]
    judges = standing.reviewers(is_active=True)
    barred = standing.bars(judges, (view.id for view in views))
    rows = Assignment.objects.filter(application__call_id=call.id).values_list("reviewer_id", "application_id", "state")
    met, held, seated = set(), dict[int, int](), dict[int, int]()
    for reviewer_id, of_application, state in rows:
        met.add((reviewer_id, of_application))
        if state in OPEN_STATES:
            held[reviewer_id] = held.get(reviewer_id, 0) + 1
            if (reviewer_id, of_application) not in barred:
                seated[of_application] = seated.get(of_application, 0) + 1
    needs = [max(0, call.rules.reviewers - seated.get(view.id, 0)) for view in views]
    return _Board(views, judges, barred, met, held, needs)


def _profile(view: ApplicationView) -> affinity.Profile:
    content = view.content
    name = programmes.current().research_field(content.field).name
    text = f"{content.title.ko} {content.title.en} {content.summary}"
    return affinity.Profile((*dict.fromkeys((*content.keywords, name.ko)),), text)


def _fit(board: _Board) -> matching.Ints:
    return affinity.affinities([_profile(v) for v in board.views], [_expertise(j) for j in board.judges])


def _expertise(judge: Reviewer) -> affinity.Profile:
    return affinity.Profile(tuple(judge.keywords), judge.expertise)


def _row(board: _Board, fit: matching.Ints, p: int, r: int, now: datetime, due: datetime) -> Assignment:
    view, judge = board.views[p], board.judges[r]
    words = affinity.shared(_profile(view), _expertise(judge))
    why: dict[str, Any] = {"keywords": list(words), "rank": int((fit[p] > fit[p, r]).sum()) + 1}
    return Assignment(
        reviewer=judge,
        application_id=view.id,
        assigned_at=now,
        due_at=due,
        match_permille=int(fit[p, r]),
        why=why,
    )


def _given(board: _Board, pairs: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    rows = {view.number: i for i, view in enumerate(board.views)}
    columns = {judge.user_id: i for i, judge in enumerate(board.judges)}
    allowed = board.allowed()
    chosen: list[tuple[int, int]] = []
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
            chosen.append((rows[number], columns[user_id]))
            continue
        mistakes.append(Mistake(where, what, Text("이 줄을 고치십시오.", "Correct this line.")))
    if mistakes:
        raise InvalidInput(mistakes)
    return chosen


def _still_short(board: _Board, chosen: Sequence[tuple[int, int]]) -> dict[str, int]:
    left = list(board.needs)
    for p, _ in chosen:
        left[p] -= 1
    return {board.views[p].number: count for p, count in enumerate(left) if count > 0}


def _require_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        what = Text("사유가 없거나 너무 깁니다.", "The reason is missing or too long.")
        remedy = Text(f"{LONGEST_REASON}자 이내로 적으십시오.", f"Use at most {LONGEST_REASON} characters.")
        raise InvalidInput(Mistake("reason", what, remedy))
