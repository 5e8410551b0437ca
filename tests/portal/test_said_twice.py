"""What is sent again, since its answer was lost or the button pressed twice, is taken as done: nothing happens twice.

Each step is done, then done again: no error, no journal entry, no mail. Something else said instead is still refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dure.core.errors import DureError, IllegalTransition
from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.awards import operations as awards
from dure.portal.awards.models import Agreement, Award
from dure.portal.awards.operations import appealing, changing
from dure.portal.calls import operations as calls
from dure.portal.calls.models import CallEvent
from dure.portal.journal.models import Entry
from dure.portal.loops import allocate
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people.models import Membership
from dure.portal.plans import operations as plans
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as review_queries
from tests.portal import decided
from tests.portal.competition import (
    AFTER,
    DURING,
    NOW,
    OPENS,
    browser,
    composed,
    manager,
    member_of,
    person,
    submitted,
)
from tests.portal.decided import DECIDING

pytestmark = pytest.mark.django_db
LATER = DECIDING + timedelta(days=1)
FULL = {"impact": 25, "ecosystem": 20, "capability": 15, "feasibility": 20}


def traces() -> tuple[int, int, int]:
    return Entry.objects.count(), Message.objects.count(), CallEvent.objects.count()


def twice(operation: Callable[..., object], **arguments: object) -> None:
    first = operation(**arguments)
    before = traces()
    assert operation(**arguments) == first
    assert traces() == before, f"{operation.__name__} left something the second time"


def refused(operation: Callable[..., object], **arguments: object) -> None:
    with pytest.raises(DureError):
        operation(**arguments)


def test_from_the_call_to_the_scores() -> None:
    boss = manager()
    composed(boss)
    twice(calls.announce, actor=boss, now=NOW, code="25-1")
    twice(calls.open, actor=boss, now=OPENS, code="25-1")
    head = member_of("hanbit", "한빛대학교", verified=False)
    (organisation_id,) = head.organisations
    twice(people.verify_organisation, actor=boss, now=NOW, organisation_id=organisation_id)
    member = person("student")
    asked = people.request_membership(actor=member, now=NOW, organisation_id=organisation_id)
    twice(people.approve_membership, actor=head, now=NOW, membership_id=asked)
    twice(people.end_membership, actor=member, now=NOW, membership_id=asked)
    assert Membership.objects.get(pk=asked).state == "left"

    number = submitted(head)
    twice(applications.submit, actor=head, now=DURING, started_at=DURING, number=number)
    twice(applications.withdraw, actor=head, now=DURING, number=number)
    applications.submit(actor=head, now=DURING, started_at=DURING, number=number)
    spare = applications.start(actor=head, now=DURING, call_code="25-1", organisation_id=organisation_id)
    twice(applications.discard, actor=head, now=DURING, number=spare)
    twice(calls.close, actor=boss, now=AFTER, code="25-1")
    twice(applications.admit, actor=boss, now=AFTER, number=number)
    refused(applications.withdraw, actor=head, now=AFTER, number=number)

    panel = [person(f"r{index}", "reviewer") for index in range(6)]
    for one in panel:
        keywords = ["언어 모델"]
        reviews.add_reviewer(
            actor=boss, now=AFTER, user_id=one.user_id, affiliation="다른 대학", keywords=keywords, load_limit=9
        )
    twice(calls.start_review, actor=boss, now=AFTER, code="25-1")
    reviews.assign(actor=boss, now=AFTER, call_code="25-1", pairs=[(number, one.user_id) for one in panel[:5]])
    for one in panel:
        reviews.declare_for_call(actor=one, now=AFTER, call_code="25-1", kinds={})
    seats = [review_queries.assignments(one)[0].id for one in panel[:5]]
    review = {"now": AFTER, "points": FULL, "to_applicant": "좋음", "to_panel": ""}
    twice(reviews.submit_review, actor=panel[0], assignment_id=seats[0], **review)
    other = review | {"points": FULL | {"impact": 30}}
    refused(reviews.submit_review, actor=panel[0], assignment_id=seats[0], **other)
    twice(reviews.reopen, actor=panel[0], now=AFTER, assignment_id=seats[0])
    twice(reviews.decline, actor=panel[1], now=AFTER, assignment_id=seats[1], reason="출장")
    refused(reviews.decline, actor=panel[1], now=AFTER, assignment_id=seats[1], reason="다른 까닭")
    refused(reviews.decline, actor=panel[2], now=AFTER, assignment_id=seats[1], reason="출장")
    twice(reviews.recuse, actor=boss, now=AFTER, assignment_id=seats[2], reason="가족")
    twice(calls.start_deciding, actor=boss, now=AFTER, code="25-1")


def test_an_invitation_is_answered_and_taken_up() -> None:
    boss = manager()
    token = reviews.invite(actor=boss, now=AFTER, email="new@example.org")
    yes = {"now": AFTER, "token": token, "affiliation": "솔대학교", "keywords": ["언어 모델"]}
    twice(reviews.accept_invitation, **yes)
    refused(reviews.accept_invitation, **yes | {"affiliation": "다른 대학교"})
    twice(reviews.join, actor=person("new"), now=AFTER, token=token)
    refused(reviews.join, actor=person("other"), now=AFTER, token=token)
    second = reviews.invite(actor=boss, now=AFTER, email="second@example.org")
    twice(reviews.decline_invitation, now=AFTER, token=second, reason="바쁨")
    refused(reviews.accept_invitation, **yes | {"token": second})


def test_a_cancelled_call_is_cancelled_once() -> None:
    boss = manager()
    composed(boss)
    calls.announce(actor=boss, now=NOW, code="25-1")
    twice(calls.cancel, actor=boss, now=NOW, code="25-1", reason=Text("예산 변경", "Budget"))
    refused(calls.cancel, actor=boss, now=NOW, code="25-1", reason=Text("다른 까닭", "Another"))


def test_from_the_decision_to_the_agreement_and_what_follows() -> None:
    boss, heads, numbers, plan_id = decided.solved()
    twice(plans.accept, actor=boss, now=DECIDING, plan_id=plan_id, reason="시험")
    refused(plans.accept, actor=boss, now=DECIDING, plan_id=plan_id, reason="다른 까닭")
    refused(calls.decide, actor=boss, now=DECIDING, code="25-1")  # what keeps a second plan from being accepted
    awards.offer_plan(actor=boss, now=DECIDING, plan_id=plan_id)
    first, second, third = numbers[:3]
    twice(awards.accept, actor=heads[0], now=LATER, number=first)
    twice(awards.sign, actor=heads[0], now=LATER, number=first)
    twice(awards.countersign, actor=boss, now=LATER, number=first)
    for again in (awards.accept, awards.sign):  # a page left open since before
        again(actor=heads[0], now=LATER, number=first)
    assert Agreement.objects.count() == 1 and Award.objects.get(number=first).state == "agreed"
    refused(awards.accept, actor=heads[1], now=LATER, number=first)
    twice(awards.decline, actor=heads[1], now=LATER, number=second, reason="안 씀")
    refused(awards.decline, actor=heads[1], now=LATER, number=second, reason="다른 까닭")
    with pytest.raises(IllegalTransition):
        awards.accept(actor=heads[1], now=LATER, number=second)
    twice(awards.revoke, actor=boss, now=LATER, number=third, reason="사업 변경")

    assert allocate.run(LATER) == 1
    change = changing.ask_extension(actor=heads[0], now=LATER, number=first, months=1, reason="연장")
    twice(changing.withdraw, actor=heads[0], now=LATER, change_id=change)
    change = changing.ask_extension(actor=heads[0], now=LATER, number=first, months=1, reason="연장")
    twice(changing.refuse, actor=boss, now=LATER, change_id=change, reason="안 됨")

    appealing.lodge(actor=heads[5], now=LATER, number=numbers[5], text="다시 보아 주십시오.")
    twice(appealing.dismiss, actor=boss, now=LATER, number=numbers[5], answer="근거 없음")
    refused(appealing.dismiss, actor=boss, now=LATER, number=numbers[5], answer="다른 답")


def test_the_button_pressed_twice_shows_the_page_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    boss, heads, numbers, plan_id = decided.solved()
    plans.accept(actor=boss, now=DECIDING, plan_id=plan_id, reason="시험")
    awards.offer_plan(actor=boss, now=DECIDING, plan_id=plan_id)
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: LATER)
    client = browser(heads[0])
    for step in ("accept", "accept", "sign", "sign"):
        answer = client.post(f"/awards/{numbers[0]}/{step}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/awards/{numbers[0]}/")
