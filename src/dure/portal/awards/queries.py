"""Reading awards: one award, an organisation's, a plan's; the public register; changes and appeals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.awards import extension
from dure.portal.awards.models import Appeal, Award, Change
from dure.portal.framework import programme
from dure.portal.people.actor import Actor, system
from dure.portal.plans import queries as plans

READER = system("awards")
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
class ChangeView:
    """A change of an award; `before` says what the award was when it was asked for."""

    id: int
    number: str
    kind: str
    state: str
    months: int | None
    nodes: int | None
    end_at: datetime | None
    organisation_id: int | None
    organisation: str
    lead: str
    before: dict[str, Any]
    effective_at: datetime
    reason: str
    requested_by: str
    requested_at: datetime
    consented_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    carried_out_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided or carried out."""
        return self.state in ("requested", "consented", "approved")


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal against the decision on an application."""

    number: str
    call_code: str
    title: dict[str, str]
    organisation: str
    organisation_en: str
    state: str
    text: str
    lodged_at: datetime
    decided_at: datetime | None
    answer: str

    @property
    def is_open(self) -> bool:
        """Whether it waits for the programme or a reviewer."""
        return self.state in ("lodged", "in_review")


@dataclass(frozen=True, slots=True)
class AppealLimit:
    """Until when the decision on an application may be appealed, and the plan that made it."""

    plan_id: int
    until: datetime


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
            Q(number__icontains=text) | Q(holder__name__icontains=text) | Q(holder__name_en__icontains=text)
        )
    return rows.order_by(order, "number")


def titles(actor: Actor, numbers: Iterable[str]) -> dict[str, dict[str, str]]:
    """What the projects are called, by number; of the awards this person may see."""
    rows = _rows(actor).filter(number__in=list(numbers))
    return dict(rows.values_list("number", "application__version__content__title"))


def award_view(row: Award) -> AwardView:
    """A row of `awards` or `public_register` as pages show it."""
    return _view(row)


def of_organisations(organisation_ids: frozenset[int]) -> Sequence[AwardView]:
    """Awards of these organisations, newest first."""
    rows = _all().filter(holder_id__in=organisation_ids).order_by("-offered_at", "number")
    return [_view(row) for row in rows]


def led_by(user_id: int) -> Sequence[AwardView]:
    """Awards that a person leads, for what is decided about that person."""
    return [_view(row) for row in _all().filter(lead_id=user_id)]


def ever_agreed(call_code: str) -> set[str]:
    """Numbers of the call's awards that came to an agreement, whatever became of them."""
    found = Award.objects.filter(application__call__code=call_code, agreed_at__isnull=False)
    return set(found.values_list("number", flat=True))


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


def changes(number: str, actor: Actor) -> Sequence[ChangeView]:
    """The changes of an award, newest first. Raises NotFound; a receiving organisation sees its own transfer."""
    rows = Change.objects.select_related("award", "organisation", "lead").filter(award__number=number)
    if not _rows(actor).filter(number=number).exists():
        rows = rows.filter(organisation_id__in=actor.organisations)
        if not rows.exists():
            raise NotFound(internal=f"changes of {number} for {actor}")
    return [_change(row) for row in rows]


def changes_to_decide(actor: Actor) -> Sequence[ChangeView]:
    """Extensions and consented transfers that wait for the programme, the oldest first."""
    actor.require(actor.may_oversee)
    rows = Change.objects.select_related("award", "organisation", "lead").filter(
        Q(kind="extend", state="requested") | Q(kind="transfer", state="consented")
    )
    return [_change(row) for row in rows.order_by("requested_at", "id")]


def obstacle(change_id: int, now: datetime) -> Text | None:
    """What stands against an extension that was asked for: taken nodes or a rule of the plan; None for nothing."""
    row = Change.objects.select_related("award__cluster").get(pk=change_id)
    return extension.obstacle(row, now) if row.kind == "extend" else None


def changes_to_consent(organisation_ids: frozenset[int]) -> Sequence[ChangeView]:
    """Transfers to these organisations that wait for their head's consent."""
    rows = Change.objects.select_related("award", "organisation", "lead").filter(
        kind="transfer", state="requested", organisation_id__in=organisation_ids
    )
    return [_change(row) for row in rows.order_by("requested_at", "id")]


def carried_out(since: datetime | None = None) -> Sequence[ChangeView]:
    """Changes that were carried out, in that order; from `since` on when given."""
    rows = Change.objects.select_related("award", "organisation", "lead").filter(state="carried_out")
    if since is not None:
        rows = rows.filter(carried_out_at__gte=since)
    return [_change(row) for row in rows.order_by("carried_out_at", "id")]


def holders_before(instant: datetime) -> dict[str, int]:
    """By award number: the organisation that held it just before `instant`, where it has moved since."""
    rows = Change.objects.filter(kind="transfer", state="carried_out", effective_at__gte=instant)
    found: dict[str, int] = {}
    for number, before in rows.order_by("-effective_at").values_list("award__number", "before"):
        found[number] = before["organisation"]
    return found


def appeal_limit(number: str) -> AppealLimit | None:
    """Until when the decision on an application may be appealed; None before there is one."""
    rank = plans.decided_rank(number)
    if rank is None:
        return None
    decided_at = plans.plan(rank.plan_id, READER).accepted_at
    if decided_at is None:
        return None
    return AppealLimit(rank.plan_id, decided_at + timedelta(days=programme.current().after_award.appeal_within_days))


def appeal(number: str, actor: Actor) -> AppealView | None:
    """The appeal of an application, None when there is none. Raises NotFound for strangers."""
    application = applications.application(number, actor)
    actor.require(actor.may_oversee or application.organisation.id in actor.organisations)
    row = _appeals().filter(application__number=number).first()
    return _appeal(row) if row else None


def appeals(actor: Actor, *, state: str = "", text: str = "") -> QuerySet[Appeal]:
    """Every appeal, for those who oversee the programme, oldest first; make rows with `appeal_view`."""
    actor.require(actor.may_oversee)
    rows = _appeals()
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(application__number__icontains=text) | Q(application__organisation__name__icontains=text))
    return rows


def appeal_view(row: Appeal) -> AppealView:
    """A row of `appeals` as pages show it."""
    return _appeal(row)


def open_appeals() -> int:
    """How many appeals wait for the programme or a reviewer."""
    return Appeal.objects.filter(state__in=["lodged", "in_review"]).count()


def _appeals() -> QuerySet[Appeal]:
    return Appeal.objects.select_related(
        "application__call", "application__organisation", "application__version"
    ).order_by("lodged_at", "id")


def _appeal(row: Appeal) -> AppealView:
    application, organisation = row.application, row.application.organisation
    content: dict[str, Any] = application.version.content if application.version else {}
    return AppealView(
        application.number,
        application.call.code,
        content.get("title", {}),
        organisation.name,
        organisation.name_en or organisation.name,
        row.state,
        row.text,
        row.lodged_at,
        row.decided_at,
        row.answer,
    )


def _change(row: Change) -> ChangeView:
    return ChangeView(
        row.pk,
        row.award.number,
        row.kind,
        row.state,
        row.months,
        row.nodes,
        row.end_at,
        row.organisation_id,
        row.organisation.name if row.organisation else "",
        row.lead.name if row.lead else "",
        row.before,
        row.effective_at,
        row.reason,
        row.requested_by,
        row.requested_at,
        row.consented_at,
        row.decided_by,
        row.decided_at,
        row.decision_reason,
        row.carried_out_at,
    )


def _all() -> QuerySet[Award]:
    return Award.objects.select_related(
        "holder", "application__call", "application__version", "cluster__provider", "agreement"
    )


def _rows(actor: Actor) -> QuerySet[Award]:
    rows = _all()
    if actor.may_oversee or actor.is_finance:
        return rows
    return rows.filter(
        Q(holder_id__in=actor.organisations) | Q(cluster__provider__code__in=actor.providers, state__in=PUBLIC_STATES)
    )


def _view(row: Award) -> AwardView:
    application, organisation = row.application, row.holder
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
        lead_id=row.lead_id,
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
