"""Nothing about a conflicted proposal reaches that person: every address, search, count, export, API and error text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.portal.applications import operations as applications
from dure.portal.calls import operations as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.people import queries as persons
from dure.portal.reviews import operations, queries
from dure.portal.reviews.models import Assignment, Conflict, Meeting
from tests.portal.competition import AFTER, browser, manager, member_of, opened, person, submitted
from tests.portal.leaks import SKIPPED, Hidden, ask, filled, routes, walk
from tests.portal.reviews.test_reviews import reviewer

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WORDS = ("가람물결비밀", "Garam secret", "결정 성장 은닉", "은닉핵심어", "노을빛", "noeul@garam.example")
SECRET = {
    "title": {"ko": WORDS[0], "en": WORDS[1]},
    "summary": WORDS[2],
    "keywords": [WORDS[3], "사전 학습"],
    "team": [{"name": WORDS[4], "email": WORDS[5], "affiliation": "가람연구원", "role": "lead"}],
}


def scene(kept_from=True):
    """A call under review; the reviewer holds an open proposal and, once, held one that a conflict now hides."""
    boss = manager()
    opened(boss)
    other = submitted(member_of("hanbit", "한빛대학교"))
    number = submitted(member_of("garam", "가람연구원"), **SECRET)
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="25-1")
    judge = reviewer("judge", boss)
    others = [reviewer(f"r{i}", boss) for i in range(4)]
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    operations.assign(actor=boss, now=AFTER, call_code="25-1")
    for who in (judge, *others):
        operations.declare_for_call(actor=who, now=AFTER, call_code="25-1", kinds={})
    row = Assignment.objects.get(reviewer__user_id=judge.user_id, application__number=number)
    operations.add_reviewer(
        actor=boss, now=AFTER, user_id=judge.user_id, affiliation="(재)가람연구원", keywords=["언어 모델"]
    )
    _panel_of(boss, [other, number])
    return boss, persons.actor_by_email("judge@example.org"), number, row


def _panel_of(boss, numbers):
    """Everything else that could speak of it: a remark, a running meeting with it on the table, an interview."""
    operations.remark(actor=boss, now=AFTER, number=numbers[1], text=WORDS[2])
    meeting_id = operations.plan_meeting(
        actor=boss, now=AFTER, call_code="25-1", place="대회의실", starts_at=AFTER + timedelta(days=1),
        numbers=numbers, reviewer_ids=[one.id for one in queries.reviewers(boss)],
    )  # fmt: skip
    operations.run_meeting(actor=boss, now=AFTER, meeting_id=meeting_id, event="start")
    _, item = queries.meeting(meeting_id, boss).items
    operations.table(actor=boss, now=AFTER, item_id=item.id, event="open")
    operations.note(actor=boss, now=AFTER, meeting_id=meeting_id, item_id=item.id, text=WORDS[2])
    operations.add_slots(
        actor=boss, now=AFTER, call_code="25-1", starts_at=AFTER + timedelta(days=1), minutes=30, count=4, place="3층"
    )
    operations.invite_to_interviews(actor=boss, now=AFTER, call_code="25-1")


def hidden_of(number, row):
    meeting = Meeting.objects.get()
    real = {"number": number, "assignment_id": str(row.pk), "code": "25-1", "application_id": str(row.application_id)}
    real |= {"meeting_id": str(meeting.pk), "item_id": str(meeting.items.get(application_id=row.application_id).pk)}
    nothing = {"number": "25-1-9999", "assignment_id": "999999", "application_id": "999999", "item_id": "999999"}
    return Hidden(WORDS, real, nothing)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_address_says_anything_of_a_conflicted_proposal(at, language):
    at(AFTER)
    _, judge, number, row = scene()
    leaks = walk(browser(judge, language), hidden_of(number, row))
    assert leaks == [], "\n".join(leaks)


def test_the_walk_finds_a_leak_where_there_is_one(at):
    """The manager may see the proposal: to the walk everything they see is a leak, so it does look."""
    at(AFTER)
    boss, _, number, row = scene()
    found = walk(browser(boss), hidden_of(number, row))
    assert any("shows" in leak and "/applications/" in leak for leak in found)
    assert any("queries" in leak or "status" in leak for leak in found)


def test_pages_count_as_if_the_conflicted_proposal_were_not_there(at):
    at(AFTER)
    _, judge, number, row = scene()
    client, hidden = browser(judge), hidden_of(number, row)
    meeting_id = hidden.real["meeting_id"]
    plain = [f"/{route}" for route in sorted(set(routes())) if "<" not in route and "(?P" not in route]
    plain = [path for path in plain if not path.startswith(("/accounts/", "/api/agent/"))]
    plain += ["/reviews/calls/25-1/declare/", "/reviews/calls/25-1/bids/", f"/reviews/meetings/{meeting_id}/"]
    before = {path: ask(client, "get", path, hidden) for path in plain}
    meeting = Meeting.objects.get()
    meeting.minutes.filter(item__isnull=False).delete()
    meeting.items.filter(application_id=row.application_id).delete()
    Conflict.objects.all().delete()
    Assignment.objects.filter(pk=row.pk).delete()
    assert [path for path in plain if ask(client, "get", path, hidden) != before[path]] == []


def test_a_stranger_learns_no_more_than_the_conflicted_reviewer(at):
    at(AFTER)
    _, _, number, row = scene()
    leaks = walk(browser(person("stranger")), hidden_of(number, row))
    assert leaks == [], "\n".join(leaks)


def test_double_blind_reviewers_read_the_proposal_and_not_whose_it_is(at, monkeypatch):
    rules = programmes.current().track("regular").model_copy(update={"blind": "double"})
    monkeypatch.setattr(CallView, "rules", property(lambda call: rules))
    _, _, number, _ = scene()
    judge = persons.actor_by_email("r0@example.org")
    row = Assignment.objects.get(reviewer__user_id=judge.user_id, application__number=number)
    whose = ("가람연구원", WORDS[4], WORDS[5], "head-garam")
    hidden = hidden_of(number, row)
    at(AFTER)
    client, told, shown = browser(judge), [], set()
    for route in {one for one in routes() if "(?P" not in one and not one.startswith((*SKIPPED, "organisations/"))}:
        path = filled(route, hidden.real)
        text = ask(client, "get", path, hidden).text
        told += [f"{path} shows {word}" for word in whose if word in text]
        shown |= {route} if WORDS[2] in text else set()
    assert not told
    assert "reviews/<int:assignment_id>/" in shown, "what is to be judged is there"
