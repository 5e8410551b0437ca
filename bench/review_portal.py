"""The review of a national call through the portal: conflicts found again after one change, and a walk for leaks.

`python -m bench.review_portal` makes an empty portal in a folder of its own (SQLite), fills it with a SYNTHETIC call of
514 applications of 300 organisations and 120 reviewers with 5 reviews each, changes one affiliation, and times how long
the programme's progress page and one reviewer's list take to be right again. Then it walks every address as a reviewer
with a conflict. The outcome is printed as one line of JSON. Seconds of wall time and of this process's processor time.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

APPLICATIONS, ORGANISATIONS, REVIEWERS, EACH = 514, 300, 120, 5


def main() -> None:
    """Fill, time, walk, print."""
    home = Path(tempfile.mkdtemp(prefix="dure-review-"))
    for name in [name for name in os.environ if name.startswith(("DURE_", "DJANGO_"))]:
        del os.environ[name]
    os.environ |= {"DURE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "dure.portal.settings"}
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    call_command("migrate", verbosity=0)
    print(json.dumps(_measure()))


def _measure() -> dict[str, Any]:
    from dure.portal.people import operations as people
    from dure.portal.people import queries as persons
    from dure.portal.reviews import queries
    from dure.portal.reviews.models import Assignment
    from tests.portal.competition import AFTER, SYSTEM, manager

    boss = manager()
    _fill(boss)
    row = Assignment.objects.select_related("application", "reviewer__user").first()
    assert row is not None
    judge = persons.actor_by_email(row.reviewer.user.email)
    before = queries.progress("national-1", boss)
    before_own = {one.id for one in queries.assignments(judge)}
    _join(people, judge, row.application.organisation_id, AFTER, SYSTEM)
    progress, seconds, processor = _timed(lambda: queries.progress("national-1", boss))
    own, own_seconds, _ = _timed(lambda: queries.assignments(judge))
    if not set(before_own) > {one.id for one in own}:
        raise SystemExit("the change did not take a proposal from the reviewer")
    found = sum(bool(seat.bars) for seat in progress.seats) - sum(bool(seat.bars) for seat in before.seats)
    _, full_seconds, full_processor = _timed(lambda: _everywhere("national-1"))
    changed_turn, idle_turn = _turns()
    return {
        "recheck_seconds": seconds,
        "recheck_processor_seconds": processor,
        "own_seconds": own_seconds,
        "full_seconds": full_seconds,
        "full_processor_seconds": full_processor,
        "changed_turn_processor_seconds": changed_turn,
        "idle_turn_processor_seconds": idle_turn,
        "found": found,
        "seats": len(progress.seats),
        "leaks": _leaks(boss, row),
    }


def _turns() -> tuple[float, float]:
    """Processor seconds of the turn of the expire loop's upkeep that finds the change, and of one with nothing new."""
    from dure.portal.reviews import operations as reviews
    from tests.portal.competition import AFTER

    _, _, changed = _timed(lambda: reviews.tend(now=AFTER))
    while reviews.tend(now=AFTER):
        pass
    reviews.tend(now=AFTER)
    _, _, idle = _timed(lambda: reviews.tend(now=AFTER))
    return changed, idle


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    answer = work()
    return answer, time.perf_counter() - wall, time.process_time() - processor


def _everywhere(call_code: str) -> int:
    """Every pair of the pool and the call, from the records, as an assignment run asks for it."""
    from dure.portal.reviews import queries, standing

    return len(standing.bars(standing.reviewers(), [one.id for one in queries.in_call(call_code)]))


def _join(people: Any, judge: Any, organisation_id: int, now: Any, system: Any) -> None:
    """The one change: the reviewer becomes a member of the organisation that applies."""
    from dure.portal.people.models import Membership

    pk = people.request_membership(actor=judge, now=now, organisation_id=organisation_id)
    head = Membership.objects.filter(organisation_id=organisation_id, role="head").first()
    from dure.portal.people.queries import actor_of

    people.approve_membership(actor=actor_of(head.user) if head else system, now=now, membership_id=pk)


def _fill(boss: Any) -> None:
    """A SYNTHETIC national call under review; everybody is assigned and has declared."""
    from django.db import transaction

    from dure.portal.applications import operations as applications
    from dure.portal.calls import operations as calls
    from dure.portal.people import operations as people
    from dure.portal.people.queries import actor_by_email
    from dure.portal.reviews import operations as reviews
    from tests.portal.competition import AFTER, DURING, NOW, SYSTEM, complete, opened

    opened(boss, "national-1", is_synthetic=True)
    numbers = []
    with transaction.atomic():
        for index in range(ORGANISATIONS):
            email = f"head{index}@applicant.example"
            people.add_person(email=email, name=f"합성 책임자 {index}", is_synthetic=True, is_verified=True, now=NOW)
            organisation_id = people.found_organisation(
                actor=actor_by_email(email), now=NOW, code=f"org-{index}", name=f"합성 기관 {index}",
                name_en=f"Synthetic {index}", applicant_class="academia", region="seoul", is_synthetic=True,
            )  # fmt: skip
            people.verify_organisation(actor=boss, now=NOW, organisation_id=organisation_id)
        for index in range(APPLICATIONS):
            head = actor_by_email(f"head{index % ORGANISATIONS}@applicant.example")
            (organisation_id,) = head.organisations
            number = applications.start(
                actor=head, now=DURING, call_code="national-1", organisation_id=organisation_id, is_synthetic=True
            )
            team = [
                {"name": f"합성 연구원 {index}-{k}", "email": f"t{index}-{k}@team.example",
                 "affiliation": f"합성 기관 {(index + 7 * k) % ORGANISATIONS}", "role": "lead" if k == 0 else "member"}
                for k in range(4)
            ]  # fmt: skip
            content = complete(
                title={"ko": f"합성 비밀 과제 {index:04}", "en": f"Synthetic secret {index:04}"}, team=team
            )
            applications.save_draft(actor=head, now=DURING, number=number, content=content)
            applications.submit(actor=head, now=DURING, started_at=DURING, number=number)
            numbers.append(number)
    calls.close(actor=boss, now=AFTER, code="national-1")
    applications.admit_all(actor=boss, now=AFTER, call_code="national-1")
    calls.start_review(actor=boss, now=AFTER, code="national-1")
    with transaction.atomic():
        for index in range(REVIEWERS):
            email = f"judge{index}@panel.example"
            user_id = people.add_person(
                email=email, name=f"합성 평가위원 {index}", is_synthetic=True, is_verified=True, now=NOW
            )
            reviews.add_reviewer(
                actor=SYSTEM, now=NOW, user_id=user_id, affiliation=f"합성 대학 {index}",
                former_affiliations=[f"합성 기관 {index}"], keywords=["언어 모델", f"주제 {index % 17}"],
                is_synthetic=True,
            )  # fmt: skip
    reviews.assign(actor=boss, now=AFTER + timedelta(hours=1), call_code="national-1")
    with transaction.atomic():
        for index in range(REVIEWERS):
            reviews.declare_for_call(
                actor=actor_by_email(f"judge{index}@panel.example"), now=AFTER, call_code="national-1", kinds={}
            )


def _leaks(boss: Any, changed: Any) -> list[str]:
    """Another reviewer of the same application turns out to have the applicant's name as affiliation."""
    from dure.portal.applications.queries import by_ids
    from dure.portal.people.queries import actor_of
    from dure.portal.reviews import operations as reviews
    from dure.portal.reviews.models import Assignment
    from tests.portal.competition import AFTER, browser
    from tests.portal.leaks import Hidden, walk

    rows = Assignment.objects.filter(application_id=changed.application_id).exclude(pk=changed.pk)
    row = rows.select_related("reviewer__user")[0]
    view = by_ids([row.application_id])[row.application_id]
    judge = actor_of(row.reviewer.user)
    reviews.add_reviewer(
        actor=boss, now=AFTER, user_id=row.reviewer.user_id, affiliation=view.organisation.name, keywords=["언어 모델"]
    )
    hidden = Hidden(
        words=(view.title.ko, view.title.en, view.content.team[0].name),
        real={
            "number": view.number,
            "assignment_id": str(row.pk),
            "code": "national-1",
            "application_id": str(view.id),
        },
        nothing={"number": "national-1-9999", "assignment_id": "999999", "application_id": "999999"},
    )
    return walk(browser(judge), hidden)


if __name__ == "__main__":
    sys.exit(main())
