"""What an award may be changed to: by how much it may be extended, cut or shortened, and from when."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text


def extended_end(end_at: datetime, months: int, *, already: int, limit: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The new end of an award that ends at `end_at` (a month's first instant in `zone`) and is extended by `months`.

    `already` months have been added before; the programme allows `limit` in all (its `extension_months`).
    Raises InvalidInput: nothing left to allow, too many months, or an award that is over.
    """
    left = max(0, limit - already)
    if now >= end_at:
        what = Text("이용 기간이 이미 끝났습니다.", "The period is over already.")
        raise InvalidInput(Mistake("months", what))
    if not 1 <= months <= left:
        what = (
            Text(f"1개월에서 {left}개월까지 연장할 수 있습니다.", f"It can be extended by 1 to {left} months.")
            if left
            else Text(f"연장 한도 {limit}개월을 모두 썼습니다.", f"All {limit} months of extension have been used.")
        )
        raise InvalidInput(Mistake("months", what))
    return Month.of(end_at, zone).plus(months).period(zone).start


def reduced_nodes(nodes: int, held: int) -> int:
    """How many nodes stay when `nodes` of `held` are kept. Raises InvalidInput unless 1 <= nodes < held."""
    if not 1 <= nodes < held:
        what = Text(
            f"남길 서버는 1대에서 {held - 1}대 사이여야 합니다.", f"Between 1 and {held - 1} servers can be kept."
        )
        remedy = Text("모두 돌려주려면 종료일을 앞당겨 주십시오.", "To give all of them back, bring the end forward.")
        raise InvalidInput(Mistake("nodes", what if held > 1 else remedy, remedy if held > 1 else Text("", "")))
    return nodes


def shortened_end(start_at: datetime, end_at: datetime, wanted: datetime, now: datetime) -> datetime:
    """The earlier end. Raises InvalidInput unless it lies after now, after the start and before the present end."""
    if not max(now, start_at) < wanted < end_at:
        what = Text(
            "새 종료일은 오늘보다 뒤이고 지금의 종료일보다 앞이어야 합니다.",
            "The new end must come after today and before the present end.",
        )
        raise InvalidInput(Mistake("end_on", what))
    return wanted


def next_month(now: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the coming month: a transfer between organisations begins there, so no month is split."""
    return Month.of(now, zone).plus(1).period(zone).start
