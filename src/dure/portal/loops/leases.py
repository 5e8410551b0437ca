"""Leases: any number of processes may run a loop, and one does."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from dure.portal.clock.queries import wall
from dure.portal.loops.models import Lease

LENGTH = timedelta(seconds=15)


def take(name: str, holder: str) -> bool:
    """Take or renew the lease `name` for `holder`; False while another holds it.

    One conditional UPDATE decides, so two takers cannot both win. A lease with more than half its time left is only
    read: on SQLite every write waits for every other.
    """
    moment = wall()
    if Lease.objects.filter(name=name, holder=holder, until__gt=moment + LENGTH / 2).exists():
        return True
    free = Q(name=name) & (Q(holder=holder) | Q(until__lte=moment))
    if Lease.objects.filter(free).update(holder=holder, until=moment + LENGTH):
        return True
    _, created = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "until": moment + LENGTH})
    return created


def holds(name: str, holder: str) -> bool:
    """Whether `holder` still has the lease."""
    return Lease.objects.filter(name=name, holder=holder, until__gt=wall()).exists()


def give_back(name: str, holder: str) -> None:
    """Free the lease at once, so that another process need not wait for it to run out."""
    Lease.objects.filter(name=name, holder=holder).update(until=wall())
