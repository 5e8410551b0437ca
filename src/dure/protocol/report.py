"""What an agent says it did and saw: conditions per allocation and for the cluster, and other people's changes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dure.protocol.wire import Count, Instant, Key, NodeName, Positive, Said
from dure.protocol.words import DocumentedCondition

DriftKind = Literal["changed", "missing", "foreign"]


class DriftFinding(Said):
    """Somebody else's change, reported and not fought over.

    `changed`: a thing of ours differs from what we made; `missing`: a thing of ours is gone; `foreign`: a thing that
    is not ours stands in the way. `subject` names the thing as the cluster does ("account/mri-lab").
    """

    kind: DriftKind
    subject: str = Field(min_length=1, max_length=200)
    allocation: Key | None = None
    expected: str = Field(default="", max_length=1000)
    found: str = Field(default="", max_length=1000)


class StorageUse(Said):
    """The storage of one allocation as its site measures it: where it is, how full, how much there may be."""

    path: str = Field(min_length=1, max_length=300)
    used_bytes: Count
    quota_bytes: Positive


class AllocationReport(Said):
    """How one allocation stands: `generation` is the one last applied, `nodes` those it really holds now.

    `storage` is left out where the site measures none.
    """

    id: Key
    generation: Count
    nodes: tuple[NodeName, ...]
    conditions: tuple[DocumentedCondition, ...]
    storage: StorageUse | None = None


class Report(Said):
    """One agent's account of its cluster at `done_at`, the portal's instant up to which everything due is done.

    The newest `done_at` of the newest epoch wins; an older report changes nothing. `observed_generation` is the
    desired state it speaks of.
    """

    cluster: Key
    instance: Key
    epoch: Count
    observed_generation: Count
    done_at: Instant
    conditions: tuple[DocumentedCondition, ...] = ()
    allocations: tuple[AllocationReport, ...] = ()
    drift: tuple[DriftFinding, ...] = ()


class TokenRenewal(Said):
    """The agent that holds the lease asks whether its token is to be replaced; the token it asks with is meant."""

    cluster: Key
    instance: Key
    epoch: Count


class LeaseClaim(Said):
    """An agent instance asks to speak for a cluster. Claiming again as the present holder keeps the epoch."""

    cluster: Key
    instance: Key
