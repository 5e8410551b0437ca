"""What the agent asks of a cluster: six verbs, and the values that pass through them.

An adapter (Slurm, Kubernetes, simulated) knows its scheduler and decides nothing: what to change is decided by
`dure.agent.diff` from values, so a dry run is the same code without the last verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from dure.core.errors import DureError
from dure.core.text import Text
from dure.protocol.desired import DesiredAllocation, Limits, Member
from dure.protocol.inventory import InventoryNode
from dure.protocol.report import StorageUse
from dure.protocol.usage import UsageRow
from dure.protocol.wire import Instant

Field = Literal["limits", "members", "hold", "gpus", "lent", "extras"]
FIELDS: tuple[Field, ...] = ("limits", "members", "hold", "gpus", "lent", "extras")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Hold(_Value):
    """Nodes kept for an allocation and nobody else, over a half-open period."""

    nodes: tuple[str, ...]
    start: Instant
    end: Instant


class Standing(_Value):
    """What stands on the cluster of one allocation: its account, who may use it, its limits, the nodes held.

    `gpus` is how many GPUs its jobs may hold at once, now: none before the allocation begins. `lent`: others' jobs may
    use what it leaves unused, until its own need it. `extras` are settings on what is ours that nobody asked for, in
    the cluster's words: always drift, since no step ever sets them.
    """

    id: str
    name: str
    limits: Limits = Limits()
    members: tuple[Member, ...] = ()
    hold: Hold | None = None
    gpus: int = 0
    lent: bool = False
    extras: tuple[str, ...] = ()


def wanted(allocation: DesiredAllocation, now: datetime, lends: bool) -> Standing:
    """What should stand of `allocation` at `now`, while it is not over; nodes and members in a fixed order.

    `lends`: whether its cluster can lend on demand.
    """
    return Standing(
        id=allocation.id,
        name=allocation.name,
        limits=allocation.limits,
        members=tuple(
            Member(login=member.login, ssh_keys=tuple(sorted(member.ssh_keys)))
            for member in sorted(allocation.members, key=lambda member: member.login)
        ),
        hold=Hold(nodes=tuple(sorted(allocation.nodes)), start=allocation.start, end=allocation.end)
        if allocation.nodes
        else None,
        gpus=allocation.node_count * allocation.gpus_per_node if allocation.is_due(now) else 0,
        lent=lends and allocation.lent and allocation.is_due(now) and bool(allocation.nodes),
    )


class Step(_Value):
    """One change to the cluster, small enough to have happened or not.

    `create` makes an empty standing (an account nobody may use yet), `set` gives one field its value, `remove` ends
    the jobs and takes everything of it away. `close` keeps nodes free for announced work and `reopen` lets them go:
    asked only of adapters whose `observe` speaks of works. `warn` tells the jobs that run until when `after` holds its
    nodes: asked only of adapters that can. `retell` takes away what a part of the scheduler never heard of,
    for the next look to make anew: `observe` says what is then left. All of them may be repeated without harm.
    """

    verb: Literal["create", "set", "remove", "close", "reopen", "warn", "retell"]
    before: Standing | None
    after: Standing | None
    field: Field | None = None

    @property
    def name(self) -> str:
        """The allocation's name on the cluster."""
        standing = self.after or self.before
        assert standing is not None  # noqa: S101 - the diff never makes a step about nothing
        return standing.name


class Observed(_Value):
    """What an adapter saw, all at once.

    `standings`: what is ours, by name. `foreign`: names taken by somebody else, with a few words on what they are.
    `works`: nodes kept free for announced work, by name; None where the adapter leaves that to the site. `lends`:
    whether unused GPUs of one can be lent and taken back on demand. `warns`: whether running jobs can be told of their
    end. `unheard`: standings that do not work because a part of the scheduler never heard of them or of something in
    them, as they would be without that; None where nothing would be left.
    """

    standings: Mapping[str, Standing]
    foreign: Mapping[str, str]
    unheard: Mapping[str, Standing | None] = {}
    works: Mapping[str, Hold] | None = None
    lends: bool = False
    warns: bool = False


class ClusterUnreachable(DureError):
    """The cluster did not answer; nothing is known and nothing was changed."""

    default = Text(
        "클러스터에 연결할 수 없습니다. 스케줄러가 실행 중인지 확인해 주십시오.",
        "The cluster cannot be reached. Check that its scheduler is running.",
    )


class StepRefused(DureError):
    """The cluster refused one step, for a reason of its own; the others go on."""

    default = Text("클러스터가 변경을 거부했습니다.", "The cluster refused the change.")


class UsageUntracked(DureError):
    """The cluster does not account for GPUs, so there is no truth to report: loud, never zero hours."""

    default = Text(
        "클러스터가 GPU 사용량을 집계하지 않습니다. AccountingStorageTRES에 gres/gpu를 넣고 다시 시작해 주십시오.",
        "The cluster does not account for GPUs. Add gres/gpu to AccountingStorageTRES and restart.",
    )


class Cluster(Protocol):
    """One cluster. `now` is the portal's time. Every verb raises ClusterUnreachable when nobody answers."""

    def observe(self, now: datetime) -> Observed:
        """What stands on the cluster."""
        ...

    def apply(self, step: Step, now: datetime) -> None:
        """Do one step. Raises StepRefused with the cluster's own words."""
        ...

    def inventory(self, now: datetime) -> tuple[InventoryNode, ...]:
        """All nodes, with their state."""
        ...

    def usage(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, tuple[UsageRow, ...]]]:
        """Rows per whole hour between two full hours, oldest first. Raises UsageUntracked rather than guess."""
        ...

    def spent(self, now: datetime) -> Mapping[str, int]:
        """GPU-seconds used so far by allocations with a GPU-hour budget, by name.

        Where the scheduler keeps no budgets itself, the adapter stops those that have spent theirs here. An adapter
        whose scheduler does keep them may leave them out.
        """
        ...

    def storage(self, now: datetime) -> Mapping[str, StorageUse]:
        """How full the storage of each allocation is, by name; none where the site measures none."""
        ...
