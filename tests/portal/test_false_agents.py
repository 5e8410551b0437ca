"""What an agent with a live token cannot do: speak for another cluster, of the future, or of more than there is."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client

from dure.portal.allocations.models import ClusterReport
from dure.portal.fleet import operations as fleet
from dure.portal.fleet.models import AgentToken, Cluster
from dure.portal.usage.models import Window
from dure.protocol import wire
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

NOW = at(4, 10)
OTHER = "naver-h200-a"
TOO_MANY = 32 * 8 * 3600 + 1  # the small cluster has 32 nodes of 8 GPUs


class Agent:
    """Somebody with a token, who says what they like."""

    def __init__(self, token: str) -> None:
        self.token, self.client = token, Client(raise_request_exception=False)

    def post(self, path: str, body: object) -> tuple[int, str]:
        """Status and what is said to be wrong."""
        headers = {"Authorization": f"Bearer {self.token}", wire.VERSION_HEADER: "1"}
        text = body if isinstance(body, str) else json.dumps(body)
        answer = self.client.post(path, text, content_type="application/json", headers=headers)
        return answer.status_code, answer.content.decode()


@pytest.fixture
def agent(db: None, monkeypatch: pytest.MonkeyPatch) -> Agent:
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: NOW)
    world.load()
    world.epoch_of()
    token = fleet.issue_token(actor=world.provider(), now=at(4), cluster=SMALL, label="gw1", days=60)
    return Agent(token)


def said(message: object) -> dict:
    return json.loads(message.model_dump_json())


def usage(start: datetime = NOW - HOUR, **row: int) -> dict:
    return said(world.post(world.window(NOW - HOUR, {}))) | {"windows": [hour(start, **row)]}


def hour(start: datetime, **row: int) -> dict:
    """A window as JSON, whatever its row says."""
    found = said(world.window(NOW - HOUR, {"a": {}}))
    found["rows"][0] |= row
    return found | {"start": wire.stamp(start), "end": wire.stamp(start + HOUR)}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"start": NOW}, "windows.0.end"),
        ({"start": NOW + timedelta(days=400)}, "windows.0.end"),
        ({"allocated_gpu_seconds": TOO_MANY}, "windows.0.allocated_gpu_seconds"),
        ({"running_gpu_seconds": 2 * TOO_MANY}, "windows.0.running_gpu_seconds"),
        ({"energy_joules": 2**62}, "windows.0.energy_joules"),
        ({"busy_gpu_seconds": 57601}, "exceed those allocated"),
        ({"jobs": -1}, "windows.0.rows.0.jobs"),
        ({"jobs": 2**63}, "windows.0.rows.0.jobs"),
        ({"idle_longest_seconds": 3601}, "longer than its window"),
        ({"start": NOW - HOUR / 2}, "one whole UTC hour"),
    ],
)
def test_impossible_hours_are_refused_and_none_is_kept(agent: Agent, change: dict, where: str) -> None:
    body = usage(**change)
    body["windows"].append(hour(NOW - 2 * HOUR))
    status, text = agent.post(wire.USAGE_PATH, body)
    assert status == 422
    assert where in text
    assert not Window.objects.exists()


def test_several_rows_cannot_hold_more_than_the_cluster(agent: Agent) -> None:
    rows = {f"a{number}": {"allocated_gpu_seconds": 57600 * 9} for number in range(2)}
    body = said(world.post(world.window(NOW - HOUR, rows)))
    assert agent.post(wire.USAGE_PATH, body)[0] == 422
    assert not Window.objects.exists()


def test_a_token_speaks_for_its_own_cluster_only(agent: Agent) -> None:
    world.epoch_of(OTHER)
    assert agent.post(wire.LEASE_PATH, {"cluster": OTHER, "instance": "x"})[0] == 403
    inventory = {"cluster": OTHER, "instance": "agent-1", "epoch": 1, "seen_at": wire.stamp(NOW), "nodes": []}
    assert agent.post(wire.INVENTORY_PATH, inventory)[0] == 403
    assert agent.post(wire.REPORT_PATH, said(world.report({}, at=NOW, cluster=OTHER)))[0] == 403
    window = world.window(NOW - HOUR, {}, cluster=OTHER)
    assert agent.post(wire.USAGE_PATH, said(world.post(window, cluster=OTHER)))[0] == 403
    mixed = said(world.post(world.window(NOW - HOUR, {}))) | {"windows": [said(window)]}
    assert agent.post(wire.USAGE_PATH, mixed)[0] == 422
    assert not Window.objects.exists()
    assert Cluster.objects.get(code=OTHER).agent_instance == "agent-1"


def test_a_word_from_the_future_does_not_shut_out_the_true_ones(agent: Agent) -> None:
    ahead = NOW + timedelta(days=3650)
    inventory = {"cluster": SMALL, "instance": "agent-1", "epoch": 1, "nodes": []}
    status, text = agent.post(wire.INVENTORY_PATH, inventory | {"seen_at": wire.stamp(ahead)})
    assert (status, "seen_at" in text) == (422, True)
    status, text = agent.post(wire.REPORT_PATH, said(world.report({}, at=ahead)))
    assert (status, "done_at" in text) == (422, True)
    assert not ClusterReport.objects.exists()
    assert agent.post(wire.INVENTORY_PATH, inventory | {"seen_at": wire.stamp(NOW)})[0] == 200
    assert agent.post(wire.REPORT_PATH, said(world.report({}, at=NOW)))[0] == 200


def test_a_replayed_post_counts_once_and_an_older_report_changes_nothing(agent: Agent) -> None:
    body = usage()
    assert "accepted" in agent.post(wire.USAGE_PATH, body)[1]
    assert "duplicate" in agent.post(wire.USAGE_PATH, body)[1]
    agent.post(wire.REPORT_PATH, said(world.report({}, at=NOW, generation=5)))
    agent.post(wire.REPORT_PATH, said(world.report({}, at=NOW - HOUR, generation=1)))
    assert ClusterReport.objects.get().observed_generation == 5


def test_whoever_was_replaced_is_refused_everywhere(agent: Agent) -> None:
    assert agent.post(wire.LEASE_PATH, {"cluster": SMALL, "instance": "agent-2"})[0] == 200
    assert agent.post(wire.USAGE_PATH, usage())[0] == 409
    assert agent.post(wire.REPORT_PATH, said(world.report({}, at=NOW)))[0] == 409
    forged = said(world.report({}, at=NOW)) | {"epoch": 2}  # the new number under the old name
    assert agent.post(wire.REPORT_PATH, forged)[0] == 409


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_dead_token_opens_nothing(agent: Agent, column: str) -> None:
    AgentToken.objects.update(**{column: NOW})
    assert agent.post(wire.LEASE_PATH, {"cluster": SMALL, "instance": "x"})[0] == 401


@pytest.mark.parametrize(
    "body",
    ['{"cluster": "naver-h200-b", "instance": "a\\u0000"}', "[" * 100_000, "", "{", '{"cluster": "\\ud800"}', "\xff"],
)
def test_what_cannot_be_read_is_refused_in_the_agents_words(agent: Agent, body: str) -> None:
    status, text = agent.post(wire.LEASE_PATH, body)
    assert status == 422
    assert {"error", "ko", "en"} <= set(json.loads(text))


def test_a_name_that_the_portal_cannot_keep_is_refused(agent: Agent) -> None:
    assert agent.post(wire.LEASE_PATH, {"cluster": SMALL, "instance": "x" * 80})[0] == 422
    assert agent.post(wire.LEASE_PATH, {"cluster": SMALL, "instance": "x" * 64})[0] == 200
