"""Panel meetings, discussion, technical checks, interviews, invitations and wishes: operations and pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.calls import queries as call_queries
from dure.portal.fleet import operations as fleet
from dure.portal.journal.queries import about, verify
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.reviews import operations, queries
from dure.portal.reviews.models import Assignment, Bid, Feasibility, Interview, Invitation
from tests.portal.competition import AFTER, NOW, SYSTEM, browser, manager, person
from tests.portal.reviews.test_reviews import FULL, reviewer, seat_of, submit, under_review

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
POINTS = {f"points.{code}": str(points) for code, points in FULL.items()}


@pytest.fixture(autouse=True)
def _after(at):
    at(AFTER)


def scored(reviewers=5, organisations=("hanbit", "saebyeok")):
    boss, panel, heads, numbers, result = under_review(reviewers=reviewers, organisations=organisations)
    for who in panel:
        for one in queries.assignments(who):
            submit(who, one.id, to_panel=f"{who.name}의 의견")
    return boss, panel, heads, numbers, result


def meeting_of(boss, panel, numbers):
    ids = [r.id for r in queries.reviewers(boss) if r.user_id in {w.user_id for w in panel}]
    return operations.plan_meeting(
        actor=boss,
        now=AFTER,
        call_code="25-1",
        place="대회의실",
        starts_at=AFTER + DAY,
        numbers=numbers,
        reviewer_ids=ids,
    )


def barred(boss, who, organisation):
    operations.add_reviewer(actor=boss, now=AFTER, user_id=who.user_id, affiliation=organisation, keywords=["x"])


def test_a_meeting_decides_live_and_keeps_conflicted_people_out():
    boss, panel, _, numbers, _ = scored()
    barred(boss, panel[0], "hanbit 연구원")
    meeting_id = meeting_of(boss, panel, numbers)
    assert mails(f"meeting:{meeting_id}") == 5
    run = {"actor": boss, "now": AFTER}
    items = {item.number: item for item in queries.meeting(meeting_id, boss).items}
    with pytest.raises(IllegalTransition):
        operations.table(**run, item_id=items[numbers[0]].id, event="open")
    operations.run_meeting(**run, meeting_id=meeting_id, event="start")
    operations.table(**run, item_id=items[numbers[0]].id, event="open")
    with pytest.raises(IllegalTransition):
        operations.table(**run, item_id=items[numbers[1]].id, event="open")
    seen = queries.meeting(meeting_id, panel[1])
    assert seen.current.number == numbers[0] and seen.current.out == ["r0"]
    out = queries.meeting(meeting_id, panel[0])
    assert out.current is None and [item.number for item in out.items] == [numbers[1]]
    assert not any(numbers[0] in (line.number, line.text.ko) for line in out.minutes)
    with pytest.raises(InvalidInput):
        operations.table(**run, item_id=items[numbers[0]].id, event="settle", decision="reject", reason=" ")
    operations.table(
        **run, item_id=items[numbers[0]].id, event="settle", decision="reject", reason="규모의 근거가 없음"
    )
    assert set(queries.deciding_scores("25-1")) == {numbers[1]}
    assert queries.scores("25-1", boss).set_aside == {numbers[0]: "규모의 근거가 없음"}
    operations.table(**run, item_id=items[numbers[0]].id, event="reopen")
    operations.table(**run, item_id=items[numbers[0]].id, event="settle", decision="keep")
    assert set(queries.deciding_scores("25-1")) == set(numbers)
    operations.note(**run, meeting_id=meeting_id, text="점심 뒤 이어 감")
    operations.table(**run, item_id=items[numbers[1]].id, event="open")
    operations.run_meeting(**run, meeting_id=meeting_id, event="end")
    last = queries.meeting(meeting_id, boss)
    assert [item.state for item in last.items] == ["settled", "waiting"] and last.state == "ended"
    assert len(about(f"meeting:{meeting_id}")) == len(last.minutes) + 1 and verify() is None


def mails(key):
    return Message.objects.filter(key__startswith=key).count()


def test_scores_change_in_the_meeting_only_with_a_reason_and_the_old_one_stays_on_record():
    boss, panel, _, numbers, _ = scored()
    meeting_id, who = meeting_of(boss, panel, numbers), panel[0]
    seat = next(a for a in queries.assignments(who) if a.number == numbers[0])
    change = {"actor": who, "now": AFTER, "assignment_id": seat.id, "points": FULL | {"impact": 10}}
    with pytest.raises(IllegalTransition):
        operations.change_score(**change, reason="설명을 들음")
    operations.run_meeting(actor=boss, now=AFTER, meeting_id=meeting_id, event="start")
    item = next(i for i in queries.meeting(meeting_id, boss).items if i.number == numbers[0])
    operations.table(actor=boss, now=AFTER, item_id=item.id, event="open")
    with pytest.raises(InvalidInput):
        operations.change_score(**change, reason=" ")
    with pytest.raises(InvalidInput):
        operations.change_score(**(change | {"points": {"impact": 10}}), reason="설명을 들음")
    with pytest.raises(NotFound):
        operations.change_score(**(change | {"actor": panel[1]}), reason="x")
    client = browser(who)
    assert client.get(f"/reviews/{seat.id}/change/").status_code == 200
    short = client.post(f"/reviews/{seat.id}/change/", POINTS | {"reason": ""})
    assert short.status_code == 422
    done = client.post(f"/reviews/{seat.id}/change/", POINTS | {"points.impact": "10", "reason": "설명을 들음"})
    assert done.status_code == 302
    assert queries.deciding_scores("25-1")[numbers[0]].totals == (650, 800, 800, 800, 800)
    (changed,) = queries.discussion(numbers[0], boss).changes
    assert (changed.before, changed.after, changed.reason) == ("80", "65", "설명을 들음")
    assert any("80점을 65점으로" in line.text.ko for line in queries.meeting(meeting_id, boss).minutes)


def test_others_reviews_show_once_the_own_is_in_and_never_to_conflicted_people():
    boss, panel, heads, numbers, _ = under_review(reviewers=5)
    first, second = panel[0], panel[1]
    submit(second, seat_of(second), to_panel="둘째의 속뜻")
    with pytest.raises(NotPermitted):
        queries.discussion(numbers[0], first)
    assert "둘째의 속뜻" not in browser(first).get(f"/reviews/discussions/{numbers[0]}/", follow=True).content.decode()
    submit(first, seat_of(first))
    assert "둘째의 속뜻" in browser(first).get(f"/reviews/discussions/{numbers[0]}/").content.decode()
    operations.remark(actor=first, now=AFTER, number=numbers[0], text="규모가 큽니다")
    assert browser(second).post(f"/reviews/discussions/{numbers[0]}/", {"text": " "}).status_code == 422
    assert browser(second).post(f"/reviews/discussions/{numbers[0]}/", {"text": "동의합니다"}).status_code == 302
    assert [r.text for r in queries.discussion(numbers[0], boss).remarks] == ["규모가 큽니다", "동의합니다"]
    barred(boss, first, "hanbit 연구원")
    for who in (first, heads[0], person("anyone")):
        with pytest.raises(NotFound):
            queries.discussion(numbers[0], who)
        with pytest.raises(NotFound):
            operations.remark(actor=who, now=AFTER, number=numbers[0], text="x")
    assert "비밀" not in str(about(f"application:{numbers[0]}")) and verify() is None
    assert [r.is_barred for r in queries.discussion(numbers[0], boss).reviews] == [True, False]
    assert len(queries.discussion(numbers[0], second).reviews) == 1


def provider(code="naver", name="engineer"):
    who = person(name)
    people.give_role(actor=SYSTEM, now=NOW, user_id=who.user_id, role="provider", scope=code)
    return persons.actor_by_email(f"{name}@example.org")


def test_providers_say_what_cannot_be_run_and_the_manager_decides():
    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss, _, _, numbers, _ = scored(organisations=("hanbit",))
    engineer = provider()
    assert operations.ask_providers(actor=boss, now=AFTER, call_code="25-1") == 2, "Naver and Kakao could host it"
    assert operations.ask_providers(actor=boss, now=AFTER, call_code="25-1") == 0
    (asked,) = queries.feasibility_for(engineer)
    assert asked.provider == "naver" and not hasattr(asked, "team")
    answer = {"actor": engineer, "now": AFTER + 60 * DAY, "feasibility_id": asked.id}
    for bad in ({"verdict": "maybe"}, {"verdict": "infeasible", "reason": " "}):
        with pytest.raises(InvalidInput):
            operations.answer_feasibility(**answer, **bad)
    operations.answer_feasibility(**answer, verdict="conditional", reason="저장 공간 200TB까지")
    operations.answer_feasibility(**answer, verdict="infeasible", reason="전력이 모자람")
    assert queries.to_judge(["25-1"]) == 1 and mails("infeasible:") == 1
    assert set(queries.deciding_scores("25-1")) == set(numbers), "an opinion alone takes nobody out"
    with pytest.raises(NotPermitted):
        operations.judge_feasibility(actor=engineer, now=AFTER, feasibility_id=asked.id, upholds=True, reason="x")
    with pytest.raises(NotFound):
        operations.answer_feasibility(**(answer | {"actor": person("anyone")}), verdict="feasible")
    page = browser(boss).get("/reviews/panel/25-1/feasibility/").content.decode()
    assert "전력이 모자람" in page
    form = {"id": str(asked.id), "judgement": "uphold", "reason": "다른 사업자도 어려움"}
    assert browser(boss).post("/reviews/panel/25-1/feasibility/", form).status_code == 302
    assert queries.deciding_scores("25-1") == {}
    assert verify() is None


def test_a_provider_does_not_judge_its_own_application():
    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss, _, heads, _, _ = under_review(reviewers=5)
    people.give_role(actor=SYSTEM, now=NOW, user_id=heads[0].user_id, role="provider", scope="naver")
    head = persons.actor_by_email("head-hanbit@example.org")
    operations.ask_providers(actor=boss, now=AFTER, call_code="25-1")
    assert queries.feasibility_for(head) == []
    row = Feasibility.objects.filter(provider="naver").first()
    with pytest.raises(NotFound):
        operations.answer_feasibility(actor=head, now=AFTER, feasibility_id=row.pk, verdict="feasible")
    assert browser(provider()).get("/reviews/feasibility/").status_code == 200


def test_large_projects_are_interviewed_and_the_result_counts_as_the_programme_says(monkeypatch):
    boss, _, heads, numbers, _ = scored(organisations=("hanbit",))
    call = {"actor": boss, "now": AFTER, "call_code": "25-1"}
    with pytest.raises(InvalidInput):
        operations.invite_to_interviews(**call)
    slots = {"starts_at": AFTER + DAY, "minutes": 30, "count": 2, "place": "3층"}
    assert operations.add_slots(**call, **slots) == 2 and operations.add_slots(**call, **slots) == 0
    assert operations.invite_to_interviews(**call) == 1 and operations.invite_to_interviews(**call) == 0
    choice = queries.my_interview(numbers[0], heads[0], AFTER)
    assert len(choice.free) == 2
    for stranger in (person("anyone"), boss):
        with pytest.raises(NotFound):
            operations.book_interview(actor=stranger, now=AFTER, number=numbers[0], slot_id=choice.free[0].id)
    client = browser(heads[0])
    assert client.get(f"/reviews/interviews/{numbers[0]}/").status_code == 200
    client.post(f"/reviews/interviews/{numbers[0]}/", {"slot": str(choice.free[1].id)})
    assert Interview.objects.get().slot_id == choice.free[1].id
    with pytest.raises(InvalidInput):
        operations.book_interview(actor=heads[0], now=AFTER + 9 * DAY, number=numbers[0], slot_id=choice.free[0].id)
    close = {"actor": boss, "now": AFTER, "number": numbers[0]}
    with pytest.raises(InvalidInput):
        operations.close_interview(**close, event="hold", total_tenths=1001, note="x")
    operations.close_interview(**close, event="hold", total_tenths=600, note="답이 또렷함")
    assert queries.deciding_scores("25-1")[numbers[0]].tenths == 800, "the shipped programme gives it no share"
    rules = call_queries.call("25-1").rules.model_copy(update={"interview_percent": 25})
    monkeypatch.setattr(call_queries.CallView, "rules", property(lambda self: rules))
    assert queries.deciding_scores("25-1")[numbers[0]].tenths == 750


def test_an_invitation_is_answered_without_an_account_and_shows_no_proposal(client):
    boss, _, _, numbers, _ = under_review(reviewers=5)
    token = operations.invite(actor=boss, now=AFTER, email="New@Example.org", name="새 평가위원", call_code="25-1")
    with pytest.raises(InvalidInput):
        operations.invite(actor=boss, now=AFTER, email="new@example.org")
    mail = Message.objects.get(key__startswith="invitation:")
    assert token in mail.body and token not in str(Invitation.objects.values())
    page = client.get(f"/reviews/invited/{token}/")
    text = page.content.decode()
    assert page.status_code == 200 and page["Referrer-Policy"] == "no-referrer"
    assert not re.search(f"{numbers[0]}|한국어 거대 언어 모델|hanbit", text)
    assert client.get(f"/reviews/invited/{token}x/").status_code == 404
    assert client.post(f"/reviews/invited/{token}/", {"affiliation": ""}).status_code == 422
    form = {"affiliation": "솔대학교", "keywords": "언어 모델", "load_limit": "5", "former": "", "expertise": ""}
    assert client.post(f"/reviews/invited/{token}/", form).status_code == 302
    assert "가입" in client.get(f"/reviews/invited/{token}/").content.decode()
    with pytest.raises(InvalidInput):
        operations.join(actor=person("other"), now=AFTER, token=token)
    who = person("new")
    assert browser(who).post(f"/reviews/invited/{token}/join/").status_code == 302
    assert persons.actor_by_email("new@example.org").is_reviewer
    assert client.get(f"/reviews/invited/{token}/").status_code == 404, "used"
    second = operations.invite(actor=boss, now=AFTER, email="second@example.org")
    assert client.post(f"/reviews/invited/{second}/decline/", {"reason": "바쁨"}).status_code == 200
    third = operations.invite(actor=boss, now=AFTER, email="third@example.org", valid_days=2)
    with pytest.raises(NotFound):
        queries.asked(third, AFTER + 2 * DAY)
    assert operations.tend(now=AFTER + 2 * DAY) >= 1
    assert [one.state for one in queries.invitations(boss)] == ["expired", "declined", "joined"]
    with pytest.raises(NotPermitted):
        operations.invite(actor=who, now=AFTER, email="x@example.org")


def test_wishes_tip_the_assignment_and_hide_what_is_conflicted():
    boss, panel, _, numbers, _ = under_review(reviewers=5, organisations=("hanbit", "saebyeok"))
    eager = reviewer("eager", boss, keywords=("로봇",))
    with pytest.raises(NotPermitted):
        queries.biddable("25-1", eager)
    assert browser(eager).get("/reviews/calls/25-1/bids/").status_code == 302
    operations.declare_for_call(actor=eager, now=AFTER, call_code="25-1", kinds={}, named=["saebyeok 연구원"])
    assert [one.number for one in queries.biddable("25-1", eager)] == [numbers[0]]
    with pytest.raises(NotFound):
        operations.bid(actor=eager, now=AFTER, call_code="25-1", wishes={numbers[1]: "eager"})
    with pytest.raises(InvalidInput):
        operations.bid(actor=eager, now=AFTER, call_code="25-1", wishes={numbers[0]: "much"})
    other = reviewer("other", boss, keywords=("로봇",))
    operations.declare_for_call(actor=other, now=AFTER, call_code="25-1", kinds={})
    page = browser(eager).post("/reviews/calls/25-1/bids/", {f"wish.{numbers[0]}": "eager"})
    assert page.status_code == 302 and Bid.objects.count() == 1
    seat = next(a for a in queries.assignments(panel[0]) if a.number == numbers[0])
    operations.decline(actor=panel[0], now=AFTER, assignment_id=seat.id, reason="바쁨")
    options = queries.matchings("25-1", boss)
    assert options.fair.pairs == options.sum.pairs == 1
    done = operations.assign(actor=boss, now=AFTER, call_code="25-1")
    assert done.pairs == [(numbers[0], eager.user_id)]
    assert Assignment.objects.get(reviewer__user_id=eager.user_id).why["wish"] == "eager"


def test_nothing_shows_before_conflicts_are_declared_and_what_is_declared_disappears():
    boss, panel, heads, numbers, _ = under_review(reviewers=4, organisations=("hanbit", "saebyeok"))
    late = reviewer("late", boss)
    operations.assign(actor=boss, now=AFTER, call_code="25-1")
    seats = queries.assignments(late)
    assert sorted(a.title.ko for a in seats) == sorted(numbers), "numbers only"
    with pytest.raises(NotPermitted):
        queries.assignment(seats[0].id, late)
    with pytest.raises(NotPermitted):
        submit(late, seats[0].id)
    client = browser(late)
    assert client.get(f"/api/reviews/assignments/{seats[0].id}").status_code == 403
    assert "한국어 거대 언어 모델" not in client.get("/reviews/mine/").content.decode()
    assert client.get(f"/reviews/{seats[0].id}/")["Location"] == "/reviews/calls/25-1/declare/"
    (organisation_id,) = heads[0].organisations
    unticked = client.post("/reviews/calls/25-1/declare/", {"organisations": [str(organisation_id)], "truth": "on"})
    assert unticked.status_code == 422, "a kind is needed"
    form = {"organisations": [str(organisation_id)], "kind": "funding", "truth": "on", "named": ""}
    assert client.post("/reviews/calls/25-1/declare/", form).status_code == 302
    (left,) = queries.assignments(late)
    assert left.number == numbers[1] and queries.assignment(left.id, late).content.title.ko == "한국어 거대 언어 모델"
    with pytest.raises(NotFound):
        queries.declaration("25-1", person("anyone"))
    assert panel


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_of_the_panel_opens(language):
    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss, panel, _, numbers, _ = scored()
    meeting_id = meeting_of(boss, panel, numbers)
    operations.run_meeting(actor=boss, now=AFTER, meeting_id=meeting_id, event="start")
    item = queries.meeting(meeting_id, boss).items[0]
    operations.table(actor=boss, now=AFTER, item_id=item.id, event="open")
    operations.ask_providers(actor=boss, now=AFTER, call_code="25-1")
    operations.add_slots(
        actor=boss, now=AFTER, call_code="25-1", starts_at=AFTER + DAY, minutes=30, count=4, place="3층"
    )
    operations.invite_to_interviews(actor=boss, now=AFTER, call_code="25-1")
    operations.invite(actor=boss, now=AFTER, email="new@example.org")
    tabs = ("", "seats/", "scores/", "conflicts/", "feasibility/", "interviews/", "meetings/", "upkeep/", "assign/")
    office, judge = browser(boss, language), browser(panel[0], language)
    for path in [f"/reviews/panel/25-1/{tab}" for tab in tabs] + ["/reviews/invitations/", "/reviews/pool/"]:
        page = office.get(path)
        assert page.status_code == 200, path
        assert judge.get(path).status_code == 403, path
        if language == "en":
            korean = re.sub(
                r"<[^>]+>|25-1|3층|대회의실|r\d|연구원|한국어[^<]*|김하늘|정기 공모|한국어", "", page.content.decode()
            )
            assert "평가위원회" not in korean and "알림과" not in korean, path
    for client in (office, judge):
        assert item.number in client.get(f"/reviews/meetings/{meeting_id}/").content.decode()
        live = client.get(f"/reviews/meetings/{meeting_id}/", headers={"HX-Request": "true"}).content.decode()
        assert item.number in live and "<html" not in live
        again = f"/reviews/meetings/{meeting_id}/?seen={queries.meeting(meeting_id, boss).seen}"
        assert client.get(again, headers={"HX-Request": "true"}).status_code == 204, "nothing new, nothing sent"
        assert client.get(f"/reviews/discussions/{item.number}/").status_code == 200
    assert office.get("/reviews/invitations/?format=csv").status_code == 200
    assert "r0@example.org" in office.get("/reviews/pool/?format=csv&active=1").content.decode("utf-8-sig")
    assert "r0" in office.get("/reviews/panel/25-1/?format=csv").content.decode("utf-8-sig")
    assert office.get("/reviews/panel/25-1/feasibility/?format=xlsx").content[:2] == b"PK"
    assert browser(person("anyone")).get(f"/reviews/meetings/{meeting_id}/").status_code == 403
    assert browser(reviewer("outsider", boss)).get(f"/reviews/meetings/{meeting_id}/").status_code == 404
    assert manager().is_programme_manager
