"""Use: received exactly once, stored without loss or double count wherever it is killed, three measures apart."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dure.core.errors import InvalidInput, NotPermitted, Stale
from dure.core.period import Month, Period
from dure.portal.fleet import operations as fleet
from dure.portal.usage import operations, queries
from dure.portal.usage.models import StoredHours, Window
from dure.protocol import wire
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

LATER = at(6)


@pytest.fixture
def lab(db: None) -> world.Actor:
    world.load()
    world.epoch_of()
    return world.organisation("lab")


def send(*windows: object, **changes: object) -> list[str]:
    receipts = operations.receive(now=LATER, post=world.post(*windows, **changes))
    return [receipt.outcome for receipt in receipts]


def april(name: str = "a") -> queries.Use:
    return queries.hours(SMALL, name, [Month(2026, 4)])[Month(2026, 4)]


def test_accepted_once_then_duplicate_then_conflict(lab: world.Actor) -> None:
    one, other = world.window(at(4), {"a": world.busy()}), world.window(at(4), {"a": world.idle()})
    assert send(one) == ["accepted"]
    assert send(one, other) == ["duplicate", "conflict"]
    assert send(one, one, world.window(at(4, 2), {})) == ["duplicate", "duplicate", "accepted"]
    assert Window.objects.count() == 2
    operations.store_pending(now=LATER)
    assert april().busy_gpu_seconds == 57600


def test_the_same_window_twice_in_one_post_counts_once(lab: world.Actor) -> None:
    one = world.window(at(4), {"a": world.busy()})
    assert send(one, one) == ["accepted", "duplicate"]
    assert Window.objects.count() == 1


def test_a_later_revision_replaces_the_hour_whole(lab: world.Actor) -> None:
    send(world.window(at(4), {"a": world.busy(), "b": world.busy()}))
    operations.store_pending(now=LATER)
    send(world.window(at(4), {"a": world.busy(100)}, revision=1))
    operations.store_pending(now=LATER)
    assert april().busy_gpu_seconds == 100
    assert april("b") == queries.Use()


def test_three_measures_stay_apart_and_missing_is_not_idle(lab: world.Actor) -> None:
    row = {"running_gpu_seconds": 40000, "busy_gpu_seconds": 30000, "missing_gpu_seconds": 7600, "energy_joules": 5}
    send(world.window(at(4), {"a": row}), world.window(at(4) + HOUR, {"a": row}))
    operations.store_pending(now=LATER)
    use = april()
    assert (use.allocated_gpu_seconds, use.running_gpu_seconds, use.busy_gpu_seconds) == (115200, 80000, 60000)
    assert use.idle_gpu_seconds == 115200 - 60000 - 15200


def test_months_are_the_programmes(lab: world.Actor) -> None:
    send(world.window(at(5) - HOUR, {"a": world.busy()}), world.window(at(5), {"a": world.busy()}))
    operations.store_pending(now=LATER)
    found = queries.hours(SMALL, "a", [Month(2026, 4), Month(2026, 5), Month(2026, 6)])
    assert [found[m].busy_gpu_seconds for m in sorted(found)] == [57600, 57600, 0]
    months, days = queries.by_month_and_day(SMALL, "a", Period(at(4), at(6)))
    assert list(months.values()) == list(days.values()) == [found[Month(2026, 4)], found[Month(2026, 5)]]
    assert [d.strftime("%m-%d") for d in days] == ["04-30", "05-01"]


def test_an_hour_not_over_or_a_fenced_agent_keeps_nothing(lab: world.Actor) -> None:
    good = world.window(at(4), {"a": world.busy()})
    with pytest.raises(InvalidInput) as refused:
        operations.receive(now=at(4) + HOUR, post=world.post(good, world.window(at(4) + HOUR, {})))
    assert refused.value.mistakes[0].where == "windows.1.end"
    world.epoch_of(instance="agent-2")
    with pytest.raises(Stale):
        send(good)
    assert not Window.objects.exists()


def test_killed_between_file_and_row_it_is_written_again_and_counted_once(
    lab: world.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(world.window(at(4), {"a": world.busy()}))

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(operations.journal, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            operations.store_pending(now=LATER)
    assert not StoredHours.objects.exists() and list(queries.directory().iterdir())
    assert april() == queries.Use()  # a file nobody lists does not count
    assert operations.store_pending(now=LATER) == 1
    assert operations.store_pending(now=LATER) == 0
    assert april().busy_gpu_seconds == 57600
    (row,) = StoredHours.objects.all()
    assert (Path(settings.ENV.home) / row.path).exists() and row.row_count == 1


class ExactlyOnce(TestCase):
    """However windows are repeated, shuffled and split over posts and stores, each counts once."""

    @classmethod
    def setUpTestData(cls) -> None:
        world.load()
        world.epoch_of()

    @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 57600)), min_size=1, max_size=6),
            max_size=6,
        )
    )
    def test_counted_once(self, posts: list[list[tuple[int, int, int]]]) -> None:
        first: dict[tuple[int, int], int] = {}
        seen: Counter[str] = Counter()
        for said in posts:
            windows = [world.window(at(4) + h * HOUR, {"h": world.busy(b)}, revision=r) for h, r, b in said]
            expected = []
            for hour, revision, value in said:
                known = first.setdefault((hour, revision), value)
                is_new = not seen[f"{hour}/{revision}"]
                seen[f"{hour}/{revision}"] += 1
                expected.append("accepted" if is_new else "duplicate" if known == value else "conflict")
            assert send(*windows) == expected
            if len(said) % 2:
                operations.store_pending(now=LATER)
        while operations.store_pending(now=LATER):
            pass
        newest = {hour: value for (hour, _), value in sorted(first.items())}
        assert april("h").busy_gpu_seconds == sum(newest.values())


# --- over HTTP ----------------------------------------------------------------------------------------------------


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", wire.VERSION_HEADER: "1"}


@pytest.fixture
def token(lab: world.Actor, monkeypatch: pytest.MonkeyPatch) -> str:
    cache.clear()  # rate limits count across tests
    monkeypatch.setattr("dure.portal.clock.queries.now", lambda: LATER)
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: LATER)
    return fleet.issue_token(actor=world.provider(), now=LATER, cluster=SMALL, label="관문", days=30)


def call(method: str, path: str, token: str, body: str = "", **extra: str) -> object:
    return Client().generic(method, path, body, "application/json", headers=headers(token) | extra)


def test_every_door_opens_for_its_own_agent_and_says_the_time(lab: world.Actor, token: str) -> None:
    name = world.allocated(lab, "25-1-0001")
    found = call("POST", wire.LEASE_PATH, token, '{"cluster": "naver-h200-b", "instance": "agent-1"}')
    assert found.status_code == 200 and found.json()["epoch"] == 1
    assert found[wire.NOW_HEADER] == wire.stamp(LATER) and found[wire.CLOCK_HEADER] == "wall"
    desired = call("GET", wire.DESIRED_PATH, token)
    assert desired.status_code == 200 and desired.json()["allocations"][0]["name"] == name
    same = call("GET", wire.DESIRED_PATH, token, **{"If-None-Match": desired["ETag"]})
    assert same.status_code == 304 and same.content == b"" and same[wire.VERSION_HEADER] == "1"
    inventory = {"cluster": SMALL, "instance": "agent-1", "epoch": 1, "seen_at": wire.stamp(LATER), "nodes": []}
    assert call("POST", wire.INVENTORY_PATH, token, json.dumps(inventory)).status_code == 200
    post = world.post(world.window(at(4), {name: world.busy()}))
    assert call("POST", wire.USAGE_PATH, token, post.model_dump_json()).json()["receipts"][0]["outcome"] == "accepted"
    report = world.report({name: "Applied"}, at=LATER, generation=1)
    assert call("POST", wire.REPORT_PATH, token, report.model_dump_json()).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", wire.DESIRED_PATH), *(("POST", p) for p in (wire.LEASE_PATH, wire.REPORT_PATH, wire.USAGE_PATH,
                                                         wire.INVENTORY_PATH))],
)  # fmt: skip
def test_strangers_are_refused_at_every_door_in_the_protocols_words(token: str, method: str, path: str) -> None:
    for wrong in ("", "dure_wrong"):
        found = call(method, path, wrong, "{}")
        assert found.status_code == 401
        assert found.json()["error"] == "not_permitted" and "토큰" in found.json()["ko"]
        assert found[wire.NOW_HEADER] and found[wire.VERSION_HEADER] == "1"


def test_a_token_opens_only_its_own_cluster(lab: world.Actor, token: str) -> None:
    other = world.post(world.window(at(4), {}, cluster="naver-h200-a"), cluster="naver-h200-a")
    found = call("POST", wire.USAGE_PATH, token, other.model_dump_json())
    assert found.status_code == 403 and not Window.objects.exists()


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("not json", "body"),
        ("{}", "cluster"),
        ('{"cluster":"naver-h200-b","instance":"agent-1","epoch":1,"windows":[]}', "windows"),
        ('{"cluster":"naver-h200-b","instance":"agent-1","epoch":-1,"windows":[]}', "epoch"),
        ('{"cluster":"naver-h200-b","instance":"agent-1","epoch":1,"windows":[],"more":1}', "more"),
    ],
)
def test_malformed_windows_name_the_field_and_leave_nothing(token: str, body: str, where: str) -> None:
    found = call("POST", wire.USAGE_PATH, token, body)
    assert found.status_code == 422
    assert where in {mistake["where"] for mistake in found.json()["mistakes"]}
    assert not Window.objects.exists()


def test_a_fenced_agent_gets_409_over_http(lab: world.Actor, token: str) -> None:
    world.epoch_of(instance="agent-2")
    post = world.post(world.window(at(4), {}))
    found = call("POST", wire.USAGE_PATH, token, post.model_dump_json())
    assert found.status_code == 409 and found.json()["error"] == "stale"


def test_another_protocol_version_is_refused(token: str) -> None:
    found = call("GET", wire.DESIRED_PATH, token, **{wire.VERSION_HEADER: "9"})
    assert found.status_code == 422 and found[wire.VERSION_HEADER] == "1"


def test_an_agent_that_runs_wild_is_slowed(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dure.portal.fleet.doors.PER_MINUTE", 2)
    codes = [call("GET", wire.DESIRED_PATH, token).status_code for _ in range(4)]
    assert codes == [200, 200, 429, 429]


def test_a_persons_use_is_theirs(lab: world.Actor, token: str) -> None:
    name = world.allocated(lab, "25-1-0001")
    send(world.window(at(4), {name: world.busy()}))
    operations.store_pending(now=LATER)
    path = f"/api/allocations/{name}/usage"
    found = world.signed_in(lab).get(path).json()
    assert [m["busy_gpu_seconds"] for m in found] == [57600, 0, 0]
    assert world.signed_in(world.organisation("other")).get(path).status_code == 404
    assert Client().get(path).status_code == 401
    assert world.signed_in(lab).get(path, {"first": "soon"}).status_code == 422


def test_use_of_all_clusters_is_for_those_who_oversee(lab: world.Actor) -> None:
    with pytest.raises(NotPermitted):
        queries.by_cluster(Month(2026, 4), lab)
    assert queries.by_cluster(Month(2026, 4), world.auditor()) == {}


def test_the_doors_stand_in_openapi_with_examples(db: None) -> None:
    paths = Client().get("/api/openapi.json").json()["paths"]
    for path in (wire.LEASE_PATH, wire.REPORT_PATH, wire.USAGE_PATH, wire.INVENTORY_PATH):
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        assert body["example"]["cluster"] and body["schema"]["properties"]["cluster"]
    assert set(paths[wire.DESIRED_PATH]["get"]["responses"]) >= {"200", "304", "401"}


def test_a_day_of_a_large_cluster_is_received_in_few_statements(
    lab: world.Actor, token: str, django_assert_max_num_queries: Any
) -> None:
    share = {"allocated_node_seconds": 1800, "allocated_gpu_seconds": 14400}  # 60 of them are less than the cluster
    rows = {f"a-25-1-{n:04d}": world.busy(n) | share for n in range(60)}
    for day in range(3):
        start = at(4) + timedelta(days=day)
        body = world.post(*(world.window(start + h * HOUR, rows) for h in range(24))).model_dump_json()
        with django_assert_max_num_queries(40):
            assert call("POST", wire.USAGE_PATH, token, body).status_code == 200
    assert Window.objects.count() == 72
