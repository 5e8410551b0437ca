"""A portal of its own with a SYNTHETIC call that is open now, for the applicant's walk; run as a program in its folder.

walker-ko and walker-en sign in with PASSWORD; each belongs to a verified organisation and has applied for nothing.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

PASSWORD = "two-rivers-meet-here"


def month(instant: datetime, later: int) -> datetime:
    """The first instant, in Seoul, of the month `later` months on."""
    local = instant + timedelta(hours=9)
    months = local.year * 12 + local.month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) - timedelta(hours=9)


def main() -> None:
    """Make the database and fill it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    fill()


def fill() -> None:
    """A call that opened yesterday and closes in ten days; two organisations with one person each."""
    from django.contrib.auth import get_user_model

    from dure.core.text import Text
    from dure.portal.calls import operations as calls
    from dure.portal.fleet import operations as fleet
    from tests.portal import competition

    now = datetime.now(UTC)
    fleet.load_programme(actor=competition.SYSTEM, now=now - timedelta(days=5))
    boss = competition.manager()
    calls.compose(
        actor=boss, now=now - timedelta(days=4), code="walk-1", track="regular",
        title=Text("걸어 보는 공모(합성)", "A call to walk through (synthetic)"),
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=10), decide_by=now + timedelta(days=30),
        use_from=month(now, 3), use_until=month(now, 15), offered={"naver-h200-a": 64},
        questions=competition.QUESTIONS, is_synthetic=True,
    )  # fmt: skip
    calls.announce(actor=boss, now=now - timedelta(days=3), code="walk-1")
    calls.open(actor=boss, now=now - timedelta(days=1), code="walk-1")
    for language in ("ko", "en"):
        head = competition.member_of(f"walker-{language}", f"걷는 대학교 {language}")
        user = get_user_model().objects.get(pk=head.user_id)
        user.set_password(PASSWORD)
        user.save()


if __name__ == "__main__":
    main()
