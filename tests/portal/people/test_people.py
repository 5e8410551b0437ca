"""Accounts, organisations, memberships, roles: who may, who may not, and that nothing is left behind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.journal.queries import latest, verify
from dure.portal.people import operations, queries
from dure.portal.people.actor import NOBODY, system
from dure.portal.people.models import Membership, Organisation, Role, User

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 9, 1, tzinfo=UTC)
SYSTEM = system("tests")


def person(name: str, **more):
    user_id = operations.add_person(email=f"{name}@example.org", name=name, is_verified=True, now=NOW, **more)
    return queries.actor_by_email(f"{name}@example.org"), user_id


def manager():
    _, user_id = person("manager")
    operations.give_role(actor=SYSTEM, now=NOW, user_id=user_id, role="programme_manager")
    return queries.actor_by_email("manager@example.org")


def found(actor, code="hanbit", **changes):
    columns = {"name": "한빛대학교", "name_en": "Hanbit", "applicant_class": "academia", "region": "seoul"} | changes
    return operations.found_organisation(actor=actor, now=NOW, code=code, **columns)


def again(actor):
    return queries.actor_by_email(queries.person(actor.user_id).email)


def test_adding_the_same_person_twice_leaves_one():
    first = operations.add_person(email="A@Example.org ", name="가", now=NOW)
    assert operations.add_person(email="a@example.org", name="나", now=NOW) == first
    assert queries.person(first).name == "가"
    assert User.objects.count() == 1
    assert not User.objects.get().has_usable_password()


def test_founder_heads_the_organisation_and_it_waits_for_the_programme():
    head, _ = person("head")
    organisation = found(head)
    head = again(head)
    assert head.headed == {organisation}
    assert queries.organisation(organisation).state == "founded"
    assert found(head) == organisation, "the same head founding the same code again gets it back"


def test_founding_reports_every_mistake_and_leaves_nothing():
    head, _ = person("head")
    with pytest.raises(InvalidInput) as refused:
        found(head, name=" ", applicant_class="guild", region="atlantis", registration_number="123-45-67890")
    assert {m.where for m in refused.value.mistakes} == {"name", "applicant_class", "region", "registration_number"}
    assert not Organisation.objects.exists()
    assert not Membership.objects.exists()


def test_registration_number_is_tidied_and_taken_once():
    head, _ = person("head")
    found(head, registration_number="1248100998")
    assert Organisation.objects.get().registration_number == "124-81-00998"
    other, _ = person("other")
    with pytest.raises(InvalidInput) as refused:
        found(other, code="other", registration_number="124-81-00998")
    assert refused.value.mistakes[0].where == "registration_number"


def test_code_of_another_organisation_is_refused_and_missing_codes_are_made():
    head, _ = person("head")
    found(head)
    other, _ = person("other")
    with pytest.raises(InvalidInput):
        found(other)
    second = operations.found_organisation(
        actor=other, now=NOW, name="한빛", name_en="Hanbit", applicant_class="academia", region="seoul"
    )
    assert queries.organisation(second).code == "hanbit-2"


def test_visitors_may_neither_found_nor_join():
    head, _ = person("head")
    organisation = found(head)
    for attempt in (
        lambda: found(NOBODY, code="x"),
        lambda: operations.request_membership(actor=NOBODY, now=NOW, organisation_id=organisation),
        lambda: operations.save_profile(actor=NOBODY, now=NOW, name="x", language="ko"),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_membership_is_decided_by_heads_only():
    head, _ = person("head")
    organisation = found(head)
    head = again(head)
    guest, _ = person("guest")
    stranger, _ = person("stranger")
    membership = operations.request_membership(actor=guest, now=NOW, organisation_id=organisation)
    assert operations.request_membership(actor=guest, now=NOW, organisation_id=organisation) == membership
    for nobody in (guest, stranger):
        with pytest.raises(NotFound):
            operations.approve_membership(actor=nobody, now=NOW, membership_id=membership)
    assert not again(guest).organisations
    operations.approve_membership(actor=head, now=NOW, membership_id=membership)
    assert again(guest).organisations == {organisation}
    assert not again(guest).headed
    with pytest.raises(IllegalTransition):
        operations.refuse_membership(actor=head, now=NOW, membership_id=membership)


def test_leaving_and_coming_back():
    head, _ = person("head")
    organisation = found(head)
    head = again(head)
    guest, _ = person("guest")
    membership = operations.request_membership(actor=guest, now=NOW, organisation_id=organisation)
    operations.refuse_membership(actor=head, now=NOW, membership_id=membership)
    assert operations.request_membership(actor=guest, now=NOW, organisation_id=organisation) == membership
    operations.approve_membership(actor=head, now=NOW, membership_id=membership)
    own = Membership.objects.get(user_id=head.user_id).pk
    with pytest.raises(InvalidInput):
        operations.end_membership(actor=head, now=NOW, membership_id=own)
    with pytest.raises(NotFound):
        operations.end_membership(actor=again(guest), now=NOW, membership_id=own)
    operations.make_head(actor=head, now=NOW, membership_id=membership)
    operations.end_membership(actor=head, now=NOW, membership_id=own)
    assert not again(head).organisations
    assert again(guest).headed == {organisation}


def test_only_programme_managers_verify_and_a_deciding_change_needs_it_again():
    boss = manager()
    head, _ = person("head")
    organisation = found(head)
    head = again(head)
    with pytest.raises(NotPermitted):
        operations.verify_organisation(actor=head, now=NOW, organisation_id=organisation)
    with pytest.raises(InvalidInput):
        operations.reject_organisation(actor=boss, now=NOW, organisation_id=organisation, reason=" ")
    operations.reject_organisation(actor=boss, now=NOW, organisation_id=organisation, reason="증빙 없음")
    operations.verify_organisation(actor=boss, now=NOW, organisation_id=organisation)
    same = {"name": "한빛대학교", "applicant_class": "academia", "region": "seoul"}
    operations.correct_organisation(actor=head, now=NOW, organisation_id=organisation, name_en="Hanbit U", **same)
    assert queries.organisation(organisation).state == "verified"
    operations.correct_organisation(
        actor=head, now=NOW, organisation_id=organisation, **same | {"applicant_class": "industry"}
    )
    assert queries.organisation(organisation).state == "founded"
    stranger, _ = person("stranger")
    with pytest.raises(NotFound):
        operations.correct_organisation(actor=stranger, now=NOW, organisation_id=organisation, **same)


def test_roles_are_given_by_others_and_fit_their_scope():
    boss = manager()
    guest, guest_id = person("guest")
    with pytest.raises(NotPermitted):
        operations.give_role(actor=guest, now=NOW, user_id=guest_id, role="auditor")
    with pytest.raises(NotPermitted):
        operations.give_role(actor=boss, now=NOW, user_id=boss.user_id, role="finance")
    for role, scope in (("provider", ""), ("provider", "nobody"), ("auditor", "naver"), ("king", "")):
        with pytest.raises(InvalidInput):
            operations.give_role(actor=boss, now=NOW, user_id=guest_id, role=role, scope=scope)
    assert not Role.objects.filter(user_id=guest_id).exists()
    operations.give_role(actor=boss, now=NOW, user_id=guest_id, role="reviewer")
    operations.give_role(actor=boss, now=NOW, user_id=guest_id, role="reviewer")
    assert [p.id for p in queries.people_with_role("reviewer")] == [guest_id]
    operations.take_role(actor=boss, now=NOW, user_id=guest_id, role="reviewer")
    assert queries.people_with_role("reviewer") == []


def test_profile_refuses_a_wrong_orcid_and_the_journal_keeps_no_names():
    guest, guest_id = person("guest")
    with pytest.raises(InvalidInput) as refused:
        operations.save_profile(actor=guest, now=NOW, name="", language="fr", orcid="0000-0002-1825-0098")
    assert {m.where for m in refused.value.mistakes} == {"name", "language", "orcid"}
    operations.save_profile(
        actor=guest, now=NOW, name="홍길동", language="en", orcid="https://orcid.org/0000-0002-1825-0097"
    )
    assert queries.person(guest_id).orcid == "0000-0002-1825-0097"
    entry = latest(1)[0]
    assert entry.event == "people.save_profile"
    assert "홍길동" not in str(entry.detail)
    assert verify() is None


def test_organisation_list_is_for_those_who_oversee_and_records_for_members():
    boss = manager()
    head, _ = person("head")
    organisation = found(head)
    head = again(head)
    stranger, _ = person("stranger")
    with pytest.raises(NotPermitted):
        queries.organisation_list(head)
    with pytest.raises(NotFound):
        queries.organisation_record(organisation, stranger)
    assert queries.organisation_record(organisation, head).head == "head"
    rows = [queries.organisation_row(row) for row in queries.organisation_list(boss, text="한빛", state="founded")]
    assert [(row.code, row.member_count) for row in rows] == [("hanbit", 1)]


def test_what_is_too_long_for_its_column_is_refused_by_name():
    head, _ = person("head")
    with pytest.raises(InvalidInput) as refused:
        found(head, name="가" * 121, name_en="a" * 121, registration_number="1" * 21)
    assert {m.where for m in refused.value.mistakes} == {"name", "name_en", "registration_number"}
    assert not Organisation.objects.exists()


def test_no_organisation_is_called_like_a_page():
    head, _ = person("head")
    with pytest.raises(InvalidInput):
        found(head, code="mine")
    assert queries.organisation(found(head, code="", name_en="New")).code == "new-2"
