"""What a holder may say of a training, to see how well it used the GPUs."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

_LEAST = Decimal("0.001")  # billions


class Training(forms.Form):
    """A model's size and the tokens it was trained on; nothing of it is kept."""

    parameters = forms.DecimalField(
        label=_("토큰마다 쓰이는 매개변수"), min_value=_LEAST, max_digits=9, decimal_places=3
    )
    tokens = forms.DecimalField(label=_("지금까지 학습한 토큰"), min_value=_LEAST, max_digits=9, decimal_places=3)
