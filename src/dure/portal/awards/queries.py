"""Reading awards: one award, an organisation's, a plan's; the public register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.errors import NotFound
from dure.portal.awards.models import Award
from dure.portal.people.actor import Actor

PUBLIC_STATES = ("accepted", "agreed", "ended")


@dataclass(frozen=True, slots=True)
class AgreementView:
    """The agreement of an award and who has signed it."""

    text: str
    text_version: str
    hash: str
    signed_by_applicant: str
    applicant_signed_at: datetime
    signed_by_programme: str
    programme_signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AwardView:
    """An award with what pages say of it; requested and awarded nodes stay apart."""

    id: int
    number: str
    application_id: int
    plan_id: int
    call_code: str
    organisation_id: int
    organisation_code: str
    organisation: str
    organisation_en: str
    applicant_class: str
    region: str
    is_youth: bool
    is_synthetic: bool
    lead_id: int
    title: dict[str, str]
    field: str
    cluster_id: int
    cluster: str
    provider: str
    gpu_model: str
    gpus_per_node: int
    nodes: int
    node_names: tuple[str, ...]
    requested_nodes: int
    start_at: datetime
    end_at: datetime
    state: str
    state_reason: str
    offered_at: datetime
    respond_by: datetime
    accepted_at: datetime | None
    agreed_at: datetime | None
    ended_at: datetime | None
    agreement: AgreementView | None

    @property
    def gpus(self) -> int:
        """GPUs awarded."""
        return self.nodes * self.gpus_per_node


def award(number: str, actor: Actor) -> AwardView:
    """One award. Raises NotFound, also for people who may not know of it."""
    row = _rows(actor).filter(number=number).first()
    if row is None:
        raise NotFound(internal=f"award {number} for {actor}")
    return _view(row)


def awards(
    actor: Actor, *, call_code: str = "", state: str = "", text: str = "", order: str = "number"
) -> QuerySet[Award]:
    """The awards a person may see, to be paged; make rows with `award_view`."""
    rows = _rows(actor)
    if call_code:
        rows = rows.filter(application__call__code=call_code)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(
            Q(number__icontains=text)
            | Q(application__organisation__name__icontains=text)
            | Q(application__organisation__name_en__icontains=text)
        )
    return rows.order_by(order, "number")


def award_view(row: Award) -> AwardView:
    """A row of `awards` or `public_register` as pages show it."""
    return _view(row)


def of_organisations(organisation_ids: frozenset[int]) -> Sequence[AwardView]:
    """Awards of these organisations, newest first."""
    rows = _all().filter(application__organisation_id__in=organisation_ids).order_by("-offered_at", "number")
    return [_view(row) for row in rows]


def agreed() -> Sequence[AwardView]:
    """Every agreed award, by number: what should be real on a cluster in its period."""
    return [_view(row) for row in _all().filter(state="agreed")]


def public_register() -> QuerySet[Award]:
    """Awards that were accepted: who got what. Public; make rows with `award_view`."""
    return _all().filter(state__in=PUBLIC_STATES).order_by("number")


def state_counts(call_code: str = "") -> dict[str, int]:
    """How many awards are in each state."""
    rows = Award.objects.filter(application__call__code=call_code) if call_code else Award.objects.all()
    counts: dict[str, int] = {}
    for state in rows.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts


def to_countersign() -> Sequence[AwardView]:
    """Accepted awards whose applicants have signed, waiting for the programme."""
    return [_view(row) for row in _all().filter(state="accepted", agreement__isnull=False)]


def _all() -> QuerySet[Award]:
    return Award.objects.select_related(
        "application__organisation", "application__call", "application__version", "cluster__provider", "agreement"
    )


def _rows(actor: Actor) -> QuerySet[Award]:
    rows = _all()
    if actor.may_oversee or actor.is_finance:
        return rows
    return rows.filter(
        Q(application__organisation_id__in=actor.organisations)
        | Q(cluster__provider__code__in=actor.providers, state__in=PUBLIC_STATES)
    )


def _view(row: Award) -> AwardView:
    application, organisation = row.application, row.application.organisation
    content: dict[str, Any] = application.version.content if application.version else {}
    agreement = getattr(row, "agreement", None)
    return AwardView(
        id=row.pk,
        number=row.number,
        application_id=application.pk,
        plan_id=row.plan_id,
        call_code=application.call.code,
        organisation_id=organisation.pk,
        organisation_code=organisation.code,
        organisation=organisation.name,
        organisation_en=organisation.name_en or organisation.name,
        applicant_class=organisation.applicant_class,
        region=organisation.region,
        is_youth=organisation.is_youth,
        is_synthetic=application.is_synthetic,
        lead_id=application.lead_id,
        title=content.get("title", {}),
        field=content.get("field", ""),
        cluster_id=row.cluster_id,
        cluster=row.cluster.code,
        provider=row.cluster.provider.code,
        gpu_model=row.cluster.gpu_model,
        gpus_per_node=row.cluster.gpus_per_node,
        nodes=row.nodes,
        node_names=tuple(row.node_names),
        requested_nodes=row.requested_nodes,
        start_at=row.start_at,
        end_at=row.end_at,
        state=row.state,
        state_reason=row.state_reason,
        offered_at=row.offered_at,
        respond_by=row.respond_by,
        accepted_at=row.accepted_at,
        agreed_at=row.agreed_at,
        ended_at=row.ended_at,
        agreement=_agreement(agreement) if agreement else None,
    )


def _agreement(row: Any) -> AgreementView:
    return AgreementView(
        row.text,
        row.text_version,
        row.hash,
        row.signed_by_applicant,
        row.applicant_signed_at,
        row.signed_by_programme,
        row.programme_signed_at,
    )
