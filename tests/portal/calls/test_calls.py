"""Calls: composed without mistakes, announced, opened, moved, corrected and cancelled in public."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.core.text import Text
from dure.portal.calls import operations, queries
from dure.portal.calls.models import Call, CallEvent
from dure.portal.journal.queries import about, verify
from dure.portal.loops import expire
from dure.portal.people.actor import NOBODY
from tests.portal.competition import (
    AFTER,
    CLOSES,
    DURING,
    NOW,
    OPENS,
    QUESTIONS,
    SECOND,
    composed,
    manager,
    opened,
    person,
)

pytestmark = pytest.mark.django_db
WHY = Text("착오가 있었습니다.", "There was a mistake.")


def test_a_call_goes_through_its_whole_life():
    boss = manager()
    code = composed(boss)
    operations.announce(actor=boss, now=NOW, code=code)
    assert queries.call(code).rubric.pass_mark == 60
    assert expire.run(OPENS - SECOND) == 0
    assert expire.run(OPENS) == 1
    assert expire.run(OPENS) == 0, "a second turn finds nothing to do"
    assert queries.call(code).state == "open"
    assert expire.run(CLOSES - SECOND) == 0
    assert expire.run(CLOSES) == 1
    for step in (operations.start_review, operations.start_deciding, operations.decide):
        step(actor=boss, now=AFTER, code=code)
    assert queries.call(code).state == "decided"
    assert [e.kind for e in queries.events(code)] == ["announced", "opened", "closed", "reviewing", "decided"]
    assert verify() is None


def test_only_the_programme_composes_and_a_draft_is_its_own():
    with pytest.raises(NotPermitted):
        composed(person("anyone"))
    code = composed(manager())
    for actor in (NOBODY, person("anyone")):
        with pytest.raises(NotFound):
            queries.call(code, actor)
        assert queries.calls(actor) == []
        with pytest.raises(NotFound):
            operations.ask(actor=actor, now=NOW, code=code, text="?")
    assert len(queries.calls(manager())) == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"track": "secret"}, "track"),
        ({"closes_at": OPENS}, "closes_at"),
        ({"use_from": NOW + timedelta(days=200, hours=1)}, "use_from"),
        ({"offered": {}}, "offered"),
        ({"offered": {"naver-h200-self": 3}}, "offered.naver-h200-self"),
        ({"offered": {"naver-h200-b": 33}}, "offered.naver-h200-b"),
        ({"offered": {"moon-base": 1}}, "offered.moon-base"),
        ({"title": Text("제목", "")}, "title"),
        ({"code": "no good"}, "code"),
        ({"documents": [{"name": {"ko": "안내서", "en": "Guide"}, "url": "javascript:alert(1)"}]}, "documents.0.url"),
        ({"questions": [QUESTIONS[1]]}, "questions.0.when"),
        ({"questions": [{"code": "x"}]}, "questions.0.type"),
    ],
)
def test_mistakes_name_their_place_and_leave_nothing(changes, where):
    boss = manager()
    with pytest.raises(InvalidInput) as refused:
        composed(boss, **{"code": "25-9"} | changes)
    assert where in {m.where for m in refused.value.mistakes}
    assert all(m.what.ko and m.what.en for m in refused.value.mistakes)
    assert not Call.objects.exists()


def test_a_code_is_used_once():
    boss = manager()
    composed(boss)
    with pytest.raises(InvalidInput):
        composed(boss)


def test_a_call_neither_opens_nor_closes_before_its_time():
    boss = manager()
    code = composed(boss)
    operations.announce(actor=boss, now=NOW, code=code)
    with pytest.raises(InvalidInput):
        operations.open(actor=boss, now=OPENS - SECOND, code=code)
    operations.open(actor=boss, now=OPENS, code=code)
    with pytest.raises(InvalidInput):
        operations.close(actor=boss, now=CLOSES - SECOND, code=code)


def test_a_deadline_moves_in_public_and_only_later():
    boss = manager()
    code = opened(boss)
    with pytest.raises(InvalidInput):
        operations.extend(actor=boss, now=DURING, code=code, closes_at=CLOSES - SECOND, reason=WHY)
    later = CLOSES + timedelta(days=3)
    operations.extend(actor=boss, now=DURING, code=code, closes_at=later, reason=WHY)
    event = queries.events(code)[-1]
    assert (event.kind, event.text) == ("extended", WHY)
    assert event.changes == [{"field": "closes_at", "before": "2026-01-28T06:00:00Z", "after": "2026-01-31T06:00:00Z"}]
    assert queries.accepting(code, later - SECOND) and not queries.accepting(code, later)
    operations.close(actor=boss, now=later, code=code)
    operations.extend(actor=boss, now=later, code=code, closes_at=later + timedelta(days=1), reason=WHY)
    assert queries.call(code).state == "open"
    with pytest.raises(InvalidInput):
        operations.extend(actor=boss, now=later, code=code, closes_at=later + timedelta(days=90), reason=WHY)


def test_corrections_are_public_and_never_touch_the_form():
    boss = manager()
    code = opened(boss)
    operations.correct(actor=boss, now=DURING, code=code, reason=WHY, title=Text("고친 제목", "Corrected title"))
    assert queries.call(code).title.en == "Corrected title"
    assert queries.events(code)[-1].changes[0]["before"]["en"] == "First call of 2025"
    for changes in ({"questions": []}, {"closes_at": DURING - SECOND}, {}, {"track": "fast"}):
        with pytest.raises(InvalidInput):
            operations.correct(actor=boss, now=DURING, code=code, reason=WHY, **changes)
    with pytest.raises(IllegalTransition):
        operations.redraft(actor=boss, now=DURING, code=code, questions=[])
    assert CallEvent.objects.filter(kind="corrected").count() == 1


def test_a_cancelled_call_takes_nothing_more():
    boss = manager()
    code = opened(boss)
    with pytest.raises(InvalidInput):
        operations.cancel(actor=boss, now=DURING, code=code, reason=Text("", ""))
    operations.cancel(actor=boss, now=DURING, code=code, reason=WHY)
    assert not queries.accepting(code, DURING)
    assert queries.call(code).state == "cancelled", "it stays public, with the reason"
    with pytest.raises(IllegalTransition):
        operations.open(actor=boss, now=DURING, code=code)


@pytest.mark.parametrize(
    "act",
    [
        lambda who, code: operations.announce(actor=who, now=NOW, code=code),
        lambda who, code: operations.open(actor=who, now=OPENS, code=code),
        lambda who, code: operations.close(actor=who, now=CLOSES, code=code),
        lambda who, code: operations.extend(actor=who, now=NOW, code=code, closes_at=AFTER, reason=WHY),
        lambda who, code: operations.correct(actor=who, now=NOW, code=code, reason=WHY, offered={"naver-h200-b": 1}),
        lambda who, code: operations.cancel(actor=who, now=NOW, code=code, reason=WHY),
        lambda who, code: operations.start_review(actor=who, now=NOW, code=code),
        lambda who, code: operations.notify(actor=who, now=NOW, code=code, text=WHY),
        lambda who, code: operations.redraft(actor=who, now=NOW, code=code, questions=[]),
        lambda who, code: operations.answer(actor=who, now=NOW, code=code, question_id=1, text="."),
    ],
)
@pytest.mark.parametrize("role", ["", "reviewer", "auditor", "finance"])
def test_nobody_else_moves_a_call(act, role):
    code = opened(manager())
    who = person("other", *([role] if role else []))
    before = len(about(f"call:{code}"))
    with pytest.raises(NotPermitted):
        act(who, code)
    assert len(about(f"call:{code}")) == before


def test_questions_are_public_once_answered_and_name_nobody():
    boss, asker, other = manager(), person("asker"), person("other")
    code = opened(boss)
    asked = operations.ask(actor=asker, now=DURING, code=code, text="공동 신청이 됩니까?")
    assert [q.is_mine for q in queries.questions(code, asker)] == [True]
    assert queries.questions(code, other) == queries.questions(code) == []
    assert len(queries.questions(code, boss)) == 1
    operations.answer(actor=boss, now=DURING, code=code, question_id=asked, text="됩니다.")
    (shown,) = queries.questions(code)
    assert shown.answer == "됩니다." and "asker" not in repr(shown)
    for text in (" ", "가" * 3000):
        with pytest.raises(InvalidInput):
            operations.ask(actor=asker, now=DURING, code=code, text=text)
