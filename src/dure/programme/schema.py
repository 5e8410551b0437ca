"""The programme file as values: `Programme` and everything under it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr

from dure.core.errors import NotFound
from dure.core.money import Rounding
from dure.core.period import Period
from dure.programme import provenance
from dure.programme.competition import (
    AfterAward,
    ApplicantClass,
    Call,
    Ministry,
    Policy,
    Privacy,
    Region,
    ResearchField,
    Rubric,
    Track,
    Youth,
)
from dure.programme.fleet import Cluster, GpuModel, Provider
from dure.programme.provenance import Source
from dure.programme.use import Duty, IdleRule, Invoicing, PullBackRule, Report, SupportTopic
from dure.programme.words import Amount, Code, NonEmpty, Part, Words


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


_C = TypeVar("_C", bound=_Coded)


class Currency(Part):
    """The money of the programme. Amounts are whole smallest units; `rounding` is applied once per invoice line."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    symbol: Words
    decimals: Annotated[int, Field(ge=0, le=3)]
    rounding: Rounding


class Dates(Part):
    """From the first day to the day after the last, in programme time."""

    start: date
    end: date


class BudgetLine(Part):
    """One line of the budget."""

    code: Code
    name: Words
    amount: Amount


class Budget(Part):
    """What the programme may spend in its whole period; the lines sum to the total."""

    total: Amount
    lines: tuple[BudgetLine, ...]


class Programme(Part):
    """A public undertaking that shares out GPUs: the whole file.

    `period` is the time in which GPUs are supplied; calls may open before it starts.
    """

    format: Literal[1]
    code: Code
    name: Words
    description: Words
    timezone: NonEmpty
    languages: Annotated[tuple[Literal["ko", "en"], ...], Field(min_length=1)]
    currency: Currency
    period: Dates
    budget: Budget
    holidays: tuple[date, ...]
    providers: Annotated[tuple[Provider, ...], Field(min_length=1)]
    gpu_models: Annotated[tuple[GpuModel, ...], Field(min_length=1)]
    clusters: Annotated[tuple[Cluster, ...], Field(min_length=1)]
    applicant_classes: Annotated[tuple[ApplicantClass, ...], Field(min_length=1)]
    youth: Youth | None = None
    regions: Annotated[tuple[Region, ...], Field(min_length=1)]
    research_fields: Annotated[tuple[ResearchField, ...], Field(min_length=1)]
    tracks: Annotated[tuple[Track, ...], Field(min_length=1)]
    calls: tuple[Call, ...]
    rubric: Rubric
    policy: Policy
    after_award: AfterAward
    privacy: Privacy | None = None
    idle_rules: tuple[IdleRule, ...]
    pull_back_rules: tuple[PullBackRule, ...]
    duties: tuple[Duty, ...]
    reports: tuple[Report, ...]
    invoicing: Invoicing
    ministries: tuple[Ministry, ...] = ()
    support: tuple[SupportTopic, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """`sha256:` of the file it was parsed from; empty for one that came from no file."""
        return self._digest

    @cached_property
    def value_paths(self) -> tuple[str, ...]:
        """The path of every value, in file order."""
        return tuple(provenance.leaves(self.model_dump(mode="json", exclude={"sources"})))

    @property
    def zone(self) -> ZoneInfo:
        """The programme's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def supply_period(self) -> Period:
        """`period` as instants."""
        return Period(self.midnight(self.period.start), self.midnight(self.period.end))

    @property
    def government_clusters(self) -> tuple[Cluster, ...]:
        """The clusters the programme may award."""
        return tuple(c for c in self.clusters if c.share == "government")

    @property
    def self_use_clusters(self) -> tuple[Cluster, ...]:
        """The clusters providers use themselves."""
        return tuple(c for c in self.clusters if c.share == "self_use")

    def midnight(self, day: date) -> datetime:
        """The first instant of `day` in programme time, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def provider(self, code: str) -> Provider:
        """The provider `code`; NotFound when there is none, as for every lookup below."""
        return _find(self.providers, code)

    def gpu_model(self, code: str) -> GpuModel:
        """The GPU model `code`."""
        return _find(self.gpu_models, code)

    def cluster(self, code: str) -> Cluster:
        """The cluster `code`."""
        return _find(self.clusters, code)

    def applicant_class(self, code: str) -> ApplicantClass:
        """The applicant class `code`."""
        return _find(self.applicant_classes, code)

    def region(self, code: str) -> Region:
        """The region `code`."""
        return _find(self.regions, code)

    def research_field(self, code: str) -> ResearchField:
        """The research field `code`."""
        return _find(self.research_fields, code)

    def track(self, code: str) -> Track:
        """The track `code`."""
        return _find(self.tracks, code)

    def call(self, code: str) -> Call:
        """The announced call `code`."""
        return _find(self.calls, code)

    def duty(self, code: str) -> Duty:
        """The duty `code`."""
        return _find(self.duties, code)

    def ministry(self, code: str) -> Ministry:
        """The ministry `code`."""
        return _find(self.ministries, code)

    def support_topic(self, code: str) -> SupportTopic:
        """The support topic `code`."""
        return _find(self.support, code)

    def fee_per_node_month(self, gpu_model: str, applicant_class: str, is_youth: bool = False) -> int:
        """What one node-month costs the applicant, in the currency's smallest unit, rounded down once."""
        percent = self.applicant_class(applicant_class).self_pay_percent
        kept = 100
        if is_youth and self.youth is not None and applicant_class in self.youth.applicant_classes:
            kept -= self.youth.discount_percent
        return self.gpu_model(gpu_model).fee_per_node_month * percent * kept // 10_000

    def source_of(self, path: str) -> Source | None:
        """Where the value at `path` ("rubric.pass_mark", "clusters.CODE.nodes") comes from; the closest entry wins."""
        return provenance.closest(self.sources, path)

    def is_assumption(self, path: str) -> bool:
        """Whether `path`, or any value below it, is a marked assumption. Raises NotFound for no such path."""
        leaves = provenance.under(self.value_paths, path)
        if not leaves:
            raise NotFound(internal=f"no value at {path!r} in the programme file")
        return any((found := self.source_of(leaf)) is not None and found.is_assumption for leaf in leaves)


def _find(items: Iterable[_C], code: str) -> _C:
    for item in items:
        if item.code == code:
            return item
    raise NotFound(internal=f"no {code!r} in the programme file")
