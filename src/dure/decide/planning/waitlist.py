"""Down the waitlist: who may be offered what, once awards were declined, ended or taken back.

Applications are tried in the order given; each gets the choice of highest value that fits beside all that stands, under
every hard rule of the plan's own problem, and counts as standing for those after it. In order of score this never
gives anybody new justified envy: whoever was passed over had no place before the offer, and an offer only takes room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning import kernels, merit, reasons
from dure.decide.planning.binding import binding, code, sentence
from dure.decide.planning.envy import Envy
from dure.decide.planning.held import Held, closed_before, remaining
from dure.decide.planning.model import build
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Problem

__all__ = ["Answer", "Held", "offers"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one waiting application may be offered, None with the reason (`code` in one word, `text` for a person)."""

    application: str
    offer: Award | None
    code: str
    text: Text


def offers(
    problem: Problem,
    held: Sequence[Held],
    waiting: Sequence[str],
    *,
    first_slot: int = 0,
    free: Mapping[str, Sequence[int]] | None = None,
    most: int | None = None,
) -> tuple[Answer, ...]:
    """An answer for each of `waiting` (application ids, first in line first), until `most` offers are made.

    `held` are the awards that stand now; nothing starts before `first_slot`; `free` (nodes free per cluster and slot,
    of bookings) replaces the problem's capacity less `held`. Raises InvalidInput for awards or ids of another problem.
    """
    left = closed_before(first_slot, remaining(problem, held, free))
    standing = {one.application for one in held}
    asked = [_application(problem, name) for name in waiting]
    refused = {one.id: _refusal(problem, one, one.id in standing, first_slot) for one in asked}
    model = build(replace(left, applications=tuple(one for one in asked if refused[one.id] is None)))
    tables = merit.tables(model, Envy(model, left.rule.delta_tenths), merit.no_prices(model))
    state = merit.empty(model)
    number = {one.id: index for index, one in enumerate(model.applications)}
    found: list[Answer] = []
    made = 0
    for application in asked:
        if most is not None and made >= most:
            break
        refusal = refused[application.id]
        if refusal is not None:
            found.append(Answer(application.id, None, *refusal))
            continue
        index = number[application.id]
        column = int(kernels.best_fitting(tables, state, index, tables.value))
        if column == kernels.NONE:
            held_by = binding(model, tables, state)
            found.append(Answer(application.id, None, code(model, held_by, index), sentence(model, held_by, index)))
        elif tables.value[column] < kernels.soft_cost(tables, state, column):
            found.append(Answer(application.id, None, "not_worth", reasons.outweighed()))
        else:
            kernels.move(tables, state, column, 1)
            made += 1
            award = merit.award(model, column)
            cluster = problem.cluster[award.cluster]
            text = reasons.awarded(problem.calendar, application, award, cluster)
            found.append(Answer(application.id, award, "offered", text))
    return tuple(found)


def _application(problem: Problem, name: str) -> Application:
    found = problem.application.get(name)
    if found is None:
        what = Text("이 문제에 없는 신청입니다.", "The problem has no such application.")
        raise InvalidInput(Mistake(f"waiting[{name}]", what, Text("번호를 확인하십시오.", "Check the number.")))
    return found


def _refusal(problem: Problem, application: Application, is_held: bool, first_slot: int) -> tuple[str, Text] | None:
    """Why an application is not in line at all, None when it is."""
    if is_held:
        return "held", reasons.held_already()
    if not application.eligible:
        return "ineligible", reasons.ineligible()
    mark = problem.track[application.track].pass_mark_tenths
    if application.score_tenths < mark:
        return "below_pass_mark", reasons.below_pass_mark(application, mark)
    if application.latest < first_slot:
        return "window_passed", reasons.window_passed(problem.calendar, application.latest)
    return None
