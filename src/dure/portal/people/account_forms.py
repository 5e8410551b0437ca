"""The forms of signing up, signing in and passwords: allauth's, in the portal's words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dure.portal.clock.queries import now
from dure.portal.people.operations import registered

_PASSWORD_RULE = _("열 자 이상으로 정해 주십시오. 흔한 비밀번호나 이메일과 비슷한 것은 쓸 수 없습니다.")


class _Plain:
    """Labels above the fields say what allauth puts into placeholders."""

    LABELS: dict[str, Any] = {}
    HINTS: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.LABELS.get(name, field.label)
            field.help_text = self.HINTS.get(name, "")


class LoginForm(_Plain, account.LoginForm):
    """E-mail address and password."""

    LABELS = {"login": _("이메일"), "password": _("비밀번호"), "remember": _("이 기기에서 로그인 유지")}


class SignupForm(_Plain, account.SignupForm):
    """A new account: e-mail address, name, password, consent."""

    LABELS = {"email": _("이메일"), "password1": _("비밀번호"), "password2": _("비밀번호 다시 입력")}
    HINTS = {
        "email": _("소속 기관의 이메일을 권합니다. 확인 메일을 보내 드립니다."),
        "password1": _PASSWORD_RULE,
        "agrees": _("이름, 이메일, 소속을 신청·평가·협약·정산에 쓰고, 사업 규칙에 적힌 기간이 지나면 지웁니다."),
    }
    name = forms.CharField(label=_("이름"), max_length=80, widget=forms.TextInput({"autocomplete": "name"}))
    agrees = forms.BooleanField(label=_("개인정보 수집과 이용에 동의합니다"))
    field_order = ["email", "name", "password1", "password2", "agrees"]

    def save(self, request: HttpRequest) -> Any:
        """The new user, complete with name, language and consent."""
        with transaction.atomic():
            user = super().save(request)
            language = "en" if (get_language() or "ko").startswith("en") else "ko"
            registered(user_id=user.pk, name=self.cleaned_data["name"], language=language, now=now())
        return user


class ResetPasswordForm(_Plain, account.ResetPasswordForm):
    """Where to send the link for a new password."""

    LABELS = {"email": _("이메일")}
    HINTS = {"email": _("가입할 때 쓴 이메일을 적어 주십시오.")}


class ResetPasswordKeyForm(_Plain, account.ResetPasswordKeyForm):
    """A new password, from the link."""

    LABELS = {"password1": _("새 비밀번호"), "password2": _("새 비밀번호 다시 입력")}
    HINTS = {"password1": _PASSWORD_RULE}


class ChangePasswordForm(_Plain, account.ChangePasswordForm):
    """A new password, by somebody who knows the present one."""

    LABELS = {
        "oldpassword": _("지금 비밀번호"),
        "password1": _("새 비밀번호"),
        "password2": _("새 비밀번호 다시 입력"),
    }
    HINTS = {"password1": _PASSWORD_RULE}


class SetPasswordForm(_Plain, account.SetPasswordForm):
    """The first password of an account that has none."""

    LABELS = {"password1": _("새 비밀번호"), "password2": _("새 비밀번호 다시 입력")}
    HINTS = {"password1": _PASSWORD_RULE}


class AddEmailForm(_Plain, account.AddEmailForm):
    """One more e-mail address."""

    LABELS = {"email": _("더할 이메일")}


class ReauthenticateForm(_Plain, account.ReauthenticateForm):
    """The password once more, before something sensitive."""

    LABELS = {"password": _("비밀번호")}
