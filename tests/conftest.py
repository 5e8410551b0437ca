"""What every test shares: a state folder of its own, made before Django reads its settings."""

from __future__ import annotations

import os
import tempfile

import pytest

os.environ["DURE_HOME"] = tempfile.mkdtemp(prefix="dure-tests-")
os.environ.setdefault("DURE_SECRET_KEY", "tests-only")
# Playwright keeps an event loop in the worker's main thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

LONGEST = (
    "tests/real/test_slurm",
    "tests/real/test_postgresql",
    "tests/simulate",
    "tests/browser",
    "tests/decide/planning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first: with two workers none is left alone with one of them at the end."""

    def rank(item: pytest.Item) -> int:
        return next((place for place, part in enumerate(LONGEST) if part in item.path.as_posix()), len(LONGEST))

    items.sort(key=rank)
