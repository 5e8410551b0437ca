"""An agent's configuration file, checked before anything runs."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dure.agent.clusters.options import KubernetesOptions, SimulatedOptions, SlurmOptions
from dure.agent.clusters.port import Cluster
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.protocol.wire import Key


class SimulatedAdapter(SimulatedOptions):
    """`kind: simulated` and its options."""

    kind: Literal["simulated"]


class SlurmAdapter(SlurmOptions):
    """`kind: slurm` and its options."""

    kind: Literal["slurm"]


class KubernetesAdapter(KubernetesOptions):
    """`kind: kubernetes` and its options."""

    kind: Literal["kubernetes"]


Adapter = SimulatedAdapter | SlurmAdapter | KubernetesAdapter


_ADDRESS = r"^https?://[^\s/]+(/[^\s]*)?$"
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


def _private(address: str) -> str:
    """The token and people's names travel encrypted, or never leave this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _OWN_MACHINE:
        raise ValueError("use https://, or the agent's token would travel for everybody to read")
    return address


class AgentConfig(BaseModel):
    """What one agent needs to know. Relative paths are relative to the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    portal: Annotated[str, Field(pattern=_ADDRESS, description="the portal's address"), AfterValidator(_private)]
    cluster: Key
    token_file: Path
    state_dir: Path
    adapter: Annotated[Adapter, Field(discriminator="kind")]
    is_test: bool = Field(default=False, description="a cluster for tests: it may follow a portal's virtual time")
    poll_seconds: float = Field(default=10, gt=0, le=3600)
    heartbeat_seconds: float = Field(default=60, gt=0, le=3600)
    timeout_seconds: float = Field(default=20, gt=0, le=600)
    confirm_seconds: int = Field(default=60, ge=0, le=3600, description="how long a crash may undo a change unblamed")
    settle_seconds: int | None = Field(
        default=None, ge=0, le=86_400, description="how long after an hour its records are complete"
    )
    recheck_hours: int | None = Field(
        default=None, ge=0, le=744, description="how far back late records are looked for"
    )

    @property
    def settle(self) -> timedelta:
        """How long after an hour its records are complete; a scheduler hears of the end of jobs a little late."""
        late = 0 if isinstance(self.adapter, SimulatedAdapter) else 120
        return timedelta(seconds=late if self.settle_seconds is None else self.settle_seconds)

    @property
    def recheck(self) -> timedelta:
        """How far back late and corrected records are looked for; the simulated cluster has none of its own."""
        hours = 0 if isinstance(self.adapter, SimulatedAdapter) else 48
        return timedelta(hours=hours if self.recheck_hours is None else self.recheck_hours)


def load(path: Path) -> AgentConfig:
    """The configuration at `path`. Raises InvalidInput naming each wrong key."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise _wrong(
            str(path), f"파일을 읽을 수 없습니다: {error.strerror}.", f"Cannot be read: {error.strerror}."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise _wrong(where, "YAML 형식이 아닙니다.", "This is not YAML.") from error
    if not isinstance(content, dict):
        raise _wrong(str(path), "키와 값의 목록이어야 합니다.", "A list of keys and values is expected.")
    try:
        config = AgentConfig.model_validate(content)
    except ValidationError as error:
        raise InvalidInput([_mistake(path, fault) for fault in error.errors()]) from error
    return _anchored(config, path.parent)


def open_cluster(config: AgentConfig) -> Cluster:
    """The adapter that `config` names. Each is loaded only where it is used: an agent stays small."""
    if isinstance(config.adapter, SlurmAdapter):
        from dure.agent.clusters.slurm import SlurmCluster

        return SlurmCluster(config.adapter)
    if isinstance(config.adapter, KubernetesAdapter):
        from dure.agent.clusters.kubernetes import KubernetesCluster

        return KubernetesCluster(config.adapter)
    from dure.agent.clusters.simulated import SimulatedCluster

    return SimulatedCluster(config.adapter)


def may_be_virtual(config: AgentConfig) -> bool:
    """Whether this cluster may follow virtual time: real awards must never end because somebody turned a clock."""
    return config.is_test or isinstance(config.adapter, SimulatedAdapter)


def _anchored(config: AgentConfig, folder: Path) -> AgentConfig:
    own = config.adapter
    if isinstance(own, SlurmAdapter):
        rest = own.rest
        if rest is not None and rest.token_file is not None:
            rest = rest.model_copy(update={"token_file": folder / rest.token_file})
        adapter: Adapter = own.model_copy(
            update={
                "keys_directory": folder / own.keys_directory,
                "state_directory": folder / own.state_directory,
                "rest": rest,
            }
        )
    elif isinstance(own, KubernetesAdapter):
        paths = ("token_file", "ca_file", "state_directory", "keys_directory")
        found = {name: getattr(own, name) for name in paths}
        adapter = own.model_copy(update={name: folder / path for name, path in found.items() if path is not None})
    else:
        adapter = own.model_copy(update={"directory": folder / own.directory})
    state_dir = folder / config.state_dir
    if state_dir.exists() and not os.access(state_dir, os.W_OK):
        raise _wrong("state_dir", f"{state_dir}에 쓸 수 없습니다.", f"{state_dir} is not writable.")
    return config.model_copy(
        update={"adapter": adapter, "state_dir": state_dir, "token_file": folder / config.token_file}
    )


def _mistake(path: Path, fault: Any) -> Mistake:
    kinds = ("simulated", "slurm", "kubernetes")  # pydantic names the chosen kind in the path; the file does not
    where = ".".join(str(part) for part in fault["loc"] if part not in kinds)
    if fault["type"] == "missing":
        return Mistake(
            f"{path}: {where}", Text("값이 없습니다.", "Missing."), Text("이 키를 추가해 주십시오.", "Add this key.")
        )
    if fault["type"] == "extra_forbidden":
        return Mistake(
            f"{path}: {where}",
            Text("모르는 키입니다.", "Unknown key."),
            Text("철자를 확인해 주십시오.", "Check its spelling."),
        )
    return Mistake(f"{path}: {where}", Text(f"값이 올바르지 않습니다: {fault['msg']}.", f"{fault['msg']}."))


def _wrong(where: str, ko: str, en: str) -> InvalidInput:
    return InvalidInput(Mistake(where, Text(ko, en)))
