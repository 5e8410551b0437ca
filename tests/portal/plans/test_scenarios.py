"""Scenarios from draft to decision: changed rules, several plans side by side, overrides with their price, stability,
the sealed file; and who may do and see what."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from openpyxl import load_workbook

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.load import read_problem
from dure.decide.planning.overrides import Override
from dure.decide.planning.plan import Award
from dure.decide.planning.scenario import Changes
from dure.decide.planning.seal import replay
from dure.decide.planning.signature import verify
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework import programme
from dure.portal.journal import queries as journal
from dure.portal.loops import plan as plan_loop
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.plans import operations, posing, queries
from dure.portal.plans.models import Plan
from dure.portal.plans.operations import Scenario
from tests.portal import competition, decided
from tests.portal.competition import browser
from tests.portal.decided import DECIDING

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WHY = Text("국가 재난 대응", "Disaster response")
BUDGET = 50_000


def scenario(title: str = "시험", **changes: object) -> Scenario:
    return Scenario(title, "메모", Changes(**changes), BUDGET)  # type: ignore[arg-type]


def solve_all() -> None:
    while plan_loop.run(DECIDING):
        pass


def made(manager: Actor, title: str = "시험", **changes: object) -> int:
    """A solved plan of a scenario."""
    who = {"actor": manager, "now": DECIDING}
    plan_id = operations.draft(**who, call_code="25-1", scenario=scenario(title, **changes))
    operations.submit(**who, plan_id=plan_id)
    assert plan_loop.run(DECIDING) == 1
    return plan_id


def test_a_scenario_from_draft_to_solved() -> None:
    manager, _, _ = decided.reviewed()
    who = {"actor": manager, "now": DECIDING}
    plan_id = operations.draft(**who, call_code="25-1", scenario=scenario(delta_tenths=10))
    assert queries.plan(plan_id, manager).state == "draft"
    assert plan_loop.run(DECIDING) == 0
    other = scenario("다른 이름", rule="value", rules={"organisation-cap": 500}, price_percent=40)
    operations.revise(**who, plan_id=plan_id, scenario=other)
    copy = operations.duplicate(**who, plan_id=plan_id, title="사본")
    operations.submit(**who, plan_id=plan_id)
    with pytest.raises(IllegalTransition):
        operations.revise(**who, plan_id=plan_id, scenario=other)
    assert operations.submit(**who, plan_id=copy) == plan_id, "the same plan is not solved twice"
    assert plan_loop.run(DECIDING) == 1
    view = queries.plan(plan_id, manager)
    assert (view.state, view.title, view.rule, view.note) == ("solved", "다른 이름", "value", "메모")
    problem = read_problem(queries.problem_document(plan_id))
    assert {one.name: one.caps for one in problem.policies}["organisation-cap"] == (32 * 15 // 2,)
    assert problem.programme == programme.current_hash()
    assert view.measures is not None
    assert view.measures["awards"] == view.awards
    operations.rename(**who, plan_id=plan_id, title="새 이름", note="")
    assert queries.plan(plan_id, manager).title == "새 이름"
    operations.discard(**who, plan_id=plan_id, reason="")
    assert plan_id not in {one.id for one in queries.plans(manager)}


def test_a_queue_is_solved_in_order_and_can_be_cancelled() -> None:
    manager, _, _ = decided.reviewed()
    who = {"actor": manager, "now": DECIDING}
    ids = [
        operations.submit(
            **who,
            plan_id=operations.draft(**who, call_code="25-1", scenario=scenario(f"{tenths}", delta_tenths=tenths)),
        )
        for tenths in (10, 20, 30)
    ]
    assert [queries.plan(one, manager).ahead for one in ids] == [0, 1, 2]
    operations.cancel(**who, plan_id=ids[1])
    assert plan_loop.run(DECIDING) == 1
    assert [queries.plan(one, manager).state for one in ids] == ["solved", "cancelled", "queued"]


def test_other_weights_derive_other_scores_and_cannot_be_the_decision() -> None:
    manager, _, _ = decided.reviewed()
    criteria = programme.current().rubric.criteria
    weights = {c.code: 0 for c in criteria} | {criteria[-1].code: 100}
    plain, other = (posing.pose("25-1", changes).problem for changes in (Changes(), Changes(weights=weights)))
    assert [one.score_tenths for one in plain.applications] != [one.score_tenths for one in other.applications]
    plan_id = made(manager, weights=weights)
    with pytest.raises(InvalidInput, match="weights"):
        operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="좋아 보임")
    assert queries.plan(plan_id, manager).state == "solved"


def test_bad_scenarios_leave_nothing_behind() -> None:
    manager, heads, _ = decided.reviewed()
    who = {"actor": manager, "now": DECIDING, "call_code": "25-1"}
    for wrong in (
        scenario(""),
        scenario("가" * 121),
        scenario(rules={"nothing": 1}),
        scenario(rules={"class-floor-academia": 900}),
        scenario(weights={"nothing": 100}),
        replace(scenario(), budget=0),
    ):
        with pytest.raises(InvalidInput):
            operations.draft(**who, scenario=wrong)
    with pytest.raises(NotPermitted):
        operations.draft(**who | {"actor": heads[0]}, scenario=scenario())
    assert not Plan.objects.exists()


def test_organisations_stand_in_a_problem_as_numbers() -> None:
    decided.reviewed()
    document = posing.pose("25-1").problem.encode().decode()
    assert "org-1" not in document and "organisation-0001" in document


def test_earlier_awards_count_in_shares_and_not_in_the_budget() -> None:
    _, heads, numbers = decided.reviewed()
    before = posing.pose("25-1").problem
    (organisation,) = people.organisations(heads[0].organisations).values()
    zone = programme.zone()
    months = [Month.parse(before.calendar.first).plus(place) for place in range(3)]
    fleet.book(
        actor=system("loop:allocate"),
        now=DECIDING,
        kind="award",
        cluster="naver-h200-b",
        node_names=[one.name for one in fleet_queries.nodes("naver-h200-b", DECIDING)[:4]],
        organisation=organisation.code,
        reference="award:24-9-0001",
        start_at=months[0].period(zone).start,
        end_at=months[-1].period(zone).end,
    )
    after = posing.pose("25-1").problem
    own = after.application[numbers[0]].organisation
    old, new = ({one.name: one for one in problem.policies} for problem in (before, after))
    assert after.cluster["naver-h200-b"].capacity[:4] == (28, 28, 28, 32)
    assert old["organisation-cap"].caps == new["organisation-cap"].caps, "a share of the same supply"
    assert new["organisation-cap"].overrides == {own: (old["organisation-cap"].caps[0] - 12,)}
    assert new["class-cap-academia"].caps == (old["class-cap-academia"].caps[0] - 12,)
    assert new["class-target-industry"].caps == (old["class-target-industry"].caps[0] - 12,)
    assert new["class-cap-industry"] == old["class-cap-industry"] and new["budget"] == old["budget"]
    assert "이미 사용 중인 선정 포함" in new["organisation-cap"].label.ko


def test_rules_that_cannot_all_hold_are_named(tmp_path: Path) -> None:
    manager, _, _ = decided.reviewed()
    who = {"actor": manager, "now": DECIDING}
    nothing = {"organisation-cap": 0}
    plan_id = operations.draft(**who, call_code="25-1", scenario=scenario(rules=nothing))
    operations.submit(**who, plan_id=plan_id)
    assert plan_loop.run(DECIDING) == 1
    view = queries.plan(plan_id, manager)
    assert view.state == "failed"
    assert "organisation-cap" in view.conflicts[0]["ko"]
    assert "organisation-cap" in browser(manager).get(f"/plans/{plan_id}/").content.decode()


def test_overrides_have_a_price_and_stand_only_when_confirmed() -> None:
    manager, _, numbers, plan_id = decided.solved()
    who = {"actor": manager, "now": DECIDING}
    waiting = numbers[4]
    with pytest.raises(InvalidInput):
        operations.override(**who, plan_id=plan_id, override=Override(waiting, Text(" ", "")))
    with pytest.raises(InvalidInput, match="below the pass mark"):
        award = Award(numbers[5], "naver-h200-b", 0, 8)
        operations.override(**who, plan_id=plan_id, override=Override(numbers[5], WHY, award))
    award = Award(waiting, "naver-h200-b", 0, 8)
    made_id = operations.override(**who, plan_id=plan_id, override=Override(waiting, WHY, award))
    with pytest.raises(IllegalTransition):
        operations.confirm(**who, plan_id=made_id)
    assert plan_loop.run(DECIDING) == 1
    view = queries.plan(made_id, manager)
    assert queries.rank(made_id, waiting).outcome == "awarded"
    assert queries.rank(made_id, numbers[3]).outcome == "waitlisted"
    assert view.awaits_confirmation and view.lost_value is not None and view.lost_value > 0
    assert (view.audit or {})["violations"] == [] and view.envy == 0
    assert WHY.ko in queries.problem_document(made_id).decode()
    page = browser(manager).get(f"/plans/{made_id}/").content.decode()
    assert WHY.ko in page and numbers[3] in page
    with pytest.raises(InvalidInput, match="overrides"):
        operations.accept(**who, plan_id=made_id, reason="확정")
    operations.confirm(**who, plan_id=made_id)
    operations.confirm(**who, plan_id=made_id)
    operations.accept(**who, plan_id=made_id, reason="확정")
    events = [entry.event for entry in journal.about(f"plan:{made_id}")]
    assert events.count("plans.confirm") == 1 and "plans.override" in events
    held_back = read_problem(queries.waitlist_problem(made_id))
    assert not [one for one in held_back.policies if one.kind == "override"]
    public = browser().get("/decisions/25-1/").content.decode()
    assert WHY.ko in public and waiting in public


def test_what_is_left_out_is_off_the_waitlist_too() -> None:
    manager, _, numbers, plan_id = decided.solved()
    who = {"actor": manager, "now": DECIDING}
    made_id = operations.override(**who, plan_id=plan_id, override=Override(numbers[0], WHY))
    assert plan_loop.run(DECIDING) == 1
    assert queries.rank(made_id, numbers[0]).outcome == "waitlisted"
    assert queries.rank(made_id, numbers[0]).waitlist_rank is None
    assert queries.rank(made_id, numbers[4]).outcome == "awarded"
    assert numbers[0] not in [one.number for one in queries.waitlist(made_id)]
    assert read_problem(queries.waitlist_problem(made_id)).policies


def test_plans_side_by_side(tmp_path: Path) -> None:
    manager, _, numbers, plan_id = decided.solved()
    less = made(manager, "기관 상한", rules={"organisation-cap": 100})
    third = operations.override(actor=manager, now=DECIDING, plan_id=plan_id, override=Override(numbers[0], WHY))
    solve_all()
    ids = [plan_id, less, third]
    counts = queries.difference_counts(ids)
    assert counts[1] == {"gains": 1, "loses": 1, "changes": 0}
    (row,) = queries.rows_of(ids, queries.differences(ids, kind="loses", against=third))
    assert row.first.number == numbers[0] and row.cells[2].kind == "loses"
    assert WHY.ko in json.dumps(row.cells[2].rank.explanation, ensure_ascii=False)  # type: ignore[union-attr]
    query = "&".join(f"plan={one}" for one in ids)
    page = browser(manager).get(f"/plans/compare/?{query}")
    assert page.status_code == 200
    assert "위원회 방식 대비 가치" in page.content.decode()
    found = browser(manager).get(f"/plans/compare/?{query}&format=xlsx&kind=loses&against={third}")
    sheet = load_workbook(io.BytesIO(found.content)).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [numbers[0]]
    assert browser(manager).get(f"/plans/compare/?plan={plan_id}").status_code == 422
    unsolved = operations.draft(actor=manager, now=DECIDING, call_code="25-1", scenario=scenario())
    assert browser(manager).get(f"/plans/compare/?plan={plan_id}&plan={unsolved}").status_code == 422
    assert browser(manager).get(f"/plans/compare/?plan={plan_id}&plan=999").status_code == 404
    assert browser(manager, "en").get(f"/plans/compare/?{query}&q={numbers[0]}&kind=nonsense").status_code == 200


def test_how_firm_a_plan_is() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    who = {"actor": manager, "now": DECIDING}
    run = operations.ask_stability(**who, plan_id=plan_id, runs=4)
    assert operations.ask_stability(**who, plan_id=plan_id) == run
    with pytest.raises(NotFound):
        operations.ask_stability(**who | {"actor": heads[0]}, plan_id=plan_id)
    assert plan_loop.run(DECIDING) == 1
    view = queries.plan(plan_id, manager)
    assert view.stability is not None
    assert (view.stability.state, view.stability.done) == ("finished", 4)
    assert queries.rank(plan_id, numbers[0]).stability == "always"
    assert queries.rank(plan_id, numbers[5]).stability in ("never", "margin")
    assert sum(queries.stability_counts(plan_id).values()) == 5
    listed = queries.ranks(plan_id, stability="always")
    assert numbers[0] in [row.application.number for row in listed]
    operations.ask_stability(**who, plan_id=plan_id)
    operations.cancel_stability(**who, plan_id=plan_id)
    assert plan_loop.run(DECIDING) == 0


def test_the_decision_is_sealed_signed_and_public(tmp_path: Path) -> None:
    manager, _, _, plan_id = decided.solved()
    visitor = browser()
    assert visitor.get("/decisions/25-1/").status_code == 404
    assert visitor.get("/decisions/25-1/decision.zip").status_code == 404
    operations.accept(actor=manager, now=DECIDING, plan_id=plan_id, reason="감사를 통과함")
    assert visitor.get("/decisions/25-1/").status_code == 200
    assert plan_loop.run(DECIDING) == 1
    assert plan_loop.run(DECIDING) == 0
    sealed, signature, key = (
        visitor.get(f"/decisions/25-1/{name}").content
        for name in ("decision.zip", "decision.zip.sig", "public-key.pem")
    )
    assert verify(sealed, signature, key)
    assert not verify(sealed + b"x", signature, key)
    assert replay(sealed).is_same
    page = visitor.get("/decisions/25-1/").content.decode()
    assert canonical.digest(sealed) in page and "감사를 통과함" in page
    with zipfile.ZipFile(io.BytesIO(sealed)) as file:
        file.extractall(tmp_path)
    command = [sys.executable, "audit.py", "problem.json", "plan.json", "--programme", "programme.yaml"]
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    path = Path(django_settings.ENV.seal_key)
    assert path.stat().st_mode & 0o077 == 0
    assert b"PRIVATE" not in sealed + key


def test_what_cannot_be_sealed_is_told_and_tried_again_when_asked() -> None:
    manager, heads, _, plan_id = decided.solved()
    who = {"actor": manager, "now": DECIDING}
    with pytest.raises(IllegalTransition):
        operations.seal_again(**who, plan_id=plan_id)
    operations.accept(**who, plan_id=plan_id, reason="확정")
    whole = bytes(Plan.objects.get(pk=plan_id).document)
    Plan.objects.filter(pk=plan_id).update(document=b"{}")
    assert plan_loop.run(DECIDING) == 1
    assert plan_loop.run(DECIDING) == 0
    assert queries.plan(plan_id, manager).state_reason
    assert "봉인하지 못했습니다" in browser(manager).get(f"/plans/{plan_id}/").content.decode()
    Plan.objects.filter(pk=plan_id).update(document=whole)
    with pytest.raises(NotFound):
        operations.seal_again(**who | {"actor": heads[0]}, plan_id=plan_id)
    assert browser(manager).post(f"/plans/{plan_id}/seal/").status_code == 302
    assert plan_loop.run(DECIDING) == 1
    assert queries.seal("25-1") is not None


def test_strangers_find_nothing_and_auditors_change_nothing() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    reviewer, auditor = competition.person("reviewer-x", "reviewer"), competition.person("auditor", "auditor")
    who = {"actor": manager, "now": DECIDING}
    draft = operations.draft(**who, call_code="25-1", scenario=scenario())
    read = [f"/plans/{plan_id}/", "/plans/", "/plans/compare/", f"/plans/{plan_id}/ranks/{numbers[0]}/"]
    write = ["/plans/new/", f"/plans/{draft}/edit/", f"/plans/{plan_id}/rename/", f"/plans/{plan_id}/accept/"]
    write += [f"/plans/{plan_id}/ranks/{numbers[0]}/override/"]
    posts = [f"/plans/{plan_id}/{what}/" for what in ("cancel", "discard", "stability", "confirm", "duplicate")]
    posts += [f"/plans/{draft}/submit/", f"/plans/{plan_id}/stability/cancel/"]
    for stranger in (heads[0], reviewer):
        for path in read + write:
            assert browser(stranger).get(path).status_code == 404, path
        for path in posts + write:
            assert browser(stranger).post(path).status_code == 404, path
    for path in read:
        assert browser(auditor).get(path).status_code == 200, path
    for path in write:
        assert browser(manager).get(path).status_code == 200, path
        assert browser(auditor).get(path).status_code == 403, path
    for path in posts:
        assert browser(auditor).post(path).status_code == 403, path
        assert browser(manager).get(path).status_code == 405, path
    assert browser(heads[0]).get(f"/api/plans/{plan_id}").status_code == 404
    assert Plan.objects.count() == 2


def test_the_same_over_json() -> None:
    manager, heads, numbers, plan_id = decided.solved()
    auditor = competition.person("auditor", "auditor")
    client, json_type = browser(manager), "application/json"
    body = {"title": "시험", "changes": {"delta_tenths": 10, "rules": {"class-floor-academia": 100}}, "budget": BUDGET}
    new = body | {"call_code": "25-1"}
    for stranger, status in ((heads[0], 403), (auditor, 403), (None, 401)):
        assert browser(stranger).post("/api/plans/drafts", new, json_type).status_code == status
    wrong = client.post("/api/plans/drafts", new | {"changes": {"rules": {"nothing": 1}}}, json_type)
    assert wrong.status_code == 422 and wrong.json()["mistakes"][0]["where"] == "rules.nothing"
    made = client.post("/api/plans/drafts", new, json_type).json()["id"]
    for stranger, status in ((heads[0], 404), (auditor, 403)):
        for path in ("submit", "confirm", "seal"):
            assert browser(stranger).post(f"/api/plans/{made}/{path}", {}, json_type).status_code == status
    assert browser(heads[0]).get(f"/api/plans/{made}/scenario").status_code == 404
    revised = client.put(f"/api/plans/{made}/scenario", body | {"title": "고침"}, json_type).json()
    assert (revised["title"], revised["changes"]["delta_tenths"]) == ("고침", 10)
    assert client.post(f"/api/plans/{made}/submit").json() == {"id": made}
    award = {"cluster": "naver-h200-b", "start": 0, "nodes": 8}
    reason = {"ko": WHY.ko, "en": WHY.en}
    why = {"application": numbers[4], "award": award, "reason": reason}
    by_hand = client.post(f"/api/plans/{plan_id}/overrides", why, json_type).json()["id"]
    solve_all()
    assert f"/plans/{by_hand}/" in client.get("/home/").content.decode()
    shown = client.get(f"/api/plans/{by_hand}/scenario").json()
    assert shown["overrides"] == [{"application": numbers[4], "kind": "in", "reason": reason}]
    assert shown["value"] <= shown["base_value"] and shown["confirmed_at"] is None
    assert client.post(f"/api/plans/{by_hand}/confirm").json()["confirmed_at"] is not None
    beside = client.get(f"/api/plans/compare?plan={plan_id}&plan={by_hand}&plan={made}").json()
    assert [one["id"] for one in beside["plans"]] == [plan_id, by_hand, made]
    assert beside["differences"][0]["gains"] == [numbers[4]]
    assert client.get(f"/api/plans/compare?plan={plan_id}").status_code == 422
    assert client.post(f"/api/plans/{plan_id}/seal").status_code == 409
    assert client.get("/api/calls/25-1/decision/seal").status_code == 404


def test_forms_keep_what_was_typed_and_name_the_field() -> None:
    manager, _, numbers, plan_id = decided.solved()
    client = browser(manager)
    typed = {"title": "좁은 범위", "rule": "merit", "delta": "1.5", "rules.class-floor-academia": "80", "call": "25-1"}
    refused = client.post("/plans/new/", typed)
    assert refused.status_code == 422
    body = refused.content.decode()
    assert "id_rules.class-floor-academia-error" in body and "좁은 범위" in body
    assert client.post("/plans/new/", typed | {"delta": "abc", "title": ""}).status_code == 422
    kept = client.post("/plans/new/", typed | {"rules.class-floor-academia": "", "action": "draft"})
    draft = int(kept["Location"].rstrip("/").split("/")[-1])
    view = queries.plan(draft, manager)
    assert (view.state, view.delta_tenths, view.changes.rules) == ("draft", 15, {})
    other = client.post(f"/plans/{draft}/edit/", typed | {"rules.class-floor-academia": "20", "action": "submit"})
    assert other.status_code == 302
    assert queries.plan(draft, manager).changes.rules == {"class-floor-academia": 200}
    path = f"/plans/{plan_id}/ranks/{numbers[4]}/override/"
    assert client.post(path, {"kind": "in", "reason_ko": "가", "reason_en": "a"}).status_code == 422
    given = {"kind": "in", "cluster": "naver-h200-b", "start": "0", "nodes": "99", "reason_ko": "가", "reason_en": "a"}
    assert "8" in client.post(path, given).content.decode()
    assert client.post(path, given | {"nodes": "8"}).status_code == 302
    assert browser(manager).get(f"/plans/{plan_id}/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


_LOOP = """
import os, sys
from datetime import datetime
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from dure.portal.loops import plan
plan.run(datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("after", [0.0, 3.0])
def test_a_loop_killed_while_solving_leaves_a_plan_that_is_taken_up_again(after: float) -> None:
    """SIGKILL some seconds into solving: the next holder of the lease solves it, once."""
    from django.db import connection

    manager, _, _ = decided.reviewed()
    plan_id = operations.queue(actor=manager, now=DECIDING, call_code="25-1", title="가", budget=3_000_000)
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "dure.portal.settings"}
    command = [sys.executable, "-c", _LOOP, str(connection.settings_dict["NAME"]), DECIDING.isoformat()]
    loop = subprocess.Popen(command, env=env)
    _until(lambda: queries.plan(plan_id, manager).state == "solving" or loop.poll() is not None)
    time.sleep(after)
    loop.send_signal(signal.SIGKILL)
    loop.wait()
    _until(lambda: _is_free(), 30)
    solve_all()
    view = queries.plan(plan_id, manager)
    assert view.state == "solved"
    assert queries.ranks(plan_id).count() == 6


def _is_free() -> bool:
    from dure.portal.loops import leases

    return leases.take(plan_loop.LEASE, plan_loop.holder_name())


def _until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_solving_writes_is_the_loops_alone() -> None:
    manager, _, _ = decided.reviewed()
    with pytest.raises(NotPermitted):
        operations.start(actor=manager, now=DECIDING)
    assert operations.start_stability(actor=system("loop:plan"), now=DECIDING) is None
