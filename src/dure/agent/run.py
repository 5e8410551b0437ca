"""The agent as a process: cycle after cycle until told to stop, waiting longer while the portal is away."""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import httpx

from dure.agent import durable
from dure.agent.client import PortalRefused, PortalUnreachable, connected
from dure.agent.clock import Clock, stored_kind
from dure.agent.clusters.port import Cluster
from dure.agent.config import AgentConfig, open_cluster
from dure.agent.reconcile import Agent

log = logging.getLogger("dure.agent")

LONGEST_WAIT = 30  # times the usual


@contextmanager
def opened(
    config: AgentConfig, cluster: Cluster | None = None, transport: httpx.BaseTransport | None = None
) -> Iterator[Agent]:
    """The agent of `config`, its state directory locked. Raises Stale when another process has it."""
    config.state_dir.mkdir(parents=True, exist_ok=True)
    clock = Clock(stored_kind(config.state_dir))
    with durable.lock(config.state_dir), connected(config, clock, transport) as portal:
        yield Agent(config, cluster or open_cluster(config), portal, clock)


def run(config: AgentConfig, once: bool = False) -> None:
    """Cycle until SIGTERM or SIGINT, or once. Raises Fenced when another agent has taken over."""
    stop = threading.Event()

    def told_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_stop)
    failures = 0
    with opened(config) as agent:
        while not stop.is_set():
            try:
                agent.cycle()
                failures = 0
            except (PortalUnreachable, PortalRefused) as error:
                failures += 1
                log.warning("%s", error.internal or error.public.en)
                if once:
                    raise
            if once:
                return
            stop.wait(waiting(config.poll_seconds, failures))


def waiting(poll_seconds: float, failures: int) -> float:
    """Seconds until the next cycle: the usual while all is well, else doubled and spread, at most thirtyfold."""
    if failures == 0:
        return poll_seconds
    wait: float = poll_seconds * min(LONGEST_WAIT, 2.0 ** min(failures, 20))
    return wait * (0.5 + random.random() / 2)  # noqa: S311 - spreads agents, hides nothing
