"""How allauth makes accounts here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from dure.portal.clock.queries import now


class AccountAdapter(DefaultAccountAdapter):
    """Stamps new users with the portal's own time."""

    def new_user(self, request: HttpRequest) -> Any:
        """An unsaved user, created now."""
        user = super().new_user(request)
        user.created_at = now()
        return user
