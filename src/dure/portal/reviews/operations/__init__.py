"""Writing reviews: the pool and its conflicts, assignments, scores."""

from dure.portal.reviews.operations.assigning import Assigned, ask_fresh, assign, decline, recuse, replace
from dure.portal.reviews.operations.bidding import bid
from dure.portal.reviews.operations.declaring import declare_for_call
from dure.portal.reviews.operations.discussing import change_score, remark
from dure.portal.reviews.operations.feasibility import answer_feasibility, ask_providers, judge_feasibility
from dure.portal.reviews.operations.interviewing import add_slots, book_interview, close_interview, invite_to_interviews
from dure.portal.reviews.operations.inviting import (
    accept_invitation,
    decline_invitation,
    invite,
    join,
    withdraw_invitation,
)
from dure.portal.reviews.operations.meeting import note, plan_meeting, run_meeting, table
from dure.portal.reviews.operations.pool import (
    add_reviewer,
    declare_conflict,
    detect_conflicts,
    judge_conflict,
    record_conflict,
    set_active,
)
from dure.portal.reviews.operations.scoring import (
    ScoreRow,
    import_scores,
    reopen,
    save_review,
    start,
    submit_review,
)
from dure.portal.reviews.operations.upkeep import set_upkeep, tend

__all__ = [
    "Assigned",
    "ScoreRow",
    "accept_invitation",
    "add_reviewer",
    "add_slots",
    "answer_feasibility",
    "ask_fresh",
    "ask_providers",
    "assign",
    "bid",
    "book_interview",
    "change_score",
    "close_interview",
    "declare_conflict",
    "declare_for_call",
    "decline",
    "decline_invitation",
    "detect_conflicts",
    "import_scores",
    "invite",
    "invite_to_interviews",
    "join",
    "judge_conflict",
    "judge_feasibility",
    "note",
    "plan_meeting",
    "record_conflict",
    "recuse",
    "remark",
    "reopen",
    "replace",
    "run_meeting",
    "save_review",
    "set_active",
    "set_upkeep",
    "start",
    "submit_review",
    "table",
    "tend",
    "withdraw_invitation",
]
