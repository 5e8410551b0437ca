"""A small call that has been reviewed, and the plan the loop found for it: six applications, room for four."""

from __future__ import annotations

from datetime import timedelta

from dure.portal.applications import operations as applications
from dure.portal.calls import operations as calls
from dure.portal.fleet import operations as fleet
from dure.portal.loops import plan as plan_loop
from dure.portal.people.actor import Actor
from dure.portal.plans import operations as plans
from dure.portal.reviews import operations as reviews
from tests.portal import competition
from tests.portal.competition import AFTER, NOW, SYSTEM

DECIDING = AFTER + timedelta(days=20)
POINTS = (92, 88, 84, 76, 70, 55)  # the last one is below the pass mark


def reviewed(organisations: int = 6) -> tuple[Actor, list[Actor], list[str]]:
    """Manager, applicants and application numbers of call 25-1, offering 32 nodes; each asks for 8 to 4 of them."""
    fleet.load_programme(actor=SYSTEM, now=NOW)
    manager = competition.manager()
    competition.opened(manager, offered={"naver-h200-b": 32}, questions=())
    heads = [competition.member_of(f"org-{index}", f"기관 {index}") for index in range(organisations)]
    asked = {"requested_nodes": 8, "min_nodes": 8, "months": 3, "latest_start": "2026-04", "answers": {}}
    asked["models"] = [{"gpu_model": "h200", "utility": 100}]
    numbers = [competition.submitted(head, **asked) for head in heads]
    calls.close(actor=manager, now=AFTER, code="25-1")
    applications.admit_all(actor=manager, now=AFTER, call_code="25-1")
    calls.start_review(actor=manager, now=AFTER, code="25-1")
    panel = [competition.person(f"reviewer-{index}", "reviewer", shown=f"평가위원 {index}") for index in range(5)]
    for one in panel:
        reviews.add_reviewer(
            actor=SYSTEM, now=AFTER, user_id=one.user_id, affiliation="다른 기관", keywords=["언어 모델"], load_limit=30
        )
    pairs = [(number, one.user_id) for number in numbers for one in panel]
    reviews.assign(actor=manager, now=AFTER, call_code="25-1", pairs=pairs)
    rows = [
        reviews.ScoreRow(number, one.user_id, _points(total))
        for number, total in zip(numbers, POINTS, strict=False)
        for one in panel
    ]
    reviews.import_scores(actor=manager, now=AFTER, call_code="25-1", rows=rows)
    calls.start_deciding(actor=manager, now=DECIDING, code="25-1")
    return manager, heads, numbers


def solved(rule: str = "merit") -> tuple[Actor, list[Actor], list[str], int]:
    """As `reviewed`, with a plan that the loop has solved."""
    manager, heads, numbers = reviewed()
    plan_id = plans.queue(actor=manager, now=DECIDING, call_code="25-1", title="시험", rule=rule)
    assert plan_loop.run(DECIDING) == 1
    return manager, heads, numbers, plan_id


def _points(total: int) -> dict[str, int]:
    """`total` spread over the rubric's criteria by their weights."""
    from dure.portal.framework.programme import current

    criteria, points, left = current().rubric.criteria, {}, total
    for criterion in criteria[:-1]:
        points[criterion.code] = total * criterion.weight // 100
        left -= points[criterion.code]
    points[criteria[-1].code] = left
    return points
