"""The inner half of the Slurm demo: a portal, call 25-1 played to its awards, agents, jobs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CalledProcessError

from django.core.management import call_command
from rich.console import Console

from dure.portal.allocations import queries as allocations
from dure.portal.allocations.queries import AllocationView
from dure.portal.clock import operations as clock_operations
from dure.portal.clock import queries as clock
from dure.portal.loops import driver
from dure.portal.people.actor import system
from dure.simulate import acts, demo, scenarios, slurm_outside
from dure.simulate.processes import Program, Supervisor
from dure.simulate.slurm_fleet import Fleet, add_people
from dure.simulate.stage import Stage, Stuck, programme_of_portal

READER = system("demo")
TICK_SECONDS = 1.0
PATIENCE_SECONDS = 900.0


class _LoopsOnly(Stage):
    """A stage whose clock waits for the loops alone: the agents come later."""

    def advance(self, to: datetime) -> None:
        """Set the clock to `to` (never back) and wait until every loop has reported it done."""
        at = max(to.replace(microsecond=0), self.now())
        clock_operations.advance(to=at)
        loops = {driver.reporter(name) for name in driver.LOOPS} - {driver.reporter(name) for name in driver.JUDGE_USE}
        self.wait(lambda: not clock.waiting_for(loops, at), lambda: str(clock.waiting_for(loops, at)))


class Play:
    """The parts of the demo, in order: `fleet.up`, `call`, `make_real`, `run_jobs`, `stay_open`; `stop` in any case."""

    def __init__(self, folder: Path, port: int, console: Console) -> None:
        scenario = scenarios.named("korea")
        programme = programme_of_portal()
        self._stage = _LoopsOnly(
            scenario=scenario,
            home=folder / "portal",
            programme=programme,
            call=programme.call(scenario.call),
            cast=scenario.fill(programme),
            tell=self._tell,
        )
        self._port, self._console = port, console
        offset = int((self._stage.use_from - clock.wall()).total_seconds())
        wanted = [(one.code, one.nodes, one.gpu_model) for one in programme.government_clusters]
        self.fleet = Fleet(folder / "clusters", wanted, offset)
        self._portal = Supervisor({**os.environ})
        self._agents = Supervisor({**os.environ, "PATH": self.fleet.path()})
        self._jobs: dict[tuple[str, str], str] = {}
        self._told: set[str] = set()

    def call(self) -> None:
        """Call 25-1 from its announcement to signed agreements, in virtual time."""
        call_command("migrate", verbosity=0, interactive=False)
        demo.open_portal(self._stage, self._portal, self._port)
        acts.prepare(self._stage)
        acts.apply(self._stage)
        acts.review(self._stage)
        acts.decide(self._stage)
        acts.answer(self._stage)
        self._stage.advance(self._stage.now() + timedelta(minutes=1))  # the last agreements become allocations too
        # A site's accounts come first: Slurm looks a new user up when it is told of them.
        add_people(self._login(one) for one in self._all())

    def make_real(self) -> None:
        """Portal and clusters on one clock from here on; agents start, and every award that has begun is made real."""
        self._tick()
        for code, cluster in self.fleet.clusters.items():
            adapter = {
                "kind": "slurm",
                "cluster_name": code,
                "gpu_model": cluster.gpu_model,
                "state_directory": "slurm",
                "keys_directory": "keys",
                "nodes": demo.node_range(code),
                "slurm_conf": str(cluster.conf),
                "command_timeout_seconds": 300,
            }
            config = demo.write_agent(self._stage, code, self._port, adapter, is_test=True)
            log = self._stage.home / "logs" / f"agent-{code}.log"
            self._agents.start(Program(f"agent {code}", ["agent", "run", "-v", "--config", str(config)], log))
        self._wait(lambda: all(one.ready_at for one in self._begun()), lambda: "awards to be made real")
        self._wait(lambda: not self._silent(), lambda: "all agents to report")

    def run_jobs(self) -> None:
        """A job of its whole size on every award that has begun, submitted by its holder."""
        left = {one.name: one for one in self._begun()}
        refusals: dict[str, str] = {}

        def all_submitted() -> bool:
            for name, one in list(left.items()):
                try:
                    job = self.fleet.submit(one.cluster, self._login(one), name, one.nodes)
                except CalledProcessError as error:  # a controller that is busy is asked again
                    refusals[name] = error.stderr.strip()
                    continue
                self._jobs[one.cluster, job] = name
                del left[name]
            return not left

        self._wait(all_submitted, lambda: f"jobs to be taken: {[(name, refusals.get(name)) for name in left][:3]}")
        self._wait(
            lambda: self._running() == len(self._jobs), lambda: f"jobs: {self._running()} of {len(self._jobs)} run"
        )

    def figures(self) -> dict[str, int]:
        """What is there now."""
        begun = self._begun()
        everything = list(self._all())
        return {
            "clusters": len(self.fleet.clusters),
            "nodes": sum(one.nodes for one in self.fleet.clusters.values()),
            "fake GPUs": sum(one.nodes for one in self.fleet.clusters.values()) * 8,
            "agents": len(self._agents.pids()),
            "awards agreed": len(everything),
            "awards begun and made real": sum(one.ready_at is not None for one in begun),
            "nodes held by awards": sum(len(one.held_nodes) for one in begun),
            "jobs running": self._running(),
            "GPUs in running jobs": sum(one.nodes for one in begun if one.name in self._jobs.values()) * 8,
        }

    def stay_open(self, door: int) -> None:
        """Let people at this machine in to the portal until the demo is stopped."""
        threading.Thread(target=slurm_outside.let_in, args=(door, self._port), daemon=True).start()
        self._console.print(f"The portal is open at [bold]http://127.0.0.1:{self._port}[/bold]  (Ctrl-C ends all)")
        while True:
            self._tick()
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """End agents, loops and server; the clusters end with the namespaces."""
        self._agents.stop()
        self._portal.stop()

    def _tell(self, part: str, done: int, total: int) -> None:
        """One line for each part of the call that is done; acts say so again while they wait."""
        if done == total and part not in self._told:
            self._told.add(part)
            self._console.print(f"{part}: {total:,}")

    def _tick(self) -> None:
        """Put the portal's clock where the clusters' is."""
        now = (clock.wall() + timedelta(seconds=self.fleet.offset_seconds)).replace(microsecond=0)
        if now > self._stage.now():
            clock_operations.advance(to=now)

    def _all(self) -> list[AllocationView]:
        return [allocations.view_of(row) for row in allocations.listing(READER)]

    def _begun(self) -> list[AllocationView]:
        now = self._stage.now()
        return [one for one in self._all() if one.state == "present" and one.start_at <= now]

    def _login(self, one: AllocationView) -> str:
        """The login name of the first person who may use it."""
        return allocations.login_of(allocations.members(one.id)[0].id)

    def _silent(self) -> set[str]:
        """Clusters whose agent has not reported yet."""
        return {code for code in self.fleet.clusters if allocations.report(code).done_at is None}

    def _running(self) -> int:
        states = {code: self.fleet.states(code) for code in {code for code, _ in self._jobs}}
        return sum(states[code].get(job) == "RUNNING" for code, job in self._jobs)

    def _wait(self, is_so: Callable[[], bool], what: Callable[[], str]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise Stuck(f"waited {PATIENCE_SECONDS:.0f} s for {what()}")
            self._tick()
            time.sleep(TICK_SECONDS)
