"""Questions of a call: typed, conditional, checked."""

from __future__ import annotations

import pytest

from dure.core.errors import InvalidInput
from dure.decide import questions

LABEL = {"ko": "질문", "en": "Question"}
OPTIONS = [{"code": "a", "label": LABEL}, {"code": "b", "label": LABEL}]
FORM = questions.parse(
    [
        {"code": "human", "type": "yes_no", "label": LABEL, "required": True},
        {
            "code": "approval",
            "type": "choice",
            "label": LABEL,
            "required": True,
            "options": OPTIONS,
            "when": {"question": "human", "is_one_of": ["yes"]},
        },
        {
            "code": "why",
            "type": "text",
            "label": LABEL,
            "max_length": 5,
            "when": {"question": "approval", "is_one_of": ["b"]},
        },
        {"code": "count", "type": "number", "label": LABEL, "least": 1, "most": 9},
        {"code": "uses", "type": "choices", "label": LABEL, "options": OPTIONS},
        {"code": "day", "type": "date", "label": LABEL},
    ]
)


def test_conditions_chain():
    assert [q.code for q in questions.visible(FORM, {})] == ["human", "count", "uses", "day"]
    answers = {"human": True, "approval": "b", "why": "x"}
    assert "why" in {q.code for q in questions.visible(FORM, answers)}
    assert "why" not in {q.code for q in questions.visible(FORM, answers | {"human": False})}
    assert questions.asked(FORM, answers | {"human": False}) == {"human": False}


@pytest.mark.parametrize(
    ("answers", "where"),
    [
        ({"count": 0}, "answers.count"),
        ({"count": "3"}, "answers.count"),
        ({"count": True}, "answers.count"),
        ({"uses": "a"}, "answers.uses"),
        ({"uses": ["z"]}, "answers.uses"),
        ({"human": "yes"}, "answers.human"),
        ({"human": True, "approval": "z"}, "answers.approval"),
        ({"human": True, "approval": "b", "why": "너무 긴 답"}, "answers.why"),
        ({"day": "tomorrow"}, "answers.day"),
        ({"nonsense": 1}, "answers.nonsense"),
    ],
)
def test_wrong_answers_are_named(answers, where):
    assert [m.where for m in questions.check(FORM, answers, is_final=False)] == [where]


def test_required_answers_are_asked_for_only_at_the_end_and_only_when_visible():
    assert questions.check(FORM, {}, is_final=False) == []
    assert [m.where for m in questions.check(FORM, {}, is_final=True)] == ["answers.human"]
    assert [m.where for m in questions.check(FORM, {"human": True}, is_final=True)] == ["answers.approval"]
    assert questions.check(FORM, {"human": False, "count": 9, "day": "2026-03-01"}, is_final=True) == []


@pytest.mark.parametrize(
    "raw",
    [
        [{"code": "x", "type": "essay", "label": LABEL}],
        [{"code": "x", "type": "text", "label": {"ko": "질문"}}],
        [{"code": "x", "type": "choice", "label": LABEL}],
        [{"code": "x", "type": "text", "label": LABEL, "options": OPTIONS}],
        [{"code": "x", "type": "text", "label": LABEL}] * 2,
        [{"code": "x", "type": "text", "label": LABEL, "when": {"question": "x", "is_one_of": ["a"]}}],
    ],
)
def test_a_form_with_mistakes_is_refused(raw):
    with pytest.raises(InvalidInput):
        questions.parse(raw)
