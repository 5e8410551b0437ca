"""Invitations by link: single, expiring, only for the invited address; numbers that carry their own check."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import InvalidInput, NotFound, NotPermitted, Stale
from dure.decide.identifiers import is_ror, tidy_ror
from dure.portal.loops import deliver
from dure.portal.messages.models import Message
from dure.portal.people import operations, queries
from dure.portal.people.models import Invitation
from tests.portal.competition import DURING, browser, member_of, person

pytestmark = pytest.mark.django_db


def invited(head, email="new@example.org", role="member"):
    (organisation_id,) = head.organisations
    invitation_id = operations.invite(actor=head, now=DURING, organisation_id=organisation_id, email=email, role=role)
    return queries.invitation_token(invitation_id), organisation_id


def take(actor, token, at=DURING):
    return operations.take_invitation(actor=actor, now=at, token=token)


def test_whoever_has_the_address_becomes_a_member_once():
    head = member_of("hanbit")
    token, organisation_id = invited(head, role="finance")
    deliver.run(DURING)
    deliver.run(DURING)
    (mail,) = Message.objects.filter(to="new@example.org")
    assert f"/invitations/{token}/" in mail.body
    other, new = person("other"), person("new")
    with pytest.raises(NotPermitted):
        take(other, token)
    assert take(new, token) == "hanbit"
    assert [(m.name, m.role) for m in queries.members(organisation_id) if m.role == "finance"] == [("new", "finance")]
    with pytest.raises(Stale):
        take(new, token)
    with pytest.raises(NotFound):
        take(new, token[:-1] + "x")


def test_an_invitation_ends_is_taken_back_and_is_replaced():
    head = member_of("hanbit")
    new = person("new")
    token, _ = invited(head)
    with pytest.raises(Stale):
        take(new, token, DURING + timedelta(days=14))
    second, _ = invited(head)
    with pytest.raises(Stale):
        take(new, token)
    operations.uninvite(actor=head, now=DURING, invitation_id=queries.invitation_of(second).id)
    with pytest.raises(Stale):
        take(new, second)
    assert take(new, invited(head)[0]) == "hanbit"


def test_only_heads_invite_and_only_who_can_be_invited():
    head, stranger = member_of("hanbit"), member_of("dalbit")
    token, organisation_id = invited(head)
    with pytest.raises(NotFound):
        operations.invite(actor=stranger, now=DURING, organisation_id=organisation_id, email="x@example.org")
    with pytest.raises(NotFound):
        operations.uninvite(actor=stranger, now=DURING, invitation_id=queries.invitation_of(token).id)
    new = person("new")
    take(new, token)
    with pytest.raises(NotPermitted):
        operations.invite(
            actor=queries.actor_by_email("new@example.org"), now=DURING, organisation_id=organisation_id,
            email="y@example.org",
        )  # fmt: skip
    for email, role in (("no address", "member"), ("new@example.org", "member"), ("z@example.org", "king")):
        with pytest.raises(InvalidInput):
            operations.invite(actor=head, now=DURING, organisation_id=organisation_id, email=email, role=role)
    assert Invitation.objects.count() == 1


def test_the_pages_invite_and_admit(monkeypatch):
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: DURING)
    head = member_of("hanbit")
    assert browser(head).post("/organisations/hanbit/invite/", {"email": "new@example.org"}).status_code == 302
    assert "new@example.org" in browser(head).get("/organisations/hanbit/").content.decode()
    token = queries.invitation_token(Invitation.objects.get().pk)
    assert browser().get(f"/invitations/{token}/").status_code == 302
    new = browser(person("new"))
    assert "hanbit" in new.get(f"/invitations/{token}/").content.decode()
    assert new.post(f"/invitations/{token}/").status_code == 302
    assert browser(member_of("dalbit")).post("/organisations/hanbit/invite/", {"email": "a@b.org"}).status_code == 404


@pytest.mark.parametrize("number", ["02twcfp32", "03yrm5c26", "04h699437", "05a28rw58", "00hx57361"])
def test_published_ror_ids_have_their_check_digits(number):
    assert is_ror(tidy_ror(f"https://ror.org/{number}"))
    assert not is_ror(number[:-1] + str((int(number[-1]) + 1) % 10))
    assert not is_ror(number[1:])


def test_an_organisation_says_its_domain_and_ror_and_both_are_checked():
    head = member_of("hanbit")
    (organisation_id,) = head.organisations
    said = {"name": "hanbit", "applicant_class": "academia", "region": "seoul"}
    for wrong in ({"ror": "04h699438"}, {"email_domain": "no domain"}):
        with pytest.raises(InvalidInput) as refused:
            operations.correct_organisation(actor=head, now=DURING, organisation_id=organisation_id, **said, **wrong)
        assert [mistake.where for mistake in refused.value.mistakes] == list(wrong)
    operations.correct_organisation(
        actor=head, now=DURING, organisation_id=organisation_id, **said, ror="https://ror.org/04h699437",
        email_domain="@Example.org",
    )  # fmt: skip
    record = queries.organisation_record(organisation_id, head)
    assert (record.ror, record.email_domain) == ("04h699437", "example.org")
    assert all(member.is_of(record.email_domain) for member in queries.members(organisation_id))


@pytest.mark.parametrize("email", ["a,b@example.org", "<a@example.org", "a@example.org,c", "a b@example.org", "a@b"])
def test_only_one_plain_address_is_invited(email):
    with pytest.raises(InvalidInput):
        invited(member_of("hanbit"), email)
    assert not Invitation.objects.exists()
