"""`dure agent`: run, show the diff, check the configuration; and say what is wrong with a simulated cluster."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dure.agent import config as configuration
from dure.agent import look
from dure.agent.clusters.hostlist import fold
from dure.agent.clusters.port import Step
from dure.agent.clusters.simulated import Fault, Faults, SimulatedCluster
from dure.agent.diff import Plan, words
from dure.agent.reconcile import Fenced
from dure.agent.run import run
from dure.core.errors import DureError, InvalidInput, Mistake
from dure.core.text import Text

FENCED = 3  # an exit status of its own, so that a service unit does not start a replaced agent again
Config = Annotated[Path, typer.Option("--config", "-c", help="The agent's configuration file (YAML).")]

app = typer.Typer(no_args_is_help=True, help="The agent at a provider's site: one process per cluster.")
simulate = typer.Typer(no_args_is_help=True, help="Make things go wrong on a simulated cluster.")
app.add_typer(simulate, name="simulate")


@app.command("run")
def run_command(
    config: Config,
    once: Annotated[bool, typer.Option("--once", help="Do one cycle and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say every step.")] = False,
) -> None:
    """Ask the portal what should be, make it so, report; again and again. Exit status 3: another agent took over."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        run(configuration.load(config), once)
    except Fenced as error:
        typer.echo(f"{error.public.en} ({error.internal})", err=True)
        raise typer.Exit(FENCED) from error


@app.command("diff")
def diff_command(config: Config) -> None:
    """Print what the next cycle would change, and what somebody else changed. Changes nothing."""
    checked = configuration.load(config)
    _print(look.plan(checked, configuration.open_cluster(checked)))


@app.command("check")
def check_command(config: Config) -> None:
    """Check the configuration, the cluster and the portal, and say which of the three is wrong."""
    checked = configuration.load(config)
    typer.echo(f"configuration: good ({config})")
    trouble, fault, nodes = look.check(checked, configuration.open_cluster(checked))
    typer.echo(f"portal {checked.portal}: {_verdict(trouble)}")
    typer.echo(f"cluster {checked.cluster}: {_verdict(fault)}")
    if nodes:
        named = fold(tuple(node.name for node in nodes))
        typer.echo(f"servers: {len(nodes)} with {sum(node.gpus for node in nodes)} GPUs, {named}")
    if trouble is not None or fault is not None:
        raise typer.Exit(1)


@simulate.command("fail-node")
def fail_node(config: Config, node: str) -> None:
    """NODE fails now: its jobs end, its telemetry stops."""
    _add_fault(config, node, "down")


@simulate.command("blind-node")
def blind_node(config: Config, node: str) -> None:
    """NODE goes on working but its telemetry stops."""
    _add_fault(config, node, "blind")


@simulate.command("heal-node")
def heal_node(config: Config, node: str) -> None:
    """NODE is whole again from now on."""
    cluster, faults = _simulated(config)
    now = cluster.latest()
    healed = [
        fault.model_copy(update={"until": now}) if fault.node == node and fault.until is None else fault
        for fault in faults.nodes
    ]
    cluster.set_faults(faults.model_copy(update={"nodes": healed}))


@simulate.command("offline")
def offline(config: Config) -> None:
    """The cluster stops answering."""
    cluster, faults = _simulated(config)
    cluster.set_faults(faults.model_copy(update={"offline": True}))


@simulate.command("online")
def online(config: Config) -> None:
    """The cluster answers again, at once."""
    cluster, faults = _simulated(config)
    cluster.set_faults(faults.model_copy(update={"offline": False, "slow_seconds": 0}))


@simulate.command("slow")
def slow(config: Config, seconds: Annotated[float, typer.Argument(min=0, max=60)]) -> None:
    """Every answer of the cluster takes SECONDS."""
    cluster, faults = _simulated(config)
    cluster.set_faults(faults.model_copy(update={"slow_seconds": seconds}))


def _simulated(config: Path) -> tuple[SimulatedCluster, Faults]:
    cluster = configuration.open_cluster(configuration.load(config))
    if not isinstance(cluster, SimulatedCluster):
        raise InvalidInput(
            Mistake(
                "adapter.kind",
                Text("모의 클러스터가 아닙니다.", "This cluster is not simulated."),
                Text("모의 클러스터의 설정 파일을 지정해 주십시오.", "Give the configuration of a simulated one."),
            )
        )
    return cluster, cluster.faults()


def _add_fault(config: Path, node: str, kind: str) -> None:
    cluster, faults = _simulated(config)
    now = cluster.latest()
    if node not in cluster.node_names():
        raise InvalidInput(Mistake("NODE", Text(f"{node} 서버가 없습니다.", f"There is no node {node}.")))
    if now is None:
        raise InvalidInput(
            Mistake(
                "NODE",
                Text("에이전트가 아직 이 클러스터를 본 적이 없습니다.", "No agent has looked at this cluster yet."),
                Text("먼저 에이전트를 실행해 주십시오.", "Run its agent first."),
            )
        )
    if any(fault.node == node and fault.kind == kind and fault.until is None for fault in faults.nodes):
        return
    cluster.set_faults(faults.model_copy(update={"nodes": [*faults.nodes, Fault(node=node, kind=kind, since=now)]}))


def _print(plan: Plan) -> None:
    console = Console()
    if not plan.steps and not plan.drift:
        console.print("Nothing to do: the cluster is as desired.")
    if plan.steps:
        table = Table("step", "allocation", "from", "to", title="To do")
        for step in plan.steps:
            table.add_row(*_row(step))
        console.print(table)
    if plan.drift:
        table = Table("kind", "subject", "expected", "found", title="Changed by somebody else (left alone)")
        for finding in plan.drift:
            table.add_row(finding.kind, finding.subject, finding.expected, finding.found)
        console.print(table)


def _verdict(trouble: DureError | None) -> str:
    return "good" if trouble is None else f"{trouble.public.en} ({trouble.internal})"


def _row(step: Step) -> tuple[str, str, str, str]:
    if step.field is None:
        what = {"close": "nodes", "reopen": "nodes", "warn": "jobs"}.get(step.verb, "account")
        return f"{step.verb} {what}", step.name, "", ""
    before = words(getattr(step.before, step.field)) if step.before else ""
    return f"{step.verb} {step.field}", step.name, before, words(getattr(step.after, step.field))
