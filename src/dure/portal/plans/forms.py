"""What the pages of this chapter read from people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.decide.planning.scenario import Changes, Setting
from dure.portal.framework.pages import add_mistakes
from dure.portal.plans.operations import Scenario
from dure.programme.schema import Programme

GROUPS = (
    (("organisation", "budget"), _("기관과 예산")),
    (("class",), _("기관 유형")),
    (("region",), _("지역")),
    (("reserve",), _("다른 트랙 몫")),
)
KINDS = ("cap", "floor", "target")


class ScenarioForm(forms.Form):
    """A scenario: what differs from the programme. Fields left as they are, or emptied, change nothing."""

    title = forms.CharField(
        label=_("이름"), max_length=120, help_text=_("나중에 알아볼 수 있는 이름입니다. 예: 점수 구간 3.0점")
    )
    note = forms.CharField(
        label=_("메모"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("왜 이렇게 계산해 보는지 적어 두십시오."),
    )
    rule = forms.ChoiceField(
        label=_("배분 규칙"),
        choices=[
            ("merit", _("실력 존중: 정당한 불만이 하나도 없게")),
            ("value", _("가치 최대: 점수로 가중한 가치의 합만")),
        ],
        widget=forms.RadioSelect,
        help_text=_("실력 존중 규칙에서는 점수가 더 높은데도 자리를 내주고 떨어지는 신청이 없습니다."),
    )
    delta = forms.DecimalField(
        label=_("같은 점수로 보는 범위(점)"),
        min_value=0,
        max_value=100,
        decimal_places=1,
        required=False,
        help_text=_("이보다 작은 점수 차이는 같은 것으로 봅니다. 비워 두면 사업 규칙을 따릅니다."),
    )
    price = forms.IntegerField(
        label=_("목표 비율을 못 채울 때의 값"),
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("모자란 서버·월의 가치에서 몇 퍼센트를 깎을지입니다. 클수록 목표를 더 지킵니다."),
    )
    budget = forms.IntegerField(
        label=_("계산량"),
        min_value=1,
        required=False,
        help_text=_("클수록 오래 찾습니다. 비워 두면 1분 안에 끝나는 기본값을 씁니다."),
    )

    def __init__(
        self, programme: Programme, settings: Sequence[Setting], data: Any = None, initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.programme, self.settings = programme, settings
        language = get_language() or "ko"
        for criterion in programme.rubric.criteria:
            self.fields[f"weights.{criterion.code}"] = forms.IntegerField(
                label=criterion.name.in_(language), min_value=0, max_value=100, required=False
            )
        for one in settings:
            self.fields[f"rules.{one.name}"] = _setting_field(one, language)

    @property
    def weight_fields(self) -> list[Any]:
        """The criteria's weights."""
        return [self[name] for name in self.fields if name.startswith("weights.")]

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The named rules in groups; a group is open when something in it was changed or is wrong. `grid` has a line
        per class or group of regions, with its cap, floor and target; `rows` are the rules of other groups."""
        found = []
        for code, name in GROUPS:
            members = [one for one in self.settings if one.group in code]
            rows = [self[f"rules.{one.name}"] for one in members]
            grid = self._grid(members)
            is_open = any(bound.errors or _is_changed(bound) for bound in rows)
            found.append({"name": name, "rows": [] if grid else rows, "grid": grid, "is_open": is_open})
        return [one for one in found if one["rows"] or one["grid"]]

    def _grid(self, members: Sequence[Setting]) -> list[tuple[Text, list[Any]]]:
        lines: dict[frozenset[str], tuple[Text, dict[str, Any]]] = {}
        for one in members:
            if one.about:
                _subject, cells = lines.setdefault(one.about, (one.subject, {}))
                cells[one.name.split("-")[1]] = self[f"rules.{one.name}"]
        return [(subject, [cells.get(kind) for kind in KINDS]) for subject, cells in lines.values()]

    @property
    def are_weights_open(self) -> bool:
        """Whether a weight was changed or is wrong."""
        return any(bound.errors or _is_changed(bound) for bound in self.weight_fields)

    def scenario(self) -> Scenario:
        """What was written, once the form is valid."""
        read = self.cleaned_data
        weights = {
            c.code: c.weight if read[f"weights.{c.code}"] is None else read[f"weights.{c.code}"]
            for c in self.programme.rubric.criteria
        }
        as_announced = {c.code: c.weight for c in self.programme.rubric.criteria}
        price = read["price"]
        return Scenario(
            title=read["title"],
            note=read["note"],
            budget=read["budget"],
            changes=Changes(
                rule=read["rule"],
                delta_tenths=None if read["delta"] is None else int(read["delta"] * 10),
                weights={} if weights == as_announced else weights,
                rules=dict(self._rules()),
                price_percent=None if price == self.programme.policy.targets.price_percent else price,
            ),
        )

    def _rules(self) -> Any:
        for one in self.settings:
            typed = self.cleaned_data[f"rules.{one.name}"]
            if typed is None:
                continue
            number = int(typed * 10) if one.unit == "permille" else int(typed)
            if number != one.present:
                yield one.name, number

    def refuse(self, error: InvalidInput) -> None:
        """Put the mistakes of a refused scenario at their fields."""
        for mistake in error.mistakes:
            if mistake.where == "weights" and self.weight_fields:
                first = self.weight_fields[0].name
                self.add_error(first, mistake.sentence(get_language() or "ko"))
            else:
                add_mistakes(self, InvalidInput(mistake))


def initial_of(programme: Programme, settings: Sequence[Setting], scenario: Scenario) -> dict[str, Any]:
    """The form's values for a scenario."""
    changes = scenario.changes
    delta = programme.policy.delta_tenths if changes.delta_tenths is None else changes.delta_tenths
    price = programme.policy.targets.price_percent if changes.price_percent is None else changes.price_percent
    found: dict[str, Any] = {
        "title": scenario.title,
        "note": scenario.note,
        "rule": changes.rule or programme.policy.rule,
        "delta": Decimal(delta) / 10,
        "price": price,
        "budget": scenario.budget,
    }
    for criterion in programme.rubric.criteria:
        found[f"weights.{criterion.code}"] = changes.weights.get(criterion.code, criterion.weight)
    for one in settings:
        number = changes.rules.get(one.name, one.present)
        if number is not None:
            found[f"rules.{one.name}"] = _typed(one, number)
    return found


def _typed(setting: Setting, number: int) -> Decimal | int:
    if setting.unit == "won":
        return number
    percent = Decimal(number) / 10
    return int(percent) if percent == int(percent) else percent


def _setting_field(setting: Setting, language: str) -> forms.Field:
    label = setting.label.in_(language)
    if setting.unit == "won":
        there = gettext("지금 없음") if setting.present is None else gettext("지금 {}원").format(f"{setting.present:,}")
        return forms.IntegerField(label=label, min_value=0, required=False, help_text=there)
    there = gettext("지금 없음")
    if setting.present is not None:
        there = gettext("지금 {} %").format(_typed(setting, setting.present))
    return forms.DecimalField(
        label=label, min_value=0, max_value=100, decimal_places=1, required=False, help_text=there
    )


def _is_changed(bound: Any) -> bool:
    """Whether what stands in a field differs from the programme's own number."""
    value = bound.value()
    if value in (None, ""):
        return False
    form = bound.form
    if bound.name.startswith("weights."):
        return str(value) != str(form.programme.rubric.criterion(bound.name.removeprefix("weights.")).weight)
    setting = next(one for one in form.settings if f"rules.{one.name}" == bound.name)
    return setting.present is None or str(value) != str(_typed(setting, setting.present))


class CallChoice(forms.Form):
    """Which call a scenario is for."""

    call = forms.ChoiceField(label=pgettext_lazy("one", "공모"))

    def __init__(self, *args: Any, calls: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["call"].choices = calls


class NameForm(forms.Form):
    """Another name and note."""

    title = forms.CharField(label=_("이름"), max_length=120)
    note = forms.CharField(label=_("메모"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class OverrideForm(forms.Form):
    """One application put in or left out by hand, and why, for everybody to read."""

    kind = forms.ChoiceField(
        label=_("어떻게 바꿉니까?"),
        choices=[("in", _("이 내용으로 선정하기")), ("out", _("선정에서 제외하기"))],
        widget=forms.RadioSelect,
    )
    cluster = forms.ChoiceField(label=_("클러스터"), required=False)
    start = forms.TypedChoiceField(label=_("시작하는 달"), required=False, coerce=int, empty_value=None)
    nodes = forms.IntegerField(label=_("서버 수"), min_value=1, required=False)
    reason_ko = forms.CharField(
        label=_("사유 (한국어)"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("결정과 함께 누구나 볼 수 있게 공개됩니다. 개인정보를 적지 마십시오."),
    )
    reason_en = forms.CharField(label=_("사유 (영어)"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self,
        *args: Any,
        clusters: list[tuple[str, str]],
        months: list[tuple[int, str]],
        **options: Any,
    ) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        self.fields["cluster"].choices = clusters
        self.fields["start"].choices = months

    def clean(self) -> dict[str, Any]:
        """An award needs cluster, start and size."""
        read: dict[str, Any] = super().clean() or {}
        if read.get("kind") == "in":
            for name in ("cluster", "start", "nodes"):
                if read.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, gettext("선정하려면 입력해야 합니다."))
        return read

    @property
    def reason(self) -> Text:
        """Why, in both languages."""
        return Text(self.cleaned_data["reason_ko"].strip(), self.cleaned_data["reason_en"].strip())


class Reason(forms.Form):
    """Why something is done that cannot be undone."""

    reason = forms.CharField(label=_("사유"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
