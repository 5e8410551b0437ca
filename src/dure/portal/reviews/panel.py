"""Pages of the programme: the pool, the assignment, who is late, conflicts, the table of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import DureError, InvalidInput, NotFound
from dure.core.text import Text
from dure.decide.calibration import Adjusted, Severity, Standing, standings
from dure.decide.scoring import Score, points
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.framework.lists import export
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.people import queries as people
from dure.portal.reviews import operations, queries
from dure.portal.reviews.arranging import page_of
from dure.portal.reviews.forms import CONFLICT_KINDS, ReasonForm, ReviewerForm, language
from dure.portal.reviews.queries import Progress, Seat
from dure.portal.reviews.tabs import PANEL, tabs

overseers = role_required("programme_manager", "auditor")
managers = role_required("programme_manager")
KINDS = {
    **CONFLICT_KINDS,
    "same_organisation": Text("같은 기관", "Same organisation"),
    "former_organisation": Text("이전 소속 기관", "Former organisation"),
    "same_team": Text("과제 참여자", "On the team"),
}


@dataclass(frozen=True)
class Load:
    """How far one reviewer is, and how strictly they score the same work as others (tenths, positive: stricter)."""

    name: str
    assigned: int
    submitted: int
    late: int
    strictness: Severity | None

    @property
    def severity(self) -> str:
        """How far below (-) or above (+) the others they score, in points."""
        if self.strictness is None:
            return "–"
        tenths = -self.strictness.severity_tenths
        return f"{'+' if tenths > 0 else ''}{points(tenths)} ± {points(self.strictness.error_tenths)}"

    @property
    def noise(self) -> str:
        """The spread of what severity does not explain, in points."""
        return "–" if self.strictness is None else points(self.strictness.noise_tenths) or "–"


@dataclass(frozen=True)
class ScoreRow:
    """One application's scores; `standing` says how it lies to the pass mark."""

    number: str
    title: Text
    organisation: str
    score: Score
    adjusted: Adjusted
    standing: Standing
    passes: bool

    @property
    def mean(self) -> str:
        """The deciding score in points."""
        return points(self.score.tenths)

    @property
    def raw(self) -> str:
        """The mean of the reviewers' totals with its standard error."""
        return f"{points(self.adjusted.raw_tenths)} ± {points(self.adjusted.raw_error_tenths)}"

    @property
    def fair(self) -> str:
        """The score adjusted for the reviewers' severity, with its standard error."""
        return f"{points(self.adjusted.adjusted_tenths)} ± {points(self.adjusted.adjusted_error_tenths)}"

    @property
    def totals(self) -> str:
        """Each reviewer's total, the lowest first."""
        return ", ".join(points(total) for total in self.score.totals)

    @property
    def spread(self) -> str:
        """Highest less lowest."""
        return points(self.score.spread_tenths)


@require_GET
@overseers
def overview(request: HttpRequest) -> HttpResponse:
    """The calls whose reviews run or ran."""
    found = [c for c in calls.calls(request.actor) if c.state in ("closed", "reviewing", "deciding", "decided")]
    rows = [(call, queries.progress(call.code, request.actor)) for call in found]
    return render(request, "reviews/overview.html", {"rows": rows, "crumbs": [(PANEL[0], "")]})


@require_GET
@overseers
def progress(request: HttpRequest, code: str) -> HttpResponse:
    """How far the review of a call is: who is late, what lacks reviewers."""
    call = calls.call(code, request.actor)
    found = queries.progress(code, request.actor)
    late = [seat for seat in found.seats if seat.is_late(request.now) and not seat.bars]
    loads = _loads(found, request, code)
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["reviewer", "assigned", "submitted", "late", "severity", "noise"]
        rows = [[one.name, one.assigned, one.submitted, one.late, one.severity, one.noise] for one in loads]
        return export(f"workload-{code}", request.GET["format"], header, rows)
    context = {
        **tabs(code, "progress"),
        "call": call,
        "progress": found,
        "late": late,
        "barred": [seat for seat in found.seats if seat.bars and seat.state != "recused"],
        "loads": loads,
        "may_assign": call.state in ("closed", "reviewing"),
        "short": sum(found.short.values()),
    }
    return render(request, "reviews/progress.html", context)


@require_GET
@overseers
def seats(request: HttpRequest, code: str) -> HttpResponse:
    """Every assignment, with why this reviewer."""
    call = calls.call(code, request.actor)
    found = list(queries.progress(code, request.actor).seats)
    text = request.GET.get("q", "").strip().casefold()
    wanted = request.GET.get("state", "")
    found = [s for s in found if text in f"{s.number} {s.reviewer}".casefold() and wanted in ("", s.state)]
    order = request.GET.get("sort", "number")
    keys = {
        "number": lambda s: s.number,
        "reviewer": lambda s: s.reviewer,
        "match": lambda s: s.match_permille,
        "due": lambda s: s.due_at,
        "total": lambda s: (s.total_tenths is not None, s.total_tenths or 0),
    }
    found.sort(key=keys.get(order.lstrip("-"), keys["number"]), reverse=order.startswith("-"))
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export_seats(request.GET["format"], code, found)
    context = {**tabs(code, "seats"), "call": call, "page": page_of(request, found), "exports": True, "sort": "number"}
    return render(request, "reviews/seats.html", context)


@managers
def replace(request: HttpRequest, code: str, assignment_id: int) -> HttpResponse:
    """Replace a silent reviewer by who fits best."""
    seat = _seat(request, code, assignment_id)
    form = ReasonForm(request.POST or None, initial={"reason": _("기한이 지나도록 답이 없습니다.")})
    if request.method == "POST" and form.is_valid():
        try:
            operations.replace(
                actor=request.actor, now=request.now, assignment_id=assignment_id, reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("다른 평가위원에게 맡겼습니다."))
            return redirect("reviews-progress", code)
        except InvalidInput as error:
            form.add_error(None, error.public.in_(language()))
    context = {"seat": seat, "form": form, "cancel_url": f"/reviews/panel/{code}/"}
    return render(request, "reviews/replace.html", context, status=422 if form.errors else 200)


@require_GET
@overseers
def scores(request: HttpRequest, code: str) -> HttpResponse:
    """Every application's score, mean and spread, sorted and exported."""
    call = calls.call(code, request.actor)
    rows = _scores(request, call)
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export_scores(request.GET["format"], code, rows)
    histogram = _histogram(rows, call.rubric.pass_mark)
    context = {
        **tabs(code, "scores"),
        "call": call,
        "page": page_of(request, rows),
        "exports": True,
        "sort": "-score",
        "histogram": histogram,
        "decides": call.rubric.scale.decides,
    }
    return render(request, "reviews/scores.html", context)


@overseers
def pool(request: HttpRequest) -> HttpResponse:
    """The reviewers; adding one or changing what is known of one."""
    form = ReviewerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = people.actor_by_email(form.cleaned_data["email"])
            operations.add_reviewer(actor=request.actor, now=request.now, user_id=person.user_id or 0, **form.profile())
            messages.success(request, _("평가위원으로 등록하였습니다."))
            return redirect("reviews-pool")
        except NotFound:
            form.add_error("email", _("가입한 사람이 없습니다. 먼저 가입하도록 안내하십시오."))
        except InvalidInput as error:
            add_mistakes(form, error)
    text = request.GET.get("q", "").strip().casefold()
    active = {"1": True, "0": False}.get(request.GET.get("active", ""))
    rows = [
        r
        for r in queries.reviewers(request.actor)
        if text in f"{r.name} {r.affiliation} {r.keywords}".casefold() and active in (None, r.is_active)
    ]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["name", "email", "affiliation", "former_affiliations", "keywords", "load_limit", "is_active"]
        listed = [
            [
                r.name,
                r.email,
                r.affiliation,
                "; ".join(r.former_affiliations),
                "; ".join(r.keywords),
                r.load_limit,
                r.is_active,
            ]
            for r in rows
        ]
        return export("reviewers", request.GET["format"], header, listed)
    context = {"page": page_of(request, rows), "form": form, "exports": True, "crumbs": [PANEL, (_("평가위원"), "")]}
    return render(request, "reviews/pool.html", context, status=422 if form.errors else 200)


@require_POST
@managers
def set_active(request: HttpRequest, reviewer_id: int) -> HttpResponse:
    """Take a reviewer out of the pool, or back in."""
    is_active = request.POST.get("active") == "1"
    operations.set_active(actor=request.actor, now=request.now, reviewer_id=reviewer_id, is_active=is_active)
    return redirect("reviews-pool")


@require_GET
@overseers
def conflicts(request: HttpRequest, code: str) -> HttpResponse:
    """Recorded conflicts of interest and what was judged of them."""
    call = calls.call(code, request.actor)
    rows = [(one, KINDS.get(one.kind, Text(one.kind, one.kind))) for one in queries.conflicts(code, request.actor)]
    context = {**tabs(code, "conflicts"), "call": call, "page": page_of(request, rows)}
    return render(request, "reviews/conflicts.html", context)


@require_POST
@managers
def detect(request: HttpRequest, code: str) -> HttpResponse:
    """Look for conflicts in the records and write them down."""
    count = operations.detect_conflicts(actor=request.actor, now=request.now, call_code=code)
    text = ngettext("새로 찾은 이해관계는 %(n)s건입니다.", "새로 찾은 이해관계는 %(n)s건입니다.", count)
    messages.success(request, text % {"n": count})
    return redirect("reviews-conflicts", code)


@require_POST
@managers
def judge(request: HttpRequest, code: str, conflict_id: int) -> HttpResponse:
    """Dismiss or waive a conflict, or let it stand again."""
    try:
        operations.judge_conflict(
            actor=request.actor,
            now=request.now,
            conflict_id=conflict_id,
            judgement=request.POST.get("judgement", ""),
            reason=request.POST.get("reason", ""),
            plan=request.POST.get("plan", ""),
        )
    except DureError as error:
        if not isinstance(error, InvalidInput):
            raise
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-conflicts", code)


def _seat(request: HttpRequest, code: str, assignment_id: int) -> Seat:
    for seat in queries.progress(code, request.actor).seats:
        if seat.id == assignment_id:
            return seat
    raise NotFound(internal=f"assignment {assignment_id} in call {code}")


def _loads(found: Progress, request: HttpRequest, code: str) -> list[Load]:
    """Each reviewer's progress and severity, the late ones first."""
    barred = {seat.pair for seat in found.seats if seat.bars}
    severities = {one.reviewer: one for one in queries.scores(code, request.actor, barred).calibration.reviewers}
    by_reviewer: dict[int, list[Seat]] = {}
    for seat in found.seats:
        if not seat.bars and seat.state in ("assigned", "in_progress", "submitted"):
            by_reviewer.setdefault(seat.reviewer_id, []).append(seat)
    loads = [
        Load(
            own[0].reviewer,
            len(own),
            sum(s.state == "submitted" for s in own),
            sum(s.is_late(request.now) for s in own),
            severities.get(reviewer_id),
        )
        for reviewer_id, own in by_reviewer.items()
    ]
    return sorted(loads, key=lambda load: (-load.late, load.submitted - load.assigned, load.name))


def _scores(request: HttpRequest, call: calls.CallView) -> list[ScoreRow]:
    both = queries.scores(call.code, request.actor)
    found, fitted = both.deciding, both.calibration
    adjusted = {one.application: one for one in fitted.scores}
    lines = {one.application: one for one in standings(fitted, call.rubric.pass_mark_tenths)}
    mark, text = call.rubric.pass_mark_tenths, request.GET.get("q", "").strip().casefold()
    rows = [
        ScoreRow(
            view.number,
            view.title,
            view.organisation.named(language()),
            found[view.number],
            adjusted[view.id],
            lines[view.id],
            (found[view.number].tenths or 0) >= mark,
        )
        for view in applications.headings(call.code, "admitted")
        if view.number in found and text in f"{view.number} {view.title.ko} {view.organisation.name}".casefold()
    ]
    order = request.GET.get("sort", "-score")
    keys = {
        "number": lambda row: row.number,
        "score": lambda row: row.score.tenths,
        "adjusted": lambda row: row.adjusted.adjusted_tenths,
        "spread": lambda row: row.score.spread_tenths,
    }
    return sorted(rows, key=keys.get(order.lstrip("-"), keys["score"]), reverse=order.startswith("-"))


def _histogram(rows: list[ScoreRow], pass_mark: int) -> dict[str, Any]:
    counts = [0] * 20
    for row in rows:
        counts[min(19, (row.score.tenths or 0) // 50)] += 1
    return {
        "kind": "columns",
        "size": "full",
        "title": Text("점수 분포", "Scores"),
        "unit": Text("건", "applications"),
        "series": [Text("신청", "Applications")],
        "rows": [(f"{5 * i}~{5 * i + 5}", [n]) for i, n in enumerate(counts)],
        "note": Text(f"통과 점수 {pass_mark}점", f"Pass mark {pass_mark}"),
    }


def _export_seats(form: str, code: str, rows: list[Seat]) -> HttpResponse:
    header = ["number", "reviewer", "state", "due_at", "submitted_at", "total", "match_permille", "shared_keywords"]
    return export(
        f"assignments-{code}",
        form,
        header,
        [
            [
                s.number,
                s.reviewer,
                s.state,
                s.due_at,
                s.submitted_at or "",
                points(s.total_tenths),
                s.match_permille,
                ", ".join(s.why.get("keywords", ())),
            ]
            for s in rows
        ],
    )


def _export_scores(form: str, code: str, rows: list[ScoreRow]) -> HttpResponse:
    header = ["number", "title", "organisation", "score", "reviews", "lowest", "highest", "spread"]
    header += ["raw", "raw_error", "adjusted", "adjusted_error", "chance_above_mark_permille", "passes"]
    return export(
        f"scores-{code}",
        form,
        header,
        [
            [
                row.number,
                row.title.ko,
                row.organisation,
                row.mean,
                row.score.reviewers,
                points(row.score.totals[0]),
                points(row.score.totals[-1]),
                row.spread,
                points(row.adjusted.raw_tenths),
                points(row.adjusted.raw_error_tenths),
                points(row.adjusted.adjusted_tenths),
                points(row.adjusted.adjusted_error_tenths),
                row.standing.adjusted_permille,
                row.passes,
            ]
            for row in rows
        ],
    )
