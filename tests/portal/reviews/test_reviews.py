"""Reviews: who may see and score what, conflicts at every read, scores that count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.calls.queries import CallView
from dure.portal.journal.queries import about, verify
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.people.actor import NOBODY
from dure.portal.reviews import operations, queries
from dure.portal.reviews.models import Assignment, Conflict, Review
from dure.portal.reviews.operations import ScoreRow
from tests.portal.competition import AFTER, SYSTEM, manager, member_of, opened, person, submitted

pytestmark = pytest.mark.django_db
FULL = {"impact": 25, "ecosystem": 20, "capability": 15, "feasibility": 20}
DAY = timedelta(days=1)


def reviewer(name, boss, affiliation="", keywords=("언어 모델",), **more):
    who = person(name)
    operations.add_reviewer(
        actor=boss,
        now=AFTER,
        user_id=who.user_id,
        affiliation=affiliation or f"{name} 대학교",
        keywords=keywords,
        **more,
    )
    return persons.actor_by_email(f"{name}@example.org")


def under_review(reviewers=6, organisations=("hanbit",), **rules):
    """A call under review: manager, reviewers, heads of the applicants, their numbers; everybody assigned."""
    boss = manager()
    opened(boss)
    heads = [member_of(code, f"{code} 연구원") for code in organisations]
    numbers = [submitted(head) for head in heads]
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="25-1")
    panel = [reviewer(f"r{i}", boss) for i in range(reviewers)]
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    result = operations.assign(actor=boss, now=AFTER, call_code="25-1")
    for who in panel:
        operations.declare_for_call(actor=who, now=AFTER, call_code="25-1", kinds={})
    return boss, panel, heads, numbers, result


def seat_of(actor):
    return queries.assignments(actor)[0].id


def submit(actor, assignment_id, points=FULL, now=AFTER, **comments):
    texts = {"to_applicant": "좋은 과제입니다.", "to_panel": "내부 의견"} | comments
    return operations.submit_review(actor=actor, now=now, assignment_id=assignment_id, points=points, **texts)


def test_every_proposal_gets_its_reviewers_and_the_scores_decide():
    boss, panel, _, numbers, result = under_review(organisations=("hanbit", "saebyeok"))
    assert len(result.pairs) == 10 and result.short == {} and result.is_optimal
    for who in panel:
        for one in queries.assignments(who):
            operations.start(actor=who, now=AFTER, assignment_id=one.id)
            assert submit(who, one.id) == 800
    scores = queries.deciding_scores("25-1")
    assert {n: s.tenths for n, s in scores.items()} == dict.fromkeys(numbers, 800)
    progress = queries.progress("25-1", boss)
    assert (progress.needed, progress.assigned, progress.submitted, progress.short) == (10, 10, 10, {})
    assert verify() is None


def test_reviewers_see_their_own_assignments_only():
    boss, panel, heads, numbers, result = under_review()
    without = next(r for r in panel if r.user_id not in {u for _, u in result.pairs})
    (own,) = queries.assignments(panel[0] if panel[0] != without else panel[1])
    assert own.number == numbers[0]
    for who in (without, NOBODY, heads[0], boss, person("anyone")):
        assert queries.assignments(who) == []
        for act in (
            lambda w: queries.assignment(own.id, w),
            lambda w: operations.start(actor=w, now=AFTER, assignment_id=own.id),
            lambda w: submit(w, own.id),
            lambda w: operations.save_review(
                actor=w, now=AFTER, assignment_id=own.id, points={}, to_applicant="", to_panel=""
            ),
            lambda w: operations.reopen(actor=w, now=AFTER, assignment_id=own.id),
            lambda w: operations.decline(actor=w, now=AFTER, assignment_id=own.id, reason="x"),
            lambda w: operations.declare_conflict(
                actor=w, now=AFTER, assignment_id=own.id, kind="family", evidence="x"
            ),
        ):
            with pytest.raises(NotFound):
                act(who)
    assert not Review.objects.exists() and not Conflict.objects.exists()


def test_a_declared_conflict_hides_everything_of_the_proposal():
    boss, panel, _, numbers, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    submit(who, seat)
    operations.declare_conflict(actor=who, now=AFTER, assignment_id=seat, kind="family", evidence="가족")
    assert queries.assignments(who) == []
    with pytest.raises(NotFound):
        queries.assignment(seat, who)
    with pytest.raises(NotFound):
        operations.reopen(actor=who, now=AFTER, assignment_id=seat)
    assert queries.deciding_scores("25-1") == {}, "a conflicted score does not count"
    assert queries.progress("25-1", boss).short == {numbers[0]: 1}
    assert operations.assign(actor=boss, now=AFTER, call_code="25-1").pairs == [], "nobody else is left"


@pytest.mark.parametrize(
    "join",
    [
        lambda who, boss: operations.add_reviewer(
            actor=boss, now=AFTER, user_id=who.user_id, affiliation="hanbit 연구원", keywords=["x"]
        ),
        lambda who, boss: operations.add_reviewer(
            actor=boss,
            now=AFTER,
            user_id=who.user_id,
            affiliation="다른 곳",
            former_affiliations=["hanbit 연구원"],
            keywords=["x"],
        ),
    ],
)
def test_a_conflict_that_arises_later_counts_at_the_next_read(join):
    boss, panel, _, _, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    submit(who, seat)
    assert "25-1-0001" in queries.deciding_scores("25-1")
    join(who, boss)
    assert queries.assignments(who) == []
    with pytest.raises(NotFound):
        queries.assignment(seat, who)
    assert queries.deciding_scores("25-1") == {}
    assert len(queries.progress("25-1", boss).seats[0].bars) + sum(
        len(s.bars) for s in queries.progress("25-1", boss).seats[1:]
    )


def test_joining_the_applying_organisation_is_a_conflict_at_once():
    _, panel, heads, _, _ = under_review(reviewers=5)
    (organisation_id,) = heads[0].organisations
    seat = seat_of(panel[0])
    membership = people.request_membership(actor=panel[0], now=AFTER, organisation_id=organisation_id)
    assert queries.assignments(panel[0]), "asking to join is not belonging"
    people.approve_membership(actor=heads[0], now=AFTER, membership_id=membership)
    with pytest.raises(NotFound):
        queries.assignment(seat, panel[0])


def test_conflicted_reviewers_are_never_assigned():
    boss = manager()
    opened(boss)
    number = submitted(member_of("hanbit", "한빛대학교"))
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit(actor=boss, now=AFTER, number=number)
    own = reviewer("own", boss, affiliation="한빛 대학교")
    team = reviewer("sky", boss, affiliation="어디")  # sky@example.org is on the team
    others = [reviewer(f"r{i}", boss) for i in range(3)]
    result = operations.assign(actor=boss, now=AFTER, call_code="25-1")
    assert {user for _, user in result.pairs} == {r.user_id for r in others}
    assert result.short == {number: 2}
    for who in (own, team):
        with pytest.raises(InvalidInput):
            operations.assign(actor=boss, now=AFTER, call_code="25-1", pairs=[(number, who.user_id)])
    assert Assignment.objects.count() == 3


def test_the_programme_may_dismiss_what_was_detected_with_a_reason():
    boss, panel, _, _, _ = under_review(reviewers=5)
    seat = seat_of(panel[0])
    operations.add_reviewer(
        actor=boss, now=AFTER, user_id=panel[0].user_id, affiliation="hanbit 연구원", keywords=["x"]
    )
    assert operations.detect_conflicts(actor=boss, now=AFTER, call_code="25-1") == 1
    assert operations.detect_conflicts(actor=boss, now=AFTER, call_code="25-1") == 0
    assert Assignment.objects.get(pk=seat).state == "recused"
    (found,) = queries.conflicts("25-1", boss)
    with pytest.raises(InvalidInput):
        operations.judge_conflict(actor=boss, now=AFTER, conflict_id=found.id, judgement="dismissed", reason=" ")
    operations.judge_conflict(actor=boss, now=AFTER, conflict_id=found.id, judgement="dismissed", reason="이름만 같음")
    assert operations.assign(actor=boss, now=AFTER, call_code="25-1").pairs == [], "who was recused is not asked again"
    with pytest.raises(NotPermitted):
        operations.judge_conflict(actor=panel[0], now=AFTER, conflict_id=found.id, judgement="stands", reason="x")


def test_comments_to_the_panel_never_reach_applicants():
    boss, panel, heads, numbers, _ = under_review(reviewers=5)
    for who in panel:
        submit(who, seat_of(who), to_panel="비밀 의견")
    assert queries.to_applicant(numbers[0], heads[0]) == [], "nothing before the decision"
    calls.start_deciding(actor=boss, now=AFTER, code="25-1")
    calls.decide(actor=boss, now=AFTER, code="25-1")
    shown = queries.to_applicant(numbers[0], heads[0])
    assert shown == ["좋은 과제입니다."] * 5
    assert "비밀" not in repr(shown) + repr(application_queries.application(numbers[0], heads[0]))
    with pytest.raises(NotFound):
        queries.to_applicant(numbers[0], member_of("other"))
    for act in (queries.progress, queries.conflicts):
        with pytest.raises(NotPermitted):
            act("25-1", heads[0])


@pytest.mark.parametrize(
    ("points", "where"),
    [
        ({"impact": 25}, "points.ecosystem"),
        (FULL | {"impact": 31}, "points.impact"),
        (FULL | {"impact": "2.5"}, "points.impact"),
        (FULL | {"charm": 1}, "points.charm"),
    ],
)
def test_an_incomplete_or_impossible_review_is_not_submitted(points, where):
    _, panel, _, _, _ = under_review(reviewers=5)
    seat = seat_of(panel[0])
    with pytest.raises(InvalidInput) as refused:
        submit(panel[0], seat, points)
    assert where in {m.where for m in refused.value.mistakes}
    assert queries.assignment(seat, panel[0]).review is None


def test_a_review_is_saved_submitted_reopened_until_the_review_closes():
    boss, panel, _, _, _ = under_review(reviewers=5)
    who, seat = panel[0], seat_of(panel[0])
    args = {"actor": who, "now": AFTER, "assignment_id": seat}
    assert operations.save_review(**args, points={"impact": 10}, to_applicant="", to_panel="") is None
    assert queries.assignment(seat, who).assignment.state == "in_progress"
    submit(who, seat, now=AFTER + 400 * DAY)
    with pytest.raises(IllegalTransition):
        submit(who, seat, FULL | {"impact": 30})
    with pytest.raises(IllegalTransition):
        operations.save_review(**args, points=FULL, to_applicant="", to_panel="")
    operations.reopen(**args)
    assert queries.deciding_scores("25-1") == {}
    submit(who, seat, FULL | {"impact": 30})
    calls.start_deciding(actor=boss, now=AFTER, code="25-1")
    with pytest.raises(IllegalTransition):
        operations.reopen(**args)
    assert queries.deciding_scores("25-1")["25-1-0001"].tenths == 850


def test_declining_leaves_a_gap_that_the_next_run_fills_without_touching_the_rest():
    boss, panel, _, numbers, result = under_review(reviewers=6)
    assigned = {user for _, user in result.pairs}
    who = next(r for r in panel if r.user_id in assigned)
    spare = next(r for r in panel if r.user_id not in assigned)
    seat = seat_of(who)
    with pytest.raises(InvalidInput):
        operations.decline(actor=who, now=AFTER, assignment_id=seat, reason="")
    before = set(Assignment.objects.exclude(pk=seat).values_list("pk", "state"))
    operations.decline(actor=who, now=AFTER, assignment_id=seat, reason="출장")
    assert operations.assign(actor=boss, now=AFTER, call_code="25-1").pairs == [(numbers[0], spare.user_id)]
    assert before <= set(Assignment.objects.values_list("pk", "state"))
    assert queries.assignments(who) == []


def test_a_silent_reviewer_is_replaced_by_who_fits_best():
    boss, panel, _, _, result = under_review(reviewers=6)
    assigned = {user for _, user in result.pairs}
    silent = next(r for r in panel if r.user_id in assigned)
    spare = next(r for r in panel if r.user_id not in assigned)
    seat = seat_of(silent)
    late = queries.progress("25-1", boss).seats[0]
    assert not late.is_late(AFTER) and late.is_late(late.due_at)
    new = operations.replace(actor=boss, now=AFTER + DAY, assignment_id=seat, reason="연락 없음")
    assert [a.id for a in queries.assignments(spare)] == [new]
    with pytest.raises(NotFound):
        submit(silent, seat)
    with pytest.raises(InvalidInput):
        operations.replace(actor=boss, now=AFTER, assignment_id=new, reason="또 없음")
    assert Assignment.objects.get(pk=new).state == "assigned", "a refused replacement changes nothing"


def test_imported_scores_are_all_right_or_not_at_all():
    boss, _, _, numbers, result = under_review(reviewers=5)
    rows = [ScoreRow(number, user, FULL) for number, user in result.pairs]
    bad = [*rows[:-1], ScoreRow(numbers[0], rows[-1].user_id, FULL | {"impact": 99})]
    with pytest.raises(InvalidInput) as refused:
        operations.import_scores(actor=boss, now=AFTER, call_code="25-1", rows=bad)
    assert refused.value.mistakes[0].where == "rows.5.points.impact"
    with pytest.raises(InvalidInput):
        operations.import_scores(actor=boss, now=AFTER, call_code="25-1", rows=[*rows, rows[0]])
    assert not Review.objects.exists()
    assert operations.import_scores(actor=boss, now=AFTER, call_code="25-1", rows=rows) == 5
    assert queries.deciding_scores("25-1")[numbers[0]].totals == (800,) * 5


@pytest.mark.parametrize("role", ["", "reviewer", "auditor", "finance"])
def test_nobody_else_runs_the_review(role):
    _, panel, _, numbers, _ = under_review(reviewers=5)
    seat, who = seat_of(panel[0]), person("other", *([role] if role else []))
    before = len(about("call:25-1"))
    for act in (
        lambda: operations.assign(actor=who, now=AFTER, call_code="25-1"),
        lambda: operations.detect_conflicts(actor=who, now=AFTER, call_code="25-1"),
        lambda: operations.import_scores(actor=who, now=AFTER, call_code="25-1", rows=[]),
        lambda: operations.replace(actor=who, now=AFTER, assignment_id=seat, reason="x"),
        lambda: operations.recuse(actor=who, now=AFTER, assignment_id=seat, reason="x"),
        lambda: operations.set_active(actor=who, now=AFTER, reviewer_id=1, is_active=False),
        lambda: operations.record_conflict(
            actor=who, now=AFTER, reviewer_id=1, number=numbers[0], kind="family", evidence="x"
        ),
        lambda: operations.add_reviewer(actor=who, now=AFTER, user_id=who.user_id, affiliation="x", keywords=["x"]),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert len(about("call:25-1")) == before


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"affiliation": " "}, "affiliation"), ({"keywords": []}, "keywords"), ({"load_limit": 0}, "load_limit")],
)
def test_a_reviewer_needs_affiliation_keywords_and_a_limit(changes, where):
    who = person("new")
    columns = {"affiliation": "솔대학교", "keywords": ["x"], "load_limit": 5} | changes
    with pytest.raises(InvalidInput) as refused:
        operations.add_reviewer(actor=SYSTEM, now=AFTER, user_id=who.user_id, **columns)
    assert refused.value.mistakes[0].where == where
    assert not persons.actor_by_email("new@example.org").is_reviewer


def test_reviewers_out_of_the_pool_get_nothing_new_and_limits_hold():
    boss = manager()
    opened(boss)
    numbers = [submitted(member_of(code)) for code in ("a1", "b2", "c3")]
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="25-1")
    with pytest.raises(InvalidInput):
        reviewer("none", boss, load_limit=0)
    busy = reviewer("busy", boss, load_limit=1)
    gone = reviewer("gone", boss)
    row = next(r for r in queries.reviewers(boss) if r.user_id == gone.user_id)
    operations.set_active(actor=boss, now=AFTER, reviewer_id=row.id, is_active=False)
    for i in range(4):
        reviewer(f"r{i}", boss)
    result = operations.assign(actor=boss, now=AFTER, call_code="25-1")
    users = [user for _, user in result.pairs]
    assert users.count(busy.user_id) == 1 and gone.user_id not in users
    assert sum(result.short.values()) == 2 and set(result.short) <= set(numbers)


def test_the_rubric_says_whether_raw_or_adjusted_scores_decide(monkeypatch):
    boss, panel, _, numbers, _ = under_review(reviewers=7, organisations=tuple(f"org{i}" for i in range(9)))
    for i, who in enumerate(panel):
        for one in queries.assignments(who):
            impact = 25 + (one.id + i) % 3 if i else 2 + one.id % 3
            submit(who, one.id, FULL | {"impact": impact})
    raw = queries.deciding_scores("25-1")
    fitted = queries.scores("25-1", boss).calibration
    with pytest.raises(NotPermitted):
        queries.scores("25-1", panel[0])
    ids = {view.number: view.id for view in application_queries.of_call("25-1", boss, ("admitted",))}
    adjusted = {one.application: one.adjusted_tenths for one in fitted.scores}
    assert {n: s.tenths for n, s in raw.items()} == {
        one_number: next(o.raw_tenths for o in fitted.scores if o.application == ids[one_number])
        for one_number in numbers
    }
    rubric = call_queries.call("25-1").rubric
    scale = rubric.scale.model_copy(update={"decides": "adjusted"})
    changed = rubric.model_copy(update={"scale": scale})
    monkeypatch.setattr(CallView, "rubric", property(lambda self: changed))
    decided = queries.deciding_scores("25-1")
    assert {n: s.tenths for n, s in decided.items()} == {n: adjusted[ids[n]] for n in numbers}
    assert fitted.is_adjusted and any(decided[n].tenths > raw[n].tenths for n in numbers)
