"""Everything that changes an application."""

from dure.portal.applications.operations.attaching import attach, detach
from dure.portal.applications.operations.judging import admit, admit_all, refuse
from dure.portal.applications.operations.writing import MOST_DRAFTS, discard, save_draft, start, submit, withdraw

__all__ = [
    "MOST_DRAFTS",
    "admit",
    "admit_all",
    "attach",
    "detach",
    "discard",
    "refuse",
    "save_draft",
    "start",
    "submit",
    "withdraw",
]
