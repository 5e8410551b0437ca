"""The fleet as the programme file says it is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.portal.fleet.models import Booking, Cluster, Node, Provider
from dure.portal.framework.programme import current, current_hash
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.programme import fleet as programme_fleet


@transaction.atomic
def load_programme(*, actor: Actor, now: datetime) -> int:
    """Make providers, clusters, nodes and self-use bookings as the programme file says; returns how many nodes are new.

    Idempotent. Clusters grow but never shrink: what stands in the portal is never removed by a file.
    """
    actor.require(actor.is_system or actor.is_programme_manager)
    programme = current()
    for provider in programme.providers:
        name = {"ko": provider.name.ko, "en": provider.name.en}
        Provider.objects.update_or_create(code=provider.code, defaults={"name": name})
    made = sum(_load_cluster(cluster, now) for cluster in programme.clusters)
    if made:
        detail = {"programme_hash": current_hash(), "new_nodes": made}
        journal.append(at=now, actor=actor.name, event="fleet.load", subject=f"programme:{programme.code}", **detail)
    return made


def _load_cluster(cluster: programme_fleet.Cluster, now: datetime) -> int:
    programme = current()
    supplied = programme.supply_period
    row, _ = Cluster.objects.update_or_create(
        code=cluster.code,
        defaults={
            "provider": Provider.objects.get(code=cluster.provider),
            "name": {"ko": cluster.name.ko, "en": cluster.name.en},
            "site": cluster.site.ko[:80],
            "gpu_model": cluster.gpu_model,
            "gpus_per_node": cluster.gpus_per_node,
            "share": cluster.share,
            "scheduler": cluster.scheduler,
            "delivered_at": max(programme.midnight(cluster.delivered_on), supplied.start),
            "retired_at": supplied.end,
        },
    )
    there = row.nodes.count()
    width = max(3, len(str(cluster.nodes)))
    new = Node.objects.bulk_create(
        Node(cluster=row, name=f"{row.code}-{number:0{width}d}", leaf=(number - 1) // cluster.leaf_nodes)
        for number in range(there + 1, cluster.nodes + 1)
    )
    if cluster.share == "self_use":
        reference = f"self-use:{row.code}"
        Booking.objects.bulk_create(
            Booking(
                node=node,
                start_at=row.delivered_at,
                end_at=row.retired_at,
                kind="self_use",
                reference=reference,
                created_at=now,
            )
            for node in new
        )
    return len(new)
