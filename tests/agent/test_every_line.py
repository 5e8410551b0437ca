"""Die before or after every single effect of a story (file renamed or deleted, request answered): the same end.

A play dies once in every scene, at the same place of each: so as many plays as the longest scene has effects reach all.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from dure.agent.client import PortalUnreachable
from tests.agent.conftest import T0, Site, allocation
from tests.agent.fake_portal import FakePortal


class Killed(BaseException):
    """Not an Exception: nothing in the agent may catch it, as nothing catches SIGKILL."""


class Executioner:
    """Kills at the `at`-th effect of every scene, before or after it; never when `at` is None."""

    def __init__(self, at: int | None, after: bool) -> None:
        self.counts, self._at, self._after = [0], at, after

    def next_scene(self) -> None:
        self.counts.append(0)

    def around(self, effect):
        def watched(*args, **kwargs):
            self.counts[-1] += 1
            mine = self.counts[-1] == self._at
            if mine and not self._after:
                raise Killed
            result = effect(*args, **kwargs)
            if mine:
                raise Killed
            return result

        return watched


def story(portal: FakePortal) -> list:
    """What people do, a step at a time; the clock moves on between."""
    return [
        lambda: portal.want(allocation(), allocation("a-2", ("n003", "n004"), end=T0 + timedelta(hours=5))),
        lambda: (portal.change("a-1", nodes=("n001", "n003")), portal.change("a-2", nodes=("n002", "n004"))),
        lambda: portal.change("a-1", members=[{"login": "lee"}], limits={"gpu_hours": 5}),
        lambda: portal.change("a-1", present=False),
    ]


def until_done(site: Site) -> None:
    """Start the agent again for as long as it dies."""
    for _ in range(3):
        try:
            return site.cycle()
        except (Killed, PortalUnreachable):
            continue
    raise AssertionError("it never got through")


def play(folder: Path, patch: pytest.MonkeyPatch, at: int | None, after: bool):
    portal = FakePortal("c-1", T0)
    folder.mkdir()
    site = Site(folder, portal)
    executioner = Executioner(at, after)
    with patch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)  # a killed process loses nothing it has written
        patched.setattr(Path, "replace", executioner.around(Path.replace))
        patched.setattr(Path, "unlink", executioner.around(Path.unlink))
        patched.setattr(portal, "answer", executioner.around(portal.answer))
        for step in story(portal):
            step()
            until_done(site)
            portal.advance(hours=2)
            executioner.next_scene()
        until_done(site)
    report = portal.report.model_dump()
    report.pop("instance")
    ledger = (folder / "state" / "ledger.json").read_text()
    windows = [(w.start, w.digest()) for w in portal.latest()]
    assert "conflict" not in portal.outcomes
    assert not list((folder / "state" / "spool").glob("[0-9]*.json"))
    return executioner.counts, (report, windows, ledger, site.cluster.observe(portal.now).model_dump())


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_death_at_any_effect_changes_nothing_in_the_end(tmp_path, monkeypatch, after):
    effects, calm = play(tmp_path / "calm", monkeypatch, None, after)
    assert sum(effects) > 40
    assert len(calm[1]) == 8
    for at in range(1, max(effects) + 1):
        _, end = play(tmp_path / f"{at}", monkeypatch, at, after)
        assert end == calm, f"killed {'after' if after else 'before'} effect {at}"
