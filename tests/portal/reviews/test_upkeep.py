"""Reminders, successors of silent and declining reviewers, and that time alone never finishes a review."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dure.core.errors import IllegalTransition, InvalidInput, NotPermitted
from dure.decide.reminding import Rules
from dure.portal.calls import operations as calls
from dure.portal.journal.queries import verify
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.reviews import operations, queries
from dure.portal.reviews.models import Assignment, Conflict, Reminder
from tests.portal.competition import AFTER, person
from tests.portal.reviews.test_reviews import FULL, reviewer, seat_of, submit, under_review

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def due_of(actor):
    return queries.assignments(actor)[0].due_at


def seated(panel, result):
    return [who for who in panel if who.user_id in {user for _, user in result.pairs}]


def dismissed(reviewer_id):
    """That the reviewer's affiliation is only a namesake of the applicant, as the programme judged."""
    Conflict.objects.create(
        reviewer_id=reviewer_id,
        application_id=Assignment.objects.first().application_id,
        kind="same_organisation",
        evidence={"ko": "소속이 신청 기관과 같은 이름입니다.", "en": ""},
        source="detected",
        standing="dismissed",
        found_at=AFTER,
    )


def mails(key):
    return Message.objects.filter(key__startswith=key).count()


def test_each_stage_is_reminded_once_and_an_idle_turn_writes_nothing():
    _, panel, _, _, _ = under_review(reviewers=5)
    due = due_of(panel[0])
    assert operations.tend(now=due - 4 * DAY) == 0
    assert operations.tend(now=due - 2 * DAY) == 5
    before = Message.objects.count()
    assert operations.tend(now=due - 2 * DAY) == 0 and Message.objects.count() == before
    assert operations.tend(now=due) == 5
    assert operations.tend(now=due + 2 * DAY) == 5
    assert mails("remind:") == 15
    assert not any(
        "한국어 거대 언어 모델" in m.body + m.subject for m in Message.objects.filter(key__startswith="remind:")
    )


def test_a_portal_that_was_down_sends_one_reminder_and_not_three():
    _, panel, _, _, _ = under_review(reviewers=5)
    assert operations.tend(now=due_of(panel[0]) + 3 * DAY) == 5
    assert mails("remind:") == 5 and set(Reminder.objects.values_list("stage", flat=True)) == {"after"}
    assert operations.tend(now=due_of(panel[0]) + 3 * DAY) == 0


def test_a_silent_reviewer_is_replaced_by_the_next_best_and_one_who_began_is_not():
    _, panel, _, _, result = under_review(reviewers=6)
    on, spare = seated(panel, result), next(w for w in panel if w.user_id not in {u for _, u in result.pairs})
    for who in on[1:]:
        operations.start(actor=who, now=AFTER, assignment_id=seat_of(who))
    due = due_of(on[0])
    operations.tend(now=due + 4 * DAY)
    assert queries.assignments(on[0]) == []
    (new,) = queries.assignments(spare)
    assert new.due_at > due + 4 * DAY and Assignment.objects.get(pk=new.id).replaces.reviewer.user_id == on[0].user_id
    late = due + 90 * DAY
    operations.tend(now=late)
    for who in on[1:]:
        assert submit(who, seat_of(who), now=late) == 800, "overdue, and still taken"


def test_time_alone_never_finishes_or_advances_a_review():
    boss, panel, _, numbers, _ = under_review(reviewers=5)
    for who in panel:
        operations.start(actor=who, now=AFTER, assignment_id=seat_of(who))
    for days in (1, 30, 400):
        operations.tend(now=due_of(panel[0]) + days * DAY)
    assert set(Assignment.objects.values_list("state", flat=True)) == {"in_progress"}
    assert queries.deciding_scores("25-1") == {}
    assert submit(panel[0], seat_of(panel[0]), now=AFTER + 500 * DAY) == 800
    assert queries.deciding_scores("25-1")[numbers[0]].tenths == 800
    assert queries.progress("25-1", boss).submitted == 1 and verify() is None


def test_replacements_end_at_the_limit_and_the_office_is_told_once():
    boss, panel, _, _, _ = under_review(reviewers=8)
    operations.set_upkeep(actor=boss, now=AFTER, call_code="25-1", rules=Rules(most_replacements=1))
    at = due_of(next(w for w in panel if queries.assignments(w))) + 4 * DAY
    operations.tend(now=at)
    assert Assignment.objects.filter(state="replaced").count() == 3, "three others were in the pool"
    told = mails("stuck:")
    assert told == 2, "two seats had nobody left"
    operations.tend(now=at)
    operations.tend(now=at + 90 * DAY)
    assert Assignment.objects.filter(state="replaced").count() == 3
    assert mails("stuck:") == 5, "the three successors were silent too, and the limit is one"


def test_declined_and_newly_conflicted_seats_are_filled():
    boss, panel, _, _, result = under_review(reviewers=7)
    on = seated(panel, result)
    operations.decline(actor=on[0], now=AFTER, assignment_id=seat_of(on[0]), reason="출장")
    operations.add_reviewer(
        actor=boss, now=AFTER, user_id=on[1].user_id, affiliation="hanbit 연구원", keywords=["언어 모델"]
    )
    assert operations.tend(now=AFTER + DAY) == 3, "one recused, two seated"
    assert operations.tend(now=AFTER + DAY) == 0
    assert queries.progress("25-1", boss).short == {}
    (found,) = Conflict.objects.all()
    assert (found.source, found.kind) == ("detected", "same_organisation")
    assert Assignment.objects.filter(state="recused", reviewer__user_id=on[1].user_id).exists()


def test_a_conflict_after_handing_in_takes_the_score_out_and_dismissing_brings_it_back():
    boss, panel, _, numbers, _ = under_review(reviewers=5)
    submit(panel[0], seat_of(panel[0]))
    who = panel[0]
    operations.add_reviewer(actor=boss, now=AFTER, user_id=who.user_id, affiliation="hanbit 연구원", keywords=["x"])
    operations.tend(now=AFTER + DAY)
    assert queries.deciding_scores("25-1") == {} and queries.assignments(who) == []
    reviewer_id = next(r.id for r in queries.reviewers(boss) if r.user_id == who.user_id)
    dismissed(reviewer_id)
    assert queries.deciding_scores("25-1")[numbers[0]].tenths == 800


def test_a_dismissal_does_not_cover_other_evidence():
    boss, panel, heads, numbers, _ = under_review(reviewers=5)
    who = panel[0]
    operations.add_reviewer(actor=boss, now=AFTER, user_id=who.user_id, affiliation="hanbit 연구원", keywords=["x"])
    reviewer_id = next(r.id for r in queries.reviewers(boss) if r.user_id == who.user_id)
    dismissed(reviewer_id)
    assert [a.number for a in queries.assignments(who)] == numbers, "judged to be a namesake"
    (organisation_id,) = heads[0].organisations
    membership = people.request_membership(actor=who, now=AFTER, organisation_id=organisation_id)
    people.approve_membership(actor=heads[0], now=AFTER, membership_id=membership)
    assert queries.assignments(who) == [], "now a member indeed"


def test_the_manager_may_stop_it_and_others_may_not():
    boss, panel, _, _, _ = under_review(reviewers=6)
    with pytest.raises(NotPermitted):
        operations.set_upkeep(actor=panel[0], now=AFTER, call_code="25-1", rules=Rules())
    with pytest.raises(InvalidInput) as refused:
        operations.set_upkeep(actor=boss, now=AFTER, call_code="25-1", rules=Rules(most_replacements=11))
    assert refused.value.mistakes[0].where == "most_replacements"
    operations.set_upkeep(actor=boss, now=AFTER, call_code="25-1", rules=Rules(is_automatic=False))
    assert operations.tend(now=AFTER + 300 * DAY) == 0
    assert not Message.objects.filter(key__startswith="remind:").exists()


def test_an_appeal_is_seen_by_somebody_who_did_not_score_it_and_counts_in_no_score():
    boss, panel, heads, numbers, result = under_review(reviewers=7)
    for who in seated(panel, result):
        submit(who, seat_of(who))
    with pytest.raises(IllegalTransition):
        operations.ask_fresh(actor=boss, now=AFTER, application_number=numbers[0])
    calls.start_deciding(actor=boss, now=AFTER, code="25-1")
    with pytest.raises(NotPermitted):
        operations.ask_fresh(actor=heads[0], now=AFTER, application_number=numbers[0])
    asked = operations.ask_fresh(actor=boss, now=AFTER, application_number=numbers[0], reason="이의 신청")
    with pytest.raises(InvalidInput):
        operations.ask_fresh(actor=boss, now=AFTER, application_number=numbers[0])
    (fresh,) = queries.fresh_reviews(numbers[0], boss)
    who = next(w for w in panel if any(a.id == asked for a in queries.assignments(w)))
    assert who.user_id not in {u for _, u in result.pairs} and fresh.state == "assigned"
    operations.decline(actor=who, now=AFTER, assignment_id=asked, reason="바쁨")
    assert operations.tend(now=AFTER + DAY) == 1
    other = next(w for w in panel if w != who and any(not a.is_done for a in queries.assignments(w)))
    assert submit(other, next(a.id for a in queries.assignments(other) if not a.is_done), FULL | {"impact": 0}) == 550
    found = queries.fresh_reviews(numbers[0], boss)
    assert [one.state for one in found] == ["declined", "submitted"] and found[1].total_tenths == 550
    assert queries.deciding_scores("25-1")[numbers[0]].totals == (800,) * 5
    assert queries.progress("25-1", boss).submitted == 5
    with pytest.raises(NotPermitted):
        queries.fresh_reviews(numbers[0], person("anyone"))


def test_conflicts_are_looked_for_again_only_when_something_has_changed():
    _, panel, heads, _, result = under_review(reviewers=6)
    on = seated(panel, result)
    assert operations.tend(now=AFTER + DAY) == 0
    with CaptureQueriesContext(connection) as idle:
        assert operations.tend(now=AFTER + DAY) == 0
    asked = " ".join(query["sql"] for query in idle.captured_queries)
    assert "applications_teammember" not in asked and "UPDATE" not in asked
    (organisation_id,) = heads[0].organisations
    membership = people.request_membership(actor=on[0], now=AFTER, organisation_id=organisation_id)
    people.approve_membership(actor=heads[0], now=AFTER, membership_id=membership)
    assert operations.tend(now=AFTER + DAY) == 2, "one recused, one seated"


def test_what_no_entry_tells_is_found_within_an_hour():
    _, panel, _, _, result = under_review(reviewers=5)
    on = seated(panel, result)
    operations.tend(now=AFTER + DAY)
    get_user_model().objects.filter(pk=on[1].user_id).update(email="sky@example.org")  # an address on the team
    assert operations.tend(now=AFTER + DAY + timedelta(minutes=59)) == 0
    assert operations.tend(now=AFTER + DAY + timedelta(minutes=61)) >= 1
    assert Assignment.objects.filter(state="recused").count() == 1


def test_a_seat_nobody_can_take_is_not_tried_at_every_turn():
    boss, panel, _, _, result = under_review(reviewers=5)
    on = seated(panel, result)
    operations.decline(actor=on[0], now=AFTER, assignment_id=seat_of(on[0]), reason="출장")
    assert operations.tend(now=AFTER + DAY) == 1 and mails("stuck:") == 1
    operations.tend(now=AFTER + DAY)
    with CaptureQueriesContext(connection) as idle:
        assert operations.tend(now=AFTER + DAY) == 0
    assert not any("SAVEPOINT" in query["sql"] for query in idle.captured_queries), "no transaction is begun"
    fresh = reviewer("fresh", boss)
    assert operations.tend(now=AFTER + DAY) == 1 and queries.assignments(fresh)
