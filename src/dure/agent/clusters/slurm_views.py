"""Looking at a Slurm cluster: accounts, associations, reservations, nodes, in the portal's node names.

Two ways of asking, chosen in agent.yaml: Slurm's commands, or slurmrestd (`slurm_rest`). Both give the same values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from dure.agent.clusters import slurm_text
from dure.agent.clusters.node_names import NodeNames
from dure.agent.clusters.options import SlurmOptions
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_text import ASSOCIATION_COLUMNS, Association, Reservation
from dure.protocol.inventory import InventoryNode

Nodes = Sequence[tuple[InventoryNode, int]]


class Look(Protocol):
    """One way of asking. Every question raises ClusterUnreachable when it is not answered, or cannot be read."""

    def accounts(self) -> dict[str, str]:
        """Account → description."""
        ...

    def associations(self) -> list[Association]:
        """Every association of this cluster."""
        ...

    def reservations(self) -> list[Reservation]:
        """Every reservation, nodes as the site names them."""
        ...

    def nodes(self) -> list[tuple[InventoryNode, int]]:
        """Every node with its CPUs, as the site names it."""
        ...


class CommandLook:
    """Through sacctmgr and scontrol."""

    def __init__(self, slurm: Commands, options: SlurmOptions) -> None:
        self._slurm, self._options = slurm, options

    def accounts(self) -> dict[str, str]:
        """Account → description."""
        return self._slurm.read(slurm_text.accounts, "sacctmgr", "-n", "-P", "list", "account", "format=Account,Descr")

    def associations(self) -> list[Association]:
        """Every association of this cluster."""
        columns = ",".join(ASSOCIATION_COLUMNS)
        words = ("list", "assoc", f"cluster={self._options.cluster_name}", f"format={columns}")
        return self._slurm.read(lambda text: list(slurm_text.associations(text)), "sacctmgr", "-n", "-P", *words)

    def reservations(self) -> list[Reservation]:
        """Every reservation."""
        return self._slurm.read(
            lambda text: list(slurm_text.reservations(text)), "scontrol", "show", "reservation", "-o"
        )

    def nodes(self) -> list[tuple[InventoryNode, int]]:
        """Every node with its CPUs."""
        return self._slurm.read(
            lambda text: list(slurm_text.nodes(text, self._options.gpu_model)), "scontrol", "show", "node", "-o"
        )


class View:
    """What a look finds, in the portal's names and only the nodes that the programme may use."""

    def __init__(self, look: Look, names: NodeNames, may_use: frozenset[str] | None) -> None:
        self._look, self._names, self._may_use = look, names, may_use
        self.accounts, self.associations = look.accounts, look.associations

    def reservations(self) -> list[Reservation]:
        """Every reservation, by anybody."""
        return [replace(one, nodes=self._names.all_at_portal(one.nodes)) for one in self._look.reservations()]

    def reservation(self, name: str) -> Reservation | None:
        """The reservation of that name, if there is one."""
        return next((found for found in self.reservations() if found.name == name), None)

    def nodes(self) -> Nodes:
        """The nodes the programme may use, with their CPUs."""
        named = [
            (node.model_copy(update={"name": self._names.at_portal(node.name)}), cpus)
            for node, cpus in self._look.nodes()
        ]
        return [(node, cpus) for node, cpus in named if self._may_use is None or node.name in self._may_use]


def gpu_minutes(text: str) -> Mapping[str, int]:
    """Account → GPU-minutes used, of `sshare -a -n -P -o Account,User,GrpTRESRaw`. Raises ValueError."""
    found = {}
    for line in text.splitlines():
        account, user, used = [*line.split("|"), "", ""][:3]
        if account.strip() and not user.strip():
            found[account.strip()] = slurm_text.tres(used).get("gres/gpu", 0)
    return found
