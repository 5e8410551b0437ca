"""From a solved plan and its explanations to what is kept of every application."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dure.core.period import Month
from dure.portal.applications import queries as applications
from dure.portal.framework import programme
from dure.portal.plans.operations import RankRow


def ranks(
    call_code: str, problem: Mapping[str, Any], plan: Mapping[str, Any], explanation: Mapping[str, Any]
) -> list[RankRow]:
    """One row per application of the problem. Slots of the problem are calendar months of the programme's zone."""
    ids = applications.ids_of(call_code, [one["id"] for one in problem["applications"]])
    awards = {one["application"]: one for one in plan["awards"]}
    marks = {track["code"]: track["pass_mark_tenths"] for track in problem["tracks"]}
    first = Month.parse(problem["calendar"]["first"])
    rows = []
    for one in problem["applications"]:
        award, said = awards.get(one["id"]), explanation["applications"][one["id"]]
        start, end = _period(first, one, award)
        rows.append(
            RankRow(
                application_id=ids[one["id"]],
                outcome=_outcome(one, award, marks[one["track"]]),
                score_tenths=one["score_tenths"] if one["eligible"] else None,
                lottery_rank=one["lottery_rank"],
                cluster=award["cluster"] if award else "",
                nodes=award["nodes"] if award else 0,
                start_at=start,
                end_at=end,
                waitlist_rank=said["waitlist_rank"],
                explanation=said,
            )
        )
    return rows


def _outcome(application: Mapping[str, Any], award: Mapping[str, Any] | None, pass_mark: int) -> str:
    if award is not None:
        return "awarded"
    if not application["eligible"]:
        return "ineligible"
    return "waitlisted" if application["score_tenths"] >= pass_mark else "below_mark"


def _period(
    first: Month, application: Mapping[str, Any], award: Mapping[str, Any] | None
) -> tuple[datetime | None, datetime | None]:
    if award is None:
        return None, None
    zone, start = programme.zone(), first.plus(award["start"])
    return start.period(zone).start, start.plus(application["duration"]).period(zone).start
