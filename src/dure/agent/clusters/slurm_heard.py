"""What Slurm's controller has heard of the accounting, and what has to go so that it hears the rest.

slurmdbd tells the controller of each change once. What is said while the controller starts or cannot be reached is
lost: jobs and reservations of an account that sacctmgr lists are then refused until the account is made anew or
slurmctld is restarted. Tried on 22.05.8: it hears of what is deleted and added, and of a limit that is set to another
value and back; setting the same value, adding again, `scontrol reconfigure` and `sacctmgr reconfigure` help nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dure.agent.clusters import slurm_text
from dure.agent.clusters.port import Standing
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_text import Association

log = logging.getLogger("dure.agent")

_LOOKS, _BETWEEN_SECONDS = 8, 0.25  # slurmdbd may be about to tell
_AGAIN_SECONDS = 20.0
_MANY_HOURS = 1_000_000


@dataclass(frozen=True, slots=True)
class Missed:
    """What the controller does not know of one account. `strangers` it still admits, though they were removed."""

    account: bool = False
    users: tuple[str, ...] = ()
    gpus: bool = False
    hours: bool = False
    strangers: tuple[str, ...] = ()

    @property
    def is_curable(self) -> bool:
        """Whether it would hear of what is made anew."""
        return self.account or self.gpus or self.hours or bool(self.users)

    def without(self, standing: Standing) -> Standing | None:
        """`standing` once what was missed is taken away or set otherwise; None when all of it has to go.

        A limit is set otherwise such that no running job is ended.
        """
        if self.account:
            return None
        members = tuple(member for member in standing.members if member.login not in self.users)
        other = {"gpu_hours": _MANY_HOURS if standing.limits.gpu_hours is None else standing.limits.gpu_hours + 1}
        return standing.model_copy(
            update={
                "members": members,
                "gpus": (standing.gpus - 1 if standing.gpus > 0 else 1) if self.gpus else standing.gpus,
                "limits": standing.limits.model_copy(update=other) if self.hours else standing.limits,
            }
        )

    def words(self) -> tuple[str, ...]:
        """What is wrong, for people."""
        said = ["slurmctld does not know this account"] if self.account else []
        said += [f"slurmctld does not know {user} in this account" for user in self.users]
        said += ["slurmctld has another limit of GPUs than sacctmgr"] if self.gpus else []
        said += ["slurmctld has another limit of GPU-minutes than sacctmgr"] if self.hours else []
        return (*said, *(f"slurmctld still admits {user}: restart it" for user in self.strangers))


class Hearing:
    """Asks the controller what it knows."""

    def __init__(self, slurm: Commands) -> None:
        self._slurm = slurm
        self._told: dict[str, float] = {}

    def missed(self, rows: Mapping[str, Sequence[Association]]) -> dict[str, Missed]:
        """What the controller does not know of `rows` (by account), where there is any. Raises ClusterUnreachable."""
        found: dict[str, Missed] = {}
        for look in range(_LOOKS if rows else 0):
            if look:
                time.sleep(_BETWEEN_SECONDS)
            words = ("show", "assoc_mgr", "flags=assoc", f"accounts={','.join(('root', *sorted(rows)))}")
            heard = self._slurm.read(slurm_text.heard, "scontrol", "-o", *words)
            if ("root", "") not in heard:  # PrivateData hides the associations from us: nothing can be said
                return {}
            compared = {name: _missed(name, rows[name], heard) for name in rows}
            found = {name: one for name, one in compared.items() if one != Missed()}
            if not found:
                break
        return found

    def may_retell(self, name: str) -> bool:
        """Whether it is time to: not over and over where slurmdbd cannot reach the controller at all."""
        return time.monotonic() - self._told.get(name, -_AGAIN_SECONDS) >= _AGAIN_SECONDS

    def note(self, name: str) -> None:
        """`name` is being made anew."""
        self._told[name] = time.monotonic()


def _missed(name: str, rows: Sequence[Association], heard: Mapping[tuple[str, str], tuple[int, int]]) -> Missed:
    if (name, "") not in heard:
        return Missed(account=True)
    users, known = {row.user for row in rows if row.user}, {user for account, user in heard if account == name and user}
    gpus, minutes = heard[name, ""]
    own = next(row for row in rows if not row.user)
    return Missed(
        users=tuple(sorted(users - known)),
        gpus=own.tres.get("gres/gpu", -1) != gpus,
        hours=own.tres_minutes.get("gres/gpu", -1) != minutes,
        strangers=tuple(sorted(known - users)),
    )
