"""What a track's `decision` and cadence mean: rounds of a rolling call, and how one small request is decided.

Pure: rounds come from dates, the screening of a request from the track's lines, its eligibility and the free nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.eligibility import Eligibility, Request
from dure.programme.competition import Track

MOST_ROUNDS = 60
Outcome = Literal["award", "verify", "wait", "refuse"]


@dataclass(frozen=True, slots=True)
class Round:
    """One cut-off of a rolling call: what comes in from `opens_at` until `closes_at` is decided by `decide_by`."""

    number: int
    opens_at: datetime
    closes_at: datetime
    decide_by: datetime
    use_from: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a request could be used: `free` nodes of `cluster` are there in its whole period."""

    cluster: str
    gpu_model: str
    start: Month
    free: int


@dataclass(frozen=True, slots=True)
class Screening:
    """What becomes of a request that no panel scores, where it would be put, and why."""

    outcome: Outcome
    nodes: int
    place: Place | None
    reason: Text


def rounds(
    *, opens_at: datetime, closes_at: datetime, every_days: int, decision_days: int, use_until: datetime, zone: ZoneInfo
) -> tuple[Round, ...]:
    """The rounds of a rolling call, without gap or overlap from `opens_at` to `closes_at`.

    Cut-offs lie `every_days` apart in programme time, at the hour of `closes_at`, which is the last of them. Use of a
    round begins with the first month after its decision; rounds whose use could not begin before `use_until` are left
    out. Raises ValueError for a cadence below a day or more than MOST_ROUNDS rounds.
    """
    if every_days < 1 or decision_days < 0:
        raise ValueError("a cadence of at least one day is needed")
    last, found, begin = closes_at.astimezone(zone), list[Round](), opens_at
    day = opens_at.astimezone(zone).date() + timedelta(days=every_days)
    while begin < closes_at:
        end = min(_at(day, last.time(), zone), closes_at)
        if end > begin:
            found.append(_round(len(found) + 1, begin, end, decision_days, zone))
            begin = end
        day += timedelta(days=every_days)
        if len(found) > MOST_ROUNDS:
            raise ValueError(f"more than {MOST_ROUNDS} rounds")
    return tuple(one for one in found if one.use_from < use_until)


def _round(number: int, begin: datetime, end: datetime, decision_days: int, zone: ZoneInfo) -> Round:
    local = end.astimezone(zone)
    decide_by = _at(local.date() + timedelta(days=decision_days), local.time(), zone)
    if decide_by <= end:
        decide_by = end + timedelta(hours=1)
    return Round(number, begin, end, decide_by, Month.of(decide_by, zone).plus(1).period(zone).start)


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour.replace(tzinfo=None), tzinfo=zone).astimezone(UTC)


def screen(track: Track, request: Request, eligibility: Eligibility, places: Sequence[Place]) -> Screening:
    """What becomes of `request` on a track that one verifier decides; `places` in the applicant's order of preference.

    Refused when not eligible; waiting while no place has as many nodes as it needs at least; awarded without a person
    within the track's automatic lines; else left to the verifier. Raises ValueError on another track.
    """
    if track.decision != "verifier":
        raise ValueError(f"track {track.code} is not decided by a verifier")
    if not eligibility.is_eligible:
        return Screening("refuse", 0, None, eligibility.reason)
    place = next((one for one in places if one.free >= request.requested_nodes), None)
    place = place or next((one for one in places if one.free >= request.min_nodes), None)
    if place is None:
        return Screening("wait", 0, None, _NO_ROOM)
    nodes = min(request.requested_nodes, place.free)
    if track.is_automatic(place.gpu_model, nodes, request.months):
        return Screening("award", nodes, place, _WITHIN)
    return Screening("verify", nodes, place, _BEYOND)


_NO_ROOM = Text(
    "요건은 충족하였으나 지금 비어 있는 서버가 모자랍니다. 서버가 비면 다시 확인합니다.",
    "Eligible, but too few servers are free now. It is looked at again when servers become free.",
)
_WITHIN = Text(
    "요건과 한도를 충족하고 서버가 비어 있어 담당자의 판단 없이 선정할 수 있습니다.",
    "Eligible, within the automatic limit, and servers are free: no person's decision is needed.",
)
_BEYOND = Text(
    "요건을 충족하고 서버가 비어 있습니다. 자동 확인 한도를 넘어 담당자가 확인합니다.",
    "Eligible, and servers are free. Beyond the automatic limit: a verifier decides.",
)
