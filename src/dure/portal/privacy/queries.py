"""Reading personal data: what is held of a person, what keeps them from being erased, what is due to be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from dure.core.errors import NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.applications import content as contents
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.calls import queries as calls
from dure.portal.files import queries as files
from dure.portal.framework import programme as programmes
from dure.portal.journal import queries as journal
from dure.portal.messages import queries as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.privacy.models import Erasure
from dure.portal.reviews import queries as reviews

READER = system("privacy")
LIVE_AWARDS = ("offered", "accepted", "agreed")


def pending(user_id: int) -> datetime | None:
    """When the person asked to be erased, while that is still to be done."""
    found = Erasure.objects.filter(user_id=user_id, done_at=None, withdrawn_at=None)
    return found.values_list("requested_at", flat=True).first()


def waiting() -> list[int]:
    """People who wait to be erased, the longest first."""
    found = Erasure.objects.filter(done_at=None, withdrawn_at=None).order_by("requested_at")
    return list(found.values_list("user_id", flat=True))


def obstacles(user_id: int, now: datetime) -> list[Text]:
    """What has to end before the person can be erased; empty when nothing does."""
    return [*_duties(user_id), *_applications(user_id), *_awards(user_id, now)]


def _duties(user_id: int) -> Iterator[Text]:
    if any(role != "reviewer" for role, _ in people.roles_of(user_id)):
        yield Text(
            "사업의 역할을 맡고 있습니다. 사업 담당자가 역할을 거두어야 합니다.",
            "You have a role in the programme. A programme manager has to end it.",
        )
    if any(not one.is_done for one in reviews.assignments(people.actor_of_id(user_id))):
        yield Text("마치지 않은 평가가 있습니다. 마치거나 사퇴하십시오.", "A review is open: finish or decline it.")
    for membership in people.memberships(user_id):
        organisation = membership.organisation
        is_head = membership.state == "active" and membership.role == "head"
        others = [head for head in people.heads(organisation.id) if head.id != user_id]
        members = [member for member in people.members(organisation.id) if member.user_id != user_id]
        if is_head and not others and members:
            yield Text(
                f"{organisation.name}의 마지막 대표자입니다. 다른 구성원을 대표자로 정하십시오.",
                f"You are the last head of {organisation.named('en')}. Make another member a head.",
            )
    if any(view.state == "present" for view in allocations.accessible(user_id)):
        yield Text("GPU를 쓰고 있습니다. 사용을 마쳐야 합니다.", "You use GPUs at present: that has to end first.")


def _applications(user_id: int) -> Iterator[Text]:
    for view in applications.led_by(user_id):
        state = calls.call(view.call_code, READER).state
        if view.is_editable and state in ("announced", "open"):
            yield Text(f"{view.number}: 초안을 지우거나 제출하십시오.", f"{view.number}: discard or submit the draft.")
        elif view.state in ("submitted", "admitted") and state not in ("decided", "cancelled"):
            yield Text(
                f"{view.number}: 심사가 끝나야 합니다. 마감 전이면 철회할 수 있습니다.",
                f"{view.number}: its review has to end. Before the deadline you may withdraw it.",
            )


def _awards(user_id: int, now: datetime) -> Iterator[Text]:
    zone = programmes.zone()
    for view in awards.led_by(user_id):
        if view.state in LIVE_AWARDS:
            yield Text(f"{view.number}: 지원이 끝나야 합니다.", f"{view.number}: the award has to end.")
            continue
        if view.agreed_at is None:
            continue
        until = kept_until(view.ended_at or view.end_at)
        if now < until:
            shown = until.astimezone(zone)
            yield Text(
                f"{view.number}: 협약과 정산의 기록은 {shown:%Y-%m-%d}까지 보관합니다.",
                f"{view.number}: records of agreement and billing are kept until {shown:%d %b %Y}.",
            )


def kept_until(ended_at: datetime) -> datetime:
    """Until when data behind an award that ended are kept: from its end or the programme's, whichever is later."""
    last = max(ended_at, programmes.current().supply_period.end)
    return (
        Month.of(last, programmes.zone())
        .plus(programmes.privacy().successful_months + 1)
        .period(programmes.zone())
        .start
    )


def forgettable(now: datetime) -> list[str]:
    """Numbers of applications without an agreement whose teams have been kept for as long as the programme says."""
    zone, found = programmes.zone(), list[str]()
    for call in calls.calls(READER, ["decided", "cancelled"]):
        until = Month.of(call.decide_by, zone).plus(programmes.privacy().unsuccessful_months + 1).period(zone).start
        if now < until:
            continue
        agreed = awards.ever_agreed(call.code)
        found += [number for number in applications.with_team(call.code) if number not in agreed]
    return found


def held(actor: Actor) -> dict[str, Any]:
    """Everything held about the person who asks, as JSON values. Raises NotFound for visitors."""
    if actor.user_id is None:
        raise NotFound(internal="nobody is signed in")
    person = people.person(actor.user_id)
    mine = [view for view in applications.mine(actor) if _is_in(view, person.email, actor.user_id)]
    return _plain(
        {
            "format": "dure-person/1",
            "account": person,
            "consents": people.consents(actor.user_id),
            "memberships": people.memberships(actor.user_id),
            "roles": people.roles_of(actor.user_id),
            "applications": [
                {
                    "number": view.number,
                    "call": view.call_code,
                    "state": view.state,
                    "is_lead": view.lead_id == actor.user_id,
                    "content": contents.stored(view.content),
                    "draft": contents.stored(view.draft),
                    "receipts": list(view.receipts),
                }
                for view in mine
            ],
            "awards": [view.number for view in awards.led_by(actor.user_id)],
            "reviews": reviews.assignments(actor),
            "files": files.owned(actor.user_id),
            "ssh_keys": allocations.ssh_keys(actor.user_id),
            "messages": [messages.message_view(row) for row in messages.inbox(actor)],
            "done": journal.by(actor.name),
            "erasure_requested_at": pending(actor.user_id),
        }
    )


def _is_in(view: applications.ApplicationView, email: str, user_id: int) -> bool:
    team = (*view.content.team, *view.draft.team)
    return view.lead_id == user_id or any(member.email.lower() == email for member in team)


def _plain(value: Any) -> Any:
    """Dataclasses, texts and instants as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else str(value)
