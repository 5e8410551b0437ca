"""Everything of a call as files: the import's own sheets, what was decided, and the sealed documents."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from dure.core import canonical
from dure.portal.applications import content as contents
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.awards import queries as awards
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.lists import cell
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.plans import queries as plans
from dure.portal.reviews import queries as reviews
from dure.portal.reviews.queries.made import made
from dure.portal.site.importing.sheets import SHEETS

RANKS = (
    "number",
    "outcome",
    "score_tenths",
    "requested_nodes",
    "nodes",
    "cluster",
    "start_at",
    "end_at",
    "waitlist_rank",
)
AWARDS = ("number", "state", "state_reason", "requested_nodes", "nodes", "cluster", "start_at", "end_at", "offered_at")
Table = tuple[Sequence[str], list[Sequence[Any]]]


def template(call: CallView) -> bytes:
    """An XLSX to fill in: a sheet for each table with one example row, and a sheet that says what columns mean."""
    tables: dict[str, Table] = {}
    for name in SHEETS:
        columns = SHEETS[name]
        extra = _answers(call) if name == "applications" else _points(call) if name == "scores" else []
        header = [column.name for column in columns] + extra
        tables[name] = (header, [[column.example for column in columns] + [""] * len(extra)])
    explained = [
        [name, column.name, "yes" if column.required else "", column.meaning.ko, column.meaning.en]
        for name, columns in SHEETS.items()
        for column in columns
    ]
    tables["columns"] = (("sheet", "column", "required", "ko", "en"), explained)
    return book(tables)


def everything(call_code: str, actor: Actor) -> bytes:
    """A ZIP: `call.xlsx` and the same tables as CSV, the call's open record, and every sealed document as JSON.

    The sheets of the import are written as it reads them. Raises NotPermitted for anybody but the programme.
    """
    actor.require(actor.may_oversee)
    call = calls.call(call_code, actor)
    views = applications.of_call(call_code, actor)
    found = tables(call, views, actor)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("call.json", canonical.encode(calls.open_record(call)))
        archive.writestr("call.xlsx", book(found))
        for name, table in found.items():
            archive.writestr(f"csv/{name}.csv", _csv(table))
        for view in views:
            for receipt in view.receipts:
                document = applications.sealed(view.number, receipt.version, actor)
                archive.writestr(f"sealed/{view.number}-v{receipt.version}.json", canonical.encode(document))
    return out.getvalue()


def tables(call: CallView, views: Sequence[ApplicationView], actor: Actor) -> dict[str, Table]:
    """Every table of the export."""
    found = {"organisations": _organisations(views), "applications": _applications(call, views), "team": _team(views)}
    seats = reviews.progress(call.code, actor).seats
    pool = {one.id: one for one in reviews.reviewers(actor)}
    used = [pool[pk] for pk in sorted({seat.reviewer_id for seat in seats})]
    header = [column.name for column in SHEETS["reviewers"]]
    found["reviewers"] = (
        header,
        [
            [r.email, r.name, r.affiliation, "; ".join(r.former_affiliations), "; ".join(r.keywords), r.load_limit]
            for r in used
        ],
    )
    given = made(call.code, actor)
    criteria = [criterion.code for criterion in call.rubric.criteria]
    found["scores"] = (
        [*(column.name for column in SHEETS["scores"]), *_points(call)],
        [
            [g.number, g.reviewer, g.to_applicant, g.to_panel, *(g.points.get(code, "") for code in criteria)]
            for g in given
        ],
    )
    found["receipts"] = (
        ("application", "version", "hash", "started_at", "submitted_at", "state", "reason_ko", "reason_en"),
        [
            [v.number, r.version, r.hash, r.started_at, r.submitted_at, v.state, v.state_reason.ko, v.state_reason.en]
            for v in views
            for r in v.receipts
        ],
    )
    found["assignments"] = (
        ("application", "reviewer", "state", "reason", "due_at", "submitted_at", "points", "match_permille"),
        [
            [s.number, s.reviewer, s.state, s.state_reason, s.due_at, s.submitted_at, s.points, s.match_permille]
            for s in seats
        ],
    )
    found["conflicts"] = (
        ("application", "reviewer", "kind", "source", "standing", "evidence_ko", "evidence_en", "reason", "found_at"),
        [
            [c.number, c.reviewer, c.kind, c.source, c.standing, c.evidence.ko, c.evidence.en, c.reason, c.found_at]
            for c in reviews.conflicts(call.code, actor)
        ],
    )
    return found | _decided(call.code, actor)


def _organisations(views: Sequence[ApplicationView]) -> Table:
    found = {view.organisation.id: view.organisation for view in views}
    records = people.records(found)
    return (
        [column.name for column in SHEETS["organisations"]],
        [
            [
                one.code,
                one.name,
                one.name_en,
                one.applicant_class,
                one.region,
                _yes(one.is_youth),
                records[one.id].registration_number,
                records[one.id].head_email,
                records[one.id].head,
                _yes(one.state == "verified"),
            ]
            for one in sorted(found.values(), key=lambda one: one.code)
        ],
    )


def _applications(call: CallView, views: Sequence[ApplicationView]) -> Table:
    leads, zone = people.persons(view.lead_id for view in views), programmes.zone()
    rows = []
    for view in views:
        said, lead = view.content, leads[view.lead_id]
        at = view.receipt.submitted_at.astimezone(zone) if view.receipt else ""
        row: list[Any] = [
            view.number,
            view.organisation.code,
            lead.email,
            lead.name,
            said.title.ko,
            said.title.en,
            said.summary,
        ]
        row += [said.field, "; ".join(said.keywords), *(said.plan.get(name, "") for name in contents.PLAN_SECTIONS)]  # type: ignore[call-overload]
        row += ["; ".join(f"{wish.gpu_model}:{wish.utility}" for wish in said.models)]
        row += [said.requested_nodes, said.min_nodes, said.months, said.earliest_start, said.latest_start, at]
        row += [_yes(all(said.consents.model_dump().values()))]
        rows.append([*row, *(_answer(said.answers.get(question.code)) for question in call.form)])
    return [*(column.name for column in SHEETS["applications"]), *_answers(call)], rows


def _team(views: Sequence[ApplicationView]) -> Table:
    return (
        [column.name for column in SHEETS["team"]],
        [
            [view.number, member.name, member.email, member.affiliation, member.role]
            for view in views
            for member in view.content.team
        ],
    )


def _decided(call_code: str, actor: Actor) -> dict[str, Table]:
    """The accepted plan's ranks and the awards, once there are any."""
    found: dict[str, Table] = {}
    if (plan := plans.accepted(call_code)) is not None:
        ranks = [plans.rank_view(row) for row in plans.ranks(plan.id)]
        found["ranks"] = _columns(RANKS, ranks)
    found["awards"] = _columns(AWARDS, [awards.award_view(row) for row in awards.awards(actor, call_code=call_code)])
    return found


def _columns(names: Sequence[str], rows: Sequence[Any]) -> Table:
    return names, [[getattr(row, name) for name in names] for row in rows]


def _answers(call: CallView) -> list[str]:
    return [f"answer:{question.code}" for question in call.form]


def _points(call: CallView) -> list[str]:
    return [f"points:{criterion.code}" for criterion in call.rubric.criteria]


def _answer(given: Any) -> str:
    if isinstance(given, bool):
        return _yes(given)
    return "; ".join(map(str, given)) if isinstance(given, list) else "" if given is None else str(given)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def book(made: dict[str, Table]) -> bytes:
    """The tables as an XLSX, a sheet each; texts stay texts."""
    workbook = Workbook(write_only=True)
    for name, (header, rows) in made.items():
        sheet = workbook.create_sheet(name)
        for row in [header, *rows]:
            sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([cell(value) for value in row] for row in _lines(table))
    return text.getvalue().encode("utf-8-sig")


def _lines(table: Table) -> Iterable[Sequence[Any]]:
    yield table[0]
    yield from table[1]
