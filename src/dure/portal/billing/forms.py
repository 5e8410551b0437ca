"""Forms that parse reasons; what is allowed is decided in operations."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Reason(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("사유"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class Note(forms.Form):
    """A note that may be empty."""

    reason = forms.CharField(label=_("비고"), max_length=300, required=False)
