"""The sentences an applicant reads about a decision, in Korean and English. Facts come in, nothing is decided here."""

from __future__ import annotations

import functools

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Application, Calendar, Cluster, Measure, Policy
from dure.decide.planning.whatif import Offer

REASON = Text("결정 사유", "Reason")
SWAP = Text("다른 과제와의 비교", "Against other awards")
GUIDANCE = Text("점수 안내(참고용)", "Score guidance (not a promise)")
CHANGE = Text("선정될 수 있었던 신청", "What would have fitted")
WAITLIST = Text("예비 순위", "Waitlist")
BY_HAND = Text("담당자가 손으로 바꿈", "Changed by hand")

NO_SWAP = Text(
    "선정 과제 하나를 빼는 것만으로는 자리가 나지 않습니다. 둘 이상을 빼야 합니다.",
    "No single award makes room for it: at least two would have to go.",
)
NO_SCORE = Text(
    "이번 배분안의 가격으로 보면 점수만으로는 선정되기 어려웠습니다(규모와 기간이 가격에 비해 큽니다). "
    "참고용이며 약속이 아닙니다.",
    "By this plan's prices no score alone would have sufficed: size and period outweigh it. "
    "This is guidance, not a promise.",
)
NO_CHANGE = Text(
    "서버 수, 시작 시기, 클러스터, 기간 가운데 하나만 바꾸어서는 들어갈 자리가 없었습니다.",
    "No change of size, start, cluster or length alone would have fitted.",
)

_WEEKS = (Text("1주", "week 1"), Text("2주", "week 2"), Text("3주", "week 3"), Text("4주", "week 4"))


@functools.lru_cache(maxsize=4096)
def slot_name(calendar: Calendar, slot: int) -> Text:
    """A slot as people say it: 2026년 3월 / March-style numbers, with the week where slots are quarters of a month."""
    month = Month.parse(calendar.first).plus(slot // calendar.slots_per_month)
    text = Text(f"{month.year}년 {month.month}월", str(month))
    if calendar.slots_per_month == 1:
        return text
    week = _WEEKS[slot % calendar.slots_per_month]
    return Text(f"{text.ko} {week.ko}", f"{text.en} {week.en}")


@functools.lru_cache(maxsize=4096)
def length_name(calendar: Calendar, slots: int) -> Text:
    """A number of slots as months and weeks."""
    months, weeks = divmod(slots, calendar.slots_per_month)
    ko = " ".join(part for part in (f"{months}개월" if months else "", f"{weeks}주" if weeks else "") if part)
    en = " ".join(part for part in (_count(months, "month"), _count(weeks, "week")) if part)
    return Text(ko, en)


def points(tenths: int) -> str:
    """A score in points."""
    return f"{tenths // 10}.{tenths % 10}"


def awarded(calendar: Calendar, application: Application, award: Award, cluster: Cluster) -> Text:
    """What was awarded, and whether it is less than was asked for."""
    start, length = slot_name(calendar, award.start), length_name(calendar, application.duration)
    where, model, nodes, asked = cluster.code, cluster.gpu_model, award.nodes, application.requested_nodes
    ko = f"{where}({model})에서 서버 {nodes}대를 {start.ko}부터 {length.ko} 동안 배정했습니다."
    en = f"{nodes} nodes on {where} ({model}) from {start.en} for {length.en}."
    if nodes < asked:
        ko += f" 신청하신 {asked}대보다 적으나, 신청서에 적으신 최소 규모를 충족합니다."
        en += f" This is less than the {asked} asked for and not below the minimum stated."
    return Text(ko, en)


def ineligible() -> Text:
    """Not eligible."""
    return Text(
        "신청 자격을 충족하지 않아 배분 대상이 아닙니다.", "It is not eligible and was not considered for an award."
    )


def below_pass_mark(application: Application, mark: int) -> Text:
    """Under the pass mark."""
    return Text(
        "점수 {score}점이 기준 점수 {mark}점에 미치지 못했습니다.",
        "Its score of {score} is below the pass mark of {mark}.",
    ).format(score=points(application.score_tenths), mark=points(mark))


def nothing_on_offer() -> Text:
    """No cluster could ever hold it."""
    return Text(
        "신청하신 조건(GPU 종류, 서버 수, 기간)에 맞는 클러스터가 이번 공모에 없습니다.",
        "No cluster of this call can hold it as asked (GPU model, nodes, period).",
    )


@functools.lru_cache(maxsize=4096)
def amount(calendar: Calendar, measure: Measure, by_slot: bool, number: int) -> Text:
    """A number in the unit a rule counts in."""
    if measure in ("cost_won", "fee_won"):
        return Text(f"{number:,}원", f"₩{number:,}")
    if measure == "awards":
        return Text(f"{number:,}건", _count(number, "award") or "0 awards")
    if measure == "nodes" or by_slot:
        return Text(f"서버 {number:,}대", _count(number, "node") or "0 nodes")
    ko, en = ("서버·월", "node-month") if calendar.slots_per_month == 1 else ("서버·주", "node-week")
    return Text(f"{number:,} {ko}", _count(number, en) or f"0 {en}s")


def held_by_rule(label: Text, left: Text, need: Text) -> Text:
    """A rule has no room for any of its choices; what is left where it comes closest, and what it needs there."""
    return Text(
        f"'{label.ko}' 규칙에 남은 여유는 {left.ko}이고 이 신청은 최소 {need.ko}이 필요합니다. "
        "어느 클러스터, 어느 시작 시기를 택해도 모자랍니다.",
        f"The rule '{label.en}' has {left.en} left and this application needs at least {need.en}, "
        "wherever and whenever it starts.",
    )


def held_by_capacity(cluster: str, start: Text, length: Text, free: int, need: int) -> Text:
    """Too few nodes are free; the place where it came closest."""
    return Text(
        f"신청하신 기간 내내 비어 있는 서버가 부족합니다. 가장 여유 있는 {cluster}에서도 {start.ko}부터 "
        f"{length.ko} 동안 {free}대만 비어 있어 최소 {need}대에 모자랍니다.",
        f"Too few nodes are free throughout the period: at best {free} on {cluster} from {start.en} for {length.en}, "
        f"and it needs at least {need}.",
    )


def held_together() -> Text:
    """Each choice is held up by another rule or by capacity."""
    return Text(
        "클러스터의 빈자리와 배분 규칙을 함께 적용하면 어느 선택지도 들어갈 수 없습니다.",
        "Capacity and rules together leave no room for any of its choices.",
    )


def not_chosen() -> Text:
    """It would fit, and was not chosen: a soft rule or a stopped search."""
    return Text(
        "빈자리는 있으나 이 배분안의 목적(가치 합계)을 높이지 못해 선정되지 않았습니다.",
        "There is room, but funding it would not raise what this plan maximises.",
    )


def outweighed() -> Text:
    """It would fit, but exceeds target shares by more than it is worth."""
    return Text(
        "빈자리는 있으나 목표 비율을 넘겨 치르는 값이 이 신청의 가치보다 큽니다.",
        "There is room, but what it would cost to exceed a target share outweighs its value.",
    )


def held_already() -> Text:
    """It has an award."""
    return Text("이미 선정되어 있습니다.", "It holds an award already.")


def window_passed(calendar: Calendar, latest: int) -> Text:
    """The last start it can use lies behind."""
    return Text(
        "신청서에 적으신 가장 늦은 시작 시기({slot})가 지났습니다.",
        "The latest start it stated ({slot}) has passed.",
    ).format(slot=slot_name(calendar, latest))


def swap(count: int, lowest: int | None, score: int, delta: int, is_merit: bool) -> Text:
    """The exact swap statement: which single award would have had to go. Scores and band in tenths."""
    if lowest is None:
        return NO_SWAP
    low, own = points(lowest), points(score)
    ko = (
        f"선정 과제 {count}건 가운데 하나가 빠지면 자리가 납니다. "
        f"그중 가장 낮은 점수는 {low}점이고 이 신청은 {own}점입니다."
    )
    en = f"Any one of {count} awards would have to go. The lowest of them scores {low}; this application scores {own}."
    if is_merit and score < lowest + delta:
        band = points(delta)
        ko += f" {band}점 이상 낮은 과제가 이 신청을 대신해 선정된 일은 없습니다."
        en += f" No award scoring {band} points or more below it took its place."
    return Text(ko, en)


def guidance(needed: int, score: int) -> Text:
    """What score the prices suggest."""
    if needed >= 1000:
        return NO_SCORE
    wanted, own = points(needed), points(score)
    if needed <= score:
        return Text(
            f"이번 배분안의 가격으로 보면 선정될 만한 점수였으나(이 신청 {own}점), 이 신청에 맞는 온전한 자리가 남지 "
            "않았습니다. 참고용이며 약속이 아닙니다.",
            f"By this plan's prices its score of {own} would have sufficed, but no whole place was left for it. "
            "This is guidance, not a promise.",
        )
    return Text(
        f"이번 배분안의 가격으로 보면 약 {wanted}점 이상에서 선정이 유력했습니다(이 신청 {own}점). "
        "참고용이며 약속이 아닙니다.",
        f"By this plan's prices, about {wanted} points would have made an award likely (it has {own}). "
        "This is guidance, not a promise.",
    )


def change(calendar: Calendar, offer: Offer, cluster: Cluster) -> Text:
    """A changed request that was verified to fit."""
    nodes, start = offer.nodes, slot_name(calendar, offer.start)
    if offer.kind == "fewer_nodes":
        what = f"최소 서버 수를 {nodes}대로 낮추었다면", f"With a minimum of {nodes} nodes"
    elif offer.kind == "later_start":
        what = f"시작을 {start.ko}로 늦추었다면", f"With a start in {start.en}"
    elif offer.kind == "other_cluster":
        what = (
            f"{cluster.code}의 {cluster.gpu_model}도 쓸 수 있다고 하였다면",
            f"Had {cluster.gpu_model} on {cluster.code} been acceptable",
        )
    else:
        length = length_name(calendar, offer.duration)
        what = f"기간을 {length.ko}로 줄였다면", f"With a period of {length.en}"
    return Text(
        f"{what[0]} {cluster.code}에서 {start.ko}부터 서버 {nodes}대가 들어갈 수 있었습니다. 끼워 넣어 확인했습니다.",
        f"{what[1]}, {nodes} nodes on {cluster.code} from {start.en} would have fitted. "
        "This was verified by inserting it.",
    )


def waitlist(rank: int, count: int) -> Text:
    """Its place on the waitlist."""
    return Text(f"미선정 신청 {count}건 가운데 {rank}순위입니다.", f"Number {rank} of {count} on the waitlist.")


def rule_cost(policy: Policy, cost: int, at_most: int, value: int, is_relaxed: bool) -> Text:
    """What one rule cost, as share of the plan's value, and how that is known."""
    permyriad = cost * 10_000 // max(1, value)
    share = f"{permyriad // 100}.{permyriad % 100:02d}"
    how = (
        Text("규칙을 빼고 선형 완화를 다시 풀어", "by solving the relaxation anew without it")
        if is_relaxed
        else Text("이 배분안의 가격만으로 위에서 어림하여", "a rough upper estimate from this plan's prices alone")
    )
    return Text(
        f"'{policy.label.ko}' 규칙이 없다면 가치의 상한이 {cost:,}({share} %) 높아집니다({how.ko}). "
        f"이 규칙을 뺀 어떤 배분안도 이 배분안보다 {at_most:,} 넘게 나을 수 없습니다(증명된 한도).",
        f"Without '{policy.label.en}' the bound on value would be higher by {cost:,} ({share} %; {how.en}). "
        f"No plan without it can be worth more than this one by more than {at_most:,} (proven).",
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
