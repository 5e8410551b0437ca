"""What a part of the scheduler never heard of is taken away and made anew, whenever the agent is killed."""

from datetime import timedelta

import pytest

from dure.agent.clusters.port import Observed, Standing, wanted
from dure.agent.clusters.slurm_heard import Missed
from dure.agent.diff import diff
from dure.agent.ledger import Ledger
from dure.protocol.desired import DesiredState, Limits
from tests.agent.conftest import T0, allocation

NOW = T0 + timedelta(hours=1)
PEOPLE = [{"login": "kim", "ssh_keys": ["ssh-ed25519 AAAA kim"]}, {"login": "lee", "ssh_keys": []}]
DESIRED = DesiredState(cluster="c-1", epoch=1, generation=1, allocations=(allocation(members=PEOPLE),))
WHOLE = wanted(DESIRED.allocations[0], NOW, lends=False)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    """Of an agent that has made the award and seen it stand."""
    book = Ledger(tmp_path)
    book.settle(DESIRED, Observed(standings={WHOLE.name: WHOLE}, foreign={}), NOW, timedelta(0))
    return book


@pytest.mark.parametrize(
    ("missed", "left"),
    [
        (Missed(account=True), None),
        (Missed(users=("kim",)), WHOLE.model_copy(update={"members": WHOLE.members[1:]})),
        (Missed(gpus=True), WHOLE.model_copy(update={"gpus": 15})),
        (Missed(hours=True), WHOLE.model_copy(update={"limits": Limits(gpu_hours=1001)})),
    ],
)
def test_what_was_never_heard_is_made_anew_and_blamed_on_nobody(ledger, tmp_path, missed, left):
    assert missed.without(WHOLE) == left
    plan = diff(DESIRED, Observed(standings={WHOLE.name: WHOLE}, foreign={}, unheard={WHOLE.name: left}), ledger, NOW)
    assert [(step.verb, step.before, step.after) for step in plan.steps] == [("retell", WHOLE, left)]
    ledger.intend(plan.steps, NOW)
    for stands in (WHOLE, left):  # killed before and after
        book = Ledger(tmp_path)
        observed = Observed(standings={} if stands is None else {WHOLE.name: stands}, foreign={})
        book.settle(DESIRED, observed, NOW, timedelta(0))
        plan = diff(DESIRED, observed, book, NOW)
        assert plan.drift == ()
        assert (plan.steps[-1].after if plan.steps else WHOLE) == WHOLE
        ledger.intend(plan.steps, NOW)


def test_what_others_changed_meanwhile_stays_theirs(ledger):
    theirs = WHOLE.model_copy(update={"gpus": 4})
    left = Missed(users=("kim",)).without(theirs)
    plan = diff(DESIRED, Observed(standings={WHOLE.name: theirs}, foreign={}, unheard={WHOLE.name: left}), ledger, NOW)
    ledger.intend(plan.steps, NOW)
    observed = Observed(standings={WHOLE.name: left}, foreign={})
    ledger.settle(DESIRED, observed, NOW, timedelta(0))
    plan = diff(DESIRED, observed, ledger, NOW)
    assert [step.field for step in plan.steps] == ["members"]
    assert [found.subject for found in plan.drift] == [f"gpus/{WHOLE.name}"]


def test_a_limit_is_never_lowered_below_what_jobs_use():
    none = Standing(id="a-1", name="award-a-1", limits=Limits(gpu_hours=None), gpus=0)
    left = Missed(gpus=True, hours=True).without(none)
    assert (left.gpus, left.limits.gpu_hours) == (1, 1_000_000)
