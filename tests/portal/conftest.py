"""What every test of the portal shares."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_remembered_limits():
    """Rate limits count per person, and the next test's people have the same ids."""
    cache.clear()
