"""Play a scenario: processes started, acts played in virtual time, results written down, the portal left open."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml
from django.core.management import call_command
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.clock import operations as clock_operations
from dure.portal.clock import queries as clock
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.people.actor import system
from dure.portal.plans import queries as plans
from dure.simulate import acts
from dure.simulate.processes import Program, Supervisor
from dure.simulate.scenarios import Scenario
from dure.simulate.stage import ACCOUNTS, PASSWORD, Stage, Stuck, programme_of_portal
from dure.simulate.summary import summary

SYSTEM = system("demo")
AGENT_POLL_SECONDS = 0.2
TOKEN_DAYS = 90
OPENS_WITHIN_SECONDS = 60.0


def play(scenario: Scenario, *, home: Path, port: int, serve: bool) -> int:
    """Play `scenario` with all state under `home`; returns the exit status."""
    console, started = Console(), time.monotonic()
    _require_free(port)
    call_command("migrate", verbosity=0, interactive=False)
    programme = programme_of_portal()
    supervisor = Supervisor({**os.environ, "PYTHONUNBUFFERED": "1"})
    with Progress(
        TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as bars:
        stage = Stage(
            scenario=scenario,
            home=home,
            programme=programme,
            call=programme.call(scenario.call),
            cast=scenario.fill(programme),
            tell=_Bars(bars),
        )
        try:
            open_portal(stage, supervisor, port)
            _play_acts(stage, lambda: _start_agents(stage, supervisor, port))
            found = _write_down(stage)
        except BaseException:
            supervisor.stop()
            raise
    _print(console, stage, found, time.monotonic() - started, supervisor.restarts)
    if serve:
        _stay_open(console, port)
    supervisor.stop()
    return 0


class _Bars:
    """One progress bar for each part of an act."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def __call__(self, part: str, done: int, total: int) -> None:
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=total)
        self._progress.update(self._tasks[part], completed=done, total=total)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            what = Text(f"{port} 포트를 다른 프로그램이 쓰고 있습니다.", f"Port {port} is in use by another program.")
            remedy = Text("--port로 다른 포트를 고르십시오.", "Choose another with --port.")
            raise InvalidInput(Mistake("--port", what, remedy)) from error


def open_portal(stage: Stage, supervisor: Supervisor, port: int) -> None:
    """Start server and loops on the day the call opens."""
    logs = stage.home / "logs"
    start = stage.opens.replace(hour=0, minute=0, second=0)
    if clock.now() > start and not clock.has_begun():
        clock_operations.advance(to=start)
    fleet.load_programme(actor=SYSTEM, now=clock.now())
    supervisor.start(Program("server", ["portal", "serve", "--port", str(port)], logs / "server.log"))
    supervisor.start(Program("loops", ["loop", "all"], logs / "loops.log"))
    _wait_until_open(port)


def _start_agents(stage: Stage, supervisor: Supervisor, port: int) -> None:
    """Start an agent for each government cluster: providers install theirs once there is something to run."""
    for code in stage.agents:
        config = write_agent(stage, code, port, _simulated(stage, code))
        log = stage.home / "logs" / f"agent-{code}.log"
        supervisor.start(Program(f"agent {code}", ["agent", "run", "--config", str(config)], log))


def _wait_until_open(port: int) -> None:
    deadline, said = time.monotonic() + OPENS_WITHIN_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/health/", timeout=5)
            if answer.status_code == 200:
                return
            said = f"status {answer.status_code}"
        except httpx.HTTPError as error:
            said = str(error)
        time.sleep(0.1)
    raise Stuck(f"the portal did not open within {OPENS_WITHIN_SECONDS:.0f} s: {said}")


def write_agent(stage: Stage, code: str, port: int, adapter: Mapping[str, Any], **more: Any) -> Path:
    """The configuration and token of a cluster's agent; a token that still works is kept."""
    folder = stage.home / "agents" / code
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    now = clock.now()
    if not token.exists() or fleet_queries.cluster_of_token(token.read_text().strip(), now) is None:
        issued = fleet.issue_token(actor=SYSTEM, now=now, cluster=code, label="demo", days=TOKEN_DAYS)
        draft = folder / "token.new"
        draft.touch(mode=0o600)
        draft.write_text(issued + "\n")
        draft.replace(token)
    content = {
        "portal": f"http://127.0.0.1:{port}",
        "cluster": code,
        "token_file": "token",
        "state_dir": "state",
        "poll_seconds": AGENT_POLL_SECONDS,
        **more,
        "adapter": dict(adapter),
    }
    config = folder / "agent.yaml"
    config.write_text(yaml.safe_dump(content, sort_keys=False))
    return config


def node_range(code: str) -> str:
    """The nodes of a cluster as one host list: `naver-h200-a-[001-255]`."""
    names = [node.name for node in fleet_queries.nodes(code, clock.now())]
    stem, first = names[0].rsplit("-", 1)
    return f"{stem}-[{first}-{names[-1].rsplit('-', 1)[1]}]"


def _simulated(stage: Stage, code: str) -> dict[str, Any]:
    cluster = stage.programme.cluster(code)
    return {
        "kind": "simulated",
        "directory": "cluster",
        "nodes": node_range(code),
        "gpu_model": cluster.gpu_model,
        "gpus_per_node": cluster.gpus_per_node,
        "nodes_per_leaf": cluster.leaf_nodes,
    }


def _play_acts(stage: Stage, start_agents: Callable[[], None]) -> None:
    acts.prepare(stage)
    acts.apply(stage)
    acts.review(stage)
    acts.decide(stage)
    start_agents()
    acts.answer(stage)
    acts.use(stage)
    acts.bill(stage)


def _write_down(stage: Stage) -> dict[str, Any]:
    """`demo/problem.json`, `plan.json`, `summary.json` under the home folder."""
    folder = stage.home / "demo"
    folder.mkdir(exist_ok=True)
    accepted = plans.accepted(stage.call.code)
    if accepted is None:
        raise RuntimeError("the demo ended without an accepted plan")
    (folder / "problem.json").write_bytes(plans.problem_document(accepted.id))
    (folder / "plan.json").write_bytes(plans.plan_document(accepted.id))
    found = summary(stage.call.code, str(stage.month))
    (folder / "summary.json").write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return found


def _print(console: Console, stage: Stage, found: dict[str, Any], seconds: float, restarts: int) -> None:
    table = Table(title=f"{stage.programme.name.en} — {stage.call.code} (synthetic data, simulated clusters)")
    table.add_column("what")
    table.add_column("how much", justify="right")
    for label, figure in found["figures"].items():
        table.add_row(label, f"{figure:,}" if isinstance(figure, int) else str(figure))
    table.add_row("seconds this took", f"{seconds:.0f}")
    if restarts:
        table.add_row("processes started again", str(restarts))
    console.print(table)
    accounts = Table(title=f"Sign in with one of these; every password is {PASSWORD}")
    for column in ("person", "e-mail"):
        accounts.add_column(column)
    for account in ACCOUNTS:
        accounts.add_row(account.person, account.email)
    console.print(accounts)


def _stay_open(console: Console, port: int) -> None:
    console.print(f"The portal is open at [bold]http://127.0.0.1:{port}[/bold]  (Ctrl-C closes it)")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
