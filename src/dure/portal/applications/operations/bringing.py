"""Applications that were submitted elsewhere, taken over as sealed versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import APPLICATION
from dure.portal.applications import content as contents
from dure.portal.applications import queries
from dure.portal.applications.content import Content
from dure.portal.applications.models import Application, TeamMember, Version
from dure.portal.applications.operations.writing import final, team_rows
from dure.portal.calls import operations as call_rows
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor

NUMBER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Brought:
    """An application as another system sealed it."""

    number: str
    organisation_id: int
    lead_id: int
    content: Content
    submitted_at: datetime


@transaction.atomic
def bring(*, actor: Actor, now: datetime, call_code: str, rows: Sequence[Brought]) -> tuple[int, int]:
    """Take over applications as submitted; all or nothing. Returns how many are new and how many were there already.

    One that is there with the same content is left alone. Eligibility is judged at intake like any other's. Raises
    InvalidInput with `rows.N.field` (N from 0) for whatever is wrong.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    call = call_rows.hold(call_code)
    standing = {
        row.number: row
        for row in Application.objects.filter(number__in=[row.number for row in rows]).select_related("version")
    }
    mistakes, new = list[Mistake](), list[Brought]()
    for index, row in enumerate(rows):
        there = standing.get(row.number)
        found = _mistakes(row, call, now) if there is None else _differences(row, there, call)
        mistakes += [Mistake(f"rows.{index}.{m.where}", m.what, m.remedy) for m in found]
        if there is None:
            new.append(row)
    if new and call.state not in ("open", "closed"):
        raise InvalidInput(_not_here(call))
    if mistakes:
        raise InvalidInput(mistakes)
    if new:
        hashes = _create(actor, now, call, new)
        append(
            at=now,
            actor=actor.name,
            event="applications.bring",
            subject=f"call:{call_code}",
            applications=len(new),
            digest=canonical.digest(sorted(hashes)),
        )
    return len(new), len(rows) - len(new)


def _not_here(call: CallView) -> Mistake:
    what = Text(
        "지금 상태의 공모로는 신청을 가져올 수 없습니다.", "Applications cannot be imported into this call now."
    )
    if call.state == "draft":
        remedy = Text(
            f"/calls/{call.code}/preview/에서 먼저 공고하거나, 마감이 지났으면 마감된 공모로 옮겨 오십시오.",
            f"First announce it at /calls/{call.code}/preview/, or take it over there where its deadline has passed.",
        )
    elif call.state == "announced":
        remedy = Text("접수를 시작한 뒤에 가져오십시오.", "Import once it is open.")
    else:
        remedy = Text(
            "평가를 시작하기 전의 공모로 가져오십시오. 필요하면 새 공모를 만드십시오.",
            "Import into a call whose review has not begun; compose a new one if need be.",
        )
    return Mistake("call", what, remedy)


def _mistakes(row: Brought, call: CallView, now: datetime) -> list[Mistake]:
    found = contents.remaining(row.content, programmes.current(), call.form)
    if not NUMBER.fullmatch(row.number) or len(row.number) > 40:
        what = Text("접수 번호로 쓸 수 없습니다.", "This cannot be a number.")
        remedy = Text("영문, 숫자, 붙임표로 40자 이내로 적으십시오.", "Use letters, digits and hyphens, at most 40.")
        found.append(Mistake("number", what, remedy))
    if not call.opens_at <= row.submitted_at < call.closes_at or row.submitted_at > now:
        what = Text("접수 기간 밖의 시각입니다.", "The instant is outside the call's window.")
        remedy = Text("제출 시각이나 공모의 기간을 확인하십시오.", "Check it, or the dates of the call.")
        found.append(Mistake("submitted_at", what, remedy))
    return found


def _differences(row: Brought, there: Application, call: CallView) -> list[Mistake]:
    same = there.call_id == call.id and there.organisation_id == row.organisation_id and there.version is not None
    if same and _said(contents.trusted(there.version.content)) == _said(final(row.content, call)):
        return []
    what = Text("이 번호의 신청이 다른 내용으로 이미 있습니다.", "This number is there already, with another content.")
    remedy = Text("번호를 바꾸거나 이 줄을 빼십시오.", "Change the number, or leave the row out.")
    return [Mistake("number", what, remedy)]


def _said(content: Content) -> dict[str, Any]:
    """What tables can hold of a content: blank sections and attachments left out."""
    plan = {name: text for name, text in content.plan.items() if text.strip()}
    return contents.stored(content.model_copy(update={"plan": plan, "attachments": ()}))


def _create(actor: Actor, now: datetime, call: CallView, rows: Sequence[Brought]) -> list[str]:
    submitted = APPLICATION.after(APPLICATION.initial, "submit")
    versions, teams = list[Version](), list[TeamMember]()
    made = Application.objects.bulk_create(
        (
            Application(
                call_id=call.id,
                number=row.number,
                organisation_id=row.organisation_id,
                lead_id=row.lead_id,
                draft=contents.stored(final(row.content, call)),
                draft_saved_at=row.submitted_at,
                is_synthetic=call.is_synthetic,
                created_at=now,
            )
            for row in rows
        ),
        batch_size=200,
    )
    for row, application in zip(rows, made, strict=True):
        versions.append(
            Version(
                application=application,
                number=1,
                content=application.draft,
                hash=queries.hash_of(row.number, 1, application.draft),
                started_at=row.submitted_at,
                submitted_at=row.submitted_at,
                submitted_by_id=row.lead_id,
            )
        )
        teams += team_rows(application, row.content)
    Version.objects.bulk_create(versions, batch_size=200)
    TeamMember.objects.bulk_create(teams, batch_size=500)
    for application, version in zip(made, versions, strict=True):
        application.state, application.version = submitted, version
    Application.objects.bulk_update(made, ["state", "version"], batch_size=200)
    return [version.hash for version in versions]
