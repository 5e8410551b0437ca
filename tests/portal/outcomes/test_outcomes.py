"""Reports: asked for when they fall due, handed in by holders, judged by the programme, public once approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.applications.models import Application, Version
from dure.portal.awards.models import Award
from dure.portal.calls.models import Call
from dure.portal.clock.operations import advance
from dure.portal.files.models import StoredFile
from dure.portal.fleet.models import Cluster, Provider
from dure.portal.journal.queries import verify
from dure.portal.messages.models import Message
from dure.portal.outcomes import operations, queries
from dure.portal.outcomes.models import Report
from dure.portal.people import operations as people
from dure.portal.people.actor import system
from dure.portal.people.models import User
from dure.portal.people.queries import actor_by_email
from dure.portal.plans.models import Plan, Problem, Rank

pytestmark = pytest.mark.django_db
SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 1, 10, tzinfo=UTC)
START, END = datetime(2026, 4, 1, tzinfo=SEOUL), datetime(2026, 10, 1, tzinfo=SEOUL)
JULY = datetime(2026, 7, 1, tzinfo=SEOUL)
SUMMARY = "한국어 모델을 학습하여 공개하였습니다. 평가 결과를 논문으로 발표하였습니다."


def person(name: str, role: str = ""):
    user_id = people.add_person(email=f"{name}@example.org", name=name, is_verified=True, now=NOW)
    if role:
        people.give_role(actor=system("tests"), now=NOW, user_id=user_id, role=role)
    return actor_by_email(f"{name}@example.org")


@pytest.fixture(autouse=True)
def july(settings):
    """Pages read virtual time, so that they say the same whenever the tests run."""
    settings.ENV = replace(settings.ENV, clock="virtual")
    advance(to=JULY)


@pytest.fixture
def holder():
    """A member of the organisation that holds an agreed award from April to September."""
    head = person("holder")
    organisation = people.found_organisation(
        actor=head, now=NOW, code="hanbit", name="한빛대학교", applicant_class="academia", region="seoul"
    )
    call = Call.objects.create(
        code="25-1", track="regular", title={"ko": "공모", "en": "Call"}, opens_at=NOW, closes_at=NOW + timedelta(1),
        decide_by=NOW, use_from=START, use_until=END, offered={}, programme_hash="x", state="decided", created_at=NOW,
    )  # fmt: skip
    application = Application.objects.create(
        call=call, number="25-1-0001", organisation_id=organisation, lead_id=head.user_id, draft_saved_at=NOW,
        created_at=NOW,
    )  # fmt: skip
    version = Version.objects.create(
        application=application, number=1, content={"title": {"ko": "한국어 모델", "en": "Korean model"}}, hash="x",
        started_at=NOW, submitted_at=NOW, submitted_by_id=head.user_id,
    )  # fmt: skip
    Application.objects.filter(pk=application.pk).update(version=version, state="admitted")
    problem = Problem.objects.create(call=call, document=b"{}", hash="p", made_at=NOW, made_by="x")
    plan = Plan.objects.create(problem=problem, title="x", rule="merit", queued_at=NOW, queued_by="x")
    provider = Provider.objects.create(code="naver", name={"ko": "네이버", "en": "Naver"})
    cluster = Cluster.objects.create(
        code="naver-h200-a", provider=provider, name={"ko": "가", "en": "A"}, gpu_model="h200", gpus_per_node=8,
        share="government", scheduler="slurm", delivered_at=NOW, retired_at=END,
    )  # fmt: skip
    Award.objects.create(
        number="25-1-0001", application=application, plan=plan, holder_id=application.organisation_id,
        lead_id=application.lead_id, cluster=cluster, nodes=2, node_names=["a", "b"],
        requested_nodes=2, start_at=START, end_at=END, state="agreed", offered_at=NOW, respond_by=NOW,
    )  # fmt: skip
    return actor_by_email("holder@example.org")


def asked(now=JULY) -> Report:
    operations.make_due(now=now)
    return Report.objects.order_by("id").last()


def test_a_report_is_asked_for_once_and_on_time(holder):
    assert operations.make_due(now=JULY - timedelta(seconds=1)) == 0
    assert operations.make_due(now=JULY) == 1
    assert operations.make_due(now=JULY) == 0
    report = Report.objects.get()
    assert (report.kind, report.state) == ("interim", "due")
    assert report.due_at == JULY + timedelta(days=14)
    assert operations.make_due(now=END + timedelta(days=30)) == 1
    assert [view.kind for view in queries.owed(holder)] == ["interim", "completion"]


def test_an_award_that_ended_early_owes_its_last_report_early(holder):
    early = datetime(2026, 5, 1, tzinfo=SEOUL)
    Award.objects.update(state="ended", ended_at=early)
    operations.make_due(now=early + timedelta(days=30))
    assert [(r.kind, r.due_at) for r in Report.objects.all()] == [("completion", early + timedelta(days=44))]


def test_handed_in_judged_and_public(holder):
    manager, stranger = person("manager", "programme_manager"), person("stranger")
    report = asked()
    what = {"now": JULY, "report_id": report.pk}
    with pytest.raises(NotFound):
        operations.submit(actor=stranger, summary=SUMMARY, **what)
    with pytest.raises(NotPermitted):
        operations.submit(actor=manager, summary=SUMMARY, **what)
    with pytest.raises(IllegalTransition):
        operations.approve(actor=manager, **what)
    operations.submit(actor=holder, summary=SUMMARY, links=[{"title": "논문", "url": "https://doi.org/10.1/1"}], **what)
    with pytest.raises(IllegalTransition):
        operations.submit(actor=holder, summary=SUMMARY, **what)
    with pytest.raises(NotPermitted):
        operations.approve(actor=holder, **what)
    with pytest.raises(InvalidInput):
        operations.send_back(actor=manager, note=" ", **what)
    operations.send_back(actor=manager, note="결과 주소를 더해 주십시오.", **what)
    assert queries.published().count() == 0
    operations.submit(actor=holder, summary=SUMMARY, **what)
    operations.approve(actor=manager, **what)
    assert [m.subject for m in Message.objects.order_by("id")] == [
        "[25-1-0001] 중간 실적 보고서를 내실 때가 되었습니다",
        "[25-1-0001] 중간 실적 보고서를 보완해 주십시오",
        "[25-1-0001] 중간 실적 보고서가 승인되었습니다",
    ]
    assert "/outcomes/" in Message.objects.order_by("id").first().body
    assert "한국어 모델" in Client().get("/published/").content.decode()
    assert Client().get("/published/?q=없는말").status_code == 200
    assert verify() is None


def test_a_refused_report_leaves_nothing(holder):
    report = asked()
    wrong = [{"title": "나쁜 주소", "url": "javascript:alert(1)"}]
    with pytest.raises(InvalidInput) as refused:
        operations.submit(actor=holder, now=JULY, report_id=report.pk, summary="짧음", links=wrong)
    assert {m.where for m in refused.value.mistakes} == {"summary", "links"}
    with pytest.raises(InvalidInput):
        operations.submit(actor=holder, now=JULY, report_id=report.pk, summary=SUMMARY, file=("a.pdf", b"MZ\x90\x00"))
    report.refresh_from_db()
    assert (report.state, report.summary) == ("due", "")
    assert not StoredFile.objects.exists()


def test_pages_take_a_report_with_a_file_and_keep_what_was_typed(holder):
    person("manager", "programme_manager")
    person("stranger")
    report = asked()
    path = f"/outcomes/{report.pk}/"
    client = Client()
    client.force_login(User.objects.get(email="holder@example.org"))
    assert "중간 실적 보고서" in client.get("/home/").content.decode()
    refused = client.post(path, {"summary": "짧음", "links": "논문 https://doi.org/10.1/1"})
    assert refused.status_code == 422
    assert "https://doi.org/10.1/1" in refused.content.decode()
    upload = SimpleUploadedFile("report.pdf", b"%PDF-1.7 report")
    sent = client.post(path, {"summary": SUMMARY, "links": "논문 제목 https://doi.org/10.1/1", "file": upload})
    assert sent.status_code == 302
    page = client.get(path).content.decode()
    assert "논문 제목" in page
    assert "report.pdf" in page
    other = Client()
    other.force_login(User.objects.get(email="stranger@example.org"))
    assert other.get(path).status_code == 404
    assert other.get(f"/files/{StoredFile.objects.get().pk}/").status_code == 404
    assert other.post(f"{path}judge/", {"action": "approve"}).status_code == 404
    boss = Client()
    boss.force_login(User.objects.get(email="manager@example.org"))
    assert "보고서 1건을 검토하십시오" in boss.get("/home/").content.decode()
    assert boss.get(f"/files/{StoredFile.objects.get().pk}/").status_code == 200
    assert boss.post(f"{path}judge/", {"action": "approve"}).status_code == 302
    assert "한국어 모델" in Client().get("/results/25-1-0001/").content.decode()
    assert SUMMARY[:10] in Client().get("/results/25-1-0001/").content.decode()
    assert Client().get("/api/results").json()["results"][0]["title_en"] == "Korean model"


def test_public_pages_name_no_person_and_no_score(holder):
    Rank.objects.create(
        plan=Plan.objects.get(), application=Application.objects.get(), outcome="awarded", score_tenths=873,
        cluster="naver-h200-a", nodes=2, start_at=START, end_at=END, lottery_rank=1,
    )  # fmt: skip
    Plan.objects.update(state="accepted", accepted_at=NOW, accepted_by="boss@example.org", hash="sha256:x")
    client = Client()
    for path in ("/", "/results/", "/results/25-1-0001/", "/results/?format=csv", "/api/results", "/search/?q=한국어"):
        page = client.get(path).content.decode()
        assert "@example.org" not in page, path
        assert "87.3" not in page, path
        assert "873" not in page, path
    reasons = client.get("/results/25-1-0001/").content.decode()
    assert "통과 점수 60점 이상" in reasons
    assert "신청한 2대를 모두" in reasons


def test_the_story_of_the_application_is_for_its_people(holder):
    asked()
    client = Client()
    client.force_login(User.objects.get(email="holder@example.org"))
    page = client.get("/follow/25-1-0001/").content.decode()
    assert "중간 실적 보고서" in page
    assert "사용이 끝납니다" in page
    person("stranger")
    client.force_login(User.objects.get(email="stranger@example.org"))
    assert client.get("/follow/25-1-0001/").status_code == 404
