"""The style guide in a real browser: readable by assistive technology, inside its page, without a policy violation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser

from dure.portal.site import styleguide

pytestmark = [pytest.mark.browser, pytest.mark.urls("dure.portal.site.urls")]

AXE = Path(__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Quiet(WSGIRequestHandler):
    """Says nothing about each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Not a word."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    application = StaticFilesHandler(get_wsgi_application())
    server = make_server("127.0.0.1", 0, application, server_class=ThreadedWSGIServer, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("shape", ["", *styleguide._PAGES])
@pytest.mark.parametrize(("width", "language", "mode"), [(1280, "ko", "light"), (390, "en", "dark")])
def test_every_shape_reads_well(
    browser: Browser, origin: str, shape: str, width: int, language: str, mode: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies(
        [
            {"name": name, "value": value, "url": origin}
            for name, value in (("dure_language", language), ("dure_mode", mode))
        ]
    )
    # The checker runs in the page's own world before its scripts, so the policy stays as visitors have it.
    context.add_init_script(path=AXE)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{origin}/design/{shape + '/' if shape else ''}{'?wrong=1' if shape == 'form' else ''}")
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    serious = [
        (violation["id"], violation["nodes"][0]["html"][:200])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert len(found["passes"]) > 15, "the checker ran on nothing"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    context.close()


def test_the_refused_form_leads_to_its_first_mistake(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    page.goto(f"{origin}/design/form/?wrong=1")
    assert page.evaluate("document.activeElement.className") == "errors"
    page.click(".errors a >> nth=1")
    assert page.evaluate("document.activeElement.id || location.hash.slice(1)") == "id_track_0"
    page.close()


def test_language_and_mode_switch_without_javascript(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/design/list/?q=gpu")
    page.click("details.menu summary")
    page.click("button[value=en]")
    page.click("details.menu summary")
    page.click("button[value=high-contrast]")
    assert page.url.endswith("/design/list/?q=gpu")
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("html", "data-krds-mode") == "high-contrast"
    context.close()
