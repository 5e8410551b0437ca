"""Lending: what stays idle is used by others, by the programme's ladder, and only while it stays idle."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dure.core.errors import NotPermitted
from dure.core.period import Period
from dure.portal.allocations import operations as allocations_do
from dure.portal.allocations import queries as allocations
from dure.portal.fleet import queries as fleet
from dure.portal.journal import queries as journal
from dure.portal.loops import reclaim as loop
from dure.portal.messages.models import Message
from dure.portal.people.models import User
from dure.portal.reclaims import operations
from dure.protocol.desired import DesiredState
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at
from tests.portal.reclaims.test_reclaims import DAY, FIRST, lab, name, no_paces, only, use  # noqa: F401 - fixtures

LENT_ON = FIRST + 7 * DAY  # 96 hours idle, then three days to object


def is_lent(wanted: str) -> bool:
    """What the agent is told."""
    document = allocations.desired(SMALL)[2]
    return next(a.lent for a in DesiredState.model_validate_json(document).allocations if a.name == wanted)


def run_to(last) -> None:
    day = FIRST
    while day <= last:
        loop.run(day)
        day += DAY


@pytest.mark.usefixtures("no_paces")
def test_lent_when_the_time_to_object_is_over_and_kept_when_used_again(lab, name):  # noqa: F811
    use(name, FIRST, 8 * 24)
    run_to(LENT_ON - DAY)
    assert only().action == "lend" and not is_lent(name)
    loop.run(LENT_ON)
    assert is_lent(name) and allocations.allocation(name, lab).lent
    assert allocations.allocation(name, lab).nodes == 4  # nothing was taken
    month = Period(at(4), at(5))
    assert fleet.booked_seconds("lend", month)[SMALL, f"lend:{name}"] == 4 * (at(5) - LENT_ON).total_seconds()
    told = Message.objects.filter(key__startswith=f"lend:{name}:").count()
    assert told == len(allocations.members(allocations.allocation(name, lab).id))
    use(name, FIRST + 8 * DAY, 24, world.busy(115200))
    loop.run(LENT_ON + DAY)
    assert is_lent(name)  # the day's look saw no use yet
    loop.run(LENT_ON + 2 * DAY)
    assert not is_lent(name) and only().state == "dismissed"
    assert fleet.booked_seconds("lend", month)[SMALL, f"lend:{name}"] == 4 * 2 * 86400
    assert [e.event for e in journal.about(f"allocation:{name}")].count("allocations.lend") == 2
    loop.run(LENT_ON + 2 * DAY + HOUR)
    assert not is_lent(name)


@pytest.mark.usefixtures("no_paces")
def test_an_objection_waits_for_a_decision(lab, name):  # noqa: F811
    use(name, FIRST, 20 * 24)
    run_to(LENT_ON - DAY)
    operations.justify(actor=lab, now=LENT_ON - DAY, case_id=only().pk, text="설치 중입니다.")
    loop.run(LENT_ON)
    assert not is_lent(name)
    operations.reject(actor=world.manager(), now=LENT_ON, case_id=only().pk, reason="설치는 끝났습니다.")
    loop.run(LENT_ON + DAY)
    assert is_lent(name) and only().nodes_taken == 0
    assert allocations.allocation(name, lab).nodes == 4


@pytest.mark.usefixtures("no_paces")
def test_an_accepted_explanation_ends_lending_at_once(lab, name):  # noqa: F811
    use(name, FIRST, 8 * 24)
    run_to(LENT_ON)
    assert is_lent(name)
    operations.justify(actor=lab, now=LENT_ON + HOUR, case_id=only().pk, text="내일 시작합니다.")
    operations.accept(actor=world.manager(), now=LENT_ON + 2 * HOUR, case_id=only().pk, reason="받아들입니다.")
    assert not is_lent(name)


def test_only_the_programme_lends_and_nothing_that_is_over(lab, name):  # noqa: F811
    with pytest.raises(NotPermitted):
        allocations_do.lend(actor=lab, now=FIRST, name=name, lent=True, reason="x")
    allocations_do.revise(actor=world.manager(), now=FIRST, name=name, reason="끝", present=False)
    assert allocations_do.lend(actor=world.manager(), now=FIRST, name=name, lent=True, reason="x") == 0


def test_holders_and_borrowers_see_it(lab, name):  # noqa: F811
    other = world.organisation("firm", "industry")
    world.allocated(other, "25-1-0002", nodes=1)
    allocations_do.lend(actor=world.manager(), now=FIRST, name=name, lent=True, reason="reclaim case 1")
    seen = {}
    for actor, shown in ((lab, name), (other, "a-25-1-0002")):
        browser = Client()
        browser.force_login(User.objects.get(pk=actor.user_id))
        seen[shown] = browser.get(f"/allocations/{shown}/").content.decode()
    assert "쉬는 GPU를 다른 과제에 빌려주고 있습니다" in seen[name] and "dure-lent" not in seen[name]
    assert "GPU 32장이 쉬고 있어" in seen["a-25-1-0002"] and "--account=dure-lent" in seen["a-25-1-0002"]


def test_renewed_keys_and_fewer_servers_leave_it_lent(lab, name):  # noqa: F811
    allocations_do.lend(actor=world.manager(), now=FIRST, name=name, lent=True, reason="x")
    nodes = allocations.allocation(name, lab).node_names
    later = FIRST + timedelta(hours=5)
    allocations_do.revise(actor=world.manager(), now=later, name=name, reason="x", node_names=nodes[:1])
    assert is_lent(name)
    assert fleet.booked_seconds("lend", Period(FIRST, FIRST + DAY))[SMALL, f"lend:{name}"] == (4 * 5 + 19) * 3600
