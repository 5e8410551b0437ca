"""`dure bill` and `dure journal` as a person at a terminal meets them."""

from __future__ import annotations

import pytest
from django.db import connection
from typer.testing import CliRunner

from dure.cli import bill, journal
from dure.core.errors import InvalidInput, NotFound
from dure.portal.billing.models import Invoice
from tests.portal import realised as world
from tests.portal.realised import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def firm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURE_LANG", "en")
    monkeypatch.setattr("dure.portal.clock.queries.now", lambda: at(5))
    world.load()
    world.allocated(world.organisation("firm", "industry"), "25-1-0001", nodes=1)


def run(app: object, *words: str) -> str:
    found = CliRunner().invoke(app, list(words), env={"COLUMNS": "160"})
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.output


def test_draft_writes_nothing_close_writes_once_show_shows() -> None:
    assert "Draft of 2026-04" in run(bill.app, "draft", "2026-04")
    assert not Invoice.objects.exists()
    assert "1 invoices written" in run(bill.app, "close", "2026-04")
    assert "closed already" in run(bill.app, "close", "2026-04")
    assert "2026-04-firm" in run(bill.app, "show", "2026-04")
    assert "3,200,000" in run(bill.app, "show", "2026-04-firm")


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(InvalidInput, match="month"):
        run(bill.app, "close", "April")
    with pytest.raises(InvalidInput, match="not over"):
        run(bill.app, "close", "2026-05")
    with pytest.raises(NotFound):
        run(bill.app, "show", "2026-04-nobody")
    assert not Invoice.objects.exists()


def test_verify_holds_until_somebody_edits() -> None:
    assert "entries hold" in run(journal.app, "verify")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER journal_entry_no_update")
        cursor.execute("UPDATE journal_entry SET actor = 'somebody' WHERE seq = 2")
    found = CliRunner().invoke(journal.app, ["verify"])
    assert found.exit_code == 1 and "entry 2" in found.output
