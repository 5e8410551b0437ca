"""One of each thing the portal keeps, all belonging to the organisation `ours`, and one of each kind of person.

For tests that ask who may come near them; the rows are put straight into their tables.
"""

from __future__ import annotations

from datetime import timedelta

from dure.core.period import Month
from dure.portal.allocations import operations as allocations
from dure.portal.allocations.models import Access, Allocation
from dure.portal.applications.models import Application, Endorsement, Version
from dure.portal.awards.models import Appeal, Award, Change
from dure.portal.billing import operations as billing
from dure.portal.calls.models import Call, Nomination, Question
from dure.portal.files.models import StoredFile
from dure.portal.files.queries import path_of
from dure.portal.fleet.models import AgentToken, Maintenance
from dure.portal.messages.models import Message, SupportEntry, SupportRequest
from dure.portal.outcomes.models import Report
from dure.portal.people import queries as people
from dure.portal.people.models import Invitation, Membership
from dure.portal.plans.models import Plan, Problem, Rank, Seal
from dure.portal.reclaims.models import Case
from dure.portal.reviews.models import (
    AgendaItem,
    Assignment,
    Conflict,
    Declaration,
    Feasibility,
    Interview,
    Meeting,
    Reviewer,
)
from tests.portal import realised as world
from tests.portal.competition import complete
from tests.portal.realised import HOUR, SMALL, Actor, at

NOW = at(5, 6) + 9 * HOUR
DAY = timedelta(days=1)
NUMBER = "25-1-0001"
CONTENT = "비밀 첨부".encode()
# The last four are the things' own people; nobody else should come near.
KINDS = (
    "visitor", "other", "recused", "kakao", "finance", "auditor", "manager", "ministry",
    ".head", ".judge", ".naver", ".ministry",
)  # fmt: skip


def people_of() -> dict[str, Actor | None]:
    """One of each kind of person, by `KINDS`."""
    people = (
        None,
        world.organisation("other"),
        world.person("recused", ("reviewer", "")),
        world.provider("kakao"),
        world.finance(),
        world.auditor(),
        world.manager(),
        world.person("ministry", ("nominator", _ministry(1))),
        world.organisation("ours"),
        world.person("judge", ("reviewer", "")),
        world.provider(),
        world.person("own-ministry", ("nominator", _ministry(0))),
    )
    return dict(zip(KINDS, people, strict=True))


def _ministry(index: int) -> str:
    return world.current().ministries[index].code


def one_of_each() -> dict[str, str]:
    """Make everything; the identifiers by the names that addresses give them, "ROUTE PART:name" where they differ."""
    world.load()
    world.epoch_of()
    head = world.organisation("ours")
    name = world.allocated(head, NUMBER)
    billing.close_month(actor=world.finance(), now=NOW, month=Month(2026, 4))
    found = {"number": NUMBER, "code": "25-1", "name": name, "month": "2026-04"}
    for made in (_people_rows(head), _call_rows(head), _award_rows(head), _review_rows(), _plan_rows()):
        found |= made
    return {key: str(value) for key, value in found.items()}


def _people_rows(head: Actor) -> dict[str, object]:
    (organisation_id,) = head.organisations
    asking = world.person("asking")
    row = Membership.objects.create(user_id=asking.user_id, organisation_id=organisation_id, since_at=NOW)
    invitation = Invitation.objects.create(
        organisation_id=organisation_id, email="invited@example.org", sent_by_id=head.user_id, sent_at=NOW,
        expires_at=NOW + DAY,
    )  # fmt: skip
    mail = Message.objects.create(key="k", to="head-ours@example.org", subject="s", body="b", written_at=NOW)
    file = StoredFile.objects.create(
        sha256="ab" * 32, name="a.csv", media_type="text/csv", size_bytes=len(CONTENT), owner_id=head.user_id,
        organisation_id=organisation_id, purpose="support", created_at=NOW,
    )  # fmt: skip
    path = path_of(file.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    support = SupportRequest.objects.create(
        topic="", answerer="naver", asked_by_id=head.user_id, title="t", asked_at=NOW, respond_by=NOW + DAY
    )
    SupportEntry.objects.create(
        request=support, written_by_id=head.user_id, written_at=NOW, is_answer=False, text="t", file_ids=[file.pk]
    )
    return {
        "membership_id": row.pk, "invitation_id": invitation.pk, "token": people.invitation_token(invitation.pk),
        "message_id": mail.pk, "file_id": file.pk, "request_id": support.pk, "user_id": head.user_id,
        "organisations/:code": "ours", "api/organisations/:code": "ours", "verb": "approve",
    }  # fmt: skip


def _call_rows(head: Actor) -> dict[str, object]:
    call = Call.objects.get(code="25-1")
    (organisation_id,) = head.organisations
    question = Question.objects.create(call=call, asked_by_id=head.user_id, asked_at=NOW, text="?", hidden_at=NOW)
    nomination = Nomination.objects.create(
        call=call, ministry=_ministry(0), organisation_id=organisation_id, project="p", reason="r",
        nominated_by_id=world.person("own-ministry").user_id, nominated_at=NOW,
    )  # fmt: skip
    columns = {field.name: getattr(call, field.name) for field in Call._meta.fields if field.name != "id"}
    Call.objects.create(**columns | {"code": "26-draft", "series": "26-rolling", "number": 1})
    Call.objects.filter(pk=call.pk).update(state="decided", announced_at=NOW, offered={SMALL: 32})
    Version.objects.update(content=complete())
    token = AgentToken.objects.create(
        cluster=Award.objects.get().cluster, label="gw1", token_hash="x", created_at=NOW, expires_at=NOW + DAY
    )
    work = Maintenance.objects.create(
        cluster=token.cluster, start_at=NOW + DAY, end_at=NOW + 2 * DAY, node_names=[f"{SMALL}-001"], reason="r",
        announced_at=NOW, announced_by="tests",
    )  # fmt: skip
    return {
        "work_id": work.pk,
        "question_id": question.pk, "nomination_id": nomination.pk, "series": "26-rolling", "event": "open",
        "fleet/:code": SMALL, "allocations/clusters/:code": SMALL, "api/clusters/:code": SMALL, "token_id": token.pk,
        "step": "title", "version": 1, "shape": "list",
    }  # fmt: skip


def _award_rows(head: Actor) -> dict[str, object]:
    award = Award.objects.get(number=NUMBER)
    change = Change.objects.create(
        award=award, kind="extend", months=1, end_at=award.end_at + 30 * DAY, effective_at=NOW + DAY, reason="r",
        requested_by=head.name, requested_at=NOW,
    )  # fmt: skip
    Appeal.objects.create(application=award.application, plan=award.plan, text="t", lodged_by=head.name, lodged_at=NOW)
    report = Report.objects.create(award=award, kind="interim", due_at=NOW + DAY)
    case = Case.objects.create(
        allocation=Allocation.objects.get(), rule=world.current().idle_rules[0].code, step=0, action="notice",
        idle_since=NOW - DAY, finding={"idle_seconds": 86400, "nodes": 2, "would_take": 2}, opened_at=NOW,
        answer_by=NOW + DAY,
    )  # fmt: skip
    key = allocations.add_ssh_key(actor=head, now=NOW, label="노트북", public_key=world.public_key())
    Endorsement.objects.create(application=award.application, subject="x", requested_at=NOW)
    assert Access.objects.filter(user_id=head.user_id).exists()
    return {
        "change_id": change.pk, "report_id": report.pk, "case_id": case.pk, "key_id": key, "kind": "extend",
        "billing/:number": "2026-04-ours", "api/invoices/:number": "2026-04-ours", "billing/:event": "pay",
        "appeals/:event": "uphold", "reclaims/:event": "accept",
    }  # fmt: skip


def _review_rows() -> dict[str, object]:
    application = Application.objects.get(number=NUMBER)
    judge = world.person("judge", ("reviewer", ""))
    rows = [
        Reviewer.objects.create(user_id=one.user_id, affiliation="다른 기관", joined_at=NOW)
        for one in (judge, world.person("recused", ("reviewer", "")))
    ]
    for row in rows:
        Declaration.objects.create(reviewer=row, call=application.call, text_version="1", made_at=NOW)
    columns = {"application": application, "assigned_at": NOW, "due_at": NOW + DAY}
    seat = Assignment.objects.create(reviewer=rows[0], **columns)
    Assignment.objects.create(reviewer=rows[1], **columns)
    conflict = Conflict.objects.create(
        reviewer=rows[1], application=application, kind="family", evidence={"ko": "", "en": ""}, source="declared",
        found_at=NOW,
    )  # fmt: skip
    meeting = Meeting.objects.create(call=application.call, place="p", starts_at=NOW)
    meeting.reviewers.add(rows[0])
    item = AgendaItem.objects.create(meeting=meeting, application=application, position=1)
    Interview.objects.create(application=application, invited_at=NOW)
    check = Feasibility.objects.create(application=application, provider="naver", asked_at=NOW, due_at=NOW + DAY)
    return {
        "assignment_id": seat.pk, "reviewer_id": rows[0].pk, "conflict_id": conflict.pk, "meeting_id": meeting.pk,
        "item_id": item.pk, "feasibility_id": check.pk,
    }  # fmt: skip


def _plan_rows() -> dict[str, object]:
    plan = Plan.objects.get()
    Rank.objects.create(
        plan=plan, application=Application.objects.get(number=NUMBER), outcome="awarded", lottery_rank=1
    )
    problem = Problem.objects.create(hash="other", call=plan.problem.call, document=b"{}", made_at=NOW, made_by="tests")
    second = Plan.objects.create(problem=problem, title="u", rule="merit", queued_at=NOW, queued_by="tests")
    Seal.objects.create(plan=plan, document=b"PK", hash="x", signature=b"s", public_key="k", made_at=NOW)
    return {"plan_id": plan.pk, "left": plan.pk, "right": second.pk}
