"""Writing plans: scenarios drafted and queued, what the planner found, overrides by hand, the decision."""

from dure.portal.plans.operations.deciding import accept, confirm, fail_seal, keep_seal, override, seal_again
from dure.portal.plans.operations.drafting import Scenario, discard, draft, duplicate, queue, rename, revise, submit
from dure.portal.plans.operations.firmness import (
    ask_stability,
    cancel_stability,
    fail_stability,
    finish_stability,
    note_stability,
    start_stability,
)
from dure.portal.plans.operations.solving import (
    RankRow,
    cancel,
    fail,
    finish,
    note_progress,
    requeue_orphans,
    start,
)

__all__ = [
    "RankRow",
    "Scenario",
    "accept",
    "ask_stability",
    "cancel",
    "cancel_stability",
    "confirm",
    "discard",
    "draft",
    "duplicate",
    "fail",
    "fail_seal",
    "fail_stability",
    "finish",
    "finish_stability",
    "keep_seal",
    "note_progress",
    "note_stability",
    "override",
    "queue",
    "rename",
    "requeue_orphans",
    "revise",
    "seal_again",
    "start",
    "start_stability",
    "submit",
]
