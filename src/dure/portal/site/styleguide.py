"""The style guide: every component and page shape on invented values, for people to look at and browsers to test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dure.core.condition import Condition
from dure.core.period import Month, Period
from dure.core.text import Text
from dure.portal.framework.lists import Page
from dure.portal.site import icons, show, words

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


class ExampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(
        label=gettext_lazy("과제 이름"), max_length=60, help_text=gettext_lazy("60자 안으로 적어 주십시오.")
    )
    track = forms.ChoiceField(
        label=gettext_lazy("트랙"),
        widget=forms.RadioSelect,
        choices=[("regular", gettext_lazy("일반 트랙")), ("fast", gettext_lazy("신속 트랙"))],
        help_text=gettext_lazy("신속 트랙은 서버 2대까지 신청할 수 있습니다."),
    )
    region = forms.ChoiceField(
        label=gettext_lazy("지역"), choices=[("", "–"), ("gj", gettext_lazy("광주")), ("dg", gettext_lazy("대구"))]
    )
    servers = forms.IntegerField(label=gettext_lazy("서버 수"), min_value=2, max_value=32)
    start_on = forms.DateField(label=gettext_lazy("시작일"), widget=forms.DateInput(attrs={"type": "date"}))
    fields_of_use = forms.MultipleChoiceField(
        label=gettext_lazy("활용 분야"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("language", gettext_lazy("언어 모형")), ("bio", gettext_lazy("바이오"))],
    )
    summary = forms.CharField(label=gettext_lazy("과제 요약"), widget=forms.Textarea(attrs={"rows": 5}))
    proposal = forms.FileField(
        label=gettext_lazy("사업수행계획서"), required=False, help_text=gettext_lazy("PDF 또는 HWPX, 20MB까지")
    )
    promise = forms.BooleanField(label=gettext_lazy("공개 의무를 확인했습니다"))


@dataclass(frozen=True)
class ExampleRow:
    """A row of the example list."""

    number: str
    title: Text
    organisation: Text
    state: str
    nodes: int
    cost: int
    due: datetime


TITLES = (
    Text("한국어 대규모 언어 모형 사전학습", "Pretraining a large Korean language model"),
    Text("단백질 구조 예측 기반 신약 후보 탐색", "Drug discovery by protein structure prediction"),
    Text("자율주행 인지 모형의 합성 데이터 학습", "Synthetic data for driving perception"),
    Text("기상 레이더 초단기 예측", "Nowcasting from weather radar"),
    Text("제조 공정 이상 탐지 기반 모형", "A foundation model for process faults"),
)
ORGANISATIONS = (
    Text("가람대학교", "Garam University"),
    Text("(주)온새미", "Onsaemi Inc."),
    Text("누리연구원", "Nuri Institute"),
)
STATES = ("submitted", "admitted", "refused", "draft", "withdrawn")


def _rows() -> list[ExampleRow]:
    return [
        ExampleRow(
            f"25-1-{n:04d}",
            TITLES[n % 5],
            ORGANISATIONS[n % 3],
            STATES[n % 5],
            2 + 3 * n % 31,
            (2 + 3 * n % 31) * 3_200_000 * 6,
            NOW + timedelta(hours=17 * n - 20),
        )
        for n in range(1, 13)
    ]


def _events() -> list[dict[str, Any]]:
    return [
        {
            "title": Text("신청서를 제출했습니다", "Application submitted"),
            "at": NOW - timedelta(days=20),
            "actor": "김하늘",
        },
        {
            "title": Text("신청 자격이 확인되었습니다", "Found eligible"),
            "at": NOW - timedelta(days=16),
            "actor": Text("사업 담당자", "programme manager"),
            "why": Text("제출 서류와 기관 정보가 모두 일치합니다.", "Documents and organisation agree."),
        },
        {"title": Text("평가를 받고 있습니다", "Under review"), "phase": "now", "due": NOW + timedelta(days=6)},
        {"title": Text("결과를 알려 드립니다", "Decision"), "phase": "next", "due": NOW + timedelta(days=13)},
    ]


MONTHS = [
    Text(*(show.month_words(Month(2026, m), language, with_year=False) for language in ("ko", "en")))
    for m in range(1, 13)
]
CLASSES = [Text("산업계", "Industry"), Text("학계", "Academia"), Text("연구기관", "Institutes")]
SERVERS = Text("대", "servers")


def _charts() -> list[dict[str, Any]]:
    return [*_comparisons(), *_shares(), *_calendars()]


def _comparisons() -> list[dict[str, Any]]:
    stacked = [(m, [900 + 120 * i, 700 + 60 * (i % 5), 300 + 45 * (i % 4)]) for i, m in enumerate(MONTHS)]
    return [
        {
            "kind": "bar",
            "title": Text("지역별 신청 서버", "Servers requested by region"),
            "unit": SERVERS,
            "rows": [
                (Text("수도권", "Capital area"), 912),
                (Text("광주·전라", "Gwangju, Jeolla"), 341),
                (Text("대구·경북", "Daegu, North Gyeongsang"), 268),
                (Text("부산·울산·경남", "Busan, Ulsan, South Gyeongsang"), 193),
            ],
            "target": 542,
        },
        {
            "kind": "columns",
            "title": Text("달마다 배정된 GPU", "GPUs awarded by month"),
            "unit": Text("개", "GPUs"),
            "series": CLASSES,
            "rows": stacked,
        },
        {
            "kind": "stacked",
            "title": Text("클러스터별 배정", "Awards by cluster"),
            "unit": SERVERS,
            "series": CLASSES,
            "rows": [("naver-h200", [120, 110, 52]), ("nhn-b200", [210, 190, 100]), ("kakao-b200", [80, 120, 30])],
        },
        {
            "kind": "line",
            "title": Text("사용률", "Use"),
            "format": "percent",
            "labels": MONTHS,
            "top": 1,
            "series": [
                (Text("실행", "Running"), [0.62, 0.66, 0.71, 0.74, 0.78, 0.8, None, 0.83, 0.85, 0.84, 0.88, 0.9]),
                (Text("연산", "Busy"), [0.41, 0.44, 0.5, 0.49, 0.55, 0.6, None, 0.63, 0.62, 0.66, 0.7, 0.71]),
            ],
        },
    ]


def _shares() -> list[dict[str, Any]]:
    return [
        {
            "kind": "donut",
            "title": Text("신청 기관", "Applicants"),
            "unit": Text("건", "applications"),
            "rows": [(CLASSES[0], 231), (CLASSES[1], 198), (CLASSES[2], 85)],
        },
        {
            "kind": "gauge",
            "title": Text("배정률", "Awarded"),
            "value": 528,
            "whole": 542,
            "target": 500,
            "unit": SERVERS,
        },
        {
            "kind": "histogram",
            "title": Text("평가 점수", "Scores"),
            "rows": [(50 + 5 * i, 55 + 5 * i, c) for i, c in enumerate((4, 12, 31, 66, 120, 141, 90, 38, 12, 1))],
        },
    ]


def _calendars() -> list[dict[str, Any]]:
    kinds = [words.kind("booking", name).text for name in ("award", "self_use", "maintenance")]
    return [
        {
            "kind": "bookings",
            "title": Text("클러스터 예약", "Bookings"),
            "start": date(2026, 1, 1),
            "end": date(2027, 1, 1),
            "today": date(2026, 3, 2),
            "kinds": kinds,
            "rows": [
                (
                    "naver-h200",
                    [
                        (date(2026, 1, 1), date(2026, 7, 1), 0, TITLES[0]),
                        (date(2026, 3, 10), date(2026, 3, 24), 2, Text("냉각수 교체", "Coolant change")),
                        (date(2026, 7, 1), date(2026, 12, 1), 0, TITLES[1]),
                    ],
                ),
                (
                    "nhn-b200",
                    [
                        (date(2026, 2, 1), date(2026, 9, 1), 0, TITLES[2]),
                        (date(2026, 9, 1), date(2027, 2, 1), 1, ORGANISATIONS[1]),
                    ],
                ),
            ],
        },
        {
            "kind": "occupancy",
            "title": Text("서버 사용 계획", "Node map"),
            "months": [f"{m}" for m in range(1, 13)],
            "kinds": kinds,
            "rows": [(f"n{n:03d}", [(None, 0, 0, 1, 2)[(n // 3 + m // 4) % 5] for m in range(12)]) for n in range(24)],
        },
    ]


def _all(request: HttpRequest) -> dict[str, Any]:
    return {
        "now": NOW,
        "states": [(noun, list(words.states(noun))) for noun in words.nouns()],
        "kinds": list(words.kinds("booking")),
        "conditions": [
            Condition("Ready", "true", "Applied", ""),
            Condition("Reachable", "false", "ClusterUnreachable", ""),
            Condition("NodesHealthy", "unknown", "NodesDown", ""),
        ],
        "icons": icons.names(),
        "term": Period(datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 8, 31, 15, tzinfo=UTC)),
        "instants": [NOW + timedelta(days=20), NOW + timedelta(hours=30), NOW - timedelta(days=3)],
        "form": ExampleForm({"title": "", "servers": "99"}),
        "events": _events(),
        "steps": [_("신청 자격"), _("사업수행계획서"), _("자원과 비용"), _("확인과 제출")],
        "charts": _charts(),
        "tones": ("note", "good", "warn", "bad"),
    }


def _list(request: HttpRequest) -> dict[str, Any]:
    rows = _rows()
    return {
        "now": NOW,
        "page": Page(rows, 3, 12, 514),
        "exports": True,
        "sort": "-cost",
        "crumbs": [(_("공모"), "#"), (_("신청 목록"), "")],
    }


def _record(request: HttpRequest) -> dict[str, Any]:
    tabs = [
        {"label": _("요약"), "url": "#", "current": True},
        {"label": _("평가"), "url": "#"},
        {"label": _("기록"), "url": "#"},
    ]
    row = _rows()[1]
    return {
        "row": row,
        "tabs": tabs,
        "events": _events(),
        "now": NOW,
        "crumbs": [(_("신청"), "#"), (row.number, "")],
        "term": Period(datetime(2026, 3, 31, 15, tzinfo=UTC), datetime(2026, 9, 30, 15, tzinfo=UTC)),
    }


def _form(request: HttpRequest) -> dict[str, Any]:
    wrong = request.method == "POST" or "wrong" in request.GET
    form = ExampleForm(request.POST or {"servers": "99"}) if wrong else ExampleForm()
    labels = [_("신청 자격"), _("사업수행계획서"), _("자원과 비용"), _("확인과 제출")]
    return {
        "form": form,
        "step_labels": labels,
        "step": 3,
        "back_url": "#",
        "cancel_url": "#",
        "submit_label": _("다음 단계"),
    }


def _decision(request: HttpRequest) -> dict[str, Any]:
    verdict = {
        "tone": "good",
        "title": Text("서버 16대를 6개월 동안 쓰실 수 있습니다", "You may use 16 servers for six months"),
        "body": Text("3월 9일까지 수락해 주십시오.", "Accept by 9 March."),
    }
    reasons = [
        Text("평가 점수 88.4점으로 514건 중 42위입니다.", "With 88.4 points it ranks 42nd of 514."),
        Text("신청한 서버 수를 그대로 배정할 수 있었습니다.", "The number of servers asked for was free."),
    ]
    return {
        "verdict": verdict,
        "reasons": reasons,
        "events": _events(),
        "now": NOW,
        "next_steps": [Text("협약서를 확인하고 수락합니다.", "Read the agreement and accept.")],
    }


def _tasks(request: HttpRequest) -> dict[str, Any]:
    tasks = [
        {
            "title": Text("소명서를 내 주십시오", "Explain the unused servers"),
            "url": "#",
            "tone": "overdue",
            "due": NOW - timedelta(hours=5),
            "why": Text("서버 4대가 닷새 동안 쓰이지 않았습니다.", "Four servers were idle for five days."),
        },
        {
            "title": Text("선정 결과를 수락해 주십시오", "Accept your award"),
            "url": "#",
            "tone": "urgent",
            "due": NOW + timedelta(hours=40),
            "why": Text("기한이 지나면 다음 순위로 넘어갑니다.", "After that it passes to the next in line."),
        },
        {
            "title": Text("3월 청구서를 확인해 주십시오", "Check the March invoice"),
            "url": "#",
            "due": NOW + timedelta(days=12),
        },
    ]
    return {"tasks": tasks, "now": NOW}


def _dashboard(request: HttpRequest) -> dict[str, Any]:
    return {"charts": _charts(), "now": NOW}


def _plain(request: HttpRequest) -> dict[str, Any]:
    return {"now": NOW, "term": Period(NOW, NOW + timedelta(days=180)), "events": _events()}


def _error(request: HttpRequest) -> dict[str, Any]:
    message = Text("다른 담당자가 먼저 배분안을 확정했습니다.", "Somebody else accepted a plan first.")
    title = Text("그사이 바뀌었습니다", "It has changed in the meantime")
    return {"status": 409, "title": title, "body": message, "back_url": "#"}


_PAGES: dict[str, Callable[[HttpRequest], dict[str, Any]]] = {
    "list": _list,
    "record": _record,
    "form": _form,
    "decision": _decision,
    "tasks": _tasks,
    "dashboard": _dashboard,
    "print": _plain,
    "auth": _form,
    "error": _error,
}


def page(request: HttpRequest, shape: str = "") -> HttpResponse:
    """The components all on one page, or one page shape. Raises Http404 for a shape that does not exist."""
    if shape and shape not in _PAGES:
        raise Http404
    make = _PAGES.get(shape, _all)
    template = f"site/styleguide/{shape}.html" if shape else "site/styleguide.html"
    return render(request, template, {"shapes": tuple(_PAGES), **make(request)})
