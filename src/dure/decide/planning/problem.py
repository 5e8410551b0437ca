"""What is to be decided, frozen: capacity, applications, rules. Whole numbers only, one byte string, one hash.

A problem holds everything a plan may depend on and nothing else, so that its hash names the decision's ground.
Time is counted in slots: calendar months (`slots_per_month` 1) or quarters of a month (4), from `first`. Awards that
already run may stand in it, each with exactly one choice, which it keeps; or what they hold was taken off before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dure.core import canonical
from dure.core.text import Text

FORMAT = "dure-problem/1"

RuleName = Literal["value", "merit"]
Measure = Literal["node_slots", "nodes", "awards", "cost_won", "fee_won"]
Standing = Literal["new", "running", "nominated"]

RULES: tuple[RuleName, ...] = ("value", "merit")
MEASURES: tuple[Measure, ...] = ("node_slots", "nodes", "awards", "cost_won", "fee_won")
STANDINGS: tuple[Standing, ...] = ("new", "running", "nominated")
APPLICATION_FACTS = ("application", "track", "applicant_class", "region", "organisation", "youth", "standing")
CLUSTER_FACTS = ("cluster", "gpu_model", "provider")
FACTS = APPLICATION_FACTS + CLUSTER_FACTS

Selector = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The slots awards are made in: `slots` of them from month `first` ("YYYY-MM")."""

    first: str
    slots: int
    slots_per_month: int = 1


@dataclass(frozen=True, slots=True)
class ValueFormula:
    """What an award is worth; the programme file holds the numbers.

    value = (score − offset) × utility × size_table[nodes] × duration × (1 − delay_permille ‰ per month of waiting),
    divided by 10⁴ for the table and cut to a whole number once, at the end (see `Problem.value`).
    """

    offset_tenths: int
    size_table: tuple[int, ...]
    delay_permille: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How to choose: `value`, or `merit` (the same value with no justified envy at a band of `delta_tenths`)."""

    name: RuleName
    delta_tenths: int


@dataclass(frozen=True, slots=True)
class Track:
    """A lane of the call. Applications are compared only within one track and one rubric."""

    code: str
    rubric: str
    pass_mark_tenths: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes of one kind on one fabric. `capacity[t]` nodes may be awarded in slot t; `leaf_nodes` per leaf group."""

    code: str
    gpu_model: str
    provider: str
    capacity: tuple[int, ...]
    leaf_nodes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One cluster an application can use: `min_nodes`…`max_nodes`, utility > 0, won per node and slot."""

    cluster: str
    utility: int
    min_nodes: int
    max_nodes: int
    cost_won: int = 0
    fee_won: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """One application with its deciding score. `duration`, `earliest`, `latest` (start) in slots.

    `fee_limit_won` is the most the applicant will pay in all, None without limit. A smaller `lottery_rank` wins ties.
    """

    id: str
    track: str
    applicant_class: str
    region: str
    organisation: str
    youth: bool
    score_tenths: int
    eligible: bool
    standing: Standing
    requested_nodes: int
    duration: int
    earliest: int
    latest: int
    lottery_rank: int
    options: tuple[Option, ...]
    fee_limit_won: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(sorted(self.options, key=lambda option: option.cluster)))

    def fact(self, name: str) -> str:
        """The word a selector compares for one of APPLICATION_FACTS."""
        if name == "application":
            return self.id
        if name == "youth":
            return "yes" if self.youth else "no"
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule of the programme as one or more `<=` rows: the use by awards that match stays within the cap.

    An award counts when its facts are in every list of `match` and not in every list of `exclude` (empty: none is
    excluded). `measure` says how much it counts; with `by_slot` there is a row for each slot of the window and
    `caps` has one number per slot, else one row and one number. `each` makes a row for each value of that fact
    ("organisation": one row per organisation); `overrides` replaces `caps` for single values. A floor is the cap on
    everybody else. `price` None is a hard rule; a number makes it soft: each unit above the cap costs that much value.
    """

    name: str
    kind: str
    label: Text
    measure: Measure
    caps: tuple[int, ...]
    match: Selector = field(default_factory=dict)
    exclude: Selector = field(default_factory=dict)
    each: str = ""
    overrides: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    by_slot: bool = False
    first_slot: int = 0
    end_slot: int = 0
    price: int | None = None


@dataclass(frozen=True)
class Problem:
    """The whole ground of one decision, in canonical order: tracks, clusters, applications and policies by name."""

    call: str
    programme: str
    synthetic: bool
    calendar: Calendar
    formula: ValueFormula
    rule: Rule
    tracks: tuple[Track, ...]
    clusters: tuple[Cluster, ...]
    applications: tuple[Application, ...]
    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", tuple(sorted(self.tracks, key=lambda track: track.code)))
        object.__setattr__(self, "clusters", tuple(sorted(self.clusters, key=lambda cluster: cluster.code)))
        object.__setattr__(self, "applications", tuple(sorted(self.applications, key=lambda one: one.id)))
        object.__setattr__(self, "policies", tuple(sorted(self.policies, key=lambda policy: policy.name)))

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of the canonical form."""
        return canonical.digest(self.encode())

    @cached_property
    def application(self) -> Mapping[str, Application]:
        """Applications by id."""
        return {one.id: one for one in self.applications}

    @cached_property
    def cluster(self) -> Mapping[str, Cluster]:
        """Clusters by code."""
        return {one.code: one for one in self.clusters}

    @cached_property
    def track(self) -> Mapping[str, Track]:
        """Tracks by code."""
        return {one.code: one for one in self.tracks}

    def is_fundable(self, application: Application) -> bool:
        """Whether it may be funded at all: it runs already, or is eligible and at or above its track's pass mark."""
        mark = self.track[application.track].pass_mark_tenths
        return application.standing == "running" or (application.eligible and application.score_tenths >= mark)

    def value(self, application: Application, option: Option, start: int, nodes: int) -> int:
        """The value of one award, never negative, cut to a whole number once."""
        per_month = self.calendar.slots_per_month
        worth = max(0, application.score_tenths - self.formula.offset_tenths) * option.utility
        worth *= self.formula.size_table[nodes] * application.duration
        kept = 1000 * per_month - self.formula.delay_permille * (start - application.earliest)
        return worth * max(0, kept) // (10_000 * 1000 * per_month * per_month)

    def document(self) -> dict[str, Any]:
        """The problem as JSON values, ready for `canonical.encode`."""
        return {
            "format": FORMAT,
            "call": self.call,
            "programme": self.programme,
            "synthetic": self.synthetic,
            "calendar": _plain(self.calendar),
            "formula": _plain(self.formula),
            "rule": _plain(self.rule),
            "tracks": [_plain(track) for track in self.tracks],
            "clusters": [_plain(cluster) for cluster in self.clusters],
            "applications": [_application_document(one) for one in self.applications],
            "policies": [_policy_document(policy) for policy in self.policies],
        }

    def encode(self) -> bytes:
        """The canonical bytes: what is written to a file and hashed."""
        return canonical.encode(self.document())


def size_table(exponent_percent: int, most: int) -> tuple[int, ...]:
    """round(10⁴ × n^(exponent/100)) for n = 0 … `most`, in whole numbers, so that every machine finds the same."""
    table = [0]
    for nodes in range(1, most + 1):
        target = (10_000 * 2) ** 100 * nodes**exponent_percent
        low, high = 0, 20_000 * nodes + 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if middle**100 <= target else (low, middle)
        table.append((low + 1) // 2)
    return tuple(table)


def _plain(value: Any) -> dict[str, Any]:
    """A flat dataclass with slots as a JSON object; tuples become lists."""
    names: Iterable[str] = value.__slots__
    found = {name: getattr(value, name) for name in names}
    return {name: list(one) if isinstance(one, tuple) else one for name, one in found.items()}


def _application_document(application: Application) -> dict[str, Any]:
    found = _plain(application)
    found["options"] = [_plain(option) for option in application.options]
    return found


def _policy_document(policy: Policy) -> dict[str, Any]:
    found = _plain(policy)
    found["label"] = {"ko": policy.label.ko, "en": policy.label.en}
    for name in ("match", "exclude"):
        found[name] = {fact: sorted(words) for fact, words in getattr(policy, name).items()}
    found["overrides"] = {word: list(caps) for word, caps in policy.overrides.items()}
    return found
