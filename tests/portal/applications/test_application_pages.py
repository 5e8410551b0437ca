"""Pages of applicants and of intake: the whole way in the browser without JavaScript, and who is kept out."""

from __future__ import annotations

import hashlib

import pytest

from dure.portal.applications import operations, queries
from dure.portal.applications.models import Application, Version
from dure.portal.calls import operations as calls
from tests.portal.competition import (
    AFTER,
    CLOSES,
    DURING,
    SECOND,
    browser,
    complete,
    manager,
    member_of,
    opened,
    person,
    submitted,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
PROJECT = {
    "title.ko": "한국어 모델",
    "title.en": "Korean model",
    "summary": "요약",
    "field": "language",
    "keywords": "언어 모델, 사전 학습,언어 모델",
    "plan.goal": "목표",
    "plan.method": "방법",
    "plan.sizing": "근거",
}
COMPUTE = {
    "models.h200": "100",
    "models.b200": "0",
    "requested_nodes": "8",
    "min_nodes": "",
    "months": "6",
    "earliest_start": "2026-04",
    "latest_start": "2026-08",
}
TEAM = {
    "team.0.name": "김하늘",
    "team.0.affiliation": "한빛대학교",
    "team.0.email": "sky@example.org",
    "team.0.role": "lead",
    "team.1.name": "",
}
CONSENT = {"consents.privacy": "on", "consents.duties": "on", "consents.truth": "on"}


def begun(head):
    (organisation_id,) = head.organisations
    return operations.start(actor=head, now=DURING, call_code="25-1", organisation_id=organisation_id)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_applicant_applies_in_the_browser_without_javascript(language, at):
    opened(manager())
    head = member_of("hanbit")
    client = browser(head, language)
    (organisation_id,) = head.organisations
    assert client.get("/applications/new/?call=25-1").status_code == 200
    begin = client.post("/applications/new/?call=25-1", {"organisation": organisation_id})
    path = begin["Location"]
    assert client.get(path).status_code == 200
    screens = 2
    step = path + "edit/project/"
    for typed, expected in (
        (PROJECT, "edit/compute/"),
        (COMPUTE, "edit/team/"),
        (TEAM, "edit/questions/"),
        ({"answers.releases-model": "yes"}, "edit/questions/"),
        ({"answers.releases-model": "yes", "answers.licence": "apache"}, "edit/consent/"),
        (CONSENT, "submit/"),
    ):
        assert client.get(step).status_code == 200
        answer = client.post(step, typed | {"action": "next"})
        assert (answer.status_code, answer["Location"]) == (302, path + expected)
        step, screens = answer["Location"], screens + 1
    page = client.get(step)
    assert page.status_code == 200 and 'class="errors"' not in page.content.decode()
    at(CLOSES - SECOND)
    done = client.post(step)
    assert done["Location"] == path + "receipt/"
    receipt = client.get(done["Location"]).content.decode()
    number = path.split("/")[2]
    view = queries.application(number, head)
    assert view.receipt.hash in receipt and screens + 1 <= 12
    assert view.content.keywords == ("언어 모델", "사전 학습") and view.content.min_nodes == 8
    sealed = client.get(f"{path}versions/1.json").content
    assert view.receipt.hash == "sha256:" + hashlib.sha256(sealed).hexdigest()
    for tail in ("", "versions/1/"):
        assert client.get(path + tail).status_code == 200
    assert client.post(step)["Location"] == path + "receipt/", "a second press finds it submitted"
    assert Version.objects.count() == 1
    at(CLOSES)
    client.post(path + "withdraw/")
    assert queries.application(number, head).state == "submitted", "too late to withdraw"


def test_a_half_filled_step_is_saved_and_wrong_values_are_kept_with_their_errors():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    client = browser(head)
    step = f"/applications/{number}/edit/project/"
    client.post(step, {"title.ko": "제목만", "action": "save"})
    assert queries.application(number, head).draft.title.ko == "제목만"
    shown = client.get(f"/applications/{number}/edit/compute/").content.decode()
    assert "/estimate/?applicant_class=" in shown and 'target="_blank"' in shown, "it opens beside what is typed"
    wrong = client.post(f"/applications/{number}/edit/compute/", COMPUTE | {"months": "six"})
    text = wrong.content.decode()
    assert wrong.status_code == 422 and 'value="six"' in text and 'href="#id_months"' in text
    assert queries.application(number, head).draft.requested_nodes is None


def test_the_price_follows_while_typing_and_what_remains_is_said():
    opened(manager())
    head = member_of("maker", applicant_class="industry")
    number = begun(head)
    client = browser(head)
    page = client.post(
        f"/applications/{number}/edit/compute/", COMPUTE | {"edition": "0"}, headers={"HX-Request": "true"}
    )
    text = page.content.decode()
    assert "1억 5,360만 원" in text and 'name="edition" value="1"' in text and "<html" not in text
    stale = client.post(
        f"/applications/{number}/edit/compute/", COMPUTE | {"edition": "0"}, headers={"HX-Request": "true"}
    )
    assert "다른 창" in stale.content.decode()
    assert "제출하기 전에" in client.get(f"/applications/{number}/submit/").content.decode()
    refused = client.post(f"/applications/{number}/submit/")
    assert (
        refused.status_code == 422 and f"/applications/{number}/edit/project/#id_title.ko" in refused.content.decode()
    )


def test_a_second_late_on_the_page(at):
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    operations.save_draft(actor=head, now=DURING, number=number, content=complete())
    at(CLOSES + SECOND)
    page = browser(head).post(f"/applications/{number}/submit/")
    assert page.status_code == 422 and "마감이 지났습니다" in page.content.decode()
    assert not Version.objects.exists()


def test_strangers_find_nothing_and_visitors_are_sent_to_sign_in():
    opened(manager())
    number = submitted(member_of("hanbit"))
    base = f"/applications/{number}/"
    tails = ("", "submit/", "receipt/", "discard/", "versions/1/", "versions/1.json", "edit/project/")
    for who in (person("anyone"), member_of("saebyeok"), person("rev", "reviewer"), person("fin", "finance")):
        client = browser(who)
        for tail in tails:
            assert client.get(base + tail).status_code == 404, tail
        for tail in ("submit/", "withdraw/", "discard/", "edit/project/"):
            assert client.post(base + tail).status_code == 404, tail
        for tail in ("admit/", "refuse/"):
            assert client.post(base + tail).status_code == 403, tail
        assert number not in client.get("/applications/").content.decode()
        assert number not in client.get("/applications/mine/").content.decode()
    for tail in tails:
        assert "/login/" in browser().get(base + tail)["Location"]
    assert Application.objects.get(number=number).state == "submitted"


def test_a_draft_is_discarded_after_asking():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    client = browser(head)
    assert client.get(f"/applications/{number}/discard/").status_code == 200
    assert queries.application(number, head).state == "draft"
    client.post(f"/applications/{number}/discard/")
    assert queries.mine(head) == []


def test_intake_lists_filters_exports_and_judges(at):
    boss = manager()
    opened(boss)
    good, new = submitted(member_of("hanbit", "한빛대학교")), submitted(member_of("fresh", "새내기", verified=False))
    calls.close(actor=boss, now=AFTER, code="25-1")
    at(AFTER)
    client = browser(boss)
    text = client.get("/applications/?call=25-1").content.decode()
    assert good in text and "기관 확인이 끝나지 않았습니다" in text
    assert good not in client.get("/applications/?call=25-1&q=새내기").content.decode()
    assert good not in client.get("/applications/?call=25-1&eligible=no").content.decode()
    assert new in client.get("/applications/?call=25-1&format=csv").content.decode("utf-8-sig")
    assert client.get("/applications/?call=25-1&format=xlsx").content[:2] == b"PK"
    client.post("/applications/admit/25-1/", {"all": "1"})
    assert queries.application(good, boss).state == "admitted"
    assert queries.application(new, boss).state == "submitted"
    form = client.get(f"/applications/{new}/refuse/").content.decode()
    assert "기관 확인이 끝나지 않았습니다" in form, "the reason is proposed"
    assert client.post(f"/applications/{new}/refuse/", {"ko": "", "en": "x"}).status_code == 422
    client.post(f"/applications/{new}/refuse/", {"ko": "미확인", "en": "Unverified"})
    assert queries.application(new, boss).state_reason.en == "Unverified"
    auditor = browser(person("aud", "auditor"))
    assert good in auditor.get("/applications/").content.decode()
    assert auditor.post("/applications/admit/25-1/", {"all": "1"}).status_code == 403
