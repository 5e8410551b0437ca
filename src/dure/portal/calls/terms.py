"""What a call may say: its dates, its offer, its form. Checked here for composing, correcting and extending alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dure.core.errors import Mistake, NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme as programmes
from dure.programme.competition import Policy, Rubric, Track
from dure.programme.schema import Programme

DATES = ("opens_at", "closes_at", "decide_by", "use_from", "use_until")
_LATER = {
    "closes_at": Text("마감은 접수 시작보다 뒤여야 합니다.", "The deadline must be after the opening."),
    "decide_by": Text("결과 발표는 마감보다 뒤여야 합니다.", "The decision must come after the deadline."),
    "use_from": Text("사용 시작은 결과 발표 뒤여야 합니다.", "Use must begin after the decision."),
    "use_until": Text("사용 종료는 사용 시작보다 뒤여야 합니다.", "Use must end after it begins."),
}
_MOVE = Text("날짜를 다시 고르십시오.", "Choose another date.")


def date_mistakes(dates: Mapping[str, datetime], zone: ZoneInfo) -> list[Mistake]:
    """Dates out of order, or months of use that do not begin on the first at midnight."""
    mistakes = [
        Mistake(later, _LATER[later], _MOVE)
        for earlier, later in pairwise(DATES)
        if dates[later] <= dates[earlier] and not (later == "use_from" and dates[later] == dates[earlier])
    ]
    for name in ("use_from", "use_until"):
        local = dates[name].astimezone(zone)
        if (local.day, local.hour, local.minute, local.second, local.microsecond) != (1, 0, 0, 0, 0):
            mistakes.append(
                Mistake(
                    name,
                    Text("서버는 달 단위로 빌려 줍니다.", "Servers are lent by the month."),
                    Text("달의 첫날 0시로 고르십시오.", "Choose the first day of a month, midnight."),
                )
            )
    return mistakes


def offer_mistakes(programme: Programme, track: str, offered: Mapping[str, int]) -> list[Mistake]:
    """Clusters that cannot be offered in `track`, and more nodes than a cluster has."""
    mistakes = []
    if not offered:
        what = Text("제공할 서버가 없습니다.", "Nothing is offered.")
        mistakes.append(
            Mistake("offered", what, Text("클러스터를 하나 이상 고르십시오.", "Offer at least one cluster."))
        )
    for code, nodes in offered.items():
        where = f"offered.{code}"
        try:
            cluster = programme.cluster(code)
        except NotFound:
            mistakes.append(Mistake(where, Text("그런 클러스터가 없습니다.", "There is no such cluster.")))
            continue
        if cluster.share != "government":
            what = Text("자체 활용분은 공모에 낼 수 없습니다.", "A self-use share cannot be offered.")
            mistakes.append(Mistake(where, what, Text("정부 활용분을 고르십시오.", "Choose a government cluster.")))
        elif programme.track(track).limit(cluster.gpu_model) is None:
            what = Text("이 트랙에서 다루지 않는 GPU입니다.", "The track does not offer this GPU.")
            mistakes.append(Mistake(where, what, Text("다른 클러스터를 고르십시오.", "Choose another cluster.")))
        elif not isinstance(nodes, int) or isinstance(nodes, bool) or not 1 <= nodes <= cluster.nodes:
            what = Text("제공할 수 없는 서버 수입니다.", "So many servers cannot be offered.")
            remedy = Text(f"1~{cluster.nodes}대로 적으십시오.", f"Give 1 to {cluster.nodes}.")
            mistakes.append(Mistake(where, what, remedy))
    return mistakes


def free_in(cluster: str, use_from: datetime, use_until: datetime) -> list[int] | None:
    """Nodes of `cluster` free all through each month of use, in the fleet's calendar; None while it is not loaded."""
    if cluster not in {one.code for one in fleet.clusters()}:
        return None
    first, end = Month.of(use_from, programmes.zone()), Month.of(use_until, programmes.zone())
    months = [first.plus(offset) for offset in range(end.minus(first))]
    free = fleet.free_per_month(cluster, months)
    return [free[month] for month in months]


def room_mistakes(offered: Mapping[str, int], use_from: datetime, use_until: datetime) -> list[Mistake]:
    """Clusters of which more is offered than the fleet's calendar has free in any month of use."""
    mistakes = []
    for code, nodes in offered.items():
        free = free_in(code, use_from, use_until)
        if free and nodes > max(free):
            what = Text(
                f"사용 기간 가운데 가장 많이 비는 달에도 {max(free)}대만 비어 있습니다.",
                f"Even in the emptiest month of use only {max(free)} are free.",
            )
            remedy = Text(f"{max(free)}대 이하로 적으십시오.", f"Offer at most {max(free)}.")
            if max(free) == 0:
                remedy = Text("이 클러스터를 빼십시오.", "Leave this cluster out.")
            mistakes.append(Mistake(f"offered.{code}", what, remedy))
    return mistakes


def rubric_of(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
    """A rubric as it is kept, and what is wrong with it; the scale is the programme's."""
    scale = programmes.current().rubric.scale.model_dump(mode="json")
    try:
        rubric = Rubric.model_validate_json(json.dumps({**raw, "scale": scale}))
    except ValidationError as error:
        return {}, [_unreadable(item["loc"], item["msg"]) for item in error.errors()]
    mistakes, codes = [], [criterion.code for criterion in rubric.criteria]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            what = Text("같은 코드가 두 번 있습니다.", "The code is used twice.")
            mistakes.append(Mistake(f"criteria.{index}.code", what, Text("다른 코드를 적으십시오.", "Use another.")))
    if (total := sum(criterion.weight for criterion in rubric.criteria)) != 100:
        what = Text(f"배점의 합이 {total}점입니다.", f"The weights sum to {total}.")
        mistakes.append(Mistake("criteria", what, Text("합이 100점이 되게 하십시오.", "Make them sum to 100.")))
    return rubric.model_dump(mode="json"), mistakes


def _unreadable(where: tuple[int | str, ...], message: str) -> Mistake:
    path = ".".join(str(part) for part in where)
    what = Text(f"평가 기준의 형식이 맞지 않습니다: {message}", f"Not a criterion: {message}")
    return Mistake(path, what, Text("빈칸을 채우고 범위를 확인하십시오.", "Fill it in, within its range."))


def text_mistakes(where: str, text: Text | None, most: int) -> list[Mistake]:
    """A text missing in one of the two languages, or too long."""
    if text is None or not text.ko.strip() or not text.en.strip():
        what = Text("한국어와 영어가 모두 필요합니다.", "Both Korean and English are needed.")
        return [Mistake(where, what, Text("두 언어로 적으십시오.", "Write it in both languages."))]
    if max(len(text.ko), len(text.en)) > most:
        what = Text("너무 깁니다.", "Too long.")
        return [Mistake(where, what, Text(f"{most:,}자 이내로 줄이십시오.", f"Use at most {most:,} characters."))]
    return []


def document_mistakes(documents: Sequence[Mapping[str, Any]]) -> list[Mistake]:
    """Documents without a name in both languages or with an address that is none."""
    mistakes: list[Mistake] = []
    for index, document in enumerate(documents):
        name = document.get("name") or {}
        mistakes += text_mistakes(f"documents.{index}.name", Text(name.get("ko", ""), name.get("en", "")), 120)
        if not str(document.get("url", "")).startswith(("https://", "http://", "/")):
            what = Text("문서 주소가 아닙니다.", "Not the address of a document.")
            remedy = Text("https://로 시작하는 주소를 적으십시오.", "Give an address that begins with https://.")
            mistakes.append(Mistake(f"documents.{index}.url", what, remedy))
    return mistakes


def cap_warnings(track: Track, policy: Policy, offered: Mapping[str, int], months_of_use: int) -> list[Text]:
    """Whom the caps shut out although they may apply: even the smallest application is more than their share.

    Caps are of the node-months on offer (and of what earlier awards hold, which is not known here).
    """
    current = programmes.current()
    supplied = sum(offered.values()) * months_of_use
    models = {current.cluster(code).gpu_model for code, nodes in offered.items() if nodes}
    least = min((one.min_nodes for one in track.limits if one.gpu_model in models), default=0) * track.months.min
    caps = [(Text("한 기관", "one organisation"), policy.organisation_cap_permille)]
    caps += [
        (current.applicant_class(one.applicant_class).name, one.permille)
        for one in policy.class_caps
        if one.applicant_class in track.applicant_classes
    ]
    caps += [
        (
            Text(
                ", ".join(current.region(code).name.ko for code in one.regions),
                ", ".join(current.region(code).name.en for code in one.regions),
            ),
            one.permille,
        )
        for one in policy.region_caps
    ]
    return [
        Text(
            f"{name.ko}의 상한({_percent(permille)}%)은 {supplied * permille // 1000:,}서버·월인데, 가장 작은 신청도"
            f" {least:,}서버·월입니다. 서버나 기간을 늘리지 않으면 아무도 선정되지 못할 수 있습니다.",
            f"The cap of {name.en} ({_percent(permille)} %) is {supplied * permille // 1000:,} server-months, and the"
            f" smallest application needs {least:,}. Offer more servers or months, or none may be awarded.",
        )
        for name, permille in caps
        if supplied * permille < least * 1000
    ]


def _percent(permille: int) -> str:
    return f"{permille // 10}.{permille % 10}".removesuffix(".0")
