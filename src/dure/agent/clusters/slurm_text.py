"""Reading what Slurm's commands print (22.05 and later): no command is run here.

Sources: scontrol(1), sacctmgr(1); the shapes were checked against 22.05.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dure.agent.clusters.hostlist import expand
from dure.protocol.inventory import InventoryNode, NodeState

_PAIR = re.compile(r"(?:^|\s)([A-Za-z][A-Za-z0-9/]*)=")
_GPU = re.compile(r"(?:^|,)gpu(?::(?P<model>[^:,()=]+))??:(?P<count>\d+)")
_LIMITS = "GrpJobs,GrpSubmit,GrpWall,GrpCPURunMins,MaxJobs,MaxSubmit,MaxTRES,MaxTRESMins,MaxWall,Priority"
LIMIT_COLUMNS = tuple(_LIMITS.split(","))
ASSOCIATION_COLUMNS = ("Account", "ParentName", "User", "Partition", "QOS", "GrpTRES", "GrpTRESMins", *LIMIT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation as `scontrol show reservation -o` prints it."""

    name: str
    nodes: tuple[str, ...]
    start: datetime
    end: datetime
    accounts: tuple[str, ...]
    is_active: bool
    rest: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Association:
    """One row of `sacctmgr list assoc` with `ASSOCIATION_COLUMNS`; `limits` holds the columns that are not empty."""

    account: str
    parent: str
    user: str
    partition: str
    qos: str
    tres: Mapping[str, int]
    tres_minutes: Mapping[str, int]
    limits: Mapping[str, str]


def pairs(line: str) -> dict[str, str]:
    """`Key=value` pairs of one line of `scontrol -o`; a value may hold spaces and equals signs of its own."""
    found = list(_PAIR.finditer(line))
    ends = [*(match.start() for match in found[1:]), len(line)][: len(found)]
    return {m[1]: line[m.end() : end].strip() for m, end in zip(found, ends, strict=True)}


def instant(text: str) -> datetime:
    """A time as Slurm prints it with TZ=UTC. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def slurm_time(instant: datetime) -> str:
    """A time as Slurm reads it with TZ=UTC."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def reservations(text: str) -> Iterator[Reservation]:
    """Every reservation in `scontrol show reservation -o`."""
    for line in text.splitlines():
        values = pairs(line)
        if "ReservationName" not in values:
            continue
        yield Reservation(
            name=values["ReservationName"],
            nodes=tuple(sorted(expand(values["Nodes"]))) if values.get("Nodes", "(null)") != "(null)" else (),
            start=instant(values["StartTime"]),
            end=instant(values["EndTime"]),
            accounts=_list(values.get("Accounts", "")),
            is_active=values.get("State") == "ACTIVE",
            rest={
                key: values[key]
                for key in ("Users", "Groups", "Features", "PartitionName", "Licenses")
                if values.get(key, "(null)") != "(null)"
            },
        )


def associations(text: str) -> Iterator[Association]:
    """Every row of `sacctmgr -n -P list assoc format=…ASSOCIATION_COLUMNS…`."""
    for row in _rows(text, len(ASSOCIATION_COLUMNS)):
        values = dict(zip(ASSOCIATION_COLUMNS, row, strict=True))
        yield Association(
            account=values["Account"],
            parent=values["ParentName"],
            user=values["User"],
            partition=values["Partition"],
            qos=values["QOS"],
            tres=tres(values["GrpTRES"]),
            tres_minutes=tres(values["GrpTRESMins"]),
            limits={name: values[name] for name in LIMIT_COLUMNS if values[name]},
        )


def accounts(text: str) -> dict[str, str]:
    """Account → description, of `sacctmgr -n -P list account format=Account,Descr`."""
    return {row[0]: row[1] for row in _rows(text, 2)}


def heard(text: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(account, user or "") → limits of GPUs and of GPU-minutes, -1 where there is none, of
    `scontrol -o show assoc_mgr flags=assoc`: what the controller itself works with."""
    found = {}
    for line in text.splitlines():
        values = pairs(line)
        if "UserName" in values:
            user = values["UserName"].partition("(")[0]
            found[values["Account"], user] = (_limit(values["GrpTRES"]), _limit(values["GrpTRESMins"]))
    return found


def history(text: str) -> Iterator[tuple[str, datetime, datetime, int]]:
    """(name, start, end, CPUs) of every stretch of every reservation, of
    `sacctmgr -n -P list reservation format=Name,TimeStart,TimeEnd,TRES`."""
    for name, start, end, held in _rows(text, 4):
        yield name, instant(start), instant(end), tres(held).get("cpu", 0)


def nodes(text: str, gpu_model: str) -> Iterator[tuple[InventoryNode, int]]:
    """Every node of `scontrol show node -o`, with its CPUs; all its GPUs are called `gpu_model`."""
    for line in text.splitlines():
        values = pairs(line)
        if "NodeName" not in values:
            continue
        state = node_state(values.get("State", ""))
        node = InventoryNode(
            name=values["NodeName"],
            leaf="",
            gpus=gpus(values.get("Gres", "")),
            gpu_model=gpu_model,
            state=state,
            reason=values.get("Reason", "")[:500] if state != "ready" else "",
        )
        yield node, int(values.get("CPUTot", "0"))


def gpus(text: str) -> int:
    """How many GPUs a node's `Gres` speaks of, such as `gpu:h200:8(S:0-1)`."""
    return sum(int(found["count"]) for found in _GPU.finditer(text))


def node_state(text: str) -> NodeState:
    """A node's state in our words; `text` is such as `MIXED+DRAIN` or `IDLE*`."""
    flags = set(re.split(r"[+]", text.upper().replace("*", "+NOT_RESPONDING")))
    if flags & {"DOWN", "FAIL", "FAILING", "NOT_RESPONDING", "POWERED_DOWN", "INVAL", "INVALID_REG"}:
        return "down"
    if flags & {"MAINT", "MAINTENANCE"}:
        return "maintenance"
    if "DRAIN" in flags:
        return "draining" if flags & {"ALLOCATED", "MIXED", "COMPLETING"} else "drained"
    return "ready" if flags & {"IDLE", "ALLOCATED", "MIXED", "COMPLETING"} else "unknown"


def tres(text: str) -> dict[str, int]:
    """`gres/gpu=16,cpu=4` as a mapping; sizes with a unit (mem=62G) are left out."""
    found = (part.partition("=") for part in text.split(",") if part)
    return {name: int(value) for name, _, value in found if value.isdigit()}


def _limit(text: str) -> int:
    """The GPUs in `cpu=N(0),gres/gpu=16(8)`, limit(used); N is no limit."""
    limits = {name: value.partition("(")[0] for name, _, value in (part.partition("=") for part in text.split(","))}
    value = limits.get("gres/gpu", "N")
    return int(value) if value.isdigit() else -1


def _rows(text: str, columns: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.strip():
            row = line.split("|")
            if len(row) != columns:
                raise ValueError(f"{columns} columns expected, found {len(row)}: {line[:200]}")
            yield row


def _list(text: str) -> tuple[str, ...]:
    return tuple(sorted(part for part in text.split(",") if part and part != "(null)"))
