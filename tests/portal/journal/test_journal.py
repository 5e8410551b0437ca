"""The journal is a chain that nothing changes unseen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from dure.portal.journal import operations, queries
from dure.portal.journal.models import Entry

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _write(count: int) -> None:
    with transaction.atomic():
        for index in range(count):
            operations.append(at=NOW, actor="tester", event="calls.open", subject="call:1", reason="시험", n=index)


def test_entries_form_a_chain() -> None:
    _write(5)
    assert queries.verify() is None
    assert [entry.detail["n"] for entry in queries.about("call:1")] == [0, 1, 2, 3, 4]
    assert queries.head()[0] == 5


@pytest.mark.parametrize("statement", ["UPDATE journal_entry SET actor = 'x'", "DELETE FROM journal_entry"])
def test_the_database_refuses_changes(statement: str) -> None:
    _write(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("edit", "seq"),
    [
        ("UPDATE journal_entry SET actor = 'x' WHERE seq = 3", 3),
        ("UPDATE journal_entry SET reason = '' WHERE seq = 1", 1),
        ("DELETE FROM journal_entry WHERE seq = 4", 4),
        ("UPDATE journal_entry SET previous_hash = 'sha256:0' WHERE seq = 2", 2),
    ],
)
def test_verify_finds_every_edit(edit: str, seq: int) -> None:
    _write(5)
    with connection.cursor() as cursor:  # somebody with the database's own rights takes the guard off
        names = ["journal_entry_no_update", "journal_entry_no_delete"]
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER journal_entry_append_only ON journal_entry")
        else:
            for name in names:
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(edit)
    broken = queries.verify()
    assert broken is not None
    assert broken.seq == seq


def test_an_entry_needs_a_transaction_and_no_floats() -> None:
    with pytest.raises(TypeError), transaction.atomic():
        operations.append(at=NOW, actor="tester", event="a.b", subject="c:d", share=0.5)
    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        operations.append(at=NOW, actor="tester", event="a.b", subject="c:d")
    assert Entry.objects.count() == 0
