"""The order of a home: overdue and soon, then what has no deadline, then what is far off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from dure.core.text import Text
from dure.portal.fleet import operations as fleet
from dure.portal.people import operations as people
from dure.portal.people.actor import NOBODY, Actor, system
from dure.portal.site import tasks
from dure.portal.site.tasks.task import Task
from dure.protocol.inventory import Inventory, InventoryNode

NOW = datetime(2026, 1, 10, tzinfo=UTC)
NAME = Text("일", "task")


def task(url: str, days: float | None = None, weight: int = 50) -> Task:
    return Task(NAME, NAME, url, NOW + timedelta(days=days) if days is not None else None, weight=weight)


def test_order_and_tone(monkeypatch):
    given = [
        task("far", 60),
        task("heavy", None, 90),
        task("soon", 5),
        task("late", -1),
        task("light", None, 5),
        task("tomorrow", 1),
    ]
    monkeypatch.setattr(tasks.applicant, "tasks", lambda actor, now: given)
    found = tasks.tasks(NOBODY, NOW)
    assert [t.url for t in found] == ["late", "tomorrow", "soon", "light", "heavy", "far"]
    assert [t.tone for t in found] == ["overdue", "urgent", "", "", "", ""]


def test_a_visitor_has_nothing_to_do():
    assert tasks.tasks(NOBODY, NOW) == []


@pytest.mark.django_db
@pytest.mark.parametrize("seen", [32, 31])
def test_a_provider_compares_servers_only_when_they_differ(seen: int) -> None:
    fleet.load_programme(actor=system("test"), now=NOW)
    fleet.claim_epoch(now=NOW, cluster="naver-h200-b", instance="one")
    nodes = tuple(
        InventoryNode(name=f"naver-h200-b-{n:03d}", gpus=8, gpu_model="H200", state="ready") for n in range(1, seen + 1)
    )
    fleet.record_inventory(
        now=NOW, inventory=Inventory(cluster="naver-h200-b", instance="one", epoch=1, seen_at=NOW, nodes=nodes)
    )
    person = get_user_model().objects.create_user("provider@example.org", created_at=NOW)
    found = list(tasks.provider.tasks(Actor("person:1", user_id=person.pk, providers=frozenset({"naver"})), NOW))
    assert any("서버 목록이 다릅니다" in task.title.ko for task in found) == (seen == 31)


@pytest.mark.django_db
def test_a_new_programme_begins_with_roles_and_a_call() -> None:
    person = get_user_model().objects.create_user("boss@example.org", created_at=NOW)
    boss = Actor("person:1", user_id=person.pk, roles=frozenset({"programme_manager"}))
    assert [one.url for one in tasks.office.tasks(boss, NOW)] == ["/people/roles/", "/calls/new/"]
    provider = get_user_model().objects.create_user("provider@example.org", created_at=NOW)
    people.give_role(actor=system("test"), now=NOW, user_id=provider.pk, role="provider", scope="naver")
    assert [one.url for one in tasks.office.tasks(boss, NOW)] == ["/calls/new/"]
