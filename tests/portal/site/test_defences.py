"""What holds on every page: tokens against forged forms, headers, sessions that end, no way out through `next`."""

from __future__ import annotations

import logging
import re
from collections import Counter

import pytest
from django.test import Client
from ninja import Schema

from dure.portal.people.models import User
from tests.portal.competition import browser, manager, person
from tests.portal.leaks import routes

pytestmark = pytest.mark.django_db
PASSWORD = "두레박-우물-2026"
EVIL = ("https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)")


@pytest.fixture
def member(settings):
    """Somebody who signs in with a password; the hash is cheap, since none is attacked here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = User.objects.get(pk=person("member").user_id)
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_in(user: User, **more: str) -> Client:
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, **more})
    assert answer.status_code == 302
    client.last = answer["Location"]
    return client


def test_no_address_takes_a_forged_form():
    """A session cookie alone writes nothing: every address wants the token, but the agents', which take no cookie."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies = browser(manager()).cookies
    logging.disable(logging.CRITICAL)
    taken = []
    for route in routes():
        path = "/" + route.replace("<", "x").replace(">", "x").replace(":", "")
        if "(?P" in route:
            continue
        for method in ("post", "put", "patch", "delete") if route.startswith("api/") else ("post",):
            answer = getattr(client, method)(path, "{}", content_type="application/json")
            if answer.status_code not in (403, 404, 405):
                taken.append(f"{method} {route}: {answer.status_code}")
    logging.disable(logging.NOTSET)
    agents = ("inventory", "lease", "report", "token", "usage")
    assert sorted(taken) == [f"post api/agent/v1/{door}: 401" for door in agents]


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/accounts/login/", "/journal/", "/calls/?q=%00", "/api/me"])
def test_every_answer_says_what_a_browser_may_do_with_it(path):
    for client in (Client(), browser(person("who"))):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_of_the_interface_is_our_own_and_names_every_operation(language):
    page = browser(None, language).get("/api/docs").content.decode()
    assert "https://cdn" not in page
    for route in routes():
        if route.startswith("api/") and route not in ("api/", "api/docs", "api/openapi.json"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
            assert f"/{path}</code>" in page, route


def test_no_two_shapes_of_the_interface_have_one_name():
    """The document that describes it names shapes without their room: of two alike it would show one for both."""
    found, waiting = set(), [Schema]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("dure."):
            found.add(kind)
    names = Counter(kind.__name__ for kind in found)
    assert [name for name, count in names.items() if count > 1] == []
    assert len(names) > 50


def test_an_error_of_ours_says_nothing_of_itself(monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr("dure.portal.site.register.totals", broken)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "secret-detail" not in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_another_host_is_not_answered():
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("target", EVIL)
def test_nobody_is_sent_away_from_here(target, member):
    assert signed_in(member, next=target).last == "/home/"
    assert Client().post("/display/", {"next": target, "language": "en"})["Location"] == "/"


def test_a_session_begins_anew_at_sign_in_and_is_over_at_sign_out(member):
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "x"
    session.save()
    planted = client.cookies["sessionid"].value
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    held = client.cookies["sessionid"].value
    assert held != planted
    thief = Client()
    thief.cookies["sessionid"] = held
    assert thief.get("/profile/").status_code == 200
    client.post("/accounts/logout/")
    assert thief.get("/profile/").status_code == 302, "a copied cookie opens nothing any more"


def test_a_new_password_ends_all_other_sessions(member):
    client, other = signed_in(member), signed_in(member)
    new = {"oldpassword": PASSWORD, "password1": "새-비밀번호-2027", "password2": "새-비밀번호-2027"}
    assert client.post("/accounts/password/change/", new).status_code == 302
    assert other.get("/profile/").status_code == 302
