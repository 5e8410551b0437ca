"""Synthetic calls for study and demonstration, the same for a seed on every machine and in every version.

Published totals are kept (call 25-1: 514 applications for 1,714 servers, academia 8,600 GPUs); everything else -
scores, durations, organisations, regions, class counts other than academia's servers - is an assumption, named here.
FROZEN: a change of anything that alters a problem's bytes makes the published benchmark hashes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from dure.decide.planning.chance import Chance

NODES_FOR_ACADEMIA = 1_075
APPLICATIONS_25_1 = 514

# Servers asked for: academia is published (8,600 GPUs); the rest of 1,714 is split so that selection rates are alike.
CLASSES = ("academia", "industry", "research_institute")
CLASS_COUNTS = (308, 168, 38)
CLASS_NODES = (NODES_FOR_ACADEMIA, 512, 127)
ORGANISATIONS = (60, 110, 12)

CAPITAL_AREA = ("gyeonggi", "incheon", "seoul")
REGIONS = (
    ("seoul", 34), ("gyeonggi", 20), ("incheon", 4), ("daejeon", 12), ("busan", 5), ("daegu", 5), ("gwangju", 5),
    ("ulsan", 3), ("sejong", 1), ("gangwon", 2), ("chungbuk", 2), ("chungnam", 2), ("jeonbuk", 2), ("jeonnam", 1),
    ("gyeongbuk", 3), ("gyeongnam", 2), ("jeju", 1),
)  # fmt: skip

SIZES = ((2, 520), (3, 130), (4, 170), (6, 60), (8, 70), (12, 20), (16, 22), (24, 4), (32, 4))
DURATIONS = ((3, 60), (6, 160), (9, 160), (12, 620))
REVIEWERS = 5
REVIEWER_DEVIATION_TENTHS = 60
QUALITY_MEAN_TENTHS, QUALITY_DEVIATION_TENTHS = 745, 85
MOST_NODES_BY_MODEL = {"H200": 32, "B200": 16}
LEAST_NODES = 2


@dataclass(frozen=True, slots=True)
class SyntheticApplication:
    """One synthetic application with what its five reviewers gave it (whole points of 100).

    `organisation` counts from 0 within its class, the largest first. Starts and duration in months. `models` holds
    (GPU model, utility) in order of preference.
    """

    id: str
    applicant_class: str
    organisation: int
    region: str
    youth: bool
    reviewer_scores: tuple[int, ...]
    requested_nodes: int
    min_nodes: int
    duration: int
    earliest: int
    latest: int
    models: tuple[tuple[str, int], ...]
    lottery_rank: int

    @property
    def score_tenths(self) -> int:
        """The mean of the reviewers' scores in tenths of a point, exact because there are five."""
        return sum(self.reviewer_scores) * 10 // len(self.reviewer_scores)

    @property
    def organisation_code(self) -> str:
        """A code unique over all classes."""
        return f"{self.applicant_class}-{self.organisation:04d}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a synthetic call looks like beyond its seed. Months throughout.

    `starts`: earliest starts are drawn from 0 to this; `prompt_permille` of applications can start in month 0.
    `demand_permille`: node-months asked for per 1,000 supplied, reached by changing durations; None leaves them.
    """

    size: int
    months: int
    starts: int
    prompt_permille: int
    supply: int
    demand_permille: int | None


@dataclass(slots=True)
class _Draft:
    """An application while it is being drawn."""

    applicant_class: str
    nodes: int
    duration: int = 0


def draw(shape: Shape, seed: int) -> tuple[SyntheticApplication, ...]:
    """The synthetic applications of one call."""
    drafts = _sizes(shape, Chance(seed, "sizes"))
    _durations(shape, drafts, Chance(seed, "durations"))
    organisations = {
        name: _Organisations(count * max(1, shape.size // APPLICATIONS_25_1), Chance(seed, f"organisations {name}"))
        for name, count in zip(CLASSES, ORGANISATIONS, strict=True)
    }
    ranks = list(range(1, shape.size + 1))
    Chance(seed, "lottery").shuffle(ranks)
    chance = Chance(seed, "applications")
    return tuple(
        _finish(f"A{index + 1:05d}", draft, organisations[draft.applicant_class], shape, ranks[index], chance)
        for index, draft in enumerate(drafts)
    )


class _Organisations:
    """Organisations of one class: sizes by a flattened Zipf law, each with its region and youth flag."""

    def __init__(self, count: int, chance: Chance) -> None:
        self._chance = chance
        self._weights = [10**9 // (place + 4) for place in range(count)]
        names, weights = [name for name, _ in REGIONS], [weight for _, weight in REGIONS]
        self._regions = [chance.pick(names, weights) for _ in range(count)]
        self._youth = [chance.is_within(450) for _ in range(count)]
        self._places = list(range(count))

    def one(self, applicant_class: str) -> tuple[int, str, bool]:
        """Number, region and youth flag of the organisation of the next application."""
        place = self._chance.pick(self._places, self._weights)
        return place, self._regions[place], self._youth[place] and applicant_class == "industry"


def _sizes(shape: Shape, chance: Chance) -> list[_Draft]:
    """Classes and servers asked for. At 514 counts and sums are the published ones for every seed."""
    sizes, weights = [size for size, _ in SIZES], [weight for _, weight in SIZES]
    if shape.size != APPLICATIONS_25_1:
        return [_Draft(chance.pick(CLASSES, CLASS_COUNTS), chance.pick(sizes, weights)) for _ in range(shape.size)]
    drafts = []
    for name, count, nodes in zip(CLASSES, CLASS_COUNTS, CLASS_NODES, strict=True):
        group = [_Draft(name, chance.pick(sizes, weights)) for _ in range(count)]
        missing = nodes - sum(draft.nodes for draft in group)
        while missing:
            draft, step = group[chance.below(count)], 1 if missing > 0 else -1
            if LEAST_NODES <= draft.nodes + step <= 32:
                draft.nodes += step
                missing -= step
        drafts.extend(group)
    chance.shuffle(drafts)
    return drafts


def _durations(shape: Shape, drafts: list[_Draft], chance: Chance) -> None:
    """Months asked for; where the shape states the demand, durations are redrawn until it is within 0.5 % of it."""
    months, weights = [one for one, _ in DURATIONS], [weight for _, weight in DURATIONS]
    for draft in drafts:
        draft.duration = chance.pick(months, weights)
    if shape.demand_permille is None:
        return
    wanted = shape.supply * shape.demand_permille // 1000
    demand = sum(draft.nodes * draft.duration for draft in drafts)
    while abs(demand - wanted) * 200 > wanted:
        draft = drafts[chance.below(len(drafts))]
        step = 3 if demand < wanted else -3
        if 3 <= draft.duration + step <= 12:
            draft.duration += step
            demand += step * draft.nodes


def _finish(
    name: str, draft: _Draft, organisations: _Organisations, shape: Shape, rank: int, chance: Chance
) -> SyntheticApplication:
    quality = chance.bell(QUALITY_MEAN_TENTHS, QUALITY_DEVIATION_TENTHS)
    scores = tuple(
        max(0, min(100, (chance.bell(quality, REVIEWER_DEVIATION_TENTHS) + 5) // 10)) for _ in range(REVIEWERS)
    )
    organisation, region, youth = organisations.one(draft.applicant_class)
    earliest = 0 if chance.is_within(shape.prompt_permille) else chance.between(0, shape.starts)
    latest = min(shape.months - draft.duration, earliest + chance.between(0, 3))
    earliest = min(earliest, latest)
    shrink = chance.pick((draft.nodes, draft.nodes * 3 // 4, draft.nodes // 2), (40, 25, 35))
    return SyntheticApplication(
        id=name,
        applicant_class=draft.applicant_class,
        organisation=organisation,
        region=region,
        youth=youth,
        reviewer_scores=scores,
        requested_nodes=draft.nodes,
        min_nodes=max(LEAST_NODES, shrink),
        duration=draft.duration,
        earliest=earliest,
        latest=latest,
        models=_models(draft.nodes, max(LEAST_NODES, shrink), chance),
        lottery_rank=rank,
    )


def _models(nodes: int, least: int, chance: Chance) -> tuple[tuple[str, int], ...]:
    """GPU models an application can use, best first; only sizes its track allows on that model."""
    first, second = chance.pick((("H200", "B200"), ("B200", "H200")), (55, 45))
    wanted = [(first, 100)]
    if chance.is_within(450):
        wanted.append((second, 80 + 5 * chance.below(4)))
    fitting = [(model, utility) for model, utility in wanted if least <= MOST_NODES_BY_MODEL[model]]
    if nodes > MOST_NODES_BY_MODEL["B200"]:
        fitting = [(model, utility) for model, utility in fitting if model == "H200"]
    return tuple(fitting) or (("H200", 100),)
