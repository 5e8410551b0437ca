"""What a provider says: work on some nodes, and how holders get in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.fleet import queries
from dure.portal.fleet.models import Booking, Cluster, Maintenance
from dure.portal.fleet.operations.bookings import Wanted, insert, rows_of
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor

_PEM = re.compile(r"(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")


@transaction.atomic
def announce_maintenance(
    *,
    actor: Actor,
    now: datetime,
    cluster: str,
    node_names: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    reason: str,
) -> int:
    """Take nodes out for a period; awards on them pause for it and its hours are not charged. Returns its id.

    Raises NotFound for another provider's cluster, InvalidInput for a period in the past or nodes unknown,
    InsufficientCapacity where other work is already announced.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider))
    here = locked(Cluster.objects.all(), code=cluster)
    known = set(here.nodes.filter(name__in=node_names).values_list("name", flat=True))
    _check_maintenance(node_names, known, start_at, end_at, reason, now)
    names = sorted(known)
    row = Maintenance.objects.create(
        cluster=here,
        start_at=start_at,
        end_at=end_at,
        node_names=names,
        reason=reason.strip(),
        announced_at=now,
        announced_by=actor.name,
    )
    _step_aside(here, names, start_at, end_at)
    by_name = {node.name: node for node in here.nodes.filter(name__in=names)}
    wanted = Wanted(cluster, names, start_at, end_at, "maintenance", "", f"maintenance:{row.pk}")
    insert(rows_of(here, by_name, wanted, now))
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.announce_maintenance",
        subject=f"cluster:{cluster}",
        reason=row.reason,
        nodes=names,
        start_at=start_at.isoformat(),
        end_at=end_at.isoformat(),
    )
    return row.pk


def _check_maintenance(
    names: Sequence[str], known: set[str], start_at: datetime, end_at: datetime, reason: str, now: datetime
) -> None:
    mistakes = []
    if not names or set(names) - known:
        strange = ", ".join(sorted(set(names) - known)) or "–"
        mistakes.append(
            Mistake(
                "node_names",
                Text(f"이 클러스터에 없는 서버입니다: {strange}.", f"Not servers of this cluster: {strange}."),
                Text("서버 이름을 한 줄에 하나씩 적어 주십시오.", "Write server names, one a line."),
            )
        )
    if start_at < now:
        mistakes.append(
            Mistake(
                "start_at", Text("지난 시각에는 점검을 예고할 수 없습니다.", "Work cannot be announced for the past.")
            )
        )
    if end_at <= start_at:
        mistakes.append(Mistake("end_at", Text("종료가 시작보다 늦어야 합니다.", "The end must come after the start.")))
    if not reason.strip():
        mistakes.append(Mistake("reason", Text("점검 사유를 적어 주십시오.", "Say why the work is needed.")))
    if mistakes:
        raise InvalidInput(mistakes)


def _step_aside(here: Cluster, names: Sequence[str], start_at: datetime, end_at: datetime) -> None:
    """Cut awards and self-use out of the period, keeping what lies before and after."""
    for booking in Booking.objects.filter(
        node__cluster=here,
        node__name__in=names,
        kind__in=("award", "self_use"),
        start_at__lt=end_at,
        end_at__gt=start_at,
    ).select_related("node"):
        after = (max(end_at, booking.start_at), booking.end_at)
        if booking.start_at < start_at:
            Booking.objects.filter(pk=booking.pk).update(end_at=start_at)
        else:
            booking.delete()
        if after[0] < after[1]:
            booking.pk = None
            booking._state.adding = True
            booking.start_at, booking.end_at = after
            booking.save(force_insert=True)


def told_of_maintenance(*, now: datetime, maintenance_id: int) -> None:
    """Note that the holders were told of a maintenance."""
    Maintenance.objects.filter(pk=maintenance_id, told_at=None).update(told_at=now)


@transaction.atomic
def describe_access(
    *,
    actor: Actor,
    now: datetime,
    cluster: str,
    login_host: str = "",
    partition: str = "",
    api_server: str = "",
    api_ca: str = "",
    oidc_issuer: str = "",
    oidc_client_id: str = "",
) -> None:
    """Say how holders get in: login host and partition, or a Kubernetes API server and who signs people in for it.

    Raises NotFound as `announce_maintenance`, InvalidInput for addresses that are no https and for anything that is
    not a certificate: a private key is never kept.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    said = {
        "login_host": login_host.strip(),
        "partition": partition.strip(),
        "api_server": api_server.strip(),
        "api_ca": api_ca.strip(),
        "oidc_issuer": oidc_issuer.strip(),
        "oidc_client_id": oidc_client_id.strip(),
    }
    _check_access(said)
    Cluster.objects.filter(code=cluster).update(**said)
    detail = {key: value for key, value in said.items() if value and key != "api_ca"}
    journal.append(at=now, actor=actor.name, event="fleet.describe_access", subject=f"cluster:{cluster}", **detail)


def _check_access(said: dict[str, str]) -> None:
    mistakes = []
    for field in ("api_server", "oidc_issuer"):
        if said[field] and not re.fullmatch(r"https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", said[field]):
            what = Text("https://로 시작하는 주소가 아닙니다.", "This is no address that begins with https://.")
            mistakes.append(
                Mistake(field, what, Text("예: https://k8s.example.kr:6443", "For example https://k8s.example.kr:6443"))
            )
    if said["oidc_client_id"] and not re.fullmatch(r"[A-Za-z0-9._:/-]+", said["oidc_client_id"]):
        what = Text("클라이언트 ID에 쓸 수 없는 글자가 있습니다.", "A client ID cannot have these letters.")
        mistakes.append(Mistake("oidc_client_id", what))
    if "PRIVATE KEY" in said["api_ca"]:
        what = Text("개인 키가 들어 있어 저장하지 않았습니다.", "This has a private key in it and was not kept.")
        mistakes.append(Mistake("api_ca", what, Text("인증서만 붙여 넣어 주십시오.", "Paste the certificate only.")))
    elif said["api_ca"] and not _PEM.fullmatch(said["api_ca"]):
        what = Text("PEM 형식의 인증서가 아닙니다.", "This is no certificate in PEM form.")
        remedy = Text(
            "BEGIN CERTIFICATE 줄부터 END CERTIFICATE 줄까지 붙여 넣어 주십시오.",
            "Paste from the line BEGIN CERTIFICATE to END CERTIFICATE.",
        )
        mistakes.append(Mistake("api_ca", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)
