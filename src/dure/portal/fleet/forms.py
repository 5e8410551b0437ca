"""Forms that parse what a provider types; what is allowed is decided in operations."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

_RANGE = re.compile(r"([A-Za-z0-9._-]*)\[([0-9]{1,6})-([0-9]{1,6})\]")
MOST_IN_A_RANGE = 10_000


class Token(forms.Form):
    """A new credential for a cluster's agent."""

    label = forms.CharField(label=_("토큰을 쓰는 곳"), max_length=80)
    days = forms.IntegerField(label=_("유효 기간"), initial=30, min_value=1, max_value=90)


class Work(forms.Form):
    """Maintenance on some nodes."""

    node_names = forms.CharField(label=_("점검할 서버"), widget=forms.Textarea(attrs={"rows": 6}))
    start_at = forms.DateTimeField(label=_("시작"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    end_at = forms.DateTimeField(label=_("종료"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    reason = forms.CharField(label=_("사유"), max_length=300)

    def names(self) -> list[str]:
        """The node names, one from each word, many from a word with a range such as `n-[001-032]`."""
        found: list[str] = []
        for word in self.cleaned_data["node_names"].replace(",", " ").split():
            matched = _RANGE.fullmatch(word)
            if matched and 0 <= int(matched[3]) - int(matched[2]) < MOST_IN_A_RANGE:
                width = len(matched[2])
                found += [f"{matched[1]}{n:0{width}d}" for n in range(int(matched[2]), int(matched[3]) + 1)]
            else:
                found.append(word)
        return list(dict.fromkeys(found))


class Access(forms.Form):
    """Where holders sign in."""

    login_host = forms.CharField(label=_("접속 주소"), max_length=120, required=False)
    partition = forms.CharField(label=_("파티션 또는 큐 이름"), max_length=60, required=False)


class KubernetesAccess(forms.Form):
    """How holders get into a Kubernetes cluster."""

    api_server = forms.CharField(label=_("API 서버 주소"), max_length=200, required=False)
    api_ca = forms.CharField(
        label=_("API 서버의 인증 기관 인증서"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=20000,
        required=False,
    )
    oidc_issuer = forms.CharField(label=_("로그인 서버(OIDC issuer) 주소"), max_length=200, required=False)
    oidc_client_id = forms.CharField(label=_("OIDC 클라이언트 ID"), max_length=100, required=False)
    login_host = forms.CharField(label=_("로그인 서버(SSH) 주소"), max_length=120, required=False)
