"""Real portal, real agent, real Slurm: from the acceptance of an award to its first job."""

import time
from datetime import timedelta

from dure.portal.allocations import queries as allocations
from dure.portal.framework.programme import current
from tests.portal import realised as world
from tests.portal.realised import SMALL
from tests.real.slurm.conftest import slurm, wait_until
from tests.real.slurm.real_portal import RealSite, agreed, login_of, loops, submit_as
from tests.real.slurm.site import instant, until


def test_from_acceptance_to_the_first_running_job_within_a_minute(tmp_path, db, monkeypatch):
    programme = current()
    half = tuple(track.model_copy(update={"gpu_hours_percent": 50}) for track in programme.tracks)
    changed = programme.model_copy(update={"tracks": half})
    monkeypatch.setattr("dure.portal.allocations.queries.current", lambda: changed)
    site = RealSite(tmp_path, 32)
    site.cycle()  # the agent has been there for weeks
    now, began = instant(), time.monotonic()
    name = agreed("25-1-0001", now - timedelta(minutes=1), now + timedelta(days=30), now)
    loops("allocate")
    login = login_of(name)  # the site's accounts come first: Slurm looks a new user up when it is told of them

    def is_ready() -> bool:
        site.cycle()
        return allocations.allocation(name, world.manager()).ready_at is not None

    wait_until(is_ready, "the award to be real")  # it begins with the second after its agreement
    job = submit_as(login, name, "-t", "60")
    until(job, "RUNNING")
    seconds = time.monotonic() - began
    print(f"\nfigure: acceptance of an award to its first running job: {seconds:.1f} s")
    assert seconds < 60
    seen = allocations.allocation(name, world.manager())
    assert seen.ready_at is not None
    budget = allocations.gpu_hour_budgets([seen.id])[seen.id]
    assert budget == int((seen.end_at - seen.start_at).total_seconds()) * 2 * 8 // 2 // 3600
    minutes = slurm("sacctmgr", "-n", "-P", "list", "assoc", f"account={name}", "user=", "format=GrpTRESMins")
    assert minutes.strip() == f"gres/gpu={budget * 60}"  # as the track says, down to Slurm
    assert seen.held_nodes == seen.node_names == (f"{SMALL}-001", f"{SMALL}-002")
