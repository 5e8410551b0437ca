"""A reviewer's evening with the keyboard alone, in both languages: from signing in to the discussion."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Stage
from tests.browser.keyboard import follow, serious, sign_in, tab_to, type_into

pytestmark = [pytest.mark.browser, pytest.mark.slow]
POINTS = {"impact": "25", "ecosystem": "20", "capability": "15", "feasibility": "20"}
SAVED = {"ko": "저장되었습니다", "en": "Saved"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_reviewer_needs_no_mouse(browser: Browser, stage: Stage, language: str) -> None:
    context = stage.context(browser, language, 1024, 768)
    page, wrong = context.new_page(), []
    sign_in(page, f"walker-{language}@example.org")
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
