"""The `adapter:` part of an agent's configuration, per kind of cluster; the adapters themselves are not loaded."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dure.agent.clusters.hostlist import expand
from dure.agent.clusters.node_names import NodeNames
from dure.protocol.wire import SafeName


class SimulatedOptions(BaseModel):
    """A cluster that is not there: its state in `directory`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    directory: Path
    nodes: str = Field(min_length=1, description="node names, such as n[001-255]")
    gpu_model: str = Field(min_length=1, max_length=40)
    gpus_per_node: int = Field(default=8, ge=1, le=64)
    nodes_per_leaf: int = Field(default=32, ge=1)
    seed: int = 25

    @field_validator("nodes")
    @classmethod
    def _node_list(cls, text: str) -> str:
        expand(text)
        return text


class PrometheusOptions(BaseModel):
    """Where one-minute GPU samples can be asked for, in PromQL (Prometheus, VictoriaMetrics).

    `activity` must give percent and `power` watts, one series per GPU with the two labels named here. Averages over
    the minute before: a range is needed, or Prometheus would repeat the last value of a silent exporter for 5 minutes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s]+$")
    activity: str = (
        "100 * avg_over_time(DCGM_FI_PROF_SM_ACTIVE[1m]) or on(Hostname, gpu) avg_over_time(DCGM_FI_DEV_GPU_UTIL[1m])"
    )
    power: str = "avg_over_time(DCGM_FI_DEV_POWER_USAGE[1m])"
    node_label: str = "Hostname"
    gpu_label: str = "gpu"
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    busy_percent: int = Field(default=5, ge=1, le=100)
    busy_watts: int = Field(default=160, ge=1, le=2000)
    idle_watts: int = Field(default=210, ge=1, le=2000)


class StorageOptions(BaseModel):
    """A command of the site's own that says how full each allocation's storage is.

    It is given the allocations' names and prints one line each: name, path, bytes used, bytes allowed, tabs between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    every_minutes: int = Field(default=60, ge=1, le=1440)
    timeout_seconds: float = Field(default=60, gt=0, le=600)


class RestOptions(BaseModel):
    """slurmrestd, for looking: `http://HOST:PORT` with a token, or `unix:/path/of/socket` with or without one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^(https?://[^\s]+|unix:/[^\s]+)$")
    user: str = Field(default="root", min_length=1, max_length=32)
    token_file: Path | None = Field(default=None, description="what `scontrol token` printed; read at every request")
    timeout_seconds: float = Field(default=30, gt=0, le=600)


class SlurmOptions(BaseModel):
    """The Slurm cluster that the commands on this machine speak to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster_name: SafeName = Field(description="ClusterName of slurm.conf")
    gpu_model: str = Field(min_length=1, max_length=40)
    parent_account: SafeName = "dure"
    state_directory: Path = Field(description="where this adapter keeps which nodes it held when")
    telemetry: PrometheusOptions | None = None
    storage: StorageOptions | None = Field(default=None, description="not reported when left out")
    keys_directory: Path = Field(description="where sshd's AuthorizedKeysCommand looks: LOGIN/ALLOCATION")
    nodes: str | None = Field(default=None, description="the nodes the programme may use; all when left out")
    site_nodes: str | None = Field(default=None, description="what Slurm calls the nodes of `nodes`, in that order")
    rest: RestOptions | None = Field(default=None, description="look through slurmrestd, not through commands")
    lends: bool = Field(default=False, description="unused GPUs may be lent; wants a QOS that gives way, see the guide")
    slurm_conf: str | None = None
    command_timeout_seconds: float = Field(default=60, gt=0, le=600)

    @field_validator("nodes", "site_nodes")
    @classmethod
    def _node_list(cls, text: str | None) -> str | None:
        expand(text or "all")
        return text

    @model_validator(mode="after")
    def _paired(self) -> SlurmOptions:
        if self.site_nodes is not None and self.nodes is None:
            raise ValueError("site_nodes needs nodes: the same servers as the portal names them, in the same order")
        NodeNames(self.nodes, self.site_nodes)
        return self


class KubernetesOptions(BaseModel):
    """A Kubernetes cluster with Kueue. The defaults are those of an agent that runs in the cluster itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str = Field(default="https://kubernetes.default.svc", pattern=r"^https?://[^\s/]+$")
    token_file: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    ca_file: Path | None = Path("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
    gpu_model: str = Field(min_length=1, max_length=40)
    gpus_per_node: int = Field(default=8, ge=1, le=64)
    cpus_per_node: int = Field(ge=1, description="what of each node jobs may ask for, together")
    memory_gib_per_node: int = Field(ge=1)
    pool: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,127}=[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
        description="the label, as key=value, of the nodes the programme may use",
    )
    leaf_label: str = Field(default="", max_length=128, description="the label that names a node's leaf switch")
    borrow_nodes: int = Field(
        default=4, ge=0, le=10_000, description="how many nodes' worth of idle quota each may borrow; 0: set apart"
    )
    member_role: str = Field(default="edit", description="the ClusterRole members get in their namespace")
    user_prefix: str = Field(default="", max_length=60, description="--oidc-username-prefix of the API server")
    state_directory: Path = Field(description="where this adapter keeps what it saw run")
    keys_directory: Path | None = Field(default=None, description="for login nodes, if the site has any")
    telemetry: PrometheusOptions | None = None
    storage: StorageOptions | None = Field(default=None, description="not reported when left out")
    timeout_seconds: float = Field(default=30, gt=0, le=600)
