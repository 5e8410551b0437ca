"""How GPUs are asked for and shared out: applicants, tracks, calls, the rubric, the award policy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from dure.programme.words import Amount, Code, Count, Days, Instant, NonEmpty, Part, Percent, Permille, Words


class ApplicantClass(Part):
    """A kind of applicant. `self_pay_percent` is of the model's published fee; `duties` are codes of `duties`."""

    code: Code
    name: Words
    self_pay_percent: Percent
    duties: tuple[Code, ...]


class Youth(Part):
    """A discount on the self-pay of young companies in `applicant_classes`."""

    name: Words
    description: Words
    discount_percent: Percent
    applicant_classes: tuple[Code, ...]


class Region(Part):
    """Where an applicant sits."""

    code: Code
    name: Words
    is_capital_area: bool


class ResearchField(Part):
    """A field of work, for matching reviewers and for publication by field."""

    code: Code
    name: Words


class Limit(Part):
    """How many nodes of one GPU model a single application may ask for."""

    gpu_model: Code
    min_nodes: Count
    max_nodes: Count


class Months(Part):
    """The shortest and the longest use, in calendar months, both allowed."""

    min: Count
    max: Annotated[int, Field(ge=1, le=120)]


class NodeLine(Part):
    """From `nodes` of `gpu_model` on, something more is asked (an interview)."""

    gpu_model: Code
    nodes: Count


class Rolling(Part):
    """A track that is always open: applications in by a cut-off are decided within `decision_days`."""

    cut_off_every_days: Count
    decision_days: Count


class AutomaticLine(Part):
    """Up to `nodes` of `gpu_model` for up to `months`, an eligible request needs nobody's decision."""

    gpu_model: Code
    nodes: Count
    months: Count


class Ministry(Part):
    """A body of government that nominates national projects."""

    code: Code
    name: Words


class Track(Part):
    """A lane with its own rules.

    `decision`: one verifier decides, a panel scores and the plan decides, or a ministry nominates. Where a verifier
    decides, requests within the `automatic` lines need none.
    `blind`: reviewers see all ("open"), applicants do not learn the reviewers' names ("single"), neither learns the
    other's ("double"). `interview_from` lists the sizes from which an interview is held, `interview_percent` is its
    share in the deciding score. Applicants of `endorsed_classes` need their institution's endorsement before their
    submission counts. Jobs of an award may use `gpu_hours_percent` of the GPU-hours its servers give; without it, all.
    """

    code: Code
    name: Words
    description: Words
    decision: Literal["verifier", "panel", "nomination"]
    applicant_classes: Annotated[tuple[Code, ...], Field(min_length=1)]
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]
    months: Months
    reviewers: Annotated[int, Field(ge=0, le=50)]
    blind: Literal["open", "single", "double"]
    interview_from: tuple[NodeLine, ...]
    interview_percent: Percent = 0
    rolling: Rolling | None = None
    automatic: tuple[AutomaticLine, ...] = ()
    endorsed_classes: tuple[Code, ...] = ()
    gpu_hours_percent: Annotated[int, Field(ge=1, le=99)] | None = None

    def limit(self, gpu_model: str) -> Limit | None:
        """The limits for `gpu_model`, or None where the track does not offer it."""
        return next((limit for limit in self.limits if limit.gpu_model == gpu_model), None)

    def is_interviewed(self, gpu_models: Collection[str], nodes: int) -> bool:
        """Whether somebody who asks for so many nodes of one of these models is interviewed."""
        return any(line.gpu_model in gpu_models and nodes >= line.nodes for line in self.interview_from)

    def is_automatic(self, gpu_model: str, nodes: int, months: int) -> bool:
        """Whether so small a request needs no verifier."""
        lines = (line for line in self.automatic if line.gpu_model == gpu_model)
        return self.decision == "verifier" and any(nodes <= line.nodes and months <= line.months for line in lines)


class Offer(Part):
    """So many nodes of a cluster are on offer in a call."""

    cluster: Code
    nodes: Count


class Call(Part):
    """A call as announced. `result_on` and `first_use_on` are dates in programme time; instants carry their offset."""

    code: Code
    name: Words
    tracks: Annotated[tuple[Code, ...], Field(min_length=1)]
    opens_at: Instant
    closes_at: Instant
    result_on: date
    first_use_on: date
    offers: Annotated[tuple[Offer, ...], Field(min_length=1)]


class Anchor(Part):
    """What earns `at_percent` of a criterion's points."""

    at_percent: Percent
    text: Words


class Criterion(Part):
    """A question reviewers answer with 0 to `weight` points."""

    code: Code
    name: Words
    weight: Annotated[int, Field(ge=1, le=100)]
    description: Words
    anchors: Annotated[tuple[Anchor, ...], Field(min_length=2)]


class Scale(Part):
    """Points are given in steps of `step_tenths` tenths of a point; reviewers' totals become one score by `combine`."""

    step_tenths: Annotated[int, Field(ge=1, le=100)]
    combine: Literal["mean", "trimmed_mean"]
    decides: Literal["raw", "adjusted"]


class Rubric(Part):
    """What is judged. The weights sum to 100 and `pass_mark` is in the same points."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    scale: Scale
    pass_mark: Percent

    @property
    def pass_mark_tenths(self) -> int:
        """The pass mark in tenths of a point, as plans count scores."""
        return self.pass_mark * 10

    def criterion(self, code: str) -> Criterion:
        """The criterion `code`. Raises KeyError when there is none."""
        for criterion in self.criteria:
            if criterion.code == code:
                return criterion
        raise KeyError(code)


class ClassShare(Part):
    """A share of the supplied node-months for one applicant class."""

    applicant_class: Code
    permille: Permille


class RegionShare(Part):
    """A share of the supplied node-months for applicants of these regions together."""

    regions: Annotated[tuple[Code, ...], Field(min_length=1)]
    permille: Permille


class Targets(Part):
    """Shares wished for, not enforced: falling short costs `price_percent` of the value of the missing node-months."""

    applicant_classes: tuple[ClassShare, ...]
    regions: tuple[RegionShare, ...]
    price_percent: Percent


class TrackReserve(Part):
    """A share of the supplied node-months that only awards of one track may use."""

    track: Code
    permille: Permille


class Value(Part):
    """Constants of the value of an award, all integers.

    value = (score_tenths − score_offset_tenths) × preference% × round(10^4 × nodes^(size_exponent_percent/100)) ÷ 10^4
            × months × (100 − delay_percent_per_month × months waited)%
    """

    score_offset_tenths: Annotated[int, Field(ge=0, le=1000)]
    size_exponent_percent: Annotated[int, Field(ge=1, le=100)]
    delay_percent_per_month: Percent
    other_model_percent: Percent


class BudgetRow(Part):
    """What the awards of one call may cost the programme: the sum of their subsidies (price − self-pay)."""

    subsidy_limit: Amount


class Policy(Part):
    """How a plan shares out a call. Caps, floors and targets are in ‰ of the node-months that the call supplies and
    that awards of earlier calls hold beside it, and those count in them; reserves are of the call's own supply.

    `rule`: "value" maximises score-weighted value; "merit" does so without justified swap envy, where scores closer
    than `delta_tenths` tenths of a point count as equal.
    """

    rule: Literal["merit", "value"]
    delta_tenths: Annotated[int, Field(ge=1, le=1000)] = 30
    slot: Literal["month", "week"]
    horizon_months: Annotated[int, Field(ge=1, le=120)]
    organisation_cap_permille: Permille
    class_caps: tuple[ClassShare, ...]
    class_floors: tuple[ClassShare, ...]
    region_caps: tuple[RegionShare, ...]
    region_floors: tuple[RegionShare, ...]
    targets: Targets
    reserves: tuple[TrackReserve, ...]
    budget_row: BudgetRow | None = None
    value: Value


class Privacy(Part):
    """Personal data: which text people consent to, and for how long data are kept.

    `unsuccessful_months` count from the decision of a call, `successful_months` from the end of use or of the
    programme, whichever is later.
    """

    consent_version: NonEmpty
    unsuccessful_months: Annotated[int, Field(ge=0, le=120)]
    successful_months: Annotated[int, Field(ge=0, le=240)]


class AfterAward(Part):
    """What happens between a decision and the first job, and how a decision may be questioned."""

    accept_within_days: Days
    sign_within_days: Days
    appeal_within_days: Days
    first_use_within_days: Days
    end_warning_days: tuple[Days, ...]
    extension_months: Annotated[int, Field(ge=0, le=60)]
    replace_failed_after_hours: Count  # a server that has been down for longer gives way to a spare of its cluster
