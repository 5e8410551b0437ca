"""Runs the loops: woken by a timer or a commit, given no input, idempotent, safe to kill at any line.

Each loop is a module here with `run(now) -> int`: do what is due at `now`, say how many things were done.
A loop that did something is run again at once; one that found nothing to do sleeps.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from django.db import DatabaseError, close_old_connections, connection

from dure.core.errors import DureError
from dure.portal.allocations import queries as allocations
from dure.portal.clock import operations as clock_operations
from dure.portal.clock import queries as clock
from dure.portal.loops import leases
from dure.portal.loops.holder import holder_name
from dure.portal.usage import queries as usage

log = logging.getLogger("dure.loops")

LOOPS = ("expire", "plan", "allocate", "meter", "reclaim", "bill", "deliver")
JUDGE_USE = ("reclaim",)
PAUSE_SECONDS = 5.0
VIRTUAL_PAUSE_SECONDS = 0.2
LOOK_SECONDS = 0.05
AFTER_ERROR_SECONDS = 2.0


class Loop(Protocol):
    """A loop's module."""

    run: Callable[[datetime], int]


def reporter(name: str) -> str:
    """How a loop is named where virtual time waits for it."""
    return f"loop:{name}"


def turn(name: str, holder: str) -> int:
    """One turn of loop `name` if its lease can be had: how many things it did, 0 when there was nothing or no lease.

    In virtual time the loop reports the instant done only after a turn in which nothing was left to do.
    """
    if not leases.take(name, holder):
        return 0
    instant = clock.now()
    if clock.is_virtual() and name in JUDGE_USE and not _use_has_arrived(instant):
        return 0
    done = cast(Loop, import_module(f"dure.portal.loops.{name}")).run(instant)
    if clock.is_virtual() and not done:
        clock_operations.report_done(reporter=reporter(name), at=instant)
    return done


def _use_has_arrived(instant: datetime) -> bool:
    """Whether agents and meter loop are done with all use up to `instant`.

    In virtual time a day passes at once, so a loop that judges use must wait for it; on wall time use that is late
    is missing, which no rule takes for idle.
    """
    return not allocations.agents_behind(instant) and not usage.unstored()


def run_forever(names: Iterable[str], stop: threading.Event) -> None:
    """Run the loops `names`, a thread each, until `stop` is set."""
    threads = [threading.Thread(target=_keep_turning, args=(name, stop), name=f"loop-{name}") for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _keep_turning(name: str, stop: threading.Event) -> None:
    holder = holder_name()
    while not stop.is_set():
        seen = _database_version()
        try:
            done = turn(name, holder)
        except (DureError, DatabaseError, OSError) as error:
            # The world may be out of order for a while (database restarting, disk full): say so and come back.
            log.warning("loop %s: %s", name, error, exc_info=not isinstance(error, DureError))
            stop.wait(AFTER_ERROR_SECONDS)
            done = 0
        close_old_connections()
        if not done:
            _rest(stop, seen)
    leases.give_back(name, holder)
    connection.close()


def _rest(stop: threading.Event, seen: int | None) -> None:
    """Sleep until the timer, or on SQLite until somebody else has committed anything (the nudge)."""
    longest = VIRTUAL_PAUSE_SECONDS if clock.is_virtual() and seen is None else PAUSE_SECONDS
    deadline = time.monotonic() + longest
    while not stop.wait(LOOK_SECONDS) and time.monotonic() < deadline:
        if seen is not None and _database_version() != seen:
            return


def _database_version() -> int | None:
    """A number that changes with every commit of another connection; None where the database has none to give."""
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        found: int = cursor.execute("PRAGMA data_version").fetchone()[0]
    return found
