"""The contract between portal and agents: what it refuses, and what must never change on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dure.core.condition import Condition
from dure.core.errors import DureError, InvalidInput, Mistake, NotFound, Stale
from dure.core.text import Text
from dure.protocol import words
from dure.protocol.answers import Refusal
from dure.protocol.desired import DesiredAllocation, DesiredState
from dure.protocol.inventory import Inventory
from dure.protocol.report import AllocationReport, Report
from dure.protocol.usage import UsagePost, UsageRow, UsageWindow
from dure.protocol.wire import parse_stamp, stamp

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def allocation(**changes):
    fields = {
        "id": "a-1",
        "name": "mri-lab",
        "generation": 1,
        "present": True,
        "nodes": ("n001", "n002"),
        "start": T0,
        "end": T0 + timedelta(days=30),
        "gpu_model": "H200",
        "gpus_per_node": 8,
    }
    return DesiredAllocation(**(fields | changes))


def row(**changes):
    fields = {
        "allocation": "a-1",
        "allocated_node_seconds": 7200,
        "allocated_gpu_seconds": 57600,
        "running_gpu_seconds": 50000,
        "busy_gpu_seconds": 40000,
        "missing_gpu_seconds": 600,
        "energy_joules": 9,
        "jobs": 2,
        "idle_lead_seconds": 0,
        "idle_longest_seconds": 120,
        "idle_tail_seconds": 60,
    }
    return UsageRow(**(fields | changes))


def window(**changes):
    fields = {"cluster": "c-1", "start": T0, "end": T0 + timedelta(hours=1), "rows": (row(),)}
    return UsageWindow(**(fields | changes))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "MRI-Lab"},
        {"name": "1lab"},
        {"name": "lab; rm -rf /"},
        {"nodes": ("n001", "n001")},
        {"nodes": ("n[001-004]",)},
        {"end": T0},
        {"start": datetime(2026, 3, 1)},  # noqa: DTZ001 - a naive instant is the mistake under test
        {"start": T0 + timedelta(microseconds=1)},
        {"generation": 0},
        {"generation": "1"},
        {"gpus_per_node": 8.0},
        {"members": ({"login": "Root user"},)},
        {"limits": {"gpu_hours": -1}},
    ],
)
def test_an_allocation_that_cannot_be_is_refused(change):
    with pytest.raises(ValidationError):
        allocation(**change)


def test_two_allocations_may_not_share_an_id_or_a_name():
    for twin in (allocation(name="other"), allocation(id="a-2")):
        with pytest.raises(ValidationError):
            DesiredState(cluster="c-1", generation=1, epoch=1, allocations=(allocation(), twin))


def test_due_and_over_follow_the_half_open_period():
    a = allocation()
    assert not a.is_due(T0 - timedelta(seconds=1))
    assert a.is_due(T0)
    assert not a.is_due(a.end)
    assert a.is_over(a.end)
    assert allocation(present=False).is_over(T0)


def test_an_agent_passes_over_fields_of_a_newer_portal_but_the_portal_refuses_unknown_ones():
    text = allocation().model_dump_json()
    newer = text.replace('"present":true', '"present":true,"storage_path":"/x"')
    assert DesiredAllocation.model_validate_json(newer) == allocation()
    with pytest.raises(ValidationError):
        UsageRow.model_validate({**row().model_dump(), "busy_gpu_hours": 1})


def test_the_tag_changes_with_anything_and_with_nothing_else():
    state = DesiredState(cluster="c-1", generation=1, epoch=1, allocations=(allocation(),))
    again = DesiredState.model_validate_json(state.model_dump_json())
    assert again.etag() == state.etag()
    assert state.model_copy(update={"epoch": 2}).etag() != state.etag()


@pytest.mark.parametrize(
    "change",
    [
        {"busy_gpu_seconds": 57001},
        {"allocated_gpu_seconds": 7199},
        {"idle_tail_seconds": 121},
        {"idle_longest_seconds": 3601},
        {"energy_joules": -1},
        {"energy_joules": 1.5},
        {"jobs": True},
    ],
)
def test_a_row_that_cannot_be_is_refused(change):
    with pytest.raises(ValidationError):
        row(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"start": T0 + timedelta(minutes=30), "end": T0 + timedelta(minutes=90)},
        {"end": T0 + timedelta(hours=2)},
        {"revision": -1},
        {"rows": (row(), row())},
    ],
)
def test_a_window_that_cannot_be_is_refused(change):
    with pytest.raises(ValidationError):
        window(**change)


def test_a_post_holds_windows_of_its_own_cluster_only():
    with pytest.raises(ValidationError):
        UsagePost(cluster="c-2", instance="i", epoch=1, windows=(window(),))
    with pytest.raises(ValidationError):
        UsagePost(cluster="c-1", instance="i", epoch=1, windows=())


def test_the_key_names_cluster_start_and_revision_whatever_the_time_zone():
    seoul = timezone(timedelta(hours=9))
    w = window(start=T0.astimezone(seoul), end=(T0 + timedelta(hours=1)).astimezone(seoul), revision=2)
    assert w.key == "c-1/2026-03-01T00:00:00Z/2"
    assert w.digest() == window(revision=2).digest()


def test_the_digest_is_fixed_forever():
    """Windows in agents' spools outlive upgrades of both sides: these bytes may not drift."""
    assert window().digest() == "sha256:92d36338bf36e849cb732ac4f57e7a6740d8c9ea3b60fa266e198669e63dfa42"


counts = st.integers(0, 2**40)


@given(counts, counts, counts, counts)
def test_windows_survive_the_wire_and_differ_by_digest(node, busy, missing, energy):
    r = row(
        allocated_node_seconds=node,
        allocated_gpu_seconds=node * 8 + busy + missing,
        busy_gpu_seconds=busy,
        running_gpu_seconds=busy,
        missing_gpu_seconds=missing,
        energy_joules=energy,
    )
    w = window(rows=(r,))
    assert UsageWindow.model_validate_json(w.model_dump_json()) == w
    assert w.rows[0].idle_gpu_seconds == node * 8
    other = window(rows=(r.model_copy(update={"energy_joules": energy + 1}),))
    assert other.digest() != w.digest()


def test_conditions_use_documented_words_only():
    def report(condition):
        return AllocationReport(id="a-1", generation=1, nodes=(), conditions=(condition,))

    good = report(Condition(words.READY, "true", "Applied", "", 1))
    assert AllocationReport.model_validate_json(good.model_dump_json()) == good
    for bad in (
        Condition("Reddy", "true", "Applied"),
        Condition(words.READY, "true", "Because"),
        Condition(words.READY, "true", "Applied", "x" * 2001),
    ):
        with pytest.raises(ValidationError):
            report(bad)
    with pytest.raises(ValidationError):
        Report.model_validate(
            {
                "cluster": "c-1",
                "instance": "i",
                "epoch": 1,
                "observed_generation": 1,
                "done_at": T0,
                "conditions": [{"type": "Reachable", "status": "maybe", "reason": "Observed"}],
            }
        )


def test_every_word_has_a_meaning_in_both_languages():
    for meanings in (words.ALLOCATION_CONDITIONS, words.CLUSTER_CONDITIONS, words.REASONS):
        assert all(text.ko and text.en for text in meanings.values())


def test_an_inventory_lists_a_node_once():
    node = {"name": "n1", "gpus": 8, "gpu_model": "H200", "state": "ready"}
    fields = {"cluster": "c-1", "instance": "i", "epoch": 1, "seen_at": T0}
    assert Inventory(**fields, nodes=[node]).nodes[0].name == "n1"
    with pytest.raises(ValidationError):
        Inventory(**fields, nodes=[node, node])


def test_a_refusal_carries_the_public_text_only():
    refusal = Refusal.of(NotFound(internal="row 17 of fleet_token"))
    assert refusal.error == "not_found"
    assert "17" not in refusal.model_dump_json()
    wrong = InvalidInput(Mistake("windows.0.start", Text("시각이 아닙니다.", "Not an instant."), Text("", "")))
    assert Refusal.of(wrong).mistakes[0].where == "windows.0.start"
    assert Refusal.of(Stale()).error == "stale"
    assert Refusal.of(DureError()).error == "failed"


def test_stamps_are_read_back():
    assert parse_stamp(stamp(T0)) == T0
    with pytest.raises(ValueError):
        parse_stamp("2026-03-01 00:00")
