"""What time alone brings about: calls open and close as announced, applicants hear of what changed in theirs,
reviewers are reminded and silent ones replaced, fast rounds are decided, unanswered offers lapse, changes take effect,
freed nodes go down the waitlist, reports fall due, questions that wait too long are recalled.
"""

from __future__ import annotations

from datetime import datetime

from dure.core.errors import IllegalTransition, Stale
from dure.portal.applications import operations as applications
from dure.portal.awards import operations as awards
from dure.portal.calls import operations, queries
from dure.portal.loops import screening
from dure.portal.messages import operations as messages
from dure.portal.outcomes import operations as outcomes
from dure.portal.people.actor import system
from dure.portal.privacy import operations as privacy
from dure.portal.reviews import operations as reviews

ACTOR = system("loop:expire")


def run(now: datetime) -> int:
    """Do what is due by `now`; returns how many things were done."""
    done = sum(_do(code, event, now) for code, event in queries.due(now))
    done += reviews.tend(now=now)
    done += awards.expire_due(now=now)
    done += awards.changing.carry_out_due(now=now)
    done += awards.end_due(now=now)
    done += awards.move_waitlists(now=now)
    done += messages.remind_overdue(now=now) + screening.tend(now)
    done += applications.remind_endorsers(now=now) + applications.tell_of_calls(now=now)
    done += privacy.carry_out_due(now=now)
    return done + outcomes.make_due(now=now)


def _do(code: str, event: str, now: datetime) -> int:
    act = operations.open if event == "open" else operations.close
    try:
        act(actor=ACTOR, now=now, code=code)
    except (IllegalTransition, Stale):  # somebody else opened, closed or cancelled it first
        return 0
    return 1
