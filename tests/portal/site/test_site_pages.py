"""Public pages, homes, search, journal: what each kind of person sees and does not see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from dure.portal.people import operations as people
from dure.portal.people import queries
from dure.portal.people.actor import system
from dure.portal.people.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 10, tzinfo=UTC)
SYSTEM = system("tests")
PUBLIC = ("/", "/results/", "/programme/", "/programme/file/", "/dashboard/", "/search/", "/published/", "/health/")
OWN = (
    "/home/",
    "/profile/",
    "/mail/",
    "/organisations/mine/",
    "/organisations/new/",
    "/organisations/join/",
    "/outcomes/",
)
OVERSEEN = ("/journal/", "/organisations/")
ROLES = ("programme_manager", "reviewer", "finance", "auditor")


def client_of(role: str = "", scope: str = "") -> Client:
    email = f"{role or 'applicant'}@example.org"
    user_id = people.add_person(email=email, name="가나다", is_verified=True, now=NOW)
    if role:
        people.give_role(actor=SYSTEM, now=NOW, user_id=user_id, role=role, scope=scope)
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    return client


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_answer_a_visitor_in_both_languages(path, language):
    client = Client()
    client.cookies["dure_language"] = language
    response = client.get(path)
    assert response.status_code == 200
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Content-Language"] == language


@pytest.mark.parametrize("path", OWN + OVERSEEN + ("/follow/25-1-0001/",))
def test_a_visitor_is_taken_to_sign_in_and_back(path):
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("role", ("", *ROLES))
@pytest.mark.parametrize("path", OWN)
def test_own_pages_answer_everybody_signed_in(role, path):
    assert client_of(role).get(path).status_code == 200


@pytest.mark.parametrize("path", OVERSEEN)
@pytest.mark.parametrize(
    ("role", "status"), [("", 403), ("reviewer", 403), ("finance", 403), ("programme_manager", 200), ("auditor", 200)]
)
def test_overseers_pages(path, role, status):
    response = client_of(role).get(path)
    assert response.status_code == status
    if status == 403:
        assert "사업 담당자" in response.content.decode(), "the page says whose it is"


def test_provider_home():
    provider = client_of("provider", "naver")
    assert provider.get("/home/").status_code == 200


def test_unknown_things_are_not_found_and_say_so():
    client = client_of()
    for path in (
        "/results/none/",
        "/follow/none/",
        "/organisations/none/",
        "/mail/99/",
        "/outcomes/99/",
        "/files/99/",
        "/nowhere/",
    ):
        response = client.get(path)
        assert response.status_code == 404, path
        assert "찾을 수 없습니다" in response.content.decode(), path


def test_new_person_is_told_what_to_do_first():
    page = client_of().get("/home/").content.decode()
    assert "소속 기관을 찾거나 등록하십시오" in page


def test_manager_is_told_of_organisations_to_verify():
    head = client_of()
    head.post("/organisations/new/", {"name": "한빛", "applicant_class": "academia", "region": "seoul"})
    page = client_of("programme_manager").get("/home/").content.decode()
    assert "기관 1곳을 확인하십시오" in page


def test_found_organisation_keeps_what_was_typed_when_refused():
    response = client_of().post(
        "/organisations/new/",
        {"name": "한빛", "applicant_class": "academia", "region": "seoul", "registration_number": "123-45-67890"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "한빛" in page
    assert "검사 숫자" in page
    assert queries.search_organisations("한빛") == []


def test_organisation_page_is_for_members_and_overseers():
    head = client_of()
    head.post(
        "/organisations/new/", {"name": "한빛", "name_en": "Hanbit", "applicant_class": "academia", "region": "seoul"}
    )
    assert head.get("/organisations/hanbit/").status_code == 200
    assert client_of("programme_manager").get("/organisations/hanbit/").status_code == 200
    assert client_of("reviewer").get("/organisations/hanbit/").status_code == 404
    assert client_of("reviewer").get("/organisations/hanbit/correct/").status_code == 404
    assert client_of("reviewer").post("/organisations/hanbit/judge/", {"action": "verify"}).status_code == 403
    assert queries.organisation_of_code("hanbit").state == "founded"


def test_journal_page_verifies_the_chain():
    auditor = client_of("auditor")
    page = auditor.get("/journal/?verify=1").content.decode()
    assert "어긋난 곳이 없습니다" in page
    assert auditor.get("/journal/?format=csv").status_code == 200
    assert auditor.get("/journal/?since=nonsense&q=people").status_code == 200


def test_search_does_not_show_other_organisations():
    head = client_of()
    head.post(
        "/organisations/new/",
        {"name": "비밀연구소", "name_en": "secret", "applicant_class": "academia", "region": "seoul"},
    )
    assert "/organisations/secret/" in head.get("/search/?q=비밀").content.decode()
    assert "/organisations/secret/" not in Client().get("/search/?q=비밀").content.decode()
    assert "/organisations/secret/" not in client_of("reviewer").get("/search/?q=비밀").content.decode()


def test_results_as_files_and_open_data_agree_with_the_page():
    client = Client()
    assert client.get("/results/?format=xlsx").status_code == 200
    assert client.get("/results/?format=csv").content.decode("utf-8-sig").startswith("number,call,")
    body = client.get("/api/results").json()
    assert body["total"] == 0
    assert client.get("/api/results?size=0").status_code == 422
    assert client.get("/api/results/none").status_code == 404


def test_programme_page_shows_hash_and_marks_assumptions():
    from dure.portal.framework import programme

    page = Client().get("/programme/").content.decode()
    assert programme.current_hash() in page
    assert "가정" in page
    assert Client().get("/programme/file/").content.decode() == programme.current_text()


def test_too_many_posts_are_told_to_wait(settings):
    client = client_of()
    statuses = [client.post("/organisations/new/", {}).status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_the_page_of_a_fault_knows_nothing_and_says_so_in_whole_sentences():
    page = server_error(RequestFactory().get("/")).content.decode()
    assert "잠시 문제가 생겼습니다" in page and "날짜와 시각은" not in page
    assert "/accounts/login/" not in page, "it cannot tell who is signed in"
