"""Forms that parse what holders type; what is allowed is decided in operations."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Key(forms.Form):
    """An SSH public key."""

    label = forms.CharField(label=_("이름"), max_length=80, required=False)
    public_key = forms.CharField(label=_("공개 키"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20000)


class Member(forms.Form):
    """Somebody to let in."""

    email = forms.EmailField(label=_("이메일 주소"))
