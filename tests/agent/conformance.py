"""What every cluster adapter must keep, whichever scheduler stands behind it.

A test class inherits `ClusterConformance` and gives a `stage` fixture: a `Stage` with a cluster of at least six idle
nodes, the names of those nodes, and a clock that the adapter's usage follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from dure.agent.clusters.port import Cluster, Hold, Observed, Standing, Step, StepRefused
from dure.agent.diff import diff
from dure.agent.ledger import Ledger
from dure.protocol.desired import DesiredAllocation, DesiredState, Limits, Member


@dataclass
class Stage:
    """A cluster to try an adapter on; `reopen` gives a new adapter on the same cluster, as after a restart."""

    cluster: Cluster
    nodes: list[str]
    now: datetime
    reopen: Callable[[], Cluster]


def create(standing: Standing) -> Step:
    return Step(verb="create", before=None, after=Standing(id=standing.id, name=standing.name))


def set_field(before: Standing, field: str, value) -> Step:
    return Step(verb="set", before=before, after=before.model_copy(update={field: value}), field=field)


class ClusterConformance:
    """The contract, as tests."""

    def standing(self, stage: Stage, name="award-one", nodes=2, days=30) -> Standing:
        return Standing(
            id=f"id-of-{name}",
            name=name,
            limits=Limits(gpu_hours=100),
            members=(Member(login="alice"), Member(login="bob")),
            hold=Hold(nodes=tuple(stage.nodes[:nodes]), start=stage.now, end=stage.now + timedelta(days=days)),
            gpus=8 * nodes,
        )

    def make(self, stage: Stage, standing: Standing) -> None:
        empty = Standing(id=standing.id, name=standing.name)
        stage.cluster.apply(create(standing), stage.now)
        for field in ("limits", "members", "hold", "gpus"):
            stage.cluster.apply(set_field(empty, field, getattr(standing, field)), stage.now)

    def seen(self, stage: Stage, name="award-one") -> Standing | None:
        return stage.reopen().observe(stage.now).standings.get(name)

    def test_an_empty_cluster_shows_nothing_of_ours(self, stage):
        found = stage.cluster.observe(stage.now)
        assert isinstance(found, Observed)
        assert found.standings == {}

    def test_its_inventory_names_every_node_with_its_gpus(self, stage):
        nodes = {node.name: node for node in stage.cluster.inventory(stage.now)}
        assert set(stage.nodes) <= set(nodes)
        assert all(node.gpus > 0 and node.gpu_model for node in nodes.values())
        assert all(nodes[name].state == "ready" for name in stage.nodes)

    def test_what_is_made_is_seen_as_made(self, stage):
        standing = self.standing(stage)
        self.make(stage, standing)
        assert self.seen(stage) == standing

    def test_every_step_may_be_repeated(self, stage):
        standing = self.standing(stage)
        for _ in range(2):
            self.make(stage, standing)
        assert self.seen(stage) == standing
        removal = Step(verb="remove", before=standing, after=None)
        for _ in range(2):
            stage.cluster.apply(removal, stage.now)
        assert self.seen(stage) is None

    def test_each_field_changes_alone(self, stage):
        standing = self.standing(stage)
        self.make(stage, standing)
        changes = {
            "limits": Limits(gpu_hours=7),
            "members": (Member(login="bob"), Member(login="carol")),
            "hold": Hold(nodes=tuple(stage.nodes[1:4]), start=stage.now, end=stage.now + timedelta(days=3)),
            "gpus": 24,
        }
        for field, value in changes.items():
            stage.cluster.apply(set_field(standing, field, value), stage.now)
            standing = standing.model_copy(update={field: value})
            assert self.seen(stage) == standing

    def test_a_limit_can_be_lifted_and_a_hold_let_go(self, stage):
        standing = self.standing(stage)
        self.make(stage, standing)
        for field, value in (("limits", Limits()), ("gpus", 0), ("hold", None), ("members", ())):
            stage.cluster.apply(set_field(standing, field, value), stage.now)
            assert getattr(self.seen(stage), field) == value

    def test_a_node_is_held_once(self, stage):
        self.make(stage, self.standing(stage))
        other = self.standing(stage, "award-two", nodes=3)
        with pytest.raises(StepRefused):
            self.make(stage, other)
        found = self.seen(stage, "award-two")
        assert found is not None
        assert found.hold is None

    def test_a_node_may_be_held_by_one_and_later_by_another(self, stage):
        self.make(stage, self.standing(stage, days=2))
        later = self.standing(stage, "award-two")
        hold = Hold(nodes=later.hold.nodes, start=stage.now + timedelta(days=2), end=stage.now + timedelta(days=4))
        later = later.model_copy(update={"hold": hold})
        self.make(stage, later)
        assert self.seen(stage, "award-two") == later

    def test_a_node_that_does_not_exist_is_refused(self, stage):
        standing = self.standing(stage)
        hold = standing.hold.model_copy(update={"nodes": ("no-such-node",)})
        with pytest.raises(StepRefused):
            self.make(stage, standing.model_copy(update={"hold": hold}))

    def test_removing_one_leaves_the_others(self, stage):
        one, two = self.standing(stage), self.standing(stage, "award-two")
        two = two.model_copy(update={"hold": two.hold.model_copy(update={"nodes": tuple(stage.nodes[3:5])})})
        self.make(stage, one)
        self.make(stage, two)
        stage.cluster.apply(Step(verb="remove", before=one, after=None), stage.now)
        assert self.seen(stage) is None
        assert self.seen(stage, "award-two") == two

    def test_what_is_held_can_be_lent_and_taken_back(self, stage):
        """Where the cluster lends on demand; elsewhere nothing is ever seen lent."""
        standing = self.standing(stage)
        self.make(stage, standing)
        for lent in (True, False) if stage.cluster.observe(stage.now).lends else ():
            stage.cluster.apply(set_field(standing, "lent", lent), stage.now)
            standing = standing.model_copy(update={"lent": lent})
            assert self.seen(stage) == standing
        assert not self.seen(stage).lent

    def test_budgets_and_storage_are_told_of_what_stands_only(self, stage):
        self.make(stage, self.standing(stage))
        for told in (stage.cluster.spent(stage.now), stage.cluster.storage(stage.now)):
            assert set(told) <= {"award-one"}
        assert all(seconds == 0 for seconds in stage.cluster.spent(stage.now).values())  # nothing has run yet

    def test_the_plan_of_what_is_already_so_is_empty(self, stage, tmp_path):
        standing = self.standing(stage)
        desired = DesiredState(
            cluster="c-1",
            generation=1,
            epoch=1,
            allocations=(
                DesiredAllocation(
                    id=standing.id,
                    name=standing.name,
                    generation=1,
                    present=True,
                    nodes=standing.hold.nodes,
                    start=standing.hold.start,
                    end=standing.hold.end,
                    gpu_model="H200",
                    gpus_per_node=8,
                    members=standing.members,
                    limits=standing.limits,
                ),
            ),
        )
        ledger = Ledger(tmp_path)
        plan = diff(desired, stage.cluster.observe(stage.now), ledger, stage.now)
        for step in plan.steps:
            stage.cluster.apply(step, stage.now)
        again = diff(desired, stage.reopen().observe(stage.now), ledger, stage.now)
        assert (again.steps, again.drift) == ((), ())
