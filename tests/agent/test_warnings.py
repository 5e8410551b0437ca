"""Running jobs are told of the end of their allocation a day and an hour before, once each, where they can be told."""

from datetime import timedelta

import pytest

from dure.agent.clusters.port import Observed, wanted
from dure.agent.diff import diff
from dure.agent.ledger import Ledger
from dure.protocol.desired import DesiredState
from tests.agent.conftest import T0, allocation

HOUR = timedelta(hours=1)
AWARD = allocation()


@pytest.fixture
def told(tmp_path):
    """Takes an allocation and an instant: whether its jobs are told then; what is told is noted, as the agent does."""

    def look(award, now, *, warns=True, stands=True) -> bool:
        ledger = Ledger(tmp_path)  # as after a restart
        standings = {award.name: wanted(award, now, lends=False)} if stands else {}
        desired = DesiredState(cluster="c-1", generation=1, epoch=1, allocations=(award,))
        observed = Observed(standings=standings, foreign={}, warns=warns)
        ledger.settle(desired, observed, now, timedelta(0))
        warnings = [step for step in diff(desired, observed, ledger, now).steps if step.verb == "warn"]
        for step in warnings:
            assert (step.name, step.after.hold.end) == (award.name, award.end)
            ledger.note_warning(step.name, award.end, now)
        return bool(warnings)

    return look


def test_a_day_and_an_hour_before_the_end_once_each(told):
    before = (48, 24.1, 24, 23, 2, 1.1, 1, 0.5, 0.01)
    assert [hours for hours in before if told(AWARD, AWARD.end - hours * HOUR)] == [24, 1]


def test_who_was_away_for_the_first_is_told_once(told):
    assert told(AWARD, AWARD.end - HOUR / 2)
    assert not told(AWARD, AWARD.end - HOUR / 3)


def test_an_end_that_moved_is_told_anew(told):
    now = AWARD.end - 2 * HOUR
    assert told(AWARD, now)
    sooner = AWARD.model_copy(update={"end": now + HOUR / 4})
    assert told(sooner, now)
    assert not told(sooner, now + HOUR / 8)
    assert not told(AWARD.model_copy(update={"end": AWARD.end + 100 * HOUR}), now)


def test_nothing_is_told_where_there_is_nothing_to_tell(told):
    at = AWARD.end - HOUR / 2
    assert not told(AWARD, at, warns=False)
    assert not told(AWARD, at, stands=False)
    assert not told(AWARD.model_copy(update={"nodes": ()}), at)
    assert not told(AWARD.model_copy(update={"present": False}), at)
    assert not told(AWARD, AWARD.end)
    short = AWARD.model_copy(update={"end": T0 + HOUR})
    assert not told(short, T0 + HOUR / 2)  # whoever has an hour knows
