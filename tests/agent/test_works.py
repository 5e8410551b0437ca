"""Announced work on nodes: kept free once, never fought over, nothing where the adapter leaves it to the site."""

from datetime import timedelta

import pytest

from dure.agent.clusters.port import Hold, Observed
from dure.agent.diff import diff
from dure.agent.ledger import Ledger
from dure.protocol.desired import DesiredMaintenance, DesiredState
from tests.agent.conftest import T0

WORK = DesiredMaintenance(
    name="dure-work-7",
    nodes=("n002", "n001"),
    start=T0 + timedelta(hours=2),
    end=T0 + timedelta(hours=5),
    reason="fans",
)
HOLD = Hold(nodes=("n001", "n002"), start=WORK.start, end=WORK.end)
DESIRED = DesiredState(cluster="c-1", generation=1, epoch=1, maintenance=(WORK,))


def observed(works: dict[str, Hold] | None) -> Observed:
    return Observed(standings={}, foreign={}, works=works)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path)


def settle(ledger: Ledger, works, now=T0) -> None:
    ledger.settle(DESIRED, observed(works), now, timedelta(0))


def test_nodes_are_kept_free_once(ledger, tmp_path):
    (step,) = diff(DESIRED, observed({}), ledger, T0).steps
    assert (step.verb, step.name, step.after.hold) == ("close", "dure-work-7", HOLD)
    ledger.intend([step], T0)
    settle(ledger, {"dure-work-7": HOLD})
    plan = diff(DESIRED, observed({"dure-work-7": HOLD}), Ledger(tmp_path), T0)
    assert (plan.steps, plan.drift) == ((), ())


def test_a_site_that_ends_or_moves_the_work_is_left_alone(ledger):
    settle(ledger, {"dure-work-7": HOLD})
    plan = diff(DESIRED, observed({}), ledger, T0)
    assert not plan.steps
    assert [(one.kind, one.subject) for one in plan.drift] == [("missing", "maintenance/dure-work-7")]
    moved = HOLD.model_copy(update={"nodes": ("n001",)})
    plan = diff(DESIRED, observed({"dure-work-7": moved}), ledger, T0)
    assert not plan.steps
    assert [one.kind for one in plan.drift] == ["changed"]


def test_what_is_over_is_let_go(ledger):
    (step,) = diff(DESIRED, observed({"dure-work-7": HOLD}), ledger, WORK.end).steps
    assert (step.verb, step.name) == ("reopen", "dure-work-7")
    settle(ledger, {}, WORK.end)
    plan = diff(DESIRED, observed({}), ledger, WORK.end)
    assert (plan.steps, plan.drift) == ((), ())


def test_an_adapter_that_leaves_it_to_the_site_is_asked_nothing(ledger, site, portal):
    plan = diff(DESIRED, observed(None), ledger, T0)
    assert (plan.steps, plan.drift) == ((), ())
    portal.announce(WORK)
    site.cycle()
    assert portal.condition("DesiredAccepted") == ("true", "Accepted")


def test_what_is_called_off_is_let_go_before_its_time(ledger):
    settle(ledger, {"dure-work-7": HOLD})
    off = DESIRED.model_copy(update={"maintenance": (WORK.model_copy(update={"present": False}),)})
    (step,) = diff(off, observed({"dure-work-7": HOLD}), ledger, T0).steps
    assert (step.verb, step.name) == ("reopen", "dure-work-7")
    ledger.settle(off, observed({}), T0, timedelta(0))
    plan = diff(off, observed({}), ledger, T0)
    assert (plan.steps, plan.drift) == ((), ())
