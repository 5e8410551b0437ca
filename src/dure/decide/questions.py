"""A call's own questions: typed, conditional, checked. Frozen once the call is announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.programme.words import Code, Part, Words

Kind = Literal["text", "long_text", "number", "choice", "choices", "yes_no", "date"]


class Option(Part):
    """One answer to choose."""

    code: Code
    label: Words


class When(Part):
    """Ask only if an earlier question was answered with one of `is_one_of` ("yes" and "no" for yes_no)."""

    question: Code
    is_one_of: Annotated[tuple[str, ...], Field(min_length=1)]


class Question(Part):
    """One question of the form. `least` and `most` bound a number; `max_length` a text.

    `checked_if` are answers ("yes" and "no" for yes_no) after which the programme checks the application by hand before
    it counts: ethics, dual use, confidential data.
    """

    code: Code
    type: Kind
    label: Words
    hint: Words | None = None
    required: bool = False
    options: tuple[Option, ...] = ()
    when: When | None = None
    checked_if: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 2_000


_FORM: TypeAdapter[tuple[Question, ...]] = TypeAdapter(tuple[Question, ...])


def parse(raw: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions in `raw` (as JSON). Raises InvalidInput naming question and key of every mistake."""
    try:
        form = _FORM.validate_json(_FORM_JSON.dump_json(list(raw)))
    except ValidationError as error:
        raise InvalidInput([_unreadable(item["loc"], item["msg"]) for item in error.errors()]) from None
    mistakes = list(_inconsistent(form))
    if mistakes:
        raise InvalidInput(mistakes)
    return form


_FORM_JSON: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


def visible(form: Sequence[Question], answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """The questions to ask, given the answers so far; one behind a hidden question is hidden too."""
    shown: dict[str, Question] = {}
    for question in form:
        when = question.when
        if when is None or (when.question in shown and _words(answers.get(when.question)) & set(when.is_one_of)):
            shown[question.code] = question
    return tuple(shown.values())


def to_check(form: Sequence[Question], answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """The visible questions whose answers the programme has to check by hand."""
    return tuple(q for q in visible(form, answers) if _words(answers.get(q.code)) & set(q.checked_if))


def asked(form: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to visible questions only, blanks left out: what is sealed."""
    return {q.code: answers[q.code] for q in visible(form, answers) if not _is_blank(answers.get(q.code))}


def check(form: Sequence[Question], answers: Mapping[str, Any], *, is_final: bool) -> list[Mistake]:
    """What is wrong with `answers`; a required answer may still be missing unless `is_final`."""
    mistakes = []
    known = {question.code for question in form}
    for code in answers:
        if code not in known:
            mistakes.append(
                Mistake(f"answers.{code}", Text("양식에 없는 질문입니다.", "The form has no such question."))
            )
    for question in visible(form, answers):
        answer = answers.get(question.code)
        if _is_blank(answer):
            if is_final and question.required:
                mistakes.append(_unanswered(question))
        elif (problem := _problem(question, answer)) is not None:
            mistakes.append(Mistake(f"answers.{question.code}", *problem))
    return mistakes


def _problem(question: Question, answer: Any) -> tuple[Text, Text] | None:
    options = {option.code for option in question.options}
    if question.type in ("text", "long_text"):
        if not isinstance(answer, str):
            return _WRONG_KIND, Text("글로 적으십시오.", "Write text.")
        if len(answer) > question.max_length:
            return (
                Text(f"{len(answer):,}자로 너무 깁니다.", f"{len(answer):,} characters are too many."),
                Text(f"{question.max_length:,}자 이내로 줄이십시오.", f"Use at most {question.max_length:,}."),
            )
    elif question.type == "number":
        return _number_problem(question, answer)
    elif question.type == "yes_no":
        if not isinstance(answer, bool):
            return _WRONG_KIND, Text("예 또는 아니요를 고르십시오.", "Choose yes or no.")
    elif question.type == "date":
        return (
            None if _is_date(answer) else (_WRONG_KIND, Text("2026-03-01처럼 적으십시오.", "Write it as 2026-03-01."))
        )
    else:
        given = answer if isinstance(answer, list) else [answer]
        if isinstance(answer, list) != (question.type == "choices") or not set(map(str, given)) <= options:
            return _WRONG_KIND, Text("보기에서 고르십시오.", "Choose from the list.")
    return None


_WRONG_KIND = Text("이 질문에 맞지 않는 답입니다.", "This does not answer the question.")


def _number_problem(question: Question, answer: Any) -> tuple[Text, Text] | None:
    low, high = question.least, question.most
    if isinstance(answer, bool) or not isinstance(answer, int):
        return _WRONG_KIND, Text("정수로 적으십시오.", "Give a whole number.")
    if (low is not None and answer < low) or (high is not None and answer > high):
        shown = f"{'' if low is None else f'{low:,}'}~{'' if high is None else f'{high:,}'}"
        return Text("범위를 벗어난 수입니다.", "Out of range."), Text(f"{shown} 사이로 적으십시오.", f"Give {shown}.")
    return None


def _is_date(answer: Any) -> bool:
    try:
        return isinstance(answer, str) and bool(date.fromisoformat(answer))
    except ValueError:
        return False


def _is_blank(answer: Any) -> bool:
    return answer is None or answer == [] or (isinstance(answer, str) and not answer.strip())


def _words(answer: Any) -> set[str]:
    if isinstance(answer, bool):
        return {"yes" if answer else "no"}
    return {str(item) for item in answer} if isinstance(answer, list) else {str(answer)}


def _unanswered(question: Question) -> Mistake:
    what = Text("‘{label}’에 답하지 않았습니다.", "“{label}” is not answered.").format(label=question.label)
    return Mistake(f"answers.{question.code}", what, Text("답을 적으십시오.", "Give an answer."))


def _inconsistent(form: Sequence[Question]) -> list[Mistake]:
    mistakes: list[Mistake] = []
    earlier: set[str] = set()
    for index, question in enumerate(form):
        where = f"questions.{index}"
        if question.code in earlier:
            mistakes.append(Mistake(f"{where}.code", Text("같은 코드가 두 번 있습니다.", "The code is used twice.")))
        if (question.type in ("choice", "choices")) != bool(question.options):
            mistakes.append(
                Mistake(
                    f"{where}.options",
                    Text(
                        "보기는 고르는 질문에만, 하나 이상 둡니다.",
                        "Options belong to choice questions, and only there.",
                    ),
                )
            )
        if question.least is not None and question.most is not None and question.least > question.most:
            mistakes.append(
                Mistake(
                    f"{where}.most",
                    Text("가장 큰 수가 가장 작은 수보다 작습니다.", "The largest number is below the smallest."),
                )
            )
        options = {option.code for option in question.options} if question.options else {"yes", "no"}
        if question.checked_if and (
            question.type not in ("choice", "choices", "yes_no") or not set(question.checked_if) <= options
        ):
            mistakes.append(
                Mistake(
                    f"{where}.checked_if",
                    Text(
                        "확인할 답은 고르는 질문의 보기여야 합니다.",
                        "Answers to check must be options of a choice or yes-no question.",
                    ),
                )
            )
        if question.when is not None and question.when.question not in earlier:
            mistakes.append(
                Mistake(
                    f"{where}.when",
                    Text("조건은 앞에 나온 질문이어야 합니다.", "A condition must name an earlier question."),
                )
            )
        earlier.add(question.code)
    return mistakes


def _unreadable(where: tuple[int | str, ...], message: str) -> Mistake:
    path = ".".join(str(part) for part in ("questions", *where))
    return Mistake(path, Text(f"질문 형식이 맞지 않습니다: {message}", f"Not a question: {message}"))
