"""What is to be done, as a value: desired state against what stands, with what this agent itself has made.

Three-way, field by field. Where the cluster shows what we made last (or were making when killed), a difference from
what is wanted is ours to mend. Where it shows something else, somebody changed it: that is drift, reported and left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from dure.agent.clusters.hostlist import fold
from dure.agent.clusters.port import FIELDS, Field, Hold, Observed, Standing, Step, wanted
from dure.agent.ledger import Ledger
from dure.protocol.desired import DesiredAllocation, DesiredState, Member
from dure.protocol.report import DriftFinding, DriftKind

WARN_BEFORE = (timedelta(days=1), timedelta(hours=1))
"""How long before an allocation ends its running jobs are told, the earliest first."""


class Plan(BaseModel):
    """The steps that would bring the cluster to the desired state, in order, and what is in the way."""

    model_config = ConfigDict(frozen=True)

    steps: tuple[Step, ...]
    drift: tuple[DriftFinding, ...]


def diff(desired: DesiredState, observed: Observed, ledger: Ledger, now: datetime) -> Plan:
    """The plan at `now`. Nothing is removed that the desired state does not name."""
    drift: list[DriftFinding] = []
    removals: list[Step] = []
    changes: list[Step] = []
    for allocation in desired.allocations:
        if allocation.name in observed.foreign:
            drift.append(_foreign(allocation, observed.foreign[allocation.name]))
            continue
        standing = observed.standings.get(allocation.name)
        if standing is not None and standing.id != allocation.id:
            drift.append(_foreign(allocation, f"the account of allocation {standing.id}"))
            continue
        if allocation.is_over(now):
            if standing is not None:
                removals.append(Step(verb="remove", before=standing, after=None))
            continue
        if standing is not None and allocation.name in observed.unheard:
            changes.append(Step(verb="retell", before=standing, after=observed.unheard[allocation.name]))
            continue
        steps, found = _towards(allocation, standing, ledger, now, observed.lends)
        changes.extend(steps)
        drift.extend(found)
    drift.extend(_unasked(desired, observed))
    releases = list(_releases(changes, observed))
    works, strange = _works(desired, observed, ledger, now)
    warnings = _warnings(desired, observed, ledger, now)
    return Plan(steps=(*removals, *releases, *_settled(changes, releases), *works, *warnings), drift=(*drift, *strange))


def _warnings(desired: DesiredState, observed: Observed, ledger: Ledger, now: datetime) -> Iterator[Step]:
    """What running jobs are to be told of the end of their allocation, once for each of `WARN_BEFORE`."""
    for allocation in desired.allocations if observed.warns else ():
        standing = observed.standings.get(allocation.name)
        come = [allocation.end - before for before in WARN_BEFORE if allocation.start < allocation.end - before <= now]
        if not come or not allocation.nodes or allocation.is_over(now):
            continue
        if standing is None or standing.id != allocation.id:
            continue
        if not ledger.was_warned(allocation.name, allocation.end, come[-1]):
            yield Step(verb="warn", before=standing, after=wanted(allocation, now, observed.lends))


def _works(
    desired: DesiredState, observed: Observed, ledger: Ledger, now: datetime
) -> tuple[list[Step], list[DriftFinding]]:
    """Nodes to be kept free for announced work, once; what the site does about it afterwards is its own affair."""
    steps, drift = list[Step](), list[DriftFinding]()
    if observed.works is None:
        return steps, drift
    for one in desired.maintenance:
        found = observed.works.get(one.name)
        aim = Standing(
            id=one.name, name=one.name, hold=Hold(nodes=tuple(sorted(one.nodes)), start=one.start, end=one.end)
        )
        if one.is_over(now):
            if found is not None:
                steps.append(Step(verb="reopen", before=aim, after=None))
        elif found is None and not ledger.was_closed(one.name):
            steps.append(Step(verb="close", before=None, after=aim))
        elif found is None or (found.nodes, found.end) != (tuple(sorted(one.nodes)), one.end):
            kind: DriftKind = "missing" if found is None else "changed"
            said = {"expected": words(aim.hold)[:1000], "found": words(found)[:1000]}
            drift.append(DriftFinding(kind=kind, subject=f"maintenance/{one.name}", **said))
    return steps, drift


def _towards(
    allocation: DesiredAllocation, standing: Standing | None, ledger: Ledger, now: datetime, lends: bool
) -> tuple[list[Step], list[DriftFinding]]:
    goal, steps, drift = wanted(allocation, now, lends), list[Step](), list[DriftFinding]()
    is_new = standing is None
    if standing is None:
        if ledger.was_made(goal.name):
            return [], [DriftFinding(kind="missing", subject=f"account/{goal.name}", allocation=goal.id)]
        standing = Standing(id=goal.id, name=goal.name)
        steps.append(Step(verb="create", before=None, after=standing))
    for field in FIELDS:
        found, aim = getattr(standing, field), getattr(goal, field)
        if found == aim:
            continue
        if not is_new and not ledger.is_ours(goal.name, field, found):
            drift.append(_changed(goal, field, found, ledger))
            continue
        after = standing.model_copy(update={field: aim})
        steps.append(Step(verb="set", before=standing, after=after, field=field))
        standing = after
    return steps, drift


def _releases(changes: list[Step], observed: Observed) -> Iterator[Step]:
    """Nodes that one allocation gives up and another is to have: given up first, or a swap would block itself."""
    gained: dict[str, set[str]] = {}
    for step in changes:
        if step.field == "hold":
            gained[step.name] = _nodes(step.after) - _nodes(observed.standings.get(step.name))
    for step in changes:
        held = observed.standings.get(step.name)
        if step.field != "hold" or held is None or held.hold is None or step.after is None:
            continue
        given = _nodes(held) - _nodes(step.after)
        others: set[str] = set().union(*(nodes for name, nodes in gained.items() if name != step.name))
        if not given & others or not gained[step.name]:
            continue
        kept = tuple(sorted(_nodes(held) - given))
        rest = Hold(nodes=kept, start=held.hold.start, end=held.hold.end) if kept else None
        yield Step(verb="set", before=held, after=held.model_copy(update={"hold": rest}), field="hold")


def _settled(changes: list[Step], releases: list[Step]) -> Iterator[Step]:
    """Steps that only give up nodes or time come before those that take any, and GPUs after the nodes they are in."""
    released = {step.name: step.after.hold for step in releases if step.after is not None}
    for step in sorted(changes, key=_rank):
        if step.field == "hold" and step.name in released and step.before is not None:
            yield step.model_copy(update={"before": step.before.model_copy(update={"hold": released[step.name]})})
        else:
            yield step


def _rank(step: Step) -> int:
    """0 gives up or changes no nodes; 1 takes nodes or time; 2 lets jobs in, once the nodes are held."""
    if step.before is None or step.after is None:
        return 0
    if step.field == "gpus":
        return 2 if step.after.gpus > step.before.gpus else 0
    if step.field == "lent":
        return 2 if step.after.lent else 0
    before, after = step.before.hold, step.after.hold
    if step.field != "hold" or after is None:
        return 0
    if before is None or not set(after.nodes) <= set(before.nodes):
        return 1
    return int(after.start < before.start or after.end > before.end)


def _nodes(standing: Standing | None) -> set[str]:
    return set(standing.hold.nodes) if standing is not None and standing.hold is not None else set()


def _foreign(allocation: DesiredAllocation, what: str) -> DriftFinding:
    return DriftFinding(
        kind="foreign", subject=f"account/{allocation.name}", allocation=allocation.id, found=what[:1000]
    )


def _changed(goal: Standing, field: Field, found: Any, ledger: Ledger) -> DriftFinding:
    return DriftFinding(
        kind="changed",
        subject=f"{field}/{goal.name}",
        allocation=goal.id,
        expected=words(ledger.made(goal.name, field))[:1000],
        found=words(found)[:1000],
    )


def _unasked(desired: DesiredState, observed: Observed) -> Iterator[DriftFinding]:
    """Things that bear our mark and that the portal does not speak of: reported, never removed on a guess."""
    asked = {allocation.name for allocation in desired.allocations}
    for name in sorted(set(observed.standings) - asked):
        yield DriftFinding(
            kind="foreign", subject=f"account/{name}", found=f"marked as allocation {observed.standings[name].id}"
        )


def _word(item: Member | str) -> str:
    if isinstance(item, str):
        return item
    keys = len(item.ssh_keys)
    return f"{item.login} ({keys} key{'' if keys == 1 else 's'})"


def words(value: Any) -> str:
    """A field's value in one short line, for people."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "lent" if value else "not lent"
    if isinstance(value, int):
        return f"{value} GPUs"
    if isinstance(value, Hold):
        return f"{fold(value.nodes)} from {value.start:%Y-%m-%d %H:%M}Z to {value.end:%Y-%m-%d %H:%M}Z"
    if isinstance(value, tuple):
        return ", ".join(_word(item) for item in value) or "none"
    hours = "no GPU-hour limit" if value.gpu_hours is None else f"{value.gpu_hours} GPU-hours"
    return f"{hours}, QOS {value.qos or 'default'}"
