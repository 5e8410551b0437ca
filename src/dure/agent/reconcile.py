"""The agent's one cycle: hear what should be, look, decide, do, measure, tell.

It is given no input and keeps nothing in memory that it could not read again: a cycle cut off at any line is made up
for by the next.
"""

from __future__ import annotations

import logging
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dure.agent import conditions, durable
from dure.agent.client import Portal, PortalRefused, PortalUnreachable
from dure.agent.clock import Clock, store_kind
from dure.agent.clusters.port import Cluster, ClusterUnreachable, StepRefused, UsageUntracked
from dure.agent.config import AgentConfig, may_be_virtual
from dure.agent.diff import Plan, diff
from dure.agent.ledger import Ledger
from dure.agent.spool import HOUR, Spool
from dure.core.condition import Condition
from dure.core.errors import Stale
from dure.core.text import Text
from dure.protocol import words
from dure.protocol.desired import DesiredState
from dure.protocol.inventory import Inventory, InventoryNode
from dure.protocol.report import AllocationReport, LeaseClaim, Report, TokenRenewal

log = logging.getLogger("dure.agent")

DESIRED_FILE = "desired.json"
MOST_ROUNDS = 5
HOURS_AT_ONCE = 24 * 7
LOOK_SECONDS = 2.0
INVENTORY_EVERY = timedelta(hours=24)
ASK_FOR_TOKEN_EVERY = timedelta(hours=24)


class Fenced(Stale):
    """Another agent speaks for this cluster now; this one must stop."""

    default = Text(
        "다른 에이전트가 이 클러스터를 맡았습니다. 이 에이전트는 더 이상 아무것도 바꾸지 않고 멈춥니다.",
        "Another agent has taken over this cluster. This one changes nothing more and stops.",
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What one cycle found on the cluster after doing what it could."""

    nodes: tuple[InventoryNode, ...]
    allocations: tuple[AllocationReport, ...]
    plan: Plan
    unreachable: str | None = None


class Agent:
    """One agent, its cluster, and its state directory (which must be locked by the caller)."""

    def __init__(self, config: AgentConfig, cluster: Cluster, portal: Portal, clock: Clock) -> None:
        self._config = config
        self._cluster = cluster
        self._portal = portal
        self._clock = clock
        self._instance = _instance(config.state_dir)
        self._desired = stored_desired(config.state_dir)
        self._etag: str | None = None
        self._epoch: int | None = None
        self._refused_generation: int | None = None
        self._ledger = Ledger(config.state_dir)
        self._spool = Spool(config.state_dir / "spool", config.cluster)
        self._untracked: str | None = None
        self._told: Report | None = None
        self._told_at = 0.0
        self._looked_at = 0.0
        self._has_news = False
        self._inventory_told: tuple[tuple[InventoryNode, ...], datetime] | None = None
        self._token_asked_at: datetime | None = None

    def cycle(self) -> None:
        """Do everything that is due now.

        Raises Fenced when replaced; PortalUnreachable or PortalRefused after having done what needs no portal.
        """
        trouble = self._hear()
        if self._clock.kind == "virtual" and not may_be_virtual(self._config):
            raise PortalRefused(
                Text(
                    "포털이 가상 시간을 쓰므로 실제 클러스터를 바꾸지 않습니다. DURE_CLOCK을 확인해 주십시오.",
                    "The portal runs on virtual time; a real cluster is left alone. Check DURE_CLOCK at the portal.",
                )
            )
        store_kind(self._config.state_dir, self._clock.kind)
        now = self._clock.now()
        if self._desired is not None and now is not None and (trouble is not None or not self._is_still(now)):
            self._looked_at = self._clock.seconds()
            seen = self._reconcile(self._desired, now)
            if seen.unreachable is None:
                self._measure(now)
            if trouble is None:
                self._tell(self._desired, seen, now)
        if trouble is not None:
            raise trouble

    def _is_still(self, now: datetime) -> bool:
        """Whether virtual time stands where the last report left it, nothing new is asked, and no look is due yet."""
        return (
            self._clock.kind == "virtual"
            and not self._has_news
            and self._told is not None
            and self._told.done_at == now
            and self._clock.seconds() - self._looked_at < LOOK_SECONDS
        )

    def _hear(self) -> PortalUnreachable | PortalRefused | None:
        """Take in lease and desired state; what kept the portal from answering is returned, not raised."""
        try:
            if self._epoch is None:
                mine = LeaseClaim(cluster=self._config.cluster, instance=self._instance)
                self._epoch = self._portal.claim(mine).epoch
                log.info("lease: epoch %d as %s", self._epoch, self._instance)
            found = self._portal.desired(self._etag)
        except Stale as error:
            raise Fenced(internal=error.internal) from error
        except (PortalUnreachable, PortalRefused) as error:
            return error
        self._has_news = found is not None
        if found is not None:
            self._accept(found)
        return None

    def _accept(self, found: DesiredState) -> None:
        if found.cluster != self._config.cluster:
            raise PortalRefused(
                Text(
                    f"포털이 다른 클러스터({found.cluster})를 답했습니다. 설정의 cluster와 토큰을 확인해 주십시오.",
                    f"The portal answered for cluster {found.cluster}. Check 'cluster' and the token.",
                )
            )
        if self._epoch is not None and found.epoch > self._epoch:
            raise Fenced(internal=f"epoch {found.epoch} is in force, this agent holds {self._epoch}")
        if self._desired is not None and is_older(found, self._desired, self._ledger):
            log.error("refused desired state %d: %d has been applied", found.generation, self._desired.generation)
            self._refused_generation = found.generation
        else:
            if found != self._desired:
                durable.write(self._config.state_dir / DESIRED_FILE, found.model_dump_json().encode())
                log.info("desired state %d: %d allocations", found.generation, len(found.allocations))
            self._desired, self._refused_generation = found, None
        self._etag = found.etag()

    def _reconcile(self, desired: DesiredState, now: datetime) -> Seen:
        try:
            refused: dict[str, str] = {}
            for _ in range(MOST_ROUNDS):
                observed = self._cluster.observe(now)
                self._ledger.settle(desired, observed, now, timedelta(seconds=self._config.confirm_seconds))
                plan = diff(desired, observed, self._ledger, now)
                refused, did = self._apply(plan, now)
                if not did:
                    break
            spent = self._cluster.spent(now)
            nodes, storage = self._cluster.inventory(now), self._cluster.storage(now)
        except ClusterUnreachable as error:
            log.warning("cluster unreachable: %s", error.internal or error.public.en)
            why = error.internal or error.public.en
            return Seen((), conditions.offline_reports(desired, why), Plan(steps=(), drift=()), why)
        facts = conditions.Facts(observed, refused, nodes, spent, storage)
        return Seen(nodes, conditions.allocation_reports(desired, facts, plan, self._ledger, now), plan)

    def _apply(self, plan: Plan, now: datetime) -> tuple[dict[str, str], bool]:
        """Apply the steps in order; a refused step ends its own allocation's turn only."""
        refused: dict[str, str] = {}
        did = False
        if plan.steps:
            self._ledger.intend(plan.steps, now)
        for step in plan.steps:
            if step.name in refused:
                continue
            try:
                self._cluster.apply(step, now)
            except StepRefused as error:
                refused[step.name] = error.internal or error.public.en
                log.warning("%s %s %s refused: %s", step.verb, step.field or "", step.name, refused[step.name])
            else:
                did = True
                if step.verb == "warn" and step.after is not None and step.after.hold is not None:
                    self._ledger.note_warning(step.name, step.after.hold.end, now)
                log.info("%s %s %s", step.verb, step.field or "account", step.name)
        return refused, did

    def _measure(self, now: datetime) -> None:
        """Close every hour that is over and settled."""
        until = _full_hour(now - self._config.settle)
        if self._spool.until is None:
            self._spool.begin(until)
        recheck = self._config.recheck
        while self._spool.until is not None and self._spool.until < until:
            begin = self._spool.until
            end = min(until, begin + HOURS_AT_ONCE * HOUR)
            try:
                hours = self._cluster.usage(begin - recheck, end)
            except UsageUntracked as error:
                self._untracked = error.internal or error.public.en
                log.error("usage: %s", self._untracked)
                return
            except ClusterUnreachable as error:
                log.warning("cluster unreachable: %s", error.internal or error.public.en)
                return
            self._untracked = None
            self._spool.close(hours, recheck)

    def _tell(self, desired: DesiredState, seen: Seen, now: datetime) -> None:
        """Inventory when it changed, usage, then the report: what it says is done has been delivered before."""
        epoch = self._epoch
        assert epoch is not None  # noqa: S101 - nothing is told before a lease is held
        try:
            self._renew_token(epoch, now)
            self._tell_inventory(seen.nodes, epoch, now)
            self._spool.deliver(self._instance, epoch, self._portal.send_usage)
            report = self._report(desired, seen, epoch, now)
            if self._is_news(report):
                self._portal.send_report(report)
                self._told, self._told_at = report, self._clock.seconds()
        except Stale as error:
            raise Fenced(internal=error.internal) from error

    def _renew_token(self, epoch: int, now: datetime) -> None:
        """Ask for the token's successor, and once more with it, which ends the token before."""
        if self._token_asked_at is not None and now - self._token_asked_at < ASK_FOR_TOKEN_EVERY:
            return
        renewal = TokenRenewal(cluster=self._config.cluster, instance=self._instance, epoch=epoch)
        try:
            if self._portal.renew_token(renewal):
                log.info("token renewed")
                self._portal.renew_token(renewal)
        except PortalRefused as error:  # a portal of before renews none
            log.warning("token not renewed: %s", error.internal)
        self._token_asked_at = now

    def _tell_inventory(self, nodes: tuple[InventoryNode, ...], epoch: int, now: datetime) -> None:
        if not nodes:
            return
        if self._inventory_told is not None:
            told, at = self._inventory_told
            if told == nodes and now - at < INVENTORY_EVERY:
                return
        self._portal.send_inventory(
            Inventory(
                cluster=self._config.cluster,
                instance=self._instance,
                epoch=epoch,
                seen_at=now,
                engine=self._config.adapter.kind,
                nodes=nodes,
            )
        )
        self._inventory_told = (nodes, now)

    def _report(self, desired: DesiredState, seen: Seen, epoch: int, now: datetime) -> Report:
        if seen.unreachable is None:
            reach = Condition(words.REACHABLE, "true", "Observed")
        else:
            reach = Condition(words.REACHABLE, "false", "ClusterUnreachable", seen.unreachable[:2000])
        return Report(
            cluster=self._config.cluster,
            instance=self._instance,
            epoch=epoch,
            observed_generation=desired.generation,
            done_at=now,
            conditions=(
                reach,
                conditions.desired_accepted(self._refused_generation, desired.generation),
                conditions.nodes_healthy(seen.nodes, seen.unreachable is None),
                conditions.telemetry(self._spool.until, self._spool.unseen, self._untracked),
                conditions.usage_delivered(self._spool.waiting(), self._spool.conflicts),
            ),
            allocations=seen.allocations,
            drift=seen.plan.drift,
        )

    def _is_news(self, report: Report) -> bool:
        """Whether the portal should hear it: something changed, virtual time moved, or it is time for a heartbeat."""
        if self._told is None or report.model_copy(update={"done_at": self._told.done_at}) != self._told:
            return True
        if self._clock.kind == "virtual":
            return report.done_at != self._told.done_at
        return self._clock.seconds() - self._told_at >= self._config.heartbeat_seconds


def is_older(found: DesiredState, known: DesiredState, ledger: Ledger) -> bool:
    """Whether `found` speaks of a world before the one already applied."""
    if found.generation < known.generation:
        return True
    return any(a.generation < ledger.generation(a.name) for a in found.allocations)


def _full_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def stored_desired(state_dir: Path) -> DesiredState | None:
    """The desired state last accepted; None before the first."""
    stored = durable.read_json(state_dir / DESIRED_FILE)
    return None if stored is None else DesiredState.model_validate(stored)


def _instance(state_dir: Path) -> str:
    """This agent's name for its whole life: of its state directory and its host."""
    path = state_dir / "identity.json"
    stored = durable.read_json(path)
    if stored is None:
        stored = {"id": secrets.token_hex(8)}
        durable.write_json(path, stored)
    host = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in socket.gethostname())
    return f"{stored['id']}@{host}"[:80]
