"""Using a page with the keyboard alone, and what a checker finds on it."""

from __future__ import annotations

from datetime import datetime

from playwright.sync_api import Page

from tests.browser.conftest import AXE
from tests.browser.scene import PASSWORD

MOST_TABS = 250
MOST_OPTIONS = 40


def sign_in(page: Page, email: str) -> None:
    """Sign in with the scene's password."""
    page.goto("/accounts/login/")
    type_into(page, "#id_login", email)
    type_into(page, "#id_password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


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


def type_instant(page: Page, selector: str, at: datetime) -> None:
    """Go to a field for date and time and type its parts, as a browser set to American English takes them."""
    tab_to(page, selector)
    page.keyboard.type(f"{at:%m%d%Y}")
    page.keyboard.press("ArrowRight")
    page.keyboard.type(f"{at:%I%M%p}")
    assert page.input_value(selector) == f"{at:%Y-%m-%dT%H:%M}"


def type_month(page: Page, selector: str, at: datetime) -> None:
    """Go to a field for a month and type its parts."""
    tab_to(page, selector)
    page.keyboard.type(f"{at:%b}")
    page.keyboard.press("ArrowRight")
    page.keyboard.type(f"{at:%Y}")
    assert page.input_value(selector) == f"{at:%Y-%m}"


def choose(page: Page, selector: str, value: str) -> None:
    """Go to a list and step down to the option with this value."""
    tab_to(page, selector)
    for _ in range(MOST_OPTIONS):
        if page.input_value(selector) == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{selector} has no {value}")


def serious(page: Page) -> list[str]:
    """What axe finds on the page that is serious."""
    page.evaluate(AXE)
    result = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    return [
        f"{page.url}: {v['id']} {v['nodes'][0]['html'][:150]}"
        for v in result["violations"]
        if v["impact"] in ("serious", "critical")
    ]
