"""What tests from fleet to billing start from: the fleet, organisations with people, awards agreed, an agent's calls.

Awards are put straight into their tables: how they come about is tested with the chapters that make them.
"""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client

from dure.core.condition import Condition
from dure.portal.allocations import operations as allocations
from dure.portal.applications.models import Application, Version
from dure.portal.awards.models import Award
from dure.portal.calls.models import Call
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework.programme import current
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.people.models import Membership, Organisation, Role, User
from dure.portal.plans.models import Plan, Problem
from dure.protocol.report import AllocationReport, Report
from dure.protocol.usage import UsagePost, UsageRow, UsageWindow

SYSTEM = system("tests")
NOW = datetime(2026, 3, 20, tzinfo=UTC)
SMALL = "naver-h200-b"
HOUR = timedelta(hours=1)


def at(month: int, day: int = 1, year: int = 2026) -> datetime:
    """Midnight of a day in programme time."""
    return current().midnight(date(year, month, day))


def load() -> None:
    """The whole fleet of the programme file."""
    fleet.load_programme(actor=SYSTEM, now=NOW)


def person(name: str, *roles: tuple[str, str]) -> Actor:
    """A person NAME@example.org with programme roles (role, scope)."""
    user, _ = User.objects.get_or_create(email=f"{name}@example.org", defaults={"name": name, "created_at": NOW})
    for role, scope in roles:
        Role.objects.get_or_create(user=user, role=role, scope=scope, defaults={"since_at": NOW})
    return people.actor_of(user)


def manager() -> Actor:
    return person("manager", ("programme_manager", ""))


def finance() -> Actor:
    return person("finance", ("finance", ""))


def auditor() -> Actor:
    return person("auditor", ("auditor", ""))


def provider(code: str = "naver") -> Actor:
    return person(f"ops-{code}", ("provider", code))


def organisation(code: str, applicant_class: str = "academia", *, is_youth: bool = False) -> Actor:
    """The head of organisation `code`."""
    row, _ = Organisation.objects.get_or_create(
        code=code,
        defaults={
            "name": f"{code} 기관", "name_en": f"{code} organisation", "applicant_class": applicant_class,
            "region": "seoul", "is_youth": is_youth, "state": "verified", "created_at": NOW,
        },
    )  # fmt: skip
    head = person(f"head-{code}")
    Membership.objects.get_or_create(
        user_id=head.user_id, organisation=row, defaults={"role": "head", "state": "active", "since_at": NOW}
    )
    return people.actor_by_email(f"head-{code}@example.org")


def member(code: str, name: str) -> Actor:
    """An ordinary member of an organisation that exists."""
    user = person(name)
    row = Organisation.objects.get(code=code)
    Membership.objects.get_or_create(user_id=user.user_id, organisation=row, state="active", since_at=NOW)
    return people.actor_by_email(f"{name}@example.org")


def award(
    holder: Actor, number: str, *, cluster: str = SMALL, nodes: int = 2, start: datetime, end: datetime,
    state: str = "agreed",
) -> Award:  # fmt: skip
    """An award of the holder's organisation with its nodes booked."""
    (organisation_id,) = holder.organisations
    names = [name for name, _ in fleet_queries.free_nodes(cluster, start, end)][:nodes]
    fleet.book(
        actor=SYSTEM, now=NOW, cluster=cluster, node_names=names, start_at=start, end_at=end, kind="award",
        organisation=Organisation.objects.get(pk=organisation_id).code, reference=f"award:{number}",
    )  # fmt: skip
    return Award.objects.create(
        number=number, application=_application(holder, organisation_id, number), plan=_plan(),
        holder_id=organisation_id, lead_id=holder.user_id,
        cluster_id=fleet_queries.cluster_id(cluster), nodes=nodes, node_names=names, requested_nodes=nodes,
        start_at=start, end_at=end, state=state, offered_at=NOW, respond_by=NOW + timedelta(days=7),
        agreed_at=NOW if state == "agreed" else None,
    )  # fmt: skip


def _call() -> Call:
    found, _ = Call.objects.get_or_create(
        code="25-1",
        defaults={
            "track": "regular", "title": {"ko": "공모", "en": "Call"}, "opens_at": at(1), "closes_at": at(2),
            "decide_by": at(3), "use_from": at(4), "use_until": at(7, year=2027), "offered": {}, "programme_hash": "x",
            "created_at": NOW,
        },
    )  # fmt: skip
    return found


def _plan() -> Plan:
    problem, _ = Problem.objects.get_or_create(
        hash="test", defaults={"call": _call(), "document": b"{}", "made_at": NOW, "made_by": "tests"}
    )
    found, _ = Plan.objects.get_or_create(
        problem=problem, defaults={"title": "t", "rule": "merit", "queued_at": NOW, "queued_by": "tests"}
    )
    return found


def _application(holder: Actor, organisation_id: int, number: str) -> Application:
    row = Application.objects.create(
        call=_call(), number=number, organisation_id=organisation_id, lead_id=holder.user_id, draft_saved_at=NOW,
        created_at=NOW,
    )  # fmt: skip
    content = {"title": {"ko": f"과제 {number}", "en": f"Project {number}"}, "field": "language"}
    row.version = Version.objects.create(
        application=row, number=1, content=content, hash="x", started_at=NOW, submitted_at=NOW,
        submitted_by_id=holder.user_id,
    )  # fmt: skip
    row.state = "admitted"
    row.save()
    return row


def allocated(holder: Actor, number: str, now: datetime = NOW, **changes: Any) -> str:
    """An agreed award made an allocation; its name."""
    period = {"start": at(4), "end": at(7)} | changes
    award(holder, number, **period)
    allocations.allocate_due(now=now)
    return f"a-{number}"


def epoch_of(cluster: str = SMALL, instance: str = "agent-1", now: datetime = NOW) -> int:
    """The lease of an agent instance."""
    return allocations.claim(now=now, cluster=cluster, instance=instance)


def report(names: dict[str, str], *, at: datetime, cluster: str = SMALL, epoch: int = 1, generation: int = 0,
           delivered: bool = True, instance: str = "agent-1", nodes: tuple[str, ...] = ()) -> Report:  # fmt: skip
    """A report that says `names`: allocation to "Applied", "NotYetStarted" or "Ended"."""
    said = []
    for name, reason in names.items():
        ended = reason == "Ended"
        conditions = (
            Condition("Ready", "false" if ended else "true", "Withdrawn" if ended else reason, "", generation),
            Condition("Ended", "true" if ended else "false", "PeriodEnded" if ended else "StillThere", "", generation),
        )
        said.append(AllocationReport(id=name, generation=generation, nodes=nodes, conditions=conditions))
    usage = Condition("UsageDelivered", "true", "Delivered") if delivered else _waiting()
    return Report(
        cluster=cluster, instance=instance, epoch=epoch, observed_generation=generation, done_at=at,
        conditions=(usage,), allocations=tuple(said),
    )  # fmt: skip


def _waiting() -> Condition:
    return Condition("UsageDelivered", "false", "Waiting")


def window(start: datetime, rows: dict[str, dict[str, int]], *, cluster: str = SMALL, revision: int = 0) -> UsageWindow:
    """One hour: per allocation what differs from two nodes of 8 GPUs held for the hour and not used."""
    plain = {
        "allocated_node_seconds": 7200, "allocated_gpu_seconds": 57600, "running_gpu_seconds": 0,
        "busy_gpu_seconds": 0, "missing_gpu_seconds": 0, "energy_joules": 0, "jobs": 0, "idle_lead_seconds": 0,
        "idle_longest_seconds": 0, "idle_tail_seconds": 0,
    }  # fmt: skip
    made = tuple(UsageRow(allocation=name, **(plain | changes)) for name, changes in rows.items())
    return UsageWindow(cluster=cluster, start=start, end=start + HOUR, revision=revision, rows=made)


def idle(seconds: int = 3600) -> dict[str, int]:
    """An hour seen idle throughout."""
    return {"idle_lead_seconds": seconds, "idle_longest_seconds": seconds, "idle_tail_seconds": seconds}


def busy(gpu_seconds: int = 57600) -> dict[str, int]:
    """An hour computed through."""
    return {"running_gpu_seconds": gpu_seconds, "busy_gpu_seconds": gpu_seconds}


def post(*windows: UsageWindow, epoch: int = 1, cluster: str = SMALL, instance: str = "agent-1") -> UsagePost:
    """Windows as an agent hands them over."""
    return UsagePost(cluster=cluster, instance=instance, epoch=epoch, windows=windows)


def signed_in(actor: Actor, language: str = "ko") -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    client.cookies["dure_language"] = language
    return client


def public_key(kind: str = "ssh-ed25519", *parts: bytes) -> str:
    """A well-formed public key line, made of given blob parts."""
    blob = b"".join(len(p).to_bytes(4, "big") + p for p in (kind.encode(), *(parts or (bytes(range(32)),))))
    return f"{kind} {base64.b64encode(blob).decode()} somebody@somewhere"
