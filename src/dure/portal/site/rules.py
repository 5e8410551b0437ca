"""The programme file as a page: every decision with its source or its mark as an assumption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from dure.core.text import Text
from dure.portal.framework import programme
from dure.programme.amounts import amount
from dure.programme.provenance import needs_source
from dure.programme.schema import Dates, Programme

TRUST = {
    "P": Text("공고·기관 안내", "official notice"),
    "N": Text("언론 보도", "press"),
    "U": Text("이용자 공개 자료", "a user's public document"),
    "D": Text("계산·유도", "derived"),
    "L": Text("신뢰도 낮음", "low trust"),
    "R": Text("사업 규정", "regulation"),
}


@dataclass(frozen=True)
class Cell:
    """A value with where it comes from. `is_assumption` values are marked wherever they are shown."""

    value: Text
    is_assumption: bool = False
    trust: Text | None = None
    note: Text | None = None
    url: str = ""


@dataclass(frozen=True)
class Table:
    """One part of the programme: a heading, columns and rows; the first cell of a row names it."""

    anchor: str
    title: Text
    columns: Sequence[Text]
    rows: Sequence[Sequence[Cell]]

    @property
    def assumptions(self) -> list[Text]:
        """Why values of this part are assumed, each reason once."""
        cells = (cell for row in self.rows for cell in row)
        return list(dict.fromkeys(cell.note for cell in cells if cell.is_assumption and cell.note))


def _both(value: object) -> Text:
    return value if isinstance(value, Text) else Text(str(value), str(value))


class _Reader:
    """Values of one programme with their sources."""

    def __init__(self, current: Programme) -> None:
        self.current = current

    def cell(self, value: object, path: str) -> Cell:
        """`value`, which stands at `path` in the file."""
        source = self.current.source_of(path)
        if source is None:
            return Cell(_both(value))
        return Cell(
            _both(value),
            source.is_assumption,
            None if source.is_assumption else TRUST.get(source.trust or ""),
            source.assumption or source.note,
            source.url or "",
        )

    def money(self, value: int, path: str) -> Cell:
        """An amount of money."""
        return self.cell(amount(value, self.current.currency), path)


def _label(ko: str, en: str) -> Cell:
    return Cell(Text(ko, en))


def _columns(*pairs: tuple[str, str]) -> list[Text]:
    return [Text(ko, en) for ko, en in pairs]


def _date(day: date) -> Text:
    return Text(f"{day.year}. {day.month}. {day.day}.", f"{day.day} {day:%b %Y}")


def _span(dates: Dates) -> Text:
    """From the first to the last day."""
    first, last = _date(dates.start), _date(dates.end - timedelta(days=1))
    return Text(f"{first.ko} ~ {last.ko}", f"{first.en} – {last.en}")


def _overview(read: _Reader) -> Table:
    p = read.current
    rows = [
        [_label("공급 기간", "Supplied"), read.cell(_span(p.period), "period")],
        [_label("전체 예산", "Budget"), read.money(p.budget.total, "budget.total")],
        *([Cell(line.name), read.money(line.amount, f"budget.lines.{line.code}")] for line in p.budget.lines),
        [_label("시간대", "Time zone"), read.cell(p.timezone, "timezone")],
        [_label("통화", "Currency"), read.cell(p.currency.code, "currency.code")],
    ]
    return Table("overview", Text("개요", "Overview"), _columns(("항목", "Item"), ("내용", "Value")), rows)


def _clusters(read: _Reader) -> Table:
    shares = {"government": Text("정부 활용분", "Government share"), "self_use": Text("자체 활용분", "Self-use share")}
    rows = [
        [
            Cell(c.name),
            Cell(read.current.provider(c.provider).name),
            Cell(_both(read.current.gpu_model(c.gpu_model).name)),
            read.cell(f"{c.nodes:,}", f"clusters.{c.code}.nodes"),
            Cell(_both(f"{c.gpus:,}")),
            read.cell(shares[c.share], f"clusters.{c.code}.share"),
            read.cell(_date(c.delivered_on), f"clusters.{c.code}.delivered_on"),
        ]
        for c in read.current.clusters
    ]
    columns = _columns(
        ("클러스터", "Cluster"),
        ("사업자", "Provider"),
        ("GPU", "GPU"),
        ("서버", "Servers"),
        ("GPU 수", "GPUs"),
        ("구분", "Share"),
        ("공급일", "From"),
    )
    return Table("clusters", Text("무엇을 나눕니까?", "What is shared"), columns, rows)


def _fees(read: _Reader) -> Table:
    p = read.current
    rows = []
    for model in p.gpu_models:
        base = f"gpu_models.{model.code}"
        row = [
            Cell(_both(model.name)),
            read.money(model.market_rate_per_node_month, f"{base}.market_rate_per_node_month"),
        ]
        for kind in p.applicant_classes:
            fee = p.fee_per_node_month(model.code, kind.code)
            row.append(read.money(fee, f"applicant_classes.{kind.code}.self_pay_percent"))
        rows.append(row)
    columns = _columns(("서버 1대, 한 달", "One server, one month"), ("시장 기준 단가", "Market reference rate"))
    columns += [c.name for c in p.applicant_classes]
    return Table("fees", Text("얼마를 냅니까?", "What it costs"), columns, rows)


def _classes(read: _Reader) -> Table:
    p = read.current
    duties = {d.code: d.name for d in p.duties}
    rows = []
    for kind in p.applicant_classes:
        owed = Text(
            ", ".join(duties[d].ko for d in kind.duties) or "없음",
            ", ".join(duties[d].en for d in kind.duties) or "none",
        )
        rows.append([Cell(kind.name), read.cell(owed, f"applicant_classes.{kind.code}.duties")])
    if p.youth is not None:
        off = p.youth.discount_percent
        rows.append(
            [
                Cell(p.youth.name),
                read.cell(Text(f"자부담 {off}% 할인", f"{off} % off self-pay"), "youth.discount_percent"),
            ]
        )
    return Table(
        "classes", Text("무엇을 지켜야 합니까?", "Duties"), _columns(("기관 유형", "Class"), ("의무", "Duties")), rows
    )


def _tracks(read: _Reader) -> Table:
    rows = []
    for track in read.current.tracks:
        base = f"tracks.{track.code}"
        limits = "; ".join(
            f"{read.current.gpu_model(x.gpu_model).name} {x.min_nodes}–{x.max_nodes}" for x in track.limits
        )
        months = Text(f"{track.months.min}–{track.months.max}개월", f"{track.months.min}–{track.months.max} months")
        rows.append(
            [
                Cell(track.name, note=track.description),
                read.cell(_DECISIONS[track.decision], f"{base}.decision"),
                read.cell(limits, f"{base}.limits"),
                read.cell(months, f"{base}.months"),
                read.cell(track.reviewers, f"{base}.reviewers"),
            ]
        )
    columns = _columns(
        ("트랙", "Track"), ("결정", "Decided by"), ("서버 수", "Servers"), ("기간", "Months"), ("평가위원", "Reviewers")
    )
    return Table("tracks", Text("어떻게 신청합니까?", "How to apply"), columns, rows)


_DECISIONS = {
    "verifier": Text("담당자 한 명의 확인", "One verifier"),
    "panel": Text("평가위원회와 배분안", "A panel and a plan"),
    "nomination": Text("부처 추천 뒤 평가", "Nomination, then a panel"),
}


def _support(read: _Reader) -> Table:
    by = {"programme": Text("전담기관", "The programme"), "provider": Text("GPU 제공 사업자", "The provider")}
    rows = [
        [
            Cell(topic.name),
            read.cell(by[topic.answered_by], f"support.{topic.code}.answered_by"),
            read.cell(
                Text(f"업무일 {topic.working_days}일", f"{topic.working_days} working days"),
                f"support.{topic.code}.working_days",
            ),
        ]
        for topic in read.current.support
    ]
    columns = _columns(("주제", "Topic"), ("답하는 곳", "Answered by"), ("기한", "Within"))
    return Table("support", Text("문의에 언제까지 답합니까?", "How soon are questions answered?"), columns, rows)


def _rubric(read: _Reader) -> Table:
    rows = [
        [
            Cell(c.name, note=c.description),
            read.cell(c.weight, f"rubric.criteria.{c.code}.weight"),
        ]
        for c in read.current.rubric.criteria
    ]
    rows.append([_label("통과 점수", "Pass mark"), read.cell(read.current.rubric.pass_mark, "rubric.pass_mark")])
    return Table(
        "rubric",
        Text("무엇을 평가합니까?", "What is judged"),
        _columns(("기준", "Criterion"), ("배점", "Points")),
        rows,
    )


def _per(value: int) -> str:
    return f"{value // 10}.{value % 10}%" if value % 10 else f"{value // 10}%"


def _policy(read: _Reader) -> Table:
    p = read.current
    policy = p.policy
    rows = [
        [
            _label("한 기관의 상한", "Cap of one organisation"),
            read.cell(_per(policy.organisation_cap_permille), "policy.organisation_cap_permille"),
        ],
    ]
    for ko, en, path, shares in (
        ("상한", "cap", "policy.class_caps", policy.class_caps),
        ("하한", "floor", "policy.class_floors", policy.class_floors),
        ("목표", "target", "policy.targets.applicant_classes", policy.targets.applicant_classes),
    ):
        for share in shares:
            name = p.applicant_class(share.applicant_class).name
            rows.append(
                [
                    Cell(Text(f"{name.ko} {ko}", f"{name.en}, {en}")),
                    read.cell(_per(share.permille), f"{path}.{share.applicant_class}"),
                ]
            )
    for ko, en, path, regions in (
        ("지역 상한", "regions, cap", "policy.region_caps", policy.region_caps),
        ("지역 하한", "regions, floor", "policy.region_floors", policy.region_floors),
        ("지역 목표", "regions, target", "policy.targets.regions", policy.targets.regions),
    ):
        for index, part in enumerate(regions):
            listed = Text(
                ", ".join(p.region(r).name.ko for r in part.regions),
                ", ".join(p.region(r).name.en for r in part.regions),
            )
            rows.append([Cell(Text(ko, en), note=listed), read.cell(_per(part.permille), f"{path}.{index}")])
    title = Text("어떻게 나눕니까?", "How it is shared out")
    return Table("policy", title, _columns(("규칙", "Rule"), ("공급량 가운데", "Of the supply")), rows)


def _days(count: int) -> Text:
    return Text(f"{count}일", f"{count} days")


def _after(read: _Reader) -> Table:
    after, base = read.current.after_award, "after_award"
    rows = [
        [_label("수락", "Accept within"), read.cell(_days(after.accept_within_days), f"{base}.accept_within_days")],
        [_label("협약 서명", "Sign within"), read.cell(_days(after.sign_within_days), f"{base}.sign_within_days")],
        [
            _label("이의 신청", "Appeal within"),
            read.cell(_days(after.appeal_within_days), f"{base}.appeal_within_days"),
        ],
        [
            _label("첫 사용", "First use within"),
            read.cell(_days(after.first_use_within_days), f"{base}.first_use_within_days"),
        ],
        [
            _label("멈춘 서버를 예비 서버로 바꿈", "A server that is down is replaced by a spare"),
            read.cell(
                Text(f"{after.replace_failed_after_hours}시간 뒤", f"after {after.replace_failed_after_hours} hours"),
                f"{base}.replace_failed_after_hours",
            ),
        ],
        *_reports(read),
        *_ladder(read),
    ]
    title = Text("선정된 뒤에는", "After the award")
    return Table("after", title, _columns(("할 일", "What"), ("기한", "When")), rows)


def _reports(read: _Reader) -> Iterator[list[Cell]]:
    for report in read.current.reports:
        if report.every_months:
            n = report.every_months
            when = Text(f"{n}개월마다", f"every {n} months")
        else:
            when = Text(f"끝난 뒤 {report.after_end_days}일", f"{report.after_end_days} days after the end")
        yield [Cell(report.name), read.cell(when, f"reports.{report.code}")]


def _ladder(read: _Reader) -> Iterator[list[Cell]]:
    actions = {
        "notice": Text("알림", "notice"),
        "lend": Text("다른 사용자에게 임시 제공", "lent to others for a while"),
        "shrink": Text("서버 일부 회수", "some servers taken back"),
        "end": Text("할당 종료", "allocation ends"),
    }
    for rule in read.current.idle_rules:
        for step in rule.ladder:
            name = Text(f"{rule.name.ko}: {actions[step.action].ko}", f"{rule.name.en}: {actions[step.action].en}")
            when = Text(f"{step.after_hours}시간 쉬면", f"after {step.after_hours} idle hours")
            yield [Cell(name), read.cell(when, f"idle_rules.{rule.code}.ladder")]


@cache
def tables(programme_hash: str) -> list[Table]:
    """The present programme, part by part; `programme_hash` names it, so that it is laid out once."""
    read = _Reader(programme.current())
    parts = (_overview, _clusters, _fees, _classes, _tracks, _rubric, _policy, _after, _support)
    return [part(read) for part in parts]


@cache
def assumption_count(programme_hash: str) -> tuple[int, int]:
    """How many values of the file are marked assumptions, and how many there are that need a source."""
    current = programme.current()
    closest = [current.source_of(path) for path in current.value_paths if needs_source(path)]
    return sum(source is not None and source.is_assumption for source in closest), len(closest)
