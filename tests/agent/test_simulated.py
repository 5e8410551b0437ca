"""The simulated cluster: the contract of every adapter, and synthetic use that is the same however it is asked for."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.agent.clusters import simulated_use
from dure.agent.clusters.options import SimulatedOptions
from dure.agent.clusters.port import ClusterUnreachable, Hold, Standing
from dure.agent.clusters.simulated import Fault, Faults, SimulatedCluster
from dure.agent.clusters.simulated_use import HOUR, WHOLE, Span, Stretch, hours_of, spans_between
from dure.protocol.desired import Limits
from tests.agent.conformance import ClusterConformance, Stage, create, set_field
from tests.agent.conftest import allocation

T0 = datetime(2026, 3, 1, tzinfo=UTC)
START = int(T0.timestamp())


def options(folder, **changes):
    fields = {"directory": folder / "c", "nodes": "n[001-016]", "gpu_model": "H200", "seed": 7}
    return SimulatedOptions(**(fields | changes))


class TestConformance(ClusterConformance):
    @pytest.fixture
    def stage(self, tmp_path):
        def reopen():
            return SimulatedCluster(options(tmp_path))

        return Stage(reopen(), [f"n{i:03d}" for i in range(1, 7)], T0, reopen)


def held(cluster, name="award-one", nodes=("n001", "n002"), days=40, now=T0):
    standing = Standing(id=name, name=name)
    cluster.apply(create(standing), now)
    cluster.apply(set_field(standing, "hold", Hold(nodes=nodes, start=now, end=now + timedelta(days=days))), now)
    return standing


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 95), max_size=6), st.integers(0, 5))
def test_the_same_hours_say_the_same_in_whatever_pieces_they_are_asked_for(tmp_path_factory, cuts, number):
    folder = tmp_path_factory.mktemp("c")
    cluster = SimulatedCluster(options(folder))
    held(cluster, f"award-{number}")
    cluster.set_faults(Faults(nodes=[Fault(node="n002", kind="down", since=T0 + timedelta(hours=30, minutes=7))]))
    whole = cluster.usage(T0, T0 + timedelta(hours=96))
    edges = [T0 + timedelta(hours=h) for h in (0, *sorted(cuts), 96)]
    again = SimulatedCluster(options(folder))
    pieces = [hour for since, until in pairwise(edges) for hour in again.usage(since, until)]
    assert pieces == list(whole)


def test_another_seed_gives_other_jobs(tmp_path):
    found = []
    for seed in (1, 2):
        cluster = SimulatedCluster(options(tmp_path / str(seed), seed=seed))
        held(cluster)
        found.append(cluster.usage(T0, T0 + timedelta(days=3)))
    assert found[0] != found[1]


def test_a_failed_node_runs_nothing_and_is_unseen_not_idle(tmp_path):
    cluster = SimulatedCluster(options(tmp_path))
    held(cluster)
    at = T0 + timedelta(hours=10, minutes=30)
    until = T0 + timedelta(hours=12)
    cluster.set_faults(Faults(nodes=[Fault(node="n001", kind="down", since=at, until=until)]))
    rows = {start: rows[0] for start, rows in cluster.usage(T0, T0 + timedelta(hours=14))}
    assert rows[T0 + timedelta(hours=10)].missing_gpu_seconds == 8 * 1800
    assert rows[T0 + timedelta(hours=11)].missing_gpu_seconds == 8 * 3600
    assert rows[T0 + timedelta(hours=11)].running_gpu_seconds <= 8 * 3600
    assert rows[T0 + timedelta(hours=11)].idle_longest_seconds == 0
    assert rows[T0 + timedelta(hours=12)].missing_gpu_seconds == 0
    states = {node.name: node.state for node in cluster.inventory(at)}
    assert states["n001"] == "down"
    assert {node.state for node in cluster.inventory(until)} == {"ready"}


def test_offline_means_no_answer_to_anything(tmp_path):
    cluster = SimulatedCluster(options(tmp_path))
    standing = held(cluster)
    cluster.set_faults(Faults(offline=True))
    for verb in (
        lambda: cluster.observe(T0),
        lambda: cluster.inventory(T0),
        lambda: cluster.usage(T0, T0 + timedelta(hours=1)),
        lambda: cluster.apply(create(standing), T0),
    ):
        with pytest.raises(ClusterUnreachable):
            verb()


def test_a_hold_vanishes_at_its_end(tmp_path):
    cluster = SimulatedCluster(options(tmp_path))
    held(cluster, days=1)
    assert cluster.observe(T0).standings["award-one"].hold is not None
    assert cluster.observe(T0 + timedelta(days=1)).standings["award-one"].hold is None
    rows = cluster.usage(T0, T0 + timedelta(days=2))
    assert sum(row.allocated_node_seconds for _, rows in rows for row in rows) == 2 * 86_400


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_jobs_never_hold_more_than_there_is_and_compute_only_while_held(number, day):
    spans = simulated_use.day_spans(3, f"award-{number}", day)
    moments = sorted({t for span in spans for t in (span.start, span.end)})
    for at in moments:
        level = {"job": 0, "busy": 0, "blind": 0}
        for span in spans:
            if span.start <= at < span.end:
                level[span.kind] += span.share
        assert level["busy"] <= level["job"] <= WHOLE
    assert all(0 <= span.start < span.end for span in spans)


small = st.tuples(st.integers(0, 7000), st.integers(1, 4000), st.integers(0, WHOLE), st.sampled_from(["job", "busy"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(small, max_size=5), st.integers(0, 5000), st.integers(1, 3000), st.integers(0, 2))
def test_hours_equal_a_count_second_by_second(spans, begin, length, down):
    spans = [Span(START + a, START + a + n, share, kind) for a, n, share, kind in spans]
    stretch = Stretch(START + begin, START + begin + length, nodes=3, down=down)
    hours = hours_of(spans, [stretch], gpus=4, model="H200", since=START, until=START + 2 * HOUR)
    for hour in range(2):
        running = busy = missing = allocated = 0
        idle = []
        for t in range(START + hour * HOUR, START + (hour + 1) * HOUR):
            if not stretch.start <= t < stretch.end:
                continue
            on = [s for s in spans if s.start <= t < s.end]
            allocated += 12
            missing += 4 * down
            running += min(sum(s.share for s in on if s.kind == "job"), WHOLE) * 4 * (3 - down) // WHOLE
            works = min(sum(s.share for s in on if s.kind == "busy"), WHOLE) * 4 * (3 - down) // WHOLE
            busy += works
            idle.append(works == 0 and down == 0)
        assert hours.allocated_gpu_seconds[hour] == allocated
        assert hours.running_gpu_seconds[hour] == running
        assert hours.busy_gpu_seconds[hour] == busy
        assert hours.missing_gpu_seconds[hour] == missing
        text = "".join("i" if flag else "b" for flag in idle)
        assert hours.idle_longest_seconds[hour] == max(map(len, text.split("b")), default=0)
        assert hours.idle_lead_seconds[hour] == len(text.split("b")[0])
        assert hours.idle_tail_seconds[hour] == len(text.split("b")[-1])


def test_there_are_holders_who_work_hard_and_holders_who_do_not():
    profiles = {simulated_use.profile_of(25, f"award-{n}") for n in range(200)}
    assert profiles == {"training", "inference", "debug", "late", "heavy", "idle"}
    month = 30 * 86_400
    shares = []
    for n in range(60):
        spans = spans_between(25, f"award-{n}", START, START, START + month)
        shares.append(sum((s.end - s.start) * s.share for s in spans if s.kind == "busy") / WHOLE / month)
    assert min(shares) < 0.02
    assert max(shares) > 0.9
    assert 0.2 < sum(shares) / len(shares) < 0.7


def test_a_spent_budget_stops_jobs_until_it_is_raised(tmp_path):
    cluster, name = SimulatedCluster(options(tmp_path)), "award-3"
    standing = held(cluster, name)
    without = [hour_used(cluster, hour) for hour in range(240)]
    budget = sum(without[:100]) // HOUR
    cluster.apply(set_field(standing, "limits", Limits(gpu_hours=budget)), T0)
    stopped = None
    for hour in range(241):
        now = T0 + timedelta(hours=hour)
        if hour == 200:
            cluster.apply(set_field(standing, "limits", Limits(gpu_hours=10**6)), now)
        seconds = cluster.spent(now)[name]
        if stopped is None and seconds >= budget * HOUR:
            stopped = hour
    assert stopped is not None and stopped <= 100
    again = SimulatedCluster(options(tmp_path))  # what was stopped stays stopped
    assert [hour_used(again, hour) for hour in range(stopped)] == without[:stopped]
    assert sum(hour_used(again, hour) for hour in range(stopped, 200)) == 0
    assert [hour_used(again, hour) for hour in range(200, 240)] == without[200:] != [0] * 40
    assert again.spent(T0 + timedelta(hours=240))[name] == seconds


def hour_used(cluster, hour):
    ((_, rows),) = cluster.usage(T0 + timedelta(hours=hour), T0 + timedelta(hours=hour + 1))
    return sum(row.running_gpu_seconds for row in rows)


def test_an_award_is_lent_while_it_is_due_and_no_longer(site, portal):
    """Through the whole agent: asked, made, told; before its start and after its end there is nothing to lend."""
    early = allocation(start=T0 + timedelta(hours=1), end=T0 + timedelta(days=30), lent=True)
    portal.want(early)
    seen = []
    for now in (T0, T0 + timedelta(hours=1)):
        portal.now = now
        site.cycle()
        seen.append(site.cluster.observe(now).standings["award-a-1"].lent)
        assert portal.condition("Ready", "a-1")[0] == "true"
    assert seen == [False, True]
    portal.change("a-1", lent=False)
    site.cycle()
    assert not site.cluster.observe(portal.now).standings["award-a-1"].lent
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()
