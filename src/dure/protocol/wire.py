"""The doors and headers of the agent protocol, and the field types its messages are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

PROTOCOL_VERSION = 1

# Headers. VERSION goes both ways; the portal sets NOW and CLOCK on every answer, 304 and refusals included.
VERSION_HEADER = "Dure-Protocol"
NOW_HEADER = "Dure-Now"
CLOCK_HEADER = "Dure-Clock"  # "wall" or "virtual"

DESIRED_PATH = "/api/agent/v1/desired"
LEASE_PATH = "/api/agent/v1/lease"
REPORT_PATH = "/api/agent/v1/report"
USAGE_PATH = "/api/agent/v1/usage"
INVENTORY_PATH = "/api/agent/v1/inventory"
TOKEN_PATH = "/api/agent/v1/token"  # noqa: S105 - an address

WINDOW_SECONDS = 3600
MAX_WINDOWS_PER_POST = 200


def _whole_second_utc(instant: datetime) -> datetime:
    if instant.microsecond:
        raise ValueError("instants are whole seconds")
    return instant.astimezone(UTC)


def stamp(instant: datetime) -> str:
    """An aware instant as `2026-03-01T00:00:00Z`, the one way instants are written on the wire."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """The instant that `stamp` wrote. Raises ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_whole_second_utc), PlainSerializer(stamp, return_type=str)]
Count = Annotated[int, Field(ge=0, le=2**62, strict=True)]
Positive = Annotated[int, Field(ge=1, le=2**62, strict=True)]
# Slurm stores account names in lower case and Kubernetes allows no more than this in a namespace.
SafeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
NodeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Login = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
Key = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:@/-]+$")]


class Asked(BaseModel):
    """What a portal says: an agent reads what it knows and passes over fields that a newer portal added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Said(BaseModel):
    """What an agent says: the portal refuses any field it does not know, so a misspelt one cannot be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")
