"""The sealed decision of a call: public once the plan was accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dure.core.errors import NotFound
from dure.portal.plans.models import Seal


@dataclass(frozen=True, slots=True)
class SealView:
    """The sealed file of a decision, without its bytes: fingerprint, signature in hex, the programme's public key."""

    plan_id: int
    hash: str
    size: int
    signature: str
    public_key: str
    made_at: datetime


def seal(call_code: str) -> SealView | None:
    """The sealed decision of a call; None before there is one."""
    row = Seal.objects.filter(plan__problem__call__code=call_code, plan__state="accepted").first()
    if row is None:
        return None
    signature = bytes(row.signature).hex()
    return SealView(row.plan_id, row.hash, len(bytes(row.document)), signature, row.public_key, row.made_at)


def sealed_file(call_code: str, what: str) -> bytes:
    """The bytes of the sealed file ("zip"), its signature ("sig") or the public key ("pem"). Raises NotFound."""
    row = Seal.objects.filter(plan__problem__call__code=call_code, plan__state="accepted").first()
    if row is None:
        raise NotFound(internal=f"call {call_code} has no sealed decision")
    return {"zip": bytes(row.document), "sig": bytes(row.signature), "pem": row.public_key.encode()}[what]
