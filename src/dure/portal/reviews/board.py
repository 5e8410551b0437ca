"""What an assignment run looks at: applications, reviewers, conflicts, loads, and how well each pair fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from dure.decide import affinity, matching
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.people.actor import system
from dure.portal.reviews import standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Bid, Reviewer

READER = system("reviews")


@dataclass(frozen=True)
class Board:
    """Applications (rows) and reviewers (columns); `met` are pairs asked before, `held` open reviews in this call."""

    views: Sequence[ApplicationView]
    judges: Sequence[Reviewer]
    barred: Mapping[standing.Pair, list[standing.Bar]]
    met: frozenset[standing.Pair]
    held: Mapping[int, int]
    needs: Sequence[int]
    wishes: Mapping[standing.Pair, str]

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

    def fit(self) -> matching.Ints:
        """How well each pair fits, in ‰, with the reviewers' own wishes in it."""
        plain = affinity.affinities([_profile(v) for v in self.views], [_expertise(j) for j in self.judges])
        rows = {view.id: i for i, view in enumerate(self.views)}
        columns = {judge.pk: i for i, judge in enumerate(self.judges)}
        wishes = {
            (rows[application_id], columns[reviewer_id]): wish
            for (reviewer_id, application_id), wish in self.wishes.items()
            if application_id in rows and reviewer_id in columns
        }
        return affinity.with_wishes(plain, wishes)

    def seat(self, fit: matching.Ints, p: int, r: int, now: datetime, due_at: datetime, **columns: Any) -> Assignment:
        """The unsaved assignment of reviewer `r` to application `p`, with why."""
        view, judge = self.views[p], self.judges[r]
        words = affinity.shared(_profile(view), _expertise(judge))
        why: dict[str, Any] = {"keywords": list(words), "rank": int((fit[p] > fit[p, r]).sum()) + 1}
        if wish := self.wishes.get((judge.pk, view.id)):
            why["wish"] = wish
        return Assignment(
            reviewer=judge,
            application_id=view.id,
            assigned_at=now,
            due_at=due_at,
            match_permille=int(fit[p, r]),
            why=why,
            **columns,
        )

    def best(self, fit: matching.Ints, p: int, user_id: int | None = None) -> int | None:
        """Who fits application `p` best of those who may take it (or that person), or None."""
        allowed, side = self.allowed(), self.side()
        free = [
            r
            for r, judge in enumerate(self.judges)
            if allowed[p, r] and side.limits[r] and user_id in (None, judge.user_id)
        ]
        return max(free, key=lambda r: (int(fit[p, r]), -side.loads[r], -r), default=None)


def board_of(call: CallView, application_id: int | None = None) -> Board:
    """The board of a call's admitted applications, or of one application whatever became of it at intake."""
    if application_id is None:
        views: Sequence[ApplicationView] = applications.of_call(call.code, READER, states=("admitted",))
    else:
        views = list(applications.by_ids([application_id]).values())
    judges = standing.reviewers(is_active=True)
    barred = standing.bars(judges, (view.id for view in views))
    rows = Assignment.objects.filter(application__call_id=call.id).values_list(
        "reviewer_id", "application_id", "state", "purpose"
    )
    met, held, seated = set(), dict[int, int](), dict[int, int]()
    for reviewer_id, of_application, state, purpose in rows:
        met.add((reviewer_id, of_application))
        if state in OPEN_STATES:
            held[reviewer_id] = held.get(reviewer_id, 0) + 1
            if purpose == "review" and (reviewer_id, of_application) not in barred:
                seated[of_application] = seated.get(of_application, 0) + 1
    needs = [max(0, call.rules.reviewers - seated.get(view.id, 0)) for view in views]
    bids = Bid.objects.filter(application__call_id=call.id).values_list("reviewer_id", "application_id", "wish")
    wishes = {(reviewer_id, of_application): wish for reviewer_id, of_application, wish in bids}
    return Board(views, judges, barred, frozenset(met), held, needs, wishes)


def _profile(view: ApplicationView) -> affinity.Profile:
    content = view.content
    name = programmes.current().research_field(content.field).name
    text = f"{content.title.ko} {content.title.en} {content.summary}"
    return affinity.Profile((*dict.fromkeys((*content.keywords, name.ko)),), text)


def _expertise(judge: Reviewer) -> affinity.Profile:
    return affinity.Profile(tuple(judge.keywords), judge.expertise)
