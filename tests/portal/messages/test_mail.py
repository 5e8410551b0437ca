"""The outbox: written once, read by its owner, sent once, tried again."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.test import Client

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.loops import deliver
from dure.portal.messages import operations, queries
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people.models import User
from dure.portal.people.queries import actor_by_email

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def person(name: str, language: str = "ko") -> int:
    return people.add_person(email=f"{name}@example.org", name=name, language=language, is_verified=True, now=NOW)


def announce(user_id: int, key: str = "k") -> None:
    subject, body = Text("제목", "Subject"), Text("내용 http://127.0.0.1/home/", "Body http://127.0.0.1/home/")
    operations.announce(key=key, user_id=user_id, subject=subject, body=body, now=NOW)


class Server(EmailBackend):
    """A mail server in memory that refuses what its list says."""

    def __init__(self, refuse=(), broken=False):
        super().__init__(host="nowhere")
        self.refuse, self.broken, self.taken = refuse, broken, []

    def open(self):
        return True

    def close(self):
        pass

    def send_messages(self, email_messages):
        for mail in email_messages:
            if self.broken:
                raise smtplib.SMTPServerDisconnected("gone")
            if mail.to[0] in self.refuse:
                raise smtplib.SMTPRecipientsRefused({mail.to[0]: (550, b"no such user")})
            self.taken.append(mail)
        return len(email_messages)


@pytest.fixture
def server(settings, monkeypatch):
    settings.ENV = replace(settings.ENV, smtp_url="smtp://nowhere")
    server = Server()
    monkeypatch.setattr(deliver, "_server", lambda url: server)
    return server


def test_the_same_key_leaves_one_mail_in_the_readers_language():
    user_id = person("reader", "en")
    announce(user_id)
    announce(user_id)
    assert [m.subject for m in Message.objects.all()] == ["Subject"]


def test_paths_of_the_portal_become_addresses():
    body = Text("결과: /awards/25-1-0007/ (H200/B200, 3/4)", "x")
    operations.announce(key="k", user_id=person("a"), subject=Text("가", "a"), body=body, now=NOW)
    assert Message.objects.get().body == "결과: http://127.0.0.1:8000/awards/25-1-0007/ (H200/B200, 3/4)"


def test_mail_is_read_by_its_owner_only_while_time_is_real():
    owner, _ = person("owner"), person("other")
    announce(owner)
    message = Message.objects.get()
    assert queries.message(message.pk, actor_by_email("owner@example.org")).subject == "제목"
    with pytest.raises(NotFound):
        queries.message(message.pk, actor_by_email("other@example.org"))
    client = Client()
    assert client.get("/mail/all/").status_code == 404
    client.force_login(User.objects.get(pk=owner))
    page = client.get(f"/mail/{message.pk}/").content.decode()
    assert '<a href="http://127.0.0.1/home/"' in page, "its address is a link"
    client.force_login(User.objects.get(email="other@example.org"))
    assert client.get(f"/mail/{message.pk}/").status_code == 404
    assert "제목" not in client.get("/mail/").content.decode()


def test_a_demonstration_shows_all_mail_unless_a_mail_server_is_set(settings):
    announce(person("owner"))
    settings.ENV = replace(settings.ENV, clock="virtual")
    assert "제목" in Client().get("/mail/all/").content.decode()
    assert Client().get("/mail/")["Location"] == "/mail/all/"
    settings.ENV = replace(settings.ENV, smtp_url="smtp://nowhere")
    assert Client().get("/mail/all/").status_code == 404


def test_sent_once_with_a_stable_identity(server):
    announce(person("owner"))
    assert deliver.run(NOW) == 1
    assert deliver.run(NOW) == 0
    (mail,) = server.taken
    assert mail.to == ["owner@example.org"]
    assert Message.objects.get().sent_at == NOW
    again = deliver._mail(queries.message_view(Message.objects.get()))
    assert again.extra_headers["Message-ID"] == mail.extra_headers["Message-ID"]


def test_a_refused_recipient_does_not_hold_up_others_and_is_tried_later(server):
    server.refuse = ("bad@example.org",)
    announce(person("bad"), "1")
    announce(person("good"), "2")
    assert deliver.run(NOW) == 1
    bad = Message.objects.get(to="bad@example.org")
    assert (bad.attempts, bad.sent_at) == (1, None)
    assert "550" in bad.last_error
    assert deliver.run(NOW) == 0, "not at once again"
    server.refuse = ()
    assert deliver.run(NOW + timedelta(minutes=1)) == 1


def test_what_people_call_themselves_begins_no_header(server):
    subject = Text("가나다\r\nBcc: all@example.org\x00 님이 신청", "x" * 400)
    user_id = person("owner")
    operations.announce(key="k", user_id=user_id, subject=subject, body=Text("내용", "Body"), now=NOW)
    assert Message.objects.get().subject == "가나다 Bcc: all@example.org 님이 신청"
    assert deliver.run(NOW) == 1
    assert server.taken[0].message()["Bcc"] is None


def test_an_address_that_cannot_be_holds_up_nobody(server):
    server.send_messages = lambda mails: [mail.message() for mail in mails] and 1  # builds headers as the real one does
    for key, to in (("1", "a,b@example.org"), ("2", "가@나@다"), ("3", "good@example.org")):
        operations.write(key=key, to=to, subject="제목", body="내용", now=NOW)
    Message.objects.filter(key="1").update(subject="a\nBcc: b@example.org")  # as an older version may have left it
    assert deliver.run(NOW) == 1
    refused = Message.objects.exclude(key="3")
    assert {(one.attempts, one.sent_at) for one in refused} == {(1, None)}
    assert Message.objects.get(key="3").sent_at == NOW


def test_a_broken_server_loses_nothing(server):
    server.broken = True
    announce(person("owner"))
    assert deliver.run(NOW) == 0
    server.broken = False
    assert deliver.run(NOW + timedelta(minutes=5)) == 1


def test_given_up_after_many_attempts(server):
    server.refuse = ("bad@example.org",)
    announce(person("bad"))
    when = NOW
    for _ in range(queries.MOST_ATTEMPTS + 3):
        deliver.run(when)
        when += timedelta(days=1)
    assert Message.objects.get().attempts == queries.MOST_ATTEMPTS


def test_memberships_and_organisations_are_announced_once():
    person("head")
    person("guest")
    head, guest = actor_by_email("head@example.org"), actor_by_email("guest@example.org")
    organisation = people.found_organisation(
        actor=head, now=NOW, name="한빛", name_en="Hanbit", applicant_class="academia", region="seoul"
    )
    membership = people.request_membership(actor=guest, now=NOW, organisation_id=organisation)
    assert deliver.run(NOW) == 0
    assert "guest" in Message.objects.get(to="head@example.org").subject
    people.approve_membership(actor=actor_by_email("head@example.org"), now=NOW, membership_id=membership)
    deliver.run(NOW)
    deliver.run(NOW + timedelta(hours=1))
    assert Message.objects.filter(to="guest@example.org").count() == 1
    assert Message.objects.count() == 2
