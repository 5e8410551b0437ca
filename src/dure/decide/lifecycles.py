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

PLAN = Lifecycle(
    "plan",
    "queued",
    {
        ("queued", "start"): "solving",
        ("solving", "requeue"): "queued",
        ("solving", "finish"): "solved",
        ("solving", "fail"): "failed",
        ("queued", "cancel"): "cancelled",
        ("solving", "cancel"): "cancelled",
        ("solved", "accept"): "accepted",
        ("solved", "discard"): "discarded",
        ("failed", "discard"): "discarded",
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

ALL = (
    ORGANISATION,
    MEMBERSHIP,
    CALL,
    APPLICATION,
    ASSIGNMENT,
    PLAN,
    AWARD,
    ALLOCATION,
    RECLAIM,
    BILLING_MONTH,
    INVOICE,
    OUTCOME,
)
