"""Forms that parse answers and decisions; what is allowed is decided in operations."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Answer(forms.Form):
    """The holder's explanation."""

    text = forms.CharField(label=_("GPU를 쓰지 않은 사유"), widget=forms.Textarea(attrs={"rows": 5}), max_length=4000)


class Decision(forms.Form):
    """The programme's decision on it."""

    reason = forms.CharField(label=_("결정 사유"), max_length=300)
