"""The real portal in this process, before the lab's Slurm: its doors are called without a socket."""

from __future__ import annotations

from datetime import datetime

import httpx
from django.core.wsgi import get_wsgi_application

from dure.portal.allocations import queries as allocations
from dure.portal.clock import queries as clock
from dure.portal.fleet import operations as fleet
from dure.portal.loops import driver
from dure.simulate.slurm_fleet import add_people
from tests.agent.conftest import Site
from tests.portal import realised as world
from tests.portal.realised import SMALL
from tests.real.slurm.conftest import slurm

NODES_BOOKED_FROM = 1


class RealPortal:
    """The part of the fake portal that a site needs, of the real one."""

    def transport(self) -> httpx.WSGITransport:
        return httpx.WSGITransport(app=get_wsgi_application())


class RealSite(Site):
    """The site of the programme's smallest Slurm cluster; its servers are the lab's first ones."""

    def __init__(self, folder, nodes: int, **changes) -> None:
        self._nodes, self._changes = nodes, changes
        world.load()
        super().__init__(folder, RealPortal())
        token = fleet.issue_token(actor=world.SYSTEM, now=clock.now(), cluster=SMALL, label="lab", days=90)
        (folder / "token").write_text(token + "\n")

    def write(self, **changes) -> None:
        adapter = {
            "kind": "slurm",
            "cluster_name": "lab",
            "gpu_model": "h200",
            "keys_directory": "keys",
            "state_directory": "slurm",
            "nodes": f"{SMALL}-[001-{self._nodes:03d}]",
            "site_nodes": f"n[001-{self._nodes:03d}]",
        }
        super().write(**{"portal": "http://127.0.0.1", "cluster": SMALL, "adapter": adapter} | self._changes | changes)


def loops(*names: str) -> None:
    """Turns of the portal's loops, until none has anything left to do."""
    for _ in range(20):
        if not sum(driver.turn(name, "tests") for name in names or driver.LOOPS):
            return
    raise AssertionError("the loops find no end")


def login_of(name: str) -> str:
    """The Unix account of the allocation's first member, made as a site would."""
    allocation = allocations.allocation(name, world.manager())
    login = allocations.login_of(allocations.members(allocation.id)[0].id)
    add_people([login])
    return login


def submit_as(login: str, account: str, *words: str, command: str = "sleep 600") -> str:
    """A job of one node with 8 GPUs as `login`: its number, or Slurm's refusal."""
    job = ("sbatch", "--parsable", f"--uid={login}", "-A", account, "-N1", "--gres=gpu:8", "-D", "/tmp")
    return slurm(*job, "-o", "/dev/null", "--export=NONE", *words, "--wrap", command, check=False).strip()


def agreed(number: str, start: datetime, end: datetime, now: datetime, applicant_class: str = "industry") -> str:
    """An offer accepted and signed by both; the allocation's name to come."""
    from datetime import timedelta

    from dure.portal.awards import operations as awards
    from dure.portal.awards.models import Award

    holder = world.organisation("firm", applicant_class)
    world.award(holder, number, start=start, end=end, state="offered")
    Award.objects.filter(number=number).update(respond_by=now + timedelta(days=1))
    awards.accept(actor=holder, now=now, number=number)
    awards.sign(actor=holder, now=now, number=number)
    awards.countersign(actor=world.manager(), now=now, number=number)
    return f"a-{number}"
