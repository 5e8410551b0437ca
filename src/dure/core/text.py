"""A text in the two languages every person of the programme may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text, written in Korean first, with its English.

    Rooms that know nothing of Django's translations (deciding, the programme file, errors) speak in `Text`;
    the page or the command picks the language.
    """

    ko: str
    en: str

    def in_(self, language: str) -> str:
        """The text in `language` ("ko…" gives Korean, anything else English)."""
        return self.ko if language.lower().startswith("ko") else self.en

    def format(self, **values: Any) -> Text:
        """Both texts with `values` filled in; a value that is itself a `Text` goes in by language."""
        ko = {k: v.ko if isinstance(v, Text) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, Text) else v for k, v in values.items()}
        return Text(self.ko.format(**ko), self.en.format(**en))

    def __str__(self) -> str:
        return self.en
