"""The stage of the walks: a portal's folder with SYNTHETIC people and calls, and hands for what others do meanwhile.

Run as a program in the portal's folder, on virtual time: it makes the database, says "ready", and then does what each
line asks (JSON: {"do": NAME, …}), answering "done". walker-ko and walker-en, `manager` and every other person sign in
with PASSWORD. Call walk-1 is open and nobody has applied; call 25-1 is under review, and the walkers' reviews are due.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

PASSWORD = "two-rivers-meet-here"
APPLICANTS = ("hanbit", "saebyeok", "garam", "nuri")
REVIEWERS = ("walker-ko", "walker-en", "a", "b", "c")
POINTS = {"impact": 25, "ecosystem": 20, "capability": 15, "feasibility": 20}
BEGINS = datetime(2026, 1, 28, 8, 0, tzinfo=UTC)  # an hour after 25-1 was closed


def main() -> None:
    """Fill the folder, then do what is asked until there is nothing more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    _fill()
    print("ready", flush=True)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        HANDS[asked.pop("do")](**asked)
        print("done", flush=True)


def _fill() -> None:
    from django.db import transaction

    from dure.portal.clock import operations as clock
    from dure.portal.fleet import operations as fleet
    from tests.portal.competition import NOW, SYSTEM

    with transaction.atomic():
        clock.advance(to=BEGINS)
        fleet.load_programme(actor=SYSTEM, now=NOW)
        boss = _with_password("manager", "programme_manager", shown="사업 담당 세나")
        _with_password("engineer", "provider", scope="naver", shown="사업자 네온")
        _call_under_review(boss)
        _open_call(boss)


def _call_under_review(boss: Any) -> None:
    """Four applications, five reviewers, all assigned; the reviews of all but the walkers are in."""
    from dure.core.text import Text
    from dure.portal.applications import operations as applications
    from dure.portal.calls import operations as calls
    from dure.portal.reviews import operations as reviews
    from tests.portal import competition
    from tests.portal.competition import AFTER

    competition.opened(boss, title=Text("2025년 제1차 공모(합성)", "First call of 2025 (synthetic)"), is_synthetic=True)
    for index, code in enumerate(APPLICANTS):
        title = {"ko": f"한국어 언어 모델 {index + 1}", "en": f"Korean language model {index + 1}"}
        competition.submitted(competition.member_of(code, f"{code} 연구원"), title=title)
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="25-1")
    for name in REVIEWERS:
        who = _with_password(name, shown=f"평가위원 {name}")
        reviews.add_reviewer(
            actor=boss, now=AFTER, user_id=who.user_id, affiliation=f"{who.user_id} 대학교", keywords=["언어 모델"]
        )
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    reviews.assign(actor=boss, now=AFTER, call_code="25-1")
    review(call="25-1", names=REVIEWERS[2:])


def _open_call(boss: Any) -> None:
    """A call that stays open for a year; two organisations with one person each."""
    from django.contrib.auth import get_user_model

    from dure.core.text import Text
    from dure.portal.calls import operations as calls
    from tests.portal import competition

    calls.compose(
        actor=boss, now=BEGINS - timedelta(days=4), code="walk-1", track="regular",
        title=Text("걸어 보는 공모(합성)", "A call to walk through (synthetic)"),
        opens_at=BEGINS - timedelta(days=1), closes_at=BEGINS + timedelta(days=365),
        decide_by=BEGINS + timedelta(days=380), use_from=datetime(2027, 3, 31, 15, tzinfo=UTC),
        use_until=datetime(2028, 3, 31, 15, tzinfo=UTC), offered={"naver-h200-a": 64},
        questions=competition.QUESTIONS, is_synthetic=True,
    )  # fmt: skip
    calls.announce(actor=boss, now=BEGINS - timedelta(days=3), code="walk-1")
    calls.open(actor=boss, now=BEGINS - timedelta(days=1), code="walk-1")
    for language in ("ko", "en"):
        head = competition.member_of(f"walker-{language}", f"걷는 대학교 {language}")
        user = get_user_model().objects.get(pk=head.user_id)
        user.set_password(PASSWORD)
        user.save()


def advance(to: str) -> None:
    """Let time pass up to `to` and do what time alone brings about."""
    from dure.portal.clock import operations as clock
    from dure.portal.loops import expire

    instant = datetime.fromisoformat(to)
    clock.advance(to=instant)
    while expire.run(instant):
        pass


def apply(call: str) -> None:
    """The four organisations apply, and one of them asks a public question."""
    from dure.portal.calls import operations as calls
    from dure.portal.calls import queries
    from dure.portal.clock.queries import now
    from dure.portal.people.queries import actor_by_email
    from tests.portal import competition

    first, models = queries.call(call).terms.use_from, [{"gpu_model": "h200", "utility": 100}]
    for code in APPLICANTS:
        head = actor_by_email(f"head-{code}@example.org")
        competition.submitted(
            head,
            call,
            now(),
            earliest_start=str(first),
            latest_start=str(first.plus(1)),
            months=3,
            answers={},
            models=models,
        )
    calls.ask(actor=head, now=now(), code=call, text="두 기관이 함께 신청할 수 있습니까?")


def review(call: str, names: tuple[str, ...] = REVIEWERS) -> None:
    """These reviewers declare that they have no conflict and hand in what they were assigned."""
    from dure.portal.clock.queries import now
    from dure.portal.people.queries import actor_by_email
    from dure.portal.reviews import operations as reviews
    from dure.portal.reviews import queries

    for name in names:
        who = actor_by_email(f"{name}@example.org")
        reviews.declare_for_call(actor=who, now=now(), call_code=call, kinds={})
        for one in queries.assignments(who):
            if one.call_code == call and not one.is_done:
                said = {"to_applicant": "목표가 또렷합니다.", "to_panel": "규모를 논의합시다."}
                reviews.submit_review(actor=who, now=now(), assignment_id=one.id, points=POINTS, **said)


def solve() -> None:
    """What the plan loop does until nothing waits for it."""
    from dure.portal.clock.queries import now
    from dure.portal.loops import plan

    while plan.run(now()):
        pass


HANDS: dict[str, Callable[..., None]] = {"advance": advance, "apply": apply, "review": review, "solve": solve}


def _with_password(name: str, *roles: str, shown: str, scope: str = "") -> Any:
    from dure.portal.people import operations as people
    from dure.portal.people import queries
    from tests.portal.competition import NOW, SYSTEM

    email = f"{name}@example.org"
    user_id = people.add_person(email=email, name=shown, name_en=name, password=PASSWORD, is_verified=True, now=NOW)
    for role in roles:
        people.give_role(actor=SYSTEM, now=NOW, user_id=user_id, role=role, scope=scope)
    return queries.actor_by_email(email)


if __name__ == "__main__":
    main()
