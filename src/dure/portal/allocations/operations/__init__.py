"""Writing allocations: what should be (`desired`), what the agent says is (`reports`), who may use it (`access`)."""

from dure.portal.allocations.operations.access import add_member, add_ssh_key, remove_member, revoke_ssh_key
from dure.portal.allocations.operations.changes import apply_changes
from dure.portal.allocations.operations.desired import allocate_due, claim, end_due, revise
from dure.portal.allocations.operations.ending import warn_of_end
from dure.portal.allocations.operations.failures import replace_failed
from dure.portal.allocations.operations.lending import lend
from dure.portal.allocations.operations.reports import record_report
from dure.portal.allocations.operations.works import tell_of_maintenance

__all__ = [
    "add_member",
    "add_ssh_key",
    "allocate_due",
    "apply_changes",
    "claim",
    "end_due",
    "lend",
    "record_report",
    "remove_member",
    "replace_failed",
    "revise",
    "revoke_ssh_key",
    "tell_of_maintenance",
    "warn_of_end",
]
