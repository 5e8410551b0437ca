"""What an applicant and a holder has to do: account, organisation, application, award, allocation, report, invoice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse

from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.billing import queries as billing
from dure.portal.calls import queries as calls
from dure.portal.framework import programme
from dure.portal.outcomes import queries as outcomes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.reclaims import queries as reclaims
from dure.portal.reviews import queries as reviews
from dure.portal.site import addresses
from dure.portal.site.tasks.task import Task
from dure.programme.amounts import amount


def tasks(actor: Actor, now: datetime) -> Iterator[Task]:
    """The tasks of somebody who applies or holds GPUs."""
    if actor.user_id is None:
        return
    yield from _account(actor)
    yield from _organisation(actor)
    if actor.organisations:
        yield from _endorsing(actor)
        yield from _applying(actor, now)
        yield from _meeting_the_panel(actor)
        yield from _answering(actor, now)
        yield from _consenting(actor)
        yield from _holding(actor, now)
        yield from _explaining(actor)
        yield from _paying(actor)
        yield from _reporting(actor)


def _account(actor: Actor) -> Iterator[Task]:
    if not people.person(actor.user_id or 0).name:
        yield Task(
            Text("이름을 알려 주십시오", "Tell us your name"),
            Text("신청서와 협약에 이름이 들어갑니다.", "It goes into applications and agreements."),
            reverse("people-profile"),
            weight=20,
        )


def _organisation(actor: Actor) -> Iterator[Task]:
    mine = people.memberships(actor.user_id or 0)
    if not mine and not actor.roles:
        yield Task(
            Text("소속 기관을 찾거나 등록하십시오", "Find or register your organisation"),
            Text("신청은 기관의 이름으로 합니다.", "Applications are made in an organisation's name."),
            reverse("people-mine"),
            weight=10,
        )
    for membership in mine:
        organisation = membership.organisation
        if membership.state == "active" and organisation.state == "rejected":
            yield Task(
                Text(f"{organisation.name} 정보를 고치십시오", f"Correct {organisation.named('en')}"),
                Text("사업 담당자가 기관을 확인하지 못하였습니다.", "The programme could not verify it."),
                addresses.organisation(organisation.code),
                weight=15,
            )
    for organisation, person in people.requests_for(actor.headed):
        name = person.name or person.email
        yield Task(
            Text(f"{name} 님의 소속 신청에 답하십시오", f"Answer {name}'s request to join"),
            Text(f"{organisation.name}에 소속을 신청했습니다.", f"They ask to join {organisation.named('en')}."),
            reverse("people-mine"),
            weight=30,
        )


def _endorsing(actor: Actor) -> Iterator[Task]:
    for view in applications.to_endorse(actor.headed):
        yield Task(
            Text("기관의 신청을 확인하십시오", "Endorse an application of your institution"),
            Text(f"{view.number} {view.title.ko}", f"{view.number} {view.title.en}"),
            reverse("applications-endorse", args=[view.number]),
            due=calls.call(view.call_code, applications.READER).closes_at,
        )


def _applying(actor: Actor, now: datetime) -> Iterator[Task]:
    written = applications.mine(actor)
    open_calls = {call.code: call for call in calls.calls(actor) if call.accepts(now)}
    for view in written:
        call = open_calls.get(view.call_code)
        if view.is_editable and call:
            title = view.title
            yield Task(
                Text("신청서를 마저 쓰고 제출하십시오", "Finish and submit your application"),
                Text(f"{view.number} {title.ko}".strip(), f"{view.number} {title.en}".strip()),
                addresses.application(view.number),
                due=call.closes_at,
            )
        elif view.state == "draft" and (
            going_on := calls.successor(calls.call(view.call_code, applications.READER), now)
        ):
            yield Task(
                Text("마감을 넘긴 신청을 이어서 쓸 수 있습니다", "A draft that missed its deadline can go on"),
                Text(f"{view.number}, ‘{going_on.title.ko}’로", f"{view.number}, in “{going_on.title.en}”"),
                addresses.application(view.number),
                due=going_on.closes_at,
            )
    answered = {view.call_code for view in written if view.state not in ("discarded",)}
    for code, call in open_calls.items():
        if code not in answered:
            yield Task(
                Text(f"‘{call.title.ko}’에 신청할 수 있습니다", f"You can apply to “{call.title.en}”"),
                Text(
                    "자격과 비용을 먼저 확인할 수 있습니다.", "Check first whether you are eligible and what it costs."
                ),
                addresses.call(code),
                due=call.closes_at,
            )


def _meeting_the_panel(actor: Actor) -> Iterator[Task]:
    for view in reviews.my_interviews(actor):
        title = Text("면담 시간을 고르십시오", "Choose a time for the interview")
        yield Task(title, view.title, f"/reviews/interviews/{view.number}/", weight=8)


def _answering(actor: Actor, now: datetime) -> Iterator[Task]:
    sign_within = timedelta(days=programme.current().after_award.sign_within_days)
    for view in awards.of_organisations(actor.organisations):
        about = Text(
            f"{view.title.get('ko', view.number)}, 서버 {view.nodes}대",
            f"{view.title.get('en') or view.number}, {view.nodes} servers",
        )
        if view.state == "offered":
            title = Text("선정되었습니다. 수락 여부를 알려 주십시오", "You were selected: accept or decline")
            yield Task(title, about, addresses.award(view.number), due=view.respond_by)
        elif view.state == "accepted" and view.agreement is None and view.accepted_at:
            title = Text("협약에 서명하십시오", "Sign the agreement")
            yield Task(title, about, addresses.award(view.number), due=view.accepted_at + sign_within)


def _consenting(actor: Actor) -> Iterator[Task]:
    for change in awards.changes_to_consent(actor.headed):
        yield Task(
            Text("다른 기관의 선정을 넘겨받을지 답하십시오", "Say whether you take over an award"),
            Text(change.number, change.number),
            reverse("awards-changes", args=[change.number]),
            weight=8,
        )


def _holding(actor: Actor, now: datetime) -> Iterator[Task]:
    warn = timedelta(days=max(programme.current().after_award.end_warning_days, default=0))
    has_key = any(key.revoked_at is None for key in allocations.ssh_keys(actor.user_id or 0))
    mine = [view for view in allocations.mine(actor) if view.state == "present" and view.end_at > now]
    filling = allocations.filling(view.id for view in mine)
    for view in mine:
        if view.id in filling:
            yield Task(
                Text("저장 공간이 거의 찼습니다. 자료를 옮기십시오", "Your storage is nearly full: move some files"),
                Text(f"{view.cluster_name.ko}, {view.name}", f"{view.cluster_name.en}, {view.name}"),
                f"{addresses.allocation(view.name)}#storage",
                weight=12,
            )
        if view.needs_ssh_key and not has_key:
            has_key = True  # once is enough
            yield Task(
                Text("접속에 쓸 SSH 공개키를 등록하십시오", "Register your SSH public key"),
                Text("키가 없으면 할당된 서버에 접속할 수 없습니다.", "Without one you cannot reach the servers."),
                reverse("allocations-keys"),
                weight=5,
            )
        if now >= view.end_at - warn:
            yield Task(
                Text("사용 기간이 곧 끝납니다. 자료를 옮기십시오", "Your time of use is ending: move your files"),
                Text(f"{view.cluster_name.ko}, 서버 {view.nodes}대", f"{view.cluster_name.en}, {view.nodes} servers"),
                addresses.allocation(view.name),
                due=view.end_at,
            )


def _explaining(actor: Actor) -> Iterator[Task]:
    for case in reclaims.to_answer(actor):
        yield Task(
            Text("쉬고 있는 서버가 있습니다. 까닭을 알려 주십시오", "Some servers lie idle: explain why"),
            Text(
                f"{case.cluster}, {case.nodes}대. 답하지 않으면 {case.would_take}대를 회수할 수 있습니다.",
                f"{case.cluster}, {case.nodes} of them. Without an answer {case.would_take} may be taken back.",
            ),
            addresses.reclaim(case.id),
            due=case.answer_by,
        )


def _paying(actor: Actor) -> Iterator[Task]:
    mine = billing.listing(actor, state="issued").filter(organisation_id__in=actor.organisations, self_pay__gt=0)
    currency = programme.current().currency
    for invoice in map(billing.view_of, mine):
        pays = amount(invoice.self_pay, currency)
        yield Task(
            Text(f"{invoice.month} 사용료를 납부하십시오", f"Pay the invoice for {invoice.month}"),
            Text(f"{invoice.organisation.name}, 자부담 {pays.ko}", f"{invoice.organisation.named('en')}, {pays.en}"),
            addresses.invoice(invoice.number),
            due=invoice.due_at,
        )


def _reporting(actor: Actor) -> Iterator[Task]:
    for report in outcomes.owed(actor):
        returned = report.state == "returned"
        name = report.kind_name
        yield Task(
            Text(f"{name.ko}를 보완하십시오", f"Improve the {name.en.lower()}")
            if returned
            else Text(f"{name.ko}를 내십시오", f"Hand in the {name.en.lower()}"),
            Text(report.review_note, report.review_note) if returned else report.title,
            addresses.report(report.id),
            due=report.due_at,
        )
