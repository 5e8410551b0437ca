"""Erasure leaves no name anywhere and every number as it was; a person can take along all that is held of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models

from dure.core.errors import NotFound, NotPermitted
from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as reading
from dure.portal.applications.models import Application, TeamMember
from dure.portal.calls import operations as calls
from dure.portal.framework import programme as programmes
from dure.portal.journal import queries as journal
from dure.portal.messages.operations import announce
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.people.actor import NOBODY
from dure.portal.people.models import Organisation, User
from dure.portal.privacy import operations, queries
from dure.portal.privacy.models import Erasure
from tests.portal.competition import (
    AFTER,
    CLOSES,
    DECIDE,
    DURING,
    SYSTEM,
    browser,
    complete,
    manager,
    opened,
    person,
)

pytestmark = pytest.mark.django_db
NAME, ADDRESS = "독고은하수", "dokgo-eunhasu@example.org"


def dokgo(code="hanbit"):
    """A person with an unmistakable name, member of an organisation headed by somebody else."""
    head = person(f"head-{code}")
    organisation_id = people.found_organisation(
        actor=head, now=DURING, code=code, name="한빛대학교", applicant_class="academia", region="seoul"
    )
    people.verify_organisation(actor=SYSTEM, now=DURING, organisation_id=organisation_id)
    people.add_person(email=ADDRESS, name=NAME, name_en="Eunhasu Dokgo", is_verified=True, now=DURING)
    asked = people.request_membership(
        actor=persons.actor_by_email(ADDRESS), now=DURING, organisation_id=organisation_id
    )
    people.approve_membership(actor=persons.actor_by_email(head_address(code)), now=DURING, membership_id=asked)
    announce(
        key="notice", user_id=head.user_id, now=DURING, subject=Text(f"{NAME} 님", NAME), body=Text(ADDRESS, ADDRESS)
    )
    return persons.actor_by_email(ADDRESS), organisation_id


def head_address(code):
    return f"head-{code}@example.org"


def applied(actor, organisation_id):
    """Submitted, withdrawn and submitted again: two sealed versions name the person."""
    team = [{"name": NAME, "email": ADDRESS, "affiliation": "한빛대학교", "role": "lead"}]
    team += [{"name": "김바다", "email": "sea@example.org", "affiliation": "한빛대학교", "role": "member"}]
    content = complete(team=team, summary=f"{NAME}의 과제입니다.")
    number = applications.start(actor=actor, now=DURING, call_code="25-1", organisation_id=organisation_id)
    for _ in range(2):
        if reading.application(number, actor).state == "submitted":
            applications.withdraw(actor=actor, now=DURING, number=number)
        applications.save_draft(actor=actor, now=DURING, number=number, content=content)
        applications.submit(actor=actor, now=DURING, started_at=DURING, number=number)
    return number


def traces(*words):
    """Every row of every table that holds one of the words, as "table.column"."""
    found = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                for value in model._default_manager.values_list(field.name, flat=True):
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    if any(word.lower() in text.lower() for word in words):
                        found.add(f"{model._meta.label}.{field.name}")
    return found


def sums():
    contents = Application.objects.values_list("state", "version__content__requested_nodes", "organisation__code")
    return sorted(map(str, contents)), User.objects.count(), Organisation.objects.count(), TeamMember.objects.count()


def refused(office, number):
    """The call is over, and this application was found ineligible."""
    calls.close(actor=office, now=AFTER, code="25-1")
    applications.refuse(actor=office, now=AFTER, number=number, reason=Text("요건", "Not eligible"))


def test_erasure_leaves_no_trace_and_every_count():
    office = manager()
    opened(office)
    actor, organisation_id = dokgo()
    number = applied(actor, organisation_id)
    refused(office, number)
    before, hashes = sums(), [receipt.hash for receipt in reading.application(number, office).receipts]
    assert len(traces(NAME, ADDRESS)) > 4  # the search sees what is there
    operations.ask(actor=actor, now=AFTER)
    operations.ask(actor=actor, now=AFTER)
    assert Erasure.objects.count() == 1
    assert operations.carry_out_due(now=AFTER) == 1
    assert traces(NAME, ADDRESS, "Eunhasu") == set()
    assert sums() == before
    assert journal.verify() is None
    view = reading.application(number, office)
    assert [receipt.hash for receipt in view.receipts] == hashes
    assert all(receipt.redacted_at == AFTER for receipt in view.receipts)
    assert [member.name for member in view.content.team] == ["(지워진 사람)", "김바다"]
    assert view.content.requested_nodes == 8
    assert persons.names_of([actor.name])[actor.name].en == "erased person"
    assert operations.carry_out_due(now=AFTER) == 0
    with pytest.raises(NotFound):
        persons.actor_by_email(ADDRESS)


def test_nobody_signs_in_to_an_erased_account_and_an_open_session_ends():
    actor, _ = dokgo()
    client = browser(actor)
    assert client.get("/profile/").status_code == 200
    operations.ask(actor=actor, now=DURING)
    operations.carry_out_due(now=DURING)
    assert client.get("/profile/").status_code == 302
    user = User.objects.get(pk=actor.user_id)
    assert (user.is_active, user.has_usable_password(), persons.memberships(user.pk)) == (False, False, [])


def test_what_is_unfinished_comes_first():
    office = manager()
    opened(office)
    actor, organisation_id = dokgo()
    number = applied(actor, organisation_id)
    operations.ask(actor=actor, now=DURING)
    assert operations.carry_out_due(now=DURING) == 0
    (obstacle,) = queries.obstacles(actor.user_id, DURING)
    assert number in obstacle.ko
    people.give_role(actor=SYSTEM, now=DURING, user_id=actor.user_id, role="finance")
    assert len(queries.obstacles(actor.user_id, DURING)) == 2
    people.take_role(actor=SYSTEM, now=DURING, user_id=actor.user_id, role="finance")
    refused(office, number)
    assert operations.carry_out_due(now=AFTER) == 1
    assert traces(NAME, ADDRESS) == set()


def test_a_request_is_taken_back():
    actor, _ = dokgo()
    operations.ask(actor=actor, now=DURING)
    operations.take_back(actor=actor, now=DURING)
    assert operations.carry_out_due(now=DURING) == 0
    with pytest.raises(NotFound):
        operations.take_back(actor=actor, now=DURING)
    with pytest.raises(NotPermitted):
        operations.ask(actor=NOBODY, now=DURING)
    operations.ask(actor=actor, now=DURING)
    assert operations.carry_out_due(now=DURING) == 1


def test_teams_are_forgotten_after_the_months_of_the_programme():
    office = manager()
    opened(office)
    actor, organisation_id = dokgo()
    number = applied(actor, organisation_id)
    calls.cancel(actor=office, now=CLOSES - timedelta(days=1), code="25-1", reason=Text("취소", "cancelled"))
    months = programmes.privacy().unsuccessful_months
    kept = DECIDE + timedelta(days=30 * months)
    assert operations.carry_out_due(now=kept) == 0
    later = DECIDE + timedelta(days=32 * (months + 1))
    before = sums()
    assert operations.carry_out_due(now=later) == 1
    assert operations.carry_out_due(now=later) == 0
    assert not any(label.startswith("applications.") for label in traces(NAME, ADDRESS, "김바다"))
    assert sums() == before
    assert persons.person(actor.user_id).name == NAME  # the account is the person's own
    assert reading.application(number, office).content.requested_nodes == 8


def test_everything_held_is_given_to_its_owner_only():
    office = manager()
    opened(office)
    actor, organisation_id = dokgo()
    number = applied(actor, organisation_id)
    held = json.loads(browser(actor).get("/profile/data/my-data.json").content)
    assert held["account"]["email"] == ADDRESS
    assert [one["number"] for one in held["applications"]] == [number]
    assert {"applications.submit", "people.request_membership"} <= {one["event"] for one in held["done"]}
    assert held["messages"]
    other = json.loads(browser(person("other")).get("/profile/data/my-data.json").content)
    assert NAME not in json.dumps(other, ensure_ascii=False)
    assert browser().get("/profile/data/my-data.json").status_code == 302


def test_the_page_says_what_is_in_the_way_and_wants_to_be_sure(monkeypatch):
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: DURING)
    actor, _ = dokgo()
    client = browser(actor)
    assert "내 자료 모두 내려받기" in client.get("/profile/data/").content.decode()
    client.post("/profile/data/erase/")
    assert not Erasure.objects.exists()
    client.post("/profile/data/erase/", {"sure": "on"})
    assert Erasure.objects.count() == 1
    client.post("/profile/data/stay/")
    assert operations.carry_out_due(now=DURING) == 0
    assert browser().get("/profile/data/").status_code == 302
