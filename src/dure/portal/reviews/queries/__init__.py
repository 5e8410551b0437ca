"""Reading reviews: a reviewer's own assignments without conflict; for the programme, all of them."""

from dure.portal.reviews.board import READER
from dure.portal.reviews.queries.declaring import DeclarationView, declaration, in_call
from dure.portal.reviews.queries.overseeing import (
    ConflictView,
    Progress,
    ReviewerView,
    Seat,
    conflicts,
    progress,
    reviewers,
)
from dure.portal.reviews.queries.own import (
    AssignmentView,
    ProposalView,
    ReviewView,
    assignment,
    assignments,
    declared_calls,
    is_scoring,
    own_reviewer,
    own_row,
    require_declared,
)
from dure.portal.reviews.queries.tally import (
    FreshView,
    Scores,
    deciding_scores,
    fresh_reviews,
    scores,
    to_applicant,
)
from dure.portal.reviews.queries.upkeep import reminders, replaced_at, shown_day, upkeep

__all__ = [
    "READER",
    "AssignmentView",
    "ConflictView",
    "DeclarationView",
    "FreshView",
    "Progress",
    "ProposalView",
    "ReviewView",
    "ReviewerView",
    "Scores",
    "Seat",
    "assignment",
    "assignments",
    "conflicts",
    "deciding_scores",
    "declaration",
    "declared_calls",
    "fresh_reviews",
    "in_call",
    "is_scoring",
    "own_reviewer",
    "own_row",
    "progress",
    "reminders",
    "replaced_at",
    "require_declared",
    "reviewers",
    "scores",
    "shown_day",
    "to_applicant",
    "upkeep",
]
