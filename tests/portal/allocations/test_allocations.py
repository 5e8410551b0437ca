"""Allocations: agreed awards made real once, generations that rise, reports that count, who sees and may what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted, Stale
from dure.core.period import Month
from dure.portal.allocations import operations, queries
from dure.portal.allocations.models import Allocation, Desired, ObservedCondition, Revision
from dure.portal.clock.models import Reported
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.journal.models import Entry
from dure.portal.messages.models import Message
from dure.protocol.desired import DesiredState
from tests.portal import realised as world
from tests.portal.realised import NOW, SMALL, at


@pytest.fixture
def lab(db: None) -> world.Actor:
    world.load()
    return world.organisation("lab")


def state_of(cluster: str = SMALL) -> DesiredState:
    return DesiredState.model_validate_json(queries.desired(cluster)[2])


def test_an_agreed_award_becomes_an_allocation_once(lab: world.Actor) -> None:
    world.award(lab, "25-1-0001", start=at(4), end=at(7))
    world.award(lab, "25-1-0002", start=at(4), end=at(7), state="accepted")
    assert operations.allocate_due(now=NOW) == 1
    assert operations.allocate_due(now=NOW) == 0
    (wanted,) = state_of().allocations
    assert (wanted.id, wanted.name, wanted.generation) == ("a-25-1-0001", "a-25-1-0001", 1)
    assert (wanted.start, wanted.end, len(wanted.nodes)) == (at(4), at(7), 2)
    assert [m.login for m in wanted.members] == [f"du{lab.user_id}"]


def test_one_generation_for_all_that_become_real_at_once(lab: world.Actor) -> None:
    for number in range(1, 4):
        world.award(lab, f"25-1-000{number}", start=at(4), end=at(7))
    assert operations.allocate_due(now=NOW) == 3
    assert state_of().generation == 1
    assert set(Revision.objects.values_list("generation", flat=True)) == {1}


def test_agreed_late_begins_late_and_gives_the_rest_back(lab: world.Actor) -> None:
    late = at(4, 11)
    name = world.allocated(lab, "25-1-0001", now=late)
    assert queries.allocation(name, lab).start_at == late
    april = fleet_queries.capacity(SMALL, [Month(2026, 4)])[0]
    assert april.awarded == 2 * 20 * 86400


def test_what_ended_before_it_was_agreed_is_not_made(lab: world.Actor) -> None:
    world.award(lab, "25-1-0001", start=at(4), end=at(5))
    assert operations.allocate_due(now=at(5)) == 0
    assert not Allocation.objects.exists()


def test_a_new_lease_changes_the_epoch_in_the_document(lab: world.Actor) -> None:
    world.allocated(lab, "25-1-0001")
    assert world.epoch_of() == 1
    before = queries.desired_tag(SMALL)
    assert world.epoch_of() == 1 and queries.desired_tag(SMALL) == before
    assert world.epoch_of(instance="agent-2") == 2
    assert state_of().epoch == 2 and queries.desired_tag(SMALL) != before


def test_reports_the_newest_counts_and_only_changes_are_written(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    world.epoch_of()
    waiting = world.report({name: "NotYetStarted"}, at=NOW, generation=1)
    assert operations.record_report(now=NOW, report=waiting)
    assert queries.allocation(name, lab).ready_at is None
    nodes = queries.allocation(name, lab).node_names
    ready = world.report({name: "Applied"}, at=at(4), generation=1, nodes=nodes)
    assert operations.record_report(now=at(4), report=ready)
    view = queries.allocation(name, lab)
    assert view.ready_at == at(4) and view.held_nodes == nodes and view.is_applied
    entries = Entry.objects.count()
    again = ready.model_copy(update={"done_at": at(4, 2)})
    assert operations.record_report(now=at(4, 2), report=again)
    assert Entry.objects.count() == entries  # nothing new was said
    assert not operations.record_report(now=at(4, 3), report=waiting)
    assert queries.allocation(name, lab).ready_at == at(4)
    assert queries.report(SMALL).done_at == at(4, 2)
    assert Message.objects.filter(key__startswith="allocation-ready:").count() == 1


def test_conditions_no_longer_said_go_away_and_changed_ones_keep_their_time(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    world.epoch_of()
    operations.record_report(now=NOW, report=world.report({name: "NotYetStarted"}, at=NOW, generation=1))
    operations.record_report(now=at(4), report=world.report({name: "Applied"}, at=at(4), generation=1))
    row = ObservedCondition.objects.get(allocation__name=name, type="Ready")
    assert (row.reason, row.changed_at) == ("Applied", NOW)  # true all the time, for another reason
    operations.record_report(now=at(5), report=world.report({}, at=at(5), generation=1))
    assert not ObservedCondition.objects.filter(allocation__name=name).exists()


def test_a_fenced_agent_is_refused_and_nothing_kept(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    world.epoch_of()
    world.epoch_of(instance="agent-2")
    with pytest.raises(Stale):
        operations.record_report(now=NOW, report=world.report({name: "Applied"}, at=NOW, generation=1))
    assert not ObservedCondition.objects.exists()


def test_ended_allocations_stay_listed_until_the_agent_has_cleared_them(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    world.epoch_of()
    assert operations.end_due(now=at(7)) == 1
    assert operations.end_due(now=at(7)) == 0
    assert [a.name for a in state_of().allocations] == [name]
    before = state_of().generation
    operations.record_report(now=at(7), report=world.report({name: "Ended"}, at=at(7), generation=before))
    assert state_of().allocations == () and state_of().generation == before + 1
    view = queries.allocation(name, lab)
    assert view.state == "ended" and view.cleared_at == at(7)


def test_virtual_time_waits_for_the_newest_generation_and_all_usage(
    lab: world.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dure.portal.clock.queries.is_virtual", lambda: True)
    name = world.allocated(lab, "25-1-0001")
    world.epoch_of()
    assert queries.agents_behind(NOW) == {SMALL}
    for generation, delivered in ((0, True), (1, False)):
        late = world.report({name: "Applied"}, at=NOW, generation=generation, delivered=delivered)
        operations.record_report(now=NOW, report=late)
        assert not Reported.objects.exists()
        assert queries.agents_behind(NOW) == {SMALL}
    operations.record_report(now=NOW, report=world.report({name: "Applied"}, at=NOW, generation=1))
    assert Reported.objects.get().reporter == f"agent:{SMALL}"
    assert queries.agents_behind(NOW) == set()
    assert queries.agents_behind(NOW + timedelta(hours=1)) == {SMALL}


def test_shrinking_releases_the_nodes_given_up(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001", nodes=4)
    nodes = queries.allocation(name, lab).node_names
    made = operations.revise(actor=world.manager(), now=at(5), name=name, reason="회수", node_names=nodes[:2])
    assert made == 2 and state_of().allocations[0].nodes == nodes[:2]
    assert fleet_queries.booked_nodes("award:25-1-0001", at(5, 2)) == list(nodes[:2])
    may = fleet_queries.capacity(SMALL, [Month(2026, 5)])[0]
    assert may.awarded == 2 * 31 * 86400


def test_withdrawing_ends_it_and_an_earlier_end_cuts_it(lab: world.Actor) -> None:
    first, second = world.allocated(lab, "25-1-0001"), world.allocated(lab, "25-1-0002")
    operations.revise(actor=world.manager(), now=at(5), name=first, reason="회수", present=False)
    operations.revise(actor=world.manager(), now=at(5), name=second, reason="회수", end_at=at(6))
    assert queries.allocation(first, lab).state == "ended"
    assert [(a.present, a.end) for a in state_of().allocations] == [(False, at(7)), (True, at(6))]
    june = fleet_queries.capacity(SMALL, [Month(2026, 6)])[0]
    assert june.awarded == 0
    with pytest.raises(IllegalTransition):
        operations.revise(actor=world.manager(), now=at(5), name=first, reason="again", present=False)


def test_revising_is_the_programmes_and_bad_revisions_leave_nothing(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    for actor in (lab, world.provider(), world.finance(), world.auditor()):
        with pytest.raises(NotPermitted):
            operations.revise(actor=actor, now=NOW, name=name, reason="x", present=False)
    for bad in ({"node_names": []}, {"node_names": ["other"]}, {"end_at": at(8)}, {"reason": " "}):
        with pytest.raises(InvalidInput):
            operations.revise(**{"actor": world.manager(), "now": NOW, "name": name, "reason": "x"} | bad)
    assert Revision.objects.count() == 1 and Desired.objects.get(cluster__code=SMALL).generation == 1


def test_holders_are_told_of_maintenance_once(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    nodes = list(queries.allocation(name, lab).node_names[:1])
    fleet.announce_maintenance(
        actor=world.provider(), now=NOW, cluster=SMALL, node_names=nodes, start_at=at(4, 10), end_at=at(4, 11),
        reason="펌웨어 교체",
    )  # fmt: skip
    assert operations.tell_of_maintenance(now=NOW) == 1
    assert operations.tell_of_maintenance(now=NOW) == 0
    assert Message.objects.filter(to="head-lab@example.org", key__startswith="maintenance:").count() == 1


def test_keys_reach_the_cluster_and_leave_it(lab: world.Actor) -> None:
    world.allocated(lab, "25-1-0001")
    line = world.public_key()
    key_id = operations.add_ssh_key(actor=lab, now=NOW, label="노트북", public_key=line)
    assert operations.add_ssh_key(actor=lab, now=NOW, label="again", public_key=line) == key_id
    assert state_of().generation == 2
    assert state_of().allocations[0].members[0].ssh_keys == (line.rsplit(" ", 1)[0],)
    with pytest.raises(NotFound):
        operations.revoke_ssh_key(actor=world.organisation("other"), now=NOW, key_id=key_id)
    operations.revoke_ssh_key(actor=lab, now=NOW, key_id=key_id)
    assert state_of().generation == 3 and state_of().allocations[0].members[0].ssh_keys == ()


def test_members_come_from_the_organisation_and_one_stays(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    student, stranger = world.member("lab", "student"), world.organisation("other")
    with pytest.raises(InvalidInput):
        operations.add_member(actor=lab, now=NOW, name=name, email="head-other@example.org")
    with pytest.raises(NotFound):
        operations.add_member(actor=stranger, now=NOW, name=name, email="student@example.org")
    with pytest.raises(NotPermitted):
        operations.add_member(actor=student, now=NOW, name=name, email="student@example.org")
    operations.add_member(actor=lab, now=NOW, name=name, email="student@example.org")
    assert len(state_of().allocations[0].members) == 2
    operations.remove_member(actor=lab, now=NOW, name=name, user_id=student.user_id)
    with pytest.raises(InvalidInput):
        operations.remove_member(actor=lab, now=NOW, name=name, user_id=lab.user_id)
    assert [p.id for p in queries.members(queries.allocation(name, lab).id)] == [lab.user_id]


def test_who_sees_an_allocation(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    for actor in (lab, world.provider("naver"), world.manager(), world.finance(), world.auditor()):
        assert queries.allocation(name, actor).name == name
    for actor in (world.organisation("other"), world.provider("kakao"), world.person("nobody")):
        with pytest.raises(NotFound):
            queries.allocation(name, actor)
        assert not queries.listing(actor).exists()


def test_announced_work_goes_out_with_the_desired_state_until_it_is_over(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")
    node = queries.allocation(name, lab).node_names[0]
    fleet.announce_maintenance(
        actor=world.provider(),
        now=NOW,
        cluster=SMALL,
        node_names=[node],
        start_at=at(4, 3),
        end_at=at(4, 4),
        reason="팬",
    )
    assert operations.tell_of_maintenance(now=NOW) == 1
    (work,) = state_of().maintenance
    assert (work.nodes, work.start, work.end, work.reason) == ((node,), at(4, 3), at(4, 4), "팬")
    assert state_of().generation == 2
    assert operations.tell_of_maintenance(now=NOW) == 0
    operations.revise(actor=world.manager(), now=at(4, 5), name=name, reason="회수", node_names=[node])
    assert state_of().maintenance == ()


def test_people_are_warned_fourteen_three_and_one_days_before_the_end(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0001")  # to the first of July
    end, day = at(7), timedelta(days=1)
    assert operations.warn_of_end(now=end - 15 * day) == 0
    for days in (14, 3, 1):
        assert operations.warn_of_end(now=end - days * day) == 1
        assert operations.warn_of_end(now=end - days * day) == 0
    mails = Message.objects.filter(key__startswith=f"allocation-ends:{name}:")
    assert mails.count() == 3
    assert operations.warn_of_end(now=end) == 0
    operations.revise(actor=world.manager(), now=end - day, name=name, reason="앞당김", end_at=end - day / 2)
    assert operations.warn_of_end(now=end - day) == 1  # another end is warned of anew, once
    assert mails.count() == 4


def test_an_award_of_two_days_is_warned_of_once(lab: world.Actor) -> None:
    start, day = at(4), timedelta(days=1)
    world.allocated(lab, "25-1-0002", start=start, end=start + 2 * day)
    assert operations.warn_of_end(now=start) == 0
    assert operations.warn_of_end(now=start + day) == 1
    assert operations.warn_of_end(now=start + day) == 0
