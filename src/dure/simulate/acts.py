"""The acts of a demo, in order. Each looks at what is there and does what is missing, so a rerun is safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction

from dure.core.text import Text
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.awards import operations as awards
from dure.portal.awards import queries as award_queries
from dure.portal.billing import operations as billing
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.fleet import operations as fleet
from dure.portal.people import operations as people
from dure.portal.people import queries as people_queries
from dure.portal.people.actor import system
from dure.portal.plans import operations as plans
from dure.portal.plans import queries as plan_queries
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as review_queries
from dure.simulate import next_call
from dure.simulate.first_call import Application, Organisation
from dure.simulate.stage import ACCOUNTS, PASSWORD, Stage

SYSTEM = system("demo")
BATCH = 128
DAYS_AT_ONCE = 3
PLAN_BUDGET = 2_000_000  # units of work: enough for a gap below one percent on call 25-1, in seconds
DECLINED_EVERY = 40  # one award in so many is given up, one in so many is never answered
Item = TypeVar("Item")


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def prepare(stage: Stage) -> None:
    """Fleet, accounts and organisations; the call composed and announced."""
    now = stage.now()
    fleet.load_programme(actor=SYSTEM, now=now)
    _add_accounts(stage)
    _add_organisations(stage)
    _add_reviewers(stage)
    _announce(stage)


def _add_accounts(stage: Stage) -> None:
    roles = {
        "programme manager": ("programme_manager", ""),
        "provider": ("provider", stage.programme.providers[0].code),
        "finance": ("finance", ""),
        "auditor": ("auditor", ""),
        "reviewer": ("reviewer", ""),
    }
    for account in ACCOUNTS:
        user_id = people.add_person(
            email=account.email,
            name=account.name,
            name_en=account.name_en,
            password=PASSWORD,
            is_synthetic=True,
            is_verified=True,
            now=stage.now(),
        )
        if account.person in roles:
            role, scope = roles[account.person]
            people.give_role(actor=SYSTEM, now=stage.now(), user_id=user_id, role=role, scope=scope)


def _add_organisations(stage: Stage) -> None:
    """Every organisation founded by its head, with its people, verified by the programme manager."""
    by_code: dict[str, list[Any]] = {}
    for person in stage.cast.people:
        by_code.setdefault(person.organisation, []).append(person)
    for done, batch in enumerate(_batches(stage.cast.organisations)):
        with transaction.atomic():
            for organisation in batch:
                _add_organisation(stage, organisation, by_code[organisation.code])
        stage.tell(
            "organisations", min((done + 1) * BATCH, len(stage.cast.organisations)), len(stage.cast.organisations)
        )
    _join_busiest(stage)


def _add_organisation(stage: Stage, organisation: Organisation, staff: Sequence[Any]) -> None:
    now, manager = stage.now(), stage.as_role("programme manager")
    for one in staff:
        people.add_person(
            email=one.email, name=one.name.ko, name_en=one.name.en, is_synthetic=True, is_verified=True, now=now
        )
    head = next((one for one in staff if one.is_head), staff[0])
    organisation_id = people.found_organisation(
        actor=stage.as_person(head.email),
        now=now,
        code=organisation.code,
        name=organisation.name.ko,
        name_en=organisation.name.en,
        applicant_class=organisation.applicant_class,
        region=organisation.region,
        is_youth=organisation.is_youth,
        registration_number=organisation.registration_number,
        email_domain=organisation.email_domain,
        is_synthetic=True,
    )
    if people_queries.organisation(organisation_id).state == "founded":
        people.verify_organisation(actor=manager, now=now, organisation_id=organisation_id, reason="시연")
    chief = stage.as_person(head.email)
    for one in staff:
        if one is not head:
            _join(stage, organisation_id, stage.as_person(one.email), chief)


def _join(stage: Stage, organisation_id: int, person: Any, head: Any) -> int | None:
    """`person` asks to join and `head` agrees; the membership's id, None when they are in already."""
    if organisation_id in person.organisations:
        return None
    membership = people.request_membership(actor=person, now=stage.now(), organisation_id=organisation_id)
    people.approve_membership(actor=head, now=stage.now(), membership_id=membership)
    return membership


def _join_busiest(stage: Stage) -> None:
    """The demo's applicant heads the organisation with most applications, which will see awards and refusals."""
    counts: dict[str, int] = {}
    for one in stage.cast.applications:
        counts[one.organisation] = counts.get(one.organisation, 0) + 1
    busiest = max(sorted(counts), key=lambda code: counts[code])
    organisation = people_queries.organisation_of_code(busiest)
    head = next(one for one in stage.cast.people if one.organisation == busiest and one.is_head)
    with transaction.atomic():
        membership = _join(stage, organisation.id, stage.as_role("applicant"), stage.as_person(head.email))
        if membership is not None:
            people.make_head(actor=stage.as_person(head.email), now=stage.now(), membership_id=membership)


def _add_reviewers(stage: Stage) -> None:
    """The panel; the demo's reviewer takes the place of the first."""
    now = stage.now()
    with transaction.atomic():
        for reviewer in stage.cast.reviewers:
            user_id = people.add_person(
                email=_address(stage, reviewer.email),
                name=reviewer.name.ko,
                name_en=reviewer.name.en,
                is_synthetic=True,
                is_verified=True,
                now=now,
            )
            people.give_role(actor=SYSTEM, now=now, user_id=user_id, role="reviewer")
            reviews.add_reviewer(
                actor=SYSTEM,
                now=now,
                user_id=user_id,
                affiliation=reviewer.affiliation.ko,
                keywords=list(reviewer.keywords),
                load_limit=reviewer.load_limit,
                is_synthetic=True,
            )


def _address(stage: Stage, email: str) -> str:
    """A reviewer's address; the first reviewer of the cast is played by the demo's reviewer."""
    first = stage.cast.reviewers[0].email
    return next(one.email for one in ACCOUNTS if one.person == "reviewer") if email == first else email


def _announce(stage: Stage) -> None:
    manager, call = stage.as_role("programme manager"), stage.call
    known = {one.code: one.state for one in call_queries.calls(manager)}
    if call.code not in known:
        calls.compose(
            actor=manager,
            now=stage.now(),
            code=call.code,
            track=call.tracks[0],
            title=Text(call.name.ko, call.name.en),
            opens_at=call.opens_at,
            closes_at=call.closes_at,
            decide_by=stage.programme.midnight(call.result_on) + timedelta(hours=18),
            use_from=stage.use_from,
            use_until=stage.month.plus(stage.programme.policy.horizon_months).period(stage.programme.zone).start,
            offered={offer.cluster: offer.nodes for offer in call.offers},
            is_synthetic=True,
        )
    if known.get(call.code, "draft") == "draft":
        calls.announce(actor=manager, now=stage.now(), code=call.code)


def apply(stage: Stage) -> None:
    """All applications, handed in over the call's window."""
    stage.advance(stage.opens)
    everything = stage.cast.applications
    window = stage.call.closes_at - stage.opens
    batches = list(_batches(everything))
    for index, batch in enumerate(batches):
        if stage.now() < stage.call.closes_at:
            stage.advance(stage.opens + window * index // len(batches))
            _hand_in(stage, batch)
        stage.tell("applications", min((index + 1) * BATCH, len(everything)), len(everything))


def _hand_in(stage: Stage, batch: Sequence[Application]) -> None:
    there = {(one.organisation.code, one.content.title.ko) for one in _all_applications(stage)}
    with transaction.atomic():
        for one in batch:
            if (one.organisation, one.title.ko) in there:
                continue
            lead, now = stage.as_person(one.lead), stage.now()
            organisation = people_queries.organisation_of_code(one.organisation)
            number = applications.start(
                actor=lead, now=now, call_code=stage.call.code, organisation_id=organisation.id, is_synthetic=True
            )
            applications.save_draft(actor=lead, now=now, number=number, content=one.content())
            applications.submit(actor=lead, now=now, started_at=now, number=number)


def _all_applications(stage: Stage, states: Sequence[str] = ("submitted", "admitted")) -> list[Any]:
    return application_queries.of_call(stage.call.code, SYSTEM, states=states)


def numbers_by_cast(stage: Stage) -> dict[str, str]:
    """The application number that each synthetic application got."""
    there = {(one.organisation.code, one.content.title.ko): one.number for one in _all_applications(stage)}
    return {one.id: there[one.organisation, one.title.ko] for one in stage.cast.applications}


def review(stage: Stage) -> None:
    """Intake, assignment, and every reviewer's scores over ten days."""
    stage.advance(stage.call.closes_at)
    manager = stage.as_role("programme manager")
    state = call_queries.call(stage.call.code, manager).state
    if state == "closed":
        applications.admit_all(actor=manager, now=stage.now(), call_code=stage.call.code)
        calls.start_review(actor=manager, now=stage.now(), code=stage.call.code)
    elif state != "reviewing":
        return
    numbers = numbers_by_cast(stage)
    ids = {email: stage.as_person(email).user_id for email in _panel(stage)}
    pairs = [(numbers[one.application], ids[_address(stage, one.reviewer)]) for one in stage.cast.reviews]
    reviews.assign(actor=manager, now=stage.now(), call_code=stage.call.code, pairs=pairs)
    _score(stage, numbers, ids)


def _panel(stage: Stage) -> list[str]:
    return [_address(stage, reviewer.email) for reviewer in stage.cast.reviewers]


def _score(stage: Stage, numbers: dict[str, str], ids: dict[str, int]) -> None:
    """Reviews come in over ten days, a fifth of the panel at a time; what is in already is left alone."""
    users = {one.id: one.user_id for one in review_queries.reviewers(SYSTEM)}
    waiting = {
        (seat.number, users[seat.reviewer_id])
        for seat in review_queries.progress(stage.call.code, SYSTEM).seats
        if seat.state in ("assigned", "in_progress")
    }
    rows: dict[str, list[reviews.ScoreRow]] = {}
    for one in stage.cast.reviews:
        email = _address(stage, one.reviewer)
        if (numbers[one.application], ids[email]) in waiting:
            row = reviews.ScoreRow(
                numbers[one.application], ids[email], dict(one.points), one.to_applicant, one.to_panel
            )
            rows.setdefault(email, []).append(row)
    panel, done, total = _panel(stage), len(stage.cast.reviews) - len(waiting), len(stage.cast.reviews)
    size = max(1, len(panel) // 5)
    for start in range(0, len(panel), size):
        stage.advance(stage.call.closes_at + timedelta(days=1 + 10 * start // len(panel)))
        given = [row for email in panel[start : start + size] for row in rows.get(email, [])]
        if given:
            reviews.import_scores(
                actor=stage.as_role("programme manager"), now=stage.now(), call_code=stage.call.code, rows=given
            )
        done += len(given)
        stage.tell("reviews", done, total)


def decide(stage: Stage) -> int:
    """Plans under both rules, solved by the loop; the merit plan accepted and offered. Returns its id."""
    manager, code = stage.as_role("programme manager"), stage.call.code
    stage.advance(stage.programme.midnight(stage.call.result_on) + timedelta(hours=9))
    accepted = plan_queries.accepted(code)
    if accepted is None:
        if call_queries.call(code, manager).state == "reviewing":
            calls.start_deciding(actor=manager, now=stage.now(), code=code)
        found = {
            one.rule: one for one in plan_queries.plans(manager, code) if one.state in ("queued", "solving", "solved")
        }
        for rule, title in (("merit", "기본안: 실력 존중"), ("value", "비교안: 가치 최대")):
            if rule not in found:
                plans.queue(actor=manager, now=stage.now(), call_code=code, title=title, rule=rule, budget=PLAN_BUDGET)
        stage.wait(lambda: _plans_are_solved(stage), lambda: "the plan loop to solve the plans")
        merit = next(p for p in plan_queries.plans(manager, code) if p.rule == "merit" and p.state == "solved")
        plans.accept(actor=manager, now=stage.now(), plan_id=merit.id, reason="정당한 불만이 없고 감사를 통과함")
        accepted = plan_queries.accepted(code)
    if accepted is None:
        raise RuntimeError("the accepted plan has gone")
    awards.offer_plan(actor=manager, now=stage.now(), plan_id=accepted.id)
    return accepted.id


def _plans_are_solved(stage: Stage) -> bool:
    found = plan_queries.plans(SYSTEM, stage.call.code)
    for one in found:
        stage.tell(f"plan ({one.rule})", one.progress_permille, 1000)
    failed = [one for one in found if one.state == "failed"]
    if failed:
        raise RuntimeError(f"plan {failed[0].id} failed: {failed[0].state_reason}")
    return all(one.state not in ("queued", "solving") for one in found)


def answer(stage: Stage) -> None:
    """Applicants accept and sign, a few decline, a few never answer; the waitlist gets what is freed."""
    start = stage.programme.midnight(stage.call.result_on) + timedelta(hours=9)
    stage.advance(start + timedelta(days=2))
    _answer_offers(stage)
    patience = stage.programme.after_award.accept_within_days
    stage.advance(start + timedelta(days=patience, hours=1))
    stage.advance(start + timedelta(days=patience + 2))
    _answer_offers(stage, everyone=True)


def _answer_offers(stage: Stage, everyone: bool = False) -> None:
    manager = stage.as_role("programme manager")
    offered = [award_queries.award_view(row) for row in award_queries.awards(manager, state="offered")]
    leads = {one.id: one.email for one in people_queries.persons({award.lead_id for award in offered}).values()}
    for batch in _batches(offered):
        with transaction.atomic():
            for award in batch:
                place = int(award.number.rsplit("-", 1)[-1]) % DECLINED_EVERY
                lead, now = stage.as_person(leads[award.lead_id]), stage.now()
                if place == 7 and not everyone:
                    awards.decline(
                        actor=lead, now=now, number=award.number, reason="연구 인력이 바뀌어 수행이 어렵습니다."
                    )
                elif place != 13 or everyone:
                    awards.accept(actor=lead, now=now, number=award.number)
                    awards.sign(actor=lead, now=now, number=award.number)
    for batch in _batches(award_queries.to_countersign()):
        with transaction.atomic():
            for award in batch:
                awards.countersign(actor=manager, now=stage.now(), number=award.number)


def use(stage: Stage) -> None:
    """A few days at a time: agents make the allocations real, jobs run, windows arrive hour by hour."""
    last = stage.scenario.days
    for day, midnight in enumerate(stage.days(0, last)):
        if day % DAYS_AT_ONCE == 0 or day == last:
            stage.advance(midnight)
            stage.tell("days of use", day, last)


def bill(stage: Stage) -> None:
    """The first month closed and invoiced, while the next call opens."""
    after = stage.month.plus(1).period(stage.programme.zone).start + timedelta(hours=12)
    next_call.announce_next(stage, after)
    stage.advance(after)
    billing.close_month(actor=stage.as_role("finance"), now=stage.now(), month=stage.month)
    next_call.ask(stage)
    stage.advance(after + timedelta(hours=1))
