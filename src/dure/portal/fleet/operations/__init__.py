"""Writing the fleet: the programme's file, who holds which node when, providers' words, agents, failed nodes."""

from dure.portal.fleet.operations.agents import (
    claim_epoch,
    hold_lease,
    issue_token,
    note_seen,
    record_inventory,
    renew_token,
    require_lease,
    require_past,
    revoke_token,
)
from dure.portal.fleet.operations.bookings import Wanted, book, book_all, postpone, release
from dure.portal.fleet.operations.failures import give_way, take_back_repaired
from dure.portal.fleet.operations.programme import load_programme
from dure.portal.fleet.operations.providers import describe_access
from dure.portal.fleet.operations.works import announce_maintenance, call_off_maintenance, told_of_maintenance

__all__ = [
    "Wanted",
    "announce_maintenance",
    "book",
    "book_all",
    "call_off_maintenance",
    "claim_epoch",
    "describe_access",
    "give_way",
    "hold_lease",
    "issue_token",
    "load_programme",
    "note_seen",
    "postpone",
    "record_inventory",
    "release",
    "renew_token",
    "require_lease",
    "require_past",
    "revoke_token",
    "take_back_repaired",
    "told_of_maintenance",
]
