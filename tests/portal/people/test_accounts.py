"""Registering, verifying an address, signing in, a new password: the whole way, and that it tells strangers nothing."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from dure.portal.messages.models import Message
from dure.portal.people.models import Consent, User

pytestmark = pytest.mark.django_db
PASSWORD = "두레박-우물-2026"
SIGNUP = {"email": "new@example.org", "name": "홍길동", "password1": PASSWORD, "password2": PASSWORD, "agrees": "on"}


@pytest.fixture(autouse=True)
def outbox(settings):
    """The portal's own outbox, which tests replace by default; and a cheap hash, since none is attacked here."""
    settings.EMAIL_BACKEND = "dure.portal.messages.backend.OutboxBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def link_in(message: Message) -> str:
    return re.search(r"https?://[^/\s]+(/\S+)", message.body)[1]


def signed_up(client: Client) -> Message:
    response = client.post("/accounts/signup/", SIGNUP)
    assert response.status_code == 302
    assert response["Location"] == "/accounts/confirm-email/"
    return Message.objects.get(to="new@example.org")


def confirmed(client: Client) -> None:
    path = link_in(signed_up(client))
    assert client.get(path).status_code == 200
    client.post(path)


def test_from_registering_to_the_first_task():
    client = Client()
    message = signed_up(client)
    user = User.objects.get()
    assert (user.name, user.language) == ("홍길동", "ko")
    assert Consent.objects.get().document == "privacy"
    login = {"login": "new@example.org", "password": PASSWORD}
    assert client.post("/accounts/login/", login)["Location"] == "/accounts/confirm-email/", "not before the address is"
    path = link_in(message)
    assert "맞습니까" in client.get(path).content.decode()
    client.post(path)
    response = client.post("/accounts/login/", login)
    assert response["Location"] == "/home/"
    assert "소속 기관을 찾거나 등록하십시오" in client.get("/home/").content.decode()


def test_registering_in_english_speaks_english():
    client = Client()
    client.cookies["dure_language"] = "en"
    message = signed_up(client)
    assert User.objects.get().language == "en"
    assert "confirm" in message.body.lower()
    assert not re.search("[가-힣]", message.body), "no Korean is left in an English mail"


def test_consent_and_name_are_needed_and_nothing_is_left_behind():
    for missing in ("agrees", "name", "password2"):
        data = {key: value for key, value in SIGNUP.items() if key != missing}
        response = Client().post("/accounts/signup/", data)
        assert response.status_code == 200
        assert "new@example.org" in response.content.decode(), "what was typed is kept"
        assert not User.objects.exists()
        assert not Message.objects.exists()


def test_a_known_address_looks_like_a_new_one():
    confirmed(Client())
    cache.clear()  # mail to one address is limited; this is another day
    before = User.objects.get().password
    stranger = Client()
    again = stranger.post(
        "/accounts/signup/", {**SIGNUP, "password1": "다른-비밀번호-2029", "password2": "다른-비밀번호-2029"}
    )
    fresh = Client().post("/accounts/signup/", {**SIGNUP, "email": "other@example.org"})
    assert (again.status_code, again["Location"]) == (fresh.status_code, fresh["Location"])
    assert User.objects.filter(email="new@example.org").get().password == before
    assert "이미" in Message.objects.filter(to="new@example.org").order_by("id").last().subject


def test_password_reset_tells_nothing_and_works():
    confirmed(Client())
    client = Client()
    known = client.post("/accounts/password/reset/", {"email": "new@example.org"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    path = link_in(Message.objects.filter(to="new@example.org").order_by("id").last())
    page = client.get(path, follow=True)
    action = page.request["PATH_INFO"]
    assert client.post(action, {"password1": "short", "password2": "short"}).status_code == 200
    client.post(action, {"password1": "새-비밀번호-2027", "password2": "새-비밀번호-2027"})
    login = Client().post("/accounts/login/", {"login": "new@example.org", "password": "새-비밀번호-2027"})
    assert login["Location"] == "/home/"
    assert client.get(path, follow=True).status_code == 200
    assert "쓸 수 없는 주소" in Client().get(path, follow=True).content.decode(), "the link works once"


def test_wrong_password_and_unknown_address_say_the_same():
    confirmed(Client())
    wrong = Client().post("/accounts/login/", {"login": "new@example.org", "password": "아님"}).content.decode()
    unknown = Client().post("/accounts/login/", {"login": "nobody@example.org", "password": "아님"}).content.decode()
    sentence = "이메일이나 비밀번호가 맞지 않습니다"
    assert sentence in wrong
    assert sentence in unknown


def test_signing_in_is_limited():
    confirmed(Client())
    for _ in range(6):
        Client().post("/accounts/login/", {"login": "new@example.org", "password": "아님"})
    page = Client().post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD})
    assert page.status_code == 200, "even the right password has to wait"
    assert "다시 시도" in page.content.decode()


def test_asking_for_many_accounts_is_limited_and_says_so():
    for number in range(21):
        page = Client().post("/accounts/signup/", {**SIGNUP, "email": f"n{number}@example.org"})
    assert page.status_code == 429
    assert "잠시 기다려 주십시오" in page.content.decode()


def test_account_pages_are_ours_in_both_languages():
    client = Client()
    confirmed(client)
    client.post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD})
    for path in ("/accounts/email/", "/accounts/password/change/", "/accounts/logout/", "/profile/"):
        for language in ("ko", "en"):
            client.cookies["dure_language"] = language
            page = client.get(path)
            assert page.status_code == 200, path
            assert 'class="brand"' in page.content.decode(), path
            assert "Content-Security-Policy" in page


def test_profile_is_saved_and_wrong_orcid_is_refused_at_its_field():
    client = Client()
    confirmed(client)
    client.post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD})
    response = client.post("/profile/", {"name": "홍길동", "language": "en", "orcid": "0000-0002-1825-0098"})
    assert response.status_code == 422
    assert 'href="#id_orcid"' in response.content.decode()
    assert (
        client.post("/profile/", {"name": "홍길동", "language": "en", "orcid": "0000-0002-1825-0097"}).status_code
        == 302
    )
    assert User.objects.get().orcid == "0000-0002-1825-0097"
