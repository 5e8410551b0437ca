"""Every page a person reaches: no serious finding by axe, no sideways scrolling, one language."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page, Response

from tests.browser.conftest import AXE, WIDTHS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = ("visitor", "applicant", "reviewer", "programme manager", "provider", "finance", "auditor")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST_PAGES = 16
SKIPPED = re.compile(r"\.(json|ics|csv|xlsx|pdf|hwpx|xml)$|/logout/|format=|^/static/|/api/|/language|/files/")
HANGUL = re.compile(r"[가-힣]")


def _links(page: Page) -> list[str]:
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    paths = []
    for href in found:
        parts = urlsplit(href)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.hostname in ("127.0.0.1", "") and not SKIPPED.search(path) and path not in paths:
            paths.append(path)
    return paths


def _kinds(paths: list[str]) -> list[str]:
    """One path of each shape: /awards/25-1-0007/ and /awards/25-1-0008/ are the same page."""
    seen: dict[str, str] = {}
    for path in paths:
        seen.setdefault(re.sub(r"\?.*$", "?", re.sub(r"[^/]*\d[^/]*", "N", path)), path)
    return list(seen.values())


def _open(page: Page, path: str) -> Response | None:
    """The answer to `path`, or None where it is a file to download or a feed."""
    try:
        answer = page.goto(path)
    except Error as error:
        if "Download is starting" in error.message:
            return None
        raise
    assert answer is not None
    is_feed = answer.ok and not answer.headers.get("content-type", "").startswith("text/html")
    return None if is_feed else answer


def _serious(page: Page) -> list[str]:
    page.evaluate(AXE)
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_of(visit: Visit, person: str) -> None:
    language, wrong = ("en" if person in ("visitor", "auditor", "finance") else "ko"), []
    page = visit.page(person, language)
    page.goto("/home/" if person != "visitor" else "/")
    paths = _kinds(["/", *_links(page)])
    for path in list(paths):
        if _open(page, path) is not None:
            paths = _kinds(paths + _links(page))
    for index, path in enumerate(paths[:MOST_PAGES]):
        answer = _open(page, path)
        if answer is None:
            continue
        if answer.status >= 400:
            wrong.append(f"{path}: status {answer.status}")
            continue
        page.set_viewport_size({"width": WIDTHS[index % 2], "height": 900})
        wrong += [f"{path}: {one}" for one in _serious(page)]
        page.set_viewport_size({"width": 390, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 391:
            wrong.append(f"{path}: {wide} px wide at 390")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/", "/calls/", "/results/", "/accounts/login/", "/accounts/signup/"])
def test_public_pages_speak_english_when_asked(visit: Visit, path: str) -> None:
    page = visit.page("visitor", "en")
    page.goto(path)
    text = page.inner_text("body")
    korean = [line for line in text.splitlines() if HANGUL.search(line) and "한국어" not in line]
    assert korean == []


@pytest.mark.parametrize("path", ["/", "/calls/", "/results/", "/accounts/login/"])
def test_pages_work_without_javascript(visit: Visit, path: str) -> None:
    page = visit.page("visitor", javascript=False)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert page.locator("h1").count() == 1
