"""An applicant's evening with the keyboard alone, in both languages: from signing in to the receipt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import Stage
from tests.browser.keyboard import follow, serious, tab_to, type_into
from tests.browser.scene import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BEFORE = 3  # screens of docs/usability-script.md that come before: sign up, confirm the address, the organisation
MOST_SCREENS = 12
TEXTS = {
    "ko": {"title": "한국어 모델", "text": "공개 모델을 처음부터 학습합니다.", "receipt": "신청을 접수하였습니다"},
    "en": {"title": "A Korean model", "text": "We train an open model.", "receipt": "Your application is in"},
}


class Walk:
    """Sends forms with the keyboard, counts the screens and notes what axe finds on them."""

    def __init__(self, page: Page) -> None:
        self.page, self.screens, self.wrong = page, list[str](), list[str]()

    def send(self, selector: str = "main form button.primary[value='next'], main form button.primary") -> None:
        """Send the form of this screen; the same screen sent twice is one screen."""
        self.wrong += serious(self.page)
        path = self.page.url.split("?")[0]
        if path not in self.screens:
            self.screens.append(path)
        follow(self.page, selector)

    def choose(self, selector: str, steps: int = 1) -> None:
        """Go to a list and take the option so many further down."""
        tab_to(self.page, selector)
        for _ in range(steps):
            self.page.keyboard.press("ArrowDown")

    def tick(self, selector: str) -> None:
        """Go to a box or a choice and take it."""
        tab_to(self.page, selector)
        self.page.keyboard.press("Space")


def _project(walk: Walk, words: dict[str, str]) -> None:
    type_into(walk.page, "[name='title.ko']", words["title"])
    type_into(walk.page, "[name='summary']", words["text"])
    walk.choose("[name='field']")
    type_into(walk.page, "[name='keywords']", words["title"])
    for section in ("goal", "method", "sizing"):
        type_into(walk.page, f"[name='plan.{section}']", words["text"])
    walk.send()


def _compute(walk: Walk) -> None:
    walk.choose("[name='models.h200']")
    type_into(walk.page, "[name='requested_nodes']", "8")
    type_into(walk.page, "[name='months']", "6")
    walk.choose("[name='earliest_start']")
    walk.choose("[name='latest_start']", 3)
    walk.page.keyboard.press("Tab")
    walk.page.wait_for_selector("#estimate dl, #estimate table")  # the price stands there before anything is sent
    walk.send()


def _consent(walk: Walk) -> None:
    """Agree to everything, and send the form while what was ticked is still being saved: that is no conflict."""
    page, held = walk.page, list[Route]()

    def hold(route: Route) -> None:
        if "hx-request" in route.request.headers:
            held.append(route)
        else:
            route.continue_()

    page.route("**/edit/consent/", hold)
    for name in ("privacy", "duties", "truth"):
        walk.tick(f"[name='consents.{name}']")
    while not held:
        page.wait_for_timeout(100)
    walk.screens.append(page.url)
    tab_to(page, "main form button.primary[value='next']")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    page.wait_for_url("**/submit/")
    page.unroute("**/edit/consent/")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_applicant_needs_no_mouse_and_few_screens(browser: Browser, stage: Stage, language: str) -> None:
    context = stage.context(browser, language, 1280)
    page, words = context.new_page(), TEXTS[language]
    walk = Walk(page)
    page.goto("/accounts/login/")
    type_into(page, "#id_login", f"head-walker-{language}@example.org")
    type_into(page, "#id_password", PASSWORD)
    walk.send()
    page.goto("/calls/walk-1/")
    follow(page, "main a[href='/applications/new/?call=walk-1']")
    walk.send()
    follow(page, "ul.tasks a[href$='/edit/project/']")
    _project(walk, words)
    _compute(walk)
    walk.send()  # the team: whoever applies is in it already
    walk.tick("[name='answers.releases-model']")
    walk.send()
    walk.tick("[name='answers.licence']")  # it appeared because of the first answer
    walk.send()
    _consent(walk)
    walk.send()
    assert words["receipt"] in page.inner_text("main")
    walk.wrong += serious(page)
    assert BEFORE + len(walk.screens) <= MOST_SCREENS, walk.screens
    assert not walk.wrong
    context.close()
