"""What a cluster consists of, as its agent sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dure.protocol.wire import Count, Instant, Key, NodeName, Said

Engine = Literal["", "slurm", "kubernetes", "simulated"]
NodeState = Literal["ready", "draining", "drained", "down", "maintenance", "unknown"]


class InventoryNode(Said):
    """One server: the leaf switch it hangs from, its GPUs, and whether it can take work now."""

    name: NodeName
    leaf: str = Field(default="", max_length=60)
    gpus: Count
    gpu_model: str = Field(max_length=40)
    state: NodeState
    reason: str = Field(default="", max_length=500)


class Inventory(Said):
    """All nodes of one cluster as seen at `seen_at`, the portal's time; the newest wins.

    `engine` is what the agent really drives, whatever the programme file plans; empty where it does not say.
    """

    cluster: Key
    instance: Key
    epoch: Count
    seen_at: Instant
    engine: Engine = ""
    nodes: tuple[InventoryNode, ...]

    @model_validator(mode="after")
    def _no_two_alike(self) -> Inventory:
        names = [node.name for node in self.nodes]
        if len(set(names)) != len(names):
            raise ValueError("a node is listed twice")
        return self
