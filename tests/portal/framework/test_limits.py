"""Counts lapse when they were said to, whoever counts meanwhile, and nobody can push another's out."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dure.portal.framework import limits
from dure.portal.framework.limits import Counters


@pytest.fixture
def counters(tmp_path):
    return Counters(tmp_path, {"OPTIONS": {"MAX_ENTRIES": 1000}})


def test_a_count_that_rises_lapses_no_later(counters, monkeypatch):
    began = time.time()
    assert counters.add("agent", 1, 60)
    for second in range(10, 60, 10):
        monkeypatch.setattr(time, "time", lambda second=second: began + second)
        assert counters.incr("agent") == second // 10 + 1
    monkeypatch.setattr(time, "time", lambda: began + 600)
    with pytest.raises(ValueError, match="nothing is counted"):
        counters.incr("agent")
    assert counters.add("agent", 1, 60), "a new minute begins"


def test_a_value_set_meanwhile_has_its_own_time(counters, monkeypatch):
    began = time.time()
    counters.add("count", 1, 60)
    counters.incr("count")
    counters.set("other", "x", 600)
    monkeypatch.setattr(time, "time", lambda: began + 100)
    assert counters.get("other") == "x"
    assert counters.get("count") is None


def test_no_count_is_lost_between_processes_and_threads(tmp_path):
    def rise(_: int) -> bool:
        own = Counters(tmp_path, {})
        return own.add("key", 1, 60) or own.incr("key") > 0

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(rise, range(40)))
    assert Counters(tmp_path, {}).get("key") == 40


def test_what_lapsed_is_swept_away_and_what_counts_is_not(counters, monkeypatch):
    began = time.time()
    counters.add("mine", 1, 6000)
    for number in range(400):  # Django's own would have dropped entries at random from the 300th on
        counters.add(f"flood-{number}", 1, 60)
    monkeypatch.setattr(time, "time", lambda: began + 600)
    monkeypatch.setattr(limits, "SWEEP_ONE_IN", 1)
    counters.add("another", 1, 60)
    assert len(counters._list_cache_files()) == 2
    assert counters.get("mine") == 1
