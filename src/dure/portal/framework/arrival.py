"""From where and when a request came, as far as the operator's own proxies can be trusted to say, and how large."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

ARRIVED = "dure.arrived_at"  # where the server leaves the instant at which it took a request in
TOO_LARGE = "dure.is_too_large"  # where it leaves whether the body was longer than MOST_BODY, and so was not kept
MOST_BODY = 24 * 2**20  # bytes: the largest file, and whatever a form says beside it
LARGEST_FILE = 20 * 2**20  # bytes: no purpose takes a larger one
LONGEST_QUEUE = timedelta(minutes=5)
_STAMP = re.compile(r"t=(\d{10})\.(\d{3})")


def address_of(request: HttpRequest) -> str:
    """The address a request came from: the one our outermost proxy saw, else the peer's."""
    proxies = settings.ENV.trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return hops[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def arrived_at(request: HttpRequest, now: datetime) -> datetime:
    """When a request was taken in, so that waiting in line is nobody's delay.

    By our proxy where one is trusted (nginx: `t=${msec}`), else by our server; `now` for a stamp that lies ahead or
    more than `LONGEST_QUEUE` back.
    """
    found = _STAMP.fullmatch(request.headers.get("X-Request-Start", ""))
    stamp = request.META.get(ARRIVED, now)
    if settings.ENV.trusted_proxies and found is not None:
        stamp = datetime.fromtimestamp(int(found[1]), UTC) + timedelta(milliseconds=int(found[2]))
    return stamp if now - LONGEST_QUEUE <= stamp <= now else now
