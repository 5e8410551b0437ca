"""Agents: their credentials, the lease that fences older ones off, and what they see of their nodes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from dure.core.errors import InvalidInput, Mistake, Stale
from dure.core.text import Text
from dure.portal.fleet import queries
from dure.portal.fleet.models import AgentToken, Cluster, Node
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.protocol.inventory import Inventory
from dure.protocol.report import TokenRenewal

SEEN_EVERY = timedelta(seconds=30)
LONGEST_TOKEN_DAYS = 90
LONGEST_INSTANCE = Cluster._meta.get_field("agent_instance").max_length or 0
SKEW = timedelta(minutes=5)  # agents count from the portal's own answers, so that only its servers' clocks can differ
_AHEAD = Text(
    "아직 오지 않은 시각입니다. 포털이 알려 준 시각을 쓰십시오.",
    "This instant lies ahead. Use the time that the portal tells.",
)


def require_past(instant: datetime, where: str, now: datetime) -> None:
    """Raise InvalidInput for an instant that lies ahead: as the newest word it would shut out all true ones."""
    if instant > now + SKEW:
        raise InvalidInput(Mistake(where, _AHEAD), f"{where} {instant} at {now}")


@transaction.atomic
def issue_token(*, actor: Actor, now: datetime, cluster: str, label: str, days: int) -> str:
    """A new credential for a cluster's agent, returned once and kept only as its hash.

    Raises NotFound for another provider's cluster, InvalidInput for a lifetime out of bounds or an empty label.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    mistakes = []
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        what = Text("유효 기간은 1일에서 90일까지입니다.", "A token lives from 1 to 90 days.")
        mistakes.append(Mistake("days", what))
    if not label.strip():
        what = Text("어디에 쓰는 토큰인지 이름을 적어 주십시오.", "Name the place where this token is used.")
        mistakes.append(Mistake("label", what))
    if mistakes:
        raise InvalidInput(mistakes)
    token, row = _new_token(view.id, label.strip()[:80], now, timedelta(days=days))
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.issue_token",
        subject=f"cluster:{cluster}",
        token=row.pk,
        label=row.label,
        days=days,
    )
    return token


def _new_token(cluster_id: int, label: str, now: datetime, life: timedelta) -> tuple[str, AgentToken]:
    """A secret and the row that keeps its hash."""
    token = f"dure_{secrets.token_urlsafe(32)}"
    row = AgentToken.objects.create(
        cluster_id=cluster_id,
        label=label,
        token_hash=queries.token_hash(token),
        created_at=now,
        expires_at=now + life,
    )
    return token, row


@transaction.atomic
def renew_token(*, now: datetime, renewal: TokenRenewal, token_id: int) -> str | None:
    """A successor of the same life for a token in its second half, or None; who asks needs the predecessor no more.

    An earlier successor that never asked did not arrive, and is revoked. Raises Stale for an agent fenced off.
    """
    cluster = locked(Cluster.objects.all(), code=renewal.cluster)
    require_lease(cluster=renewal.cluster, instance=renewal.instance, epoch=renewal.epoch)
    AgentToken.objects.filter(successor=token_id, revoked_at=None).update(revoked_at=now)
    row = locked(AgentToken.objects.all(), pk=token_id)
    life = row.expires_at - row.created_at
    if row.expires_at - now > life / 2:
        return None
    AgentToken.objects.filter(pk=row.successor_id, revoked_at=None).update(revoked_at=now)
    token, successor = _new_token(cluster.pk, row.label, now, life)
    AgentToken.objects.filter(pk=row.pk).update(successor=successor)
    journal.append(
        at=now,
        actor=f"agent:{renewal.cluster}",
        event="fleet.renew_token",
        subject=f"cluster:{renewal.cluster}",
        token=successor.pk,
        before=row.pk,
    )
    return token


@transaction.atomic
def revoke_token(*, actor: Actor, now: datetime, cluster: str, token_id: int) -> None:
    """End a credential at once; repeating changes nothing. Raises NotFound."""
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    row = locked(AgentToken.objects.all(), pk=token_id, cluster_id=view.id)
    if row.revoked_at is not None:
        return
    AgentToken.objects.filter(pk=row.pk).update(revoked_at=now)
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.revoke_token",
        subject=f"cluster:{cluster}",
        token=row.pk,
        label=row.label,
    )


@transaction.atomic
def claim_epoch(*, now: datetime, cluster: str, instance: str) -> int:
    """The epoch in which `instance` speaks for the cluster. Another instance than the present one takes the next.

    Raises InvalidInput for a name that is too long.
    """
    if len(instance) > LONGEST_INSTANCE:
        what = Text(f"{LONGEST_INSTANCE}자 이내로 적어 주십시오.", f"Use at most {LONGEST_INSTANCE} characters.")
        raise InvalidInput(Mistake("instance", what))
    row = locked(Cluster.objects.all(), code=cluster)
    if row.agent_instance == instance and row.epoch:
        return row.epoch
    epoch = row.epoch + 1
    Cluster.objects.filter(pk=row.pk).update(epoch=epoch, agent_instance=instance, agent_seen_at=now)
    journal.append(
        at=now,
        actor=f"agent:{cluster}",
        event="fleet.claim",
        subject=f"cluster:{cluster}",
        epoch=epoch,
        instance=instance,
        before=row.agent_instance,
    )
    return epoch


def require_lease(*, cluster: str, instance: str, epoch: int) -> None:
    """Raise Stale unless this instance holds the lease in force: an older agent is fenced off."""
    in_force = queries.lease(cluster)
    if (epoch, instance) == in_force:
        return
    there, number = in_force[1] or "–", in_force[0]
    raise Stale(
        Text(
            f"다른 에이전트({there}, {number}차)가 이 클러스터를 맡고 있습니다. 이 에이전트를 멈추어 주십시오.",
            f"Another agent ({there}, epoch {number}) speaks for this cluster. Stop this one.",
        ),
        f"{cluster}: {instance} epoch {epoch}, in force {in_force}",
    )


def hold_lease(*, cluster: str, instance: str, epoch: int) -> None:
    """As `require_lease`; until the transaction ends nobody else claims the cluster or holds its lease."""
    locked(Cluster.objects.all(), code=cluster)
    require_lease(cluster=cluster, instance=instance, epoch=epoch)


def note_seen(*, now: datetime, cluster: str, token_id: int) -> None:
    """Remember that the agent was heard; written at most every half minute."""
    before = now - SEEN_EVERY
    old = Q(agent_seen_at=None) | Q(agent_seen_at__lt=before)
    stale = Cluster.objects.filter(old, code=cluster)
    if stale.exists() and stale.update(agent_seen_at=now):  # read first: an update takes SQLite's write lock
        AgentToken.objects.filter(pk=token_id).update(used_at=now)


@transaction.atomic
def record_inventory(*, now: datetime, inventory: Inventory) -> bool:
    """Take in what the agent sees of its nodes; an older view than the one kept changes nothing.

    Raises Stale, and InvalidInput for a view of the future.

    Nodes the portal does not know are not made: they are shown to the provider, as are missing ones.
    """
    require_past(inventory.seen_at, "seen_at", now)
    row = locked(Cluster.objects.all(), code=inventory.cluster)
    require_lease(cluster=inventory.cluster, instance=inventory.instance, epoch=inventory.epoch)
    if row.inventory_at is not None and inventory.seen_at < row.inventory_at:
        return False
    seen = {node.name: node for node in inventory.nodes}
    ours = list(row.nodes.all())
    changed = []
    for node in ours:
        found = seen.get(node.name)
        state, reason = (found.state, found.reason[:200]) if found else ("unknown", "")
        if (node.observed, node.observed_reason) != (state, reason):
            if (node.observed == "down") != (state == "down"):
                node.down_since = inventory.seen_at if state == "down" else None
            node.observed, node.observed_reason = state, reason
            changed.append(node)
    Node.objects.bulk_update(changed, ["observed", "observed_reason", "down_since"], batch_size=200)
    names = {node.name for node in ours}
    odd = {n.name for n in inventory.nodes if n.gpus != row.gpus_per_node or row.gpu_model not in n.gpu_model.lower()}
    mismatch = {"missing": sorted(names - set(seen)), "unknown": sorted(set(seen) - names), "gpus": sorted(odd & names)}
    Cluster.objects.filter(pk=row.pk).update(
        inventory_at=inventory.seen_at, inventory_mismatch=mismatch, engine=inventory.engine
    )
    if changed or mismatch != row.inventory_mismatch:
        detail = {"changed": len(changed), **{kind: len(found) for kind, found in mismatch.items()}}
        actor = f"agent:{inventory.cluster}"
        journal.append(at=now, actor=actor, event="fleet.inventory", subject=f"cluster:{row.code}", **detail)
    return True
