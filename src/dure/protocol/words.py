"""Condition types and reasons: machine words on the wire, what they ask and answer in Korean and English here."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from dure.core.condition import Condition
from dure.core.text import Text

# Of an allocation. A condition's status answers the question that its type asks.
READY = "Ready"
ENDED = "Ended"
DRIFTED = "Drifted"
WITHIN_BUDGET = "WithinBudget"
# Of a cluster.
REACHABLE = "Reachable"
DESIRED_ACCEPTED = "DesiredAccepted"
NODES_HEALTHY = "NodesHealthy"
TELEMETRY = "TelemetryFlowing"
USAGE_DELIVERED = "UsageDelivered"

ALLOCATION_CONDITIONS = {
    READY: Text("할당이 요청한 그대로 클러스터에 있습니까?", "Does the allocation stand on the cluster as asked?"),
    ENDED: Text("할당이 끝나 클러스터에서 정리되었습니까?", "Is the allocation over and cleared from the cluster?"),
    DRIFTED: Text(
        "다른 사람이 클러스터에서 이 할당을 바꾸었습니까?", "Has somebody else changed this allocation on the cluster?"
    ),
    WITHIN_BUDGET: Text("GPU 시간 한도가 남아 있습니까?", "Is some of the GPU-hour budget left?"),
}
CLUSTER_CONDITIONS = {
    REACHABLE: Text("에이전트가 클러스터와 통신하고 있습니까?", "Can the agent talk to its cluster?"),
    DESIRED_ACCEPTED: Text(
        "에이전트가 최신 요청을 받아들였습니까?", "Has the agent accepted the latest desired state?"
    ),
    NODES_HEALTHY: Text("모든 서버가 정상입니까?", "Are all nodes healthy?"),
    TELEMETRY: Text("GPU 측정값이 들어오고 있습니까?", "Is GPU telemetry arriving?"),
    USAGE_DELIVERED: Text("사용량 기록이 모두 전달되었습니까?", "Have all usage windows been delivered?"),
}
REASONS = {
    # Ready
    "Applied": Text("요청한 대로 적용되었습니다.", "Applied as asked."),
    "NotYetStarted": Text("준비되었으며 시작일을 기다립니다.", "Prepared; its period has not begun."),
    "Applying": Text("적용하는 중입니다.", "Being applied."),
    "NodesUnavailable": Text("일부 서버를 쓸 수 없습니다.", "Some of its nodes cannot be used."),
    "ApplyFailed": Text("클러스터가 변경을 거부했습니다.", "The cluster refused the change."),
    "ClusterUnreachable": Text("클러스터에 연결할 수 없습니다.", "The cluster cannot be reached."),
    # Ended
    "PeriodEnded": Text("할당 기간이 끝났습니다.", "Its period is over."),
    "Withdrawn": Text("할당이 철회되었습니다.", "It was withdrawn."),
    "StillThere": Text("아직 클러스터에 있습니다.", "It is still on the cluster."),
    # Drifted
    "NoDrift": Text("외부 변경이 없습니다.", "Nobody else changed anything."),
    "ForeignChange": Text(
        "에이전트가 하지 않은 변경이 발견되었습니다.", "A change was found that the agent did not make."
    ),
    # WithinBudget
    "HoursLeft": Text("GPU 시간이 남아 있습니다.", "GPU-hours are left."),
    "HoursSpent": Text("GPU 시간을 모두 사용했습니다.", "The GPU-hours are spent."),
    # Reachable
    "Observed": Text("클러스터 상태를 읽었습니다.", "The cluster's state was read."),
    # DesiredAccepted
    "Accepted": Text("최신 요청을 받아들였습니다.", "The latest desired state was accepted."),
    "OlderThanApplied": Text(
        "이미 적용한 것보다 오래된 요청이라 거부했습니다.", "Refused: it is older than what has been applied."
    ),
    # NodesHealthy
    "AllHealthy": Text("모든 서버가 정상입니다.", "All nodes are healthy."),
    "NodesDown": Text("멈춘 서버가 있습니다.", "Some nodes are down."),
    # TelemetryFlowing
    "Flowing": Text("측정값이 들어오고 있습니다.", "Samples are arriving."),
    "SamplesMissing": Text(
        "일부 측정값이 없습니다. 유휴로 보지 않습니다.", "Some samples are missing; not read as idle."
    ),
    "GpuTresNotTracked": Text(
        "Slurm이 GPU를 집계하지 않습니다. AccountingStorageTRES에 gres/gpu를 넣어 주십시오.",
        "Slurm does not account for GPUs. Add gres/gpu to AccountingStorageTRES.",
    ),
    # UsageDelivered
    "Delivered": Text("모두 전달되었습니다.", "All delivered."),
    "Waiting": Text("전달을 기다리는 기록이 있습니다.", "Some windows wait to be delivered."),
    "KeyConflict": Text(
        "같은 시간대에 다른 내용의 기록이 이미 있습니다.", "The portal holds a different record for the same window."
    ),
}


def _documented(condition: Condition) -> Condition:
    if condition.type not in ALLOCATION_CONDITIONS and condition.type not in CLUSTER_CONDITIONS:
        raise ValueError(f"condition type {condition.type!r} is not in the documented list")
    if condition.reason not in REASONS:
        raise ValueError(f"reason {condition.reason!r} is not in the documented list")
    if len(condition.message) > 2000:
        raise ValueError("a condition's message has at most 2000 characters")
    return condition


DocumentedCondition = Annotated[Condition, AfterValidator(_documented)]
