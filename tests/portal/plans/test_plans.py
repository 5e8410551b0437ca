"""Plans: frozen, solved by the loop, audited, compared, accepted once; and who may do and see what."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted, Stale
from dure.decide.planning import audit
from dure.portal.awards import operations as awards
from dure.portal.awards import queries as award_queries
from dure.portal.loops import leases
from dure.portal.loops import plan as plan_loop
from dure.portal.loops.models import Lease
from dure.portal.people.actor import NOBODY, system
from dure.portal.plans import operations, queries
from dure.portal.plans.models import Plan
from tests.portal import competition, decided
from tests.portal.competition import browser
from tests.portal.decided import DECIDING

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LOOP = system("loop:plan")


def test_the_loop_solves_audits_and_explains() -> None:
    manager, _, numbers, plan_id = decided.solved()
    plan = queries.plan(plan_id, manager)
    assert plan.state == "solved"
    assert (plan.awards, plan.first_month_nodes, plan.envy) == (4, 32, 0)
    assert plan.audit is not None
    assert plan.audit["violations"] == []
    outcomes = {number: queries.rank(plan_id, number) for number in numbers}
    assert [outcomes[number].outcome for number in numbers] == ["awarded"] * 4 + ["waitlisted", "below_mark"]
    assert outcomes[numbers[4]].waitlist_rank == 1
    for rank in outcomes.values():
        assert rank.reasons
        assert all(reason["text"]["ko"] and reason["text"]["en"] for reason in rank.reasons)


def test_documents_are_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    manager, _, _, plan_id = decided.solved()
    plan = queries.plan(plan_id, manager)
    problem, found = queries.problem_document(plan_id), queries.plan_document(plan_id)
    assert canonical.digest(problem) == plan.problem_hash
    assert canonical.digest(found) == plan.hash
    (tmp_path / "problem.json").write_bytes(problem)
    (tmp_path / "plan.json").write_bytes(found)
    command = [sys.executable, audit.__file__, "problem.json", "plan.json", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["value"] == plan.value


def test_queueing_twice_makes_one_plan_and_bad_input_none() -> None:
    manager, heads, _ = decided.reviewed()
    first = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="가")
    assert operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="나") == first
    for wrong in ({"rule": "lottery"}, {"delta_tenths": 0}, {"budget": 0}):
        with pytest.raises(InvalidInput):
            operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="다", **wrong)
    with pytest.raises(NotFound):
        operations.queue(actor=manager, now=DECIDING, call_code="none", title="라")
    for stranger in (heads[0], NOBODY):
        with pytest.raises(NotPermitted):
            operations.queue(actor=stranger, now=DECIDING, call_code="25-1", title="마")
    assert Plan.objects.count() == 1


def test_one_plan_is_accepted_with_a_reason() -> None:
    manager, heads, _, plan_id = decided.solved()
    other = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="비교", rule="value")
    plan_loop.run(DECIDING)
    with pytest.raises(InvalidInput):
        operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="  ")
    with pytest.raises(NotFound):
        operations.accept(actor=heads[0], now=DECIDING, plan_id=plan_id, reason="제가 좋아서")
    operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="감사를 통과함")
    with pytest.raises(IllegalTransition):
        operations.accept(actor=manager, now=DECIDING, plan_id=other, reason="다시")
    assert queries.accepted("25-1").id == plan_id


def test_a_plan_with_violations_is_not_accepted() -> None:
    manager, _, _, plan_id = decided.solved()
    Plan.objects.filter(pk=plan_id).update(audit=queries.plan(plan_id, manager).audit | {"violations": ["x"]})
    with pytest.raises(InvalidInput):
        operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="괜찮아 보임")


def test_what_was_found_is_kept_only_while_it_is_wanted() -> None:
    manager, _, _ = decided.reviewed()
    plan_id = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="가")
    operations.start(actor=LOOP, now=DECIDING)
    operations.cancel(actor=manager, now=DECIDING, plan_id=plan_id)
    assert not operations.note_progress(plan_id=plan_id, permille=5, value=None, bound=None)
    problem = queries.plan(plan_id, manager).problem_hash
    with pytest.raises((IllegalTransition, Stale)):
        operations.finish(
            actor=LOOP, now=DECIDING, plan_id=plan_id, document=b"{}", audit={"problem": problem}, ranks=[]
        )
    with pytest.raises(InvalidInput):
        other = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="나")
        operations.start(actor=LOOP, now=DECIDING)
        operations.finish(actor=LOOP, now=DECIDING, plan_id=other, document=b"{}", audit={"problem": "x"}, ranks=[])


def test_a_plan_whose_process_died_is_taken_up_again() -> None:
    manager, _, _ = decided.reviewed()
    plan_id = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="가")
    operations.start(actor=LOOP, now=DECIDING)
    assert queries.plan(plan_id, manager).state == "solving"
    assert plan_loop.run(DECIDING) == 1
    assert queries.plan(plan_id, manager).state == "solved"


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("how", ["cancelled", "lease lost"])
def test_the_child_ends_soon(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A child that would run for minutes is gone soon after its plan was cancelled or its lease taken."""
    manager, _, _ = decided.reviewed()
    plan_id = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="가")
    operations.start(actor=LOOP, now=DECIDING)
    assert leases.take(plan_loop.LEASE, plan_loop.holder_name())
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], stdout=subprocess.PIPE)

    def disturb() -> None:
        time.sleep(0.5)
        if how == "cancelled":
            operations.cancel(actor=manager, now=DECIDING, plan_id=plan_id)
        else:
            Lease.objects.update(holder="somebody else")

    thread = threading.Thread(target=disturb)
    thread.start()

    def is_wanted(progress: object) -> bool:
        try:
            return queries.is_solving(plan_id)
        except OperationalError:  # threads of a test share one SQLite in memory, which locks whole tables
            return True

    started = time.monotonic()
    assert plan_loop._attend(child, is_wanted) is False
    assert time.monotonic() - started < 60  # it would have run for two minutes
    assert child.poll() is not None
    thread.join()


def test_pages_for_those_who_oversee_only() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    paths = ["/plans/", f"/plans/{plan_id}/", f"/plans/{plan_id}/ranks/{numbers[4]}/", "/plans/compare/"]
    paths += [f"/plans/{plan_id}/problem.json", f"/plans/{plan_id}/plan.json", f"/plans/{plan_id}/?format=csv"]
    auditor = competition.person("auditor", "auditor")
    for path in paths:
        assert browser(manager).get(path).status_code == 200, path
        assert browser(auditor, "en").get(path).status_code == 200, path
        assert browser(heads[0]).get(path).status_code == 404, path
        assert browser().get(path).status_code == 302, path
    assert browser(auditor).post(f"/plans/{plan_id}/cancel/").status_code == 403
    refused = browser(manager).post(f"/plans/{plan_id}/accept/", {"reason": ""})
    assert refused.status_code == 422
    assert "사유" in refused.content.decode()


def test_applicants_read_their_decision_and_nobody_elses() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    assert browser(heads[4]).get(f"/awards/{numbers[4]}/").status_code == 404
    operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="확정")
    awards.offer_plan(actor=manager, now=DECIDING, plan_id=plan_id)
    won = browser(heads[0]).get(f"/awards/{numbers[0]}/")
    assert "선정되었습니다" in won.content.decode()
    lost = browser(heads[4]).get(f"/awards/{numbers[4]}/")
    page = lost.content.decode()
    for said in (
        "예비 1번",
        "결정 사유",
        "다른 과제와의 비교",
        "점수 안내(참고용)",
        "선정될 수 있었던 신청",
        "예비 순위",
    ):
        assert said in page, said
    assert browser(heads[4]).get(f"/awards/{numbers[0]}/").status_code == 404
    assert browser(heads[0]).get(f"/awards/{numbers[4]}/").status_code == 404
    assert browser(heads[0]).post(f"/awards/{numbers[1]}/accept/").status_code == 404


def test_offers_accepted_declined_expired_and_the_waitlist() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="확정")
    assert awards.offer_plan(actor=manager, now=DECIDING, plan_id=plan_id) == 4
    assert awards.offer_plan(actor=manager, now=DECIDING, plan_id=plan_id) == 0
    with pytest.raises(InvalidInput):
        awards.decline(actor=heads[0], now=DECIDING, number=numbers[0], reason="")
    awards.decline(actor=heads[0], now=DECIDING, number=numbers[0], reason="일정 변경")
    with pytest.raises(IllegalTransition):
        awards.accept(actor=heads[0], now=DECIDING, number=numbers[0])
    assert awards.offer_down(actor=manager, now=DECIDING, plan_id=plan_id) == [numbers[4]]
    assert awards.offer_down(actor=manager, now=DECIDING, plan_id=plan_id) == []
    awards.accept(actor=heads[1], now=DECIDING, number=numbers[1])
    with pytest.raises(IllegalTransition):
        awards.countersign(actor=manager, now=DECIDING, number=numbers[1])
    awards.sign(actor=heads[1], now=DECIDING, number=numbers[1])
    awards.sign(actor=heads[1], now=DECIDING, number=numbers[1])
    awards.countersign(actor=manager, now=DECIDING, number=numbers[1])
    late = DECIDING + timedelta(days=8)
    with pytest.raises(IllegalTransition):
        awards.accept(actor=heads[2], now=late, number=numbers[2])
    assert awards.expire_due(now=late) == 3
    assert awards.expire_due(now=late) == 0
    assert award_queries.state_counts("25-1") == {"declined": 1, "agreed": 1, "expired": 3}
    agreement = award_queries.award(numbers[1], heads[1]).agreement
    assert agreement is not None
    assert agreement.hash == canonical.digest(agreement.text.encode())
