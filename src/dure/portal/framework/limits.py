"""Counting how often: one count for all server processes, in files under DURE_HOME, lapsing when it was said to."""

from __future__ import annotations

import pickle
import random
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files import locks

SWEEP_ONE_IN = 200  # writes; between sweeps, files of counts that lapsed lie about


def is_over(key: str, times: int, seconds: int) -> bool:
    """Count once more under `key`: is it more than `times` since the first, at most `seconds` ago?"""
    if cache.add(f"limit:{key}", 1, seconds):
        return False
    try:
        return cache.incr(f"limit:{key}") > times
    except ValueError:  # it lapsed between the two calls
        return False


class Counters(FileBasedCache):
    """Django's cache in files, made fit for counting.

    Django's own gives a count five more minutes whenever it rises, so that whoever comes regularly is shut out in
    the end; loses counts that rise at the same moment; and drops a third of all entries at random once there are 300,
    which anybody can bring about.
    """

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep `value` unless there is one."""
        with self._alone():
            return bool(super().add(key, value, timeout, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add `delta`; the entry lapses when it would have. Raises ValueError when there is none."""
        name = self._key_to_file(key, version)
        with self._alone():
            if not self.has_key(key, version):
                raise ValueError(f"nothing is counted under {key!r}")
            with Path(name).open("rb") as file:
                lapses = pickle.load(file)  # noqa: S301 - the portal's own file, in a folder only it may enter
                count = pickle.loads(zlib.decompress(file.read())) + delta  # noqa: S301
            self._lapses = lapses
            try:
                self.set(key, count, version=version)
            finally:
                self._lapses = None
        return int(count)

    _lapses: float | None = None

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        """When an entry lapses: while a count rises, when it would have."""
        return self._lapses if self._lapses is not None else super().get_backend_timeout(timeout)

    def _cull(self) -> None:
        """Now and then take away what has lapsed; only if too much is left, entries at random."""
        if random.randrange(SWEEP_ONE_IN):  # noqa: S311 - nobody gains by guessing when
            return
        for name in self._list_cache_files():
            try:
                with Path(name).open("rb") as file:
                    self._is_expired(file)
            except FileNotFoundError:
                continue
        super()._cull()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or process counts meanwhile."""
        self._createdir()
        with Path(self._dir, "lock").open("w") as file:
            locks.lock(file, locks.LOCK_EX)
            yield
