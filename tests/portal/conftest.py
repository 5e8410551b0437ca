"""What every test of the portal shares."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_remembered_limits(settings):
    """Rate limits count per person, and the next test's people have the same ids; other runs count apart."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def committed(transactional_db):
    """For tests that need real commits (other threads, other processes): afterwards the journal is emptied.

    The database refuses to delete entries, so its guard is taken off for that moment.
    """
    yield
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM journal_entry")
            cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry'")
        guards = cursor.fetchall()
        for name, _ in guards:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("DELETE FROM journal_entry")
        for _, statement in guards:
            cursor.execute(statement)
