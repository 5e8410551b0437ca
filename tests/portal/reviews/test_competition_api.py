"""The JSON API of calls, applications and reviews: the same rules as the pages, refusals in one shape."""

from __future__ import annotations

import json

import pytest

from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.calls import operations as calls
from dure.portal.people import queries as people
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as review_queries
from tests.portal.competition import (
    AFTER,
    CLOSES,
    SECOND,
    browser,
    complete,
    manager,
    member_of,
    opened,
    person,
    submitted,
)

pytestmark = pytest.mark.django_db
FULL = {"impact": 25, "ecosystem": 20, "capability": 15, "feasibility": "20"}


def send(client, method, path, body=None):
    """The status and the JSON of an answer."""
    answer = client.generic(method.upper(), f"/api{path}", json.dumps(body or {}), content_type="application/json")
    return answer.status_code, json.loads(answer.content)


def test_calls_are_open_data(at):
    opened(manager())
    status, found = send(browser(), "get", "/calls/25-1")
    assert (status, found["closes_at"], found["offered"]["kakao-b200"]) == (200, "2026-01-28T06:00:00Z", 255)
    assert len(send(browser(), "get", "/calls")[1]) == 1
    assert [e["kind"] for e in send(browser(), "get", "/calls/25-1/events")[1]] == ["announced", "opened"]
    status, refused = send(browser(), "get", "/calls/99-9")
    assert status == 404 and refused["message"]["ko"] and refused["message"]["en"]


def test_only_the_programme_writes_calls(at):
    opened(manager())
    reason = {"reason": {"ko": "x", "en": "x"}}
    for who, expected in ((None, 401), (person("anyone"), 403), (person("rev", "reviewer"), 403)):
        assert send(browser(who), "post", "/calls/25-1/cancel", reason)[0] == expected
        assert send(browser(who), "post", "/calls/25-1/steps/close")[0] == expected
    boss = browser(manager())
    assert send(boss, "post", "/calls/25-1/steps/close")[0] == 422, "not before the deadline"
    assert send(boss, "post", "/calls/25-1/steps/fly")[0] == 404
    assert send(boss, "post", "/calls/25-1/cancel", reason)[1]["state"] == "cancelled"
    assert send(boss, "post", "/calls", {"code": "x"})[0] == 422


def test_an_application_goes_from_start_to_receipt(at):
    opened(manager())
    head, other = member_of("hanbit"), member_of("saebyeok")
    (organisation_id,) = head.organisations
    client = browser(head)
    status, started = send(client, "post", "/applications", {"call": "25-1", "organisation_id": organisation_id})
    assert status == 201
    number = started["number"]
    status, saved = send(client, "patch", f"/applications/{number}/draft", {"content": {"summary": "가"}, "edition": 0})
    assert status == 200 and "title.ko" in {m["where"] for m in saved["remaining"]}
    assert send(client, "patch", f"/applications/{number}/draft", {"content": {}, "edition": 0})[0] == 409
    assert send(client, "post", f"/applications/{number}/submit")[0] == 422
    send(client, "patch", f"/applications/{number}/draft", {"content": complete()})
    at(CLOSES - SECOND)
    status, receipt = send(client, "post", f"/applications/{number}/submit")
    assert status == 200 and receipt["hash"].startswith("sha256:")
    assert send(client, "post", f"/applications/{number}/submit")[1] == receipt
    sealed = send(client, "get", f"/applications/{number}/versions/1")[1]
    assert sealed["content"]["requested_nodes"] == 8
    for who, expected in ((None, 401), (other, 404), (person("rev", "reviewer"), 404)):
        for method, path in (
            ("get", f"/applications/{number}"),
            ("get", f"/applications/{number}/versions/1"),
            ("post", f"/applications/{number}/withdraw"),
            ("post", f"/applications/{number}/submit"),
        ):
            assert send(browser(who), method, path)[0] == expected
    assert send(browser(other), "get", "/applications")[1] == []
    assert send(browser(other), "get", "/calls/25-1/applications")[0] == 403
    assert send(browser(other), "post", f"/applications/{number}/admit")[0] == 403
    assert send(browser(other), "post", f"/applications/{number}/refuse", {"ko": "x", "en": "x"})[0] == 403


def test_a_second_late_is_too_late(at):
    opened(manager())
    head = member_of("hanbit")
    (organisation_id,) = head.organisations
    number = applications.start(actor=head, now=CLOSES - SECOND, call_code="25-1", organisation_id=organisation_id)
    applications.save_draft(actor=head, now=CLOSES - SECOND, number=number, content=complete())
    at(CLOSES + SECOND)
    status, refused = send(browser(head), "post", f"/applications/{number}/submit")
    assert status == 422 and "deadline" in refused["message"]["en"]
    assert application_queries.application(number, head).receipts == []


def test_reviewers_work_over_the_api_and_conflicts_are_not_found(at):
    boss = manager()
    opened(boss)
    number = submitted(member_of("hanbit"))
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit(actor=boss, now=AFTER, number=number)
    for i in range(5):
        who = person(f"r{i}")
        reviews.add_reviewer(actor=boss, now=AFTER, user_id=who.user_id, affiliation=f"{i} 대학", keywords=["x"])
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    reviews.assign(actor=boss, now=AFTER, call_code="25-1")
    at(AFTER)
    mine, other = people.actor_by_email("r0@example.org"), people.actor_by_email("r1@example.org")
    client = browser(mine)
    (own,) = send(client, "get", "/reviews/assignments")[1]
    path = f"/reviews/assignments/{own['id']}"
    assert send(client, "get", path)[0] == 403  # not before conflicts are declared
    for reviewer in (mine, other):
        reviews.declare_for_call(actor=reviewer, now=AFTER, call_code="25-1", kinds={})
    assert send(client, "get", path)[1]["content"]["requested_nodes"] == 8
    assert send(client, "put", f"{path}/review", {"points": {"impact": 3}})[1]["total_tenths"] is None
    assert send(client, "post", f"{path}/submit", {"points": {"impact": 3}})[0] == 422
    assert send(client, "post", f"{path}/submit", {"points": FULL})[1]["total_tenths"] == 800
    assert send(client, "post", f"{path}/reopen")[0] == 200
    for who, expected in ((None, 401), (other, 404), (boss, 404)):
        for method, tail in (("get", ""), ("post", "/submit"), ("post", "/conflict"), ("post", "/decline")):
            body = {"points": FULL, "kind": "family", "reason": "x"}
            assert send(browser(who), method, path + tail, body)[0] == expected
    assert send(client, "get", "/calls/25-1/review")[0] == 403
    assert send(client, "get", "/calls/25-1/scores")[0] == 403
    assert send(browser(boss), "get", "/calls/25-1/review")[1]["assigned"] == 5
    assert send(client, "post", f"{path}/conflict", {"kind": "family"})[0] == 200
    assert send(client, "get", "/reviews/assignments")[1] == []
    for method, tail in (("get", ""), ("put", "/review"), ("post", "/submit"), ("post", "/reopen")):
        status, refused = send(client, method, path + tail, {"points": FULL})
        assert status == 404 and number not in json.dumps(refused)
    assert review_queries.deciding_scores("25-1") == {}
