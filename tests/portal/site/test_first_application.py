"""The way of docs/usability-script.md, screen by screen: somebody without an account submits an application."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from dure.portal.applications.models import Application
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people import queries
from dure.portal.people.models import User
from tests.portal.competition import DURING, manager, opened

SCRIPT = Path(__file__).parents[3] / "docs" / "usability-script.md"
SCREENS = re.compile(r"^\| \d+ \|[^|]*\| `(/[^`]*)` \|", re.MULTILINE)
EMAIL, PASSWORD = "first@example.org", "두레박-우물-2026"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def instant(monkeypatch, settings):
    """A day of the call; the portal's own outbox; a cheap hash, since nobody attacks it here."""
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: DURING)
    settings.EMAIL_BACKEND = "dure.portal.messages.backend.OutboxBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Walk:
    """A browser that counts the screens on which a form was sent."""

    def __init__(self) -> None:
        self.client, self.screens = Client(), []

    def send(self, path: str, **typed: str) -> str:
        """Open a screen, send its form; where it leads. The same screen sent twice is one screen."""
        assert self.client.get(path).status_code == 200
        response = self.client.post(path, typed)
        assert response.status_code == 302, response.content.decode()[:2000]
        if path not in self.screens:
            self.screens.append(path)
        return response["Location"]


def _account(walk: Walk) -> None:
    walk.send("/accounts/signup/", email=EMAIL, name="홍길동", password1=PASSWORD, password2=PASSWORD, agrees="on")
    body = Message.objects.get(to=EMAIL).body
    walk.send(re.search(r"https?://[^/\s]+(/\S+)", body)[1])
    assert walk.send("/accounts/login/", login=EMAIL, password=PASSWORD) == "/home/"


def _organisation(walk: Walk) -> int:
    walk.send("/organisations/new/", name="한빛대학교", applicant_class="academia", region="daejeon")
    (organisation_id,) = queries.actor_of(User.objects.get(email=EMAIL)).organisations
    people.verify_organisation(actor=manager(), now=DURING, organisation_id=organisation_id)
    return organisation_id


def _application(walk: Walk, organisation_id: int) -> str:
    number = walk.send("/applications/new/?call=25-1", organisation=str(organisation_id)).strip("/").split("/")[-1]
    steps = f"/applications/{number}/edit"
    plan = {"plan.goal": "목표", "plan.method": "방법", "plan.sizing": "근거"}
    walk.send(
        f"{steps}/project/", **{"title.ko": "모델", "summary": "요약", "field": "language", "keywords": "언어"}, **plan
    )
    models = {"models.h200": "100", "models.b200": "0"}
    months = {"months": "6", "earliest_start": "2026-04", "latest_start": "2026-08"}
    walk.send(f"{steps}/compute/", requested_nodes="8", min_nodes="", **models, **months)
    member = {"team.0.name": "홍길동", "team.0.affiliation": "한빛대학교", "team.0.role": "lead"}
    walk.send(f"{steps}/team/", **member)
    walk.send(f"{steps}/questions/", **{"answers.releases-model": "no"})
    walk.send(f"{steps}/consent/", **dict.fromkeys(("consents.privacy", "consents.duties", "consents.truth"), "on"))
    walk.send(f"/applications/{number}/submit/")
    return number


def test_a_first_application_takes_the_screens_of_the_script():
    opened(manager())
    walk = Walk()
    _account(walk)
    number = _application(walk, _organisation(walk))
    assert Application.objects.get(number=number).state == "submitted"
    written = SCREENS.findall(SCRIPT.read_text())
    taken = [path.replace(number, "NUMBER").replace("call=25-1", "call=CODE") for path in walk.screens]
    taken = [re.sub(r"confirm-email/[^/]+/", "confirm-email/KEY/", path) for path in taken]
    assert taken == written
