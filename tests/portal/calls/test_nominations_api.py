"""Nominations over the API: a ministry's own, with the pages' rules."""

from __future__ import annotations

import pytest

from dure.portal.calls import queries
from tests.portal.calls.test_asking import national, nominator
from tests.portal.competition import DURING, browser, member_of, person
from tests.portal.reviews.test_competition_api import send

pytestmark = pytest.mark.django_db


def test_a_ministry_nominates_and_withdraws_its_own(at):
    at(DURING)
    boss, code = national()
    official, other = browser(nominator()), browser(nominator("mohw", "health"))
    (organisation_id,) = member_of("lab", applicant_class="national").organisations
    body = {"ministry": "msit", "organisation_id": organisation_id, "project": "자율주행", "reason": "국정과제"}
    path = f"/calls/{code}/nominations"
    assert (send(browser(), "post", path, body)[0], send(other, "post", path, body)[0]) == (401, 403)
    assert send(official, "post", path, body | {"reason": " "})[0] == 422
    status, made = send(official, "post", path, body)
    assert (status, made["organisation"]) == (201, "lab")
    assert send(official, "post", path, body)[0] == 422, "nominated already"
    assert [len(send(who, "get", path)[1]) for who in (official, other, browser(boss))] == [1, 0, 1]
    assert send(browser(person("anyone")), "get", path)[0] == 403
    withdraw = f"{path}/{made['id']}/withdraw"
    assert send(other, "post", withdraw, {"reason": "x"})[0] == 404
    assert send(official, "post", withdraw, {"reason": "과제 변경"})[1]["withdrawn_reason"] == "과제 변경"
    assert queries.nominated_by(code, organisation_id) == ""
