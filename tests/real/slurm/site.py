"""A provider's site whose cluster is the lab's Slurm, awards to make real on it, and waiting for jobs."""

import time
from datetime import UTC, datetime, timedelta

from tests.agent.conftest import Site, allocation
from tests.real.slurm.conftest import slurm


class SlurmSite(Site):
    """A site whose cluster is the lab's Slurm, and a portal that keeps real time."""

    telemetry = None
    extra = {}

    def write(self, **changes):
        adapter = {
            "telemetry": self.telemetry,
            "kind": "slurm",
            "cluster_name": "lab",
            "gpu_model": "H200",
            "keys_directory": "keys",
            "state_directory": "slurm",
            **self.extra,
        }
        super().write(**{"adapter": adapter, "recheck_hours": 2, "settle_seconds": 0, "confirm_seconds": 0} | changes)

    def cycle(self):
        self.portal.now = instant()
        super().cycle()

    def seen(self, name="award-a-1"):
        return self.cluster.observe(instant()).standings.get(name)


def instant() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def award(ident="a-1", nodes=("n001", "n002"), people=("alice",), hours=24, **changes):
    start = changes.pop("start", instant() - timedelta(seconds=5))
    members = [{"login": name, "ssh_keys": [f"ssh-ed25519 AAAA {name}"]} for name in people]
    return allocation(ident, nodes, start=start, end=start + timedelta(hours=hours), members=members, **changes)


def state_of(job: str) -> tuple[str, str]:
    found = slurm("squeue", "-h", "-j", job, "-o", "%T|%r", check=False).strip()
    status, _, reason = found.partition("|")
    return status, reason


def until(job: str, *states: str, seconds: float = 120) -> tuple[str, str]:
    assert job.isdigit(), job  # else it is Slurm's refusal
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = state_of(job)
        if found[0] in states:
            return found
        time.sleep(0.2)
    raise AssertionError(f"job {job} is {state_of(job)}, not {states}")


def until_reason(job: str, reason: str, seconds: float = 120) -> None:
    assert job.isdigit(), job
    deadline = time.monotonic() + seconds
    while reason not in state_of(job)[1]:
        assert time.monotonic() < deadline, state_of(job)
        time.sleep(0.2)
