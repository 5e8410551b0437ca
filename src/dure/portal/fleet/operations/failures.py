"""Nodes that have failed: booked as out of order until their agent sees them whole again, and replaced by spares."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from dure.portal.fleet.models import Booking, Cluster, Node
from dure.portal.fleet.operations.bookings import Wanted, insert, release, rows_of
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor

FAILURE = "failure:"


@transaction.atomic
def give_way(
    *, actor: Actor, now: datetime, cluster: str, failed: str, spare: str, reference: str, organisation: str
) -> bool:
    """Move what `reference` holds of a failed node, from `now` on, to a spare; the failed one is out of order.

    False when the failed node is not held under `reference`. Raises InsufficientCapacity when the spare is taken.
    """
    here = locked(Cluster.objects.all(), code=cluster)
    held = Booking.objects.filter(reference=reference, node__cluster=here, node__name=failed, end_at__gt=now)
    spans = [(max(row.start_at, now), row.end_at) for row in held]
    if not spans:
        return False
    release(actor=actor, now=now, reference=reference, from_at=now, node_names=[failed])
    nodes = {node.name: node for node in here.nodes.filter(name__in=[failed, spare])}
    insert(
        [
            row
            for start, end in spans
            for row in rows_of(here, nodes, Wanted(cluster, [spare], start, end, "award", organisation, reference), now)
        ]
    )
    _put_out_of_order(here, nodes[failed], now)
    journal.append(
        at=now, actor=actor.name, event="fleet.give_way", subject=reference, cluster=cluster, failed=failed, spare=spare
    )
    return True


def _put_out_of_order(here: Cluster, node: Node, now: datetime) -> None:
    """Keep a failed node from being given to anybody until it is whole, or until the next who has it booked."""
    ahead = Booking.objects.filter(node=node, end_at__gt=now).exclude(kind="lend")
    until = ahead.aggregate(first=Min("start_at"))["first"] or here.retired_at
    if now < until:
        reference = f"{FAILURE}{here.code}/{node.name}"
        insert(
            rows_of(
                here, {node.name: node}, Wanted(here.code, [node.name], now, until, "maintenance", "", reference), now
            )
        )


def take_back_repaired(*, actor: Actor, now: datetime) -> int:
    """End the bookings of nodes out of order that their agents see whole again; returns how many nodes."""
    rows = Booking.objects.filter(reference__startswith=FAILURE, end_at__gt=now, node__observed="ready")
    references = list(rows.order_by().values_list("reference", flat=True).distinct())
    for reference in references:
        release(actor=actor, now=now, reference=reference, from_at=now)
    return len(references)
