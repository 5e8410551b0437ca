"""A programme manager's whole call with the keyboard alone, in both languages: from composing it to the offers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Stage
from tests.browser.keyboard import choose, follow, serious, sign_in, type_instant, type_into, type_month

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SEOUL, DAY, MONTH = timedelta(hours=9), timedelta(days=1), timedelta(days=31)


class Desk:
    """The manager's desk for one call; notes what the checker finds on every page it leads to."""

    def __init__(self, page: Page, code: str) -> None:
        self.page, self.code, self.wrong = page, code, list[str]()

    def go(self, path: str) -> None:
        """Open an address, as from a bookmark."""
        self.page.goto(path)
        self.wrong += serious(self.page)

    def press(self, selector: str) -> None:
        """Follow a link or press a button."""
        follow(self.page, selector)
        self.wrong += serious(self.page)

    def step(self, event: str) -> None:
        """The call's next step, from the desk."""
        self.go(f"/calls/{self.code}/manage/")
        self.press(f"form[action$='/step/{event}/'] button")


def _compose(desk: Desk, now: datetime) -> tuple[datetime, datetime]:
    """Write, look at and announce a call; when it opens and closes."""
    page, local = desk.page, (now + SEOUL).replace(hour=9, minute=0)
    opens, closes, decided = local + DAY, local + 11 * DAY, local + 50 * DAY
    desk.go("/calls/new/")
    type_into(page, "[name='code']", desk.code)
    choose(page, "[name='track']", "regular")
    for name, text in (("title.ko", "자판으로 여는 공모"), ("title.en", "A call by keyboard")):
        type_into(page, f"[name='{name}']", text)
    for name, at in (("opens_at", opens), ("closes_at", closes), ("decide_by", decided)):
        type_instant(page, f"[name='{name}']", at)
    type_month(page, "[name='use_from']", decided + MONTH)
    type_month(page, "[name='use_until']", decided + 9 * MONTH)
    type_into(page, "[name='offered.naver-h200-a']", "24")
    desk.press("main form button.primary")
    assert page.url.endswith(f"/calls/{desk.code}/preview/"), page.inner_text("main")
    desk.press("form[action$='/step/announce/'] button")
    return opens - SEOUL, closes - SEOUL


def _publish(desk: Desk) -> None:
    """A notice in both languages."""
    page = desk.page
    page.goto(f"/calls/{desk.code}/manage/")
    type_into(page, "details.card summary", "")
    page.keyboard.press("Enter")
    type_into(page, "#notify-ko", "온라인 설명회를 엽니다.")
    type_into(page, "#notify-en", "There will be a briefing online.")
    desk.press("form[action$='/publish/notify/'] button")
    assert "온라인 설명회" in page.inner_text("main") or "briefing online" in page.inner_text("main")


def _review(desk: Desk, stage: Stage) -> None:
    """Find the applications eligible, have them reviewed, look at the scores."""
    page = desk.page
    desk.go(f"/applications/?call={desk.code}")
    desk.press("button[name='all']")
    desk.step("start_review")
    desk.go(f"/reviews/panel/{desk.code}/")
    desk.press(f"a[href='/reviews/panel/{desk.code}/assign/']")
    desk.press("button[value='worst']")
    stage.have("review", call=desk.code)
    page.reload()
    desk.press(f"a[href='/reviews/panel/{desk.code}/scores/']")
    assert "80" in page.inner_text("main")
    desk.step("start_deciding")


def _decide(desk: Desk, stage: Stage) -> None:
    """Make a plan, accept it with the reason, send the offers."""
    page = desk.page
    desk.go(f"/plans/new/?call={desk.code}")
    desk.press("button[value='submit']")
    shown = page.url
    stage.have("solve")
    desk.go(shown)
    desk.press("a[href$='/accept/']")
    type_into(page, "[name='reason']", "가장 많은 과제가 쓰는 배분안입니다.")
    desk.press("main form button.primary")
    stage.have("solve")  # the seal
    desk.go(shown)
    desk.press("a[href^='/awards/offer/']")
    desk.press("main form button.primary")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_manager_runs_a_whole_call_without_a_mouse(browser: Browser, stage: Stage, language: str) -> None:
    context = stage.context(browser, language, 1280)
    page = context.new_page()
    desk = Desk(page, f"keys-{language}")
    sign_in(page, "manager@example.org")
    desk.go("/home/")
    opens, closes = _compose(desk, stage.now)
    _publish(desk)
    stage.advance(opens + DAY)
    stage.have("apply", call=desk.code)
    desk.go("/home/")
    desk.press(f"main a[href='/calls/{desk.code}/manage/']")
    type_into(page, "textarea[name='text']", "네, 대표 기관 한 곳의 이름으로 신청하십시오.")
    desk.press("form[action*='/answer/'] button")
    stage.advance(closes + DAY)
    _review(desk, stage)
    _decide(desk, stage)
    assert "/awards/offer/" in page.url and page.locator("main form button.primary").count() == 0, "all are offered"
    assert "4" in page.inner_text("main dl.stats"), "to the four who applied"
    context.close()
    assert desk.wrong == []
