"""The menu, by what a person may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dure.portal.people.actor import Actor


@dataclass(frozen=True)
class Item:
    """One entry of the menu."""

    url: str
    label: str
    is_current: bool = False


def navigation(request: HttpRequest, actor: Actor | None) -> list[Item]:
    """The entries for this person; the one whose part of the site is open is marked."""
    entries: list[tuple[str, object]] = [("/calls/", _("공모")), ("/awards/public/", _("선정 결과"))]
    if actor and actor.user_id:
        entries = [("/home/", _("할 일")), ("/calls/", _("공모"))]
        if actor.organisations:
            entries += [("/applications/", _("신청")), ("/allocations/", _("할당"))]
        if actor.is_reviewer:
            entries += [("/reviews/", _("평가"))]
        if actor.is_programme_manager or actor.is_auditor:
            entries += [
                ("/applications/", _("신청")),
                ("/reviews/panel/", _("평가 현황")),
                ("/plans/", _("배분안")),
                ("/awards/", _("선정")),
                ("/fleet/", _("클러스터")),
                ("/usage/", _("사용량")),
                ("/reclaims/", _("회수")),
            ]
        if actor.providers:
            entries += [("/fleet/", _("클러스터")), ("/allocations/", _("할당"))]
        if actor.is_finance or actor.is_auditor or actor.organisations:
            entries += [("/billing/", _("청구"))]
        entries += [("/awards/public/", _("선정 결과"))]
    unique: dict[str, object] = {}
    for url, label in entries:
        unique.setdefault(url, label)
    current = max((u for u in unique if request.path.startswith(u)), key=len, default="")
    return [Item(url, str(label), url == current) for url, label in unique.items()]
