"""What people type about calls; the operations decide what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dure.core.period import Month
from dure.core.text import Text
from dure.decide import estimator
from dure.decide.eligibility import Applicant, Request
from dure.decide.estimator import Need
from dure.decide.questions import Kind
from dure.portal.calls import facts, sizing
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes

KINDS: dict[Kind, Text] = {
    "text": Text("짧은 글", "Short text"),
    "long_text": Text("긴 글", "Long text"),
    "number": Text("정수", "Whole number"),
    "choice": Text("하나 고르기", "Choose one"),
    "choices": Text("여럿 고르기", "Choose several"),
    "yes_no": Text("예·아니요", "Yes or no"),
    "date": Text("날짜", "Date"),
}
FREE_ROWS = 2  # empty question rows at the end of the form
_AT = "%Y-%m-%dT%H:%M"


def language() -> str:
    """The reader's language."""
    return get_language() or "ko"


def months_of(call: CallView) -> list[tuple[str, str]]:
    """The months of use as choices."""
    terms = call.terms
    months = [terms.use_from.plus(offset) for offset in range(terms.use_until.minus(terms.use_from))]
    return [(str(month), str(month)) for month in months]


class CheckForm(forms.Form):
    """May I apply, and what would it cost?"""

    applicant_class = forms.ChoiceField()
    is_youth = forms.BooleanField(required=False)
    gpu_model = forms.ChoiceField()
    nodes = forms.IntegerField(min_value=1, max_value=10_000)
    months = forms.IntegerField(min_value=1, max_value=120)
    start = forms.ChoiceField()

    def __init__(self, call: CallView, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programme = programmes.current()
        labels = {
            "applicant_class": _("기관 유형"),
            "gpu_model": _("GPU 종류"),
            "nodes": _("서버 수"),
            "months": _("사용 기간"),
            "start": _("시작 달"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
        self.fields["applicant_class"].choices = [
            (one.code, one.name.in_(language())) for one in programme.applicant_classes
        ]
        self.fields["gpu_model"].choices = [(m.code, m.name) for m in programme.gpu_models if call.rules.limit(m.code)]
        self.fields["start"].choices = months_of(call)
        if programme.youth is None:
            del self.fields["is_youth"]
        else:
            self.fields["is_youth"].label = programme.youth.name.in_(language())
            self.fields["is_youth"].help_text = programme.youth.description.in_(language())

    def applicant(self) -> Applicant:
        """Who asks, as eligibility sees them."""
        read = self.cleaned_data
        return Applicant(read["applicant_class"], "", bool(read.get("is_youth")), "verified")

    def request(self) -> Request:
        """What is asked for."""
        read, start = self.cleaned_data, Month.parse(self.cleaned_data["start"])
        return Request((read["gpu_model"],), read["nodes"], read["nodes"], read["months"], start, start)


class NeedForm(forms.Form):
    """What is to be done, in the units people use: parameters and tokens in thousand millions (B)."""

    BILLIONS = ("parameters", "tokens", "output_tokens", "total_parameters")

    kind = forms.ChoiceField()
    gpu = forms.ChoiceField()
    parameters = forms.DecimalField()
    tokens = forms.DecimalField(required=False)
    output_tokens = forms.DecimalField(required=False)
    total_parameters = forms.DecimalField(required=False)
    context_tokens = forms.IntegerField(required=False, min_value=1, max_value=100_000_000)
    efficiency_percent = forms.IntegerField(required=False)
    development_percent = forms.IntegerField(required=False)
    applicant_class = forms.ChoiceField()
    is_youth = forms.BooleanField(required=False)

    def __init__(self, call: CallView, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        programme = programmes.current()
        self._labels()
        for name in self.BILLIONS:
            least = Decimal("0.001") if name == "parameters" else Decimal(0)
            wrong = _("0보다 큰 수를 숫자로만 적으십시오. 예: 7")
            self.fields[name] = forms.DecimalField(
                required=name == "parameters",
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                min_value=least,
                max_value=Decimal(1_000_000_000),
                decimal_places=3,
                error_messages={"required": wrong, "invalid": wrong, "min_value": wrong},
                widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
            )
        self.fields["kind"].choices = [(code, name.in_(language())) for code, name in estimator.KINDS.items()]
        self.fields["gpu"].choices = sizing.gpu_models(call)
        classes = [programme.applicant_class(code) for code in call.rules.applicant_classes]
        self.fields["applicant_class"].choices = [(one.code, one.name.in_(language())) for one in classes]
        if programme.youth is None:
            del self.fields["is_youth"]
        else:
            self.fields["is_youth"].label = programme.youth.name.in_(language())

    def _labels(self) -> None:
        for name, label, hint in (
            ("kind", _("무엇을 하십니까?"), ""),
            ("gpu", _("GPU 종류"), ""),
            ("parameters", _("모델의 매개변수"), _("70억 개(7B) 모델이면 7")),
            ("tokens", _("읽는 토큰"), _("1조 개면 1000. 반복 학습은 모두 더합니다.")),
            ("output_tokens", _("만들어 내는 토큰"), _("추론일 때만 적습니다.")),
            (
                "total_parameters",
                _("전체 매개변수"),
                _("전문가 혼합 모델일 때만. 위에는 토큰마다 쓰이는 수를 적습니다."),
            ),
            ("context_tokens", _("문맥 길이"), _("비우면 %(n)s토큰") % {"n": f"{estimator.CONTEXT_TOKENS:,}"}),
            ("efficiency_percent", _("직접 잰 효율"), _("학습일 때만. 비우면 공개된 학습의 효율을 씁니다.")),
            ("development_percent", _("시험 실행"), _("본 실행에 더할 비율. 비우면 넣지 않습니다.")),
            ("applicant_class", _("기관 유형"), ""),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint

    @property
    def is_begun(self) -> bool:
        """Whether enough is typed to answer, or to say what is wrong."""
        return bool(self.data.get("parameters") and (self.data.get("tokens") or self.data.get("output_tokens")))

    @property
    def is_detailed(self) -> bool:
        """Whether anything is said or wrong in what is asked in detail."""
        return any(self[name].value() or self[name].errors for name in self.details)

    @property
    def details(self) -> tuple[str, ...]:
        """The names of fields that most people leave as they are."""
        return ("total_parameters", "context_tokens", "efficiency_percent", "development_percent")

    def need(self) -> Need:
        """What is to be done, in whole parameters and tokens."""
        read = self.cleaned_data
        billions = {name: int((read[name] or 0) * 1_000_000_000) for name in self.BILLIONS}
        return Need(
            kind=read["kind"],
            gpu=read["gpu"],
            context_tokens=read["context_tokens"] or estimator.CONTEXT_TOKENS,
            efficiency_percent=read["efficiency_percent"],
            development_percent=read["development_percent"] or 0,
            **billions,
        )


class QuestionForm(forms.Form):
    """A public question."""

    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("질문")
        self.fields["text"].help_text = _("질문과 답변은 모두가 볼 수 있게 공개됩니다. 이름은 공개되지 않습니다.")


class BothForm(forms.Form):
    """A public text in both languages, with a new deadline where one is needed."""

    ko = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=5_000, required=False)
    en = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=5_000, required=False)
    closes_at = forms.DateTimeField(required=False, input_formats=[_AT])
    decide_by = forms.DateTimeField(required=False, input_formats=[_AT])

    def text(self) -> Text:
        """What was written."""
        return Text(self.cleaned_data["ko"].strip(), self.cleaned_data["en"].strip())

    def instant(self, name: str) -> datetime | None:
        """The instant typed in programme time."""
        at = self.cleaned_data.get(name)
        return at.replace(tzinfo=programmes.zone()).astimezone(UTC) if at else None


class CallForm(forms.Form):
    """A whole call: names, dates in programme time, offer, documents, questions."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, call: CallView | None = None, track: str = "") -> None:
        super().__init__(data, initial=_initial(call, track), use_required_attribute=False)
        self.is_new = call is None
        programme, zone = programmes.current(), programmes.zone().key
        if self.is_new:
            self.fields["code"] = forms.CharField(label=_("공모 코드"), max_length=30, help_text=_("예: 26-2"))
            tracks = [(t.code, t.name.in_(language())) for t in programme.tracks]
            self.fields["track"] = forms.ChoiceField(label=_("트랙"), choices=tracks)
        for name, label in (("title", _("공모 이름")), ("summary", _("안내 글"))):
            for code, shown in (("ko", _("한국어")), ("en", _("영어"))):
                widget = forms.Textarea(attrs={"rows": 3}) if name == "summary" else forms.TextInput()
                self.fields[f"{name}.{code}"] = forms.CharField(
                    label=f"{label} ({shown})", widget=widget, max_length=5_000, required=name == "title"
                )
        at = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_AT)
        for name, label in (
            ("opens_at", _("접수 시작")),
            ("closes_at", _("접수 마감")),
            ("decide_by", _("결과 발표")),
        ):
            self.fields[name] = forms.DateTimeField(label=label, input_formats=[_AT], widget=at, help_text=zone)
        month = forms.TextInput(attrs={"type": "month", "placeholder": "2026-04"})
        for name, label, hint in (
            ("use_from", _("사용 시작 달"), _("첫날 0시부터 쓸 수 있습니다.")),
            ("use_until", _("사용이 끝나는 다음 달"), _("이 달의 첫날 0시에 끝납니다.")),
        ):
            self.fields[name] = forms.CharField(label=label, widget=month, help_text=hint)
        self.fields |= _offer_fields()
        self.fields["documents"] = forms.CharField(
            label=_("문서"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("한 줄에 하나씩: 한국어 이름 | 영어 이름 | 주소"),
        )
        self._question_fields(data, call)

    def _question_fields(self, data: Mapping[str, Any] | None, call: CallView | None) -> None:
        asked = len(call.questions) if call else 0
        wanted = str(data.get("rows", "")) if data else ""
        self.rows = min(40, max(asked + FREE_ROWS, int(wanted) if wanted.isdigit() else 0))
        for row in range(self.rows):
            self._question_row(f"questions.{row}")

    def _question_row(self, where: str) -> None:
        def add(name: str, field: forms.Field, label: str, hint: str = "") -> None:
            field.required, field.label, field.help_text = False, label, hint
            self.fields[f"{where}.{name}"] = field

        add("code", forms.CharField(max_length=40), _("코드"), _("영문 소문자와 붙임표. 비우면 이 질문을 뺍니다."))
        kinds = [("", _("고르십시오")), *((kind, shown.in_(language())) for kind, shown in KINDS.items())]
        add("type", forms.ChoiceField(choices=kinds), _("답의 형식"))
        add("ko", forms.CharField(max_length=500), _("질문 (한국어)"))
        add("en", forms.CharField(max_length=500), _("질문 (영어)"))
        add("required", forms.BooleanField(), _("반드시 답해야 합니다"))
        area = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))
        add("options", area, _("보기"), _("한 줄에 하나씩: 코드 | 한국어 | 영어"))
        hint = _("앞의 질문 코드 = 답, 답. 예: releases-model = yes")
        add("when", forms.CharField(max_length=300), _("이럴 때만 묻기"), hint)

    @property
    def question_rows(self) -> list[list[Any]]:
        """The fields of each question, for the page."""
        return [[self[n] for n in self.fields if n.startswith(f"questions.{row}.")] for row in range(self.rows)]

    @property
    def offer_fields(self) -> list[Any]:
        """The fields of what is offered."""
        return [self[name] for name in self.fields if name.startswith("offered.")]

    @property
    def first_fields(self) -> list[Any]:
        """Names and dates."""
        skipped = ("offered.", "questions.", "documents")
        return [self[name] for name in self.fields if not name.startswith(skipped)]

    def columns(self) -> dict[str, Any]:
        """What was typed, as `operations.compose` and `redraft` take it."""
        read = self.cleaned_data
        found: dict[str, Any] = {
            "title": Text(read["title.ko"].strip(), read["title.en"].strip()),
            "offered": _offered(read),
            "documents": list(_documents(read["documents"])),
            "questions": list(self._questions()),
        }
        if read["summary.ko"] or read["summary.en"]:
            found["summary"] = Text(read["summary.ko"], read["summary.en"])
        for name in ("opens_at", "closes_at", "decide_by"):
            found[name] = read[name].replace(tzinfo=programmes.zone()).astimezone(UTC)
        for name in ("use_from", "use_until"):
            found[name] = Month.parse(read[name]).period(programmes.zone()).start
        return found

    def clean(self) -> dict[str, Any]:
        """Months must be months."""
        for name in ("use_from", "use_until"):
            try:
                Month.parse(self.cleaned_data.get(name) or "")
            except ValueError:
                if name not in self.errors:
                    self.add_error(name, _("2026-04처럼 적으십시오."))
        return self.cleaned_data

    def _questions(self) -> Iterable[dict[str, Any]]:
        for row in range(self.rows):
            read = {
                name: self.cleaned_data.get(f"questions.{row}.{name}")
                for name in ("code", "type", "ko", "en", "required", "options", "when")
            }
            if not read["code"]:
                continue
            question = {
                "code": read["code"].strip(),
                "type": read["type"],
                "label": {"ko": read["ko"], "en": read["en"]},
                "required": bool(read["required"]),
                "options": [
                    {"code": code, "label": {"ko": ko, "en": en}} for code, ko, en in _lines(read["options"] or "")
                ],
            }
            if "=" in (read["when"] or ""):
                earlier, answers = read["when"].split("=", 1)
                values = [answer.strip() for answer in answers.split(",") if answer.strip()]
                question["when"] = {"question": earlier.strip(), "is_one_of": values}
            yield question


class CorrectionForm(forms.Form):
    """Another title, summary or offer of an announced call, and why, for everybody to read."""

    def __init__(self, call: CallView, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=_initial(call, ""), use_required_attribute=False)
        self.call = call
        for name, label, rows in (("title", _("공모 이름"), 1), ("summary", _("안내 글"), 3), ("reason", _("이유"), 2)):
            for code, shown in (("ko", _("한국어")), ("en", _("영어"))):
                widget = forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput()
                self.fields[f"{name}.{code}"] = forms.CharField(
                    label=f"{label} ({shown})", widget=widget, max_length=5_000, required=name != "summary"
                )
        self.fields |= _offer_fields()

    @property
    def offer_fields(self) -> list[Any]:
        """The fields of what is offered."""
        return [self[name] for name in self.fields if name.startswith("offered.")]

    @property
    def text_fields(self) -> list[Any]:
        """Title and summary."""
        return [self[name] for name in self.fields if name.startswith(("title.", "summary."))]

    @property
    def reason_fields(self) -> list[Any]:
        """Why."""
        return [self["reason.ko"], self["reason.en"]]

    def reason(self) -> Text:
        """Why, as it will be read."""
        return self._text("reason")

    def changes(self) -> dict[str, Any]:
        """What differs from the call as it is."""
        typed = {"title": self._text("title"), "summary": self._text("summary"), "offered": _offered(self.cleaned_data)}
        return {name: value for name, value in typed.items() if value != getattr(self.call, name)}

    def _text(self, name: str) -> Text:
        read = self.cleaned_data
        return Text(read[f"{name}.ko"].strip(), read[f"{name}.en"].strip())


def _offer_fields() -> dict[str, forms.Field]:
    programme = programmes.current()
    return {
        f"offered.{cluster.code}": forms.IntegerField(
            label=f"{cluster.name.in_(language())} ({programme.gpu_model(cluster.gpu_model).name})",
            required=False,
            min_value=0,
            max_value=cluster.nodes,
            help_text=_("서버 %(nodes)s대까지") % {"nodes": cluster.nodes},
        )
        for cluster in programme.government_clusters
    }


def _offered(read: Mapping[str, Any]) -> dict[str, int]:
    return {n.removeprefix("offered."): nodes for n, nodes in read.items() if n.startswith("offered.") and nodes}


def _initial(call: CallView | None, track: str) -> dict[str, Any]:
    if call is None:
        return {"track": track}
    zone = programmes.zone()
    found: dict[str, Any] = {
        "title.ko": call.title.ko,
        "title.en": call.title.en,
        "summary.ko": call.summary.ko,
        "summary.en": call.summary.en,
        "use_from": str(call.terms.use_from),
        "use_until": str(call.terms.use_until),
        "documents": "\n".join(f"{d['name']['ko']} | {d['name']['en']} | {d['url']}" for d in call.documents),
        **{name: getattr(call, name).astimezone(zone).strftime(_AT) for name in ("opens_at", "closes_at", "decide_by")},
        **{f"offered.{code}": nodes for code, nodes in call.offered.items()},
    }
    for row, question in enumerate(call.questions):
        where, when = f"questions.{row}", question.get("when")
        found |= {
            f"{where}.code": question["code"],
            f"{where}.type": question["type"],
            f"{where}.ko": question["label"]["ko"],
            f"{where}.en": question["label"]["en"],
            f"{where}.required": question.get("required", False),
            f"{where}.options": "\n".join(
                f"{o['code']} | {o['label']['ko']} | {o['label']['en']}" for o in question.get("options", ())
            ),
            f"{where}.when": f"{when['question']} = {', '.join(when['is_one_of'])}" if when else "",
        }
    return found


def _lines(text: str) -> Iterable[tuple[str, str, str]]:
    for line in text.splitlines():
        if line.strip():
            first, second, third, *_ = [*(part.strip() for part in line.split("|")), "", ""]
            yield first, second, third


def _documents(text: str) -> Iterable[dict[str, Any]]:
    for ko, en, url in _lines(text):
        yield {"name": {"ko": ko, "en": en}, "url": url}


def offered_model_choices(call: CallView) -> list[tuple[str, str]]:
    """The GPU models on offer as choices."""
    return [(code, programmes.current().gpu_model(code).name) for code in facts.offered_models(call)]
