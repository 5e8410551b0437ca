"""From where and when a request came: proxies are believed only where the operator says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import RequestFactory

from dure.portal.framework.arrival import ARRIVED, LONGEST_QUEUE, address_of, arrived_at

NOW = datetime(2026, 4, 1, 6, 0, 0, tzinfo=UTC)


def request(**headers: str):
    return RequestFactory(REMOTE_ADDR="10.0.0.1").get("/", headers=headers)


@pytest.fixture
def behind_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, trusted_proxies=1))


def stamp(at: datetime) -> str:
    return f"t={at.timestamp():.3f}"


def test_nobody_is_believed_by_default() -> None:
    forged = request(**{"X-Forwarded-For": "1.2.3.4", "X-Request-Start": stamp(NOW - timedelta(seconds=9))})
    assert address_of(forged) == "10.0.0.1"
    assert arrived_at(forged, NOW) == NOW


@pytest.mark.usefixtures("behind_one")
def test_the_last_hop_is_our_own_proxys_and_earlier_ones_are_forged() -> None:
    assert address_of(request(**{"X-Forwarded-For": "6.6.6.6, 1.2.3.4"})) == "1.2.3.4"
    assert address_of(request()) == "10.0.0.1"


@pytest.mark.usefixtures("behind_one")
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - timedelta(seconds=9), NOW - timedelta(seconds=9)),
        (NOW + timedelta(seconds=1), NOW),
        (NOW - LONGEST_QUEUE - timedelta(seconds=1), NOW),
    ],
)
def test_waiting_in_line_is_nobodys_delay(at: datetime, expected: datetime) -> None:
    assert arrived_at(request(**{"X-Request-Start": stamp(at)}), NOW) == expected


@pytest.mark.usefixtures("behind_one")
@pytest.mark.parametrize("text", ["", "t=", "t=1e9", "t=99999999999.000", "1775023200.000"])
def test_stamps_that_cannot_be_read_say_nothing(text: str) -> None:
    assert arrived_at(request(**{"X-Request-Start": text}), NOW) == NOW


def test_our_own_server_says_when_it_took_a_request_in() -> None:
    waited = request(**{"X-Request-Start": stamp(NOW - timedelta(seconds=9))})
    waited.META[ARRIVED] = NOW - timedelta(seconds=3)
    assert arrived_at(waited, NOW) == NOW - timedelta(seconds=3)
    waited.META[ARRIVED] = NOW + timedelta(seconds=1)
    assert arrived_at(waited, NOW) == NOW
