"""Composing without a developer: copies, the fleet's calendar, rounds, own criteria, documents, preview."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.core.text import Text
from dure.portal.calls import operations, queries, terms
from dure.portal.calls.models import Call
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from tests.portal.calls.test_call_pages import DRAFT
from tests.portal.competition import (
    CLOSES,
    DURING,
    NOW,
    OPENS,
    SYSTEM,
    USE_FROM,
    USE_UNTIL,
    browser,
    composed,
    manager,
    opened,
    person,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
RUBRIC = {
    "pass_mark": 70,
    "criteria": [
        {
            "code": code,
            "weight": weight,
            "name": {"ko": f"항목 {code}", "en": f"Criterion {code}"},
            "description": {"ko": "무엇이 좋습니까?", "en": "What is good?"},
            "anchors": [
                {"at_percent": 90, "text": {"ko": "뛰어남", "en": "Excellent"}},
                {"at_percent": 40, "text": {"ko": "모자람", "en": "Lacking"}},
            ],
        }
        for code, weight in (("first", 60), ("second", 40))
    ],
}


def taken(nodes, start=USE_FROM, end=USE_UNTIL):
    """`nodes` of naver-h200-a held from `start` to `end`."""
    fleet.load_programme(actor=SYSTEM, now=NOW)
    free = fleet_queries.free_nodes("naver-h200-a", start, end)
    fleet.book(
        actor=SYSTEM, now=NOW, cluster="naver-h200-a", node_names=[name for name, _ in free][:nodes], start_at=start,
        end_at=end, kind="maintenance", organisation="", reference="test",
    )  # fmt: skip


# ---- the offer and the fleet's calendar


def test_no_more_is_offered_than_the_calendar_has_free():
    taken(155)
    boss = manager()
    with pytest.raises(InvalidInput) as refused:
        composed(boss, offered={"naver-h200-a": 101})
    (mistake,) = refused.value.mistakes
    assert mistake.where == "offered.naver-h200-a" and "100" in mistake.what.ko and "100" in mistake.remedy.en
    assert not Call.objects.exists()
    assert composed(boss, offered={"naver-h200-a": 100}) == "25-1"


def test_the_calendar_is_looked_at_again_when_announcing_and_correcting():
    boss = manager()
    code = composed(boss, offered={"naver-h200-a": 200})
    taken(155)
    with pytest.raises(InvalidInput):
        operations.announce(actor=boss, now=NOW, code=code)
    assert queries.call(code, boss).state == "draft"
    page = browser(boss).get(f"/calls/{code}/preview/").content.decode()
    assert "공고하기 전에 고칠 것이 있습니다" in page and "100대만" in page
    operations.redraft(actor=boss, now=NOW, code=code, questions=[], offered={"naver-h200-a": 90})
    operations.announce(actor=boss, now=NOW, code=code)
    with pytest.raises(InvalidInput):
        operations.correct(actor=boss, now=NOW, code=code, reason=Text("더", "More"), offered={"naver-h200-a": 150})
    assert queries.call(code).offered == {"naver-h200-a": 90}


def test_a_month_with_room_is_enough_and_bookings_do_not_stop_other_corrections():
    boss = manager()
    code = opened(boss, offered={"naver-h200-a": 255})
    taken(200)
    later = CLOSES + timedelta(days=1)
    operations.extend(actor=boss, now=DURING, code=code, closes_at=later, reason=Text("연장", "Extended"))
    assert queries.call(code).closes_at == later


def test_the_form_fills_in_what_is_free_and_saves_nothing():
    taken(155)
    typed = DRAFT | {"action": "calendar", "offered.naver-h200-a": "1"}
    page = browser(manager()).post("/calls/new/", typed)
    assert page.status_code == 200 and not Call.objects.exists()
    text = page.content.decode()
    assert 'name="offered.naver-h200-a" value="100"' in text.replace("\n", " ") or 'value="100"' in text
    assert 'value="제2차 공모"' in text  # nothing typed is lost


def test_a_call_in_rounds_looks_at_the_months_after_its_opening_and_says_what_it_lacks():
    taken(254)
    reader = browser(manager())
    typed = DRAFT | {"action": "calendar", "track": "rolling", "use_from": "", "offered.naver-h200-a": "7"}
    text = reader.post("/calls/new/?track=rolling", typed).content.decode()
    assert 'value="32"' in text  # naver-h200-b, all of it free
    assert 'value="7"' not in text  # one server is less than one application asks for
    assert "먼저 적으십시오" in reader.post("/calls/new/", typed | {"use_until": ""}).content.decode()


# ---- from an earlier call


def test_an_earlier_call_is_the_start_of_a_new_one_with_its_form_and_criteria():
    boss = manager()
    composed(boss)
    operations.set_rubric(actor=boss, now=NOW, code="25-1", rubric=RUBRIC)
    reader = browser(boss)
    text = reader.get("/calls/new/?copy=25-1").content.decode()
    assert "2025년 제1차 공모" in text and "releases-model" in text and 'value="255"' in text
    saved = reader.post("/calls/new/?copy=25-1", DRAFT)
    assert saved.status_code == 302 and saved["Location"] == "/calls/26-2/preview/"
    assert queries.call("26-2", boss).rubric.pass_mark == 70
    assert reader.get("/calls/new/?copy=nothing").status_code == 404


# ---- rounds


def rolling(boss, **changes):
    columns = {
        "code": "26-r", "track": "rolling", "title": Text("수시 공모", "Rolling call"), "opens_at": OPENS,
        "closes_at": OPENS + timedelta(days=56), "use_until": USE_UNTIL, "every_days": 14, "decision_days": 10,
        "offered": {"naver-h200-b": 32},
    } | changes  # fmt: skip
    return operations.compose_rounds(actor=boss, now=NOW, **columns)


def test_a_rolling_call_is_composed_as_rounds_that_follow_each_other():
    boss = manager()
    codes = rolling(boss)
    assert codes == ["26-r-1", "26-r-2", "26-r-3", "26-r-4"]
    found = queries.rounds("26-r", boss)
    assert [one.number for one in found] == [1, 2, 3, 4] and found[0].title.ko == "수시 공모 1회차"
    assert all(a.closes_at == b.opens_at for a, b in pairwise(found))
    assert all(one.decide_by - one.closes_at == timedelta(days=10) for one in found)
    assert not queries.rounds("26-r")  # drafts are the programme's own
    assert operations.announce_rounds(actor=boss, now=NOW, series="26-r") == codes
    assert [one.state for one in queries.rounds("26-r")] == ["announced"] * 4
    record = json.loads(browser().get("/calls/26-r-2.json").content)
    assert [one["round"] for one in record["rounds"]] == [1, 2, 3, 4] and record["round"] == 2
    listed = browser().get("/calls/").content.decode()
    assert "수시 공모 1회차" in listed and "수시 공모 2회차" not in listed


def test_rounds_are_written_all_or_none():
    boss = manager()
    composed(boss, "26-r-3")
    with pytest.raises(InvalidInput):
        rolling(boss)
    assert not queries.rounds("26-r", boss) and Call.objects.count() == 1
    with pytest.raises(InvalidInput) as refused:
        rolling(boss, code="26-s", every_days=1, closes_at=OPENS + timedelta(days=200))
    assert refused.value.mistakes[0].where == "every_days"
    rolling(boss, code="26-t")
    with pytest.raises(InvalidInput):
        rolling(boss, code="26-t")


def test_the_rounds_still_to_come_end_publicly_when_everything_is_given_away():
    boss = manager()
    rolling(boss)
    operations.announce_rounds(actor=boss, now=NOW, series="26-r")
    operations.open(actor=SYSTEM, now=OPENS, code="26-r-1")
    reason = Text("지원할 수 있는 서버를 모두 배정하였습니다.", "All servers have been given.")
    assert operations.end_rounds(actor=boss, now=DURING, series="26-r", reason=reason) == ["26-r-2", "26-r-3", "26-r-4"]
    assert [one.state for one in queries.rounds("26-r")] == ["open", "cancelled", "cancelled", "cancelled"]
    assert queries.events("26-r-4")[-1].text == reason
    with pytest.raises(NotFound):
        operations.end_rounds(actor=boss, now=DURING, series="26-r", reason=reason)


def test_rounds_are_composed_and_announced_on_pages():
    boss = manager()
    reader = browser(boss)
    typed = DRAFT | {
        "code": "26-r", "track": "rolling", "every_days": "14", "decision_days": "10", "decide_by": "", "use_from": "",
        "opens_at": "2026-05-01T09:00", "closes_at": "2026-06-12T17:00", "use_until": "2027-03",
    }  # fmt: skip
    saved = reader.post("/calls/new/?track=rolling", typed)
    assert saved.status_code == 302 and saved["Location"] == "/calls/26-r-1/preview/"
    assert "모두 공고하기" in reader.get("/calls/26-r-1/preview/").content.decode()
    assert reader.post("/calls/rounds/26-r/announce/").status_code == 302
    assert {one.state for one in queries.rounds("26-r")} == {"announced"}
    wrong = reader.post("/calls/new/?track=rolling", typed | {"code": "26-u", "decision_days": ""})
    assert wrong.status_code == 422 and "마감 뒤 며칠" in wrong.content.decode()
    plain = reader.post("/calls/new/", DRAFT | {"code": "26-v", "decide_by": ""})
    assert plain.status_code == 422 and "결과 발표 때를" in plain.content.decode()


# ---- criteria of its own


def test_a_draft_has_criteria_of_its_own_that_announcing_freezes():
    boss = manager()
    code = composed(boss)
    operations.set_rubric(actor=boss, now=NOW, code=code, rubric=RUBRIC)
    operations.announce(actor=boss, now=NOW, code=code)
    assert [one.weight for one in queries.call(code).rubric.criteria] == [60, 40]
    with pytest.raises(IllegalTransition):
        operations.set_rubric(actor=boss, now=NOW, code=code, rubric=None)
    assert "항목 first" in browser().get(f"/calls/{code}/").content.decode()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda r: r["criteria"][0].update(weight=50), "criteria"),
        (lambda r: r["criteria"][1].update(code="first"), "criteria.1.code"),
        (lambda r: r["criteria"][0].update(weight=0), "criteria.0.weight"),
        (lambda r: r["criteria"][0].update(anchors=[]), "criteria.0.anchors"),
        (lambda r: r.update(criteria=[]), "criteria"),
        (lambda r: r.update(pass_mark=101), "pass_mark"),
    ],
)
def test_criteria_that_do_not_add_up_are_refused(change, where):
    boss, rubric = manager(), json.loads(json.dumps(RUBRIC))
    code = composed(boss)
    change(rubric)
    with pytest.raises(InvalidInput) as refused:
        operations.set_rubric(actor=boss, now=NOW, code=code, rubric=rubric)
    assert where in [one.where for one in refused.value.mistakes]
    assert queries.call(code, boss).rubric.pass_mark == 60


def test_criteria_are_written_on_a_page_and_taken_back():
    boss = manager()
    code, reader = composed(boss), browser(boss)
    assert reader.get(f"/calls/{code}/rubric/").status_code == 200
    typed = {"pass_mark": "70"}
    for row, (key, weight) in enumerate((("first", 60), ("second", 40))):
        typed |= {
            f"criteria.{row}.{name}": value
            for name, value in {
                "code": key, "weight": str(weight), "name.ko": "항목", "name.en": "Criterion",
                "description.ko": "무엇?", "description.en": "What?",
                "anchors": "90 | 뛰어남 | Excellent\n40 | 모자람 | Lacking",
            }.items()
        }  # fmt: skip
    assert reader.post(f"/calls/{code}/rubric/", typed | {"criteria.0.weight": "61"}).status_code == 422
    assert reader.post(f"/calls/{code}/rubric/", typed).status_code == 302
    assert queries.call(code, boss).rubric.pass_mark == 70
    assert reader.post(f"/calls/{code}/rubric/", {"action": "reset"}).status_code == 302
    assert queries.call(code, boss).rubric.pass_mark == 60


# ---- documents


def test_documents_are_attached_downloaded_by_anybody_and_public_events_once_announced():
    boss = manager()
    code, reader = composed(boss), browser(boss)
    upload = SimpleUploadedFile("guide.pdf", b"%PDF-1.7 guide")
    assert reader.post(f"/calls/{code}/documents/", {"ko": "안내서", "en": "Guide", "file": upload}).status_code == 302
    (document,) = queries.call(code, boss).documents
    assert browser().get(document["url"]).status_code == 404  # of a draft
    operations.announce(actor=boss, now=NOW, code=code)
    got = browser().get(document["url"])
    assert got.status_code == 200 and b"".join(got.streaming_content) == b"%PDF-1.7 guide"
    assert browser().get(f"/calls/{code}/files/{document['file'] + 1}/").status_code == 404
    assert reader.post(f"/calls/{code}/documents/remove/", {"url": document["url"]}).status_code == 302
    assert queries.call(code).documents == [document]  # no reason, no change
    removed = {"url": document["url"], "reason": "잘못 올렸습니다."}
    assert reader.post(f"/calls/{code}/documents/remove/", removed).status_code == 302
    event = queries.events(code)[-1]
    assert event.kind == "corrected" and "잘못 올렸습니다." in event.text.ko and not queries.call(code).documents
    assert browser().get(document["url"]).status_code == 404


def test_a_disguised_file_is_refused_and_nothing_is_attached():
    boss = manager()
    code = composed(boss)
    upload = SimpleUploadedFile("guide.pdf", b"<script>alert(1)</script>")
    answer = browser(boss).post(f"/calls/{code}/documents/", {"ko": "안내서", "en": "Guide", "file": upload})
    assert answer.status_code == 422 and not queries.call(code, boss).documents


def test_changing_a_draft_keeps_its_attached_documents():
    boss = manager()
    reader = browser(boss)
    reader.post("/calls/new/", DRAFT)
    upload = SimpleUploadedFile("guide.pdf", b"%PDF-1.7 guide")
    reader.post("/calls/26-2/documents/", {"ko": "안내서", "en": "Guide", "file": upload})
    assert reader.post("/calls/26-2/edit/", DRAFT | {"title.en": "Second"}).status_code == 302
    assert [one.get("file") is not None for one in queries.call("26-2", boss).documents] == [False, True]


# ---- who may


@pytest.mark.parametrize("role", ["", "reviewer", "finance", "provider", "nominator"])
def test_only_managers_compose(role):
    boss = manager()
    code = composed(boss)
    other = person("other", *([role] if role in ("reviewer", "finance") else []))
    for act, columns in (
        (operations.set_rubric, {"code": code, "rubric": RUBRIC}),
        (operations.add_document, {"code": code, "name": Text("가", "a"), "file_id": 1}),
        (operations.remove_document, {"code": code, "url": "/x/"}),
        (operations.announce_rounds, {"series": "26-r"}),
        (operations.end_rounds, {"series": "26-r", "reason": Text("가", "a")}),
    ):
        with pytest.raises(NotPermitted):
            act(actor=other, now=NOW, **columns)
    with pytest.raises(NotPermitted):
        rolling(other)
    reader = browser(other)
    for path in (f"/calls/{code}/preview/", f"/calls/{code}/rubric/", f"/calls/{code}/documents/", "/calls/new/"):
        assert reader.get(path).status_code in (403, 404), path
    for path in ("/calls/rounds/26-r/announce/", "/calls/rounds/26-r/end/", f"/calls/{code}/documents/remove/"):
        assert reader.post(path).status_code in (403, 404), path


def test_an_auditor_previews_and_changes_nothing():
    boss = manager()
    code = composed(boss)
    reader = browser(person("auditor", "auditor"))
    assert reader.get(f"/calls/{code}/preview/").status_code == 200
    assert reader.post(f"/calls/{code}/rubric/", {"action": "reset"}).status_code == 403


def test_the_preview_warns_where_a_cap_shuts_everybody_out(at):
    at(NOW)
    boss = manager()
    composed(boss, "26-a", offered={"naver-h200-a": 8}, use_until=datetime(2026, 6, 30, 15, tzinfo=UTC))
    composed(boss, "26-b", offered={"naver-h200-a": 64})
    small, large = (queries.call(code, boss) for code in ("26-a", "26-b"))
    (first, *_) = terms.cap_warnings(small.rules, small.policy, small.offered, 3)
    assert "1" in first.ko and "6" in first.en, "6 % of 24 server-months are 1, and 2 servers for 3 months are 6"
    assert terms.cap_warnings(large.rules, large.policy, large.offered, 15) == []
    page = browser(boss).get("/calls/26-a/preview/").content.decode()
    assert first.ko in page
    assert first.ko not in browser(boss).get("/calls/26-b/preview/").content.decode()


def test_answers_to_be_checked_by_hand_are_set_in_the_form_and_stay(at):
    at(NOW)
    boss = manager()
    reader = browser(boss)
    reader.post("/calls/new/", DRAFT | {"questions.0.checked_if": "yes"})
    assert queries.call("26-2", boss).form[0].checked_if == ("yes",)
    page = reader.get("/calls/26-2/edit/").content.decode()
    assert 'name="questions.0.checked_if" value="yes"' in page.replace("\n", " ")
    wrong = reader.post("/calls/26-2/edit/", DRAFT | {"questions.0.checked_if": "maybe"})
    assert wrong.status_code == 422 and queries.call("26-2", boss).form[0].checked_if == ("yes",)


def test_what_a_question_says_and_bounds_stays_when_a_draft_is_edited(at):
    at(NOW)
    boss = manager()
    reader = browser(boss)
    number = {
        "code": "people",
        "type": "number",
        "ko": "몇 명입니까?",
        "en": "How many?",
        "hint.ko": "모두",
        "hint.en": "All",
    }
    typed = (
        DRAFT
        | {f"questions.0.{name}": text for name, text in (number | {"least": "1", "most": "9"}).items()}
        | {"questions.1.code": ""}
    )
    reader.post("/calls/new/", typed)
    (first, *_) = queries.call("26-2", boss).form
    assert (first.hint and first.hint.en, first.least, first.most) == ("All", 1, 9)
    page = reader.get("/calls/26-2/edit/").content.decode().replace("\n", " ")
    for name, text in (("hint.ko", "모두"), ("least", "1"), ("most", "9")):
        assert f'name="questions.0.{name}" value="{text}"' in page
    crooked = reader.post("/calls/26-2/edit/", typed | {"questions.0.least": "12"})
    assert crooked.status_code == 422 and queries.call("26-2", boss).form[0].least == 1
