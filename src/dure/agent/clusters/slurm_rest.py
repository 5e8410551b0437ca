"""Looking at a Slurm cluster through slurmrestd (API v0.0.38, Slurm 22.05) instead of its commands.

Reading only: 22.05 has no endpoint that writes reservations and answers 200 with an error to account limits; changes go
through the commands in any case. The fields were checked against 22.05.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from dure.agent.clusters import slurm_text
from dure.agent.clusters.hostlist import expand
from dure.agent.clusters.options import RestOptions
from dure.agent.clusters.port import ClusterUnreachable
from dure.agent.clusters.slurm_text import Association, Reservation
from dure.protocol.inventory import InventoryNode

Read = TypeVar("Read")
SLURM, DATABASE = "/slurm/v0.0.38", "/slurmdb/v0.0.38"
# sacctmgr's column → where the same limit stands in an association.
_LIMITS = {
    "GrpJobs": ("max", "jobs", "per", "count"),
    "GrpSubmit": ("max", "jobs", "per", "submitted"),
    "GrpWall": ("max", "per", "account", "wall_clock"),
    "GrpCPURunMins": ("max", "tres", "group", "active"),
    "MaxJobs": ("max", "jobs", "active"),
    "MaxSubmit": ("max", "jobs", "total"),
    "MaxTRES": ("max", "tres", "per", "job"),
    "MaxTRESMins": ("max", "tres", "minutes", "per", "job"),
    "MaxWall": ("max", "jobs", "per", "wall_clock"),
    "Priority": ("priority",),
}
# scontrol's key → the reservation's.
_REST = {
    "Users": "users",
    "Groups": "groups",
    "Features": "features",
    "PartitionName": "partition",
    "Licenses": "licenses",
}


class RestLook:
    """Through slurmrestd, over TCP or a Unix socket; its token is read anew at every request."""

    def __init__(self, options: RestOptions, cluster_name: str, gpu_model: str) -> None:
        self._options, self._cluster_name, self._gpu_model = options, cluster_name, gpu_model

    def accounts(self) -> dict[str, str]:
        """Account → description."""
        return dict(self._each(f"{DATABASE}/accounts", lambda one: (one["name"], one["description"])))

    def associations(self) -> list[Association]:
        """Every association of this cluster."""
        found = self._each(f"{DATABASE}/associations", lambda one: (one["cluster"], _association(one)))
        return [association for cluster, association in found if cluster == self._cluster_name]

    def reservations(self) -> list[Reservation]:
        """Every reservation. Which are active is judged by the controller's own clock."""
        (now,) = self._each(f"{SLURM}/diag", lambda one: int(one["req_time"]))
        return self._each(f"{SLURM}/reservations", lambda one: _reservation(one, now))

    def nodes(self) -> list[tuple[InventoryNode, int]]:
        """Every node with its CPUs."""
        return self._each(f"{SLURM}/nodes", lambda one: _node(one, self._gpu_model))

    def _each(self, path: str, read: Callable[[dict[str, Any]], Read]) -> list[Read]:
        """What `read` makes of every entry. Raises ClusterUnreachable when one cannot be read (another version?)."""
        body, key = self._get(path), path.rpartition("/")[2]
        try:
            found = body["statistics"] if key == "diag" else body[key]
            return [read(one) for one in (found if isinstance(found, list) else [found])]
        except (KeyError, TypeError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
            raise ClusterUnreachable(internal=f"slurmrestd {path}: cannot be read: {why}") from error

    def _get(self, path: str) -> dict[str, Any]:
        """The answer as JSON. Raises ClusterUnreachable for anything but a whole one."""
        url, socket = _address(self._options.url)
        transport = httpx.HTTPTransport(uds=socket) if socket else None
        try:
            with httpx.Client(transport=transport, timeout=self._options.timeout_seconds) as http:
                answer = http.get(url + path, headers=self._headers())
            body = answer.json()
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise ClusterUnreachable(internal=f"slurmrestd {path}: {type(error).__name__}: {error}") from error
        if answer.status_code != httpx.codes.OK or not isinstance(body, dict) or body.get("errors"):
            errors = body.get("errors") if isinstance(body, dict) else None
            raise ClusterUnreachable(internal=f"slurmrestd {path}: HTTP {answer.status_code} {errors or ''}".strip())
        return body

    def _headers(self) -> dict[str, str]:
        """None on a socket whose server takes the caller's own identity (rest_auth/local)."""
        if self._options.token_file is None:
            return {}
        token = self._options.token_file.read_text("ascii").strip().removeprefix("SLURM_JWT=")
        return {"X-SLURM-USER-NAME": self._options.user, "X-SLURM-USER-TOKEN": token}


def _address(url: str) -> tuple[str, str | None]:
    """(base of the URLs, path of the Unix socket if it is one)."""
    return ("http://slurmrestd", url.removeprefix("unix:")) if url.startswith("unix:") else (url.rstrip("/"), None)


def _association(one: Mapping[str, Any]) -> Association:
    limits = {name: _text(_at(one, path)) for name, path in _LIMITS.items()}
    return Association(
        account=one["account"],
        parent=one["parent_account"] or "",
        user=one["user"] or "",
        partition=one["partition"] or "",
        qos=",".join(one["qos"]),
        tres=_tres(_at(one, ("max", "tres", "total"))),
        tres_minutes=_tres(_at(one, ("max", "tres", "group", "minutes"))),
        limits={name: text for name, text in limits.items() if text},
    )


def _reservation(one: Mapping[str, Any], now: int) -> Reservation:
    rest = {name: ",".join(one[key]) if isinstance(one[key], list) else one[key] for name, key in _REST.items()}
    return Reservation(
        name=one["name"],
        nodes=tuple(sorted(expand(one["node_list"]))) if one["node_list"] else (),
        start=datetime.fromtimestamp(one["start_time"], UTC),
        end=datetime.fromtimestamp(one["end_time"], UTC),
        accounts=tuple(sorted(part for part in one["accounts"].split(",") if part)),
        is_active=one["start_time"] <= now < one["end_time"],
        rest={name: text for name, text in rest.items() if text},
    )


def _node(one: Mapping[str, Any], gpu_model: str) -> tuple[InventoryNode, int]:
    state = slurm_text.node_state("+".join((one["state"], *one["state_flags"])))
    node = InventoryNode(
        name=one["name"],
        leaf="",
        gpus=slurm_text.gpus(one["gres"]),
        gpu_model=gpu_model,
        state=state,
        reason=one["reason"][:500] if state != "ready" else "",
    )
    return node, int(one["cpus"])


def _at(found: Any, path: Iterable[str]) -> Any:
    for key in path:
        found = found[key]
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(f"{name}={count}" for name, count in _tres(value).items())
    return "" if value is None else str(value)


def _tres(found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """`[{"type": "gres", "name": "gpu", "count": 16}]` as `gres/gpu` → 16."""
    return {"/".join(part for part in (one["type"], one["name"]) if part): int(one["count"]) for one in found}
