"""One word, letter, icon and tone for every state, condition and kind, in Korean and English: the visual language.

Nouns and states are those of `dure.decide.lifecycles`; a test walks them all. Tones: good, warn, bad, note, idle.
"""

from __future__ import annotations

from dataclasses import dataclass

from dure.core.text import Text


@dataclass(frozen=True, slots=True)
class Word:
    """How one state, condition status or kind is shown. `letter` stands for it where a word has no room."""

    text: Text
    tone: str
    icon: str
    letter: Text


def _w(ko: str, en: str, tone: str, icon: str, letter_ko: str = "", letter_en: str = "") -> Word:
    return Word(Text(ko, en), tone, icon, Text(letter_ko or ko[0], letter_en or en[0]))


_STATES: dict[str, dict[str, Word]] = {
    "organisation": {
        "founded": _w("확인 대기", "Awaiting check", "warn", "clock"),
        "verified": _w("확인됨", "Verified", "good", "check-circle", "인"),
        "rejected": _w("반려", "Rejected", "bad", "cross-circle"),
    },
    "support request": {
        "waiting": _w("답변 대기", "Waiting", "warn", "clock", "대"),
        "answered": _w("답변됨", "Answered", "good", "check-circle", "답"),
        "closed": _w("마침", "Closed", "idle", "lock"),
    },
    "membership": {
        "requested": _w("승인 대기", "Awaiting approval", "warn", "clock"),
        "active": _w("소속됨", "Member", "good", "check-circle"),
        "refused": _w("거절", "Refused", "bad", "cross-circle"),
        "left": _w("탈퇴", "Left", "idle", "out"),
    },
    "call": {
        "draft": _w("작성 중", "Draft", "idle", "pencil"),
        "announced": _w("공고됨", "Announced", "note", "flag"),
        "open": _w("접수 중", "Open", "good", "play"),
        "closed": _w("접수 마감", "Closed", "idle", "lock", "마"),
        "reviewing": _w("평가 중", "In review", "note", "eye", "", "R"),
        "deciding": _w("배분 중", "Deciding", "note", "scale", "배", "P"),
        "decided": _w("결과 확정", "Decided", "good", "check-circle", "결", "F"),
        "cancelled": _w("취소", "Cancelled", "bad", "cross-circle", "취", "X"),
    },
    "application": {
        "draft": _w("작성 중", "Draft", "idle", "pencil", "작"),
        "submitted": _w("제출됨", "Submitted", "note", "send"),
        "withdrawn": _w("철회", "Withdrawn", "idle", "undo"),
        "discarded": _w("삭제됨", "Discarded", "idle", "cross", "삭", "X"),
        "admitted": _w("요건 충족", "Eligible", "good", "check-circle"),
        "refused": _w("요건 미충족", "Not eligible", "bad", "cross-circle", "미", "N"),
    },
    "endorsement": {
        "requested": _w("확인 요청", "Asked", "warn", "clock", "요"),
        "endorsed": _w("기관 확인", "Endorsed", "good", "check-circle", "확"),
        "declined": _w("확인하지 않음", "Declined", "bad", "cross-circle", "않"),
    },
    "review assignment": {
        "assigned": _w("평가 요청", "To review", "warn", "clock", "요", "T"),
        "in_progress": _w("평가 중", "In progress", "note", "pencil", "중", "P"),
        "submitted": _w("평가 완료", "Submitted", "good", "check-circle", "완"),
        "declined": _w("사양", "Declined", "idle", "hand"),
        "recused": _w("회피·제척", "Recused", "bad", "scale", "회"),
        "replaced": _w("교체됨", "Replaced", "idle", "undo", "교", "X"),
    },
    "reviewer invitation": {
        "sent": _w("답 기다림", "Sent", "warn", "clock"),
        "accepted": _w("수락", "Accepted", "note", "check"),
        "joined": _w("등록됨", "Joined", "good", "check-circle"),
        "declined": _w("거절", "Declined", "idle", "hand"),
        "expired": _w("기한 지남", "Expired", "bad", "clock", "기", "X"),
        "withdrawn": _w("초대 취소", "Withdrawn", "idle", "undo", "취"),
    },
    "feasibility check": {
        "asked": _w("검토 요청", "Asked", "warn", "clock"),
        "feasible": _w("가능", "Feasible", "good", "check-circle"),
        "conditional": _w("조건부 가능", "With conditions", "note", "alert", "조"),
        "infeasible": _w("불가 의견", "Infeasible", "bad", "cross-circle", "불"),
        "upheld": _w("대상에서 뺌", "Set aside", "bad", "lock", "뺌", "S"),
        "overruled": _w("의견 받지 않음", "Overruled", "idle", "undo", "않", "O"),
    },
    "interview": {
        "invited": _w("시간 고르는 중", "Invited", "warn", "clock"),
        "booked": _w("시간 정함", "Booked", "note", "check", "정"),
        "held": _w("마침", "Held", "good", "check-circle"),
        "missed": _w("불참", "Missed", "bad", "cross-circle"),
        "cancelled": _w("취소", "Cancelled", "idle", "undo"),
    },
    "panel meeting": {
        "planned": _w("예정", "Planned", "note", "clock"),
        "running": _w("진행 중", "Running", "good", "play"),
        "ended": _w("마침", "Ended", "idle", "flag"),
        "cancelled": _w("취소", "Cancelled", "idle", "cross-circle"),
    },
    "agenda item": {
        "waiting": _w("대기", "Waiting", "idle", "clock"),
        "open": _w("심의 중", "Open", "note", "play", "심"),
        "settled": _w("결정함", "Settled", "good", "check-circle", "결"),
    },
    "plan": {
        "draft": _w("작성 중", "Draft", "idle", "pencil"),
        "queued": _w("계산 대기", "Queued", "idle", "clock", "대"),
        "solving": _w("계산 중", "Solving", "note", "gear", "중"),
        "solved": _w("계산 완료", "Solved", "note", "check", "완", "R"),
        "failed": _w("계산 실패", "Failed", "bad", "alert", "실"),
        "cancelled": _w("취소", "Cancelled", "idle", "cross-circle", "취"),
        "accepted": _w("확정", "Accepted", "good", "check-circle", "확"),
        "discarded": _w("폐기", "Discarded", "idle", "cross", "폐", "X"),
    },
    "stability run": {
        "queued": _w("계산 대기", "Queued", "idle", "clock", "대"),
        "running": _w("계산 중", "Running", "note", "gear", "중"),
        "finished": _w("계산 완료", "Done", "good", "check", "완"),
        "failed": _w("계산 실패", "Failed", "bad", "alert", "실"),
        "cancelled": _w("취소", "Cancelled", "idle", "cross-circle", "취"),
    },
    "award": {
        "offered": _w("수락 대기", "Offered", "warn", "clock"),
        "accepted": _w("수락함", "Accepted", "note", "check", "락"),
        "declined": _w("포기", "Declined", "idle", "hand"),
        "expired": _w("기한 지남", "Expired", "bad", "clock", "기", "X"),
        "agreed": _w("협약 체결", "Agreed", "good", "check-circle", "협", "G"),
        "revoked": _w("선정 취소", "Revoked", "bad", "cross-circle", "취"),
        "ended": _w("종료", "Ended", "idle", "flag", "종", "E"),
    },
    "award change": {
        "requested": _w("요청됨", "Requested", "warn", "clock"),
        "consented": _w("기관 동의", "Agreed to", "note", "check", "동", "G"),
        "approved": _w("승인됨", "Approved", "good", "check", "승"),
        "carried_out": _w("반영됨", "Carried out", "good", "check-circle", "반", "D"),
        "refused": _w("불승인", "Refused", "bad", "cross-circle", "불", "X"),
        "withdrawn": _w("취소", "Withdrawn", "idle", "undo", "취"),
        "lapsed": _w("소멸", "Lapsed", "idle", "cross"),
    },
    "appeal": {
        "lodged": _w("접수됨", "Lodged", "warn", "clock"),
        "in_review": _w("재검토 중", "In review", "note", "eye", "재", "R"),
        "upheld": _w("인용", "Upheld", "good", "check-circle"),
        "rejected": _w("기각", "Rejected", "bad", "cross-circle", "기", "X"),
        "dismissed": _w("각하", "Dismissed", "idle", "minus-circle", "각", "D"),
        "withdrawn": _w("취하", "Withdrawn", "idle", "undo", "취"),
    },
    "allocation": {
        "present": _w("사용 중", "In use", "good", "play"),
        "ended": _w("종료", "Ended", "idle", "flag"),
    },
    "reclaim case": {
        "noticed": _w("소명 요청", "Asked to explain", "warn", "alert"),
        "justified": _w("소명 제출", "Explained", "note", "send", "제"),
        "dismissed": _w("회수 안 함", "Dismissed", "good", "check-circle", "안"),
        "confirmed": _w("회수 예정", "To be reclaimed", "bad", "clock", "예"),
        "executed": _w("회수됨", "Reclaimed", "idle", "undo", "회", "R"),
    },
    "billing month": {
        "open": _w("집계 중", "Open", "note", "clock"),
        "closed": _w("마감", "Closed", "good", "lock"),
    },
    "invoice": {
        "issued": _w("납부 대기", "Issued", "warn", "clock"),
        "paid": _w("납부 완료", "Paid", "good", "check-circle", "완"),
        "disputed": _w("이의 신청", "Disputed", "bad", "alert"),
        "cancelled": _w("취소", "Cancelled", "idle", "cross-circle", "취"),
    },
    "outcome report": {
        "due": _w("제출 대기", "Due", "warn", "clock", "대"),
        "submitted": _w("검토 중", "Submitted", "note", "eye"),
        "approved": _w("승인", "Approved", "good", "check-circle"),
        "returned": _w("보완 요청", "Returned", "bad", "undo"),
    },
}

_KINDS: dict[str, dict[str, Word]] = {
    "booking": {
        "award": _w("선정 과제", "Award", "good", "check-circle"),
        "self_use": _w("자체 활용", "Self-use", "note", "person"),
        "maintenance": _w("점검", "Maintenance", "warn", "wrench"),
        "lend": _w("임시 제공", "Lent", "idle", "hand"),
        "free": _w("비어 있음", "Free", "idle", "box"),
    },
    "status": {
        "true": _w("예", "Yes", "good", "check-circle"),
        "false": _w("아니요", "No", "bad", "cross-circle"),
        "unknown": _w("알 수 없음", "Unknown", "idle", "question"),
    },
    "outcome": {
        "awarded": _w("선정", "Selected", "good", "check-circle"),
        "waitlisted": _w("예비 순위", "Waitlisted", "note", "clock"),
        "below_mark": _w("기준 점수 미달", "Below the pass mark", "idle", "minus-circle"),
        "ineligible": _w("요건 미충족", "Not eligible", "bad", "cross-circle"),
    },
    "stability": {
        "always": _w("늘 선정", "Always in", "good", "check-circle"),
        "margin": _w("경계", "Marginal", "warn", "scale"),
        "never": _w("늘 제외", "Always out", "idle", "minus-circle", "제", "O"),
    },
    "difference": {
        "gains": _w("새로 선정", "Gains", "good", "check-circle"),
        "loses": _w("선정에서 빠짐", "Loses", "bad", "cross-circle", "빠"),
        "changes": _w("조건이 바뀜", "Changes", "note", "undo", "바"),
        "same": _w("그대로", "Same", "idle", "minus-circle"),
    },
}

# Conditions an agent or a loop may report (`dure.protocol.words`): what the type is called, and whether `true` is good.
_CONDITIONS: dict[str, tuple[Text, bool]] = {
    "Ready": (Text("사용 준비", "Ready"), True),
    "Ended": (Text("정리", "Cleared"), True),
    "Drifted": (Text("외부 변경", "Changed by others"), False),
    "WithinBudget": (Text("시간 한도", "Hours left"), True),
    "Reachable": (Text("연결", "Reachable"), True),
    "DesiredAccepted": (Text("요청 수락", "Request accepted"), True),
    "NodesHealthy": (Text("서버 상태", "Servers healthy"), True),
    "TelemetryFlowing": (Text("측정값", "Telemetry"), True),
    "UsageDelivered": (Text("사용량 전달", "Use delivered"), True),
}


def state(noun: str, name: str) -> Word:
    """How `noun` in state `name` is shown; a name without an entry is shown as itself, in a neutral tone."""
    return _STATES.get(noun, {}).get(name) or _plain(name)


def kind(group: str, name: str) -> Word:
    """How one kind (of booking, of condition status …) is shown; unknown names are shown as themselves."""
    return _KINDS.get(group, {}).get(name) or _plain(name)


def condition(type_: str, status: str) -> Word:
    """How a condition is shown: its own word, and a tone that says whether this status is good news."""
    text, true_is_good = _CONDITIONS.get(type_, (Text(type_, type_), True))
    if status == "unknown":
        return Word(text, "idle", "question", Text("?", "?"))
    good = (status == "true") == true_is_good
    if good and not true_is_good:  # "외부 변경" beside a tick would read as if it were there
        text = Text(f"{text.ko} 없음", f"Not {text.en[:1].lower()}{text.en[1:]}")
    return Word(text, "good" if good else "warn", "check-circle" if good else "alert", Text(text.ko[0], text.en[0]))


def condition_answer(type_: str, status: str) -> str:
    """The status that goes with the word `condition` shows: what it denies is so."""
    true_is_good = _CONDITIONS.get(type_, (None, True))[1]
    return status if true_is_good or status == "unknown" else "true"


def condition_types() -> tuple[str, ...]:
    """The condition types that have words here."""
    return tuple(_CONDITIONS)


def states(noun: str) -> dict[str, Word]:
    """All states of a noun as shown, for legends and filters."""
    return dict(_STATES[noun])


def nouns() -> tuple[str, ...]:
    """The nouns that have states here."""
    return tuple(_STATES)


def kinds(group: str) -> dict[str, Word]:
    """All kinds of a group as shown."""
    return dict(_KINDS[group])


def _plain(name: str) -> Word:
    shown = name.replace("_", " ")
    return Word(Text(shown, shown), "idle", "question", Text(name[:1].upper() or "?", name[:1].upper() or "?"))
