"""Wishes, meetings, discussions, technical checks and interviews over the API: the pages' rules, the pages' silence."""

from __future__ import annotations

import pytest

from dure.portal.fleet import operations as fleet
from dure.portal.reviews import operations, queries
from dure.portal.reviews.models import Bid
from tests.portal.competition import AFTER, NOW, SYSTEM, browser, person
from tests.portal.reviews.test_competition_api import send
from tests.portal.reviews.test_panel import DAY, barred, provider, scored
from tests.portal.reviews.test_reviews import FULL, seat_of, under_review

pytestmark = pytest.mark.django_db
HEADS = ("hanbit", "saebyeok")


@pytest.fixture(autouse=True)
def _after(at):
    at(AFTER)


def test_wishes_over_the_api():
    boss, panel, _, numbers, _ = under_review(reviewers=5, organisations=HEADS)
    barred(boss, panel[0], "hanbit 연구원")
    client = browser(panel[0])
    assert [one["number"] for one in send(client, "get", "/calls/25-1/bids")[1]] == [numbers[1]]
    assert send(client, "put", f"/calls/25-1/bids/{numbers[0]}", {"wish": "eager"})[0] == 404
    assert send(client, "put", f"/calls/25-1/bids/{numbers[1]}", {"wish": "much"})[0] == 422
    assert send(client, "put", f"/calls/25-1/bids/{numbers[1]}", {"wish": "eager"})[1][0]["wish"] == "eager"
    assert send(client, "get", "/calls/25-1/bids?q=없는말")[1] == []
    assert Bid.objects.count() == 1
    assert send(browser(person("anyone")), "get", "/calls/25-1/bids")[0] == 404
    assert send(browser(), "get", "/calls/25-1/bids")[0] == 401


def test_a_meeting_over_the_api_keeps_conflicted_people_out():
    boss, panel, _, numbers, _ = scored()
    barred(boss, panel[0], "hanbit 연구원")
    office, inside, outside = browser(boss), browser(panel[1]), browser(panel[0])
    ids = [one.id for one in queries.reviewers(boss)]
    plan = {"place": "대회의실", "starts_at": "2026-02-03T10:00:00+09:00", "numbers": numbers, "reviewer_ids": ids}
    assert send(inside, "post", "/calls/25-1/meetings", plan)[0] == 403
    assert send(office, "post", "/calls/25-1/meetings", plan | {"starts_at": "2026-02-03T10:00:00"})[0] == 422
    status, made = send(office, "post", "/calls/25-1/meetings", plan)
    assert status == 201
    path = f"/reviews/meetings/{made['id']}"
    assert [one["id"] for one in send(inside, "get", "/reviews/meetings")[1]] == [made["id"]]
    items = {one["number"]: one["id"] for one in send(office, "get", path)[1]["items"]}
    assert [one["number"] for one in send(outside, "get", path)[1]["items"]] == [numbers[1]]
    hidden = f"{path}/items/{items[numbers[0]]}/open"
    assert send(office, "post", hidden)[0] == 409, "not before it has begun"
    assert send(office, "post", f"{path}/steps/fly")[0] == 409
    assert send(office, "post", f"{path}/steps/start")[1]["state"] == "running"
    assert (send(outside, "post", hidden)[0], send(inside, "post", hidden)[0]) == (404, 403)
    assert send(office, "post", hidden)[0] == 200
    change = {"points": FULL | {"impact": 10}, "reason": "설명을 들음"}
    own = next(one for one in queries.assignments(panel[1]) if one.number == numbers[0])
    assert send(inside, "post", f"/reviews/assignments/{own.id}/change", change)[1]["total_tenths"] == 650
    settle = f"{path}/items/{items[numbers[0]]}/settle"
    assert send(office, "post", settle, {"decision": "reject"})[0] == 422, "a reason is needed"
    assert send(office, "post", settle, {"decision": "reject", "reason": "근거 없음"})[0] == 200
    assert send(office, "post", f"{path}/minutes", {"text": "점심 뒤 이어 감"})[0] == 200
    assert len(send(inside, "get", path)[1]["minutes"]) > len(send(outside, "get", path)[1]["minutes"])
    assert set(queries.deciding_scores("25-1")) == {numbers[1]}
    for other, expected in ((browser(person("anyone")), 404), (browser(), 401)):
        assert send(other, "get", path)[0] == expected


def test_a_discussion_over_the_api():
    boss, panel, _, numbers, _ = scored(organisations=("hanbit",))
    path = f"/reviews/discussions/{numbers[0]}"
    assert len(send(browser(panel[1]), "get", path)[1]["reviews"]) == 5
    assert send(browser(panel[1]), "post", f"{path}/remarks", {"text": " "})[0] == 422
    said = send(browser(panel[1]), "post", f"{path}/remarks", {"text": "동의합니다"})[1]["remarks"]
    assert [one["text"] for one in said] == ["동의합니다"]
    barred(boss, panel[0], "hanbit 연구원")
    assert send(browser(panel[0]), "get", path)[0] == 404
    assert send(browser(panel[0]), "post", f"{path}/remarks", {"text": "x"})[0] == 404


def test_technical_checks_over_the_api():
    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss, _, _, numbers, _ = scored(organisations=("hanbit",))
    office, engineer, other = browser(boss), browser(provider()), browser(provider("kakao", "other"))
    assert send(engineer, "post", "/calls/25-1/checks", {})[0] == 403
    assert send(office, "post", "/calls/25-1/checks", {})[1] == {"new": 2}
    (asked,) = send(engineer, "get", "/reviews/checks")[1]
    path = f"/reviews/checks/{asked['id']}/answer"
    assert send(other, "post", path, {"verdict": "feasible"})[0] == 404
    assert send(engineer, "post", path, {"verdict": "infeasible"})[0] == 422
    assert send(engineer, "post", path, {"verdict": "infeasible", "reason": "전력"})[1][0]["state"] == "infeasible"
    judge, body = f"/calls/25-1/checks/{asked['id']}/judge", {"upholds": True, "reason": "맞음"}
    assert send(engineer, "post", judge, body)[0] == 403
    assert send(office, "post", f"/calls/99-9/checks/{asked['id']}/judge", body)[0] == 404
    assert send(office, "post", judge, body)[1][0]["state"] == "upheld"
    assert {one["provider"] for one in send(office, "get", "/calls/25-1/checks")[1]} == {"naver", "kakao"}
    assert send(engineer, "get", "/calls/25-1/checks")[0] == 403
    assert set(queries.deciding_scores("25-1")) == set() and numbers


def test_interviews_over_the_api():
    boss, _, heads, numbers, _ = scored(organisations=("hanbit",))
    office, head = browser(boss), browser(heads[0])
    slots = {"starts_at": (AFTER + DAY).isoformat(), "minutes": 30, "count": 2, "place": "3층"}
    assert send(head, "post", "/calls/25-1/interviews/slots", slots)[0] == 403
    assert send(office, "post", "/calls/25-1/interviews/invite")[0] == 422, "no times yet"
    assert send(office, "post", "/calls/25-1/interviews/slots", slots)[1] == {"new": 2}
    assert send(office, "post", "/calls/25-1/interviews/invite")[1] == {"new": 1}
    assert [one["number"] for one in send(head, "get", "/reviews/interviews")[1]] == numbers
    path = f"/reviews/interviews/{numbers[0]}"
    free = send(head, "get", path)[1]["free"]
    for stranger in (person("anyone"), boss):
        assert send(browser(stranger), "put", f"{path}/slot", {"slot_id": free[0]["id"]})[0] == 404
    assert send(head, "put", f"{path}/slot", {"slot_id": 999_999})[0] == 422
    booked = send(head, "put", f"{path}/slot", {"slot_id": free[1]["id"]})[1]["interview"]
    assert (booked["state"], booked["slot"]["id"]) == ("booked", free[1]["id"])
    close = f"/calls/25-1/interviews/{numbers[0]}/hold"
    assert send(head, "post", close, {"total_tenths": 600, "note": "x"})[0] == 403
    assert send(office, "post", close, {"total_tenths": 1001, "note": "x"})[0] == 422
    held = send(office, "post", close, {"total_tenths": 600, "note": "답이 또렷함"})[1]["interviews"]
    assert held[0]["points"] == "60"
    seen = send(head, "get", path)[1]["interview"]
    assert seen["state"] == "held" and "points" not in seen and "note" not in seen, "those are the programme's"


def test_before_the_declaration_the_api_shows_nothing():
    boss, _, _, numbers, _ = under_review(reviewers=4)
    late = person("late")
    operations.add_reviewer(actor=boss, now=AFTER, user_id=late.user_id, affiliation="늦은 대학교", keywords=["x"])
    operations.assign(actor=boss, now=AFTER, call_code="25-1")
    assert send(browser(late), "get", "/calls/25-1/bids")[0] == 403
    assert seat_of(late) and numbers[0] not in str(send(browser(late), "get", "/reviews/meetings"))
