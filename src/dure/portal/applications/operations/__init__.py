"""Everything that changes an application."""

from dure.portal.applications.operations.attaching import attach, detach
from dure.portal.applications.operations.bringing import Brought, bring
from dure.portal.applications.operations.carrying import carry_over
from dure.portal.applications.operations.endorsing import (
    decline_endorsement,
    endorse,
    remind_endorsers,
    request_endorsement,
)
from dure.portal.applications.operations.forgetting import forget_person, forget_team
from dure.portal.applications.operations.judging import admit, admit_all, clear, refuse
from dure.portal.applications.operations.telling import tell_of_calls
from dure.portal.applications.operations.writing import MOST_DRAFTS, discard, save_draft, start, submit, withdraw

__all__ = [
    "MOST_DRAFTS",
    "Brought",
    "admit",
    "admit_all",
    "attach",
    "bring",
    "carry_over",
    "clear",
    "decline_endorsement",
    "detach",
    "discard",
    "endorse",
    "forget_person",
    "forget_team",
    "refuse",
    "remind_endorsers",
    "request_endorsement",
    "save_draft",
    "start",
    "submit",
    "tell_of_calls",
    "withdraw",
]
