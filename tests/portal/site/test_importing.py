"""A call run elsewhere: previewed by cell, all or nothing, the same again changes nothing, and out as it came in."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from dure.core.errors import InvalidInput, NotPermitted, Stale
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as reading
from dure.portal.applications.models import Application, Version
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.journal import queries as journal
from dure.portal.people import queries as people
from dure.portal.people.models import Organisation, User
from dure.portal.reviews import queries as reviews
from dure.portal.reviews.models import Reviewer
from dure.portal.site.importing import giving, sheets, taking, uploads
from dure.portal.site.importing.uploads import Upload
from dure.portal.site.tasks import office as office_tasks
from tests.portal.competition import (
    AFTER,
    CLOSES,
    SECOND,
    browser,
    composed,
    manager,
    member_of,
    opened,
    person,
    submitted,
)

pytestmark = pytest.mark.django_db
ORGANISATIONS = [
    {"code": "hanbit", "name": "한빛대학교", "name_en": "Hanbit", "applicant_class": "academia", "region": "seoul",
     "head_email": "head@hanbit.example.org", "head_name": "이하늘", "verified": "yes"},
]  # fmt: skip
APPLICATION = {
    "number": "OLD-0001", "organisation": "hanbit", "lead_email": "lead@hanbit.example.org", "lead_name": "김바다",
    "title": "한국어 모델", "title_en": "Korean model", "summary": "요약", "field": "language",
    "keywords": "언어; 학습",
    "goal": "목표", "method": "방법", "sizing": "근거", "gpu_models": "h200:100; b200:80", "requested_nodes": 8,
    "min_nodes": 2, "months": 6, "earliest_start": "2026-04", "latest_start": "2026-08",
    "submitted_at": "2026-01-20 15:30", "consents": "yes", "answer:releases-model": "no",
}  # fmt: skip
TEAM = [{"application": "OLD-0001", "name": "박구름", "affiliation": "한빛대학교", "role": "adviser"}]
REVIEWERS = [
    {"email": f"r{n}@example.net", "name": f"위원 {n}", "affiliation": "달빛", "keywords": "언어"} for n in (1, 2)
]


def book(**tables) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in tables.items():
        sheet = workbook.create_sheet(name)
        header = list(dict.fromkeys(key for row in rows for key in row))
        sheet.append(header)
        for row in rows:
            sheet.append([row.get(key) for key in header])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def whole(**changes) -> bytes:
    tables = {"organisations": ORGANISATIONS, "applications": [APPLICATION], "team": TEAM, "reviewers": REVIEWERS}
    return book(**(tables | changes))


def tried(office, content, work=taking.take_over, at=AFTER, name="call.xlsx"):
    return uploads.looked_at(office, at, "25-1", Upload(name, content), work)


def counts():
    return [model.objects.count() for model in (Organisation, User, Application, Version, Reviewer)] + [journal.head()]


def test_a_preview_writes_nothing_and_taking_over_writes_all_once():
    office = manager()
    opened(office)
    before = counts()
    seen = tried(office, whole(), taking.preview)
    assert (seen.is_right, seen.new) == (True, {"organisations": 1, "applications": 1, "reviewers": 2})
    assert counts() == before
    assert tried(office, whole()).is_right
    view = reading.application("OLD-0001", office)
    assert (view.state, view.organisation.code, view.organisation.state) == ("submitted", "hanbit", "verified")
    assert [m.name for m in view.content.team] == ["김바다", "박구름"]
    assert view.content.answers == {"releases-model": False}
    assert view.receipt.submitted_at.isoformat() == "2026-01-20T06:30:00+00:00"
    lead = people.actor_by_email("lead@hanbit.example.org")
    assert reading.application("OLD-0001", lead).content.min_nodes == 2  # the lead sees it
    after = counts()
    again = tried(office, whole())
    assert (again.is_right, again.new) == (True, {"organisations": 0, "applications": 0, "reviewers": 0})
    assert again.unchanged == {"organisations": 1, "applications": 1, "reviewers": 2}
    assert counts() == after
    assert journal.verify() is None


@pytest.mark.parametrize(
    ("tables", "cells"),
    [
        ({"applications": [APPLICATION | {"months": "여섯"}]}, ["applications!P2"]),
        ({"applications": [APPLICATION | {"summary": ""}]}, ["applications!G2"]),
        ({"applications": [APPLICATION | {"organisation": "none"}]}, ["applications!B2"]),
        ({"applications": [APPLICATION | {"gpu_models": "h200:500"}]}, ["applications!M2"]),
        ({"applications": [APPLICATION | {"answer:releases-model": "yes"}]}, ["applications"]),  # a column is needed
        ({"applications": [APPLICATION | {"submitted_at": "2026-02-20 15:30"}]}, ["applications!S2"]),
        ({"applications": [APPLICATION | {"lead_email": "no address"}]}, ["applications!C2"]),
        ({"applications": [APPLICATION, APPLICATION]}, ["applications!A2", "applications!A3"]),
        ({"applications": [APPLICATION | {"colour": "red"}]}, ["applications!V1"]),
        ({"organisations": [ORGANISATIONS[0] | {"region": "atlantis"}]}, ["applications!B2", "organisations!E2"]),
        ({"team": [TEAM[0] | {"application": "OLD-0009"}]}, ["team!A2"]),
        ({"team": [TEAM[0] | {"role": "king"}]}, ["team!D2"]),
        ({"reviewers": [REVIEWERS[0] | {"keywords": ""}]}, ["reviewers!D2"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_cell_and_nothing_is_written(tables, cells):
    office = manager()
    opened(office)
    before = counts()
    outcome = tried(office, whole(**tables))
    assert sorted(one.where.split(":")[0] for one in outcome.mistakes) == cells
    assert all(one.what.ko and one.what.en and one.remedy.ko and one.remedy.en for one in outcome.mistakes)
    assert counts() == before


def test_another_content_under_a_number_that_is_there_is_refused():
    office = manager()
    opened(office)
    assert tried(office, whole()).is_right
    before = counts()
    outcome = tried(office, whole(applications=[APPLICATION | {"months": 7}, APPLICATION | {"number": "OLD-0002"}]))
    assert [one.where for one in outcome.mistakes] == ["applications!A2"]
    outcome = tried(office, whole(organisations=[ORGANISATIONS[0] | {"name": "다른 대학교"}]))
    assert [one.where for one in outcome.mistakes] == ["organisations!B2"]
    assert counts() == before


def test_only_tables_are_read_and_only_by_the_programme():
    office = manager()
    opened(office)
    for content in (b"\xff\xfe\x00binary", b"PK\x03\x04broken", book(else_where=[{"a": 1}])):
        with pytest.raises(InvalidInput) as refused:
            tried(office, content)
        assert refused.value.mistakes[0].where == "file"
    for actor in (member_of("dalbit"), person("reader", "reviewer"), person("auditor", "auditor")):
        with pytest.raises(NotPermitted):
            tried(actor, whole())


def test_csv_alone_and_zipped_read_as_the_workbook_does():
    office = manager()
    opened(office)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ORGANISATIONS[0]))
    writer.writeheader()
    writer.writerows(ORGANISATIONS)
    text = out.getvalue().encode("utf-8-sig")
    assert tried(office, text, taking.preview, name="organisations.csv").new == {"organisations": 1}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("csv/organisations.csv", text)
    assert tried(office, packed.getvalue(), taking.preview, name="all.zip").new == {"organisations": 1}


def test_scores_wait_for_the_review_and_then_come_in_once():
    office = manager()
    opened(office)
    criteria = list(call_queries.call("25-1", office).rubric.criteria)
    scores = [
        {"application": "OLD-0001", "reviewer": row["email"], "to_applicant": "좋습니다."}
        | {f"points:{criterion.code}": criterion.weight - 1 for criterion in criteria}
        for row in REVIEWERS
    ]
    content = whole(scores=scores)
    early = tried(office, content)
    assert early.is_right and len(early.notes) == 1
    calls.close(actor=office, now=AFTER, code="25-1")
    applications.admit_all(actor=office, now=AFTER, call_code="25-1")
    calls.start_review(actor=office, now=AFTER, code="25-1")
    wrong = whole(scores=[scores[0] | {f"points:{criteria[0].code}": 1000}, scores[1] | {"reviewer": "x@example.net"}])
    before = counts()
    outcome = tried(office, book(scores=list(rows(wrong, "scores"))))
    assert [one.line for one in outcome.mistakes] == [2, 3]
    assert counts() == before
    assert tried(office, content).new == {"organisations": 0, "applications": 0, "reviewers": 0, "scores": 2}
    assert {seat.state for seat in reviews.progress("25-1", office).seats} == {"submitted"}
    assert tried(office, book(scores=scores)).unchanged == {"scores": 2}


def rows(content, sheet):
    lines = list(load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True))
    return (dict(zip(lines[0], line, strict=True)) for line in lines[1:])


def test_what_goes_out_comes_in_again():
    office = manager()
    opened(office)
    head = member_of("hanbit", "한빛대학교")
    number = submitted(head)
    content = giving.everything("25-1", office)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        workbook = archive.read("call.xlsx")
        assert archive.read(f"sealed/{number}-v1.json")
    assert {"call.json", "csv/applications.csv", "csv/awards.csv"} <= names
    again = tried(office, workbook, at=CLOSES - timedelta(seconds=1))
    assert (again.mistakes, again.unchanged) == (
        [],
        {"organisations": 1, "applications": 1, "reviewers": 0, "scores": 0},
    )
    with pytest.raises(NotPermitted):
        giving.everything("25-1", head)


def test_the_template_says_what_each_column_means():
    opened(manager())
    workbook = load_workbook(io.BytesIO(giving.template(call_queries.call("25-1", manager()))))
    assert set(workbook.sheetnames) == {*sheets.SHEETS, "columns"}
    assert "answer:releases-model" in [cell.value for cell in workbook["applications"][1]]


def test_the_pages_preview_confirm_and_keep_others_out(monkeypatch, tmp_path):
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: AFTER)
    monkeypatch.setattr(uploads, "_folder", lambda: tmp_path / "importing")
    office = manager()
    opened(office)
    client, address = browser(office), "/calls/25-1/import/"
    bad = client.post(address, {"file": SimpleUploadedFile("a.xlsx", whole(team=[TEAM[0] | {"role": "king"}]))})
    assert bad.status_code == 422
    assert "team!D2" in bad.content.decode()
    good = client.post(address, {"file": SimpleUploadedFile("a.xlsx", whole())})
    assert good.status_code == 200
    assert not Application.objects.exists()
    token = good.context["token"]
    assert browser(person("other", "programme_manager")).post(f"{address}confirm/", {"token": token}).status_code == 409
    assert client.post(f"{address}confirm/", {"token": token}).status_code == 302
    assert Application.objects.count() == 1
    for stranger in (member_of("dalbit"), person("reader", "reviewer"), person("auditor", "auditor")):
        for path in (address, f"{address}template.xlsx"):
            assert browser(stranger).get(path).status_code == 403
    assert client.get(f"{address}template.xlsx").status_code == 200
    assert client.get("/calls/25-1/export.zip").status_code == 200
    assert browser(member_of("byeolbit")).get("/calls/25-1/export.zip").status_code == 403
    with pytest.raises(Stale):
        uploads.kept(office, "25-2", token)


def test_a_call_that_closed_elsewhere_is_moved_here_whole():
    boss = manager()
    composed(boss)
    refused = tried(boss, whole()).mistakes
    assert any("preview" in one.remedy.en and "take it over" in one.remedy.en for one in refused), "what to do first"
    with pytest.raises(InvalidInput):
        calls.take_over(actor=boss, now=CLOSES - SECOND, code="25-1")
    with pytest.raises(NotPermitted):
        calls.take_over(actor=person("anyone"), now=AFTER, code="25-1")
    with pytest.raises(InvalidInput):
        calls.announce(actor=boss, now=AFTER, code="25-1")
    calls.take_over(actor=boss, now=AFTER, code="25-1")
    assert call_queries.call("25-1").state == "closed" and call_queries.events("25-1")[-1].kind == "closed"
    assert "There is nothing to review" in {task.title.en for task in office_tasks.tasks(boss, AFTER)}
    assert tried(boss, whole()).is_right and Application.objects.get().state == "submitted"
    assert applications.admit_all(actor=boss, now=AFTER, call_code="25-1") == ["OLD-0001"]
    assert "Start the review" in {task.title.en for task in office_tasks.tasks(boss, AFTER)}
    calls.start_review(actor=boss, now=AFTER, code="25-1")
    assert journal.verify() is None


def test_the_preview_of_a_draft_that_is_over_offers_to_move_it(monkeypatch):
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: AFTER)
    boss = manager()
    composed(boss)
    office = browser(boss)
    page = office.get("/calls/25-1/preview/").content.decode()
    assert "/calls/25-1/manage/step/take_over/" in page and "/manage/step/announce/" not in page
    assert "/calls/25-1/import/" in office.get("/calls/25-1/manage/").content.decode()
    assert office.post("/calls/25-1/manage/step/take_over/").status_code == 302
    assert call_queries.call("25-1").state == "closed"


def spoilt(part: str, content: str | bytes) -> bytes:
    """A workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(organisations=ORGANISATIONS))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    '<c r="{}" t="inlineStr"><is><t>{}</t></is></c></row></sheetData></worksheet>'
)
LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{}">{}]>'.format(
    "ha" * 100, "".join(f'<!ENTITY {b} "{f"&{a};" * 100}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
HOSTILE = {
    "no markup": ("xl/workbook.xml", "nonsense <"),
    "no relations": ("xl/_rels/workbook.xml.rels", "<a/>"),
    "no sheet": ("xl/worksheets/sheet1.xml", b"\x00\xff"),
    "a column that is none": ("xl/worksheets/sheet1.xml", SHEET.format("!!", "x")),
    "entities without end": ("xl/worksheets/sheet1.xml", LAUGHS + SHEET.format("A1", "&i;")),
    "a file of the server": ("xl/worksheets/sheet1.xml", OUTSIDE + SHEET.format("A1", "&f;")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_spoilt_or_hostile_workbook_is_refused_in_words(name):
    part, content = HOSTILE[name]
    with pytest.raises(InvalidInput) as refused:
        sheets.read(spoilt(part, content), "a.xlsx")
    assert refused.value.mistakes[0].where == "file"
    assert "root:" not in refused.value.internal


def test_a_zip_that_lies_or_hides_is_refused():
    whole = bytearray(book(organisations=ORGANISATIONS))
    encrypted, swollen = bytearray(whole), bytearray(whole)
    for entry in re.finditer(b"PK\x01\x02", whole):  # in the list at the end
        encrypted[entry.start() + 8] |= 1
        swollen[entry.start() + 24 : entry.start() + 28] = (2**31 - 1).to_bytes(4, "little")
    for content in (encrypted, swollen, whole[:-30], whole[: len(whole) // 2]):
        with pytest.raises(InvalidInput):
            sheets.read(bytes(content), "a.xlsx")
