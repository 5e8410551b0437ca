"""Every address that pages crossing chapters link to leads to a view, and every menu entry to a page that answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import resolve

from dure.portal.people import operations as people
from dure.portal.people.actor import system
from dure.portal.people.models import User
from dure.portal.people.queries import actor_by_email
from dure.portal.site import addresses, navigation

NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "path",
    [
        addresses.call("25-1"),
        addresses.call_desk("25-1"),
        addresses.panel("25-1"),
        addresses.application("25-1-0001"),
        addresses.story("25-1-0001"),
        addresses.award("25-1-0001"),
        addresses.plan(1),
        addresses.allocation("a-25-1-0001"),
        addresses.cluster("naver-h200-a"),
        addresses.report(1),
        addresses.organisation("hanbit"),
        addresses.invoice("2026-04-hanbit"),
        addresses.reclaim(1),
        "/applications/",
        "/reviews/",
        "/calls/",
    ],
)
def test_addresses_lead_somewhere(path):
    assert resolve(path)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("role", "scope"),
    [("", ""), ("reviewer", ""), ("programme_manager", ""), ("finance", ""), ("auditor", ""), ("provider", "naver")],
)
def test_menu_entries_open_for_the_people_who_see_them(role, scope, language):
    user_id = people.add_person(email="who@example.org", name="가", is_verified=True, now=NOW)
    if role:
        people.give_role(actor=system("tests"), now=NOW, user_id=user_id, role=role, scope=scope)
    else:
        people.found_organisation(
            actor=actor_by_email("who@example.org"), now=NOW, name="한빛", applicant_class="academia", region="seoul"
        )
    client = Client()
    client.cookies["dure_language"] = language
    client.force_login(User.objects.get(pk=user_id))
    entries = [url for url, _ in navigation._entries(actor_by_email("who@example.org"))]
    entries += [url for _, url in navigation.account_links(actor_by_email("who@example.org"))]
    entries += [url for _, url in navigation.foot_links()]
    broken = {}
    for url in entries:
        response = client.get(url, follow=True)
        if response.status_code != 200:
            broken[url] = response.status_code
    assert broken == {}
