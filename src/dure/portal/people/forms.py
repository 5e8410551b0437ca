"""What people type about themselves and their organisations; the operations decide what is right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dure.portal.framework import programme
from dure.portal.framework.pages import ROLE_NAMES


class ProfileForm(forms.Form):
    """One's own name, language and ORCID."""

    name = forms.CharField(label=_("이름"), max_length=80, required=True)
    name_en = forms.CharField(
        label=_("영문 이름"), max_length=80, required=False, help_text=_("영문 화면과 공개 자료에 씁니다.")
    )
    language = forms.ChoiceField(
        label=_("알림을 받을 언어"), choices=[("ko", "한국어"), ("en", "English")], widget=forms.RadioSelect
    )
    orcid = forms.CharField(label="ORCID", max_length=60, required=False, help_text=_("예: 0000-0002-1825-0097"))


class OrganisationForm(forms.Form):
    """What an organisation says of itself."""

    name = forms.CharField(label=_("기관 이름"), max_length=120)
    name_en = forms.CharField(
        label=_("영문 이름"), max_length=120, required=False, help_text=_("영문 화면과 공개 자료에 씁니다.")
    )
    applicant_class = forms.ChoiceField(label=_("기관 유형"), help_text=_("이용료와 지킬 의무가 유형에 따라 다릅니다."))
    region = forms.ChoiceField(label=_("지역"), help_text=_("주된 사무소가 있는 곳입니다."))
    is_youth = forms.BooleanField(required=False)
    registration_number = forms.CharField(label=_("사업자등록번호 또는 고유번호"), max_length=20, required=False)
    email_domain = forms.CharField(
        label=_("기관 이메일의 뒷부분"),
        max_length=120,
        required=False,
        help_text=_("예: hanbit.ac.kr. 기관을 확인할 때 봅니다."),
    )
    ror = forms.CharField(label="ROR", max_length=60, required=False, help_text=_("있으면 적습니다. 예: 04h699437"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language, current = get_language() or "ko", programme.current()
        for name, coded in (("applicant_class", current.applicant_classes), ("region", current.regions)):
            choices = [("", _("골라 주십시오")), *((c.code, c.name.in_(language)) for c in coded)]
            self.fields[name].choices = choices
        if current.youth is None:
            del self.fields["is_youth"]
        else:
            self.fields["is_youth"].label = current.youth.name.in_(language)
            self.fields["is_youth"].help_text = current.youth.description.in_(language)
        if current.currency.code != "KRW":
            self.fields["registration_number"].label = _("등록 번호")


class RoleForm(forms.Form):
    """A role in the programme for somebody who has an account."""

    email = forms.EmailField(label=_("이메일"), help_text=_("이미 가입한 사람의 이메일입니다."))
    role = forms.ChoiceField(label=_("역할"))
    scope = forms.ChoiceField(
        label=_("어느 사업자·부처"), required=False, help_text=_("GPU 제공 사업자나 부처의 사람일 때만 고릅니다.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "ko"
        self.fields["role"].choices = [(role, name.in_(language)) for role, name in ROLE_NAMES.items()]
        current = programme.current()
        bodies = [(one.code, one.name.in_(language)) for one in (*current.providers, *current.ministries)]
        self.fields["scope"].choices = [("", _("없음")), *bodies]
