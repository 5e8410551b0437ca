"""GPU-hour budgets: a share of what is booked, where the track says so; told to the agent, kept by the cluster."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dure.portal.allocations import operations, queries
from dure.portal.framework.programme import current
from dure.portal.people.models import User
from dure.protocol.desired import DesiredState
from tests.portal import realised as world
from tests.portal.realised import NOW, SMALL, at


@pytest.fixture
def lab(db: None) -> world.Actor:
    world.load()
    return world.organisation("lab")


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programme, with half of the GPU-hours as the budget of every track."""
    tracks = tuple(track.model_copy(update={"gpu_hours_percent": 50}) for track in current().tracks)
    programme = current().model_copy(update={"tracks": tracks})
    monkeypatch.setattr("dure.portal.allocations.queries.current", lambda: programme)


def asked() -> int | None:
    (one,) = DesiredState.model_validate_json(queries.desired(SMALL)[2]).allocations
    return one.limits.gpu_hours


def test_without_a_word_in_the_track_there_is_none(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    assert asked() is None
    assert queries.gpu_hour_budgets([queries.allocation(name, lab).id]) == {}


@pytest.mark.usefixtures("half")
def test_a_share_of_what_is_booked_follows_the_award(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    hours = (at(7) - at(4)) // timedelta(hours=1)
    assert asked() == 2 * 8 * hours // 2
    kept = queries.allocation(name, lab).node_names[:1]
    operations.revise(actor=world.manager(), now=at(5), name=name, reason="x", node_names=kept)
    given_back = (at(7) - at(5)) // timedelta(hours=1)
    assert asked() == 8 * (2 * hours - given_back) // 2
    browser = Client()
    browser.force_login(User.objects.get(pk=lab.user_id))
    assert f"{asked():,} GPU 시간" in browser.get(f"/allocations/{name}/").content.decode()


@pytest.mark.usefixtures("half")
def test_other_allocations_do_not_count(lab: world.Actor) -> None:
    world.allocated(lab, "25-1-0001")
    alone = asked()
    other = world.organisation("firm", "industry")
    world.award(other, "25-1-0002", start=at(4), end=at(5))
    operations.allocate_due(now=NOW)
    found = {
        a.name: a.limits.gpu_hours for a in DesiredState.model_validate_json(queries.desired(SMALL)[2]).allocations
    }
    assert found == {"a-25-1-0001": alone, "a-25-1-0002": 2 * 8 * 30 * 24 // 2}
