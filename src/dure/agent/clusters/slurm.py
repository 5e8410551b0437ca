"""A Slurm cluster through sacctmgr, scontrol and scancel.

An allocation is an account under one parent account of ours, marked in its description; its members are users of that
account; its nodes a reservation of the same name; its GPUs `GrpTRES`, its budget `GrpTRESMins`. Whatever lacks both
marks is somebody else's. An account is never deleted: what it held stays answerable after the allocation has ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from dure.agent.clusters.holds import HoldLog
from dure.agent.clusters.hostlist import expand, fold
from dure.agent.clusters.keys import KeyDirectory
from dure.agent.clusters.node_names import NodeNames
from dure.agent.clusters.options import SlurmOptions
from dure.agent.clusters.port import (
    Hold,
    Observed,
    Standing,
    Step,
    StepRefused,
)
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_heard import Hearing
from dure.agent.clusters.slurm_lending import Lending
from dure.agent.clusters.slurm_rest import RestLook
from dure.agent.clusters.slurm_text import Association, Reservation, slurm_time
from dure.agent.clusters.slurm_usage import SlurmUsage
from dure.agent.clusters.slurm_views import CommandLook, Look, View, gpu_minutes
from dure.agent.clusters.storage import StorageCommand
from dure.core.text import Text
from dure.protocol.desired import Limits, Member
from dure.protocol.inventory import InventoryNode
from dure.protocol.report import StorageUse
from dure.protocol.slurm import LENT_ACCOUNT
from dure.protocol.usage import UsageRow

log = logging.getLogger("dure.agent")

_MARK, _ENDED = "dure:", "dure-ended:"
_WORK = "dure-work-"  # reservations for announced maintenance


class SlurmCluster:
    """The cluster that Slurm's commands on this machine speak to."""

    def __init__(self, options: SlurmOptions) -> None:
        self._options = options
        self._slurm = Commands(options.command_timeout_seconds, options.slurm_conf)
        self._names = NodeNames(options.nodes, options.site_nodes)
        self._may_use = None if options.nodes is None else frozenset(expand(options.nodes))
        self._view = View(_look(self._slurm, options), self._names, self._may_use)
        self._hearing = Hearing(self._slurm)
        self._lending = Lending(self._slurm, self._view, self._names, options, self._hearing)
        self._keys = KeyDirectory(options.keys_directory)
        self._log = HoldLog(options.state_directory)
        self._storage = StorageCommand(options.storage)
        self._usage = SlurmUsage(self._slurm, options, self._log, self._names)

    def observe(self, now: datetime) -> Observed:
        """What stands. Raises ClusterUnreachable when controller or accounting do not answer."""
        marks, associations = self._view.accounts(), self._view.associations()
        held = {reservation.name: reservation for reservation in self._view.reservations()}
        by_account: dict[str, list[Association]] = {}
        for association in associations:
            by_account.setdefault(association.account, []).append(association)
        parent_qos = next((a.qos for a in by_account.get(self._options.parent_account, ()) if not a.user), "")
        children = {a.parent for a in associations if not a.user}
        standings: dict[str, Standing] = {}
        foreign: dict[str, str] = {}
        for name, mark in marks.items():
            rows = by_account.get(name, [])
            own = next((row for row in rows if not row.user), None)
            if own is not None and own.parent == self._options.parent_account and mark.startswith((_MARK, _ENDED)):
                # A controller that crashed may bring back the reservation of an allocation that has ended.
                if mark.startswith(_MARK) or name in held or any(row.user for row in rows):
                    standing = self._standing(own, rows, mark, held.get(name), parent_qos)
                    extras = (*standing.extras, "child accounts") if name in children else standing.extras
                    standings[name] = standing.model_copy(update={"extras": extras})
            else:
                foreign[name] = f"account, described as {mark!r}"
        unheard = self._add_missed(standings, {name: by_account[name] for name in standings}, children)
        works = {
            name: Hold(nodes=found.nodes, start=found.start, end=found.end)
            for name, found in held.items()
            if name.startswith(_WORK)
        }
        return Observed(
            standings=standings,
            foreign=foreign,
            unheard=unheard,
            works=works,
            lends=self._lending.is_on,
            warns=True,
        )

    def apply(self, step: Step, now: datetime) -> None:
        """Do one step. Raises StepRefused in Slurm's own words."""
        if step.verb == "reopen":
            self._reopen(step.name)
        elif step.verb == "retell" and step.before is not None:
            self._retell(step.before, step.after)
        elif step.after is None:
            self._remove(step.name)
        elif step.verb == "close":
            self._close(step.after, now)
        elif step.verb == "warn":
            self._warn(step.after)
        elif step.field is None:
            self._create(step.after)
        elif step.field == "limits":
            self._set_limits(step.after)
        elif step.field == "members":
            self._set_members(step.after)
        elif step.field == "gpus":
            self._modify(step.name, f"GrpTRES=gres/gpu={step.after.gpus}")
        elif step.field == "hold":
            self._set_hold(step.after, now)
        elif step.field == "lent":
            self._lending.set(step.name, step.after.lent)
        else:
            raise StepRefused(internal=f"{step.field} of {step.name} is somebody else's")

    def inventory(self, now: datetime) -> tuple[InventoryNode, ...]:
        """The nodes the programme may use."""
        return tuple(node for node, _ in self._view.nodes())

    def usage(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, tuple[UsageRow, ...]]]:
        """Rows of every account of ours, those that have ended included."""
        ids = {
            name: _identity(mark) for name, mark in self._view.accounts().items() if mark.startswith((_MARK, _ENDED))
        }
        return self._usage.rows(ids, self._view.nodes(), since, until)

    def spent(self, now: datetime) -> Mapping[str, int]:
        """GPU-seconds by name, of Slurm's own count in whole minutes.

        Slurm starts no job that does not fit into what is left (`safe`); jobs that run when a budget is lowered below
        what has been used are ended here.
        """
        budgets = {
            row.account: row.tres_minutes["gres/gpu"]
            for row in self._view.associations()
            if not row.user and row.parent == self._options.parent_account and "gres/gpu" in row.tres_minutes
        }
        if not budgets:
            return {}
        words = ("-a", "-n", "-P", "-A", ",".join(sorted(budgets)), "-o", "Account,User,GrpTRESRaw")
        used = self._slurm.read(gpu_minutes, "sshare", *words)
        for name in sorted(budgets):
            if used.get(name, 0) >= budgets[name] and self._running(name):
                self._slurm.order("scancel", "-A", name, "-t", "running")
                self._slurm.order("scancel", "-A", name, "-t", "suspended")
        return {name: used[name] * 60 for name in budgets if name in used}

    def storage(self, now: datetime) -> Mapping[str, StorageUse]:
        """What the site's own command says, where there is one."""
        if self._options.storage is None:
            return {}
        return self._storage.of([name for name, mark in self._view.accounts().items() if mark.startswith(_MARK)], now)

    # What stands.

    def _standing(
        self,
        own: Association,
        rows: Iterable[Association],
        mark: str,
        reservation: Reservation | None,
        parent_qos: str,
    ) -> Standing:
        minutes = own.tres_minutes.get("gres/gpu")
        users = [row for row in rows if row.user]
        extras = [f"{name}={value}" for name, value in own.limits.items()]
        extras += [f"{key}={value}" for key, value in {**own.tres, **own.tres_minutes}.items() if key != "gres/gpu"]
        for row in users:
            given = {**row.limits, **row.tres, **row.tres_minutes}
            extras += [f"{row.user}: {name}={value}" for name, value in given.items()]
        if reservation is not None:
            extras += [f"reservation {key}={value}" for key, value in reservation.rest.items()]
            if set(reservation.accounts) - ({LENT_ACCOUNT} if self._lending.is_on else set()) != {own.account}:
                extras.append(f"reservation Accounts={','.join(reservation.accounts)}")
        # Constructed unchecked: what somebody else set need not be what we would allow.
        return Standing.model_construct(
            id=_identity(mark),
            name=own.account,
            limits=Limits.model_construct(
                gpu_hours=None if minutes is None else -(-minutes // 60),
                qos=None if own.qos == parent_qos else own.qos,
            ),
            members=tuple(
                Member.model_construct(login=user, ssh_keys=self._keys.of(user, own.account))
                for user in sorted({row.user for row in users})
            ),
            hold=None if reservation is None else _hold(reservation, mark),
            gpus=own.tres.get("gres/gpu", -1),
            lent=self._lending.is_lent(reservation),
            extras=tuple(sorted(extras)),
        )

    def _add_missed(
        self, standings: dict[str, Standing], rows: Mapping[str, Sequence[Association]], children: set[str]
    ) -> dict[str, Standing | None]:
        """`standings` without what the controller missed; where that cannot be made anew it is added to the extras."""
        unheard: dict[str, Standing | None] = {}
        for name, missed in self._hearing.missed(rows).items():
            # Making an account anew would take accounts of the site's below it away.
            if missed.is_curable and self._hearing.may_retell(name) and not (missed.account and name in children):
                log.warning("%s: %s", name, "; ".join(missed.words()))
                unheard[name] = missed.without(standings[name])
            else:
                extras = tuple(sorted((*standings[name].extras, *missed.words())))
                standings[name] = standings[name].model_copy(update={"extras": extras})
        return unheard

    # What is changed.

    def _create(self, standing: Standing) -> None:
        parent = self._options.parent_account
        marks = self._view.accounts()
        if marks.get(parent, "dure") != "dure":
            raise _refused(f"account {parent} exists and is not ours ({marks[parent]})")
        mark = _mark(standing.id, None)
        if parent not in marks:
            words = (f"cluster={self._options.cluster_name}", "Description=dure", "Organization=dure")
            self._slurm.order("sacctmgr", "-i", "add", "account", parent, *words)
        if standing.name not in marks:
            words = (f"cluster={self._options.cluster_name}", f"Parent={parent}", f"Description={mark}")
            self._slurm.order(
                "sacctmgr", "-i", "add", "account", standing.name, *words, "Organization=dure", "GrpTRES=gres/gpu=0"
            )
        elif _identity(marks[standing.name]) != standing.id:
            raise _refused(f"account {standing.name} was used before ({marks[standing.name]})")
        else:
            self._describe(standing.name, mark)

    def _set_limits(self, standing: Standing) -> None:
        hours = standing.limits.gpu_hours
        qos = standing.limits.qos or self._parent_qos()
        budget = f"GrpTRESMins=gres/gpu={-1 if hours is None else hours * 60}"
        self._modify(standing.name, budget, f"QosLevel={qos}")

    def _set_members(self, standing: Standing) -> None:
        name, wanted = standing.name, {member.login: member for member in standing.members}
        present = {row.user for row in self._view.associations() if row.account == name and row.user}
        for login, member in wanted.items():
            self._keys.put(login, name, member.ssh_keys)
        for login in set(self._keys.logins(name)) - set(wanted):
            self._keys.drop(login, name)
        for login in sorted(present - set(wanted)):
            self._slurm.order("scancel", "-A", name, "-u", login)
            self._delete_user(name, login)
        for login in sorted(set(wanted) - present):
            words = (f"account={name}", f"cluster={self._options.cluster_name}")
            self._slurm.order("sacctmgr", "-i", "add", "user", login, *words)
        self._lending.follow()

    def _set_hold(self, standing: Standing, now: datetime) -> None:
        name, hold = standing.name, standing.hold
        current = self._view.reservation(name)
        if hold is None or hold.end <= now:
            if current is not None:
                self._lending.clear(current.nodes)
                self._slurm.order("scancel", f"--reservation={name}")
                self._settled(name, "--reservation", name)
                self._slurm.order("scontrol", "delete", f"ReservationName={name}")
            return
        self._may_hold(hold)
        nodes, end = f"Nodes={fold(self._names.all_at_site(hold.nodes))}", f"EndTime={slurm_time(hold.end)}"
        start = "StartTime=now" if hold.start <= now else f"StartTime={slurm_time(hold.start)}"
        self._lending.clear(set(hold.nodes) ^ set(current.nodes if current else ()))
        self._log.note(name, hold.nodes, max(hold.start, now))
        self._describe(name, _mark(standing.id, hold.start))
        if current is None:
            accounts = f"Accounts={self._lending.accounts(name, standing.lent)}"
            words = (f"ReservationName={name}", accounts, nodes, start, end, "Flags=MAGNETIC")
            self._slurm.order("scontrol", "create", "reservation", *words)
        elif not current.is_active:
            self._slurm.order("scontrol", "update", f"ReservationName={name}", nodes, start, end)
        elif hold.start > now:
            raise _refused(f"reservation {name} has begun and cannot be put off")
        else:
            self._slurm.order("scontrol", "update", f"ReservationName={name}", nodes, end)
        self._cancel_outside(name, hold)

    def _close(self, standing: Standing, now: datetime) -> None:
        """A reservation for maintenance: it may lie over awards', and no job starts there that would reach into it."""
        name, hold = standing.name, standing.hold
        if hold is None or not name.startswith(_WORK) or self._view.reservation(name) is not None:
            return
        self._may_hold(hold)
        nodes = f"Nodes={fold(self._names.all_at_site(hold.nodes))}"
        start = "StartTime=now" if hold.start <= now else f"StartTime={slurm_time(hold.start)}"
        words = (f"ReservationName={name}", "Users=root", nodes, start, f"EndTime={slurm_time(hold.end)}")
        self._slurm.order("scontrol", "create", "reservation", *words, "Flags=MAINT,IGNORE_JOBS")

    def _reopen(self, name: str) -> None:
        if name.startswith(_WORK) and self._view.reservation(name) is not None:
            self._slurm.order("scontrol", "delete", f"ReservationName={name}")

    def _warn(self, standing: Standing) -> None:
        """A line in the output of every running job, in both languages: when its award ends and it with it.

        Slurm lets only root and its own user write there; where the agent is neither, people have the portal's mail.
        """
        if standing.hold is None:
            return
        end = f"{standing.hold.end:%Y-%m-%d %H:%M} UTC"
        line = (
            f"Dure: {standing.name} 할당이 {end}에 끝나며 이 작업도 그때 종료됩니다. 필요한 결과를 저장해 주십시오. / "
            f"Allocation {standing.name} ends at {end} and this job with it. Save what you need."
        )
        for job, _ in self._running(standing.name):
            try:
                self._slurm.order("scontrol", "notify", job, line)
            except StepRefused as error:
                log.warning("job %s of %s is not told of its end: %s", job, standing.name, error.internal)

    def _retell(self, standing: Standing, left: Standing | None) -> None:
        """Take away what the controller never heard of. No job can be of it: Slurm refuses where one is after all."""
        name = standing.name
        self._hearing.note(name)
        if left is None:
            self._slurm.order("sacctmgr", "-i", "delete", "account", "where", f"name={name}")
            return
        for member in set(standing.members) - set(left.members):
            self._delete_user(name, member.login)
        if left.gpus != standing.gpus:
            self._modify(name, f"GrpTRES=gres/gpu={left.gpus}")
        if left.limits != standing.limits:
            self._set_limits(left)

    def _remove(self, name: str) -> None:
        """End the jobs, let the nodes go, close the doors; the account stays, marked as ended."""
        mark = self._view.accounts().get(name, "")
        if not mark.startswith((_MARK, _ENDED)):
            return
        self._modify(name, "GrpTRES=gres/gpu=0")
        self._slurm.order("scancel", "-A", name)
        self._settled(name, "-A", name)
        if (reservation := self._view.reservation(name)) is not None:
            self._lending.clear(reservation.nodes)
            self._slurm.order("scancel", f"--reservation={name}")
            self._slurm.order("scontrol", "delete", f"ReservationName={name}")
        for row in self._view.associations():
            if row.account == name and row.user:
                self._delete_user(name, row.user)
        for login in self._keys.logins(name):
            self._keys.drop(login, name)
        self._lending.follow()
        self._describe(name, _ENDED + mark.removeprefix(_ENDED).removeprefix(_MARK))

    def _settled(self, name: str, *which: str) -> None:
        """Wait a little for cancelled jobs to be gone. Raises StepRefused to be asked again in the next cycle."""
        for _ in range(40):
            if not self._slurm.ask("squeue", "-h", "-o", "%i", *which).strip():
                return
            time.sleep(0.25)
        raise _refused(f"jobs of {name} are still ending")

    def _cancel_outside(self, name: str, hold: Hold) -> None:
        """Jobs of ours on nodes given up end: the nodes are somebody else's now."""
        for job, nodes in self._running(name):
            if set(nodes) - set(hold.nodes):
                self._slurm.order("scancel", job)

    def _running(self, name: str) -> list[tuple[str, tuple[str, ...]]]:
        """(job, nodes) of every job of `name` that holds nodes."""
        text = self._slurm.ask("squeue", "-h", "-A", name, "-t", "running,suspended", "-o", "%i|%N")
        rows = (line.partition("|") for line in text.splitlines())
        return [(job, self._names.all_at_portal(expand(nodes))) for job, _, nodes in rows]

    def _may_hold(self, hold: Hold) -> None:
        foreign = sorted(set(hold.nodes) - self._may_use) if self._may_use is not None else []
        if foreign:
            raise StepRefused(
                Text(f"사업에 쓸 수 없는 서버입니다: {foreign[0]}", f"Node {foreign[0]} is not the programme's."),
                f"nodes {fold(foreign)} are not among those the programme may use",
            )

    def _delete_user(self, account: str, login: str) -> None:
        words = (f"account={account}", f"cluster={self._options.cluster_name}")
        self._slurm.order("sacctmgr", "-i", "delete", "user", "where", f"name={login}", *words)

    def _modify(self, account: str, *settings: str) -> None:
        where = (f"name={account}", f"cluster={self._options.cluster_name}")
        self._slurm.order("sacctmgr", "-i", "modify", "account", "where", *where, "set", *settings)

    def _describe(self, account: str, mark: str) -> None:
        self._slurm.order(
            "sacctmgr", "-i", "modify", "account", "where", f"name={account}", "set", f"Description={mark}"
        )

    def _parent_qos(self) -> str:
        parent = self._options.parent_account
        return next((row.qos for row in self._view.associations() if row.account == parent and not row.user), "normal")


def _look(slurm: Commands, options: SlurmOptions) -> Look:
    if options.rest is None:
        return CommandLook(slurm, options)
    return RestLook(options.rest, options.cluster_name, options.gpu_model)


def _hold(reservation: Reservation, mark: str) -> Hold:
    """The reservation as a hold. One asked for after its start began late: it is reported as it was asked for."""
    asked = _asked_start(mark)
    late = asked is not None and reservation.is_active and asked <= reservation.start
    return Hold(nodes=reservation.nodes, start=asked if late and asked else reservation.start, end=reservation.end)


def _mark(identity: str, start: datetime | None) -> str:
    """What our accounts are described as. sacctmgr stores lower case, so capitals are written `^c`."""
    text = "".join(f"^{letter.lower()}" if letter.isupper() else letter for letter in identity)
    return f"{_MARK}{text}" if start is None else f"{_MARK}{text};{int(start.timestamp())}"


def _identity(mark: str) -> str:
    text = mark.removeprefix(_ENDED).removeprefix(_MARK).partition(";")[0]
    first, *rest = text.split("^")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _asked_start(mark: str) -> datetime | None:
    start = mark.partition(";")[2]
    return _utc(int(start)) if start.isdigit() else None


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _refused(why: str) -> StepRefused:
    return StepRefused(Text(f"클러스터가 변경을 거부했습니다: {why}", f"The cluster refused the change: {why}"), why)
