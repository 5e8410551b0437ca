"""The steps of an application as forms. A step may be saved incomplete; only a wrong kind of value stops it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dure.core.text import Text
from dure.decide import questions as call_questions
from dure.portal.applications import content as contents
from dure.portal.applications.content import Content
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls import facts
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.drafts import DraftForm

FREE_MEMBERS = 3
STEP_NAMES = {
    "project": Text("과제", "Project"),
    "compute": Text("GPU와 기간", "GPUs and period"),
    "team": Text("참여자", "Team"),
    "questions": Text("공모의 질문", "Questions of the call"),
    "consent": Text("동의", "Consent"),
}
USEFULNESS = (
    ("0", Text("쓰지 않음", "Not wanted")),
    ("100", Text("가장 알맞음", "Best")),
    ("80", Text("조금 못하지만 알맞음", "Nearly as good")),
    ("50", Text("절반쯤 쓸모 있음", "Half as useful")),
)
ROLES = (
    ("member", Text("참여연구원", "Member")),
    ("lead", Text("연구책임자", "Lead")),
    ("adviser", Text("자문", "Adviser")),
)


def language() -> str:
    """The reader's language."""
    return get_language() or "ko"


class StepForm(DraftForm):
    """One step. Required fields are marked so, but a draft may leave them empty."""

    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Mapping[str, Any] | None, view: ApplicationView, call: CallView) -> None:
        self.view, self.call = view, call
        super().__init__(data, initial={"edition": view.draft_edition})
        self.initial |= self.build(view.draft, call)

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """Add the fields of this step; returns their initial values."""
        raise NotImplementedError

    def content(self) -> dict[str, Any]:
        """What was typed, as top-level fields of the content."""
        raise NotImplementedError

    def add(self, name: str, field: forms.Field, label: str, hint: str = "", *, required: bool = True) -> None:
        """Add one field."""
        field.label, field.help_text, field.required = label, hint, required
        self.fields[name] = field

    @property
    def visible(self) -> list[Any]:
        """The fields to show, in order."""
        return [bound for bound in self if not bound.is_hidden]


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ProjectForm(StepForm):
    """What the project is."""

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """Title, summary, field, keywords, the sections of the plan."""
        fields = [("", _("고르십시오"))]
        fields += [(f.code, f.name.in_(language())) for f in programmes.current().research_fields]
        self.add("title.ko", forms.CharField(max_length=120), _("과제 이름"), _("120자 이내"))
        hint = _("비우면 영문 화면에도 한국어 이름이 나옵니다.")
        self.add("title.en", forms.CharField(max_length=200), _("영문 과제 이름"), hint, required=False)
        hint = _("평가위원이 처음 읽는 글입니다. 2,000자 이내")
        self.add("summary", forms.CharField(max_length=2_000, widget=_area(5)), _("과제 요약"), hint)
        self.add("field", forms.ChoiceField(choices=fields), _("연구 분야"))
        hint = _("쉼표로 나누어 10개까지. 알맞은 평가위원을 찾는 데 씁니다.")
        self.add("keywords", forms.CharField(max_length=500), _("핵심어"), hint)
        for section in contents.PLAN_SECTIONS:
            label = contents.SECTION_NAMES[section].in_(language())
            is_needed = section in contents.REQUIRED_SECTIONS
            field = forms.CharField(max_length=6_000, widget=_area(7))
            self.add(f"plan.{section}", field, label, _("6,000자 이내"), required=is_needed)
        return {
            "title.ko": draft.title.ko,
            "title.en": draft.title.en,
            "summary": draft.summary,
            "field": draft.field,
            "keywords": ", ".join(draft.keywords),
            **{f"plan.{section}": text for section, text in draft.plan.items()},
        }

    def content(self) -> dict[str, Any]:
        """What was typed."""
        read = self.cleaned_data
        words = [word.strip() for word in read["keywords"].replace("，", ",").split(",") if word.strip()]
        return {
            "title": {"ko": read["title.ko"].strip(), "en": read["title.en"].strip()},
            "summary": read["summary"],
            "field": read["field"],
            "keywords": list(dict.fromkeys(words)),
            "plan": {section: read[f"plan.{section}"] for section in contents.PLAN_SECTIONS},
        }


class ComputeForm(StepForm):
    """How many servers of which kind, for how long, from when."""

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """Models with their usefulness, nodes, months, first months."""
        usefulness = [(code, name.in_(language())) for code, name in USEFULNESS]
        wishes = {wish.gpu_model: wish.utility for wish in draft.models}
        initial: dict[str, Any] = {}
        for name, limit in facts.limits(call):
            where = f"models.{limit.gpu_model}"
            hint = _("서버 %(low)s~%(high)s대") % {"low": limit.min_nodes, "high": limit.max_nodes}
            field = forms.ChoiceField(choices=_with(usefulness, str(wishes.get(limit.gpu_model, 0))))
            self.add(where, field, name, hint)
            initial[where] = str(wishes.get(limit.gpu_model, 0))
        count = forms.IntegerField(min_value=1, max_value=100_000)
        self.add("requested_nodes", count, _("서버 수"), _("서버 한 대에 GPU 8개가 있습니다."))
        hint = _("이보다 적으면 과제를 할 수 없는 수입니다. 비우면 신청한 수만 받습니다.")
        count = forms.IntegerField(min_value=1, max_value=100_000)
        self.add("min_nodes", count, _("받아들일 수 있는 최소 서버 수"), hint, required=False)
        months = call.rules.months
        hint = _("%(low)s~%(high)s개월") % {"low": months.min, "high": months.max}
        self.add("months", forms.IntegerField(min_value=1, max_value=120), _("사용 기간"), hint)
        terms = call.terms
        choices = [terms.use_from.plus(n) for n in range(terms.use_until.minus(terms.use_from))]
        starts = [("", _("고르십시오")), *((str(m), str(m)) for m in choices)]
        hint = _("이 달부터 늦어도 되는 달까지 사이에 시작합니다.")
        self.add(
            "earliest_start",
            forms.ChoiceField(choices=_with(starts, draft.earliest_start)),
            _("가장 이른 시작 달"),
            hint,
        )
        hint = _("늦게까지 기다릴 수 있으면 선정될 가능성이 높아집니다.")
        self.add(
            "latest_start", forms.ChoiceField(choices=_with(starts, draft.latest_start)), _("가장 늦은 시작 달"), hint
        )
        numbers = ("requested_nodes", "min_nodes", "months", "earliest_start", "latest_start")
        return initial | {name: getattr(draft, name) for name in numbers}

    def content(self) -> dict[str, Any]:
        """What was typed."""
        read = self.cleaned_data
        models = [
            {"gpu_model": name.removeprefix("models."), "utility": int(value)}
            for name, value in read.items()
            if name.startswith("models.") and value and int(value)
        ]
        numbers = ("requested_nodes", "min_nodes", "months", "earliest_start", "latest_start")
        return {"models": models, **{name: read[name] for name in numbers}}


class TeamForm(StepForm):
    """Who takes part; conflicts of interest are found from this."""

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """A row for each member, and some free ones."""
        self.rows = min(50, len(draft.team) + FREE_MEMBERS)
        roles = [(code, name.in_(language())) for code, name in ROLES]
        initial: dict[str, Any] = {}
        for row in range(self.rows):
            there = draft.team[row] if row < len(draft.team) else None
            is_needed = there is not None
            self.add(f"team.{row}.name", forms.CharField(max_length=80), _("이름"), required=is_needed)
            self.add(f"team.{row}.affiliation", forms.CharField(max_length=120), _("소속 기관명"), required=is_needed)
            self.add(f"team.{row}.email", forms.CharField(max_length=254), _("이메일"), required=False)
            self.add(f"team.{row}.role", forms.ChoiceField(choices=roles), _("역할"), required=is_needed)
            if there is not None:
                initial |= {f"team.{row}.{name}": value for name, value in there.model_dump().items()}
        return initial

    @property
    def member_rows(self) -> list[list[Any]]:
        """The fields of each member."""
        return [[self[f"team.{row}.{n}"] for n in ("name", "affiliation", "email", "role")] for row in range(self.rows)]

    def content(self) -> dict[str, Any]:
        """The members; rows without a name are left out."""
        found = []
        for row in range(self.rows):
            member = {n: self.cleaned_data[f"team.{row}.{n}"] for n in ("name", "affiliation", "email", "role")}
            if member["name"].strip():
                found.append({n: value.strip() for n, value in member.items()} | {"role": member["role"] or "member"})
        return {"team": found}


class QuestionsForm(StepForm):
    """The call's own questions; a conditional one appears once its condition is saved."""

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """A field for each visible question."""
        self.asked = call_questions.visible(call.form, draft.answers)
        initial = {}
        for question in self.asked:
            field = _question_field(question)
            label = question.label.in_(language())
            hint = question.hint.in_(language()) if question.hint else ""
            self.add(f"answers.{question.code}", field, label, hint, required=question.required)
            answer = draft.answers.get(question.code)
            initial[f"answers.{question.code}"] = (
                {True: "yes", False: "no"}.get(answer, answer) if question.type == "yes_no" else answer
            )
        return initial

    def content(self) -> dict[str, Any]:
        """The answers; those to questions not shown stay as they were."""
        answers = dict(self.view.draft.answers)
        for question in self.asked:
            given = self.cleaned_data[f"answers.{question.code}"]
            if question.type == "yes_no":
                given = {"yes": True, "no": False}.get(given)
            elif isinstance(given, date):
                given = given.isoformat()
            if given in (None, "", []):
                answers.pop(question.code, None)
            else:
                answers[question.code] = given
        return {"answers": answers}


class ConsentForm(StepForm):
    """What the applicant agrees to."""

    def build(self, draft: Content, call: CallView) -> dict[str, Any]:
        """Personal data, duties, truth."""
        self.add("consents.privacy", forms.BooleanField(), _("개인정보를 이렇게 쓰는 데 동의합니다"))
        self.add("consents.duties", forms.BooleanField(), _("선정되면 위의 의무를 지키겠습니다"))
        self.add("consents.truth", forms.BooleanField(), _("신청한 내용이 사실임을 확인합니다"))
        return {f"consents.{name}": value for name, value in draft.consents.model_dump().items()}

    def content(self) -> dict[str, Any]:
        """What was agreed to."""
        return {
            "consents": {name: bool(self.cleaned_data[f"consents.{name}"]) for name in ("privacy", "duties", "truth")}
        }


FORMS: dict[str, type[StepForm]] = {
    "project": ProjectForm,
    "compute": ComputeForm,
    "team": TeamForm,
    "questions": QuestionsForm,
    "consent": ConsentForm,
}


def steps_of(call: CallView) -> list[str]:
    """The steps of the call's form; without questions of its own there is no such step."""
    return [step for step in contents.STEPS if step != "questions" or call.form]


class StartForm(forms.Form):
    """For which organisation, and whether it goes on from an earlier application."""

    organisation = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)
    renews = forms.ChoiceField(required=False)

    def __init__(
        self, choices: list[tuple[int, str]], earlier: list[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["renews"].label = _("이전 신청을 이어서 쓰시겠습니까?")
        self.fields["renews"].help_text = _(
            "내용과 팀, 서버 수를 가져옵니다. 기간, 추가 질문, 첨부 파일, 동의는 새로 적습니다."
        )
        self.fields["renews"].choices = [("", _("새로 쓰기")), *earlier]
        if not earlier:
            del self.fields["renews"]
        self.fields["organisation"].label = _("어느 기관의 이름으로 신청하십니까?")
        self.fields["organisation"].choices = choices


class FileForm(forms.Form):
    """One file to attach."""

    file = forms.FileField(max_length=400)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("파일")
        self.fields["file"].help_text = _("PDF, PNG, JPEG, DOCX, HWPX, XLSX, CSV. 한 파일에 20MB까지")
        self.fields["file"].error_messages["required"] = _("파일을 고르지 않았습니다. 올릴 파일을 골라 주십시오.")


class RefusalForm(forms.Form):
    """Why an application is not eligible."""

    ko = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)
    en = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ko"].label, self.fields["en"].label = _("이유 (한국어)"), _("이유 (영어)")


def _with(choices: list[tuple[str, str]], present: str) -> list[tuple[str, str]]:
    """The choices, with what is there at present if it is not among them."""
    known = {code for code, _label in choices}
    return choices if present in known or not present else [*choices, (present, present)]


def _question_field(question: call_questions.Question) -> forms.Field:
    options = [(option.code, option.label.in_(language())) for option in question.options]
    if question.type == "long_text":
        return forms.CharField(max_length=question.max_length, widget=_area(5))
    if question.type == "number":
        return forms.IntegerField(min_value=question.least, max_value=question.most)
    if question.type == "choice":
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect)
    if question.type == "choices":
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple)
    if question.type == "yes_no":
        return forms.ChoiceField(choices=[("yes", _("예")), ("no", _("아니요"))], widget=forms.RadioSelect)
    if question.type == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    return forms.CharField(max_length=question.max_length)
