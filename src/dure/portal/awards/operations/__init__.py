"""Writing awards: offers (`offering`), answers and agreements (`agreeing`)."""

from dure.portal.awards.operations.agreeing import accept, countersign, decline, end_due, sign
from dure.portal.awards.operations.offering import expire_due, offer_down, offer_plan, revoke

__all__ = [
    "accept",
    "countersign",
    "decline",
    "end_due",
    "expire_due",
    "offer_down",
    "offer_plan",
    "revoke",
    "sign",
]
