"""Fifty agents that poll the real server every ten seconds for 1,642 nodes and 2,000 allocations.

The fleet is the programme file's; the allocations' documents are SYNTHETIC and written straight into the table that the
door serves. Cost is the server process's own CPU time.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from bench.frame import Row, row

AGENTS, EVERY, ALLOCATIONS, SECONDS, TURNS = 50, 10.0, 2_000, 10.0, 4
DOOR = "/api/agent/v1/desired"
TARGET = (
    "Desired state for 1,642 nodes and 2,000 allocations served to 50 agents polling every 10 s: CPU and bytes per poll"
    " (304 when unchanged), portal p95 unaffected."
)


def polling(folder: Path) -> list[Row]:
    """CPU and bytes of a poll, changed and unchanged; latency of the front page without and with the fifty agents."""
    home = folder / "portal"
    home.mkdir()
    environment = os.environ | {"DURE_HOME": str(home), "DURE_CLOCK": "wall", "DURE_SECRET_KEY": secrets.token_hex(32)}
    made = subprocess.run(
        [sys.executable, "-m", "bench.polling"], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    tokens = made.stdout.split()
    with _served(environment) as (url, pid):
        changed, body = _cpu_a_poll(url, tokens[0], pid, tag="", times=200)
        tag = _tag(url, tokens[0])
        unchanged, nothing = _cpu_a_poll(url, tokens[0], pid, tag=tag, times=500)
        alone, polled = _with_and_without(url, tokens)
    return [
        row("poll unchanged (304)", unchanged * 1e3, "ms CPU", TARGET, lambda ms: ms <= 10,
            baseline="the same poll answered in full", ratio=changed / unchanged),
        row("bytes of a poll unchanged", nothing, "bytes", TARGET, lambda size: size == 0),
        row(f"bytes of a poll in full, {ALLOCATIONS * 382 // 1642} allocations on 382 nodes", body, "bytes", TARGET,
            lambda size: size > 0),
        row("share of one core for 50 agents, nothing changed", 100 * unchanged * AGENTS / EVERY, "%", TARGET,
            lambda percent: percent <= 10),
        row("front page p95 with 50 agents", polled * 1e3, "ms", TARGET, lambda ms: ms <= 1.25 * alone * 1e3 + 5,
            baseline="the same without agents", ratio=polled / alone),
    ]  # fmt: skip


@contextlib.contextmanager
def _served(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dure.cli", "portal", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/health/").status_code == 200:
                    break
            time.sleep(0.1)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait()


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children (the server's worker), in seconds."""
    ticks, pids = 0, [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == pid:
                    pids.append(int(entry.name))
    for one in pids:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _ask(session: httpx.Client, url: str, token: str, tag: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Dure-Protocol": "1"} | ({"If-None-Match": tag} if tag else {})
    answer = session.get(f"{url}{DOOR}", headers=headers)
    if answer.status_code != (304 if tag else 200):
        raise RuntimeError(f"the door answers {answer.status_code}: {answer.text[:200]}")
    return answer


def _tag(url: str, token: str) -> str:
    with httpx.Client() as session:
        return _ask(session, url, token, "").headers["ETag"]


def _cpu_a_poll(url: str, token: str, pid: int, *, tag: str, times: int) -> tuple[float, int]:
    with httpx.Client() as session:
        size = len(_ask(session, url, token, tag).content)
        before = _cpu_seconds(pid)
        for _ in range(times):
            _ask(session, url, token, tag)
        return (_cpu_seconds(pid) - before) / times, size


def _with_and_without(url: str, tokens: list[str]) -> tuple[float, float]:
    """Ninety-fifth percentiles of the front page in seconds, alone and with the agents.

    In turns, so that whatever else the machine does meanwhile falls on both alike.
    """
    alone, polled = list[float](), list[float]()
    with _agents(url, tokens) as agents:
        for turn in range(TURNS + 1):
            quiet = _seconds_of_pages(url)
            agents.send_signal(signal.SIGCONT)
            busy = _seconds_of_pages(url)
            agents.send_signal(signal.SIGSTOP)
            if turn:  # the first turn warms up both
                alone += quiet
                polled += busy
        if agents.poll() is not None:
            raise RuntimeError(f"the agents ended early, with status {agents.returncode}")
    return statistics.quantiles(alone, n=20)[-1], statistics.quantiles(polled, n=20)[-1]


def _seconds_of_pages(url: str) -> list[float]:
    """Front page, twenty requests a second for `SECONDS`: how long each took."""
    seen, end = list[float](), time.monotonic() + SECONDS
    with httpx.Client() as session:
        while time.monotonic() < end:
            began = time.perf_counter()
            session.get(f"{url}/").raise_for_status()
            seen.append(time.perf_counter() - began)
            time.sleep(max(0.0, 0.05 - seen[-1]))
    return seen


@contextlib.contextmanager
def _agents(url: str, tokens: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The fifty agents as a process of their own, which have all heard once and stand still until continued.

    Not threads of this process: they would wait for each other and for the pages that are timed here.
    """
    command = [sys.executable, "-m", "bench.polling", "agents", url]
    agents = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert agents.stdin is not None and agents.stdout is not None
    try:
        agents.stdin.write(" ".join(tokens))
        agents.stdin.close()
        if agents.stdout.readline() != "ready\n":
            raise RuntimeError("the agents do not get through to the portal")
        agents.send_signal(signal.SIGSTOP)
        yield agents
    finally:
        agents.kill()
        agents.wait()


def _run_agents(url: str, tokens: list[str]) -> None:
    """Fifty threads, each at its own moment of every ten seconds; each remembers its entity tag as an agent does."""
    host, _, port = url.removeprefix("http://").partition(":")
    chance = random.Random(50)
    heard = threading.Barrier(AGENTS + 1)

    def agent(number: int) -> None:
        moment, tag = chance.random() * EVERY, ""
        door = http.client.HTTPConnection(host, int(port))  # connects anew for each poll, as agents do
        while True:
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}", "Dure-Protocol": "1"}
            door.request("GET", DOOR, headers=headers | ({"If-None-Match": tag} if tag else {}))
            answer = door.getresponse()
            answer.read()
            door.close()
            if answer.status != (304 if tag else 200):
                os._exit(1)  # a poll that fails spoils the figure: the bench says so
            if not tag:
                tag = answer.headers["ETag"]
                heard.wait()
            time.sleep((moment - time.monotonic()) % EVERY)

    for number in range(AGENTS):
        threading.Thread(target=agent, args=(number,), daemon=True).start()
    heard.wait()
    print("ready", flush=True)
    signal.pause()


def _prepare() -> None:
    """Fill the database of DURE_HOME and print one token per cluster."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from dure.portal.allocations.models import Desired
    from dure.portal.fleet import operations, queries
    from dure.portal.people.actor import system
    from dure.protocol.desired import DesiredAllocation, DesiredState, Member

    now, bench = datetime.now(UTC).replace(microsecond=0), system("bench")
    operations.load_programme(actor=bench, now=now)
    clusters = queries.clusters()
    total = sum(cluster.nodes for cluster in clusters)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    for cluster in clusters:
        nodes = [node.name for node in queries.nodes(cluster.code, now)]
        count = ALLOCATIONS * cluster.nodes // total
        state = DesiredState(
            cluster=cluster.code,
            generation=1,
            epoch=1,
            allocations=tuple(
                DesiredAllocation(
                    id=f"a-{number}",
                    name=f"a-{number}",
                    generation=1,
                    present=True,
                    nodes=(nodes[number % len(nodes)],),
                    start=now + timedelta(days=30 * (number // len(nodes))),
                    end=now + timedelta(days=30 * (number // len(nodes) + 1)),
                    gpu_model=cluster.gpu_model,
                    gpus_per_node=cluster.gpus_per_node,
                    members=(Member(login=f"u{number}", ssh_keys=(key,)),),
                )
                for number in range(count)
            ),
        )
        Desired.objects.create(cluster_id=cluster.id, generation=1, etag=state.etag(), document=state.model_dump_json())
        print(operations.issue_token(actor=bench, now=now, cluster=cluster.code, label="bench", days=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["agents"]:
        _run_agents(sys.argv[2], sys.stdin.read().split())
    else:
        _prepare()
