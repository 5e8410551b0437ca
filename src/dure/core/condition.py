"""What a loop or an agent observed, as conditions: decisions are states, observations are conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One observed condition of a thing.

    `type` and `reason` are words from a documented list; `observed_generation` says which desired state it speaks of.
    """

    type: str
    status: Status
    reason: str
    message: str = ""
    observed_generation: int = 0
