"""What an application says: the one definition of a draft and of a sealed version's content.

A draft may lack anything but never holds a wrong type, an unknown field or a text that is too long. `remaining` says
what a draft still lacks; a sealed version lacks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide import questions as forms
from dure.decide.eligibility import Request
from dure.programme.schema import Programme

LARGEST = 200_000  # characters of JSON
MOST_ATTACHMENTS = 10
STEPS = ("project", "compute", "team", "questions", "consent")
PLAN_SECTIONS = ("goal", "method", "sizing", "release")
REQUIRED_SECTIONS = ("goal", "method", "sizing")
SECTION_NAMES = {
    "goal": Text("목표와 기대 효과", "Goal and effect"),
    "method": Text("수행 방법과 일정", "Method and schedule"),
    "sizing": Text("서버 수와 기간의 근거", "Why so many servers for so long"),
    "release": Text("결과 공개와 활용 계획", "Release and use of results"),
}


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Title(_Piece):
    """The title; the English one may stay empty."""

    ko: Annotated[str, Field(max_length=120)] = ""
    en: Annotated[str, Field(max_length=200)] = ""


class Wish(_Piece):
    """A GPU model that would do; 100 is the most useful one, 50 half as useful."""

    gpu_model: Annotated[str, Field(max_length=40)]
    utility: Annotated[int, Field(ge=1, le=100)] = 100


class Member(_Piece):
    """Somebody of the team, with or without an account."""

    name: Annotated[str, Field(max_length=80)]
    email: Annotated[str, Field(max_length=254)] = ""
    affiliation: Annotated[str, Field(max_length=120)] = ""
    role: Literal["lead", "member", "adviser"] = "member"


class Attachment(_Piece):
    """An uploaded file: the hash of its bytes is sealed with the rest."""

    file_id: int
    name: Annotated[str, Field(max_length=200)]
    media_type: Annotated[str, Field(max_length=100)]
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Consents(_Piece):
    """What the applicant agrees to: use of personal data, the duties of the class, that all is true."""

    privacy: bool = False
    duties: bool = False
    truth: bool = False


Section = Annotated[str, Field(max_length=6_000)]
Nodes = Annotated[int, Field(ge=1, le=100_000)]


class Content(_Piece):
    """All of an application. Months are "YYYY-MM"; `answers` are to the call's own questions, by code."""

    title: Title = Title()
    summary: Annotated[str, Field(max_length=2_000)] = ""
    plan: dict[Literal["goal", "method", "sizing", "release"], Section] = {}
    field: Annotated[str, Field(max_length=40)] = ""
    keywords: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=10)] = ()
    models: Annotated[tuple[Wish, ...], Field(max_length=10)] = ()
    min_nodes: Nodes | None = None
    requested_nodes: Nodes | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    earliest_start: Annotated[str, Field(pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$")] = ""
    latest_start: Annotated[str, Field(pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$")] = ""
    answers: dict[str, Any] = {}
    team: Annotated[tuple[Member, ...], Field(max_length=50)] = ()
    consents: Consents = Consents()
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MOST_ATTACHMENTS)] = ()

    @property
    def gpu_models(self) -> tuple[str, ...]:
        """The models wished for, the most useful first."""
        return tuple(w.gpu_model for w in sorted(self.models, key=lambda wish: -wish.utility))

    @property
    def request(self) -> Request | None:
        """What is asked for, once all of it is there."""
        if not (self.models and self.requested_nodes and self.months and self.earliest_start and self.latest_start):
            return None
        return Request(
            gpu_models=self.gpu_models,
            min_nodes=self.min_nodes or self.requested_nodes,
            requested_nodes=self.requested_nodes,
            months=self.months,
            earliest_start=Month.parse(self.earliest_start),
            latest_start=Month.parse(self.latest_start),
        )


def read(raw: Mapping[str, Any]) -> Content:
    """`raw` (as JSON) as content. Raises InvalidInput naming every field that cannot be what it says."""
    try:
        text = json.dumps(raw, allow_nan=False)
    except (TypeError, ValueError):
        raise InvalidInput(Mistake("content", _UNREADABLE, Text("값을 확인하십시오.", "Check it."))) from None
    if len(text) > LARGEST:
        what = Text("내용이 너무 깁니다.", "There is too much text.")
        raise InvalidInput(Mistake("content", what, Text("줄여서 다시 저장하십시오.", "Shorten it and save again.")))
    try:
        return Content.model_validate_json(text)
    except ValidationError as error:
        raise InvalidInput([_explained(item) for item in error.errors()]) from None


def trusted(stored: Mapping[str, Any]) -> Content:
    """Content that was stored by us, without checking it as strictly again: lists of applications are long."""
    return Content.model_validate(stored, strict=False)


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> Content:
    """The draft `before` with the top-level fields in `changes` replaced; sections of the plan one by one."""
    whole = {**before, **changes}
    if isinstance(changes.get("plan"), Mapping):
        whole["plan"] = {**before.get("plan", {}), **changes["plan"]}
    return read(whole)


def renewed(earlier: Content, lead: Member) -> Content:
    """A draft that goes on from an earlier application: its text, team and size, led by `lead`.

    Months, answers to that call's questions, files and consents belong to the earlier one and are asked again.
    """
    others = tuple(one for one in earlier.team if one.email.lower() != lead.email.lower() and one.role != "lead")
    return earlier.model_copy(
        update={
            "earliest_start": "",
            "latest_start": "",
            "answers": {},
            "consents": Consents(),
            "attachments": (),
            "team": (lead, *others),
        }
    )


def carried(late: Content, form: Sequence[forms.Question]) -> Content:
    """A draft that missed its deadline, for another call: what was typed and is asked there; no files, no consents."""
    known = {question.code for question in form}
    answers = {code: answer for code, answer in late.answers.items() if code in known}
    return late.model_copy(update={"answers": answers, "consents": Consents(), "attachments": ()})


def stored(content: Content) -> dict[str, Any]:
    """The content as JSON values."""
    return content.model_dump(mode="json")


def remaining(content: Content, programme: Programme, form: Sequence[forms.Question]) -> list[Mistake]:
    """What must still be filled in or mended before the content can be sealed, in the order of the form."""
    found = _project(content, programme) + _compute(content) + _team(content)
    found += forms.check(form, content.answers, is_final=True)
    for name, what in _CONSENTS.items():
        if not getattr(content.consents, name):
            found.append(Mistake(f"consents.{name}", what, Text("읽고 동의해 주십시오.", "Read it and agree.")))
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """A content in the words of programme and call, for people to read."""

    research_field: Text
    wishes: tuple[tuple[str, int], ...]  # GPU model and usefulness
    sections: tuple[tuple[Text, str], ...]
    answers: tuple[tuple[Text, Text], ...]


def reading(content: Content, programme: Programme, form: Sequence[forms.Question]) -> Reading:
    """The content with codes replaced by names; blank sections and answers left out."""
    fields = {field.code: field.name for field in programme.research_fields}
    models = {model.code: model.name for model in programme.gpu_models}
    given = {**content.plan}
    return Reading(
        research_field=fields.get(content.field, Text("", "")),
        wishes=tuple((models.get(wish.gpu_model, wish.gpu_model), wish.utility) for wish in content.models),
        sections=tuple((name, given[s]) for s, name in SECTION_NAMES.items() if given.get(s)),  # type: ignore[call-overload,index]
        answers=tuple((q.label, _shown(q, content.answers[q.code])) for q in form if q.code in content.answers),
    )


def _shown(question: forms.Question, answer: Any) -> Text:
    if isinstance(answer, bool):
        return Text("예", "Yes") if answer else Text("아니요", "No")
    names = {option.code: option.label for option in question.options}
    given = answer if isinstance(answer, list) else [answer]
    found = [names.get(code, Text(str(code), str(code))) for code in given]
    return Text(", ".join(t.ko for t in found), ", ".join(t.en for t in found))


def step_of(where: str) -> str:
    """The step of the form on which the field `where` stands."""
    first = where.split(".")[0]
    if first in ("title", "summary", "plan", "field", "keywords"):
        return "project"
    return {
        "team": "team",
        "answers": "questions",
        "consents": "consent",
        "attachments": "files",
        "endorsement": "endorsement",
    }.get(first, "compute")


def _needed(where: str, name: Text, remedy: Text | None = None) -> Mistake:
    what = Text("‘{name}’ 칸이 비어 있습니다.", "{name} is missing.").format(name=name)
    return Mistake(where, what, remedy or Text("내용을 적으십시오.", "Fill it in."))


def _project(content: Content, programme: Programme) -> list[Mistake]:
    found = []
    if not content.title.ko.strip():
        found.append(_needed("title.ko", Text("과제 이름", "The title")))
    if not content.summary.strip():
        found.append(_needed("summary", Text("과제 요약", "The summary")))
    fields = {field.code for field in programme.research_fields}
    choose = Text("목록에서 고르십시오.", "Choose one from the list.")
    if content.field not in fields:
        found.append(_needed("field", Text("연구 분야", "The research field"), choose))
    if not content.keywords:
        found.append(_needed("keywords", Text("핵심어", "At least one keyword")))
    for section in REQUIRED_SECTIONS:
        if not content.plan.get(section, "").strip():  # type: ignore[call-overload]
            found.append(_needed(f"plan.{section}", SECTION_NAMES[section]))
    return found


def _compute(content: Content) -> list[Mistake]:
    found = []
    if not content.models:
        found.append(_needed("models", Text("GPU 종류", "The GPU model"), Text("하나 이상 고르십시오.", "Choose one.")))
    codes = [wish.gpu_model for wish in content.models]
    if len(set(codes)) != len(codes):
        what = Text("같은 GPU를 두 번 골랐습니다.", "A GPU model is listed twice.")
        found.append(Mistake("models", what, Text("하나만 남기십시오.", "Keep one of them.")))
    if content.requested_nodes is None:
        found.append(_needed("requested_nodes", Text("서버 수", "The number of servers")))
    if content.months is None:
        found.append(_needed("months", Text("사용 기간", "The months of use")))
    if not content.earliest_start:
        found.append(_needed("earliest_start", Text("가장 이른 시작 달", "The earliest month to start")))
    if not content.latest_start:
        found.append(_needed("latest_start", Text("가장 늦은 시작 달", "The latest month to start")))
    return found


def _team(content: Content) -> list[Mistake]:
    found = []
    if sum(member.role == "lead" for member in content.team) != 1:
        what = Text("연구책임자가 한 명이어야 합니다.", "The team needs exactly one lead.")
        found.append(Mistake("team", what, Text("책임자 한 명을 정하십시오.", "Mark one person as lead.")))
    for index, member in enumerate(content.team):
        if not member.name.strip():
            found.append(_needed(f"team.{index}.name", Text("이름", "The name")))
        if not member.affiliation.strip():
            found.append(_needed(f"team.{index}.affiliation", Text("소속", "The affiliation")))
        if member.email and ("@" not in member.email or " " in member.email):
            what = Text("이메일 주소가 아닙니다.", "Not an e-mail address.")
            found.append(Mistake(f"team.{index}.email", what, Text("주소를 확인하십시오.", "Check the address.")))
    return found


_CONSENTS = {
    "privacy": Text("개인정보 수집·이용에 동의하지 않았습니다.", "The use of personal data is not agreed to."),
    "duties": Text("사용자의 의무에 동의하지 않았습니다.", "The duties of users are not agreed to."),
    "truth": Text("내용이 사실임을 확인하지 않았습니다.", "That the content is true is not confirmed."),
}
_UNREADABLE = Text("읽을 수 없는 값이 있습니다.", "There is a value that cannot be read.")
_KINDS = {
    "string_too_long": (
        Text("너무 깁니다.", "Too long."),
        Text("{limit}자 이내로 줄이십시오.", "Use at most {limit}."),
    ),
    "too_long": (Text("너무 많습니다.", "Too many."), Text("{limit}개 이내로 줄이십시오.", "Give at most {limit}.")),
    "extra_forbidden": (Text("양식에 없는 항목입니다.", "There is no such field."), Text("빼십시오.", "Leave it out.")),
    "greater_than_equal": (
        Text("너무 작은 수입니다.", "Too small."),
        Text("{limit} 이상이어야 합니다.", "At least {limit}."),
    ),
    "less_than_equal": (Text("너무 큰 수입니다.", "Too large."), Text("{limit} 이하여야 합니다.", "At most {limit}.")),
    "int_type": (Text("정수가 아닙니다.", "Not a whole number."), Text("정수로 적으십시오.", "Give a whole number.")),
    "string_pattern_mismatch": (
        Text("달이 아닙니다.", "Not a month."),
        Text("2026-04처럼 적으십시오.", "Write it as 2026-04."),
    ),
}
_LIMITS = ("max_length", "ge", "le")


def _explained(item: Mapping[str, Any]) -> Mistake:
    where = ".".join(str(part) for part in item["loc"]) or "content"
    limits = item.get("ctx", {})
    limit = next((limits[name] for name in _LIMITS if name in limits), "")
    what, remedy = _KINDS.get(item["type"], (_UNREADABLE, Text("값을 확인하십시오.", "Check the value.")))
    return Mistake(where, what, remedy.format(limit=f"{limit:,}" if isinstance(limit, int) else limit))
