"""Writing reviews: the pool and its conflicts, assignments, scores."""

from dure.portal.reviews.operations.assigning import Assigned, ask_fresh, assign, decline, recuse, replace
from dure.portal.reviews.operations.declaring import declare_for_call
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
    "add_reviewer",
    "ask_fresh",
    "assign",
    "declare_conflict",
    "declare_for_call",
    "decline",
    "detect_conflicts",
    "import_scores",
    "judge_conflict",
    "record_conflict",
    "recuse",
    "reopen",
    "replace",
    "save_review",
    "set_active",
    "set_upkeep",
    "start",
    "submit_review",
    "tend",
]
