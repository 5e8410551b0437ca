"""Who holds which node when: all exclusive kinds of booking shut each other out, and the database is the judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from dure.core.errors import InsufficientCapacity, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.portal.fleet.models import Booking, Cluster, Node
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor


@dataclass(frozen=True)
class Wanted:
    """Nodes of one cluster to be held for a half-open period. `reference` says for what ("award:25-1-0007")."""

    cluster: str
    node_names: Sequence[str]
    start_at: datetime
    end_at: datetime
    kind: str
    organisation: str
    reference: str


def book(
    *,
    actor: Actor,
    now: datetime,
    cluster: str,
    node_names: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    kind: str,
    organisation: str,
    reference: str,
) -> None:
    """Hold nodes for a period. The chapter that calls has decided that it may be done.

    Raises InsufficientCapacity when a node is held by another or the cluster is not there yet (or any more),
    NotFound for a node the cluster lacks, InvalidInput for an empty period or a kind without meaning.
    """
    wanted = Wanted(cluster, node_names, start_at, end_at, kind, organisation, reference)
    book_all(actor=actor, now=now, wanted=[wanted])


@transaction.atomic
def book_all(*, actor: Actor, now: datetime, wanted: Sequence[Wanted]) -> None:
    """Hold all that is wanted, or nothing. Raises as `book` does."""
    rows: list[Booking] = []
    for code in sorted({item.cluster for item in wanted}):
        here = locked(Cluster.objects.all(), code=code)
        names = {name for item in wanted if item.cluster == code for name in item.node_names}
        by_name = {node.name: node for node in here.nodes.filter(name__in=names)}
        for item in wanted:
            if item.cluster == code:
                rows += rows_of(here, by_name, item, now)
    insert(rows)
    for item in wanted:
        journal.append(
            at=now,
            actor=actor.name,
            event="fleet.book",
            subject=item.reference,
            cluster=item.cluster,
            nodes=list(item.node_names),
            kind=item.kind,
            start_at=item.start_at.isoformat(),
            end_at=item.end_at.isoformat(),
        )


def rows_of(here: Cluster, by_name: dict[str, Node], item: Wanted, now: datetime) -> list[Booking]:
    if item.kind not in Booking.KINDS or item.end_at <= item.start_at:
        what = Text("기간이나 종류가 올바르지 않습니다.", "The period or the kind is not right.")
        raise InvalidInput(Mistake("booking", what), f"{item.kind} {item.start_at}..{item.end_at}")
    unknown = sorted(set(item.node_names) - set(by_name))
    if unknown:
        raise NotFound(internal=f"{here.code} has no nodes {unknown}")
    if item.start_at < here.delivered_at or item.end_at > here.retired_at:
        raise InsufficientCapacity(internal=f"{here.code} is not there from {item.start_at} to {item.end_at}")
    return [
        Booking(
            node=by_name[name],
            start_at=item.start_at,
            end_at=item.end_at,
            kind=item.kind,
            organisation=item.organisation,
            reference=item.reference,
            created_at=now,
        )
        for name in item.node_names
    ]


def insert(rows: Sequence[Booking]) -> None:
    """Insert, the database being the judge of overlaps: a trigger on SQLite, an exclusion constraint on PostgreSQL."""
    try:
        with transaction.atomic():
            Booking.objects.bulk_create(rows)
    except IntegrityError as error:
        if "booking_exclusion" not in str(error):
            raise
        raise InsufficientCapacity(internal=str(error)) from error


@transaction.atomic
def release(
    *, actor: Actor, now: datetime, reference: str, from_at: datetime, node_names: Iterable[str] | None = None
) -> int:
    """Give back what is booked under `reference` from `from_at` on, of these nodes or all; returns how many bookings.

    A booking that has begun is cut, a later one is deleted. Repeating changes nothing.
    """
    rows = Booking.objects.filter(reference=reference, end_at__gt=from_at)
    names = None if node_names is None else sorted(node_names)
    if names is not None:
        rows = rows.filter(node__name__in=names)
    cut = rows.filter(start_at__lt=from_at).update(end_at=from_at)
    gone, _ = rows.filter(start_at__gte=from_at).delete()
    if cut or gone:
        detail = {"from_at": from_at.isoformat(), "nodes": names, "cut": cut, "deleted": gone}
        journal.append(at=now, actor=actor.name, event="fleet.release", subject=reference, **detail)
    return cut + gone


@transaction.atomic
def postpone(*, actor: Actor, now: datetime, reference: str, to: datetime) -> int:
    """Give back what lies before `to` of the bookings under `reference`; returns how many bookings changed."""
    rows = Booking.objects.filter(reference=reference, start_at__lt=to)
    cut = rows.filter(end_at__gt=to).update(start_at=to)
    gone, _ = rows.filter(end_at__lte=to).delete()
    if cut or gone:
        detail = {"to": to.isoformat(), "cut": cut, "deleted": gone}
        journal.append(at=now, actor=actor.name, event="fleet.postpone", subject=reference, **detail)
    return cut + gone
