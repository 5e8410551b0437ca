"""Few files of hours: merged without loss or double count wherever it is killed, leftovers removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from dure.core.errors import InvalidInput
from dure.core.period import Month
from dure.metering import store
from dure.portal.loops import meter
from dure.portal.usage import operations, queries
from dure.portal.usage.models import StoredHours, Window
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

LATER = at(6)


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


@pytest.fixture
def lab(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> world.Actor:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, home=tmp_path))
    monkeypatch.setattr(operations, "FILES_MERGED", 4)
    world.load()
    world.epoch_of()
    return world.organisation("lab")


def arrive(*hours: int, revision: int = 0, busy: int = 57600) -> None:
    """Windows that each become a file of their own."""
    for hour in hours:
        window = world.window(at(4) + hour * HOUR, {"a": world.busy(busy), "b": world.idle()}, revision=revision)
        operations.receive(now=LATER, post=world.post(window))
        operations.store_pending(now=LATER)


def used() -> dict[str, queries.Use]:
    return {name: queries.hours(SMALL, name, [Month(2026, 4)])[Month(2026, 4)] for name in ("a", "b")}


def lying() -> set[str]:
    return {path.name for path in queries.directory().iterdir()}


def listed() -> set[str]:
    return {path.name for path in queries.files()}


def test_small_files_become_one_and_say_the_same(lab: world.Actor) -> None:
    arrive(0, 1, 2)
    assert operations.compact(now=LATER) == 0
    arrive(1, revision=1, busy=100)
    before = used()
    assert operations.compact(now=LATER) == 4
    assert len(queries.files()) == 1 and used() == before
    assert before["a"].busy_gpu_seconds == 2 * 57600 + 100
    assert operations.compact(now=LATER) == 0
    first = lying() - listed()
    assert len(first) == 4  # they stay for a while, for who is reading them
    for turn in (1, 2):
        assert first < lying()
        arrive(5 * turn, 5 * turn + 1, 5 * turn + 2)
        after = used()
        assert meter.run(LATER + turn * HOUR) == 4
        assert used() == after
    assert not first & lying()
    assert listed() < lying()
    assert not Window.objects.exclude(stored__superseded_at=None).exists()
    assert Window.objects.filter(stored=None).count() == 0


class Deadly:
    """Counts the points before and after each call of a function, and dies at one of them."""

    def __init__(self, at_point: int) -> None:
        self.points, self._at = 0, at_point

    def _point(self) -> None:
        self.points += 1
        if self.points - 1 == self._at:
            raise Killed

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self._point()
            result = real(*args, **kwargs)
            self._point()
            return result

        return stepped


def test_killed_anywhere_nothing_is_lost_or_counted_twice(lab: world.Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(0, 1, 2, 3)
    operations.compact(now=LATER)
    arrive(4, 5, 6)
    operations.compact(now=LATER + HOUR)
    arrive(7, 8, 9)
    before = used()
    unlink, put, append = (Path, "unlink"), (store, "_put"), (operations.journal, "append")
    for (owner, name), point in ((unlink, 0), (unlink, 1), (unlink, 3), (put, 0), (put, 1), (append, 0), (append, 1)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, Deadly(point).around(getattr(owner, name)))
            with pytest.raises(Killed):
                operations.compact(now=LATER + 2 * HOUR)
        assert used() == before
    assert operations.compact(now=LATER + 2 * HOUR) == 4
    assert used() == before
    assert len(lying()) == 1 + 4 + 4  # what counts, and what was replaced at the last two merges
    assert StoredHours.objects.filter(superseded_at=None).count() == 1


def test_files_nobody_lists_are_removed_once_they_are_old(lab: world.Actor) -> None:
    arrive(0, 1, 2, 3)
    for name, age in (("orphan.parquet", 3700), (".cut-off.parquet.part", 3700), ("young.parquet", 60)):
        path = queries.directory() / name
        path.write_bytes(b"x")
        newest = max(one.stat().st_mtime for one in queries.directory().iterdir())
        os.utime(path, (newest - age, newest - age))
    operations.compact(now=LATER)
    assert {"orphan.parquet", ".cut-off.parquet.part"} & lying() == set()
    assert "young.parquet" in lying()


def test_a_damaged_file_is_told_and_nothing_merged(lab: world.Actor) -> None:
    arrive(0, 1, 2, 3)
    row = StoredHours.objects.order_by("id")[1]
    path = Path(settings.ENV.home) / row.path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(InvalidInput) as caught:
        operations.compact(now=LATER)
    assert caught.value.mistakes[0].where == row.path
    assert StoredHours.objects.filter(superseded_at=None).count() == 4
