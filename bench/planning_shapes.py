"""Instances changed in one dimension: more clusters, another number of slots; for how the planner's cost grows."""

from __future__ import annotations

from dataclasses import replace

from dure.decide.planning.problem import Application, Problem


def shaped(problem: Problem, shape: str) -> Problem:
    """The problem with every cluster in so many parts ("4"), or with a calendar of that length in percent ("t200")."""
    return stretched(problem, int(shape[1:])) if shape.startswith("t") else several(problem, int(shape))


def stretched(problem: Problem, percent: int) -> Problem:
    """The same applications spread over a calendar of another length; caps of the whole calendar grow with it."""
    slots = problem.calendar.slots * percent // 100

    def moved(one: Application) -> Application:
        latest = min(slots - one.duration, one.earliest * percent // 100 + one.latest - one.earliest)
        return replace(one, earliest=min(latest, one.earliest * percent // 100), latest=latest)

    return replace(
        problem,
        calendar=replace(problem.calendar, slots=slots),
        clusters=tuple(
            replace(one, capacity=tuple(one.capacity[slot * 100 // percent] for slot in range(slots)))
            for one in problem.clusters
        ),
        applications=tuple(moved(one) for one in problem.applications),
        policies=tuple(
            replace(one, end_slot=slots, caps=tuple(cap * percent // 100 for cap in one.caps))
            for one in problem.policies
        ),
    )


def several(problem: Problem, times: int) -> Problem:
    """The problem with every cluster cut into `times` of its kind, each usable by whoever could use the whole."""
    if times == 1:
        return problem
    names = [f"-{index}" for index in range(times)]
    clusters = [
        replace(one, code=one.code + name, capacity=tuple(nodes // times for nodes in one.capacity), leaf_nodes=())
        for one in problem.clusters
        for name in names
    ]
    room = {one.code: max(one.capacity) for one in clusters}
    applications = tuple(
        replace(one, options=tuple(
            replace(option, cluster=option.cluster + name, max_nodes=min(option.max_nodes, room[option.cluster + name]))
            for option in one.options for name in names if option.min_nodes <= room[option.cluster + name]
        ))
        for one in problem.applications
    )  # fmt: skip
    return replace(problem, clusters=tuple(clusters), applications=applications)
