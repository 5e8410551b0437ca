"""Forms that may be saved half filled: required fields are marked so, but nothing is refused for being empty."""

from __future__ import annotations

from django import forms


class DraftForm(forms.Form):
    """A form whose `required` is shown to people and not enforced; whoever submits for good checks the whole."""

    use_required_attribute = False

    def full_clean(self) -> None:
        """Clean as if nothing were required."""
        marks = {name: field.required for name, field in self.fields.items()}
        for field in self.fields.values():
            field.required = False
        super().full_clean()
        for name, field in self.fields.items():
            field.required = marks[name]
