"""Lending on Slurm: jobs that give way, on GPUs an award holds and leaves unused.

One account of ours for such jobs, let into the reservations of awards that are lent. A QOS of the same name is the
site's own; the QOS of awards preempt it, so what is lent is given back by Slurm's preemption and by nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dure.agent.clusters.hostlist import expand, fold
from dure.agent.clusters.node_names import NodeNames
from dure.agent.clusters.options import SlurmOptions
from dure.agent.clusters.port import StepRefused
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_heard import Hearing, Missed
from dure.agent.clusters.slurm_text import Reservation, instant, pairs
from dure.agent.clusters.slurm_views import View
from dure.core.text import Text
from dure.metering import sacct
from dure.metering.rollup import MINUTE, NO_ACTIVITY, NO_POWER, Samples
from dure.protocol.slurm import LENT_ACCOUNT

_REMEDY = "see 'Lending' in the providers' guide"


@dataclass(frozen=True, slots=True)
class Ran:
    """A job of `account` held `nodes` from `start` to `end` (epoch seconds)."""

    account: str
    nodes: tuple[str, ...]
    start: int
    end: int


class Lending:
    """What lending needs of a cluster; `is_on` false means that its site lends nothing."""

    def __init__(self, slurm: Commands, view: View, names: NodeNames, options: SlurmOptions, hearing: Hearing) -> None:
        self._slurm, self._view, self._names, self._options = slurm, view, names, options
        self._hearing = hearing
        self.is_on = options.lends

    def accounts(self, name: str, lent: bool) -> str:
        """Who is let into the reservation of `name`, as Slurm writes it."""
        return f"{name},{LENT_ACCOUNT}" if lent and self.is_on else name

    def is_lent(self, reservation: Reservation | None) -> bool:
        """Whether others' jobs are let into it."""
        return self.is_on and reservation is not None and LENT_ACCOUNT in reservation.accounts

    def set(self, name: str, lent: bool) -> None:
        """Let jobs that give way into the reservation of `name`, or keep them out. Raises StepRefused."""
        reservation = self._view.reservation(name)
        if reservation is None:
            if lent:
                raise _refused(f"{name} holds nothing that could be lent")
            return
        if lent:
            self._check()
            self._open()
        accounts = f"Accounts={self.accounts(name, lent)}"
        self._slurm.order("scontrol", "update", f"ReservationName={name}", accounts)
        if not lent:
            self.clear(reservation.nodes)

    def clear(self, nodes: Collection[str]) -> None:
        """Put jobs that give way back into the queue, off these nodes. Raises StepRefused while they are ending."""
        if not self.is_on or not nodes:
            return
        for _ in range(40):
            if not (found := self._on(nodes)):
                return
            for job in (job for job, state in found if state in ("RUNNING", "SUSPENDED")):
                try:
                    self._slurm.order("scontrol", "requeue", job)
                except StepRefused:  # submitted as not to be requeued
                    self._slurm.order("scancel", job)
            time.sleep(0.25)
        raise _refused(f"lent jobs on {fold(sorted(nodes))} are still ending")

    def follow(self) -> None:
        """Whoever may use some allocation here may borrow, and nobody else."""
        associations = self._view.associations() if self.is_on else []
        parent = self._options.parent_account
        ours = {row.account for row in associations if not row.user and row.parent == parent}
        if LENT_ACCOUNT not in ours:
            return
        members = {row.user for row in associations if row.user and row.account in ours - {LENT_ACCOUNT}}
        present = {row.user for row in associations if row.user and row.account == LENT_ACCOUNT}
        words = (f"account={LENT_ACCOUNT}", f"cluster={self._options.cluster_name}")
        for login in sorted(members - present):
            self._slurm.order("sacctmgr", "-i", "add", "user", login, *words)
        for login in sorted(present - members):
            self._slurm.order("scancel", "-A", LENT_ACCOUNT, "-u", login)
            self._slurm.order("sacctmgr", "-i", "delete", "user", "where", f"name={login}", *words)

    def _on(self, nodes: Collection[str]) -> list[tuple[str, str]]:
        """(job, state) of the jobs that give way and hold one of `nodes`."""
        words = ("-A", LENT_ACCOUNT, "-t", "running,suspended,completing", "-o", "%i|%T|%N")
        rows = (line.split("|") for line in self._slurm.ask("squeue", "-h", *words).splitlines())
        return [(job, state) for job, state, held in rows if set(self._names.all_at_portal(expand(held))) & set(nodes)]

    def _check(self) -> None:
        """Nothing is lent that Slurm would not give back by itself."""
        shown = {key: value for line in self._config() for key, value in pairs(line).items()}
        if shown.get("PreemptType") != "preempt/qos" or shown.get("PreemptMode", "OFF").upper() == "OFF":
            raise _refused(f"slurm.conf lacks PreemptType=preempt/qos or a PreemptMode; {_REMEDY}")
        text = self._slurm.ask("sacctmgr", "-n", "-P", "list", "qos", "format=Name,Preempt")
        preempts = {name: set(over.split(",")) for name, _, over in (line.partition("|") for line in text.splitlines())}
        if LENT_ACCOUNT not in preempts:
            raise _refused(f"there is no QOS {LENT_ACCOUNT}; {_REMEDY}")
        parent = self._options.parent_account
        used = {q for row in self._view.associations() if row.account == parent for q in row.qos.split(",") if q}
        weak = sorted(name for name in used if LENT_ACCOUNT not in preempts.get(name, ()))
        if weak:
            raise _refused(f"QOS {weak[0]} does not preempt {LENT_ACCOUNT}; {_REMEDY}")

    def _config(self) -> Iterator[str]:
        for line in self._slurm.ask("scontrol", "show", "config").splitlines():
            if line.startswith("Preempt"):
                yield line.replace(" ", "")

    def _open(self) -> None:
        """The account of jobs that give way, with everybody who may borrow."""
        rows = [row for row in self._view.associations() if row.account == LENT_ACCOUNT]
        is_unheard = bool(rows) and self._hearing.missed({LENT_ACCOUNT: rows}).get(LENT_ACCOUNT, Missed()).account
        if is_unheard:
            self._slurm.order("sacctmgr", "-i", "delete", "account", "where", f"name={LENT_ACCOUNT}")
        if is_unheard or LENT_ACCOUNT not in self._view.accounts():
            where = (f"cluster={self._options.cluster_name}", f"Parent={self._options.parent_account}")
            words = ("Description=dure", "Organization=dure", f"QosLevel={LENT_ACCOUNT}", f"DefaultQOS={LENT_ACCOUNT}")
            self._slurm.order("sacctmgr", "-i", "add", "account", LENT_ACCOUNT, *where, *words)
        self.follow()


def ran(text: str, until: int, names: NodeNames) -> list[Ran]:
    """Who held which nodes when, of `sacct` with `sacct.COLUMNS`; what runs holds its nodes to `until`."""
    place = {column: index for index, column in enumerate(sacct.COLUMNS)}
    found = []
    for line in text.splitlines():
        row = line.split("|")
        start, end, nodes = row[place["start"]], row[place["end"]], row[place["nodelist"]]
        if not start[:1].isdigit() or nodes in ("", "None assigned"):
            continue
        last = int(instant(end).timestamp()) if end[:1].isdigit() else until
        held = names.all_at_portal(expand(nodes))
        found.append(Ran(row[place["account"]], held, int(instant(start).timestamp()), last))
    return found


def without_borrowers(samples: Samples, gpus: Sequence[tuple[str, int]], jobs: Iterable[Ran]) -> Samples:
    """`samples` of `gpus` (node, number) as far as they speak of the holders: what a borrower did is idle of them.

    A minute in which a job of a holder's ran on the node stays as it was seen; unseen stays unseen.
    """
    rows: dict[str, list[int]] = {}
    for row, (node, _) in enumerate(gpus):
        rows.setdefault(node, []).append(row)
    by: Mapping[bool, np.ndarray] = {lent: np.zeros(samples.activity.shape, dtype=bool) for lent in (True, False)}
    for job in jobs:
        first = max(0, (job.start - samples.start) // MINUTE)
        after = max(0, -((samples.start - job.end) // MINUTE))
        for node in job.nodes:
            by[job.account == LENT_ACCOUNT][rows.get(node, []), first:after] = True
    seen = (samples.activity != NO_ACTIVITY) & (samples.power != NO_POWER)
    hidden = by[True] & ~by[False] & seen
    if not hidden.any():
        return samples
    return replace(samples, activity=np.where(hidden, 0, samples.activity), power=np.where(hidden, 0, samples.power))


def _refused(why: str) -> StepRefused:
    return StepRefused(Text(f"클러스터가 변경을 거부했습니다: {why}", f"The cluster refused the change: {why}"), why)
