"""The menu, by what a person may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from dure.core.text import Text
from dure.portal.framework.pages import ROLE_NAMES
from dure.portal.people.actor import Actor


@dataclass(frozen=True)
class Item:
    """One entry of the menu."""

    url: str
    label: Text
    is_current: bool = False


HOME = ("/home/", Text("할 일", "To do"))
CALLS = ("/calls/", Text("공모", "Calls"))
APPLICATIONS = ("/applications/", Text("신청", "Applications"))
REVIEWS = ("/reviews/", Text("평가", "Reviews"))
CHECKS = ("/reviews/feasibility/", Text("기술 검토", "Technical checks"))
PLANS = ("/plans/", Text("배분안", "Plans"))
AWARDS = ("/awards/", Text("선정", "Awards"))
ALLOCATIONS = ("/allocations/", Text("할당", "Allocations"))
FLEET = ("/fleet/", Text("클러스터", "Clusters"))
USAGE = ("/usage/", Text("사용량", "Use"))
RECLAIMS = ("/reclaims/", Text("회수", "Reclaims"))
BILLING = ("/billing/", Text("청구", "Invoices"))
OUTCOMES = ("/outcomes/", Text("성과", "Outcomes"))
ORGANISATIONS = ("/organisations/", Text("기관", "Organisations"))
JOURNAL = ("/journal/", Text("기록", "Journal"))
SUPPORT = ("/support/", Text("문의", "Help"))
RESULTS = ("/results/", Text("선정 결과", "Results"))
PROGRAMME = ("/programme/", Text("사업 소개", "Programme"))

FOOT = (
    PROGRAMME,
    RESULTS,
    SUPPORT,
    ("/published/", Text("공개된 성과", "Published outcomes")),
    ("/dashboard/", Text("사용 현황", "Use in figures")),
    ("/api/docs", Text("공개 자료(API)", "Open data (API)")),
)


def _entries(actor: Actor | None) -> list[tuple[str, Text]]:
    if actor is None or actor.user_id is None:
        return [CALLS, RESULTS, ("/dashboard/", Text("사용 현황", "Use in figures")), PROGRAMME]
    entries = [HOME, CALLS]
    if actor.organisations:
        entries += [APPLICATIONS, AWARDS, ALLOCATIONS, USAGE, BILLING, OUTCOMES]
    if actor.is_reviewer:
        entries += [REVIEWS]
    if actor.is_programme_manager or actor.is_auditor:
        entries += [APPLICATIONS, REVIEWS, PLANS, AWARDS, FLEET, ALLOCATIONS, USAGE, RECLAIMS, BILLING, OUTCOMES]
        entries += [ORGANISATIONS, SUPPORT, JOURNAL]
    if actor.providers:
        entries += [FLEET, ALLOCATIONS, USAGE, SUPPORT, CHECKS]
    if actor.is_finance:
        entries += [BILLING, USAGE]
    return entries if actor.may_oversee else [*entries, RESULTS]  # they have awards; results are in every page's foot


def navigation(request: HttpRequest, actor: Actor | None) -> list[Item]:
    """The entries for this person; the one whose part of the site is open is marked."""
    unique = dict(_entries(actor))
    current = max((url for url in unique if request.path.startswith(url)), key=len, default="")
    return [Item(url, label, url == current) for url, label in unique.items()]


def account_links(actor: Actor | None) -> list[tuple[Text, str]]:
    """What the account menu offers, as label and address."""
    if actor is None or actor.user_id is None:
        return []
    return [
        (Text("내 정보", "My profile"), "/profile/"),
        (Text("소속 기관", "My organisations"), "/organisations/mine/"),
        (Text("받은 알림", "My mail"), "/mail/"),
        (Text("내 문의", "My questions"), "/support/"),
    ]


def role_names(actor: Actor | None) -> list[Text]:
    """What the signed-in person is for the programme."""
    return [ROLE_NAMES[role] for role in sorted(actor.roles)] if actor else []


def foot_links() -> list[tuple[Text, str]]:
    """What every page's foot offers, as label and address."""
    return [(label, url) for url, label in FOOT]
