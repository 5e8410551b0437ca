"""What the pages of this chapter read from people."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Reason(forms.Form):
    """Why an award is given up or taken back."""

    reason = forms.CharField(label=_("사유"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300)


class _Because(forms.Form):
    reason = forms.CharField(label=_("사유"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)


class Extend(_Because):
    """By how many months an award is to be extended."""

    months = forms.IntegerField(label=_("연장할 개월 수"), min_value=1)
    field_order = ("months", "reason")


class Reduce(_Because):
    """How many nodes are kept."""

    nodes = forms.IntegerField(label=_("계속 쓸 서버 수"), min_value=1)
    field_order = ("nodes", "reason")


class Shorten(_Because):
    """The day from which the award is no longer used."""

    end_on = forms.DateField(
        label=_("새 종료일"),
        help_text=_("이 날 0시에 끝납니다."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ("end_on", "reason")


class HandOver(_Because):
    """Who leads the award from now on."""

    email = forms.EmailField(label=_("새 책임자의 이메일"), help_text=_("같은 기관에 소속된 사람이어야 합니다."))
    field_order = ("email", "reason")


class Transfer(_Because):
    """The organisation that takes the award over."""

    organisation = forms.CharField(label=_("넘겨받을 기관의 코드"), max_length=40)
    email = forms.EmailField(label=_("새 책임자의 이메일"), help_text=_("넘겨받을 기관에 소속된 사람이어야 합니다."))
    field_order = ("organisation", "email", "reason")


class AppealText(forms.Form):
    """What the applicant holds to be wrong with the decision."""

    text = forms.CharField(
        label=_("무엇이 왜 잘못되었다고 보십니까?"), widget=forms.Textarea(attrs={"rows": 8}), max_length=4000
    )


class AppealAnswer(forms.Form):
    """The programme's answer to an appeal."""

    answer = forms.CharField(label=_("신청자에게 알릴 답"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000)
