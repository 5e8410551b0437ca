"""Reading people and organisations."""

from __future__ import annotations

from typing import Any

from dure.portal.people.actor import NOBODY, Actor
from dure.portal.people.models import User


def actor_of(user: Any) -> Actor:
    """The actor a signed-in user is; `NOBODY` for a visitor."""
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return NOBODY
    memberships = list(user.memberships.filter(state="active").values_list("organisation_id", "role"))
    roles = list(user.roles.values_list("role", "scope"))
    return Actor(
        name=user.email,
        user_id=user.pk,
        roles=frozenset(role for role, _ in roles),
        organisations=frozenset(organisation for organisation, _ in memberships),
        headed=frozenset(organisation for organisation, role in memberships if role == "head"),
        providers=frozenset(scope for role, scope in roles if role == "provider"),
    )
