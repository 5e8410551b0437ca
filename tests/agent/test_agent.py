"""The agent's cycle against a portal in memory and a simulated cluster on disk."""

from datetime import timedelta

import pytest

from dure.agent import look
from dure.agent.client import PortalRefused, PortalUnreachable
from dure.agent.clusters.port import UsageUntracked
from dure.agent.clusters.simulated import Fault, Faults
from dure.agent.reconcile import Fenced
from dure.core.errors import InvalidInput, Stale
from dure.protocol import wire
from tests.agent.conftest import T0, allocation

OTHER = ("n003", "n004", "n005")


def test_an_award_is_made_real_and_said_to_be(site, portal):
    portal.want(allocation(), allocation("a-2", OTHER))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("Reachable") == ("true", "Observed")
    assert portal.report.done_at == T0
    assert portal.report.observed_generation == portal.generation
    assert {a.id: a.nodes for a in portal.report.allocations} == {"a-1": ("n001", "n002"), "a-2": OTHER}
    assert len(portal.inventory.nodes) == 16
    assert {node.leaf for node in portal.inventory.nodes} == {"leaf01", "leaf02", "leaf03", "leaf04"}


def test_a_second_cycle_changes_nothing_and_says_nothing(site, portal):
    portal.want(allocation())
    with site.agent() as agent:
        agent.cycle()
        files = {p: p.read_bytes() for p in site.folder.rglob("*.json")}
        sent = len(portal.requests)
        agent.cycle()
        assert {p: p.read_bytes() for p in site.folder.rglob("*.json")} == files
        assert portal.requests[sent:] == [("GET", wire.DESIRED_PATH, 304)]


def test_what_is_asked_early_is_prepared_and_begins_on_time(site, portal):
    portal.want(allocation(start=T0 + timedelta(hours=5)))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "NotYetStarted")
    portal.advance(hours=8)
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.total("allocated_node_seconds") == 2 * 3 * 3600


def test_grow_shrink_extend_members_and_withdrawal(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.change("a-1", nodes=("n001", "n002", "n003"), end=T0 + timedelta(days=40))
    site.cycle()
    held = site.cluster.observe(T0).standings["award-a-1"]
    assert held.hold.nodes == ("n001", "n002", "n003")
    assert held.hold.end == T0 + timedelta(days=40)
    portal.advance(hours=1)
    portal.change("a-1", nodes=("n003",), members=[{"login": "lee"}, {"login": "cho"}])
    site.cycle()
    held = site.cluster.observe(T0).standings["award-a-1"]
    assert held.hold.nodes == ("n003",)
    assert [m.login for m in held.members] == ["cho", "lee"]
    portal.advance(hours=1)
    portal.change("a-1", present=False)
    site.cycle()
    assert site.cluster.observe(portal.now).standings == {}
    assert portal.condition("Ended", "a-1") == ("true", "Withdrawn")
    portal.advance(hours=2)
    site.cycle()
    assert portal.total("allocated_node_seconds") == (3 + 1) * 3600


def test_two_allocations_may_swap_their_nodes_in_one_cycle(site, portal):
    portal.want(allocation(nodes=("n001", "n002")), allocation("a-2", ("n003", "n004")))
    site.cycle()
    portal.change("a-1", nodes=("n001", "n003"))
    portal.change("a-2", nodes=("n002", "n004"))
    site.cycle()
    assert {a.id: a.nodes for a in portal.report.allocations} == {"a-1": ("n001", "n003"), "a-2": ("n002", "n004")}
    portal.change("a-1", nodes=("n002", "n004"))
    portal.change("a-2", nodes=("n001", "n003"))
    site.cycle()
    assert {a.id: a.nodes for a in portal.report.allocations} == {"a-1": ("n002", "n004"), "a-2": ("n001", "n003")}


def test_nodes_pass_from_one_that_ends_to_one_that_begins(site, portal):
    portal.want(allocation(end=T0 + timedelta(hours=3)))
    site.cycle()
    portal.want(allocation("a-2", ("n002", "n001"), start=T0 + timedelta(hours=3)))
    site.cycle()
    portal.advance(hours=6)
    site.cycle()
    assert portal.condition("Ended", "a-1") == ("true", "PeriodEnded")
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    per = {w.start.hour: [r.allocation for r in w.rows] for w in portal.latest()}
    assert per == {0: ["a-1"], 1: ["a-1"], 2: ["a-1"], 3: ["a-2"], 4: ["a-2"], 5: ["a-2"]}


def test_a_refused_step_is_reported_and_does_not_hold_up_the_others(site, portal):
    portal.want(allocation(nodes=("n001", "n099")), allocation("a-2", OTHER))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("false", "ApplyFailed")
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    portal.change("a-1", nodes=("n001", "n002"))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")


def test_windows_arrive_once_for_every_hour(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(days=20)
    site.cycle()
    site.cycle()
    assert [w.start for w in portal.latest()] == [T0 + timedelta(hours=h) for h in range(480)]
    assert set(portal.outcomes) == {"accepted"}
    assert portal.total("allocated_node_seconds") == 2 * 480 * 3600


def test_an_answer_lost_after_the_commit_ends_as_a_duplicate(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(hours=3)
    portal.lose_answers_to = {wire.USAGE_PATH}
    with pytest.raises(PortalUnreachable):
        site.cycle()
    portal.lose_answers_to = set()
    site.cycle()
    assert portal.outcomes == ["accepted"] * 3 + ["duplicate"] * 3
    assert portal.total("allocated_node_seconds") == 2 * 3 * 3600


def test_days_without_a_portal_lose_nothing(site, portal):
    """By its own clock the agent goes on, ends what is over, and hands everything over afterwards."""
    portal.kind = "wall"
    here = {"seconds": T0.timestamp()}
    portal.want(allocation(end=T0 + timedelta(days=2)))
    with site.agent() as agent:
        agent._clock._wall = lambda: here["seconds"]
        agent.cycle()
        portal.is_away = True
        for _ in range(6):
            here["seconds"] += 12 * 3600
            with pytest.raises(PortalUnreachable):
                agent.cycle()
        assert site.cluster.observe(T0).standings == {}
        assert portal.windows == {}
        portal.is_away, portal.now = False, T0 + timedelta(days=3)
        agent.cycle()
    assert portal.condition("Ended", "a-1") == ("true", "PeriodEnded")
    assert len(portal.windows) == 72
    assert portal.total("allocated_node_seconds") == 2 * 48 * 3600


def test_virtual_time_stands_still_without_a_portal_even_after_a_restart(site, portal):
    portal.want(allocation(end=T0 + timedelta(hours=1)))
    site.cycle()
    portal.is_away = True
    with pytest.raises(PortalUnreachable):
        site.cycle()
    assert "award-a-1" in site.cluster.observe(T0).standings


def test_an_older_desired_state_is_refused(site, portal):
    portal.want(allocation())
    portal.change("a-1", nodes=("n001", "n002", "n003"))
    site.cycle()
    portal.want(allocation())
    portal.generation = 1
    site.cycle()
    assert site.cluster.observe(T0).standings["award-a-1"].hold.nodes == ("n001", "n002", "n003")
    assert portal.condition("DesiredAccepted") == ("false", "OlderThanApplied")
    portal.generation = 9
    portal.change("a-1", generation=1)
    portal.allocations["a-1"] = allocation()
    site.cycle()
    assert portal.condition("DesiredAccepted") == ("false", "OlderThanApplied")


def test_a_stale_second_agent_is_fenced_off(site, portal, tmp_path):
    from tests.agent.conftest import Site

    (tmp_path / "second").mkdir()
    second = Site(tmp_path / "second", portal)
    portal.want(allocation())
    with site.agent() as old:
        old.cycle()
        second.cycle()
        assert portal.epoch == 2
        portal.want(allocation("a-2", OTHER))
        with pytest.raises(Fenced):
            old.cycle()
        assert "award-a-2" not in site.cluster.observe(T0).standings


def test_restarting_keeps_the_epoch(site, portal):
    for _ in range(3):
        site.cycle()
    assert portal.epoch == 1


def test_one_state_directory_serves_one_process(site):
    with site.agent(), pytest.raises(Stale), site.agent():
        pass


def test_somebody_elses_change_is_reported_and_left(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(minutes=2)
    site.cycle()
    cluster = site.cluster
    state = cluster._load()
    standing = state.standings["award-a-1"]
    changed = standing.model_copy(update={"members": ()})
    state.standings["award-a-1"] = changed
    cluster._save(state)
    site.cycle()
    assert portal.condition("Drifted", "a-1") == ("true", "ForeignChange")
    assert portal.condition("Ready", "a-1") == ("false", "ForeignChange")
    assert [(f.kind, f.subject) for f in portal.report.drift] == [("changed", "members/award-a-1")]
    portal.change("a-1", end=T0 + timedelta(days=60))
    site.cycle()
    assert site.cluster.observe(T0).standings["award-a-1"].members == ()
    assert site.cluster.observe(T0).standings["award-a-1"].hold.end == T0 + timedelta(days=60)
    state = cluster._load()
    state.standings["award-a-1"] = state.standings["award-a-1"].model_copy(update={"members": standing.members})
    cluster._save(state)
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()


def test_a_thing_of_ours_that_vanished_is_missing_and_not_made_again(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(minutes=2)
    site.cycle()
    cluster = site.cluster
    state = cluster._load()
    state.standings.clear()
    cluster._save(state)
    site.cycle()
    assert [f.kind for f in portal.report.drift] == ["missing"]
    assert site.cluster.observe(T0).standings == {}


def test_a_name_or_node_that_is_somebody_elses_is_not_touched(site, portal):
    cluster = site.cluster
    state = cluster._load()
    state.foreign = {"award-a-1": "an account of the site"}
    state.taken = {"n003": "reservation maint"}
    cluster._save(state)
    portal.want(allocation(), allocation("a-2", OTHER))
    site.cycle()
    assert [(f.kind, f.allocation) for f in portal.report.drift] == [("foreign", "a-1")]
    assert portal.condition("Ready", "a-2") == ("false", "ApplyFailed")
    assert set(site.cluster.observe(T0).standings) == {"award-a-2"}


def test_what_bears_our_mark_and_is_not_asked_for_is_reported_and_kept(site, portal):
    portal.want(allocation())
    site.cycle()
    del portal.allocations["a-1"]
    portal.generation += 1
    site.cycle()
    assert [(f.kind, f.subject) for f in portal.report.drift] == [("foreign", "account/award-a-1")]
    assert "award-a-1" in site.cluster.observe(T0).standings


def test_an_offline_cluster_is_said_to_be_and_made_up_for(site, portal):
    portal.want(allocation())
    site.cycle()
    cluster = site.cluster
    cluster.set_faults(cluster.faults().model_copy(update={"offline": True}))
    portal.advance(hours=2)
    site.cycle()
    assert portal.condition("Reachable") == ("false", "ClusterUnreachable")
    assert portal.condition("Ready", "a-1") == ("unknown", "ClusterUnreachable")
    assert portal.windows == {}
    cluster.set_faults(cluster.faults().model_copy(update={"offline": False}))
    portal.advance(hours=1)
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert len(portal.windows) == 3


def test_looking_writes_nothing_and_may_run_beside_the_agent(site, portal):
    portal.want(allocation())
    with site.agent() as agent:
        agent.cycle()
        portal.change("a-1", nodes=("n001",))
        before = {p: p.read_bytes() for p in site.folder.rglob("*.json")}
        plan = look.plan(site.config, site.cluster, portal.transport())
        assert [(s.verb, s.field, s.name) for s in plan.steps] == [
            ("set", "hold", "award-a-1"),
            ("set", "gpus", "award-a-1"),
        ]
        assert {p: p.read_bytes() for p in site.folder.rglob("*.json")} == before
        agent.cycle()
    assert look.plan(site.config, site.cluster, portal.transport()).steps == ()
    assert look.check(site.config, site.cluster, portal.transport())[:2] == (None, None)


def test_a_wrong_or_missing_token_is_loud_and_a_rotated_one_is_used_at_once(site, portal):
    token = (site.folder / "token").read_text()
    with site.agent() as agent:
        (site.folder / "token").write_text("wrong\n")
        with pytest.raises(PortalRefused):
            agent.cycle()
        (site.folder / "token").unlink()
        with pytest.raises(InvalidInput):
            agent.cycle()
        (site.folder / "token").write_text(token)
        agent.cycle()
    assert portal.report is not None


def test_an_answer_that_is_no_portals_changes_nothing(site, portal, monkeypatch):
    monkeypatch.setattr(portal, "answer", lambda *_: (200, {}, b"<html>captive portal</html>"))
    with pytest.raises(PortalUnreachable):
        site.cycle()
    monkeypatch.undo()
    portal.cluster = "c-2"
    with pytest.raises(PortalRefused):
        site.cycle()
    assert site.cluster.observe(T0).standings == {}


def test_a_conflicting_window_is_reported_and_does_not_block_the_next(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(hours=1)
    site.cycle()
    key, window = next(iter(portal.windows.items()))
    portal.windows[key.replace("T00", "T01")] = window.model_copy(update={"rows": ()})
    portal.advance(hours=2)
    site.cycle()
    assert portal.condition("UsageDelivered") == ("false", "KeyConflict")
    assert len(portal.windows) == 3


def test_a_name_that_passed_to_another_allocation_is_left_to_its_holder(site, portal):
    portal.want(allocation())
    site.cycle()
    del portal.allocations["a-1"]
    portal.want(allocation("a-9", OTHER, name="award-a-1"))
    site.cycle()
    assert [(f.kind, f.allocation) for f in portal.report.drift] == [("foreign", "a-9")]
    assert site.cluster.observe(T0).standings["award-a-1"].id == "a-1"


def test_a_real_cluster_does_not_follow_virtual_time(site, portal):
    slurm = {
        "kind": "slurm",
        "cluster_name": "lab",
        "gpu_model": "H200",
        "keys_directory": "keys",
        "state_directory": "s",
    }
    site.write(adapter=slurm)
    portal.want(allocation())
    with pytest.raises(PortalRefused) as refused:
        site.cycle()
    assert "virtual time" in refused.value.public.en
    assert portal.report is None


def test_a_change_lost_in_a_crash_is_made_again_and_blamed_on_nobody(site, portal):
    portal.want(allocation())
    site.cycle()
    portal.advance(hours=1)
    site.cycle()
    cluster = site.cluster
    earlier = cluster._load().model_copy(deep=True)
    portal.change("a-1", nodes=("n004",), members=[{"login": "lee"}])
    site.cycle()
    portal.advance(seconds=30)
    cluster._save(earlier)
    site.cycle()
    assert portal.report.drift == ()
    assert site.cluster.observe(T0).standings["award-a-1"].hold.nodes == ("n004",)
    portal.advance(minutes=2)
    site.cycle()
    cluster._save(earlier)
    site.cycle()
    assert {f.subject for f in portal.report.drift} == {"hold/award-a-1", "gpus/award-a-1", "members/award-a-1"}


def test_late_records_are_sent_as_the_next_revision_of_their_hour_only(site, portal):
    site.write(recheck_hours=6)
    portal.want(allocation())
    site.cycle()
    portal.advance(hours=8)
    site.cycle()
    late = Fault(node="n001", kind="blind", since=T0 + timedelta(hours=5), until=T0 + timedelta(hours=6))
    too_late = Fault(node="n002", kind="blind", since=T0, until=T0 + timedelta(hours=1))
    site.cluster.set_faults(Faults(nodes=[late, too_late]))
    portal.advance(hours=1)
    site.cycle()
    assert [(w.start.hour, w.revision) for w in portal.windows.values() if w.revision] == [(5, 1)]
    assert portal.total("missing_gpu_seconds") == 8 * 3600
    portal.advance(hours=1)
    site.cycle()
    assert [(w.start.hour, w.revision) for w in portal.windows.values() if w.revision] == [(5, 1)]
    site.cluster.set_faults(Faults())
    portal.advance(hours=1)
    site.cycle()
    assert [(w.start.hour, w.revision) for w in portal.windows.values() if w.revision] == [(5, 1), (5, 2)]
    assert portal.total("missing_gpu_seconds") == 0
    assert set(portal.outcomes) == {"accepted"}


def test_hours_are_closed_only_once_their_records_have_settled(site, portal):
    site.write(settle_seconds=600)
    portal.want(allocation())
    site.cycle()
    portal.advance(hours=2, minutes=5)
    site.cycle()
    assert len(portal.windows) == 2  # the hour before the award and its first; the second still settles
    portal.advance(minutes=5)
    site.cycle()
    assert len(portal.windows) == 3


def test_uncounted_gpus_are_said_loudly_and_never_zero(site, portal):
    class Untracked(type(site.cluster)):
        def usage(self, since, until):
            raise UsageUntracked(internal="AccountingStorageTRES=cpu,mem")

    portal.want(allocation())
    with site.agent(Untracked(site.config.adapter)) as agent:
        agent.cycle()
        portal.advance(hours=2)
        agent.cycle()
    assert portal.windows == {}
    assert portal.condition("TelemetryFlowing") == ("false", "GpuTresNotTracked")
    site.cycle()
    assert len(portal.windows) == 2


def test_while_virtual_time_stands_still_the_cluster_is_looked_at_every_two_seconds(site, portal):
    portal.want(allocation())
    here = {"seconds": 1000.0}
    with site.agent() as agent:
        agent._clock._wall = lambda: here["seconds"]
        agent.cycle()
        site.cluster.set_faults(Faults(offline=True))
        agent.cycle()
        assert portal.condition("Reachable") == ("true", "Observed")
        here["seconds"] += 2
        agent.cycle()
        assert portal.condition("Reachable") == ("false", "ClusterUnreachable")
        site.cluster.set_faults(Faults())
        portal.change("a-1", nodes=("n007",))
        agent.cycle()
        assert portal.condition("Ready", "a-1") == ("true", "Applied")


def test_a_token_is_replaced_and_the_one_before_ends(site, portal):
    portal.next_token = "the-next"
    site.cycle()
    held = site.folder / "token"
    assert held.read_text() == "the-next\n" and held.stat().st_mode & 0o777 == 0o600
    assert portal.tokens == ["the-next"]
    site.cycle()
    assert portal.condition("Reachable") == ("true", "Observed")


def test_a_token_that_did_not_arrive_is_asked_for_again(site, portal):
    portal.next_token = "the-next"
    portal.lose_answers_to.add(wire.TOKEN_PATH)
    with pytest.raises(PortalUnreachable):
        site.cycle()
    portal.lose_answers_to.clear()
    portal.advance(hours=1)
    site.cycle()
    assert (site.folder / "token").read_text() == "the-next\n" and portal.tokens == ["the-next"]


def test_a_token_is_asked_about_once_a_day(site, portal):
    with site.agent() as agent:
        for hours in (0, 1, 22, 1, 1):
            portal.advance(hours=hours)
            agent.cycle()
    assert sum(path == wire.TOKEN_PATH for _, path, _ in portal.requests) == 2
