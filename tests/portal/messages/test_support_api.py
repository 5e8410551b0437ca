"""Support requests over the API: the pages' rules."""

from __future__ import annotations

import pytest

from tests.portal.competition import browser, manager, person
from tests.portal.messages.test_support import MONDAY, speaker
from tests.portal.reviews.test_competition_api import send

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "access", "provider": "naver", "title": "접속이 안 됩니다", "text": "열쇠를 바꾸었습니다."}


def test_a_request_goes_from_question_to_close(at):
    at(MONDAY)
    asker, engineer, other = browser(person("asker")), browser(speaker()), browser(speaker("other", "kakao"))
    assert send(browser(), "post", "/support", QUESTION)[0] == 401
    assert send(asker, "post", "/support", QUESTION | {"text": " "})[0] == 422
    status, made = send(asker, "post", "/support", QUESTION)
    assert (status, made["answerer"], made["entries"][0]["text"]) == (201, "naver", "열쇠를 바꾸었습니다.")
    path = f"/support/{made['id']}"
    for method, tail, body in (
        ("get", "", {}), ("post", "/reply", {"text": "x"}), ("post", "/close", {}),
        ("post", "/pass-on", {"to": "kakao", "reason": "x"}),
    ):  # fmt: skip
        assert send(other, method, path + tail, body)[0] == 404
    assert send(engineer, "post", f"{path}/reply", {"text": "열쇠를 다시 받았습니다."})[1]["state"] == "answered"
    assert send(asker, "post", f"{path}/reply", {"text": "아직 안 됩니다."})[1]["state"] == "waiting"
    assert send(engineer, "post", f"{path}/pass-on", {"to": "naver", "reason": "x"})[0] == 422
    assert send(engineer, "post", f"{path}/pass-on", {"to": "kakao", "reason": "그쪽 서버"})[1] == {"to": "kakao"}
    assert send(engineer, "get", path)[0] == 404, "it is another's now"
    assert send(other, "get", path)[0] == 200
    assert send(asker, "post", f"{path}/close")[1]["state"] == "closed"


def test_the_list_is_what_one_may_see(at):
    at(MONDAY)
    asker, engineer = browser(person("asker")), browser(speaker())
    send(asker, "post", "/support", QUESTION)
    send(asker, "post", "/support", QUESTION | {"topic": "application", "provider": "", "title": "기간"})
    assert [send(who, "get", "/support")[1]["total"] for who in (asker, engineer, browser(manager()))] == [2, 1, 2]
    assert send(browser(person("anyone")), "get", "/support")[1]["requests"] == []
    assert send(asker, "get", "/support?q=기간")[1]["total"] == 1
    assert send(asker, "get", "/support?overdue=true")[1]["total"] == 0


def test_asking_without_end_is_refused(at):
    at(MONDAY)
    asker = browser(person("asker"))
    answers = [send(asker, "post", "/support", QUESTION)[0] for _ in range(21)]
    assert answers == [201] * 20 + [429]
