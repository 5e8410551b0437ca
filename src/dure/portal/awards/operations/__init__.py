"""Writing awards.

Offers (`offering`) and the waitlist (`waiting`), answers and agreements (`agreeing`), changes (`changing`), appeals
(`appealing`).
"""

from dure.portal.awards.operations import appealing, changing
from dure.portal.awards.operations.agreeing import accept, countersign, decline, end_due, sign
from dure.portal.awards.operations.offering import expire_due, offer_plan, revoke
from dure.portal.awards.operations.waiting import move_waitlists, offer_down

__all__ = [
    "accept",
    "appealing",
    "changing",
    "countersign",
    "decline",
    "end_due",
    "expire_due",
    "move_waitlists",
    "offer_down",
    "offer_plan",
    "revoke",
    "sign",
]
