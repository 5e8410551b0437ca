"""Pages of calls: what everybody reads, what only the programme does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from dure.core.text import Text
from dure.portal.calls import operations, queries
from tests.portal.competition import (
    CLOSES,
    DURING,
    NOW,
    QUESTIONS,
    browser,
    composed,
    manager,
    member_of,
    opened,
    person,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
DRAFT = {
    "code": "26-2",
    "track": "regular",
    "title.ko": "제2차 공모",
    "title.en": "Second call",
    "opens_at": "2026-05-01T09:00",
    "closes_at": "2026-06-01T15:00",
    "decide_by": "2026-07-01T09:00",
    "use_from": "2026-08",
    "use_until": "2027-08",
    "offered.naver-h200-a": "100",
    "documents": "안내서 | Guide | https://example.org/guide",
    "questions.0.code": "human",
    "questions.0.type": "yes_no",
    "questions.0.ko": "사람을 대상으로 합니까?",
    "questions.0.en": "Does it involve people?",
    "questions.0.required": "on",
    "questions.1.code": "approval",
    "questions.1.type": "choice",
    "questions.1.ko": "승인을 받았습니까?",
    "questions.1.en": "Is it approved?",
    "questions.1.options": "yes | 받음 | Yes\nno | 아직 | Not yet",
    "questions.1.when": "human = yes",
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_everybody_reads_a_call_in_both_languages(language):
    code = opened(manager())
    page = browser(language=language).get(f"/calls/{code}/")
    text = page.content.decode()
    assert page.status_code == 200
    title = {"ko": "2025년 제1차 공모", "en": "First call of 2025"}[language]
    for shown in (title, "NVIDIA H200", {"ko": "평가 기준", "en": "What is judged"}[language]):
        assert shown in text
    assert browser(language=language).get("/calls/").status_code == 200
    assert browser(language=language).get(f"/calls/{code}/notice/").status_code == 200


def test_page_feed_calendar_and_notice_say_the_same_deadline():
    boss = manager()
    code = opened(boss)
    later = CLOSES + timedelta(days=2)
    operations.extend(actor=boss, now=DURING, code=code, closes_at=later, reason=Text("연장", "Extended"))
    reader = browser()
    assert json.loads(reader.get(f"/calls/{code}.json").content)["closes_at"] == "2026-01-30T06:00:00Z"
    calendar = reader.get(f"/calls/{code}.ics")
    assert "DTSTART:20260130T060000Z" in calendar.content.decode()
    assert all(len(line.encode()) <= 75 for line in calendar.content.decode().split("\r\n"))
    for path in (f"/calls/{code}/", f"/calls/{code}/notice/"):
        text = reader.get(path).content.decode()
        assert "2026-01-30" in text and "2026-01-28T" not in text


def test_eligibility_and_price_are_shown_before_applying():
    code = opened(manager())
    wanted = {"applicant_class": "industry", "gpu_model": "h200", "nodes": 8, "months": 6, "start": "2026-04"}
    text = browser().get(f"/calls/{code}/", wanted).content.decode()
    assert "신청할 수 있습니다" in text and "1억 5,360만 원" in text
    half = browser().get(f"/calls/{code}/", wanted | {"is_youth": "on"}).content.decode()
    assert "7,680만 원" in half
    text = browser(language="en").get(f"/calls/{code}/", wanted | {"nodes": 33}).content.decode()
    assert "Ask for 2 to 32 servers." in text
    part = browser().get(f"/calls/{code}/", wanted, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and 'id="checked"' in part
    assert "errors" in browser().get(f"/calls/{code}/", wanted | {"nodes": "many"}).content.decode()


def test_drafts_and_their_files_are_hidden():
    code = composed(manager())
    for who in (None, person("anyone"), person("fin", "finance")):
        for path in ("", "notice/"):
            assert browser(who).get(f"/calls/{code}/{path}").status_code == 404
        for path in (".json", ".ics"):
            assert browser(who).get(f"/calls/{code}{path}").status_code == 404


def test_a_manager_composes_announces_and_runs_a_call_without_a_developer():
    boss = browser(manager())
    assert boss.get("/calls/new/").status_code == 200
    wider = boss.post("/calls/new/", DRAFT | {"rows": "6", "action": "rows"})
    assert wider.status_code == 200 and "questions.5.code" in wider.content.decode()
    assert boss.post("/calls/new/", DRAFT).status_code == 302
    call = queries.call("26-2", manager())
    assert call.offered == {"naver-h200-a": 100} and [q.code for q in call.form] == ["human", "approval"]
    assert str(call.terms.use_until) == "2027-08" and call.documents[0]["name"]["en"] == "Guide"
    assert boss.get("/calls/26-2/edit/").status_code == 200
    changed = {k: v for k, v in DRAFT.items() if k not in ("code", "track")} | {"title.en": "The second call"}
    assert boss.post("/calls/26-2/edit/", changed).status_code == 302
    assert queries.call("26-2", manager()).title.en == "The second call"
    assert boss.post("/calls/26-2/manage/step/announce/").status_code == 302
    assert queries.call("26-2").state == "announced"
    boss.post("/calls/26-2/manage/step/open/")
    assert queries.call("26-2").state == "announced", "it is not time yet"
    boss.post("/calls/26-2/manage/publish/notify/", {"ko": "설명회", "en": "Briefing"})
    assert queries.events("26-2")[-1].text.en == "Briefing"
    boss.post("/calls/26-2/manage/publish/extend/", {"ko": "연장", "en": "Later", "closes_at": "2026-06-05T15:00"})
    assert queries.call("26-2").closes_at.isoformat() == "2026-06-05T06:00:00+00:00"
    bad = boss.post("/calls/26-2/manage/publish/cancel/", {"ko": "", "en": ""})
    assert bad.status_code == 422 and queries.call("26-2").state == "announced"
    assert boss.get("/calls/26-2/edit/").status_code == 302, "what is announced is corrected, not edited"


def test_what_was_typed_is_kept_and_mistakes_stand_at_their_fields():
    page = browser(manager()).post("/calls/new/", DRAFT | {"closes_at": "2026-04-01T09:00", "use_from": "soon"})
    text = page.content.decode()
    assert page.status_code == 422
    assert 'href="#id_use_from"' in text and "제2차 공모" in text and "human = yes" in text


def test_the_programme_alone_runs_calls():
    code = opened(manager())
    asked = operations.ask(actor=person("asker"), now=DURING, code=code, text="?")
    posts = [
        "/calls/new/",
        f"/calls/{code}/edit/",
        f"/calls/{code}/manage/step/close/",
        f"/calls/{code}/manage/publish/cancel/",
        f"/calls/{code}/manage/answer/{asked}/",
    ]
    for who in (person("anyone"), person("rev", "reviewer"), person("aud", "auditor"), member_of("hanbit")):
        for path in posts:
            assert browser(who).post(path, {"text": "x", "ko": "x", "en": "x"}).status_code == 403
    assert all("/login/" in browser().post(path)["Location"] for path in posts)
    assert browser(person("aud", "auditor")).get(f"/calls/{code}/manage/").status_code == 200
    assert browser(person("anyone")).get(f"/calls/{code}/manage/").status_code == 403
    assert queries.call(code).state == "open" and queries.questions(code) == []


def test_questions_are_asked_and_answered_on_pages():
    boss, asker = manager(), person("asker")
    code = opened(boss)
    assert browser(asker).post(f"/calls/{code}/ask/", {"text": "공동 신청이 됩니까?"}).status_code == 302
    assert browser(asker).post(f"/calls/{code}/ask/", {"text": " "}).status_code == 422
    assert "공동 신청" not in browser().get(f"/calls/{code}/").content.decode()
    (question,) = queries.questions(code, boss)
    browser(boss).post(f"/calls/{code}/manage/answer/{question.id}/", {"text": "됩니다."})
    text = browser().get(f"/calls/{code}/").content.decode()
    assert "공동 신청" in text and "됩니다." in text and "asker" not in text


def test_synthetic_calls_are_called_so():
    boss = manager()
    composed(boss, is_synthetic=True, questions=QUESTIONS)
    operations.announce(actor=boss, now=NOW, code="25-1")
    for path in ("/calls/", "/calls/25-1/"):
        assert "시연용" in browser().get(path).content.decode()


def test_an_announced_call_is_corrected_publicly_with_a_reason_in_both_languages():
    code = opened(manager())
    boss, path = browser(manager()), f"/calls/{code}/correct/"
    page = boss.get(path)
    assert page.status_code == 200 and 'value="255"' in page.content.decode()
    typed = {
        "title.ko": "2025년 제1차 공모",
        "title.en": "The first call of 2025",
        "offered.naver-h200-a": "200",
        "offered.naver-h200-b": "32",
        "offered.kakao-b200": "255",
    }
    before = queries.call(code)
    for reason, field in (({"reason.ko": "잘못 적음"}, "reason.en"), ({"reason.en": "A slip"}, "reason.ko")):
        refused = boss.post(path, typed | reason)
        text = refused.content.decode()
        assert refused.status_code == 422 and f'href="#id_{field}"' in text and "The first call of 2025" in text
    both = {"reason.ko": "잘못 적음", "reason.en": "A slip"}
    halved = boss.post(path, typed | both | {"summary.ko": "안내"})
    assert halved.status_code == 422 and 'href="#id_summary.en"' in halved.content.decode()
    assert boss.post(path, typed | both | {"offered.kakao-b200": "9999"}).status_code == 422
    assert queries.call(code) == before and queries.events(code)[-1].kind != "corrected"
    assert boss.post(path, typed | both).status_code == 302
    after, event = queries.call(code), queries.events(code)[-1]
    assert after.title.en == "The first call of 2025" and after.offered["naver-h200-a"] == 200
    assert (event.kind, event.text, event.at) == ("corrected", Text("잘못 적음", "A slip"), DURING)
    assert {change["field"] for change in event.changes} == {"title", "offered"}
    again = boss.post(path, typed | both)
    assert again.status_code == 422, "nothing was changed"
    assert "A slip (changed: title, servers offered)" in browser(language="en").get(f"/calls/{code}/").content.decode()


def test_only_the_programme_corrects_and_only_what_is_announced_and_not_yet_reviewed():
    draft = composed(manager(), code="26-9")
    assert browser(manager()).get(f"/calls/{draft}/correct/").status_code == 302
    code = opened(manager())
    for who in (person("anyone"), person("aud", "auditor")):
        assert browser(who).get(f"/calls/{code}/correct/").status_code == 403
        assert browser(who).post(f"/calls/{code}/correct/", {"title.ko": "x"}).status_code == 403
    assert browser().get(f"/calls/{code}/correct/").status_code == 302
    page = browser(manager(), "en").get(f"/calls/{code}/correct/").content.decode()
    assert "Why is it corrected?" in page and "What changed and why" in page
