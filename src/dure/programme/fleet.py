"""Who supplies what: providers, GPU models and their prices, clusters."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from dure.programme.words import Amount, Code, Count, NonEmpty, Part, Words

Share = Literal["government", "self_use"]


class Provider(Part):
    """A company (or a department) that runs clusters for the programme."""

    code: Code
    name: Words


class GpuModel(Part):
    """A GPU model; money is per node (server) and calendar month, in the currency's smallest unit.

    `fee_per_node_month` is what an applicant who pays the whole fee pays; `market_rate_per_node_month` is the
    reference price from which the subsidy is reckoned.
    """

    code: Code
    name: NonEmpty
    memory_gb: Count
    fee_per_node_month: Amount
    market_rate_per_node_month: Amount


class Cluster(Part):
    """One fabric and scheduler.

    `share` says whether the programme may award its nodes or the provider uses them itself; `leaf_nodes` is how many
    nodes hang on one leaf switch group; from `delivered_on` on its nodes may be awarded.
    """

    code: Code
    provider: Code
    name: Words
    site: Words
    gpu_model: Code
    nodes: Annotated[int, Field(ge=1, le=100_000)]
    gpus_per_node: Annotated[int, Field(ge=1, le=72)]
    leaf_nodes: Count
    share: Share
    delivered_on: date
    scheduler: Literal["slurm", "kubernetes", "simulated"]

    @property
    def gpus(self) -> int:
        """All its GPUs."""
        return self.nodes * self.gpus_per_node
