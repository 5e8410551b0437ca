"""What tests of calls, applications and reviews start from: people, an organisation, a call, a complete content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.auth import get_user_model
from django.test import Client

from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.calls import operations as calls
from dure.portal.people import operations as people
from dure.portal.people import queries
from dure.portal.people.actor import Actor, system

SYSTEM = system("tests")
NOW = datetime(2025, 12, 1, tzinfo=UTC)
OPENS = datetime(2025, 12, 22, 4, 40, tzinfo=UTC)
CLOSES = datetime(2026, 1, 28, 6, 0, tzinfo=UTC)
DECIDE = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
USE_FROM = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # 1 April, midnight in Seoul
USE_UNTIL = datetime(2027, 6, 30, 15, 0, tzinfo=UTC)
DURING = OPENS + timedelta(days=10)
AFTER = CLOSES + timedelta(hours=1)
SECOND = timedelta(seconds=1)
QUESTIONS = (
    {
        "code": "releases-model",
        "type": "yes_no",
        "label": {"ko": "모델을 공개합니까?", "en": "Will you release the model?"},
        "required": True,
    },
    {
        "code": "licence",
        "type": "choice",
        "label": {"ko": "어떤 조건으로 공개합니까?", "en": "On what terms?"},
        "required": True,
        "options": [
            {"code": "apache", "label": {"ko": "Apache-2.0", "en": "Apache-2.0"}},
            {"code": "other", "label": {"ko": "그 밖의 조건", "en": "Other"}},
        ],
        "when": {"question": "releases-model", "is_one_of": ["yes"]},
    },
)


def person(name: str, *roles: str, shown: str = "") -> Actor:
    """A person with `roles`, by address NAME@example.org."""
    user_id = people.add_person(email=f"{name}@example.org", name=shown or name, is_verified=True, now=NOW)
    for role in roles:
        people.give_role(actor=SYSTEM, now=NOW, user_id=user_id, role=role)
    return queries.actor_by_email(f"{name}@example.org")


def manager() -> Actor:
    """A programme manager."""
    return person("manager", "programme_manager")


def member_of(code: str, name: str = "", applicant_class: str = "academia", verified: bool = True) -> Actor:
    """The head of a new organisation `code`."""
    head = person(f"head-{code}")
    organisation_id = people.found_organisation(
        actor=head, now=NOW, code=code, name=name or code, name_en=name or code, applicant_class=applicant_class,
        region="seoul",
    )  # fmt: skip
    if verified:
        people.verify_organisation(actor=manager(), now=NOW, organisation_id=organisation_id)
    return queries.actor_by_email(f"head-{code}@example.org")


def composed(actor: Actor, code: str = "25-1", **changes: object) -> str:
    """A draft call like the programme's first one."""
    columns: dict = {
        "track": "regular",
        "title": Text("2025년 제1차 공모", "First call of 2025"),
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "decide_by": DECIDE,
        "use_from": USE_FROM,
        "use_until": USE_UNTIL,
        "offered": {"naver-h200-a": 255, "naver-h200-b": 32, "kakao-b200": 255},
        "questions": QUESTIONS,
    } | changes
    calls.compose(actor=actor, now=NOW, code=code, **columns)
    return code


def opened(actor: Actor, code: str = "25-1", **changes: object) -> str:
    """An open call."""
    composed(actor, code, **changes)
    calls.announce(actor=actor, now=NOW + timedelta(days=1), code=code)
    calls.open(actor=actor, now=OPENS, code=code)
    return code


def complete(**changes: object) -> dict:
    """The content of an application that lacks nothing."""
    return {
        "title": {"ko": "한국어 거대 언어 모델", "en": "A large Korean language model"},
        "summary": "한국어에 강한 언어 모델을 처음부터 학습합니다.",
        "plan": {"goal": "공개 모델", "method": "사전 학습 뒤 미세 조정", "sizing": "실측에 근거하여 계산"},
        "field": "language",
        "keywords": ["언어 모델", "사전 학습"],
        "models": [{"gpu_model": "h200", "utility": 100}, {"gpu_model": "b200", "utility": 80}],
        "min_nodes": 2,
        "requested_nodes": 8,
        "months": 6,
        "earliest_start": "2026-04",
        "latest_start": "2026-08",
        "answers": {"releases-model": False},
        "team": [{"name": "김하늘", "email": "sky@example.org", "affiliation": "한빛대학교", "role": "lead"}],
        "consents": {"privacy": True, "duties": True, "truth": True},
    } | changes


def submitted(actor: Actor, call: str = "25-1", at: datetime = DURING, **changes: object) -> str:
    """A submitted application of the actor's organisation."""
    (organisation_id,) = actor.organisations
    number = applications.start(actor=actor, now=at, call_code=call, organisation_id=organisation_id)
    applications.save_draft(actor=actor, now=at, number=number, content=complete(**changes))
    applications.submit(actor=actor, now=at, started_at=at, number=number)
    return number


def browser(actor: Actor | None = None, language: str = "ko") -> Client:
    """A client signed in as `actor`, reading in `language`."""
    client = Client()
    if actor is not None:
        user = get_user_model().objects.get(pk=actor.user_id)
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["dure_language"] = language
    return client
