"""What the programme's own people have to do: programme managers and finance officers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.billing import queries as billing
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme
from dure.portal.outcomes import queries as outcomes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.plans import queries as plans
from dure.portal.reclaims import queries as reclaims
from dure.portal.reviews import queries as reviews
from dure.portal.site import addresses
from dure.portal.site.tasks.task import Task


def tasks(actor: Actor, now: datetime) -> Iterator[Task]:
    """The tasks of the programme's office."""
    if actor.is_programme_manager:
        yield from _organisations()
        composed = calls.calls(actor)
        for call in composed:
            yield from _call(actor, call, now)
        if not composed:
            yield from _first_steps()
        yield from _agreements()
        yield from _questioned(actor)
        yield from _reclaims(actor)
        yield from _reports()
    if actor.is_finance:
        yield from _months(now)
        yield from _invoices(actor, now)


def _first_steps() -> Iterator[Task]:
    """How a programme begins: while there is no call, who works on it and what can be applied for."""
    if not any(people.people_with_role("provider", one.code) for one in programme.current().providers):
        yield Task(
            Text("함께 일할 사람에게 역할을 주십시오", "Give roles to those who work with you"),
            Text(
                "사업자 역할이 있는 사람이 클러스터에 에이전트를 붙입니다. 먼저 가입해야 합니다.",
                "Somebody with the role provider connects a cluster's agent. They have to register first.",
            ),
            reverse("people-roles"),
        )
    yield Task(
        Text("첫 공모를 만드십시오", "Compose the first call"),
        Text("공고하기 전에는 아무에게도 보이지 않습니다.", "Nobody sees it before you announce it."),
        reverse("calls-new"),
    )


def _organisations() -> Iterator[Task]:
    waiting = people.organisations_awaiting()
    if waiting:
        yield Task(
            Text(f"기관 {waiting}곳을 확인하십시오", f"Verify {waiting} organisations"),
            Text("확인하기 전에는 신청서를 제출할 수 없습니다.", "Until then they cannot submit applications."),
            f"{reverse('people-organisations')}?state=founded",
            weight=20,
        )


def _call(actor: Actor, call: CallView, now: datetime) -> Iterator[Task]:
    """The next step of one call; nothing while time alone moves it on."""
    page = addresses.call_desk(call.code)
    name = call.title
    if call.state == "draft":
        yield Task(Text(f"‘{name.ko}’을 공고하십시오", f"Announce “{name.en}”"), _DRAFT, page, due=call.opens_at)
    unanswered = sum(1 for question in calls.questions(call.code, actor) if not question.answered_at)
    if unanswered:
        title = Text(f"공모 질문 {unanswered}건에 답하십시오", f"Answer {unanswered} questions on a call")
        yield Task(title, name, page, weight=25)
    if call.state in ("open", "closed") and (to_check := applications.to_check(call)):
        title = Text(
            f"손으로 확인할 답이 있는 신청 {len(to_check)}건을 보십시오",
            f"Check answers of {len(to_check)} applications by hand",
        )
        yield Task(title, name, addresses.application(to_check[0]), due=call.decide_by, weight=22)
    if call.state == "closed":
        yield _closed(actor, call, page)
    elif call.state == "reviewing":
        yield _review(actor, call)
    if call.state in ("reviewing", "deciding") and (objections := reviews.to_judge([call.code])):
        title = Text(
            f"사업자가 어렵다고 한 과제 {objections}건을 판단하십시오",
            f"Decide {objections} projects a provider says it cannot run",
        )
        yield Task(title, name, f"/reviews/panel/{call.code}/feasibility/?state=infeasible", weight=17)
    if call.state == "deciding":
        yield _decision(actor, call)


def _closed(actor: Actor, call: CallView, page: str) -> Task:
    counts = applications.counts(call.code, actor)
    if waiting := counts.get("submitted", 0):
        title = Text(f"신청 {waiting}건의 요건을 확인하십시오", f"Check {waiting} applications for eligibility")
    elif counts.get("admitted", 0):
        title = Text("평가를 시작하십시오", "Start the review")
    else:
        title = Text("평가할 신청이 없습니다", "There is nothing to review")
        why = Text(
            f"{call.title.ko}. 다른 곳에서 받은 신청을 가져오거나 공모를 취소하십시오.",
            f"{call.title.en}. Import applications received elsewhere, or cancel the call.",
        )
        return Task(title, why, page, due=call.decide_by)
    return Task(title, call.title, page, due=call.decide_by)


_DRAFT = Text("아직 공고하지 않은 공모입니다.", "This call has not been announced.")


def _review(actor: Actor, call: CallView) -> Task:
    progress = reviews.progress(call.code, actor)
    if progress.submitted >= progress.needed > 0:
        title = Text("평가가 끝났습니다. 배분으로 넘어가십시오", "Reviews are in: go on to deciding")
    elif progress.assigned < progress.needed:
        title = Text("평가위원을 배정하십시오", "Assign reviewers")
    else:
        title = Text("평가 진행을 살펴보십시오", "Watch the reviews")
    why = Text(
        f"{call.title.ko}. 평가 {progress.needed}건 가운데 {progress.submitted}건이 들어왔습니다.",
        f"{call.title.en}. {progress.submitted} of {progress.needed} reviews are in.",
    )
    return Task(title, why, addresses.panel(call.code), due=call.decide_by)


def _decision(actor: Actor, call: CallView) -> Task:
    made = plans.plans(actor, call.code)
    solved = [plan for plan in made if plan.state == "solved"]
    accepted = [plan for plan in made if plan.state == "accepted"]
    if accepted:
        title = Text("선정 결과를 알리십시오", "Send the offers")
        return Task(title, call.title, addresses.plan(accepted[0].id), due=call.decide_by)
    by_hand = next((plan for plan in solved if plan.overrides and plan.confirmed_at is None), None)
    if by_hand is not None:
        title = Text(
            "손으로 바꾼 배분안의 대가를 보고 확정하십시오", "See what the change by hand costs and confirm it"
        )
        why = Text(f"{call.title.ko}. {by_hand.title}", f"{call.title.en}. {by_hand.title}")
        return Task(title, why, addresses.plan(by_hand.id), due=call.decide_by)
    if solved:
        title = Text(f"배분안 {len(solved)}개를 견주어 확정하십시오", f"Compare {len(solved)} plans and accept one")
        return Task(title, call.title, f"{reverse('plans-list')}?call={call.code}", due=call.decide_by)
    if any(plan.state in ("queued", "solving") for plan in made):
        title = Text("배분안을 계산하고 있습니다", "A plan is being worked out")
        return Task(title, call.title, f"{reverse('plans-list')}?call={call.code}", due=call.decide_by)
    title = Text("배분안을 만드십시오", "Make a plan")
    return Task(title, call.title, f"{reverse('plans-new')}?call={call.code}", due=call.decide_by)


def _agreements() -> Iterator[Task]:
    waiting = len(awards.to_countersign())
    if waiting:
        yield Task(
            Text(f"협약 {waiting}건에 서명하십시오", f"Sign {waiting} agreements"),
            Text("신청자는 이미 서명했습니다.", "The applicants have signed."),
            reverse("awards-countersign"),
            weight=15,
        )


def _questioned(actor: Actor) -> Iterator[Task]:
    """Changes to be decided and appeals to be answered."""
    changes = len(awards.changes_to_decide(actor))
    if changes:
        yield Task(
            Text(f"선정 변경 요청 {changes}건을 결정하십시오", f"Decide on {changes} changes of awards"),
            Text("기간 연장과 기관 이관입니다.", "Extensions and transfers."),
            reverse("awards-change-queue"),
            weight=17,
        )
    appeals = awards.open_appeals()
    if appeals:
        yield Task(
            Text(f"이의신청 {appeals}건에 답하십시오", f"Answer {appeals} appeals"),
            Text("점수를 주지 않은 평가위원이 다시 봅니다.", "A reviewer who did not score it looks again."),
            reverse("awards-appeals"),
            weight=16,
        )


def _reclaims(actor: Actor) -> Iterator[Task]:
    for case in reclaims.to_judge(actor):
        name = case.organisation
        yield Task(
            Text(f"{name.name}의 소명을 판단하십시오", f"Decide on the explanation of {name.named('en')}"),
            Text(f"{case.cluster}, 쉬고 있는 서버 {case.nodes}대", f"{case.cluster}, {case.nodes} idle servers"),
            addresses.reclaim(case.id),
            weight=18,
        )


def _reports() -> Iterator[Task]:
    waiting = outcomes.to_judge()
    if waiting:
        yield Task(
            Text(f"보고서 {waiting}건을 검토하십시오", f"Review {waiting} reports"),
            Text("승인하면 공개됩니다.", "Once approved they are public."),
            f"{reverse('outcomes-list')}?state=submitted",
            weight=40,
        )


def _months(now: datetime) -> Iterator[Task]:
    for month in billing.months_due(now):
        yield Task(
            Text(f"{month} 사용료를 마감하십시오", f"Close the month {month}"),
            Text("마감하면 기관마다 청구서가 나갑니다.", "Closing it sends every organisation its invoice."),
            reverse("billing-months"),
            weight=10,
        )


def _invoices(actor: Actor, now: datetime) -> Iterator[Task]:
    disputed = billing.listing(actor, state="disputed").count()
    if disputed:
        title = Text(f"이의 신청 {disputed}건을 판단하십시오", f"Decide {disputed} disputed invoices")
        why = Text("기관이 청구 내용을 다시 보아 달라고 했습니다.", "Organisations ask for another look.")
        yield Task(title, why, f"{reverse('billing-list')}?state=disputed", weight=15)
    overdue = billing.listing(actor, state="issued").filter(due_at__lte=now).count()
    if overdue:
        title = Text(f"기한이 지난 청구서가 {overdue}건 있습니다", f"{overdue} invoices are overdue")
        why = Text("납부를 확인하거나 기관에 연락하십시오.", "Check for payment or get in touch.")
        yield Task(title, why, f"{reverse('billing-list')}?state=issued", weight=20)
