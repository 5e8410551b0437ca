"""The last minute before a deadline: applicants submit over HTTP to a portal served for this run alone.

`python -m bench.load_submissions --applicants 100` starts the portal (granian, loopback only) on an empty folder with
an open call of SYNTHETIC applicants, each with a session and a complete draft. They open the check page, five seconds
later they press "submit", and read the receipt; one in ten presses twice at once, and a few more press two seconds too
late. They press at instants that crowd towards the deadline, half of them in the last quarter of the minute, or with
`--evenly` all over it. Afterwards the sealed versions are counted in the database.
DURE_DATABASE_URL chooses the database (SQLite in the folder without it). The outcome is printed as one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

MOST_APPLICANTS = 2_000
LATE = 5  # applicants who press too late
PATIENCE = 45.0  # seconds after the window; who has no answer by then gives up
WORKERS = 2
CALL = "load-1"
TOKEN = "0123456789abcdefghijklmnopqrstuv"  # a CSRF cookie and the field that repeats it, as a browser sends them
ZONE = timedelta(hours=9)


@dataclass(frozen=True)
class Applicant:
    """An application ready to be submitted, and the session of its writer."""

    number: str
    session: str


@dataclass
class Answers:
    """What the portal answered: seconds of each request by what it was, and status codes of the submissions."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    held_up: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Outcome:
    """`lost`: told "accepted", no version sealed. `unanswered`: sent in time, and not told so. Seconds of wall time."""

    applicants: int
    window_seconds: float
    requests: int
    lost: int
    unanswered: int
    doubles: int
    late_accepted: int
    p95_submit: float
    slowest_submit: float
    p95_pages: float
    portal_processor_seconds: float
    statuses: dict[str, int]


def prepare(applicants: int) -> list[Applicant]:
    """An open call and SYNTHETIC applicants with complete drafts and sessions; the deadline comes later."""
    from django.db import transaction

    from dure.portal.applications import operations as applications
    from dure.portal.calls import operations as calls
    from dure.portal.people import queries as people
    from dure.portal.people.actor import system

    actor, now = system("load"), datetime.now(UTC)
    during = now - timedelta(days=2)
    use_from = _month_start(now, 4)
    with transaction.atomic():
        calls.compose(
            actor=actor, now=now - timedelta(days=5), code=CALL, track="regular",
            title=_both("부하 시험 공모(합성)", "Load trial (synthetic)"),
            opens_at=now - timedelta(days=3), closes_at=now - timedelta(minutes=1), decide_by=now + timedelta(days=30),
            use_from=use_from, use_until=_month_start(now, 16), offered={"naver-h200-a": 64}, is_synthetic=True,
        )  # fmt: skip
        calls.announce(actor=actor, now=now - timedelta(days=4), code=CALL)
        calls.open(actor=actor, now=during, code=CALL)
    content = _content((use_from + ZONE).strftime("%Y-%m"))
    ready = []
    for index in range(applicants):
        with transaction.atomic():
            user_id, organisation_id = _applicant(index, during)
            writer = people.actor_by_email(f"load{index}@example.org")
            number = applications.start(actor=writer, now=during, call_code=CALL, organisation_id=organisation_id)
            applications.save_draft(actor=writer, now=during, number=number, content=content)
            ready.append(Applicant(number, _session(user_id)))
    return ready


def _applicant(index: int, now: datetime) -> tuple[int, int]:
    from dure.portal.people import operations, queries
    from dure.portal.people.actor import system

    name = f"합성 신청자 {index}"
    email = f"load{index}@example.org"
    user_id = operations.add_person(email=email, name=name, is_synthetic=True, is_verified=True, now=now)
    organisation_id = operations.found_organisation(
        actor=queries.actor_by_email(email), now=now, code=f"load-{index}", name=f"합성 기관 {index}",
        name_en=f"Synthetic {index}", applicant_class="academia", region="seoul", is_synthetic=True,
    )  # fmt: skip
    operations.verify_organisation(actor=system("load"), now=now, organisation_id=organisation_id)
    return user_id, organisation_id


def _session(user_id: int) -> str:
    """A signed-in session, as the sign-in page would make one (its password hash would take all the time)."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user_id)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = get_user_model().objects.get(pk=user_id).get_session_auth_hash()
    store.create()
    return str(store.session_key)


def _content(month: str) -> dict[str, object]:
    return {
        "title": {"ko": "한국어 거대 언어 모델", "en": "A large Korean language model"},
        "summary": "부하 시험을 위한 합성 신청입니다.",
        "plan": {"goal": "공개 모델", "method": "사전 학습", "sizing": "실측에 근거하여 계산"},
        "field": "language",
        "keywords": ["언어 모델"],
        "models": [{"gpu_model": "h200", "utility": 100}],
        "min_nodes": 1,
        "requested_nodes": 2,
        "months": 3,
        "earliest_start": month,
        "latest_start": month,
        "team": [{"name": "합성", "email": "team@example.org", "affiliation": "합성 기관", "role": "lead"}],
        "consents": {"privacy": True, "duties": True, "truth": True},
    }


def _both(ko: str, en: str) -> object:
    from dure.core.text import Text

    return Text(ko, en)


def _month_start(now: datetime, later: int) -> datetime:
    """The first instant, in Seoul, of the month `later` months from now."""
    months = (now + ZONE).year * 12 + (now + ZONE).month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) - ZONE


def set_deadline(closes_at: datetime) -> None:
    """Extend the call up to the instant."""
    from dure.portal.calls import operations as calls
    from dure.portal.people.actor import system

    reason = _both("부하 시험", "load trial")
    before = datetime.now(UTC) - timedelta(hours=1)
    calls.extend(actor=system("load"), now=before, code=CALL, closes_at=closes_at, reason=reason)


@contextmanager
def served() -> Iterator[str]:
    """The portal of this process's environment on a free loopback port; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dure.cli", "portal", "serve", "--port", str(port), "--workers", str(WORKERS)]
    server = subprocess.Popen(command)
    try:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while not _answers(address):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the portal did not start")
            time.sleep(0.2)
        for _ in range(4 * WORKERS):  # a portal has been at work for weeks when a deadline comes
            httpx.get(f"{address}/calls/{CALL}/", timeout=30)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


async def crowd(
    address: str, people: Sequence[Applicant], closes_at: datetime, window: float, *, is_even: bool
) -> Answers:
    """All applicants, each at an instant of its own; the last `LATE` press after the deadline."""
    chance, found = random.Random(20260128), Answers()

    async def one(index: int, who: Applicant) -> None:
        before = -2.0 if index >= len(people) - LATE else _before_deadline(chance, window, is_even)
        # every applicant has a browser of its own; what a thousand share slows this script more than the portal
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            await _until(closes_at - timedelta(seconds=before + 5))
            await _request(client, found, who, "check page", "GET", f"/applications/{who.number}/submit/")
            await _until(closes_at - timedelta(seconds=before))
            if before > 0 and datetime.now(UTC) >= closes_at:
                found.statuses["held up by the check page until after the deadline"] += 1
                found.held_up.add(who.number)
            await asyncio.gather(*(_submit(client, found, who, before > 0) for _ in range(1 + (index % 10 == 0))))

    crowding = [asyncio.ensure_future(one(index, who)) for index, who in enumerate(people)]
    _, unfinished = await asyncio.wait(crowding, timeout=window + PATIENCE)
    for task in unfinished:  # they count as unanswered, and so does the time they have waited
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    for task in crowding:
        if not task.cancelled():
            task.result()
    return found


def _before_deadline(chance: random.Random, window: float, is_even: bool) -> float:
    """Seconds before the deadline: half of a crowd presses within its last quarter; nobody in the very last second."""
    return 1.0 + (window - 1.0) * chance.random() ** (1 if is_even else 2)


async def _until(instant: datetime) -> None:
    await asyncio.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))


async def _submit(client: httpx.AsyncClient, found: Answers, who: Applicant, is_in_time: bool) -> None:
    kind = "submit" if is_in_time else "late"
    answer = await _request(client, found, who, kind, "POST", f"/applications/{who.number}/submit/")
    found.statuses[f"{kind} {answer.status_code if answer else 'no answer'}"] += 1
    if answer is not None and answer.status_code == 302 and answer.headers["Location"].endswith("/receipt/"):
        found.accepted.add(who.number)
        await _request(client, found, who, "receipt", "GET", answer.headers["Location"])


async def _request(
    client: httpx.AsyncClient, found: Answers, who: Applicant, kind: str, method: str, path: str
) -> httpx.Response | None:
    """The answer and its time from the press of the button, waiting for a connection included; None without one."""
    headers = {"Cookie": f"sessionid={who.session}; csrftoken={TOKEN}", "Referer": str(client.base_url)}
    form = {"csrfmiddlewaretoken": TOKEN} if method == "POST" else None
    begun = time.perf_counter()
    try:
        return await client.request(method, path, headers=headers, data=form)
    except httpx.TransportError as error:
        print(f"{kind} {path}: {error!r}", file=sys.stderr)
        return None
    finally:
        found.seconds.setdefault(kind, []).append(time.perf_counter() - begun)


def judged(people: Sequence[Applicant], found: Answers, window: float) -> Outcome:
    """Compare what was answered with what the database holds."""
    from dure.portal.applications.models import Version

    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the portal, its start included, is the only child
    sealed = Counter(Version.objects.values_list("application__number", flat=True))
    in_time, late = people[:-LATE], people[-LATE:]
    submits = found.seconds["submit"]
    pages = [s for kind in ("check page", "receipt") for s in found.seconds.get(kind, [])]
    return Outcome(
        applicants=len(in_time),
        window_seconds=window,
        requests=sum(map(len, found.seconds.values())),
        lost=sum(sealed[number] == 0 for number in found.accepted),
        unanswered=sum(who.number not in found.accepted | found.held_up for who in in_time),
        doubles=sum(count > 1 for count in sealed.values()),
        late_accepted=sum(sealed[who.number] > 0 for who in late),
        p95_submit=_p95(submits),
        slowest_submit=max(submits),
        p95_pages=_p95(pages),
        portal_processor_seconds=used.ru_utime + used.ru_stime,
        statuses=dict(sorted(found.statuses.items())),
    )


def _p95(seconds: Sequence[float]) -> float:
    """The nearest-rank 95th percentile."""
    return sorted(seconds)[max(0, -(-95 * len(seconds) // 100) - 1)]


def run(applicants: int, window: float, *, is_even: bool) -> Outcome:
    """Prepare, serve, let them submit, count. The environment names folder and database."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    people = prepare(applicants + LATE)
    with served() as address:
        closes_at = datetime.now(UTC) + timedelta(seconds=window + 6)
        set_deadline(closes_at)
        connection.close()
        found = asyncio.run(crowd(address, people, closes_at, window, is_even=is_even))
    return judged(people, found, window)


def main() -> None:
    """One run, its outcome on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, default=100, help=f"at most {MOST_APPLICANTS}")
    parser.add_argument("--window", type=float, default=60.0, help="seconds before the deadline in which they press")
    parser.add_argument("--evenly", action="store_true", help="they press all over the window instead of at its end")
    asked = parser.parse_args()
    if not (1 <= asked.applicants <= MOST_APPLICANTS and 2 <= asked.window <= 120):
        parser.error(f"--applicants 1 to {MOST_APPLICANTS}, --window 2 to 120")
    with tempfile.TemporaryDirectory(prefix="dure-load-") as folder:
        (Path(folder) / "cache").mkdir()
        os.environ |= {"DURE_HOME": folder, "DURE_CLOCK": "wall", "DJANGO_SETTINGS_MODULE": "dure.portal.settings"}
        outcome = run(asked.applicants, asked.window, is_even=asked.evenly)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
