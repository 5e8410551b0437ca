"""Writing reviews: the pool and its conflicts, assignments, scores."""

from dure.portal.reviews.operations.assigning import Assigned, assign, decline, recuse, replace
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

__all__ = [
    "Assigned",
    "ScoreRow",
    "add_reviewer",
    "assign",
    "declare_conflict",
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
    "start",
    "submit_review",
]
