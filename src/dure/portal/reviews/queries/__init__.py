"""Reading reviews: a reviewer's own assignments without conflict; for the programme, all of them."""

from dure.portal.reviews.board import READER
from dure.portal.reviews.queries.bidding import Biddable, biddable, bidding_calls
from dure.portal.reviews.queries.declaring import DeclarationView, declaration, in_call
from dure.portal.reviews.queries.discussing import Discussion, discussion
from dure.portal.reviews.queries.feasibility import FeasibilityView, feasibility_for, feasibility_of, to_judge
from dure.portal.reviews.queries.interviewing import (
    interviewed,
    interviews,
    my_interview,
    my_interviews,
    slots,
)
from dure.portal.reviews.queries.inviting import Asked, asked, invitations
from dure.portal.reviews.queries.matchings import matchings
from dure.portal.reviews.queries.meeting import MeetingView, meeting, meetings, my_meetings
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
    seat,
)
from dure.portal.reviews.queries.tally import (
    FreshView,
    Scores,
    deciding_scores,
    fresh_reviews,
    scores,
    to_applicant,
)
from dure.portal.reviews.queries.upkeep import coming, shown_day, upkeep

__all__ = [
    "READER",
    "Asked",
    "AssignmentView",
    "Biddable",
    "ConflictView",
    "DeclarationView",
    "Discussion",
    "FeasibilityView",
    "FreshView",
    "MeetingView",
    "Progress",
    "ProposalView",
    "ReviewView",
    "ReviewerView",
    "Scores",
    "Seat",
    "asked",
    "assignment",
    "assignments",
    "biddable",
    "bidding_calls",
    "coming",
    "conflicts",
    "deciding_scores",
    "declaration",
    "declared_calls",
    "discussion",
    "feasibility_for",
    "feasibility_of",
    "fresh_reviews",
    "in_call",
    "interviewed",
    "interviews",
    "invitations",
    "is_scoring",
    "matchings",
    "meeting",
    "meetings",
    "my_interview",
    "my_interviews",
    "my_meetings",
    "own_reviewer",
    "own_row",
    "progress",
    "require_declared",
    "reviewers",
    "scores",
    "seat",
    "shown_day",
    "slots",
    "to_applicant",
    "to_judge",
    "upkeep",
]
