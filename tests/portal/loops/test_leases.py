"""Any number of processes may run a loop, and one does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.portal.clock.queries import wall
from dure.portal.loops import leases
from dure.portal.loops.models import Lease

pytestmark = pytest.mark.django_db


def test_one_holder_at_a_time() -> None:
    assert leases.take("plan", "a")
    assert not leases.take("plan", "b")
    assert leases.take("plan", "a")
    assert leases.holds("plan", "a")
    assert not leases.holds("plan", "b")


def test_a_lease_that_ran_out_is_taken_over() -> None:
    assert leases.take("plan", "a")
    Lease.objects.update(until=wall() - timedelta(seconds=1))
    assert not leases.holds("plan", "a")
    assert leases.take("plan", "b")
    assert not leases.take("plan", "a")


def test_given_back_at_once() -> None:
    assert leases.take("plan", "a")
    leases.give_back("plan", "b")
    assert leases.holds("plan", "a")
    leases.give_back("plan", "a")
    assert leases.take("plan", "b")
