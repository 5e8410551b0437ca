"""What should be on one cluster: the portal's desired state, with generation numbers."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pydantic import Field, model_validator

from dure.core.period import Period
from dure.protocol.wire import Asked, Count, Instant, Key, Login, NodeName, Positive, SafeName


class Member(Asked):
    """A person who may use an allocation: login name at the cluster and public SSH keys, one per line."""

    login: Login
    ssh_keys: tuple[str, ...] = ()


class Limits(Asked):
    """What an allocation may use beyond its nodes; None means no limit of that kind."""

    gpu_hours: Count | None = None
    qos: SafeName | None = None


class DesiredAllocation(Asked):
    """One award made real: which nodes, for whom, from when to when.

    `generation` rises with every change. `present` false means it must go, whatever its period says. Nodes are
    named by the portal: the agent has no choice to make. `lent`: while it leaves GPUs unused, others of the programme
    may run jobs there that give way to its own.
    """

    id: Key
    name: SafeName
    generation: Positive
    present: bool
    nodes: tuple[NodeName, ...]
    start: Instant
    end: Instant
    gpu_model: str = Field(min_length=1, max_length=40)
    gpus_per_node: Positive
    members: tuple[Member, ...] = ()
    limits: Limits = Limits()
    lent: bool = False
    notes: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _consistent(self) -> DesiredAllocation:
        if self.end <= self.start:
            raise ValueError(f"allocation {self.id}: it ends at or before its start")
        if len(set(self.nodes)) != len(self.nodes):
            raise ValueError(f"allocation {self.id}: a node is named twice")
        return self

    @property
    def period(self) -> Period:
        """When it holds its nodes."""
        return Period(self.start, self.end)

    @property
    def node_count(self) -> int:
        """How many nodes it holds."""
        return len(self.nodes)

    def is_due(self, now: datetime) -> bool:
        """Whether it should hold its nodes at `now`."""
        return self.present and self.start <= now < self.end

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it should be left at `now`."""
        return not self.present or now >= self.end


class DesiredMaintenance(Asked):
    """Work a provider has announced on nodes: from start to end no job runs there, whoever holds them.

    It is never changed, only called off: what is to be otherwise gets another name. `present` false means that its
    nodes are free for jobs again, whatever its period says.
    """

    name: SafeName
    nodes: tuple[NodeName, ...] = Field(min_length=1)
    start: Instant
    end: Instant
    reason: str = Field(default="", max_length=500)
    present: bool = True

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it should be left at `now`."""
        return not self.present or now >= self.end


class DesiredState(Asked):
    """Everything that should be on one cluster.

    `generation` rises with every change of anything below it. `epoch` is the lease now in force: an agent holding a
    lower one has been replaced. An allocation that is over stays listed with `present` false until the agent has
    reported it `Ended`. The body says nothing about the time, so that it is the same bytes until something changes;
    the time is in the header `Dure-Now` of every answer.
    """

    cluster: Key
    generation: Count
    epoch: Count
    allocations: tuple[DesiredAllocation, ...] = ()
    maintenance: tuple[DesiredMaintenance, ...] = ()

    @model_validator(mode="after")
    def _no_two_alike(self) -> DesiredState:
        for what in ("id", "name"):
            seen = [getattr(allocation, what) for allocation in self.allocations]
            if len(set(seen)) != len(seen):
                raise ValueError(f"two allocations share one {what}")
        return self

    def etag(self) -> str:
        """The entity tag of this body, quotes included."""
        return '"' + hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32] + '"'
