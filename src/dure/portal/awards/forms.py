"""What the pages of this chapter read from people."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Reason(forms.Form):
    """Why an award is given up or taken back."""

    reason = forms.CharField(label=_("사유"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300)
