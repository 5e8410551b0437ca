"""Storage: a site's own command, asked now and then, believed only where it can be read."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from dure.agent.clusters.options import StorageOptions
from dure.agent.clusters.storage import StorageCommand
from dure.protocol.report import StorageUse
from tests.agent.conftest import T0, allocation

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def command(tmp_path, body: str, **changes) -> StorageCommand:
    """A command that runs `body` as Python and notes each call."""
    script = tmp_path / "storage.py"
    script.write_text(
        f"import sys\nopen({str(tmp_path / 'asked')!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))\n{body}"
    )
    return StorageCommand(StorageOptions(command=(sys.executable, str(script)), **changes))


def asked(tmp_path) -> list[str]:
    return (tmp_path / "asked").read_text().splitlines()


GOOD = "for n in sys.argv[1:]: print(n, '/scratch/' + n, 5, 10, sep='\\t')"


def test_it_is_asked_once_an_hour_and_again_for_other_allocations(tmp_path):
    found = command(tmp_path, GOOD)
    use = StorageUse(path="/scratch/a-1", used_bytes=5, quota_bytes=10)
    assert found.of(["a-1"], NOW) == {"a-1": use}
    assert found.of(["a-1"], NOW + timedelta(minutes=59)) == {"a-1": use}
    assert asked(tmp_path) == ["a-1"]
    found.of(["a-1"], NOW + timedelta(minutes=60))
    found.of(["a-2", "a-1"], NOW + timedelta(minutes=61))
    assert asked(tmp_path) == ["a-1", "a-1", "a-1 a-2"]


def test_without_allocations_or_command_nothing_is_asked(tmp_path):
    assert command(tmp_path, GOOD).of([], NOW) == {}
    assert not (tmp_path / "asked").exists()
    assert StorageCommand(None).of(["a-1"], NOW) == {}


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "print('a-1 /scratch 5 10')",
        "print('a-1', '/scratch', -5, 10, sep='\\t')",
        "print('a-1', '/scratch', 5, 0, sep='\\t')",
        "print('a-1', '', 5, 10, sep='\\t')",
        "print('other', '/scratch', 5, 10, sep='\\t')",
        "import time; time.sleep(5)",
    ],
)
def test_what_cannot_be_believed_is_not_reported(tmp_path, body):
    found = command(tmp_path, body, timeout_seconds=2)
    assert found.of(["a-1"], NOW) == {}


def test_a_missing_command_is_not_reported_and_not_fatal():
    found = StorageCommand(StorageOptions(command=("/no/such/command",)))
    assert found.of(["a-1"], NOW) == {}


def test_the_simulated_clusters_storage_fills_week_by_week_and_is_reported(site, portal):
    portal.want(allocation(end=T0 + timedelta(days=400)))
    used = []
    for _ in range(40):
        site.cycle()
        (one,) = portal.report.allocations
        used.append(one.storage.used_bytes)
        portal.advance(days=7)
    assert one.storage.path == "/scratch/award-a-1"
    assert one.storage.quota_bytes == 2 * 20 * 2**40
    assert used == sorted(used)
    assert used[0] < used[-1] <= one.storage.quota_bytes
    assert portal.inventory.engine == "simulated"


def test_storage_is_no_longer_spoken_of_once_it_is_over(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.change("a-1", present=False)
    portal.advance(hours=1)
    site.cycle()
    assert portal.report.allocations[0].storage is None
