"""Chromium against a portal that has just played the small campus scenario, and against the stage of the walks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dure.simulate.stage import ACCOUNTS, PASSWORD
from tests.browser.scene import BEGINS

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLAYED_WITHIN_SECONDS = 240
STARTED_WITHIN_SECONDS = 180
ROOT = Path(__file__).parents[2]
AXE = (Path(__file__).parent / "axe.min.js").read_text()
WIDTHS = (1280, 390)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Portal:
    """A portal that is open at `url`, with its state folder."""

    url: str
    home: Path


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    home, port = Path(tempfile.mkdtemp(prefix="dure-browser-")), free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DURE_", "DJANGO_"))}
    environment |= {"DURE_HOME": str(home)}
    log = home / "demo.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "dure.cli", "demo", "--scenario", "campus", "--port", str(port)]
        demo = subprocess.Popen(command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PLAYED_WITHIN_SECONDS
        while "The portal is open" not in log.read_text():
            assert demo.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.3)
        yield Portal(f"http://127.0.0.1:{port}", home)
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(30)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def cookies(portal: Portal) -> dict[str, str]:
    """Signed-in sessions by person; "visitor" has none."""
    found = {"visitor": ""}
    for account in ACCOUNTS:
        with httpx.Client(base_url=portal.url, follow_redirects=False) as client:
            client.get("/accounts/login/")
            token = client.cookies["csrftoken"]
            answer = client.post(
                "/accounts/login/",
                data={"login": account.email, "password": PASSWORD, "csrfmiddlewaretoken": token},
                headers={"Referer": portal.url},
            )
            assert answer.status_code == 302, answer.text[:500]
            found[account.person] = client.cookies["sessionid"]
    return found


@dataclass
class Stage:
    """The portal of the walks at `url`, on virtual time, and the hands of everybody else (see `scene`)."""

    url: str
    hands: subprocess.Popen[str]
    now: datetime = BEGINS

    def have(self, do: str, **what: str) -> None:
        """Have something done that the walker does not do."""
        assert self.hands.stdin is not None
        self.hands.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self.hands.stdin.flush()
        self.heard("done")

    def advance(self, to: datetime) -> None:
        """Let time pass."""
        self.now = to
        self.have("advance", to=to.isoformat())

    def heard(self, word: str) -> None:
        """Wait for the hands to say so."""
        assert self.hands.stdout is not None
        said = self.hands.stdout.readline().strip()
        assert said == word, said

    def context(self, browser: Browser, language: str, width: int, height: int = 900) -> BrowserContext:
        """A browser of its own that reads in `language`."""
        found = browser.new_context(viewport={"width": width, "height": height}, base_url=self.url, locale="en-US")
        found.set_default_timeout(60_000)
        found.add_cookies([{"name": "dure_language", "value": language, "url": self.url}])
        return found


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """One portal for all walks of this process; each walk has calls of its own."""
    with tempfile.TemporaryDirectory(prefix="dure-walk-") as home:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DURE_", "DJANGO_"))}
        environment |= {"DURE_HOME": home, "DURE_CLOCK": "virtual"}
        scene = [sys.executable, "-m", "tests.browser.scene"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        hands = subprocess.Popen(scene, env=environment, cwd=ROOT, **pipes)  # type: ignore[call-overload]
        found = Stage(f"http://127.0.0.1:{free_port()}", hands)
        found.heard("ready")
        port = found.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "dure.cli", "portal", "serve", "--port", port, "--workers", "1"]
        server = subprocess.Popen(command, env=environment)
        try:
            until = time.monotonic() + STARTED_WITHIN_SECONDS
            while not _answers(found.url):
                assert server.poll() is None and time.monotonic() < until, "the portal did not start"
                time.sleep(0.2)
            yield found
        finally:
            server.terminate()
            server.wait(30)
            assert hands.stdin is not None
            hands.stdin.close()
            hands.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


class Visit:
    """Opens pages as a person, in a language, at a width."""

    def __init__(self, browser: Browser, portal: Portal, cookies: dict[str, str]) -> None:
        self._browser, self._portal, self._cookies = browser, portal, cookies
        self._contexts: list[BrowserContext] = []

    def page(self, person: str, language: str = "ko", width: int = 1280, javascript: bool = True) -> Page:
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript, base_url=self._portal.url
        )
        context.set_default_timeout(15_000)
        chosen = [{"name": "dure_language", "value": language, "url": self._portal.url}]
        if self._cookies[person]:
            chosen.append({"name": "sessionid", "value": self._cookies[person], "url": self._portal.url})
        context.add_cookies(chosen)  # type: ignore[arg-type]
        self._contexts.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser, portal: Portal, cookies: dict[str, str]) -> Iterator[Visit]:
    found = Visit(browser, portal, cookies)
    yield found
    found.close()
