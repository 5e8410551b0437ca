"""Eligibility is asked again at the award: what changed since the submission is caught, with the reason."""

from __future__ import annotations

import pytest

from dure.core.errors import InvalidInput
from dure.portal.awards import operations, queries
from dure.portal.awards.models import Award
from dure.portal.loops import plan as plan_loop
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.plans import operations as plans
from dure.portal.plans import queries as plan_queries
from tests.portal.decided import DECIDING, reviewed, solved

pytestmark = pytest.mark.django_db


def changed(head, applicant_class="academia", name="다른 이름"):
    """The organisation says something else of itself than it was verified for."""
    (organisation_id,) = head.organisations
    view = persons.organisation(organisation_id)
    people.correct_organisation(
        actor=head, now=DECIDING, organisation_id=organisation_id, name=name, name_en=view.name_en,
        applicant_class=applicant_class, region=view.region,
    )  # fmt: skip
    return organisation_id


def test_a_change_between_submission_and_award_is_caught():
    office, heads, numbers, plan_id = solved()
    plans.accept(actor=office, now=DECIDING, plan_id=plan_id, reason="최선의 배분")
    organisation_id = changed(heads[0])
    with pytest.raises(InvalidInput) as refused:
        operations.offer_plan(actor=office, now=DECIDING, plan_id=plan_id)
    (mistake,) = refused.value.mistakes
    assert mistake.where == numbers[0]
    assert "기관 확인이 끝나지 않았습니다" in mistake.what.ko
    assert not Award.objects.exists()  # nobody is offered anything on a plan that has to be looked at again
    people.verify_organisation(actor=office, now=DECIDING, organisation_id=organisation_id)
    assert operations.offer_plan(actor=office, now=DECIDING, plan_id=plan_id) > 0


def test_an_offer_is_not_accepted_by_somebody_who_may_no_longer_have_it():
    office, heads, numbers, plan_id = solved()
    plans.accept(actor=office, now=DECIDING, plan_id=plan_id, reason="최선의 배분")
    operations.offer_plan(actor=office, now=DECIDING, plan_id=plan_id)
    organisation_id = changed(heads[0])
    with pytest.raises(InvalidInput) as refused:
        operations.accept(actor=heads[0], now=DECIDING, number=numbers[0])
    assert refused.value.mistakes[0].where == "eligibility"
    assert queries.award(numbers[0], office).state == "offered"
    people.verify_organisation(actor=office, now=DECIDING, organisation_id=organisation_id)
    operations.accept(actor=heads[0], now=DECIDING, number=numbers[0])


def test_a_plan_awards_nothing_to_who_is_ineligible_when_it_is_made():
    office, heads, numbers = reviewed()
    changed(heads[0], applicant_class="national")
    plan_id = plans.queue(actor=office, now=DECIDING, call_code="25-1", title="시험", rule="merit")
    assert plan_loop.run(DECIDING) == 1
    assert numbers[0] not in {rank.number for rank in plan_queries.awarded(plan_id)}
    assert len(plan_queries.awarded(plan_id)) == 4
