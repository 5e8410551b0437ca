"""A call's notice as plain sections in one language, made from its public record; PDF and HWPX only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dure.core.text import Text
from dure.portal.calls import record as records
from dure.portal.calls.words import EVENTS
from dure.portal.framework import programme as programmes
from dure.programme.amounts import exact

_WEEKDAYS = "월화수목금토일"
_DATES = (
    ("opens_at", Text("접수 시작", "Applications open")),
    ("closes_at", Text("접수 마감", "Deadline")),
    ("decide_by", Text("결과 발표", "Decision")),
    ("use_from", Text("사용 시작", "Use begins")),
    ("use_until", Text("사용 종료", "Use ends")),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, and a table whose first row is its head (empty for none)."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()

    @property
    def weights(self) -> list[int]:
        """How wide each column of the table should be beside the others: by its longest cell, Korean counted double."""
        return [
            max(5, *(min(40, sum(2 if ord(c) > 0x2E80 else 1 for c in cell)) for cell in column))
            for column in zip(*self.table, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice ready to be laid out. `foot` says where the record is and what its hash was."""

    title: str
    code: str
    language: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: str


def notice(record: Mapping[str, Any], language: str, url: str) -> Notice:
    """The notice of the call with this public record; `url` is its page."""
    say = _Say(record, language)
    lead = [say.both(record["summary"])] if say.both(record["summary"]) else []
    if record["is_synthetic"]:
        note = Text("시연용 공모입니다. 실제 효력이 없습니다.", "A demonstration call, without any effect.")
        lead.insert(0, note.in_(language))
    parts = (_dates, _rounds, _who, _offer, _limits, _prices, _rubric, _questions, _documents, _events, _answers)
    digest = records.digest(dict(record))
    foot = Text(f"이 공고문은 공모 기록({url}, {digest})에서 만들었습니다.", f"Made from the record {url} ({digest}).")
    sections = tuple(section for part in parts if (section := part(say)) is not None)
    return Notice(say.both(record["title"]), record["code"], language, tuple(lead), sections, foot.in_(language))


class _Say:
    """Words of the record in one language."""

    def __init__(self, record: Mapping[str, Any], language: str) -> None:
        self.record, self.language = record, language
        self.zone = ZoneInfo(record["timezone"])

    def __call__(self, ko: str, en: str) -> str:
        return Text(ko, en).in_(self.language)

    def both(self, pair: Mapping[str, str]) -> str:
        return Text(pair["ko"], pair["en"]).in_(self.language)

    def at(self, iso: str) -> str:
        """An instant in programme time, with its offset, so that nobody has to guess."""
        local = datetime.fromisoformat(iso).astimezone(self.zone)
        hours = f"{local:%z}"
        place = f"{self.zone.key}, UTC{hours[:3]}:{hours[3:]}"
        day = _WEEKDAYS[local.weekday()]
        return self(
            f"{local.year}. {local.month}. {local.day}.({day}) {local:%H:%M} ({place})",
            f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M} ({place})",
        )

    def amount(self, value: int) -> str:
        return exact(value, programmes.current().currency).in_(self.language)


def _dates(say: _Say) -> Section:
    head = (say("구분", "What"), say("때", "When"))
    rows = tuple((label.in_(say.language), say.at(say.record[name])) for name, label in _DATES)
    return Section(say("일정", "Dates"), (), (head, *rows))


def _rounds(say: _Say) -> Section | None:
    if not say.record["rounds"]:
        return None
    head = (say("회차", "Round"), say("접수 시작", "Opens"), say("접수 마감", "Deadline"), say("결과 발표", "Decision"))
    rows = [
        (str(one["round"]), say.at(one["opens_at"]), say.at(one["closes_at"]), say.at(one["decide_by"]))
        for one in say.record["rounds"]
    ]
    return Section(say("수시 공모의 회차", "Rounds of the rolling call"), (), (head, *rows))


def _who(say: _Say) -> Section:
    head = (say("기관 유형", "Kind of organisation"), say("지킬 일", "Duties"))
    rows = [
        (say.both(one["name"]), ", ".join(say.both(duty["name"]) for duty in one["duties"]) or "–")
        for one in say.record["applicant_classes"]
    ]
    rules = say.record["track_rules"]
    decided = {
        "panel": say(
            f"신청마다 평가위원 {rules['reviewers']}명의 점수로 정합니다.",
            f"Decided by the scores of {rules['reviewers']} reviewers for each application.",
        ),
        "verifier": say("담당자 한 명이 요건만 확인합니다.", "One verifier checks eligibility only."),
        "nomination": say("중앙행정기관이 추천한 기관만 신청할 수 있습니다.", "Only those nominated by a ministry."),
    }[rules["decision"]]
    automatic = [
        say(
            f"{one['gpu_model']} 서버 {one['nodes']}대, {one['months']}개월 이내는 담당자 없이 확인합니다.",
            f"Up to {one['nodes']} {one['gpu_model']} servers for {one['months']} months: checked automatically.",
        )
        for one in rules["automatic"]
    ]
    texts = (f"{say.both(rules['name'])}: {say.both(rules['description'])}", decided, *automatic)
    return Section(say("신청 대상", "Who may apply"), texts, (head, *rows))


def _offer(say: _Say) -> Section:
    head = (say("클러스터", "Cluster"), say("사업자", "Provider"), "GPU", say("서버", "Servers"), say("GPU 수", "GPUs"))
    rows = [
        (say.both(one["cluster"]), say.both(one["provider"]), one["gpu_model"], f"{one['nodes']:,}", f"{one['gpus']:,}")
        for one in say.record["offer"]
    ]
    total = (say("합계", "Total"), "", "", f"{sum(o['nodes'] for o in say.record['offer']):,}")
    total = (*total, f"{sum(o['gpus'] for o in say.record['offer']):,}")
    return Section(say("제공하는 서버", "Servers offered"), (), (head, *rows, total))


def _limits(say: _Say) -> Section:
    head = ("GPU", say("최소 서버", "Fewest servers"), say("최대 서버", "Most servers"))
    rows = [(one["gpu_model"], str(one["min_nodes"]), str(one["max_nodes"])) for one in say.record["limits"]]
    months = say.record["track_rules"]["months"]
    text = say(
        f"사용 기간: {months['min']}~{months['max']}개월", f"Time of use: {months['min']} to {months['max']} months"
    )
    return Section(say("한 번에 신청할 수 있는 규모", "What one application may ask for"), (text,), (head, *rows))


def _prices(say: _Say) -> Section:
    head = (
        say("기관 유형", "Class"),
        "GPU",
        say("자부담", "You pay"),
        say("지원금", "Subsidy"),
        say("시장 기준가", "Market"),
    )
    youth = programmes.current().youth
    rows = []
    for one in say.record["prices_per_node_month"]:
        name = say.both(one["applicant_class"])
        if one["is_youth"] and youth is not None:
            name = f"{name} · {youth.name.in_(say.language)}"
        rows.append((name, one["gpu_model"], *(say.amount(one[part]) for part in ("self_pay", "subsidy", "market"))))
    texts = []
    if "gpu_models" in say.record["assumptions"]:
        texts.append(
            say("시장 기준가는 공개된 값이 없어 정한 가정입니다.", "Market prices are assumed: none are published.")
        )
    return Section(say("서버 한 대를 한 달 쓰는 비용", "One server for one month"), tuple(texts), (head, *rows))


def _rubric(say: _Say) -> Section | None:
    if say.record["track_rules"]["reviewers"] == 0:
        return None
    rubric = say.record["rubric"]
    head = (say("평가 항목", "Criterion"), say("배점", "Points"), say("묻는 것", "Question"))
    rows = [(say.both(one["name"]), str(one["weight"]), say.both(one["description"])) for one in rubric["criteria"]]
    texts = [say(f"100점 만점에 {rubric['pass_mark']}점 이상", f"At least {rubric['pass_mark']} of 100 points")]
    if "rubric" in say.record["assumptions"]:
        texts.append(say("배점과 통과 점수에는 가정이 있습니다.", "Weights and pass mark hold assumptions."))
    return Section(say("평가 기준", "What is judged"), tuple(texts), (head, *rows))


def _questions(say: _Say) -> Section | None:
    asked = tuple(f"{n}. {say.both(one['label'])}" for n, one in enumerate(say.record["questions"], 1))
    return Section(say("신청서에서 묻는 것", "What the form asks"), asked) if asked else None


def _documents(say: _Say) -> Section | None:
    listed = tuple(f"{say.both(one['name'])}: {one['url']}" for one in say.record["documents"])
    return Section(say("문서", "Documents"), listed) if listed else None


def _events(say: _Say) -> Section | None:
    head = (say("때", "When"), say("무엇", "What"), say("내용", "Text"))
    rows = [
        (say.at(one["at"]), EVENTS[one["kind"]].in_(say.language), say.both(one["text"]))
        for one in say.record["events"]
    ]
    return Section(say("공고 뒤 진행", "Since the announcement"), (), (head, *rows)) if rows else None


def _answers(say: _Say) -> Section | None:
    texts = tuple(
        line
        for one in say.record["questions_and_answers"]
        for line in (f"{say('질문', 'Question')}: {one['question']}", f"{say('답변', 'Answer')}: {one['answer']}")
    )
    return Section(say("질문과 답변", "Questions and answers"), texts) if texts else None
