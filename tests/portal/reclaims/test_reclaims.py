"""Reclaim: from idle hours to nodes given back, with every way out in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.decide.lifecycles import RECLAIM
from dure.portal.allocations import queries as allocations
from dure.portal.fleet import queries as fleet
from dure.portal.framework.programme import current
from dure.portal.journal import queries as journal
from dure.portal.loops import reclaim as loop
from dure.portal.messages.models import Message
from dure.portal.people.models import User
from dure.portal.reclaims import operations, queries
from dure.portal.reclaims.models import Case, Look
from dure.portal.reclaims.outlook import outlook
from dure.portal.usage import operations as usage
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

FIRST = at(4, 15)  # the rule's first fourteen days are free
DAY = timedelta(days=1)


@pytest.fixture
def lab(db: None) -> world.Actor:
    world.load()
    world.epoch_of()
    return world.organisation("lab")


@pytest.fixture
def name(lab: world.Actor) -> str:
    return world.allocated(lab, "25-1-0001", nodes=4)


@pytest.fixture
def no_paces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programme without its pull-back rules."""
    programme = current().model_copy(update={"pull_back_rules": ()})
    monkeypatch.setattr("dure.portal.reclaims.operations.paces.current", lambda: programme)


def use(name: str, start: datetime, hours: int, row: dict[str, int] | None = None, revision: int = 0) -> None:
    """`hours` hours of an allocation of 4 nodes, idle unless `row` says otherwise."""
    held = {"allocated_node_seconds": 14400, "allocated_gpu_seconds": 115200} | (row or world.idle())
    windows = [world.window(start + n * HOUR, {name: held}, revision=revision) for n in range(hours)]
    for first in range(0, hours, 200):
        usage.receive(now=at(7), post=world.post(*windows[first : first + 200]))
    usage.store_pending(now=at(7))


def only() -> Case:
    return Case.objects.get()


def days(start: datetime, count: int) -> None:
    """The loop at every midnight, as virtual time has it."""
    for day in range(count):
        loop.run(start + day * DAY)


@pytest.mark.usefixtures("no_paces")
def test_the_whole_ladder_to_the_end(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 60)
    seen = []
    for day in range(60):
        now = FIRST + day * DAY
        loop.run(now)
        for case in Case.objects.order_by("id"):
            step = (case.pk, case.state, case.action, allocations.allocation(name, lab).nodes)
            if step not in seen:
                seen.append(step)
    first, second = sorted({pk for pk, *_ in seen})
    assert [s[1:] for s in seen if s[0] == first] == [
        ("noticed", "notice", 4),
        ("noticed", "lend", 4),
        ("noticed", "shrink", 4),
        ("confirmed", "shrink", 4),
        ("executed", "shrink", 2),
    ]
    assert [s[1:] for s in seen if s[0] == second][-1][:3] == ("executed", "end", 2)
    assert allocations.allocation(name, lab).state == "ended"
    assert len(fleet.free_nodes(SMALL, at(6, 20), at(7))) == 32
    assert {e.event for e in journal.about(f"reclaim:{first}")} == {
        "reclaims.notice", "reclaims.lapse", "reclaims.execute",
    }  # fmt: skip
    assert Message.objects.filter(key__startswith=f"reclaim:{first}:").count() == 4  # one per rung reached


def test_once_a_day_however_often_the_loop_turns(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 30)
    assert loop.run(FIRST + 30 * HOUR) == 1
    assert loop.run(FIRST + 31 * HOUR) == 0
    assert Case.objects.count() == 1


def test_the_first_days_are_free(lab: world.Actor, name: str) -> None:
    use(name, at(4), 14 * 24)
    assert loop.run(FIRST) == 0 and not Case.objects.exists()


def test_using_them_again_clears_the_case(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 48)
    loop.run(FIRST + 2 * DAY)
    assert only().state == "noticed"
    use(name, FIRST + 48 * HOUR, 24, world.busy(115200))
    loop.run(FIRST + 3 * DAY)
    assert only().state == "dismissed" and only().nodes_taken == 0


def test_missing_telemetry_opens_nothing(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 30, {"missing_gpu_seconds": 115200})
    days(FIRST, 30)
    assert not Case.objects.exists()


def test_an_accepted_explanation_starts_the_count_anew(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 20)
    days(FIRST, 5)
    case = only()
    operations.justify(actor=lab, now=FIRST + 4 * DAY, case_id=case.pk, text="자료를 옮기는 중입니다")
    days(FIRST + 5 * DAY, 3)
    assert only().state == "justified"  # nothing happens while the programme has not answered
    operations.accept(actor=world.manager(), now=FIRST + 7 * DAY + HOUR, case_id=case.pk, reason="타당합니다")
    days(FIRST + 8 * DAY, 1)
    assert Case.objects.count() == 1 and only().state == "dismissed"
    days(FIRST + 9 * DAY, 1)
    assert Case.objects.count() == 2


def test_a_rejected_one_can_be_reversed_until_it_is_executed(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 20)
    days(FIRST, 12)
    case, manager, now = only(), world.manager(), FIRST + 11 * DAY
    assert case.action == "shrink"
    operations.justify(actor=lab, now=now, case_id=case.pk, text="휴가")
    operations.reject(actor=manager, now=now, case_id=case.pk, reason="사유가 아닙니다")
    assert loop.run(now + HOUR) == 0
    operations.reverse(actor=manager, now=now + 2 * HOUR, case_id=case.pk, reason="다시 검토")
    assert only().state == "dismissed" and allocations.allocation(name, lab).nodes == 4


def test_a_rejected_one_is_executed_a_day_later(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 20)
    days(FIRST, 12)
    now = FIRST + 11 * DAY
    operations.justify(actor=lab, now=now, case_id=only().pk, text="휴가")
    operations.reject(actor=world.manager(), now=now, case_id=only().pk, reason="사유가 아닙니다")
    days(FIRST + 12 * DAY, 1)
    assert only().state == "executed" and only().nodes_taken == 2
    assert allocations.allocation(name, lab).nodes == 2


def test_too_late_to_answer(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 24 * 12)
    days(FIRST, 12)
    with pytest.raises(IllegalTransition):
        operations.justify(actor=lab, now=only().answer_by, case_id=only().pk, text="늦었습니다")
    assert only().state == "noticed"


def test_who_may_what(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 48)
    loop.run(FIRST + 2 * DAY)
    case, now = only(), FIRST + 2 * DAY
    other, manager = world.organisation("other"), world.manager()
    for stranger in (other, world.person("nobody"), world.provider()):
        with pytest.raises(NotFound):
            operations.justify(actor=stranger, now=now, case_id=case.pk, text="x")
        assert not queries.listing(stranger).exists()
    with pytest.raises(NotPermitted):
        operations.justify(actor=manager, now=now, case_id=case.pk, text="x")
    with pytest.raises(InvalidInput):
        operations.justify(actor=lab, now=now, case_id=case.pk, text="  ")
    operations.justify(actor=lab, now=now, case_id=case.pk, text="이유")
    for decide in (operations.accept, operations.reject, operations.reverse):
        for actor in (lab, world.auditor(), world.finance(), world.provider()):
            with pytest.raises(NotPermitted):
                decide(actor=actor, now=now, case_id=case.pk, reason="x")
        with pytest.raises(InvalidInput):
            decide(actor=manager, now=now, case_id=case.pk, reason=" ")
    assert only().state == "justified"
    assert [c.id for c in queries.to_judge(manager)] == [case.pk] and queries.to_judge(lab) == []


def test_every_move_stands_in_the_table(lab: world.Actor, name: str) -> None:
    use(name, FIRST, 48)
    loop.run(FIRST + 2 * DAY)
    pk, now, manager = only().pk, FIRST + 2 * DAY, world.manager()
    events = {
        "justify": lambda: operations.justify(actor=lab, now=now, case_id=pk, text="x"),
        "accept": lambda: operations.accept(actor=manager, now=now, case_id=pk, reason="x"),
        "reject": lambda: operations.reject(actor=manager, now=now, case_id=pk, reason="x"),
        "reverse": lambda: operations.reverse(actor=manager, now=now, case_id=pk, reason="x"),
    }
    for state in RECLAIM.states:
        for event, do in events.items():
            Case.objects.filter(pk=pk).update(state=state)
            if RECLAIM.allows(state, event):
                do()
                assert only().state == RECLAIM.after(state, event)
            else:
                with pytest.raises(IllegalTransition):
                    do()


BUSY = {"running_gpu_seconds": 115200, "busy_gpu_seconds": 115200}


def test_too_little_use_at_a_checkpoint_is_asked_about_once_and_then_taken(lab: world.Actor, name: str) -> None:
    start = at(4, 1)
    use(name, start, 24 * 40, {**world.idle(), "running_gpu_seconds": 5760, "busy_gpu_seconds": 5760})  # five percent
    checkpoint = start + (allocations.allocation(name, lab).end_at - start) * 33 / 100
    days(checkpoint - DAY, 3)
    assert not Case.objects.filter(rule="under-use").exists()  # late windows are waited for
    days(checkpoint + 3 * DAY, 2)
    case = Case.objects.get(rule="under-use")
    assert (case.finding["used_percent"], case.finding["would_take"], case.action) == (5, 1, "shrink")
    assert queries.view_of(case).rule_name.en == "Too little use"
    days(case.answer_by + HOUR, 3)
    assert Case.objects.get(rule="under-use").state == "executed"
    assert allocations.allocation(name, lab).nodes == 3
    days(case.answer_by + 5 * DAY, 3)
    assert Case.objects.filter(rule="under-use").count() == 1


def test_enough_use_is_looked_at_and_nothing_happens(lab: world.Actor, name: str) -> None:
    start = at(4, 1)
    use(name, start, 24 * 40, BUSY)
    days(start + 36 * DAY, 5)
    assert Look.objects.get().used_percent == 100
    assert not Case.objects.exists()


def test_hours_nobody_knows_of_are_not_held_against_the_holder(lab: world.Actor, name: str) -> None:
    start = at(4, 1)
    use(name, start, 24 * 40, {"missing_gpu_seconds": 115200, "running_gpu_seconds": 0, "busy_gpu_seconds": 0})
    days(start + 36 * DAY, 5)
    assert Look.objects.get().nodes_taken == 0


def test_the_outlook_says_what_comes_next(lab: world.Actor, name: str) -> None:
    start = at(4, 1)
    view = allocations.allocation(name, lab)
    use(name, start, 24, world.idle())
    use(name, start + DAY, 24 * 9, BUSY)
    seen = outlook(view, start + 10 * DAY)
    assert seen.seconds_to_first_busy == 24 * 3600
    assert seen.total.busy_gpu_seconds == 9 * 24 * 115200
    assert seen.total.busy_gpu_seconds < seen.forecast_busy < seen.whole_gpu_seconds
    (step,) = seen.next_steps
    assert step.used_percent == 90
    assert step.action == "notice"
    fee = current().fee_per_node_month(view.gpu_model, view.organisation.applicant_class, view.organisation.is_youth)
    assert seen.self_pay_ahead <= fee * 4 * 3


def test_the_page_of_the_outlook_is_for_its_holders_and_overseers(
    lab: world.Actor, name: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: at(4, 11))
    use(name, at(4, 1), 24 * 9, BUSY)
    for actor, status in ((lab, 200), (world.manager(), 200), (world.organisation("other"), 404)):
        client.force_login(User.objects.get(pk=actor.user_id))
        assert client.get(f"/allocations/{name}/ahead/").status_code == status


def test_help_is_offered_once_to_whoever_has_not_begun(lab: world.Actor, name: str) -> None:
    start = at(4, 1)
    use(name, start, 24 * 6, world.idle())
    days(start, 3)
    assert not Message.objects.filter(key__startswith="help:").exists()
    days(start + 3 * DAY, 3)
    assert Message.objects.filter(key__startswith="help:").count() == 1
    late = world.allocated(world.organisation("swift"), "25-1-0009", nodes=1)
    use(
        late,
        start + 6 * DAY,
        2,
        {"allocated_node_seconds": 3600, "allocated_gpu_seconds": 28800, "busy_gpu_seconds": 28800},
    )
    days(start + 7 * DAY, 1)
    assert not Message.objects.filter(key__startswith=f"help:{late}").exists()
