"""What people type about calls; the operations decide what is right."""

from __future__ import annotations

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
from dure.portal.calls import facts, sizing
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes

AT = "%Y-%m-%dT%H:%M"


def language() -> str:
    """The reader's language."""
    return get_language() or "ko"


def months_of(call: CallView) -> list[tuple[str, str]]:
    """The months of use as choices."""
    terms = call.terms
    months = [terms.use_from.plus(offset) for offset in range(terms.use_until.minus(terms.use_from))]
    return [(str(month), month.words.in_(language())) for month in months]


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
    closes_at = forms.DateTimeField(required=False, input_formats=[AT])
    decide_by = forms.DateTimeField(required=False, input_formats=[AT])

    def text(self) -> Text:
        """What was written."""
        return Text(self.cleaned_data["ko"].strip(), self.cleaned_data["en"].strip())

    def instant(self, name: str) -> datetime | None:
        """The instant typed in programme time."""
        at = self.cleaned_data.get(name)
        return at.replace(tzinfo=programmes.zone()).astimezone(UTC) if at else None


def offered_model_choices(call: CallView) -> list[tuple[str, str]]:
    """The GPU models on offer as choices."""
    return [(code, programmes.current().gpu_model(code).name) for code in facts.offered_models(call)]
