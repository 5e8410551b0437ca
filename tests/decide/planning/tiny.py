"""Tiny random problems with every kind of rule, for Hypothesis."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from dure.core.text import Text
from dure.decide.planning.plan import Award
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
from dure.decide.planning.reference import choices, is_feasible

FACTS = {
    "applicant_class": ("academia", "industry"),
    "organisation": ("o1", "o2", "o3"),
    "region": ("seoul", "busan"),
    "cluster": ("c1", "c2"),
    "gpu_model": ("H200", "B200"),
    "youth": ("yes", "no"),
    "track": ("t1", "t2"),
}


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> Problem:
    slots = draw(st.integers(2, 4))
    clusters = tuple(
        Cluster(code, model, "p", tuple(draw(st.lists(st.integers(0, 6), min_size=slots, max_size=slots))))
        for code, model in (("c1", "H200"), ("c2", "B200"))[: draw(st.integers(1, 2))]
    )
    count = draw(st.integers(1, most))
    ranks = draw(st.permutations(range(1, count + 1)))
    problem = Problem(
        call="tiny",
        programme="",
        synthetic=True,
        calendar=Calendar("2026-03", slots, draw(st.sampled_from((1, 1, 4)))),
        formula=ValueFormula(400, size_table(85, 6), draw(st.sampled_from((0, 10, 100)))),
        rule=Rule("merit", draw(st.sampled_from((1, 30)))),
        tracks=(Track("t1", "r1", 500), Track("t2", "r1", 500)),
        clusters=clusters,
        applications=tuple(draw(applications(f"a{i}", ranks[i], slots, clusters)) for i in range(count)),
        policies=tuple(draw(policies(f"p{i}", slots)) for i in range(draw(st.integers(0, 3)))),
    )
    return running_where_it_fits(problem)


def running_where_it_fits(problem: Problem) -> Problem:
    """The problem with what runs held at one place, as long as all of it fits; what does not runs no longer."""
    held: tuple[Award, ...] = ()
    found = []
    for one in problem.applications:
        fixed = replace(
            one,
            options=tuple(replace(option, max_nodes=option.min_nodes) for option in one.options[:1]),
            latest=one.earliest,
        )
        places = tuple(choices(problem, fixed)) if one.standing == "running" else ()
        if places and is_feasible(problem, (*held, *places)):
            held += places
            found.append(fixed)
        else:
            found.append(replace(one, standing="nominated") if one.standing == "running" else one)
    return replace(problem, applications=tuple(found))


@st.composite
def applications(draw: st.DrawFn, name: str, rank: int, slots: int, clusters: tuple[Cluster, ...]) -> Application:
    duration = draw(st.integers(1, min(3, slots)))
    earliest = draw(st.integers(0, slots - duration))
    options = []
    for cluster in clusters:
        if draw(st.booleans()) or cluster is clusters[0]:
            least = draw(st.integers(1, 3))
            most = draw(st.integers(least, 4))
            cost, fee = draw(st.integers(0, 5)), draw(st.integers(0, 3))
            options.append(Option(cluster.code, draw(st.sampled_from((100, 80, 1))), least, most, cost, fee))
    return Application(
        id=name,
        track=draw(st.sampled_from(("t1", "t1", "t1", "t2"))),
        applicant_class=draw(st.sampled_from(FACTS["applicant_class"])),
        region=draw(st.sampled_from(FACTS["region"])),
        organisation=draw(st.sampled_from(FACTS["organisation"])),
        youth=draw(st.booleans()),
        score_tenths=draw(st.sampled_from((350, 480, 600, 625, 630, 700, 705, 800, 990))),
        eligible=draw(st.integers(0, 9)) > 0,
        standing=draw(st.sampled_from(("new", "new", "new", "new", "running", "nominated"))),
        requested_nodes=max(option.max_nodes for option in options),
        duration=duration,
        earliest=earliest,
        latest=draw(st.integers(earliest, slots)),
        lottery_rank=rank,
        options=tuple(options),
        fee_limit_won=draw(st.sampled_from((None, None, 10))),
    )


@st.composite
def policies(draw: st.DrawFn, name: str, slots: int) -> Policy:
    first = draw(st.integers(0, slots - 1))
    end = draw(st.integers(first + 1, slots))
    by_slot = draw(st.booleans())
    length = end - first if by_slot else 1
    caps = st.lists(st.integers(0, 12), min_size=length, max_size=length).map(tuple)
    each = draw(st.sampled_from(("", "", "organisation", "applicant_class", "cluster")))
    return Policy(
        name=name,
        kind="cap",
        label=Text("한도", "cap"),
        measure=draw(st.sampled_from(("node_slots", "node_slots", "nodes", "awards", "cost_won", "fee_won"))),
        caps=draw(caps),
        match=draw(selectors()),
        exclude=draw(st.one_of(st.just({}), selectors())),
        each=each,
        overrides={FACTS[each][0]: draw(caps)} if each and draw(st.booleans()) else {},
        by_slot=by_slot,
        first_slot=first,
        end_slot=end,
        price=draw(st.sampled_from((None, None, None, 0, 2, 500))),
    )


@st.composite
def selectors(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    facts = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=2, unique=True))
    return {fact: tuple(draw(st.lists(st.sampled_from(FACTS[fact]), min_size=1, unique=True))) for fact in facts}
