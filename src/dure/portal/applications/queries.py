"""Reading applications: an organisation's own, and for the programme all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Prefetch

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.decide import eligibility
from dure.decide import questions as forms
from dure.portal.applications import content as contents
from dure.portal.applications.content import Content
from dure.portal.applications.models import Application, Clearance, Endorsement, TeamMember, Version
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.redaction import INSTEAD
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.people.queries import OrganisationView

READER = system("applications")
SEALED_STATES = ("submitted", "admitted", "refused")


@dataclass(frozen=True)
class Receipt:
    """What an applicant holds of a sealed version: its hash names the content, byte by byte."""

    number: str
    version: int
    hash: str
    started_at: datetime
    submitted_at: datetime
    redacted_at: datetime | None = None


@dataclass(frozen=True)
class PersonOfTeam:
    """Somebody of the team as last submitted."""

    name: str
    email: str
    affiliation: str
    role: str


@dataclass(frozen=True)
class ApplicationView:
    """An application as plain values. `content` is the sealed one, or the draft's while nothing is sealed."""

    id: int
    number: str
    call_code: str
    organisation: OrganisationView
    lead_id: int
    state: str
    state_reason: Text
    content: Content
    draft: Content
    draft_edition: int
    draft_saved_at: datetime
    receipts: Sequence[Receipt]
    is_synthetic: bool

    @property
    def receipt(self) -> Receipt | None:
        """The newest sealed version's, if any."""
        return self.receipts[-1] if self.receipts else None

    @property
    def title(self) -> Text:
        """The title; the Korean one where there is no English."""
        named = (self.draft if self.state == "draft" else self.content).title
        return Text(named.ko, named.en or named.ko)

    @property
    def is_editable(self) -> bool:
        """Whether its draft may be written."""
        return self.state in ("draft", "withdrawn")


def application(number: str, actor: Actor) -> ApplicationView:
    """One application. Raises NotFound for anybody but its organisation and the programme."""
    rows = _rows().filter(number=number)
    if not actor.may_oversee:  # asked of the database, so that what is kept from somebody costs what nothing costs
        rows = rows.filter(organisation_id__in=actor.organisations)
    row = rows.first()
    if row is None:
        raise NotFound(internal=f"application {number!r} for {actor}")
    return _views([row])[0]


def of_call(call_code: str, actor: Actor, states: Iterable[str] = ()) -> list[ApplicationView]:
    """The call's applications in `states` (all but drafts and discarded ones when none is given), by number.

    For the programme's people: other people see none.
    """
    actor.require(actor.may_oversee)
    wanted = list(states) or ["submitted", "withdrawn", "admitted", "refused"]
    rows = _rows().filter(call__code=call_code, state__in=wanted)
    return _views(rows.defer("draft") if set(wanted) <= set(SEALED_STATES) else rows)


def mine(actor: Actor) -> list[ApplicationView]:
    """The applications of the person's organisations, the newest first; discarded drafts left out."""
    rows = _rows().filter(organisation_id__in=actor.organisations).exclude(state="discarded")
    return _views(rows.order_by("-created_at", "-id"))


def led_by(user_id: int) -> list[ApplicationView]:
    """The applications a person leads, for what is decided about that person; discarded drafts left out."""
    return _views(_rows().filter(lead_id=user_id).exclude(state="discarded"))


def with_team(call_code: str) -> list[str]:
    """Numbers of the call's applications whose teams are still named."""
    named = TeamMember.objects.filter(application__call__code=call_code).exclude(name=INSTEAD)
    return list(named.values_list("application__number", flat=True).distinct().order_by("application__number"))


def sizes(call_code: str, applicant_class: str) -> list[tuple[str, int]]:
    """Number and nodes asked for, of each admitted application of the call by applicants of the class.

    The database picks them out: what is asked stands in the sealed contents, and to open all of them takes its time.
    """
    of_class = {"call__code": call_code, "organisation__applicant_class": applicant_class}
    found = Application.objects.filter(**of_class, state="admitted").order_by("number")
    return list(found.values_list("number", "version__content__requested_nodes"))


def numbers(call_code: str, state: str) -> list[str]:
    """The numbers of the call's applications in a state, for later chapters that have decided who may see them."""
    found = Application.objects.filter(call__code=call_code, state=state)
    return list(found.values_list("number", flat=True))


def counts(call_code: str, actor: Actor) -> dict[str, int]:
    """How many applications of the call are in each state."""
    actor.require(actor.may_oversee)
    found = Application.objects.filter(call__code=call_code).values("state").annotate(n=Count("id")).order_by()
    return {row["state"]: row["n"] for row in found}


def sealed(number: str, version: int, actor: Actor) -> dict[str, Any]:
    """A sealed version as the document its hash is taken of. Raises NotFound."""
    row = Version.objects.select_related("application").filter(application__number=number, number=version).first()
    if row is None or not may_see(actor, row.application.organisation_id):
        raise NotFound(internal=f"version {version} of application {number!r} for {actor}")
    return document(row.application.number, row.number, row.content)


def versions_content(number: str, version: int, actor: Actor) -> Content:
    """The content of a sealed version. Raises NotFound."""
    return contents.read(sealed(number, version, actor)["content"])


def team(application_ids: Iterable[int]) -> dict[int, list[PersonOfTeam]]:
    """The teams as last submitted, by application id; for finding conflicts of interest."""
    found: dict[int, list[PersonOfTeam]] = {}
    rows = TeamMember.objects.filter(application_id__in=set(application_ids))
    for application_id, *person in rows.values_list("application_id", "name", "email", "affiliation", "role"):
        found.setdefault(application_id, []).append(PersonOfTeam(*person))
    return found


def teammates(emails: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each address that is on a submitted team: the addresses of its teammates, with an application they share."""
    own = TeamMember.objects.filter(email__in=set(emails)).values_list("application_id", "email")
    seats: dict[int, set[str]] = {}
    for application_id, email in own:
        seats.setdefault(application_id, set()).add(email.lower())
    found: dict[str, dict[str, str]] = {}
    others = TeamMember.objects.filter(application_id__in=seats).exclude(email="")
    for application_id, number, email in others.values_list("application_id", "application__number", "email"):
        for one in seats[application_id] - {email.lower()}:
            found.setdefault(one, {})[email.lower()] = number
    return found


def by_ids(application_ids: Iterable[int]) -> dict[int, ApplicationView]:
    """Applications by id, for later chapters that have decided themselves who may see them."""
    return {view.id: view for view in _views(_rows().filter(pk__in=set(application_ids)))}


@dataclass(frozen=True)
class Behind:
    """Who stands behind an application: for conflicts of interest, without its content."""

    id: int
    number: str
    call_code: str
    state: str
    organisation: OrganisationView
    lead_id: int
    team: Sequence[PersonOfTeam]


def behind(application_ids: Iterable[int]) -> dict[int, Behind]:
    """Who stands behind these applications, by id, in three queries."""
    rows = list(
        Application.objects.filter(pk__in=set(application_ids)).values_list(
            "pk", "number", "call__code", "state", "organisation_id", "lead_id"
        )
    )
    organisations = people.organisations(row[4] for row in rows)
    teams = team(row[0] for row in rows)
    return {
        pk: Behind(pk, number, code, state, organisations[organisation_id], lead_id, teams.get(pk, ()))
        for pk, number, code, state, organisation_id, lead_id in rows
    }


@dataclass(frozen=True)
class Heading:
    """An application in one line of a long list."""

    id: int
    number: str
    title: Text
    organisation: OrganisationView


def headings(call_code: str, state: str) -> list[Heading]:
    """The call's applications in a state by number, in two queries and without their contents.

    For later chapters that have decided who may see them.
    """
    found = Application.objects.filter(call__code=call_code, state=state)
    rows = list(found.values_list("pk", "number", "version__content__title", "organisation_id"))
    organisations = people.organisations(row[3] for row in rows)
    return [
        Heading(pk, number, Text(title["ko"], title["en"] or title["ko"]), organisations[organisation_id])
        for pk, number, title, organisation_id in rows
    ]


def ids_of(call_code: str, numbers: Iterable[str]) -> dict[str, int]:
    """Ids of the call's applications by number."""
    found = Application.objects.filter(call__code=call_code, number__in=set(numbers))
    return dict(found.values_list("number", "id"))


def applicant_of(organisation: OrganisationView) -> eligibility.Applicant:
    """The organisation as eligibility sees it."""
    return eligibility.Applicant(
        organisation.applicant_class, organisation.region, organisation.is_youth, organisation.state
    )


def check(
    call: CallView, organisation: OrganisationView, content: Content | None, stage: eligibility.Stage
) -> eligibility.Eligibility:
    """Eligibility of an organisation, and of what it asks for when that is complete."""
    applicant = applicant_of(organisation)
    if call.rules.decision == "nomination":
        applicant = replace(applicant, nominated_by=calls.nominated_by(call.code, organisation.id))
    return eligibility.check(
        programmes.current(),
        call.rules,
        applicant,
        content.request if content is not None else None,
        call.terms,
        stage,
    )


def standings(application_ids: Iterable[int]) -> dict[int, eligibility.Eligibility]:
    """Whether what was sealed meets the rules now, by id: asked again wherever it is about to count.

    An organisation may have lost its verification, or changed its class, since the application was submitted.
    """
    views = by_ids(application_ids)
    known = {code: calls.call(code, READER) for code in {view.call_code for view in views.values()}}
    return {pk: check(known[view.call_code], view.organisation, view.content, "award") for pk, view in views.items()}


def remaining(view: ApplicationView, call: CallView) -> list[Mistake]:
    """What the draft still lacks, then the rules it does not meet."""
    found = contents.remaining(view.draft, programmes.current(), call.form)
    found += check(call, view.organisation, view.draft, "submit").mistakes
    return found + unendorsed(view, call)


@dataclass(frozen=True)
class EndorsementView:
    """What an institution's heads were asked and have answered. `is_current` is lost when title or size change."""

    number: str
    state: str
    requested_at: datetime
    decided_at: datetime | None
    reason: str
    is_current: bool

    @property
    def counts(self) -> bool:
        """Whether the application may be submitted on it."""
        return self.state == "endorsed" and self.is_current


def needs_endorsement(call: CallView, organisation: OrganisationView) -> bool:
    """Whether the track wants the institution behind applications of this class."""
    return organisation.applicant_class in call.rules.endorsed_classes


def subject_of(content: Content) -> str:
    """What an institution endorses, as one digest: the title and everything asked for."""
    asked = ("title", "models", "min_nodes", "requested_nodes", "months", "earliest_start", "latest_start")
    return canonical.digest({name: contents.stored(content)[name] for name in asked})


def endorsement(view: ApplicationView) -> EndorsementView | None:
    """The endorsement of an application, if it was ever asked for."""
    row = Endorsement.objects.filter(application_id=view.id).first()
    if row is None:
        return None
    is_current = row.subject == subject_of(view.draft)
    return EndorsementView(view.number, row.state, row.requested_at, row.decided_at, row.reason, is_current)


def to_endorse(organisation_ids: Iterable[int]) -> list[ApplicationView]:
    """Drafts that wait for a head of one of these organisations, the oldest request first."""
    found = _rows().filter(organisation_id__in=set(organisation_ids), state__in=("draft", "withdrawn"))
    return _views(found.filter(endorsement__state="requested").order_by("endorsement__requested_at"))


def unendorsed(view: ApplicationView, call: CallView) -> list[Mistake]:
    """What the institution's endorsement still lacks, where the track wants one."""
    if not needs_endorsement(call, view.organisation):
        return []
    found = endorsement(view)
    if found is not None and found.counts:
        return []
    if found is None or (found.state == "endorsed" and not found.is_current):
        what = Text("소속 기관의 확인이 없습니다.", "Your institution has not endorsed this.")
        remedy = Text("다 쓴 뒤 기관 확인을 요청하십시오.", "Ask for its endorsement once everything is written.")
    elif found.state == "declined":
        what = Text("소속 기관이 확인하지 않았습니다.", "Your institution has declined.")
        remedy = Text(
            f"사유: {found.reason} 고친 뒤 다시 요청하십시오.", f"Reason: {found.reason} Mend it and ask again."
        )
    else:
        what = Text("소속 기관의 확인을 기다립니다.", "Your institution has not answered yet.")
        remedy = Text("기관 대표자에게 알려 주십시오.", "Remind its head.")
    return [Mistake("endorsement", what, remedy)]


def open_checks(view: ApplicationView, call: CallView) -> list[forms.Question]:
    """The questions whose sealed answers the programme has to check by hand and has not."""
    found = forms.to_check(call.form, view.content.answers)
    if not found or view.receipt is None:
        return []
    cleared = Clearance.objects.filter(version__application_id=view.id, version__number=view.receipt.version).exists()
    return [] if cleared else list(found)


def to_check(call: CallView) -> list[str]:
    """Numbers of the call's submitted applications with an answer the programme still has to check by hand."""
    if not any(question.checked_if for question in call.form):
        return []
    rows = Application.objects.filter(call_id=call.id, state="submitted", version__clearance=None)
    found = rows.values_list("number", "version__content__answers").order_by("number")
    return [number for number, answers in found if forms.to_check(call.form, answers or {})]


def unchecked(view: ApplicationView, call: CallView) -> list[Mistake]:
    """A mistake for each answer that has to be checked by hand before the application counts."""
    remedy = Text("답을 확인하고 확인 내용을 남기십시오.", "Check the answer and say what was found.")
    return [
        Mistake(
            f"answers.{question.code}",
            Text("‘{label}’의 답을 확인하지 않았습니다.", "The answer to “{label}” is not checked.").format(
                label=question.label
            ),
            remedy,
        )
        for question in open_checks(view, call)
    ]


def possible_periods(view: ApplicationView, now: datetime) -> list[tuple[datetime, datetime]]:
    """The half-open periods in which the application could be used from now on, the earliest first."""
    request = view.content.request
    if request is None:
        return []
    zone = programmes.zone()
    this_month = Month.of(now, zone)
    first = max(request.earliest_start, this_month.plus(1) if this_month.period(zone).start < now else this_month)
    starts = (first.plus(offset) for offset in range(request.latest_start.minus(first) + 1))
    return [(m.period(zone).start, m.plus(request.months).period(zone).start) for m in starts]


def usable_clusters(view: ApplicationView) -> list[tuple[str, int, int]]:
    """(cluster, fewest, most nodes) the application could use of its call's offer, the most useful model first."""
    request = view.content.request
    if request is None:
        return []
    call, programme = calls.call(view.call_code, READER), programmes.current()
    found = []
    for model in request.gpu_models:
        limit = call.rules.limit(model)
        for code, offered in sorted(call.offered.items()):
            if limit is None or programme.cluster(code).gpu_model != model:
                continue
            least = max(request.min_nodes, limit.min_nodes)
            most = min(request.requested_nodes, limit.max_nodes, offered)
            if least <= most:
                found.append((code, least, most))
    return found


def may_see(actor: Actor, organisation_id: int) -> bool:
    """Whether an application of this organisation may be known to the person."""
    return actor.may_oversee or organisation_id in actor.organisations


def document(number: str, version: int, content: dict[str, Any]) -> dict[str, Any]:
    """The canonical document of a sealed version."""
    return {"format": "dure-application/1", "application": number, "version": version, "content": content}


def hash_of(number: str, version: int, content: dict[str, Any]) -> str:
    """The receipt's hash. Raises InvalidInput for content that canonical JSON cannot hold."""
    try:
        return canonical.digest(document(number, version, content))
    except TypeError as error:
        what = Text("소수점이 있는 수는 쓸 수 없습니다.", "Numbers with decimals cannot be used.")
        raise InvalidInput(
            Mistake("answers", what, Text("정수로 적으십시오.", "Give whole numbers.")), str(error)
        ) from None


def _rows() -> Any:
    receipts = Prefetch("versions", Version.objects.defer("content").order_by("number"))
    return Application.objects.select_related("version").annotate(call_code=F("call__code")).prefetch_related(receipts)


def _views(rows: Iterable[Application]) -> list[ApplicationView]:
    found = list(rows)
    organisations = people.organisations(row.organisation_id for row in found)
    return [_view(row, organisations[row.organisation_id]) for row in found]


def _view(row: Application, organisation: OrganisationView) -> ApplicationView:
    content = contents.trusted(row.version.content) if row.version_id else None
    is_as_sealed = content is not None and row.state in SEALED_STATES  # submitting makes the draft the sealed content
    draft = content if content is not None and is_as_sealed else contents.trusted(row.draft)
    reason = row.state_reason or {"ko": "", "en": ""}
    receipts = [
        Receipt(row.number, v.number, v.hash, v.started_at, v.submitted_at, v.redacted_at) for v in row.versions.all()
    ]
    return ApplicationView(
        id=row.pk,
        number=row.number,
        call_code=row.call_code,
        organisation=organisation,
        lead_id=row.lead_id,
        state=row.state,
        state_reason=Text(reason["ko"], reason["en"]),
        content=content or draft,
        draft=draft,
        draft_edition=row.draft_edition,
        draft_saved_at=row.draft_saved_at,
        receipts=receipts,
        is_synthetic=row.is_synthetic,
    )
