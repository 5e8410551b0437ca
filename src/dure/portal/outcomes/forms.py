"""What a holder hands in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReportForm(forms.Form):
    """A report: what was done, where its results are, a file."""

    summary = forms.CharField(
        label=_("무엇을 했고 무엇을 얻었습니까?"),
        widget=forms.Textarea({"rows": 10}),
        help_text=_("승인되면 누구나 볼 수 있습니다. 공개하기 어려운 내용은 적지 마십시오."),
    )
    links = forms.CharField(
        label=_("결과를 볼 수 있는 주소"),
        widget=forms.Textarea({"rows": 4}),
        required=False,
        help_text=_("한 줄에 하나씩, 제목과 주소를 적어 주십시오. 예: 논문 제목 https://doi.org/10.1000/1"),
    )
    file = forms.FileField(label=_("첨부 파일"), required=False, help_text=_("PDF, 그림, 문서. 20MB까지"))

    def lines(self) -> list[dict[str, str]]:
        """The links, a title and an address from each line."""
        found = []
        for line in self.cleaned_data["links"].splitlines():
            title, _space, url = line.strip().rpartition(" ")
            if url:
                found.append({"title": title.strip(), "url": url})
        return found

    def upload(self) -> tuple[str, bytes] | None:
        """Name and bytes of the file, if one was sent."""
        sent: Any = self.cleaned_data.get("file")
        return (sent.name, sent.read()) if sent else None
