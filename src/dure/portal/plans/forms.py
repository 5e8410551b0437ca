"""What the pages of this chapter read from people."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class NewPlan(forms.Form):
    """A plan to be solved."""

    call = forms.ChoiceField(label=_("공모"))
    title = forms.CharField(
        label=_("이름"), max_length=120, help_text=_("나중에 알아볼 수 있는 이름입니다. 예: 점수 구간 3.0점")
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
    budget = forms.IntegerField(
        label=_("계산량"),
        min_value=1,
        required=False,
        help_text=_("클수록 오래 찾습니다. 비워 두면 1분 안에 끝나는 기본값을 씁니다."),
    )

    def __init__(self, *args: object, calls: list[tuple[str, str]], **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["call"].choices = calls


class Reason(forms.Form):
    """Why something is done that cannot be undone."""

    reason = forms.CharField(label=_("사유"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
