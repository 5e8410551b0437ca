"""The programme this portal runs."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from dure import programmes
from dure.programme.competition import Privacy
from dure.programme.load import digest, parse
from dure.programme.schema import Programme


@cache
def _text(name: str) -> str:
    return programmes.text(name)


@cache
def _parsed(name: str) -> Programme:
    return parse(_text(name))


@cache
def _hash(name: str) -> str:
    return digest(_text(name))


def current() -> Programme:
    """The programme named by DURE_PROGRAMME, read once per process. Raises InvalidInput when it has mistakes."""
    return _parsed(settings.ENV.programme)


def current_text() -> str:
    """Its file, as written: what its hash is taken of."""
    return _text(settings.ENV.programme)


def current_hash() -> str:
    """The file's hash: part of every decision."""
    return _hash(settings.ENV.programme)


ASSUMED_PRIVACY = Privacy(consent_version="1", unsuccessful_months=12, successful_months=60)


def privacy() -> Privacy:
    """What people consent to and how long their data are kept; a year and five years where the file is silent."""
    return current().privacy or ASSUMED_PRIVACY


def zone() -> ZoneInfo:
    """The programme's time zone, for every date a person sees."""
    return ZoneInfo(current().timezone)
