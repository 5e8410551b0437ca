"""How allauth makes accounts here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dure.portal.clock.queries import now
from dure.portal.framework import programme


class AccountAdapter(DefaultAccountAdapter):
    """Stamps new users with the portal's own time, and speaks the portal's words."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("이메일이나 비밀번호가 맞지 않습니다. 다시 확인해 주십시오."),
        "too_many_login_attempts": _("로그인에 여러 번 실패하였습니다. 5분 뒤에 다시 시도해 주십시오."),
        "enter_current_password": _("지금 쓰는 비밀번호와 맞지 않습니다."),
        "incorrect_password": _("비밀번호가 맞지 않습니다."),
        "duplicate_email": _("이미 이 계정에 있는 이메일입니다."),
    }

    def new_user(self, request: HttpRequest) -> Any:
        """An unsaved user, created now."""
        user = super().new_user(request)
        user.created_at = now()
        return user

    def format_email_subject(self, subject: str) -> str:
        """The subject with the programme's name before it."""
        return f"[{programme.current().name.in_(get_language() or 'ko')}] {subject}"
