"""A reviewer's evening with the keyboard alone, in both languages: from signing in to the discussion."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import AXE, free_port
from tests.browser.review_scene import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
MOST_TABS = 150
STARTED_WITHIN_SECONDS = 120
POINTS = {"impact": "25", "ecosystem": "20", "capability": "15", "feasibility": "20"}
SAVED = {"ko": "저장되었습니다", "en": "Saved"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A portal with a call under review, on a free port."""
    with tempfile.TemporaryDirectory(prefix="dure-walk-") as home:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DURE_", "DJANGO_"))}
        environment |= {"DURE_HOME": home}
        scene = [sys.executable, "-m", "tests.browser.review_scene"]
        subprocess.run(scene, env=environment, cwd=ROOT, check=True, timeout=200)
        port = free_port()
        command = [sys.executable, "-m", "dure.cli", "portal", "serve", "--port", str(port), "--workers", "1"]
        server = subprocess.Popen(command, env=environment)
        try:
            url, until = f"http://127.0.0.1:{port}", time.monotonic() + STARTED_WITHIN_SECONDS
            while not _answers(url):
                assert server.poll() is None and time.monotonic() < until, "the portal did not start"
                time.sleep(0.3)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on `selector`; it must be seen there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            seen = page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return document.activeElement.matches(':focus-visible')"
                " && (s.outlineStyle !== 'none' || s.boxShadow !== 'none'); }"
            )
            assert seen, f"the focus on {selector} cannot be seen"
            return
    raise AssertionError(f"{selector} is not reached by the keyboard on {page.url}")


def follow(page: Page, selector: str) -> None:
    """Go to a link or button with the keyboard and press Enter."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")  # a page that leads on to another is not read in between


def type_into(page: Page, selector: str, text: str) -> None:
    """Go to a field with the keyboard and type."""
    tab_to(page, selector)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def serious(page: Page) -> list[str]:
    """What axe finds on the page that is serious."""
    page.evaluate(AXE)
    result = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    return [
        f"{page.url}: {v['id']} {v['nodes'][0]['html'][:150]}"
        for v in result["violations"]
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_reviewer_needs_no_mouse(browser: Browser, address: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, base_url=address)
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "dure_language", "value": language, "url": address}])
    page, wrong = context.new_page(), []
    page.goto("/accounts/login/")
    type_into(page, "#id_login", f"walker-{language}@example.org")
    type_into(page, "#id_password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/home/")
    wrong += serious(page)
    follow(page, "main a[href='/reviews/mine/']")
    assert "언어 모델" not in page.inner_text("main") and "language model" not in page.inner_text("main")
    wrong += serious(page)
    follow(page, "a[href='/reviews/calls/25-1/declare/']")
    wrong += serious(page)
    tab_to(page, "#id_truth")
    page.keyboard.press("Space")
    follow(page, "main button.primary")
    assert page.url.endswith("/reviews/mine/")
    follow(page, "ul.tasks a")
    wrong += serious(page)
    for code, points in POINTS.items():
        type_into(page, f"[name='points.{code}']", points)
    type_into(page, "[name='to_applicant']", "방법이 분명합니다.")
    page.keyboard.press("Tab")
    page.wait_for_function("() => document.querySelector('#saved').innerText.includes('80')")
    assert SAVED[language] in page.inner_text("#saved")
    follow(page, "button[value='submit']")
    assert page.url.endswith("/reviews/mine/"), page.inner_text("main")
    follow(page, "table a[href^='/reviews/']")
    follow(page, "a[href^='/reviews/discussions/']")
    wrong += serious(page)
    type_into(page, "#id_text", "규모를 줄여도 될 듯합니다.")
    follow(page, "#talk button.primary")
    assert "규모를 줄여도 될 듯합니다." in page.inner_text("#talk")
    page.goto("/reviews/calls/25-1/bids/")
    wrong += serious(page)
    context.close()
    assert wrong == []
