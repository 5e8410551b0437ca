"""Every noun's states and the events that move them: one explicit table each, no wildcard source.

Portal models take their state columns from here; `tests/decide/test_lifecycles.py` walks each table.
"""

from __future__ import annotations

from dure.core.lifecycle import Lifecycle

ORGANISATION = Lifecycle(
    "organisation",
    "founded",
    {
        ("founded", "verify"): "verified",
        ("founded", "reject"): "rejected",
        ("rejected", "verify"): "verified",
        ("verified", "revoke"): "founded",
    },
)

MEMBERSHIP = Lifecycle(
    "membership",
    "requested",
    {
        ("requested", "approve"): "active",
        ("requested", "refuse"): "refused",
        ("active", "leave"): "left",
        ("left", "rejoin"): "requested",
        ("refused", "rejoin"): "requested",
    },
)

CALL = Lifecycle(
    "call",
    "draft",
    {
        ("draft", "announce"): "announced",
        ("draft", "take_over"): "closed",  # it was announced and closed elsewhere
        ("announced", "open"): "open",
        ("open", "close"): "closed",
        ("closed", "extend"): "open",
        ("closed", "start_review"): "reviewing",
        ("reviewing", "start_deciding"): "deciding",
        ("deciding", "decide"): "decided",
        ("draft", "cancel"): "cancelled",
        ("announced", "cancel"): "cancelled",
        ("open", "cancel"): "cancelled",
        ("closed", "cancel"): "cancelled",
    },
)

APPLICATION = Lifecycle(
    "application",
    "draft",
    {
        ("draft", "submit"): "submitted",
        ("draft", "discard"): "discarded",
        ("submitted", "withdraw"): "withdrawn",
        ("withdrawn", "submit"): "submitted",
        ("submitted", "admit"): "admitted",
        ("submitted", "refuse"): "refused",
        ("refused", "admit"): "admitted",
    },
)

ENDORSEMENT = Lifecycle(
    "endorsement",
    "requested",
    {
        ("requested", "endorse"): "endorsed",
        ("requested", "decline"): "declined",
        ("declined", "request"): "requested",
        ("endorsed", "request"): "requested",
    },
)

ASSIGNMENT = Lifecycle(
    "review assignment",
    "assigned",
    {
        ("assigned", "start"): "in_progress",
        ("assigned", "submit"): "submitted",
        ("in_progress", "submit"): "submitted",
        ("submitted", "reopen"): "in_progress",
        ("assigned", "decline"): "declined",
        ("in_progress", "decline"): "declined",
        ("assigned", "recuse"): "recused",
        ("in_progress", "recuse"): "recused",
        ("submitted", "recuse"): "recused",
        ("assigned", "replace"): "replaced",
        ("in_progress", "replace"): "replaced",
    },
)

INVITATION = Lifecycle(
    "reviewer invitation",
    "sent",
    {
        ("sent", "accept"): "accepted",
        ("sent", "decline"): "declined",
        ("sent", "expire"): "expired",
        ("sent", "withdraw"): "withdrawn",
        ("accepted", "join"): "joined",
        ("accepted", "withdraw"): "withdrawn",
    },
)

FEASIBILITY = Lifecycle(
    "feasibility check",
    "asked",
    {
        ("asked", "confirm"): "feasible",
        ("asked", "limit"): "conditional",
        ("asked", "doubt"): "infeasible",
        ("feasible", "revise"): "asked",
        ("conditional", "revise"): "asked",
        ("infeasible", "revise"): "asked",
        ("infeasible", "uphold"): "upheld",
        ("infeasible", "overrule"): "overruled",
    },
)

INTERVIEW = Lifecycle(
    "interview",
    "invited",
    {
        ("invited", "book"): "booked",
        ("booked", "release"): "invited",
        ("booked", "hold"): "held",
        ("booked", "miss"): "missed",
        ("invited", "cancel"): "cancelled",
        ("booked", "cancel"): "cancelled",
        ("missed", "invite"): "invited",
        ("cancelled", "invite"): "invited",
    },
)

MEETING = Lifecycle(
    "panel meeting",
    "planned",
    {
        ("planned", "start"): "running",
        ("planned", "cancel"): "cancelled",
        ("running", "end"): "ended",
        ("ended", "resume"): "running",
    },
)

AGENDA_ITEM = Lifecycle(
    "agenda item",
    "waiting",
    {
        ("waiting", "open"): "open",
        ("open", "postpone"): "waiting",
        ("open", "settle"): "settled",
        ("settled", "reopen"): "open",
    },
)

PLAN = Lifecycle(
    "plan",
    "draft",
    {
        ("draft", "queue"): "queued",
        ("draft", "discard"): "discarded",
        ("queued", "start"): "solving",
        ("solving", "requeue"): "queued",
        ("solving", "finish"): "solved",
        ("solving", "fail"): "failed",
        ("queued", "cancel"): "cancelled",
        ("solving", "cancel"): "cancelled",
        ("solved", "accept"): "accepted",
        ("solved", "discard"): "discarded",
        ("failed", "discard"): "discarded",
        ("cancelled", "discard"): "discarded",
    },
)

STABILITY = Lifecycle(
    "stability run",
    "queued",
    {
        ("queued", "start"): "running",
        ("running", "requeue"): "queued",
        ("running", "finish"): "finished",
        ("running", "fail"): "failed",
        ("queued", "cancel"): "cancelled",
        ("running", "cancel"): "cancelled",
    },
)

AWARD = Lifecycle(
    "award",
    "offered",
    {
        ("offered", "accept"): "accepted",
        ("offered", "decline"): "declined",
        ("offered", "expire"): "expired",
        ("accepted", "sign"): "agreed",
        ("accepted", "decline"): "declined",
        ("offered", "revoke"): "revoked",
        ("accepted", "revoke"): "revoked",
        ("agreed", "end"): "ended",
    },
)

AWARD_CHANGE = Lifecycle(
    "award change",
    "requested",
    {
        ("requested", "consent"): "consented",
        ("requested", "approve"): "approved",
        ("consented", "approve"): "approved",
        ("requested", "refuse"): "refused",
        ("consented", "refuse"): "refused",
        ("requested", "withdraw"): "withdrawn",
        ("consented", "withdraw"): "withdrawn",
        ("requested", "lapse"): "lapsed",
        ("consented", "lapse"): "lapsed",
        ("approved", "lapse"): "lapsed",
        ("approved", "carry_out"): "carried_out",
    },
)

APPEAL = Lifecycle(
    "appeal",
    "lodged",
    {
        ("lodged", "ask"): "in_review",
        ("lodged", "dismiss"): "dismissed",
        ("lodged", "withdraw"): "withdrawn",
        ("in_review", "withdraw"): "withdrawn",
        ("in_review", "uphold"): "upheld",
        ("in_review", "reject"): "rejected",
    },
)

ALLOCATION = Lifecycle(
    "allocation",
    "present",
    {
        ("present", "end"): "ended",
    },
)

RECLAIM = Lifecycle(
    "reclaim case",
    "noticed",
    {
        ("noticed", "justify"): "justified",
        ("justified", "accept"): "dismissed",
        ("justified", "reject"): "confirmed",
        ("noticed", "lapse"): "confirmed",
        ("noticed", "clear"): "dismissed",
        ("confirmed", "execute"): "executed",
        ("confirmed", "reverse"): "dismissed",
    },
)

BILLING_MONTH = Lifecycle("billing month", "open", {("open", "close"): "closed"})

INVOICE = Lifecycle(
    "invoice",
    "issued",
    {
        ("issued", "pay"): "paid",
        ("issued", "dispute"): "disputed",
        ("disputed", "uphold"): "issued",
        ("disputed", "cancel"): "cancelled",
    },
)

OUTCOME = Lifecycle(
    "outcome report",
    "due",
    {
        ("due", "submit"): "submitted",
        ("submitted", "approve"): "approved",
        ("submitted", "return"): "returned",
        ("returned", "submit"): "submitted",
    },
)

SUPPORT = Lifecycle(
    "support request",
    "waiting",
    {
        ("waiting", "answer"): "answered",
        ("answered", "answer"): "answered",
        ("answered", "ask_again"): "waiting",
        ("waiting", "ask_again"): "waiting",
        ("waiting", "pass_on"): "waiting",
        ("waiting", "close"): "closed",
        ("answered", "close"): "closed",
        ("closed", "ask_again"): "waiting",
    },
)

ALL = (
    ORGANISATION,
    MEMBERSHIP,
    CALL,
    APPLICATION,
    ENDORSEMENT,
    ASSIGNMENT,
    INVITATION,
    FEASIBILITY,
    INTERVIEW,
    MEETING,
    AGENDA_ITEM,
    PLAN,
    STABILITY,
    AWARD,
    AWARD_CHANGE,
    APPEAL,
    ALLOCATION,
    RECLAIM,
    BILLING_MONTH,
    INVOICE,
    OUTCOME,
    SUPPORT,
)
