"""What the agent says of what it saw: conditions for each allocation and for the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dure.agent.clusters.port import Observed, wanted
from dure.agent.diff import Plan
from dure.agent.ledger import Ledger
from dure.core.condition import Condition
from dure.protocol import words
from dure.protocol.desired import DesiredAllocation, DesiredState
from dure.protocol.inventory import InventoryNode
from dure.protocol.report import AllocationReport, DriftFinding, StorageUse

_UNUSABLE = ("down", "drained", "maintenance", "unknown")


@dataclass(frozen=True, slots=True)
class Facts:
    """What one cycle saw of a cluster; `spent` (GPU-seconds) and `storage` by name, only where known."""

    observed: Observed
    refused: Mapping[str, str]
    nodes: Sequence[InventoryNode]
    spent: Mapping[str, int]
    storage: Mapping[str, StorageUse]


def allocation_reports(
    desired: DesiredState, facts: Facts, left: Plan, ledger: Ledger, now: datetime
) -> tuple[AllocationReport, ...]:
    """One report per allocation asked for: from what stands now, what is left to do, and what was refused."""
    bad = {node.name: node.reason or node.state for node in facts.nodes if node.state in _UNUSABLE}
    observed, reports = facts.observed, []
    for allocation in desired.allocations:
        standing = observed.standings.get(allocation.name)
        hold = standing.hold if standing is not None else None
        held = hold.nodes if hold is not None and hold.start <= now < hold.end else ()
        drift = [finding for finding in left.drift if finding.allocation == allocation.id]
        conditions = (
            _ready(allocation, observed, drift, facts.refused.get(allocation.name), now),
            _ended(allocation, standing is not None, now),
            _drifted(allocation, drift),
            _healthy(allocation.generation, {name: bad[name] for name in held if name in bad}),
            *_within_budget(allocation, facts.spent.get(allocation.name)),
        )
        reports.append(
            AllocationReport(
                id=allocation.id,
                generation=0 if standing is None else ledger.generation(allocation.name),
                nodes=held,
                conditions=conditions,
                storage=None if standing is None else facts.storage.get(allocation.name),
            )
        )
    return tuple(reports)


def offline_reports(desired: DesiredState, why: str) -> tuple[AllocationReport, ...]:
    """Nothing is known of any allocation."""
    return tuple(
        AllocationReport(
            id=a.id,
            generation=0,
            nodes=(),
            conditions=(Condition(words.READY, "unknown", "ClusterUnreachable", why[:2000], a.generation),),
        )
        for a in desired.allocations
    )


def desired_accepted(refused_generation: int | None, generation: int) -> Condition:
    """Whether the latest desired state was taken in."""
    if refused_generation is None:
        return Condition(words.DESIRED_ACCEPTED, "true", "Accepted", "", generation)
    message = f"refused generation {refused_generation}; {generation} has been applied"
    return Condition(words.DESIRED_ACCEPTED, "false", "OlderThanApplied", message, generation)


def nodes_healthy(nodes: Iterable[InventoryNode], is_known: bool) -> Condition:
    """Whether every node of the cluster can take work."""
    if not is_known:
        return Condition(words.NODES_HEALTHY, "unknown", "ClusterUnreachable")
    return _healthy(0, {n.name: n.reason or n.state for n in nodes if n.state in _UNUSABLE})


def telemetry(until: datetime | None, unseen: Mapping[str, int], untracked: str | None) -> Condition:
    """Whether the last hour, which ended at `until`, was seen in full."""
    if untracked is not None:
        return Condition(words.TELEMETRY, "false", "GpuTresNotTracked", untracked[:2000])
    if not unseen:
        return Condition(words.TELEMETRY, "true", "Flowing")
    message = f"hour to {until:%Y-%m-%d %H:%M}Z: {sum(unseen.values())} GPU-seconds unseen in {_some(sorted(unseen))}"
    return Condition(words.TELEMETRY, "false", "SamplesMissing", message)


def usage_delivered(waiting: int, conflicts: Sequence[str]) -> Condition:
    """Whether the portal has everything measured so far."""
    if conflicts:
        return Condition(words.USAGE_DELIVERED, "false", "KeyConflict", _some(conflicts))
    if waiting:
        return Condition(words.USAGE_DELIVERED, "false", "Waiting", f"{waiting} batches")
    return Condition(words.USAGE_DELIVERED, "true", "Delivered")


def _ready(
    allocation: DesiredAllocation,
    observed: Observed,
    drift: Sequence[DriftFinding],
    refused: str | None,
    now: datetime,
) -> Condition:
    def ready(status: str, reason: str, message: str = "") -> Condition:
        return Condition(words.READY, status, reason, message[:2000], allocation.generation)  # type: ignore[arg-type]

    if allocation.is_over(now):
        return ready("false", "PeriodEnded" if allocation.present else "Withdrawn")
    if refused is not None:
        return ready("false", "ApplyFailed", refused)
    if drift:
        return ready("false", "ForeignChange", "; ".join(finding.subject for finding in drift))
    if observed.standings.get(allocation.name) != wanted(allocation, now, observed.lends):
        return ready("false", "Applying")
    return ready("true", "Applied" if now >= allocation.start else "NotYetStarted")


def _ended(allocation: DesiredAllocation, stands: bool, now: datetime) -> Condition:
    if allocation.is_over(now) and not stands:
        reason = "PeriodEnded" if allocation.present else "Withdrawn"
        return Condition(words.ENDED, "true", reason, "", allocation.generation)
    return Condition(words.ENDED, "false", "StillThere", "", allocation.generation)


def _drifted(allocation: DesiredAllocation, drift: Sequence[DriftFinding]) -> Condition:
    if not drift:
        return Condition(words.DRIFTED, "false", "NoDrift", "", allocation.generation)
    message = "; ".join(f"{f.kind} {f.subject}" for f in drift)
    return Condition(words.DRIFTED, "true", "ForeignChange", message[:2000], allocation.generation)


def _within_budget(allocation: DesiredAllocation, gpu_seconds: int | None) -> tuple[Condition, ...]:
    """Whether GPU-hours are left; nothing where there is no budget or the adapter leaves it to the scheduler."""
    budget = allocation.limits.gpu_hours
    if budget is None or gpu_seconds is None:
        return ()
    is_within = gpu_seconds < budget * 3600
    status, reason = ("true", "HoursLeft") if is_within else ("false", "HoursSpent")
    message = f"{gpu_seconds // 3600} of {budget} GPU-hours"
    return (Condition(words.WITHIN_BUDGET, status, reason, message, allocation.generation),)  # type: ignore[arg-type]


def _healthy(generation: int, bad: Mapping[str, str]) -> Condition:
    if not bad:
        return Condition(words.NODES_HEALTHY, "true", "AllHealthy", "", generation)
    message = _some([f"{name}: {why}" for name, why in sorted(bad.items())])
    return Condition(words.NODES_HEALTHY, "false", "NodesDown", message, generation)


def _some(names: Sequence[str]) -> str:
    """The first few of `names`, and how many more there are."""
    shown = ", ".join(names[:10])
    return (f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown)[:2000]
