"""The first call of Korea's programme (25-1), dressed: SYNTHETIC people, proposals and reviews (합성 자료).

Sizes, classes, durations and reviewers' totals come from `decide.planning.instances.first_call_applications`, which
keeps every published total; names and texts are invented here. The same seed gives the same call on every machine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.chance import Chance
from dure.decide.planning.generate import SyntheticApplication
from dure.decide.planning.instances import first_call_applications
from dure.programme.schema import Programme
from dure.simulate import panel, people, proposals
from dure.simulate.panel import Review, Reviewer
from dure.simulate.people import Organisation, Person
from dure.simulate.proposals import Member, Section

CALL = "25-1"
NOTICE = Text("합성 자료", "synthetic data")
REVIEWERS = 120
CLASS_CODES = {"research_institute": "research"}


@dataclass(frozen=True, slots=True)
class Application:
    """One synthetic application.

    `organisation` is a code, `lead` an e-mail address, `gpu_models` (code, usefulness in percent) best first;
    sizes in nodes, use in calendar months.
    """

    id: str
    organisation: str
    applicant_class: str
    lead: str
    title: Text
    summary: str
    plan: tuple[Section, ...]
    field: str
    keywords: tuple[str, ...]
    team: tuple[Member, ...]
    gpu_models: tuple[tuple[str, int], ...]
    requested_nodes: int
    min_nodes: int
    months: int
    earliest_start: Month
    latest_start: Month
    score_tenths: int

    def content(self) -> dict[str, Any]:
        """The application as JSON, as a filled-in form of the portal says it."""
        return {
            "title": {"ko": self.title.ko, "en": self.title.en},
            "summary": self.summary,
            "plan": {section.code: section.body for section in self.plan},
            "field": self.field,
            "keywords": list(self.keywords),
            "models": [{"gpu_model": model, "utility": utility} for model, utility in self.gpu_models],
            "min_nodes": self.min_nodes,
            "requested_nodes": self.requested_nodes,
            "months": self.months,
            "earliest_start": str(self.earliest_start),
            "latest_start": str(self.latest_start),
            "answers": {},
            "team": [asdict(member) for member in self.team],
            "consents": {"privacy": True, "duties": True, "truth": True},
        }


@dataclass(frozen=True, slots=True)
class FirstCall:
    """Everything that was handed in and scored; reviews in the order of applications, five each."""

    call: str
    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    reviewers: tuple[Reviewer, ...]
    applications: tuple[Application, ...]
    reviews: tuple[Review, ...]


def first_call(programme: Programme, seed: int = 1) -> FirstCall:
    """Call 25-1 under `programme`, which must hold that call and its criteria.

    Raises NotFound for a programme without the call, ValueError for criteria the texts do not know.
    """
    call = programme.call(CALL)
    first = Month(call.first_use_on.year, call.first_use_on.month)
    drawn = first_call_applications(seed)
    organisations = people.organisations(drawn, CLASS_CODES, seed)
    leads = people.leads(drawn, organisations, seed)
    writer = proposals.Writer(seed)
    applications = tuple(
        _application(one, organisations[one.organisation_code], leads[one.id], writer, first, seed) for one in drawn
    )
    reviewers = panel.reviewers([one.field for one in applications], tuple(organisations.values()), REVIEWERS, seed)
    pairs = panel.assign([(one.id, one.field, one.organisation) for one in applications], reviewers)
    scores = {one.id: one.reviewer_scores for one in drawn}
    reviews = [
        review
        for one in applications
        for review in panel.reviews(
            one.id,
            writer.phrases(one.id),
            pairs[one.id],
            scores[one.id],
            programme.rubric,
            Chance(seed, f"points {one.id}"),
        )
    ]
    return FirstCall(
        call=CALL,
        organisations=tuple(organisations.values()),
        people=tuple(dict.fromkeys(leads.values())),
        reviewers=reviewers,
        applications=applications,
        reviews=tuple(reviews),
    )


def _application(
    one: SyntheticApplication,
    organisation: Organisation,
    lead: Person,
    writer: proposals.Writer,
    first: Month,
    seed: int,
) -> Application:
    chance = Chance(seed, f"proposal {one.id}")
    field = organisation.field or proposals.any_field(chance)
    size = proposals.Size(one.requested_nodes, one.min_nodes, one.duration)
    proposal = writer.write(one.id, field, organisation.applicant_class, size, chance)
    return Application(
        id=one.id,
        organisation=organisation.code,
        applicant_class=organisation.applicant_class,
        lead=lead.email,
        title=proposal.title,
        summary=proposal.summary,
        plan=proposal.plan,
        field=field,
        keywords=proposal.keywords,
        team=proposals.team(lead, organisation.name.ko, organisation.email_domain, one.requested_nodes, chance),
        gpu_models=tuple((model.lower(), usefulness) for model, usefulness in one.models),
        requested_nodes=one.requested_nodes,
        min_nodes=one.min_nodes,
        months=one.duration,
        earliest_start=first.plus(one.earliest),
        latest_start=first.plus(one.latest),
        score_tenths=one.score_tenths,
    )
