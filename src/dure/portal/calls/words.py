"""The public events of a call, as people read them."""

from __future__ import annotations

from dure.core.text import Text

EVENTS = {
    "announced": Text("공고", "Announced"),
    "opened": Text("접수 시작", "Opened"),
    "closed": Text("접수 마감", "Closed"),
    "corrected": Text("정정", "Corrected"),
    "extended": Text("마감 연장", "Deadline extended"),
    "cancelled": Text("취소", "Cancelled"),
    "notice": Text("알림", "Notice"),
    "reviewing": Text("평가 시작", "Review begun"),
    "decided": Text("결과 발표", "Result announced"),
}
CHANGED = {
    "title": Text("공모 이름", "title"),
    "summary": Text("안내 글", "summary"),
    "closes_at": Text("접수 마감", "deadline"),
    "decide_by": Text("결과 발표", "decision"),
    "use_from": Text("사용 시작", "beginning of use"),
    "use_until": Text("사용 종료", "end of use"),
    "offered": Text("제공 서버", "servers offered"),
    "documents": Text("문서", "documents"),
}
