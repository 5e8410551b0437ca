"""Support requests: who may ask, see, answer, pass on and close; the clock; reminders; wrong input."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.decide.lifecycles import SUPPORT
from dure.portal.loops import expire
from dure.portal.messages import operations, queries
from dure.portal.messages.models import Message, SupportEntry, SupportRequest
from dure.portal.people import operations as people
from dure.portal.people import queries as people_queries
from dure.portal.people.actor import NOBODY
from dure.portal.site.tasks import tasks
from tests.portal.competition import NOW, SYSTEM, browser, manager, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
MONDAY = datetime.fromisoformat("2026-04-06T10:00:00+09:00")


def speaker(name="engineer", provider="naver"):
    """Somebody of a provider."""
    actor = person(name)
    people.give_role(actor=SYSTEM, now=NOW, user_id=actor.user_id, role="provider", scope=provider)
    return people_queries.actor_by_email(f"{name}@example.org")


def asked(actor, now=MONDAY, **changes):
    columns = {"topic": "application", "title": "기간을 바꿀 수 있습니까?", "text": "한 달 늦추고 싶습니다."} | changes
    return operations.ask_support(actor=actor, now=now, **columns)


def test_the_topic_says_who_answers_and_by_when():
    asker, boss, engineer = person("asker"), manager(), speaker()
    office = queries.support(asked(asker), asker)
    assert office.answerer == "programme" and office.respond_by == MONDAY + timedelta(days=2)
    site = queries.support(asked(asker, topic="access", provider="naver"), asker)
    assert site.answerer == "naver" and site.respond_by == MONDAY + timedelta(days=1)
    assert [one.id for one in queries.to_answer(boss)] == [office.id]
    assert [one.id for one in queries.to_answer(engineer)] == [site.id]
    told = set(Message.objects.values_list("to", flat=True))
    assert {"manager@example.org", "engineer@example.org"} <= told


def test_weekends_and_holidays_do_not_count():
    friday = datetime.fromisoformat("2026-05-01T10:00:00+09:00")
    found = queries.support(asked(person("asker"), now=friday), manager())
    assert found.respond_by == datetime.fromisoformat("2026-05-06T10:00:00+09:00")  # 5 May is a holiday


def test_only_those_concerned_see_a_request():
    asker, engineer = person("asker"), speaker()
    number = asked(asker, topic="access", provider="naver")
    for allowed in (asker, engineer, manager(), person("auditor", "auditor")):
        assert queries.support(number, allowed).id == number
    for other in (person("stranger"), speaker("other", "nhn"), NOBODY, person("reviewer", "reviewer")):
        with pytest.raises(NotFound):
            queries.support(number, other)
        assert not queries.support_list(other).exists()
        with pytest.raises(NotFound):
            operations.reply_support(actor=other, now=MONDAY, request_id=number, text="엿보기")
        with pytest.raises(NotFound):
            operations.close_support(actor=other, now=MONDAY, request_id=number)
    with pytest.raises(NotPermitted):
        operations.reply_support(actor=person("auditor", "auditor"), now=MONDAY, request_id=number, text="감사")
    with pytest.raises(NotPermitted):
        operations.pass_on(actor=asker, now=MONDAY, request_id=number, to="nhn", reason="직접")
    with pytest.raises(NotPermitted):
        asked(NOBODY)


def test_an_answer_stops_the_clock_and_a_further_question_starts_a_new_one():
    asker, boss = person("asker"), manager()
    number = asked(asker)
    operations.reply_support(actor=boss, now=MONDAY + timedelta(hours=5), request_id=number, text="바꿀 수 있습니다.")
    answered = queries.support(number, asker)
    assert answered.state == "answered" and answered.answered_at == MONDAY + timedelta(hours=5)
    assert not answered.is_overdue(MONDAY + timedelta(days=30))
    mail = Message.objects.get(to="asker@example.org")
    assert "바꿀 수 있습니다." in mail.body and f"/support/{number}/" in mail.body
    later = MONDAY + timedelta(days=7)
    operations.reply_support(actor=asker, now=later, request_id=number, text="어떻게 합니까?")
    again = queries.support(number, asker)
    assert again.state == "waiting" and again.respond_by == later + timedelta(days=2)
    assert [entry.is_answer for entry in again.entries] == [False, True, False]


def test_adding_to_a_question_that_waits_does_not_move_its_deadline():
    asker = person("asker")
    number = asked(asker)
    before = queries.support(number, asker).respond_by
    operations.reply_support(actor=asker, now=MONDAY + timedelta(days=1), request_id=number, text="덧붙입니다.")
    assert queries.support(number, asker).respond_by == before


def test_overdue_requests_are_seen_and_recalled_once_a_day():
    asker, boss, engineer = person("asker"), manager(), speaker()
    number = asked(asker, topic="access", provider="naver")
    due = queries.support(number, asker).respond_by
    assert operations.remind_overdue(now=due - timedelta(seconds=1)) == 0
    Message.objects.all().delete()
    assert expire.run(due) >= 1
    assert set(Message.objects.values_list("to", flat=True)) == {"engineer@example.org", "manager@example.org"}
    assert operations.remind_overdue(now=due + timedelta(hours=23)) == 0
    assert operations.remind_overdue(now=due + timedelta(hours=24)) == 1
    assert [one.id for one in queries.overdue(due)] == [number]
    (task,) = [one for one in tasks(engineer, due) if one.url == f"/support/{number}/"]
    assert task.tone == "overdue" and task.due == due
    page = browser(boss).get("/support/?overdue=1&state=waiting")
    operations.reply_support(actor=engineer, now=due, request_id=number, text="고쳤습니다.")
    assert operations.remind_overdue(now=due + timedelta(days=9)) == 0 and not queries.overdue(due)
    assert page.status_code == 200


def test_passing_on_keeps_the_clock_and_tells_the_next():
    asker, boss, engineer = person("asker"), manager(), speaker()
    number = asked(asker)
    before = queries.support(number, asker).respond_by
    operations.pass_on(actor=boss, now=MONDAY, request_id=number, to="naver", reason="서버 문제입니다.")
    found = queries.support(number, asker)
    assert found.answerer == "naver" and found.respond_by == before and found.state == "waiting"
    assert "서버 문제입니다." in found.entries[-1].text
    assert [one.id for one in queries.to_answer(engineer)] == [number]
    with pytest.raises(InvalidInput):
        operations.pass_on(actor=boss, now=MONDAY, request_id=number, to="naver", reason="다시")
    with pytest.raises(InvalidInput):
        operations.pass_on(actor=boss, now=MONDAY, request_id=number, to="nobody", reason="다시")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"topic": "nothing"}, ["topic"]),
        ({"topic": "access"}, ["provider"]),
        ({"topic": "access", "provider": "somebody"}, ["provider"]),
        ({"title": " ", "text": ""}, ["title", "text"]),
        ({"title": "가" * 201}, ["title"]),
        ({"about": "https://elsewhere.example/"}, ["about"]),
        ({"about": "//elsewhere.example/"}, ["about"]),
        ({"file_ids": [1, 2, 3, 4, 5, 6]}, ["files"]),
    ],
)
def test_wrong_input_names_the_field_and_leaves_nothing_behind(changes, fields):
    with pytest.raises(InvalidInput) as refused:
        asked(person("asker"), **changes)
    assert [one.where for one in refused.value.mistakes] == fields
    assert not SupportRequest.objects.exists() and not SupportEntry.objects.exists() and not Message.objects.exists()


def test_closed_requests_open_again_when_asked_further():
    asker, boss = person("asker"), manager()
    number = asked(asker)
    operations.close_support(actor=asker, now=MONDAY, request_id=number)
    operations.close_support(actor=boss, now=MONDAY, request_id=number)
    with pytest.raises(IllegalTransition):
        operations.reply_support(actor=boss, now=MONDAY, request_id=number, text="늦은 답")
    operations.reply_support(actor=asker, now=MONDAY, request_id=number, text="다시")
    assert queries.support(number, asker).state == "waiting" and queries.support(number, asker).closed_at is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["answer", "ask_again", "pass_on", "close"]), max_size=12))
def test_the_lifecycle_ends_only_where_it_says(events):
    state = SUPPORT.initial
    for event in events:
        if SUPPORT.allows(state, event):
            state = SUPPORT.after(state, event)
    assert state in ("waiting", "answered", "closed")


def test_a_person_asks_on_a_page_with_a_file_and_reads_the_answer():
    asker, engineer, boss = person("asker"), speaker(), manager()
    reader = browser(asker)
    assert "업무일" in reader.get("/support/new/").content.decode()
    wrong = reader.post(
        "/support/new/", {"topic": "access", "provider": "", "title": "안 됨", "text": "접속이 안 됩니다"}
    )
    assert wrong.status_code == 422 and "사업자를 고르십시오" in wrong.content.decode()
    upload = SimpleUploadedFile("log.csv", "시각,오류\n10:00,거절".encode())
    sent = reader.post(
        "/support/new/",
        {"topic": "access", "provider": "naver", "title": "접속 안 됨", "text": "접속이 안 됩니다", "file": upload},
    )
    (row,) = SupportRequest.objects.all()
    assert sent.status_code == 302 and sent["Location"] == f"/support/{row.pk}/"
    (file_id,) = row.entries.get().file_ids
    for allowed in (asker, engineer, boss):
        answer = browser(allowed).get(f"/support/{row.pk}/files/{file_id}/")
        assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    assert browser(person("stranger")).get(f"/support/{row.pk}/files/{file_id}/").status_code == 404
    assert browser(person("stranger")).get(f"/support/{row.pk}/").status_code == 404
    assert reader.get(f"/support/{row.pk}/files/{file_id + 1}/").status_code == 404
    browser(engineer).post(f"/support/{row.pk}/", {"text": "열어 드렸습니다."})
    assert "열어 드렸습니다." in reader.get(f"/support/{row.pk}/").content.decode()
    assert reader.post(f"/support/{row.pk}/close/").status_code == 302
    table = browser(boss).get("/support/?format=csv").content.decode("utf-8-sig").splitlines()
    assert len(table) == 2 and "naver" in table[1] and "closed" in table[1]
    assert browser(person("stranger")).get("/support/?format=csv").content.decode("utf-8-sig").count("\n") == 1


@pytest.mark.parametrize("path", ["/support/", "/support/new/", "/support/1/"])
def test_visitors_are_asked_to_sign_in(path):
    assert browser().get(path).status_code == 302
