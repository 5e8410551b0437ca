"""Page and API latency of the portal, in process, on the state that `make demo` left.

Each figure is the median of repeated requests through Django's whole stack (middleware, template or JSON), as a ratio
to /health/ in the same run. `make bench-portal` plays the demo first where `var/` holds none.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import frame

HOME = Path(os.environ.get("DURE_HOME", "var")).resolve()
RUNS = 15
PAGE_TARGET = "first figures for page latency"
API_TARGET = "first figures for API latency"

PAGES = (
    ("front page", "visitor", "/"),
    ("open call", "visitor", "/calls/25-1/"),
    ("who got what", "visitor", "/results/"),
    ("home of a programme manager", "programme@demo.example", "/home/"),
    ("applications, 50 of 514", "programme@demo.example", "/applications/"),
    ("plan, 50 of 514 ranks", "programme@demo.example", "/plans/1/"),
    ("awards, 50 rows", "programme@demo.example", "/awards/"),
    ("clusters", "provider@demo.example", "/fleet/"),
    ("invoices", "finance@demo.example", "/billing/"),
)
CALLS = (
    ("calls", "visitor", "/api/calls"),
    ("plans", "programme@demo.example", "/api/plans"),
    ("ranks of a plan, all 514", "programme@demo.example", "/api/plans/1/ranks"),
    ("awards, all", "programme@demo.example", "/api/awards"),
)


def main() -> None:
    """Measure and write the rows."""
    asked = frame.arguments(__doc__ or "")
    if not (HOME / "demo" / "summary.json").exists():
        subprocess.run([sys.executable, "-m", "dure.cli", "demo", "--no-serve"], check=True)
    os.environ |= {"DURE_HOME": str(HOME), "DURE_CLOCK": "virtual", "DJANGO_SETTINGS_MODULE": "dure.portal.settings"}
    import django

    django.setup()
    baseline = _milliseconds("visitor", "/health/")
    rows = [frame.row("health", baseline, "ms", "baseline", lambda _: True)]
    for kind, requests, target in (("page", PAGES, PAGE_TARGET), ("api", CALLS, API_TARGET)):
        for name, person, path in requests:
            found = _milliseconds(person, path)
            measured = frame.row(
                f"{kind}: {name}", found, "ms", target, lambda _: True, baseline="GET /health/", ratio=found / baseline
            )
            rows.append(measured)
    frame.write("portal", rows, full=asked.full)


def _milliseconds(person: str, path: str) -> float:
    """Median wall milliseconds of a GET by `person`. Raises RuntimeError for any answer but 200."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    if person != "visitor":
        user = get_user_model().objects.get(email=person)
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")

    def get() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")

    work: Callable[[], None] = get
    return frame.median_seconds(work, RUNS) * 1000


if __name__ == "__main__":
    main()
