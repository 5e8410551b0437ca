"""Applications: started, written, sealed, withdrawn, judged by the start of the request; seen by their own only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted, Stale
from dure.core.text import Text
from dure.portal.applications import operations, queries
from dure.portal.applications.models import Application, TeamMember, Version
from dure.portal.calls import operations as calls
from dure.portal.journal.queries import verify
from dure.portal.people.actor import NOBODY
from tests.portal.competition import (
    AFTER,
    CLOSES,
    DURING,
    OPENS,
    SECOND,
    complete,
    manager,
    member_of,
    opened,
    person,
    submitted,
)

pytestmark = pytest.mark.django_db
WHY = Text("신청 자격이 없습니다.", "Not entitled.")


def begun(actor, at=DURING):
    (organisation_id,) = actor.organisations
    return operations.start(actor=actor, now=at, call_code="25-1", organisation_id=organisation_id)


def places(error):
    return {m.where for m in error.value.mistakes}


def test_an_application_is_written_sealed_withdrawn_and_sealed_again():
    opened(manager())
    head = member_of("hanbit", "한빛대학교")
    number = begun(head)
    assert number == "25-1-0001"
    view = queries.application(number, head)
    assert view.draft.team[0].role == "lead" and view.draft.team[0].affiliation == "한빛대학교"
    operations.save_draft(actor=head, now=DURING, number=number, content=complete())
    first = operations.submit(actor=head, now=DURING, started_at=DURING, number=number)
    assert canonical.digest(queries.sealed(number, 1, head)) == first.hash
    operations.withdraw(actor=head, now=DURING, number=number)
    operations.save_draft(actor=head, now=DURING, number=number, content={"requested_nodes": 9})
    second = operations.submit(actor=head, now=DURING, started_at=DURING, number=number)
    assert (second.version, second.hash != first.hash) == (2, True)
    view = queries.application(number, head)
    assert view.content.requested_nodes == 9 and [r.version for r in view.receipts] == [1, 2]
    assert queries.versions_content(number, 1, head).requested_nodes == 8
    assert verify() is None


def test_the_deadline_is_judged_by_the_start_of_the_request():
    boss = manager()
    opened(boss)
    early, late = member_of("early"), member_of("late")
    numbers = [begun(who) for who in (early, late)]
    for who, number in zip((early, late), numbers, strict=True):
        operations.save_draft(actor=who, now=DURING, number=number, content=complete())
    calls.close(actor=boss, now=CLOSES, code="25-1")
    receipt = operations.submit(actor=early, now=CLOSES + 5 * SECOND, started_at=CLOSES - SECOND, number=numbers[0])
    assert receipt.submitted_at > CLOSES > receipt.started_at
    for started in (CLOSES, CLOSES + SECOND):
        with pytest.raises(InvalidInput) as refused:
            operations.submit(actor=late, now=started, started_at=started, number=numbers[1])
        assert "마감" in refused.value.public.ko and "deadline" in refused.value.public.en
    assert Version.objects.count() == 1
    assert queries.application(numbers[1], late).draft.summary, "what was written is kept"


def test_submitting_twice_gives_one_version():
    opened(manager())
    head = member_of("hanbit")
    number = submitted(head)
    again = operations.submit(actor=head, now=DURING + SECOND, started_at=DURING + SECOND, number=number)
    assert again == queries.application(number, head).receipt
    assert Version.objects.count() == 1


def test_nothing_starts_outside_the_window():
    boss = manager()
    opened(boss)
    head = member_of("hanbit")
    for at in (OPENS - SECOND, CLOSES):
        with pytest.raises(InvalidInput):
            begun(head, at)
    calls.cancel(actor=boss, now=DURING, code="25-1", reason=WHY)
    with pytest.raises(InvalidInput):
        begun(head)
    assert not Application.objects.exists()


def test_only_members_start_for_an_organisation_and_only_if_it_may_apply():
    opened(manager())
    head, stranger = member_of("hanbit"), person("stranger")
    (organisation_id,) = head.organisations
    for who in (stranger, NOBODY, manager()):
        with pytest.raises(NotPermitted):
            operations.start(actor=who, now=DURING, call_code="25-1", organisation_id=organisation_id)
    with pytest.raises(NotFound):
        operations.start(actor=head, now=DURING, call_code="99-9", organisation_id=organisation_id)
    with pytest.raises(InvalidInput):
        begun(member_of("ministry", applicant_class="national"))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": {"ko": " ", "en": ""}}, "title.ko"),
        ({"summary": ""}, "summary"),
        ({"field": "alchemy"}, "field"),
        ({"keywords": []}, "keywords"),
        ({"plan": {"goal": ""}}, "plan.goal"),
        ({"models": []}, "models"),
        ({"models": [{"gpu_model": "h200"}, {"gpu_model": "h200"}]}, "models"),
        ({"models": [{"gpu_model": "a100"}]}, "models"),
        ({"requested_nodes": 33}, "requested_nodes"),
        ({"months": 1}, "months"),
        ({"earliest_start": "2026-01"}, "earliest_start"),
        ({"team": []}, "team"),
        ({"team": [{"name": "가", "affiliation": "나", "email": "no", "role": "lead"}]}, "team.0.email"),
        ({"answers": {}}, "answers.releases-model"),
        ({"answers": {"releases-model": True}}, "answers.licence"),
        ({"answers": {"releases-model": 1.5}}, "answers.releases-model"),
        ({"consents": {"privacy": True, "duties": True}}, "consents.truth"),
    ],
)
def test_what_is_missing_or_ineligible_is_named_and_nothing_is_sealed(changes, where):
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    operations.save_draft(actor=head, now=DURING, number=number, content=complete(**changes))
    with pytest.raises(InvalidInput) as refused:
        operations.submit(actor=head, now=DURING, started_at=DURING, number=number)
    assert where in places(refused)
    assert not Version.objects.exists() and queries.application(number, head).state == "draft"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"requested_nodes": "8"}, "requested_nodes"),
        ({"requested_nodes": 0}, "requested_nodes"),
        ({"budget": 3}, "budget"),
        ({"summary": "가" * 2001}, "summary"),
        ({"earliest_start": "April"}, "earliest_start"),
        ({"plan": {"poem": "x"}}, "plan.poem.[key]"),
        ({"team": [{"name": "가", "role": "king"}]}, "team.0.role"),
        ({"answers": {"x": float("nan")}}, "content"),
    ],
)
def test_a_draft_never_holds_what_cannot_be(content, where):
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    before = queries.application(number, head)
    with pytest.raises(InvalidInput) as refused:
        operations.save_draft(actor=head, now=DURING, number=number, content=content)
    assert where in places(refused)
    assert queries.application(number, head) == before


def test_two_windows_cannot_overwrite_each_other():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    operations.save_draft(actor=head, now=DURING, number=number, content={"summary": "하나"}, edition=0)
    with pytest.raises(Stale):
        operations.save_draft(actor=head, now=DURING, number=number, content={"summary": "둘"}, edition=0)
    operations.save_draft(actor=head, now=DURING, number=number, content={"plan": {"goal": "가"}}, edition=1)
    operations.save_draft(actor=head, now=DURING, number=number, content={"plan": {"method": "나"}}, edition=2)
    assert queries.application(number, head).draft.plan == {"goal": "가", "method": "나"}
    assert queries.application(number, head).draft.summary == "하나"


def test_what_is_submitted_is_not_written_and_what_was_submitted_is_not_discarded():
    opened(manager())
    head = member_of("hanbit")
    number = submitted(head)
    with pytest.raises(IllegalTransition):
        operations.save_draft(actor=head, now=DURING, number=number, content={"summary": "x"})
    with pytest.raises(IllegalTransition):
        operations.discard(actor=head, now=DURING, number=number)
    with pytest.raises(InvalidInput):
        operations.withdraw(actor=head, now=CLOSES, number=number)
    other = begun(head)
    operations.discard(actor=head, now=DURING, number=other)
    assert [v.number for v in queries.mine(head)] == [number]
    with pytest.raises(IllegalTransition):
        operations.submit(actor=head, now=DURING, started_at=DURING, number=other)


def test_others_do_not_know_of_an_application():
    boss = manager()
    opened(boss)
    number = submitted(member_of("hanbit"))
    others = (NOBODY, person("anyone"), member_of("saebyeok"), person("rev", "reviewer"), person("fin", "finance"))
    for who in others:
        for act in (
            lambda w: queries.application(number, w),
            lambda w: queries.sealed(number, 1, w),
            lambda w: operations.save_draft(actor=w, now=DURING, number=number, content={}),
            lambda w: operations.submit(actor=w, now=DURING, started_at=DURING, number=number),
            lambda w: operations.withdraw(actor=w, now=DURING, number=number),
            lambda w: operations.discard(actor=w, now=DURING, number=number),
        ):
            with pytest.raises(NotFound):
                act(who)
        assert queries.mine(who) == []
        for act in (queries.of_call, queries.counts):
            with pytest.raises(NotPermitted):
                act("25-1", who)
    for who in (boss, person("aud", "auditor")):
        assert queries.application(number, who).number == number
        with pytest.raises(NotPermitted):
            operations.withdraw(actor=who, now=DURING, number=number)


def test_intake_admits_and_refuses_after_the_deadline_only():
    boss = manager()
    opened(boss)
    good, bad = submitted(member_of("hanbit")), submitted(member_of("saebyeok"))
    for act in (
        lambda: operations.admit(actor=boss, now=DURING, number=good),
        lambda: operations.refuse(actor=boss, now=DURING, number=bad, reason=WHY),
        lambda: operations.admit_all(actor=boss, now=DURING, call_code="25-1"),
        lambda: operations.refuse(actor=boss, now=AFTER, number=bad, reason=Text("", "")),
    ):
        with pytest.raises(InvalidInput):
            act()
    operations.refuse(actor=boss, now=AFTER, number=bad, reason=WHY)
    assert operations.admit_all(actor=boss, now=AFTER, call_code="25-1") == [good]
    assert queries.application(bad, boss).state_reason == WHY
    operations.admit(actor=boss, now=AFTER, number=bad)
    assert queries.application(bad, boss).state_reason == Text("", "")
    assert queries.counts("25-1", boss) == {"admitted": 2}
    assert [v.number for v in queries.of_call("25-1", boss, states=("admitted",))] == [good, bad]


def test_an_unverified_organisation_applies_but_is_not_admitted():
    boss = manager()
    opened(boss)
    number = submitted(member_of("fresh", verified=False))
    assert operations.admit_all(actor=boss, now=AFTER, call_code="25-1") == []
    with pytest.raises(InvalidInput):
        operations.admit(actor=boss, now=AFTER, number=number)


@pytest.mark.parametrize("role", ["", "reviewer", "auditor", "finance"])
def test_nobody_else_judges_eligibility(role):
    opened(manager())
    number = submitted(member_of("hanbit"))
    who = person("other", *([role] if role else []))
    for act in (
        lambda: operations.admit(actor=who, now=AFTER, number=number),
        lambda: operations.refuse(actor=who, now=AFTER, number=number, reason=WHY),
        lambda: operations.admit_all(actor=who, now=AFTER, call_code="25-1"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_the_team_is_known_as_submitted():
    opened(manager())
    head = member_of("hanbit")
    number = submitted(head)
    view = queries.application(number, head)
    assert [(p.name, p.email) for p in queries.team([view.id])[view.id]] == [("김하늘", "sky@example.org")]
    operations.withdraw(actor=head, now=DURING, number=number)
    team = [{"name": "이바다", "affiliation": "새벽", "email": "SEA@example.org", "role": "lead"}]
    operations.save_draft(actor=head, now=DURING, number=number, content={"team": team})
    assert TeamMember.objects.get().name == "김하늘", "a draft does not count yet"
    operations.submit(actor=head, now=DURING, started_at=DURING, number=number)
    assert TeamMember.objects.get().email == "sea@example.org"


def test_periods_and_clusters_an_application_could_use():
    boss = manager()
    opened(boss)
    number = submitted(member_of("hanbit"), requested_nodes=20, min_nodes=4, months=6)
    view = queries.application(number, boss)
    assert queries.usable_clusters(view) == [("naver-h200-a", 4, 20), ("naver-h200-b", 4, 20), ("kakao-b200", 4, 16)]
    periods = queries.possible_periods(view, AFTER)
    assert len(periods) == 5 and periods[0][0].isoformat() == "2026-03-31T15:00:00+00:00"
    assert queries.possible_periods(view, AFTER + timedelta(days=100))[0][0].month == 5
    assert queries.possible_periods(view, AFTER + timedelta(days=300)) == []
