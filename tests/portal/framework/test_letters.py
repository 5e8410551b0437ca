"""What no database keeps is refused at the door, in pages and in the API, with the place named; nothing is written."""

from __future__ import annotations

import json

import pytest
from django.db import DataError
from django.test import Client

from dure.portal.people.models import Organisation
from tests.portal.competition import browser, person

pytestmark = pytest.mark.django_db
NEW = {"name": "한빛", "applicant_class": "academia", "region": "seoul"}


@pytest.mark.parametrize("path", ["/results/a%00b/", "/calls/?q=a%00", "/api/results?q=%00", "/api/calls/%00"])
def test_an_address_with_a_null_is_refused(path):
    response = Client().get(path)
    assert response.status_code in (404, 422)  # 404 where no address has such a part
    if path.startswith("/api/") and response.status_code == 422:
        assert response.json()["mistakes"][0]["where"] == "address"


def test_a_form_with_a_null_is_refused_and_its_field_named():
    page = browser(person("who")).post("/profile/", {"name": "a\x00b", "language": "ko"})
    assert page.status_code == 422


@pytest.mark.parametrize(("name", "where"), [("\x00", "body.name"), ("\ud800", "body.name"), ("a\udfffb", "body.name")])
def test_letters_that_cannot_be_written_are_refused(name, where):
    body = json.dumps(NEW | {"name": name})
    answer = browser(person("who")).post("/api/organisations", body, content_type="application/json")
    assert (answer.status_code, answer.json()["mistakes"][0]["where"]) == (422, where)
    assert not Organisation.objects.exists()


def test_a_letter_outside_the_first_plane_is_a_letter():
    body = json.dumps(NEW | {"name": "한빛 \U0001f30a"})  # escaped as a pair of surrogates
    answer = browser(person("who")).post("/api/organisations", body, content_type="application/json")
    assert answer.status_code == 201


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"name": NaN}', "\xff", '{"name": ' + "9" * 10_000 + "}"])
def test_what_is_no_json_is_refused_in_the_shape_of_every_refusal(body):
    answer = browser(person("who")).post("/api/organisations", body, content_type="application/json")
    assert answer.status_code == 400
    assert set(answer.json()) == {"kind", "message", "mistakes"}


def test_a_value_that_its_column_cannot_hold_is_the_senders_mistake(monkeypatch):
    def refuse(**_: object) -> int:
        raise DataError("value too long for type character varying(120)")

    monkeypatch.setattr("dure.portal.people.operations.found_organisation", refuse)
    client = browser(person("who"))
    answer = client.post("/api/organisations", json.dumps(NEW), content_type="application/json")
    assert (answer.status_code, answer.json()["kind"]) == (422, "InvalidInput")
    page = client.post("/organisations/new/", NEW)
    assert page.status_code == 422


def test_writing_through_the_api_is_limited_and_reading_is_not(monkeypatch):
    monkeypatch.setattr("dure.portal.framework.api.WRITES", 3)
    client = browser(person("who"))
    codes = [client.post("/api/organisations", "{}", content_type="application/json").status_code for _ in range(4)]
    assert codes == [422, 422, 422, 429]
    assert client.get("/api/me").status_code == 200
    other = browser(person("other")).post("/api/organisations", "{}", content_type="application/json")
    assert other.status_code == 422
