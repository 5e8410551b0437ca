"""Changing people, organisations, memberships and roles."""

from dure.portal.people.operations.inviting import invite, take_invitation, uninvite
from dure.portal.people.operations.standing import (
    add_person,
    approve_membership,
    correct_organisation,
    end_membership,
    erase,
    found_organisation,
    give_role,
    make_head,
    refuse_membership,
    registered,
    reject_organisation,
    request_membership,
    save_profile,
    take_role,
    verify_organisation,
)

__all__ = [
    "add_person",
    "approve_membership",
    "correct_organisation",
    "end_membership",
    "erase",
    "found_organisation",
    "give_role",
    "invite",
    "make_head",
    "refuse_membership",
    "registered",
    "reject_organisation",
    "request_membership",
    "save_profile",
    "take_invitation",
    "take_role",
    "uninvite",
    "verify_organisation",
]
