"""Page, feed, calendar file, PDF and HWPX say the same: the two-deadlines mistake of the real programme.

Its call 26-1 ended at 18:00 on one site and at 12:00 on another, the rolling call four months apart.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from dure.core.text import Text
from dure.portal.calls import operations, queries
from dure.portal.calls.hwpx import NAMESPACES
from tests.portal.competition import CLOSES, DURING, OPENS, browser, composed, manager, opened, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
SEOUL = ZoneInfo("Asia/Seoul")
FORMS = ("page", "notice", "json", "api", "feed", "ics", "pdf", "hwpx")
KOREAN = re.compile(r"(\d{4})\. (\d+)\. (\d+)\.\(.\) (\d\d):(\d\d)")
ENGLISH = re.compile(r"(\d+) ([A-Z][a-z]{2}) (\d{4}), (\d\d):(\d\d)")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def read(form, code, language):
    """What one form of the call says of its deadline, as instants: every one it names."""
    reader = browser(language=language)
    if form in ("page", "notice"):
        path = f"/calls/{code}/" if form == "page" else f"/calls/{code}/notice/"
        text = reader.get(path).content.decode()
        label = {"ko": "접수 마감", "en": "Deadline"}[language]
        row = re.search(rf"<dt[^>]*>\s*{label}\s*</dt>.*?datetime=\"([^\"]+)\"", text, re.DOTALL)
        return [datetime.fromisoformat(row.group(1))]
    if form in ("json", "api"):
        path = f"/calls/{code}.json" if form == "json" else f"/api/calls/{code}"
        return [datetime.fromisoformat(json.loads(reader.get(path).content)["closes_at"])]
    if form == "feed":
        items = json.loads(reader.get("/calls/feed.json").content)["items"]
        return [datetime.fromisoformat(one["_call"]["closes_at"]) for one in items if one["url"].endswith(f"/{code}/")]
    if form == "ics":
        text = reader.get(f"/calls/{code}.ics").content.decode().replace("\r\n ", "")
        event = next(one for one in text.split("BEGIN:VEVENT") if "-closes_at@" in one)
        return [datetime.strptime(re.search(r"DTSTART:(\S+)Z", event).group(1) + "+0000", "%Y%m%dT%H%M%S%z")]
    return [deadline_in(text_of(reader.get(f"/calls/{code}.{form}").content, form), language)]


def text_of(content, form):
    """The text of a PDF or HWPX file, in reading order."""
    if form == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        section = ElementTree.fromstring(archive.read("Contents/section0.xml"))
    return "\n".join("".join(node.itertext()) for node in section.iter(f"{{{NAMESPACES['hp']}}}t"))


def deadline_in(text, language):
    label = {"ko": "접수 마감", "en": "Deadline"}[language]
    rest = re.sub(r"\s+", " ", text[text.index(label) :])
    if language == "ko":
        return datetime(*map(int, KOREAN.search(rest).groups()), tzinfo=SEOUL)
    day, month, year, hour, minute = ENGLISH.search(rest).groups()
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=SEOUL)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_form_says_the_same_deadline_before_and_after_an_extension(language):
    boss = manager()
    code = opened(boss)
    assert {form: set(read(form, code, language)) for form in FORMS} == {form: {CLOSES} for form in FORMS}
    later = CLOSES + timedelta(days=2, hours=3)
    operations.extend(actor=boss, now=DURING, code=code, closes_at=later, reason=Text("연장", "Extended"))
    assert {form: set(read(form, code, language)) for form in FORMS} == {form: {later} for form in FORMS}


@pytest.mark.parametrize("form", ["pdf", "hwpx"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_number_of_the_record_is_in_the_notice(form, language):
    boss = manager()
    code = opened(boss, summary=Text("뷁 같은 드문 글자와 <기호> & 따옴표", "Rare <signs> & quotes"))
    question = operations.ask(actor=person("asker"), now=DURING, code=code, text="몇 대까지입니까?")
    operations.answer(actor=boss, now=DURING, code=code, question_id=question, text="서른두 대입니다.")
    record = json.loads(browser(language=language).get(f"/calls/{code}.json").content)
    text = re.sub(r"\s+", "", text_of(browser(language=language).get(f"/calls/{code}.{form}").content, form))
    wanted = [record["title"][language], record["summary"][language], "서른두 대입니다."]
    wanted += [f"{one['nodes']:,}" for one in record["offer"]] + [f"{one['gpus']:,}" for one in record["offer"]]
    wanted += [str(one[part]) for one in record["limits"] for part in ("min_nodes", "max_nodes")]
    wanted += [f"{one[part]:,}" for one in record["prices_per_node_month"] for part in ("self_pay", "subsidy")]
    wanted += [one["name"][language] for one in record["rubric"]["criteria"]]
    wanted += [str(record["rubric"]["pass_mark"]), *(one["label"][language] for one in record["questions"])]
    missing = [one for one in wanted if re.sub(r"\s+", "", one) not in text]
    assert not missing


def test_the_record_holds_what_a_person_needs_to_decide():
    code = opened(manager())
    record = json.loads(browser().get(f"/calls/{code}.json").content)
    assert record["track_rules"]["decision"] == "panel" and record["track_rules"]["reviewers"] == 5
    assert record["track_rules"]["months"] == {"min": 3, "max": 12}
    assert {one["gpu_model"] for one in record["limits"]} == {"NVIDIA H200", "NVIDIA B200"}
    assert sum(one["gpus"] for one in record["offer"]) == (255 + 32 + 255) * 8
    industry = [one for one in record["prices_per_node_month"] if one["applicant_class"]["en"] == "Industry"]
    assert {one["self_pay"] for one in industry} == {3_200_000, 1_600_000, 6_400_000}
    assert sum(one["weight"] for one in record["rubric"]["criteria"]) == 100
    assert [one["kind"] for one in record["events"]] == ["announced", "opened"]


def test_the_same_record_gives_the_same_bytes():
    code = opened(manager())
    for form in ("pdf", "hwpx"):
        assert browser().get(f"/calls/{code}.{form}").content == browser().get(f"/calls/{code}.{form}").content


def test_a_cancelled_call_says_so_in_every_form():
    boss = manager()
    code = opened(boss)
    operations.cancel(actor=boss, now=DURING, code=code, reason=Text("예산이 바뀌었습니다.", "The budget changed."))
    reader = browser()
    for path in (f"/calls/{code}/", f"/calls/{code}.json", f"/calls/{code}/notice/", "/calls/feed.atom"):
        assert "예산이 바뀌었습니다." in reader.get(path).content.decode(), path
    assert "STATUS:CANCELLED" in reader.get(f"/calls/{code}.ics").content.decode()
    for form in ("pdf", "hwpx"):
        assert "예산이바뀌었습니다." in re.sub(r"\s", "", text_of(reader.get(f"/calls/{code}.{form}").content, form))


def test_a_draft_is_in_no_form_for_the_public():
    code = composed(manager())
    for path in (".json", ".ics", ".pdf", ".hwpx", "/notice/", "/", "/preview/"):
        assert browser().get(f"/calls/{code}{path}").status_code in (302, 404), path
    assert code not in browser().get("/calls/feed.atom").content.decode()
    assert browser(manager()).get(f"/calls/{code}.pdf").status_code == 200


def test_the_hwpx_file_is_a_package_as_owpml_asks():
    content = browser().get(f"/calls/{opened(manager())}.hwpx").content
    assert content[30:38] == b"mimetype" and content[38:57] == b"application/hwp+zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None and archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        names = set(archive.namelist())
        parts = {name: ElementTree.fromstring(archive.read(name)) for name in names if name.endswith((".xml", ".hpf"))}
    assert {"version.xml", "settings.xml", "META-INF/container.xml", "META-INF/manifest.xml"} <= names
    root = parts["META-INF/container.xml"].find(".//ocf:rootfile", NAMESPACES)
    assert root.get("full-path") in names and root.get("media-type") == "application/hwpml-package+xml"
    items = {
        one.get("id"): one.get("href") for one in parts["Contents/content.hpf"].iter(f"{{{NAMESPACES['opf']}}}item")
    }
    assert set(items.values()) <= names
    spine = [one.get("idref") for one in parts["Contents/content.hpf"].iter(f"{{{NAMESPACES['opf']}}}itemref")]
    assert spine == ["header", "section0"] and set(spine) <= set(items)
    references(parts["Contents/header.xml"], parts["Contents/section0.xml"])


def references(header, section):
    """Every id that the section or the header points to is defined, and tables are rectangular."""

    def ids(tag):
        return {one.get("id") for one in header.iter(f"{{{NAMESPACES['hh']}}}{tag}")}

    kinds = {"charPrIDRef": "charPr", "paraPrIDRef": "paraPr", "styleIDRef": "style", "borderFillIDRef": "borderFill"}
    for attribute, tag in (kinds | {"tabPrIDRef": "tabPr"}).items():
        used = {one.get(attribute) for part in (header, section) for one in part.iter() if one.get(attribute)}
        assert used and used <= ids(tag), attribute
    for counted in header.iter():
        if (wanted := counted.get("itemCnt") or counted.get("fontCnt")) is not None:
            assert len(counted) == int(wanted), counted.tag
    numbers = [one.get("id") for one in section.iter(f"{{{NAMESPACES['hp']}}}p")]
    assert len(numbers) == len(set(numbers))
    for table in section.iter(f"{{{NAMESPACES['hp']}}}tbl"):
        rows = table.findall("hp:tr", NAMESPACES)
        assert len(rows) == int(table.get("rowCnt"))
        for line, row in enumerate(rows):
            cells = row.findall("hp:tc", NAMESPACES)
            assert len(cells) == int(table.get("colCnt"))
            assert [int(one.find("hp:cellAddr", NAMESPACES).get("rowAddr")) for one in cells] == [line] * len(cells)


def test_the_feeds_tell_what_happened_newest_first():
    boss = manager()
    code = opened(boss)
    operations.notify(actor=boss, now=DURING, code=code, text=Text("설명회 <1월 5일>", "Briefing on <5 January>"))
    answer = browser(language="en").get("/calls/feed.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    titles = [one.text for one in feed.findall("a:entry/a:title", space)]
    assert titles[0] == "[Notice] First call of 2025" and titles[-1].startswith("[Announced]")
    assert len({one.text for one in feed.findall("a:entry/a:id", space)}) == len(titles) == 3
    assert "<5 January>" in feed.find("a:entry/a:summary", space).text
    feed = json.loads(browser().get("/calls/feed.json").content)
    stamps = [one["date_published"] for one in feed["items"]]
    assert all(later >= earlier for later, earlier in pairwise(stamps))
    assert queries.call(code).opens_at == OPENS == datetime.fromisoformat(feed["items"][0]["_call"]["opens_at"])
    assert OPENS.tzinfo is UTC
