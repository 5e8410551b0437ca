"""The whole story of one application across chapters: what happened, who decided, why, what comes next and by when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dure.core.period import Period
from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.allocations.queries import AllocationView
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.awards import queries as awards
from dure.portal.awards.queries import AwardView
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme
from dure.portal.journal import queries as journal
from dure.portal.outcomes import queries as outcomes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.plans import queries as plans
from dure.portal.plans.queries import RankView
from dure.portal.site import addresses, money_story


@dataclass(frozen=True)
class Event:
    """One thing that happened (`at`), is going on ("now") or comes ("next", by `due`)."""

    title: Text
    at: datetime | None = None
    actor: str | Text = ""
    why: Text | str = ""
    due: datetime | None = None
    url: str = ""
    phase: str = "done"


@dataclass(frozen=True)
class Story:
    """An application, its award and allocation if there are any, and all events in order."""

    application: ApplicationView
    call: CallView
    award: AwardView | None
    allocation: AllocationView | None
    events: tuple[Event, ...]
    stages: tuple[tuple[Text, bool, bool], ...]

    @property
    def period(self) -> Period | None:
        """From when to when the servers are held."""
        return Period(self.award.start_at, self.award.end_at) if self.award else None


STAGES = (
    ("draft", Text("작성", "Writing")),
    ("submitted", Text("접수", "Received")),
    ("reviewing", Text("평가", "Review")),
    ("decided", Text("결정", "Decision")),
    ("agreed", Text("협약", "Agreement")),
    ("using", Text("사용", "Use")),
    ("ended", Text("종료", "Ended")),
)


def story(number: str, actor: Actor, now: datetime) -> Story:
    """The story of application `number`. Raises NotFound for people who may not know of it."""
    view = applications.application(number, actor)
    call = calls.call(view.call_code, actor)
    award = _award(number, actor)
    allocation = allocations.of_award(number, actor) if award else None
    rank = plans.decided_rank(number) if call.state == "decided" or award else None
    done = [
        *_submission(view),
        *_decision(view, call, rank),
        *(_awarding(award) if award else ()),
        *(_allocation(allocation, award) if allocation and award else ()),
        *(_money(allocation, actor, now) if allocation else ()),
        *_reports(award),
    ]
    done = _named(sorted((event for event in done if event.at), key=lambda event: event.at or now))
    coming = sorted(
        _coming(view, call, award, allocation, rank, now), key=lambda event: (event.phase != "now", event.due or now)
    )
    stage = _stage(view, call, award, allocation, now)
    order = [code for code, _ in STAGES]
    stages = tuple((name, order.index(code) < order.index(stage), code == stage) for code, name in STAGES)
    return Story(view, call, award, allocation, (*done, *coming), stages)


def _named(events: list[Event]) -> list[Event]:
    """The events with people's names in place of their numbers; what nobody did by hand says so."""
    names = people.names_of(event.actor for event in events if isinstance(event.actor, str))
    found = []
    for event in events:
        if isinstance(event.actor, str) and event.actor:
            shown = names.get(event.actor, _BY_ITSELF)
            event = replace(event, actor=shown)
        found.append(event)
    return found


_BY_ITSELF = Text("자동 처리", "automatic")


def _award(number: str, actor: Actor) -> AwardView | None:
    return next(map(awards.award_view, awards.awards(actor).filter(number=number)), None)


def _submission(view: ApplicationView) -> Iterator[Event]:
    for entry in journal.about(f"application:{view.number}"):
        title = _ENTRIES.get(entry.event)
        if title is None:
            continue
        why: Text | str = ""
        if entry.event == "applications.refuse":
            why = view.state_reason
        yield Event(title, entry.at, entry.actor, why, url=addresses.application(view.number))
    for entry in journal.about(f"call:{view.call_code}"):
        if entry.event == "applications.admit_all" and view.number in entry.detail.get("numbers", ()):
            yield Event(_ENTRIES["applications.admit"], entry.at, entry.actor)
    for receipt in view.receipts:
        title = Text("신청서를 제출했습니다", "Application submitted")
        why = Text(f"접수증 {receipt.hash[7:23]}…", f"Receipt {receipt.hash[7:23]}…")
        yield Event(title, receipt.submitted_at, why=why, url=addresses.application(view.number))


_ENTRIES = {
    "applications.start": Text("신청서를 쓰기 시작했습니다", "Application begun"),
    "applications.withdraw": Text("신청을 철회했습니다", "Application withdrawn"),
    "applications.admit": Text("요건을 충족했습니다", "Found eligible"),
    "applications.refuse": Text("요건을 충족하지 못했습니다", "Not eligible"),
}


def _decision(view: ApplicationView, call: CallView, rank: RankView | None) -> Iterator[Event]:
    for event in calls.events(call.code):
        if event.kind in ("reviewing", "decided", "extended", "cancelled"):
            title = Text(event.text.ko.rstrip("."), event.text.en.rstrip("."))  # titles of events have no full stop
            yield Event(title, event.at, url=addresses.call(call.code))
    plan = plans.accepted(call.code) if rank else None
    if rank is None or plan is None or plan.accepted_at is None:
        return
    outcome = {
        "awarded": Text("선정되었습니다", "Selected"),
        "waitlisted": Text(
            f"예비 순위 {rank.waitlist_rank}번이 되었습니다", f"On the waitlist, place {rank.waitlist_rank}"
        ),
        "below_mark": Text("통과 점수에 이르지 못했습니다", "Below the pass mark"),
        "ineligible": Text("배분 대상이 아닙니다", "Not eligible for a share"),
    }.get(rank.outcome, Text(rank.outcome, rank.outcome))
    score = rank.score_tenths
    why = (
        Text(f"점수 {score // 10}.{score % 10}점", f"Score {score // 10}.{score % 10}")
        if score is not None
        else Text("", "")
    )
    yield Event(outcome, plan.accepted_at, Text("배분안 확정", "Plan accepted"), why)


def _awarding(award: AwardView) -> Iterator[Event]:
    url = addresses.award(award.number)
    where = programme.current().cluster(award.cluster).name
    size = Text(
        f"{where.ko}, 서버 {award.nodes}대(GPU {award.gpus}개)",
        f"{where.en}, {award.nodes} servers ({award.gpus} GPUs)",
    )
    yield Event(Text("선정을 알렸습니다", "Offer sent"), award.offered_at, why=size, url=url)
    yield Event(Text("수락했습니다", "Offer accepted"), award.accepted_at, url=url)
    agreement = award.agreement
    if agreement:
        yield Event(
            Text("신청자가 협약에 서명했습니다", "Applicant signed the agreement"),
            agreement.applicant_signed_at,
            agreement.signed_by_applicant,
            url=url,
        )
        yield Event(
            Text("협약이 체결되었습니다", "Agreement concluded"),
            agreement.programme_signed_at,
            agreement.signed_by_programme,
            url=url,
        )
    closing = {
        "declined": Text("선정을 포기했습니다", "Award declined"),
        "expired": Text("수락 기한이 지났습니다", "Offer lapsed"),
        "revoked": Text("선정이 취소되었습니다", "Award revoked"),
        "ended": Text("지원이 끝났습니다", "Award ended"),
    }.get(award.state)
    if closing:
        yield Event(closing, award.ended_at, why=award.state_reason, url=url)


def _allocation(allocation: AllocationView, award: AwardView) -> Iterator[Event]:
    url = addresses.allocation(allocation.name)
    yield Event(Text("서버를 할당했습니다", "Servers allocated"), allocation.created_at, url=url)
    yield Event(Text("서버를 쓸 수 있게 되었습니다", "Servers ready"), allocation.ready_at, url=url)
    for revision in allocations.revisions(allocation.id)[1:]:
        title = Text(f"할당이 바뀌었습니다: 서버 {revision.nodes}대", f"Allocation changed: {revision.nodes} servers")
        yield Event(title, revision.made_at, why=revision.reason, url=url)
    yield Event(Text("서버를 반납했습니다", "Servers returned"), allocation.ended_at, url=url)


def _money(allocation: AllocationView, actor: Actor, now: datetime) -> Iterator[Event]:
    for entry in money_story.entries(allocation, actor, now):
        yield Event(entry.title, entry.at, why=entry.why, url=entry.url)


def _reports(award: AwardView | None) -> Iterator[Event]:
    for report in outcomes.of_award(award.number) if award else ():
        name, url = report.kind_name, addresses.report(report.id)
        yield Event(
            Text(f"{name.ko}를 냈습니다", f"{name.en} handed in"), report.submitted_at, report.submitted_by, url=url
        )
        if report.state == "approved":
            yield Event(Text(f"{name.ko}가 승인되었습니다", f"{name.en} approved"), report.reviewed_at, url=url)


def _coming(
    view: ApplicationView,
    call: CallView,
    award: AwardView | None,
    allocation: AllocationView | None,
    rank: RankView | None,
    now: datetime,
) -> Iterator[Event]:
    """What is going on and what comes next."""
    if view.is_editable and call.accepts(now):
        title = Text("제출을 기다립니다", "Waiting to be submitted")
        yield Event(title, due=call.closes_at, url=addresses.application(view.number), phase="now")
    elif view.state == "submitted":
        yield Event(Text("요건 확인", "Check of eligibility"), due=call.decide_by, phase="now")
    if view.state in ("submitted", "admitted") and award is None and rank is None:
        if call.state == "reviewing":
            yield Event(Text("평가위원이 평가하고 있습니다", "Reviewers are scoring"), phase="now")
        if call.state == "deciding":
            yield Event(Text("서버를 나누는 안을 견주고 있습니다", "Plans are being compared"), phase="now")
        yield Event(Text("결과를 알립니다", "Result"), due=call.decide_by, phase="next")
    if award is not None:
        yield from _coming_award(award, allocation, now)


def _coming_award(award: AwardView, allocation: AllocationView | None, now: datetime) -> Iterator[Event]:
    url = addresses.award(award.number)
    after = programme.current().after_award
    if award.state == "offered":
        yield Event(Text("수락을 기다립니다", "Waiting for an answer"), due=award.respond_by, url=url, phase="now")
    elif award.state == "accepted" and award.agreement is None and award.accepted_at:
        due = award.accepted_at + timedelta(days=after.sign_within_days)
        yield Event(Text("협약 서명을 기다립니다", "Waiting for your signature"), due=due, url=url, phase="now")
    elif award.state == "accepted":
        yield Event(Text("사업 담당자의 서명을 기다립니다", "Waiting for the programme to sign"), url=url, phase="now")
    if award.state in ("accepted", "agreed") and award.start_at > now:
        yield Event(Text("사용이 시작됩니다", "Use begins"), due=award.start_at, phase="next")
    elif award.state == "agreed" and (allocation is None or allocation.ready_at is None):
        yield Event(Text("서버를 준비하고 있습니다", "Servers are being set up"), phase="now")
    elif award.state == "agreed" and allocation is not None:
        title = Text("서버를 쓰고 있습니다", "Servers in use")
        yield Event(title, url=addresses.allocation(allocation.name), phase="now")
    if award.state in ("accepted", "agreed") and award.end_at > now:
        yield Event(Text("사용이 끝납니다", "Use ends"), due=award.end_at, phase="next")
    for report in outcomes.of_award(award.number):
        if report.state in ("due", "returned"):
            yield Event(report.kind_name, due=report.due_at, url=addresses.report(report.id), phase="next")


def _stage(
    view: ApplicationView, call: CallView, award: AwardView | None, allocation: AllocationView | None, now: datetime
) -> str:
    if award is not None:
        if award.state in ("declined", "expired", "revoked", "ended"):
            return "ended"
        if allocation is not None and allocation.start_at <= now:
            return "using"
        return "agreed" if award.state in ("accepted", "agreed") else "decided"
    if view.state in ("withdrawn", "discarded", "refused"):
        return "ended"
    if view.state == "draft":
        return "draft"
    by_call = {"reviewing": "reviewing", "deciding": "reviewing", "decided": "decided", "cancelled": "ended"}
    return by_call.get(call.state, "submitted")
