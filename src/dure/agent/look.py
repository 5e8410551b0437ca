"""Looking without touching: the plan of the next cycle, and what is wrong with portal or cluster.

Nothing is locked or written, so all of it may run beside the agent itself.
"""

from __future__ import annotations

import httpx

from dure.agent.client import Portal, PortalRefused, PortalUnreachable, connected
from dure.agent.clock import Clock, stored_kind
from dure.agent.clusters.port import Cluster, ClusterUnreachable
from dure.agent.config import AgentConfig
from dure.agent.diff import Plan, diff
from dure.agent.ledger import Ledger
from dure.agent.reconcile import is_older, stored_desired
from dure.core.errors import DureError
from dure.protocol.desired import DesiredState
from dure.protocol.inventory import InventoryNode


def plan(config: AgentConfig, cluster: Cluster, transport: httpx.BaseTransport | None = None) -> Plan:
    """What the next cycle would do. Raises PortalUnreachable when neither portal nor disk says what should be."""
    clock, ledger = Clock(stored_kind(config.state_dir)), Ledger(config.state_dir)
    with connected(config, clock, transport) as portal:
        desired = _desired(portal, stored_desired(config.state_dir), ledger)
    now = clock.now()
    if now is None:
        raise PortalUnreachable(internal="the portal runs on virtual time and has not said what time it is")
    return diff(desired, cluster.observe(now), ledger, now)


def check(
    config: AgentConfig, cluster: Cluster, transport: httpx.BaseTransport | None = None
) -> tuple[DureError | None, DureError | None, tuple[InventoryNode, ...]]:
    """What keeps portal and cluster from answering this agent, None when nothing does, and the nodes."""
    clock = Clock(stored_kind(config.state_dir))
    with connected(config, clock, transport) as portal:
        trouble = _portal_trouble(portal, config.cluster)
    now = clock.now()
    if now is None:
        return trouble, ClusterUnreachable(internal="not asked: the portal has not said what virtual time it is"), ()
    try:
        cluster.observe(now)
        return trouble, None, cluster.inventory(now)
    except ClusterUnreachable as error:
        return trouble, error, ()


def _portal_trouble(portal: Portal, cluster: str) -> DureError | None:
    try:
        found = portal.desired(None)
    except DureError as error:
        return error
    if found is not None and found.cluster != cluster:
        return PortalRefused(internal=f"the token is for cluster {found.cluster}, the configuration says {cluster}")
    return None


def _desired(portal: Portal, stored: DesiredState | None, ledger: Ledger) -> DesiredState:
    """The portal's, unless it is away or older than what was applied."""
    try:
        found = portal.desired(None)
    except PortalUnreachable:
        if stored is None:
            raise
        return stored
    if found is None or (stored is not None and is_older(found, stored, ledger)):
        assert stored is not None  # noqa: S101 - without an ETag a portal has nothing to call unmodified
        return stored
    return found
