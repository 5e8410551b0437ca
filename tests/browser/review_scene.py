"""A portal of its own with a SYNTHETIC call under review, for the reviewer's walk; run as a program in its folder.

Reviewers walker-ko and walker-en, a manager and a provider's engineer sign in with PASSWORD. The clock is the wall's,
and the call's dates lie behind it: every review is overdue, and can still be handed in.
"""

from __future__ import annotations

import os

PASSWORD = "two-rivers-meet-here"
APPLICANTS = ("hanbit", "saebyeok", "garam", "nuri")


def main() -> None:
    """Make the database and fill it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    fill()


def fill() -> None:
    """Four applications, six reviewers, all assigned; the others' reviews are in."""
    from dure.core.text import Text
    from dure.portal.applications import operations as applications
    from dure.portal.calls import operations as calls
    from dure.portal.fleet import operations as fleet
    from dure.portal.reviews import operations as reviews
    from dure.portal.reviews import queries
    from tests.portal import competition
    from tests.portal.competition import AFTER, NOW, SYSTEM

    fleet.load_programme(actor=SYSTEM, now=NOW)
    boss = _with_password("manager", "programme_manager", shown="사업 담당 세나")
    title = Text("2025년 제1차 공모(합성)", "First call of 2025 (synthetic)")
    competition.opened(boss, title=title, is_synthetic=True)
    for index, code in enumerate(APPLICANTS):
        head = competition.member_of(code, f"{code} 연구원")
        text = {"ko": f"한국어 언어 모델 {index + 1}", "en": f"Korean language model {index + 1}"}
        competition.submitted(head, title=text)
    calls.close(actor=boss, now=AFTER, code="25-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="25-1")
    panel = [_with_password(f"walker-{one}", shown=f"평가위원 {one}") for one in ("ko", "en", "a", "b", "c")]
    for who in panel:
        reviews.add_reviewer(
            actor=boss, now=AFTER, user_id=who.user_id, affiliation=f"{who.user_id} 대학교", keywords=["언어 모델"]
        )
    _with_password("engineer", "provider", scope="naver", shown="사업자 네온")
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    reviews.assign(actor=boss, now=AFTER, call_code="25-1")
    points = {"impact": 25, "ecosystem": 20, "capability": 15, "feasibility": 20}
    for who in panel[2:]:
        reviews.declare_for_call(actor=who, now=AFTER, call_code="25-1", kinds={})
        for one in queries.assignments(who):
            comments = {"to_applicant": "목표가 또렷합니다.", "to_panel": "규모를 논의합시다."}
            reviews.submit_review(actor=who, now=AFTER, assignment_id=one.id, points=points, **comments)


def _with_password(name: str, *roles: str, shown: str, scope: str = ""):
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
