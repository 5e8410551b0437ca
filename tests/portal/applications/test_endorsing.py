"""The institution stands behind an application where the track wants it; answers that want a check get one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.applications import operations, queries
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as calls_queries
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from tests.portal.competition import (
    AFTER,
    DURING,
    QUESTIONS,
    browser,
    complete,
    manager,
    member_of,
    opened,
    person,
    submitted,
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
TRIGGER = (
    {"code": "dual-use", "type": "yes_no", "label": {"ko": "이중용도입니까?", "en": "Dual use?"}, "required": True,
     "checked_if": ["yes"]},
)  # fmt: skip


@pytest.fixture
def endorsed(monkeypatch):
    """The track wants the endorsement of universities."""
    rules = programmes.current().track("regular").model_copy(update={"endorsed_classes": ("academia",)})
    monkeypatch.setattr(CallView, "rules", property(lambda call: rules))


def joined(head, name="student"):
    """A plain member of the head's organisation."""
    (organisation_id,) = head.organisations
    member = person(name)
    asked = people.request_membership(actor=member, now=DURING, organisation_id=organisation_id)
    people.approve_membership(actor=head, now=DURING, membership_id=asked)
    return persons.actor_by_email(f"{name}@example.org")


def written(actor, **changes):
    (organisation_id,) = actor.organisations
    number = operations.start(actor=actor, now=DURING, call_code="25-1", organisation_id=organisation_id)
    operations.save_draft(actor=actor, now=DURING, number=number, content=complete(**changes))
    return number


def submit(actor, number):
    return operations.submit(actor=actor, now=DURING, started_at=DURING, number=number)


@pytest.mark.usefixtures("endorsed")
def test_nothing_is_submitted_without_the_institution():
    opened(manager())
    head = member_of("hanbit")
    student = joined(head)
    number = written(student)
    with pytest.raises(InvalidInput) as refused:
        submit(student, number)
    assert [mistake.where for mistake in refused.value.mistakes] == ["endorsement"]
    operations.request_endorsement(actor=student, now=DURING, number=number)
    operations.request_endorsement(actor=student, now=DURING, number=number)
    assert Message.objects.filter(to="head-hanbit@example.org", subject__contains=number).count() == 1
    with pytest.raises(InvalidInput):
        submit(student, number)
    with pytest.raises(NotPermitted):
        operations.endorse(actor=student, now=DURING, number=number)
    with pytest.raises(NotFound):
        operations.endorse(actor=member_of("dalbit"), now=DURING, number=number)
    operations.endorse(actor=head, now=DURING, number=number)
    assert Message.objects.filter(to="student@example.org", subject__contains="확인하였습니다").count() == 1
    assert submit(student, number).version == 1


@pytest.mark.usefixtures("endorsed")
def test_another_size_has_to_be_endorsed_again():
    opened(manager())
    head = member_of("hanbit")
    number = written(head)
    operations.request_endorsement(actor=head, now=DURING, number=number)
    operations.save_draft(actor=head, now=DURING, number=number, content={"requested_nodes": 16})
    with pytest.raises(IllegalTransition):  # the head would answer something that was not asked
        operations.endorse(actor=head, now=DURING, number=number)
    operations.request_endorsement(actor=head, now=DURING, number=number)
    operations.endorse(actor=head, now=DURING, number=number)
    operations.save_draft(actor=head, now=DURING, number=number, content={"summary": "다듬은 요약"})
    assert queries.endorsement(queries.application(number, head)).counts  # wording may change
    operations.save_draft(actor=head, now=DURING, number=number, content={"months": 7})
    with pytest.raises(InvalidInput):
        submit(head, number)
    operations.request_endorsement(actor=head, now=DURING, number=number)
    operations.decline_endorsement(actor=head, now=DURING, number=number, reason="기간이 깁니다.")
    with pytest.raises(InvalidInput) as refused:
        submit(head, number)
    assert "기간이 깁니다." in refused.value.mistakes[0].remedy.ko


@pytest.mark.usefixtures("endorsed")
def test_heads_are_reminded_once():
    opened(manager())
    head = member_of("hanbit")
    number = written(head)
    operations.request_endorsement(actor=head, now=DURING, number=number)
    assert operations.remind_endorsers(now=DURING + timedelta(days=2)) == 0
    assert operations.remind_endorsers(now=DURING + timedelta(days=3)) == 1
    assert operations.remind_endorsers(now=DURING + timedelta(days=9)) == 0
    assert Message.objects.filter(subject__contains=number).count() == 2


def test_where_no_endorsement_is_wanted_none_is_asked():
    opened(manager())
    head = member_of("hanbit")
    number = written(head)
    with pytest.raises(InvalidInput):
        operations.request_endorsement(actor=head, now=DURING, number=number)
    assert submit(head, number).version == 1


@pytest.mark.usefixtures("endorsed")
def test_the_pages_ask_answer_and_keep_others_out():
    opened(manager())
    head = member_of("hanbit")
    student = joined(head)
    number = written(student)
    assert browser(student).post(f"/applications/{number}/endorse/ask/").status_code == 302
    assert "확인을 기다립니다" in browser(student).get(f"/applications/{number}/").content.decode()
    assert browser(student).get(f"/applications/{number}/endorse/").status_code == 403
    assert browser(member_of("dalbit")).get(f"/applications/{number}/endorse/").status_code == 404
    assert f"/applications/{number}/endorse/" in browser(head).get("/home/").content.decode()
    page = browser(head, "en").get(f"/applications/{number}/endorse/").content.decode()
    assert "stand behind" in page
    assert browser(head).post(f"/applications/{number}/endorse/", {"action": "decline"}).status_code == 422
    assert browser(head).post(f"/applications/{number}/endorse/", {"action": "endorse"}).status_code == 302
    assert "기관 대표자가 확인하였습니다" in browser(student).get(f"/applications/{number}/").content.decode()


def test_an_answer_that_wants_a_check_keeps_the_application_from_counting(at):
    office = manager()
    opened(office, questions=TRIGGER)
    careful, plain = member_of("hanbit"), member_of("dalbit")
    flagged = submitted(careful, answers={"dual-use": True})
    free = submitted(plain, answers={"dual-use": False})
    calls.close(actor=office, now=AFTER, code="25-1")
    assert operations.admit_all(actor=office, now=AFTER, call_code="25-1") == [free]
    with pytest.raises(InvalidInput) as refused:
        operations.admit(actor=office, now=AFTER, number=flagged)
    assert refused.value.mistakes[0].where == "answers.dual-use"
    for actor in (careful, person("auditor", "auditor")):
        with pytest.raises(NotPermitted):
            operations.clear(actor=actor, now=AFTER, number=flagged, note="괜찮음")
    for number, note in ((flagged, " "), (free, "괜찮음")):
        with pytest.raises(InvalidInput):
            operations.clear(actor=office, now=AFTER, number=number, note=note)
    at(AFTER)
    assert queries.to_check(calls_queries.call("25-1")) == [flagged]
    home = browser(office).get("/home/").content.decode()
    assert "손으로 확인할 답이 있는 신청 1건" in home and f"/applications/{flagged}/" in home
    assert "따로 확인할 답" in browser(office).get(f"/applications/{flagged}/").content.decode()
    assert "따로 확인할 답" not in browser(careful).get(f"/applications/{flagged}/").content.decode()
    browser(office).post(f"/applications/{flagged}/clear/", {"note": "전략물자 판정서를 확인함"})
    assert queries.to_check(calls_queries.call("25-1")) == []
    operations.admit(actor=office, now=AFTER, number=flagged)
    assert queries.application(flagged, office).state == "admitted"


def test_only_answers_that_can_be_chosen_are_checked():
    wrong = ({**QUESTIONS[0], "checked_if": ["maybe"]},)
    with pytest.raises(InvalidInput):
        opened(manager(), questions=wrong)
