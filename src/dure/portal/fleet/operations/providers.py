"""What a provider says of how holders get in."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.fleet import queries
from dure.portal.fleet.models import Cluster
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor

_PEM = re.compile(r"(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")


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
