"""Pages read the clock: these tests hold it at one instant."""

from __future__ import annotations

import pytest

from tests.portal import competition


@pytest.fixture(name="at")
def _at(monkeypatch):
    """Set the portal's instant: `at(instant)`; ten days after the opening to begin with."""

    def hold(instant):
        monkeypatch.setattr("dure.portal.site.middleware.now", lambda: instant)

    hold(competition.DURING)
    return hold
