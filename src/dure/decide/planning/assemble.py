"""From a programme, a call's capacity and its scored applications to the problem that a plan answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.held import Held, less, used
from dure.decide.planning.problem import (
    Application,
    Calendar,
    Cluster,
    Option,
    Policy,
    Problem,
    Rule,
    RuleName,
    Selector,
    Standing,
    Track,
    ValueFormula,
    size_table,
)
from dure.programme.competition import ClassShare, RegionShare
from dure.programme.schema import Programme


@dataclass(frozen=True, slots=True)
class Applicant:
    """One application as the earlier chapters know it. `earliest`, `latest` are the first and last month to start.

    `preferences` maps a GPU model to its usefulness in percent; models not named cannot be used.
    """

    id: str
    applicant_class: str
    region: str
    organisation: str
    is_youth: bool
    score_tenths: int
    is_eligible: bool
    requested_nodes: int
    min_nodes: int
    months: int
    earliest: Month
    latest: Month
    preferences: Mapping[str, int]
    standing: Standing = "new"


@dataclass(frozen=True, slots=True)
class Running:
    """What earlier decisions gave one organisation: nodes per cluster and month of the call, beside the free ones.

    `organisation` is the word applicants have for it, "" where it has not applied.
    """

    organisation: str
    applicant_class: str
    region: str
    nodes: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is on offer: the call, its track, the first month, and nodes free per cluster and month (equally long).

    Caps, floors and targets of organisations, classes and regions are shares of this and of what runs beside it, and
    `running` counts in them; reserves and the budget are the call's own.
    """

    call: str
    track: str
    first: Month
    free_nodes: Mapping[str, Sequence[int]]
    is_synthetic: bool
    running: Sequence[Running] = ()


def assemble(
    programme: Programme,
    ground: Ground,
    applicants: Sequence[Applicant],
    *,
    rule: RuleName | None = None,
    delta_tenths: int | None = None,
) -> Problem:
    """The problem of `ground` and `applicants` under the programme's own policy, or under another rule or band."""
    policy = programme.policy
    clusters = tuple(_cluster(programme, code, free) for code, free in sorted(ground.free_nodes.items()))
    slots = len(clusters[0].capacity) if clusters else 0
    most = max((limit.max_nodes for limit in programme.track(ground.track).limits), default=1)
    ranks = lottery_ranks(ground.call, [one.id for one in applicants])
    problem = Problem(
        call=ground.call,
        programme=programme.digest,
        synthetic=ground.is_synthetic,
        calendar=Calendar(first=str(ground.first), slots=slots),
        formula=ValueFormula(
            offset_tenths=policy.value.score_offset_tenths,
            size_table=size_table(policy.value.size_exponent_percent, most),
            delay_permille=policy.value.delay_percent_per_month * 10,
        ),
        rule=Rule(rule or policy.rule, policy.delta_tenths if delta_tenths is None else delta_tenths),
        tracks=_tracks(programme, ground.track),
        clusters=clusters,
        applications=tuple(_application(programme, ground, clusters, slots, one, ranks[one.id]) for one in applicants),
        policies=(),
    )
    return replace(problem, policies=_policies(programme, problem, ground))


def _tracks(programme: Programme, track: str) -> tuple[Track, ...]:
    """The call's own track, and those something is kept for: arrivals on them are decided beside this plan."""
    codes = sorted({track, *(reserve.track for reserve in programme.policy.reserves)})
    return tuple(Track(code, code, programme.rubric.pass_mark_tenths) for code in codes)


def lottery_ranks(call: str, numbers: Sequence[str]) -> dict[str, int]:
    """The published lottery: ranks 1… by SHA-256 of call and application number, fixed before anybody is scored."""
    drawn = sorted(numbers, key=lambda number: hashlib.sha256(f"{call}\n{number}".encode()).digest())
    return {number: rank for rank, number in enumerate(drawn, 1)}


def _cluster(programme: Programme, code: str, free: Sequence[int]) -> Cluster:
    found = programme.cluster(code)
    full, rest = divmod(found.nodes, found.leaf_nodes)
    leaves = (found.leaf_nodes,) * full + ((rest,) if rest else ())
    return Cluster(code, found.gpu_model, found.provider, tuple(free), leaves)


def _application(
    programme: Programme, ground: Ground, clusters: Sequence[Cluster], slots: int, one: Applicant, rank: int
) -> Application:
    earliest = max(0, one.earliest.minus(ground.first))
    return Application(
        id=one.id,
        track=ground.track,
        applicant_class=one.applicant_class,
        region=one.region,
        organisation=one.organisation,
        youth=one.is_youth,
        score_tenths=one.score_tenths,
        eligible=one.is_eligible,
        standing=one.standing,
        requested_nodes=one.requested_nodes,
        duration=one.months,
        earliest=earliest,
        latest=min(slots - one.months, max(earliest, one.latest.minus(ground.first))),
        lottery_rank=rank,
        options=tuple(_options(programme, ground.track, clusters, one)),
    )


def _options(programme: Programme, track: str, clusters: Sequence[Cluster], one: Applicant) -> list[Option]:
    found = []
    for cluster in clusters:
        limit = programme.track(track).limit(cluster.gpu_model)
        usefulness = one.preferences.get(cluster.gpu_model, 0)
        if limit is None or not usefulness:
            continue
        least = max(one.min_nodes, limit.min_nodes)
        most = min(one.requested_nodes, limit.max_nodes, max(cluster.capacity, default=0))
        if least <= most:
            market = programme.gpu_model(cluster.gpu_model).market_rate_per_node_month
            fee = programme.fee_per_node_month(cluster.gpu_model, one.applicant_class, one.is_youth)
            found.append(Option(cluster.code, usefulness, least, most, max(0, market - fee), fee))
    return found


def _policies(programme: Programme, problem: Problem, ground: Ground) -> tuple[Policy, ...]:
    """The programme's rules for this call: shares less what already runs, then the call's own."""
    slots, supply = problem.calendar.slots, sum(sum(cluster.capacity) for cluster in problem.clusters)
    runs = sum(sum(line) for one in ground.running for line in one.nodes.values())
    shares = _shares(programme, supply + runs, slots)
    found = [_beside_running(problem, policy, ground.running) for policy in shares] if runs else shares
    found += _reserves(programme, ground.track, supply, slots)
    if programme.policy.budget_row is not None:
        found.append(
            Policy(
                name="budget",
                kind="budget",
                label=Text("지원금 예산", "Subsidy budget"),
                measure="cost_won",
                caps=(programme.policy.budget_row.subsidy_limit,),
                end_slot=slots,
            )
        )
    return tuple(found)


def _beside_running(problem: Problem, policy: Policy, running: Sequence[Running]) -> Policy:
    """A share with what running awards hold of it taken off, and said so where they hold any."""
    slots = problem.calendar.slots
    holders = replace(problem, applications=tuple(_holder(problem, one, str(at)) for at, one in enumerate(running)))
    held = [
        Held(str(at), code, month, month + 1, nodes)
        for at, one in enumerate(running)
        if not (policy.each == "organisation" and not one.organisation)
        for code, line in one.nodes.items()
        for month, nodes in enumerate(line[:slots])
        if nodes
    ]
    use = used(holders, policy, held)
    if not use:
        return policy
    label = Text(f"{policy.label.ko} (이미 사용 중인 선정 포함)", f"{policy.label.en} (awards that already run count)")
    return replace(less(policy, use), label=label)


def _holder(problem: Problem, one: Running, name: str) -> Application:
    """An organisation with running awards, as rules see it."""
    return Application(
        id=name,
        track=problem.tracks[0].code,
        applicant_class=one.applicant_class,
        region=one.region,
        organisation=one.organisation,
        youth=False,
        score_tenths=0,
        eligible=True,
        standing="running",
        requested_nodes=1,
        duration=1,
        earliest=0,
        latest=0,
        lottery_rank=1,
        options=tuple(Option(code, 100, 1, 1) for code in sorted(one.nodes)),
    )


def _shares(programme: Programme, supply: int, slots: int) -> list[Policy]:
    """Caps, floors and targets as shares of `supply`."""
    policy = programme.policy
    found = [
        Policy(
            name="organisation-cap",
            kind="organisation-cap",
            label=Text("기관별 상한", "Cap per organisation"),
            measure="node_slots",
            caps=(supply * policy.organisation_cap_permille // 1000,),
            each="organisation",
            end_slot=slots,
        )
    ]
    for share in policy.class_caps:
        found.append(_cap("class-cap", _class_label(programme, share, "상한", "cap"), supply, share, slots))
    for share in policy.class_floors:
        found.append(_floor("class-floor", _class_label(programme, share, "최소 배분", "floor"), supply, share, slots))
    for index, region_share in enumerate(policy.region_caps):
        label = _region_label(programme, region_share, "상한", "cap")
        found.append(_region("region-cap", index, label, supply, region_share, slots))
    for index, region_share in enumerate(policy.region_floors):
        label = _region_label(programme, region_share, "최소 배분", "floor")
        found.append(_region("region-floor", index, label, supply, region_share, slots))
    return found + _targets(programme, supply, slots)


def _reserves(programme: Programme, track: str, supply: int, slots: int) -> list[Policy]:
    """What is kept for other tracks: a cap on this one."""
    return [
        Policy(
            name=f"reserve-{reserve.track}",
            kind="reserve",
            label=Text(
                f"{programme.track(reserve.track).name.ko} 몫 {reserve.permille / 10:g} %",
                f"Reserved for {programme.track(reserve.track).name.en}: {reserve.permille / 10:g} %",
            ),
            measure="node_slots",
            caps=(max(0, supply - supply * reserve.permille // 1000),),
            exclude={"track": (reserve.track,)},
            end_slot=slots,
        )
        for reserve in programme.policy.reserves
        if reserve.track != track
    ]


def _targets(programme: Programme, supply: int, slots: int) -> list[Policy]:
    """Shares wished for: soft caps on everybody else, each node-slot above them priced."""
    targets = programme.policy.targets
    price = _node_slot_value(programme) * targets.price_percent // 100
    found = []
    for share in targets.applicant_classes:
        label = _class_label(programme, share, "목표 비율", "target share")
        found.append(_floor("class-target", label, supply, share, slots, price))
    for index, region_share in enumerate(targets.regions):
        label = _region_label(programme, region_share, "목표 비율", "target share")
        found.append(_region("region-target", index, label, supply, region_share, slots, price))
    return found


def _node_slot_value(programme: Programme) -> int:
    """Value of one node for one month in an award of four nodes at the middle of the scores that pass."""
    middle = (programme.rubric.pass_mark_tenths + 1000) // 2
    table = size_table(programme.policy.value.size_exponent_percent, 4)
    return max(0, middle - programme.policy.value.score_offset_tenths) * 100 * table[4] // (4 * 10_000)


def _cap(kind: str, label: Text, supply: int, share: ClassShare, slots: int) -> Policy:
    match = {"applicant_class": (share.applicant_class,)}
    caps = (supply * share.permille // 1000,)
    return Policy(f"{kind}-{share.applicant_class}", kind, label, "node_slots", caps, match=match, end_slot=slots)


def _floor(kind: str, label: Text, supply: int, share: ClassShare, slots: int, price: int | None = None) -> Policy:
    """A floor is the cap on everybody else."""
    exclude = {"applicant_class": (share.applicant_class,)}
    caps = (supply - supply * share.permille // 1000,)
    name = f"{kind}-{share.applicant_class}"
    return Policy(name, kind, label, "node_slots", caps, exclude=exclude, end_slot=slots, price=price)


def _region(
    kind: str, index: int, label: Text, supply: int, share: RegionShare, slots: int, price: int | None = None
) -> Policy:
    part = supply * share.permille // 1000
    regions: Selector = {"region": tuple(sorted(share.regions))}
    name = f"{kind}-{index + 1}"
    if kind == "region-cap":
        return Policy(name, kind, label, "node_slots", (part,), match=regions, end_slot=slots, price=price)
    return Policy(name, kind, label, "node_slots", (supply - part,), exclude=regions, end_slot=slots, price=price)


def _class_label(programme: Programme, share: ClassShare, ko: str, en: str) -> Text:
    name = programme.applicant_class(share.applicant_class).name
    percent = f"{share.permille / 10:g} %"
    return Text(f"{name.ko} {ko} {percent}", f"{name.en}: {en} {percent}")


def _region_label(programme: Programme, share: RegionShare, ko: str, en: str) -> Text:
    percent = f"{share.permille / 10:g} %"
    names = [programme.region(code).name for code in share.regions]
    shown = names[:3]
    more_ko = f" 외 {len(names) - 3}곳" if len(names) > 3 else ""
    more_en = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return Text(
        f"{'·'.join(n.ko for n in shown)}{more_ko} {ko} {percent}",
        f"{', '.join(n.en for n in shown)}{more_en}: {en} {percent}",
    )
