"""On English pages nothing but names and data is Korean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.test import Client

from dure.portal.people import operations as people
from dure.portal.people.actor import system
from dure.portal.people.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 10, tzinfo=UTC)
PAGES = (
    "/", "/home/", "/results/", "/programme/", "/dashboard/", "/search/?q=nothing", "/journal/", "/profile/", "/mail/",
    "/organisations/", "/organisations/mine/", "/organisations/new/", "/organisations/join/?q=zz", "/people/roles/",
    "/outcomes/", "/published/", "/accounts/email/", "/accounts/password/change/", "/accounts/logout/", "/nowhere/",
)  # fmt: skip
STRANGERS = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/confirm-email/")


class Said(HTMLParser):
    """The text of a page outside script, style and parts marked as Korean on purpose."""

    def __init__(self):
        super().__init__()
        self.words, self.skip = [], 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "style") or attrs.get("lang") == "ko":
            self.skip += 1
        self.words += [
            value for name, value in attrs.items() if name in ("aria-label", "title", "placeholder") and value
        ]

    def handle_endtag(self, tag):
        if self.skip and tag in ("script", "style", "button", "span"):
            self.skip -= 1

    def handle_data(self, data):
        if not self.skip:
            self.words.append(data)


def korean_in(html: str) -> list[str]:
    said = Said()
    said.feed(html)
    return [word.strip() for word in said.words if re.search("[가-힣]", word)]


def english(path: str, *, as_manager: bool) -> list[str]:
    client = Client()
    client.cookies["dure_language"] = "en"
    if as_manager:
        user_id = people.add_person(email="m@example.org", name="M", is_verified=True, now=NOW)
        people.give_role(actor=system("t"), now=NOW, user_id=user_id, role="programme_manager")
        client.force_login(User.objects.get(pk=user_id))
    return korean_in(client.get(path).content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_english_pages_speak_english(path):
    assert [word for word in english(path, as_manager=True) if word != "한국어"] == []


@pytest.mark.parametrize("path", STRANGERS)
def test_english_account_pages_speak_english(path):
    assert [word for word in english(path, as_manager=False) if word != "한국어"] == []


def test_refusals_speak_english():
    client = Client()
    client.cookies["dure_language"] = "en"
    user_id = people.add_person(email="a@example.org", name="A", is_verified=True, now=NOW)
    client.force_login(User.objects.get(pk=user_id))
    page = client.get("/journal/").content.decode()
    assert "only for auditors" in page
    assert [word for word in korean_in(page) if word != "한국어"] == []
    response = client.post("/organisations/new/", {"name": "x", "applicant_class": "academia", "region": "seoul",
                                                   "registration_number": "123-45-67890"})  # fmt: skip
    assert [word for word in korean_in(response.content.decode()) if word != "한국어"] == []
