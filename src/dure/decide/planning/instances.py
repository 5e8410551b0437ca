"""Frozen instances: synthetic applications put before clusters, rules and a budget. See `generate` on freezing."""

from __future__ import annotations

from dataclasses import dataclass

from dure.core.text import Text
from dure.decide.planning.generate import APPLICATIONS_25_1, CAPITAL_AREA, Shape, SyntheticApplication, draw
from dure.decide.planning.problem import (
    Application,
    Calendar,
    Cluster,
    Option,
    Policy,
    Problem,
    Rule,
    Track,
    ValueFormula,
    size_table,
)

# Servers per cluster. National: the share of each government cluster that is offered; stress: three quarters of all.
FLEET = (
    ("kakao-b200", "B200", "kakao"),
    ("naver-h200-a", "H200", "naver"),
    ("naver-h200-b", "H200", "naver"),
    ("nhn-b200-a", "B200", "nhn"),
    ("nhn-b200-b", "B200", "nhn"),
)
NATIONAL_NODES = (80, 200, 28, 120, 100)
STRESS_NODES = (191, 191, 24, 382, 191)
FIRST_CALL_NODES = (255, 255, 32, 0, 0)
LEAF = 32

# Won per server and month: assumed market reference and the published fee (young companies pay half).
MARKET_WON = {"H200": 32_000_000, "B200": 64_000_000}
FEE_WON = {"H200": 3_200_000, "B200": 6_400_000}

NATIONAL_MONTHS, STRESS_MONTHS, FIRST_CALL_MONTHS = 15, 60, 12
FIRST_MONTH = "2026-03"
DEMAND_PERMILLE = 2_100


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps in permille of the supplied node-months; the budget in permille of what the whole supply would cost."""

    organisation: int
    academia: int
    industry: int
    capital: int
    budget: int


NATIONAL_CAPS = Caps(organisation=30, academia=600, industry=400, capital=620, budget=900)
FIRST_CALL_CAPS = Caps(organisation=60, academia=750, industry=600, capital=800, budget=1_000)


def generate(size: int = APPLICATIONS_25_1, seed: int = 1, *, supply_scale: int = 1) -> Problem:
    """The benchmark problem of `size` applications; at 514 the national call, else the stress call.

    `supply_scale` multiplies the servers of every cluster.
    """
    is_national = size == APPLICATIONS_25_1
    nodes = tuple(count * supply_scale for count in (NATIONAL_NODES if is_national else STRESS_NODES))
    months = NATIONAL_MONTHS if is_national else STRESS_MONTHS
    supply = sum(nodes) * months
    shape = Shape(
        size=size,
        months=months,
        starts=3 if is_national else 50,
        prompt_permille=400 if is_national else 0,
        supply=supply,
        demand_permille=DEMAND_PERMILLE if is_national else None,
    )
    name = f"synthetic-{size}-{seed}" + (f"-x{supply_scale}" if supply_scale > 1 else "")
    return pose(name, draw(shape, seed), nodes, months, NATIONAL_CAPS)


def first_call_applications(seed: int = 1) -> tuple[SyntheticApplication, ...]:
    """The 514 synthetic applications of call 25-1, with their reviewers' scores."""
    shape = Shape(
        size=APPLICATIONS_25_1,
        months=FIRST_CALL_MONTHS,
        starts=0,
        prompt_permille=1_000,
        supply=sum(FIRST_CALL_NODES) * FIRST_CALL_MONTHS,
        demand_permille=None,
    )
    return draw(shape, seed)


def first_call(seed: int = 1) -> Problem:
    """Call 25-1 as it was offered: 287 H200 and 255 B200 servers, and rules that let its first month fill."""
    return pose("25-1", first_call_applications(seed), FIRST_CALL_NODES, FIRST_CALL_MONTHS, FIRST_CALL_CAPS)


def pose(
    call: str, applications: tuple[SyntheticApplication, ...], nodes: tuple[int, ...], months: int, caps: Caps
) -> Problem:
    """Applications before clusters of `nodes` servers (in the order of FLEET; 0 leaves one out) and caps."""
    clusters = tuple(
        Cluster(code, model, provider, (count,) * months, _leaves(count))
        for (code, model, provider), count in zip(FLEET, nodes, strict=True)
        if count
    )
    return Problem(
        call=call,
        programme="",
        synthetic=True,
        calendar=Calendar(first=FIRST_MONTH, slots=months),
        formula=ValueFormula(offset_tenths=400, size_table=size_table(85, 32), delay_permille=10),
        rule=Rule("merit", 30),
        tracks=(Track("regular", "regular", 600),),
        clusters=clusters,
        applications=tuple(_application(one, clusters) for one in applications),
        policies=_policies(clusters, months, caps),
    )


def _leaves(nodes: int) -> tuple[int, ...]:
    """Leaf groups of LEAF nodes, the last one smaller."""
    full, rest = divmod(nodes, LEAF)
    return (LEAF,) * full + ((rest,) if rest else ())


def _application(one: SyntheticApplication, clusters: tuple[Cluster, ...]) -> Application:
    return Application(
        id=one.id,
        track="regular",
        applicant_class=one.applicant_class,
        region=one.region,
        organisation=one.organisation_code,
        youth=one.youth,
        score_tenths=one.score_tenths,
        eligible=True,
        standing="new",
        requested_nodes=one.requested_nodes,
        duration=one.duration,
        earliest=one.earliest,
        latest=one.latest,
        lottery_rank=one.lottery_rank,
        options=tuple(_options(one, clusters)),
    )


def _options(one: SyntheticApplication, clusters: tuple[Cluster, ...]) -> list[Option]:
    utilities = dict(one.models)
    found = []
    for cluster in clusters:
        utility = utilities.get(cluster.gpu_model, 0)
        most = min(one.requested_nodes, max(cluster.capacity))
        if utility and one.min_nodes <= most:
            fee = FEE_WON[cluster.gpu_model] // (2 if one.youth else 1) if one.applicant_class == "industry" else 0
            cost = MARKET_WON[cluster.gpu_model] - fee
            found.append(Option(cluster.code, utility, one.min_nodes, most, cost, fee))
    return found


def _policies(clusters: tuple[Cluster, ...], months: int, caps: Caps) -> tuple[Policy, ...]:
    supply = sum(sum(cluster.capacity) for cluster in clusters)
    worth = sum(sum(cluster.capacity) * MARKET_WON[cluster.gpu_model] for cluster in clusters)

    def share(name: str, kind: str, label: Text, permille: int, **facts: tuple[str, ...]) -> Policy:
        return Policy(name, kind, label, "node_slots", (supply * permille // 1000,), match=facts, end_slot=months)

    return (
        Policy(
            name="organisation-cap",
            kind="organisation-cap",
            label=Text("기관별 한도", "Cap per organisation"),
            measure="node_slots",
            caps=(supply * caps.organisation // 1000,),
            each="organisation",
            end_slot=months,
        ),
        share(
            "academia-cap",
            "class-cap",
            Text("학계 한도", "Cap on academia"),
            caps.academia,
            applicant_class=("academia",),
        ),
        share(
            "industry-cap",
            "class-cap",
            Text("산업계 한도", "Cap on industry"),
            caps.industry,
            applicant_class=("industry",),
        ),
        share(
            "outside-capital-floor",
            "region-floor",
            Text("비수도권 최소 배분(수도권 한도)", "Floor outside the capital area (cap on the capital area)"),
            caps.capital,
            region=CAPITAL_AREA,
        ),
        Policy(
            name="budget",
            kind="budget",
            label=Text("지원금 예산", "Subsidy budget"),
            measure="cost_won",
            caps=(worth * caps.budget // 1000,),
            end_slot=months,
        ),
    )
