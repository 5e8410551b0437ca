"""Pages of reviewers and of the panel: an evening's work, and who is kept out of what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from dure.portal.people import queries as people
from dure.portal.reviews import operations, queries
from tests.portal.competition import AFTER, browser, manager, member_of, opened, person, submitted
from tests.portal.reviews.test_reviews import FULL, reviewer, seat_of, submit, under_review

pytestmark = pytest.mark.django_db
POINTS = {f"points.{code}": str(points) for code, points in FULL.items()}


def without_tokens(answer, seat):
    """The page without what differs at every request, and without the number asked for."""
    return re.sub(r'value="\w{64}"', "", answer.content.decode()).replace(f"/reviews/{seat}/", "")


@pytest.fixture(autouse=True)
def _after(at):
    at(AFTER)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_reviewer_reads_scores_and_submits_without_javascript(language):
    _, panel, _, _, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    client = browser(who, language)
    listed = client.get("/reviews/").content.decode()
    assert f"/reviews/{seat}/" in listed
    page = client.get(f"/reviews/{seat}/").content.decode()
    assert "한국어에 강한 언어 모델" in page and "points.impact" in page
    client.post(f"/reviews/{seat}/", {"points.impact": "20", "action": "save"})
    assert queries.assignment(seat, who).review.points_tenths == {"impact": 200}
    short = client.post(f"/reviews/{seat}/", {"points.impact": "20", "action": "submit"})
    assert short.status_code == 422 and 'href="#id_points.ecosystem"' in short.content.decode()
    off = client.post(f"/reviews/{seat}/", POINTS | {"points.impact": "99", "action": "submit"})
    assert off.status_code == 422 and 'value="99"' in off.content.decode()
    done = client.post(f"/reviews/{seat}/", POINTS | {"to_applicant": "좋음", "to_panel": "비밀", "action": "submit"})
    assert done.status_code == 302
    assert "80" in client.get("/reviews/").content.decode()
    assert client.post(f"/reviews/{seat}/", POINTS | {"action": "submit"}).status_code == 422, "it is in already"
    assert client.post(f"/reviews/{seat}/reopen/").status_code == 302
    assert queries.assignment(seat, who).assignment.state == "in_progress"


def test_scores_are_saved_while_typing():
    _, panel, _, _, _ = under_review(reviewers=5)
    client, seat = browser(panel[0]), seat_of(panel[0])
    answer = client.post(f"/reviews/{seat}/", {"points.impact": "20"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "20</span> / 100" in text and "<html" not in text
    wrong = client.post(f"/reviews/{seat}/", {"points.impact": "2x"}, headers={"HX-Request": "true"})
    assert "errors" in wrong.content.decode()
    assert queries.assignment(seat, panel[0]).review.points_tenths == {"impact": 200}


def test_a_conflict_hides_the_proposal_on_every_page():
    boss, panel, _, numbers, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    client = browser(who)
    assert client.get(f"/reviews/{seat}/conflict/").status_code == 200
    assert client.post(f"/reviews/{seat}/conflict/", {"kind": "", "evidence": ""}).status_code == 422
    client.post(f"/reviews/{seat}/conflict/", {"kind": "family", "evidence": "형제"})
    paths = [f"/reviews/{seat}/{tail}" for tail in ("", "conflict/", "decline/")]
    listed = client.get("/reviews/").content.decode()
    assert numbers[0] not in listed and "한국어 거대 언어 모델" not in listed
    missing = client.get(f"/reviews/{10**6}/")
    for path in paths:
        for answer in (client.get(path), client.post(path, POINTS)):
            assert answer.status_code == 404
            assert numbers[0] not in answer.content.decode() and "언어 모델" not in answer.content.decode()
    assert client.post(f"/reviews/{seat}/reopen/").status_code == 404
    assert without_tokens(client.get(f"/reviews/{seat}/"), seat) == without_tokens(missing, 10**6)
    assert client.get(f"/applications/{numbers[0]}/").status_code == 404
    assert queries.progress("25-1", boss).assigned == 4


def test_a_conflict_found_later_hides_it_too():
    boss, panel, _, _, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    operations.add_reviewer(actor=boss, now=AFTER, user_id=who.user_id, affiliation="hanbit 연구원", keywords=["x"])
    assert browser(who).get(f"/reviews/{seat}/").status_code == 404
    page = browser(boss).get("/reviews/panel/25-1/").content.decode()
    assert "이해관계가 드러난" in page


def test_other_people_do_not_get_in():
    boss, panel, heads, _, _ = under_review(reviewers=5)
    seat = seat_of(panel[0])
    own = [f"/reviews/{seat}/{tail}" for tail in ("", "decline/", "conflict/")]
    for path in own:
        assert browser(panel[1]).get(path).status_code == 404
        assert browser(heads[0]).get(path).status_code == 403
        assert browser(boss).get(path).status_code == 403
        assert "/login/" in browser().get(path)["Location"]
    reads = ["", "seats/", "scores/", "conflicts/"]
    writes = ["assign/", "conflicts/detect/", "conflicts/1/", f"seats/{seat}/replace/"]
    for who in (panel[0], heads[0], person("fin", "finance")):
        for tail in reads:
            assert browser(who).get(f"/reviews/panel/25-1/{tail}").status_code == 403
        assert browser(who).get("/reviews/pool/").status_code == 403
        assert browser(who).get("/reviews/panel/").status_code == 403
    auditor = browser(person("aud", "auditor"))
    for tail in reads:
        assert auditor.get(f"/reviews/panel/25-1/{tail}").status_code == 200
    for who in (panel[0], heads[0], person("aud", "auditor")):
        for tail in writes:
            assert browser(who).post(f"/reviews/panel/25-1/{tail}").status_code == 403
    assert auditor.post("/reviews/pool/", {"email": "x@example.org"}).status_code in (403, 422)


def test_applicants_never_read_what_was_written_for_the_panel():
    _, panel, heads, numbers, _ = under_review(reviewers=5)
    submit(panel[0], seat_of(panel[0]), to_panel="비밀 의견")
    client = browser(heads[0])
    for path in (f"/applications/{numbers[0]}/", "/applications/", f"/applications/{numbers[0]}/versions/1/"):
        assert "비밀 의견" not in client.get(path).content.decode()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_programme_assigns_watches_and_reads_scores(language, at):
    boss, panel, _, numbers, _ = under_review(reviewers=6)
    client = browser(boss, language)
    submit(panel[0], seat_of(panel[0])) if queries.assignments(panel[0]) else submit(panel[1], seat_of(panel[1]))
    for path in ("/reviews/", "/reviews/panel/25-1/", "/reviews/panel/25-1/seats/", "/reviews/panel/25-1/scores/"):
        assert client.get(path).status_code == 200
    assert numbers[0] in client.get("/reviews/panel/25-1/seats/?format=csv").content.decode("utf-8-sig")
    assert "80" in client.get("/reviews/panel/25-1/scores/?format=csv").content.decode("utf-8-sig")
    assert client.get("/reviews/panel/25-1/scores/?format=xlsx").content[:2] == b"PK"
    silent = next(who for who in panel if any(not a.is_done for a in queries.assignments(who)))
    seat = seat_of(silent)
    at(AFTER + timedelta(days=400))
    assert f"/seats/{seat}/replace/" in client.get("/reviews/panel/25-1/").content.decode()
    assert client.get(f"/reviews/panel/25-1/seats/{seat}/replace/").status_code == 200
    assert client.post(f"/reviews/panel/25-1/seats/{seat}/replace/", {"reason": ""}).status_code == 422
    assert client.post(f"/reviews/panel/25-1/seats/{seat}/replace/", {"reason": "답이 없음"}).status_code == 302
    assert queries.assignments(silent) == []
    assert client.get("/reviews/panel/25-1/seats/999999/replace/").status_code == 404


def test_the_pool_is_filled_on_a_page():
    boss = browser(manager())
    who = person("new")
    form = {
        "email": "new@example.org",
        "affiliation": "솔대학교",
        "keywords": "비전, 로봇",
        "load_limit": "5",
        "former": "",
    }
    assert boss.post("/reviews/pool/", form | {"email": "nobody@example.org"}).status_code == 422
    assert boss.post("/reviews/pool/", form).status_code == 302
    assert people.actor_by_email("new@example.org").is_reviewer
    (row,) = queries.reviewers(manager())
    assert (list(row.keywords), row.user_id) == (["비전", "로봇"], who.user_id)
    boss.post(f"/reviews/pool/{row.id}/", {"active": "0"})
    assert not queries.reviewers(manager())[0].is_active


def test_conflicts_are_found_and_judged_on_a_page():
    boss = manager()
    opened(boss)
    submitted(member_of("hanbit", "한빛대학교"))
    reviewer("own", boss, affiliation="한빛대학교")
    client = browser(boss)
    client.post("/reviews/panel/25-1/conflicts/detect/")
    (found,) = queries.conflicts("25-1", boss)
    assert "한빛" not in found.evidence.en
    assert client.get("/reviews/panel/25-1/conflicts/").status_code == 200
    client.post(f"/reviews/panel/25-1/conflicts/{found.id}/", {"judgement": "dismissed", "reason": "이름만 같음"})
    assert queries.conflicts("25-1", boss)[0].standing == "dismissed"
    client.post(f"/reviews/panel/25-1/conflicts/{found.id}/", {"judgement": "stands", "reason": ""})
    assert queries.conflicts("25-1", boss)[0].standing == "dismissed"
