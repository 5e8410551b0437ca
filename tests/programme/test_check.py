"""Every mistake in a programme file is named with its line, its key and what to do about it."""

from __future__ import annotations

import pytest

from dure import programmes
from dure.programme import load
from dure.programme.yaml_text import LineMistake

KOREA = programmes.text("korea-gpu-2025")


def changed(*swaps: tuple[str, str]) -> str:
    """Korea's file with each first occurrence of a text replaced."""
    text = KOREA
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def line_of(text: str, snippet: str) -> int:
    return text[: text.index(snippet)].count("\n") + 1


@pytest.mark.parametrize("name", programmes.names())
def test_packaged_programmes_have_no_mistake(name: str) -> None:
    assert load.check(programmes.text(name)) == []


# What is changed in Korea's file, where the mistake must be found (the line of a text, and the key), and a part of the
# remedy.
MISTAKES = {
    "unknown key": (("currency:\n", "curency:\n"), "curency:", "curency", "Did you mean 'currency'?"),
    "unknown key below": (
        ("    leaf_nodes: 32", "    leaves: 32"),
        "leaves: 32",
        "clusters.naver-h200-a.leaves",
        "leaf_nodes",
    ),
    "missing key": (
        ("    scheduler: slurm\n", ""),
        "  - code: naver-h200-a",
        "clusters.naver-h200-a.scheduler",
        "Add 'scheduler'",
    ),
    "duplicate key": (("format: 1\n", "format: 1\nformat: 1\n"), "format: 1\ncode", "format", "Keep one"),
    "number in quotes": (
        ("pass_mark: 60", 'pass_mark: "60"'),
        "pass_mark:",
        "rubric.pass_mark",
        "without quotes",
    ),
    "not whole": (("total: 1460000000000", "total: 1460000000000.5"), "total: 146", "budget.total", "whole number"),
    "with commas": (("total: 1460000000000", "total: 1,460,000"), "total: 1,46", "budget.total", "commas"),
    "empty value": (("timezone: Asia/Seoul", "timezone:"), "timezone:", "timezone", "Write text"),
    "text expected": (("name: NVIDIA H200", "name: 200"), "name: 200", "gpu_models.h200.name", "number in quotes"),
    "truth expected": (
        ("{ ko: 서울, en: Seoul }, is_capital_area: true", "{ ko: 서울, en: Seoul }, is_capital_area: yes"),
        "is_capital_area: yes",
        "regions.seoul.is_capital_area",
        "true or false",
    ),
    "list expected": (("languages: [ko, en]", "languages: ko"), "languages: ko", "languages", "Start each line with"),
    "keys expected": (
        ("period: { start: 2026-01-01, end: 2031-01-01 }", "period: 5"),
        "period: 5",
        "period",
        "'key: value'",
    ),
    "not a choice": (
        ("rounding: half_up", "rounding: nearest"),
        "rounding: nearest",
        "currency.rounding",
        "'down', 'half_up'",
    ),
    "too small": (("    nodes: 255", "    nodes: 0"), "    nodes: 0", "clusters.naver-h200-a.nodes", "1 or more"),
    "too large": (
        ("discount_percent: 50", "discount_percent: 500"),
        "discount_percent",
        "youth.discount_percent",
        "100 or less",
    ),
    "code form": (("code: naver-h200-a", "code: Naver_A"), "code: Naver_A", "clusters.Naver_A.code", "lower-case"),
    "currency form": (("code: KRW", "code: won"), "code: won", "currency.code", "KRW"),
    "not a date": (("start: 2026-01-01", "start: 2026-13-01"), "period:", "period.start", "2026-03-03"),
    "date as a moment": (
        ("result_on: 2026-03-03", "result_on: soon"),
        "result_on: soon",
        "calls.25-1.result_on",
        "2026-03-03",
    ),
    "no offset": (
        ("opens_at: 2025-12-22T13:40:00+09:00", "opens_at: 2025-12-22T13:40:00"),
        "opens_at:",
        "calls.25-1.opens_at",
        "+09:00",
    ),
    "one language": (
        ("name: { ko: 네이버클라우드, en: Naver Cloud }", "name: { ko: 네이버클라우드 }"),
        "name: { ko: 네이버클라우드 }",
        "providers.naver.name.en",
        "Add 'en'",
    ),
    "empty text": (
        ("name: { ko: 네이버클라우드, en: Naver Cloud }", "name: { ko: '', en: Naver Cloud }"),
        "name: { ko: ''",
        "providers.naver.name.ko",
        "Fill it in",
    ),
    "blank text": (
        ("name: { ko: 네이버클라우드, en: Naver Cloud }", "name: { ko: '  ', en: Naver Cloud }"),
        "name: { ko: '  '",
        "providers.naver.name.ko",
        "at least one letter",
    ),
    "empty list": (("    tracks: [regular]", "    tracks: []"), "tracks: []", "calls.25-1.tracks", "Fill it in"),
    "unknown provider": (
        ("provider: naver", "provider: naber"),
        "provider: naber",
        "clusters.naver-h200-a.provider",
        "naver, nhn, kakao",
    ),
    "unknown model": (
        ("- { gpu_model: h200, min_nodes: 2, max_nodes: 32 }", "- { gpu_model: h100, min_nodes: 2, max_nodes: 32 }"),
        "gpu_model: h100",
        "tracks.regular.limits.h100.gpu_model",
        "h200, b200",
    ),
    "unknown class": (
        ("applicant_class: academia, permille: 750", "applicant_class: schools, permille: 750"),
        "applicant_class: schools",
        "policy.class_caps.schools.applicant_class",
        "academia",
    ),
    "unknown region": (
        ("regions: [seoul, incheon, gyeonggi]", "regions: [seoul, inchon, gyeonggi]"),
        "inchon",
        "policy.region_caps.0.regions.1",
        "incheon",
    ),
    "unknown duty": (
        ("publish-results]", "publish]"),
        "publish]",
        "applicant_classes.academia.duties.2",
        "publish-results",
    ),
    "code twice": (
        ("code: naver-h200-b", "code:  naver-h200-a"),
        "code:  naver-h200-a",
        "clusters.naver-h200-a.code",
        "another code",
    ),
    "time zone": (("Asia/Seoul", "Asia/Soul"), "timezone:", "timezone", "Asia/Seoul"),
    "period turned": (("end: 2031-01-01", "end: 2025-01-01"), "period:", "period.end", "later than start"),
    "call turned": (
        ("closes_at: 2026-01-28T15:00:00+09:00", "closes_at: 2025-01-28T15:00:00+09:00"),
        "closes_at:",
        "calls.25-1.closes_at",
        "later than opens_at",
    ),
    "result before closing": (
        ("result_on: 2026-03-03", "result_on: 2026-01-03"),
        "result_on:",
        "calls.25-1.result_on",
        "later than closes_at",
    ),
    "weights": (("      weight: 30", "      weight: 31"), "  criteria:", "rubric.criteria", "sum to 100"),
    "budget": (("amount: 860000000000", "amount: 860000000001"), "total: 146", "budget.total", "Correct the total"),
    "reserves": (
        ("reserves: []", "reserves: [{ track: rolling, permille: 600 }, { track: fast, permille: 600 }]"),
        "reserves:",
        "policy.reserves",
        "1000",
    ),
    "limits turned": (
        ("- { gpu_model: h200, min_nodes: 2, max_nodes: 32 }", "- { gpu_model: h200, min_nodes: 33, max_nodes: 32 }"),
        "min_nodes: 33",
        "tracks.regular.limits.h200.min_nodes",
        "Correct one",
    ),
    "months turned": (
        ("months: { min: 3, max: 12 }", "months: { min: 13, max: 12 }"),
        "min: 13",
        "tracks.regular.months.min",
        "Correct one",
    ),
    "limit beyond any cluster": (
        ("- { gpu_model: h200, min_nodes: 2, max_nodes: 32 }", "- { gpu_model: h200, min_nodes: 2, max_nodes: 256 }"),
        "max_nodes: 256",
        "tracks.regular.limits.h200.max_nodes",
        "255 or fewer",
    ),
    "floor above cap": (
        ("class_floors: []", "class_floors: [{ applicant_class: academia, permille: 800 }]"),
        "class_floors:",
        "policy.class_floors.academia.permille",
        "750 or less",
    ),
    "fee above market": (
        ("fee_per_node_month: 3200000", "fee_per_node_month: 33000000"),
        "fee_per_node_month: 33",
        "gpu_models.h200.fee_per_node_month",
        "market rate or less",
    ),
    "offer too large": (
        ("{ cluster: naver-h200-b, nodes: 32 }", "{ cluster: naver-h200-b, nodes: 33 }"),
        "nodes: 33 }",
        "calls.25-1.offers.naver-h200-b.nodes",
        "32 or fewer",
    ),
    "offer of self-use": (
        ("{ cluster: naver-h200-b, nodes: 32 }", "{ cluster: naver-h200-self, nodes: 32 }"),
        "{ cluster: naver-h200-self",
        "calls.25-1.offers.naver-h200-self.cluster",
        "government share",
    ),
    "offer before delivery": (
        ("delivered_on: 2025-12-29", "delivered_on: 2026-05-01"),
        "{ cluster: kakao-b200,",
        "calls.25-1.offers.kakao-b200.cluster",
        "delivered_on or first_use_on",
    ),
    "offer without a track": (
        ("      - { gpu_model: b200, min_nodes: 2, max_nodes: 16 }\n", ""),
        "{ cluster: kakao-b200,",
        "calls.25-1.offers.kakao-b200.cluster",
        "Add the model to the limits",
    ),
    "more agreement than signals": (("agree: 2", "agree: 4"), "agree: 4", "idle_rules.idle-gpus.agree", "Lower agree"),
    "signal twice": (
        ("signal: sm_active", "signal: gpu_util"),
        "below_percent: 2 }",
        "idle_rules.idle-gpus.signals.1.signal",
        "delete one",
    ),
    "part of it lent": (
        ("action: lend, after_hours: 96, takes_percent: 100", "action: lend, after_hours: 96, takes_percent: 50"),
        "action: lend",
        "idle_rules.idle-gpus.ladder.2.takes_percent",
        "Write 100",
    ),
    "ladder not rising": (
        ("after_hours: 96", "after_hours: 72"),
        "action: lend",
        "idle_rules.idle-gpus.ladder.2.after_hours",
        "rising order",
    ),
    "brackets not rising": (
        ("used_below_percent: 10, take_percent: 25", "used_below_percent: 30, take_percent: 25"),
        "used_below_percent: 25, take_percent: 15",
        "pull_back_rules.under-use.checkpoints.0.brackets.1.used_below_percent",
        "rising order",
    ),
    "two triggers": (
        ("- after_percent: 33", "- each_year_on: 11-01\n        after_percent: 33"),
        "- each_year_on: 11-01",
        "pull_back_rules.under-use.checkpoints.0",
        "exactly one",
    ),
    "no such day": (
        ("- after_percent: 33", "- each_year_on: 02-30"),
        "on: 02-30",
        "pull_back_rules.under-use.checkpoints.0.each_year_on",
        "11-01",
    ),
    "report without a date": (("    every_months: 3\n", ""), "  - code: interim", "reports.interim", "exactly one"),
    "no source": (
        ("  - covers: [holidays]\n", "  - covers: [providers]\n"),
        "holidays:",
        "holidays",
        "Add an entry to sources that covers 'holidays'",
    ),
    "source of nothing": (
        ("covers: [holidays]", "covers: [holidays, rubric.marks]"),
        "covers: [holidays, rubric.marks]",
        "sources.4.covers.1",
        "Correct the path",
    ),
    "source twice": (
        ("covers: [holidays]", "covers: [holidays, budget]"),
        "covers: [holidays, budget]",
        "sources.4.covers.1",
        "Delete one",
    ),
    "source and assumption": (
        ("  - covers: [budget]\n", "  - covers: [budget]\n    assumption: { ko: 둘 다, en: both }\n"),
        "  - covers: [budget]",
        "sources.3",
        "Keep trust for a source",
    ),
    "source without an address": (
        ("    trust: N\n    url: https://m.edaily.co.kr", "    trust: N\n    note: { ko: 없음, en: none }\n#"),
        "  - covers: [budget]",
        "sources.3",
        "Add the url",
    ),
    "derived without saying how": (
        ("    trust: N\n    url: https://m.edaily.co.kr", "    trust: D\n    url: https://m.edaily.co.kr"),
        "  - covers: [budget]",
        "sources.3",
        "Add the note",
    ),
    "not an address": (("url: https://m.edaily", "url: m.edaily"), "url: m.edaily", "sources.3.url", "http or https"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_line_key_and_remedy(name: str) -> None:
    (old, new), snippet, key, remedy = MISTAKES[name]
    text = changed((old, new))
    found = {mistake.key: mistake for mistake in load.check(text)}
    assert key in found, sorted(found)
    mistake = found[key]
    assert mistake.line == line_of(text, snippet)
    assert remedy in mistake.remedy.en
    assert mistake.remedy.ko
    assert mistake.what.ko != mistake.what.en
    assert f"line {mistake.line}" in mistake.where


TWO_RUNGS = """    ladder:
      - { action: notice, after_hours: 24, takes_percent: 0, objection_days: 0 }
      - { action: notice, after_hours: 72, takes_percent: 0, objection_days: 0 }
"""


def test_taking_before_any_notice_is_a_mistake() -> None:
    found = {mistake.key: mistake for mistake in load.check(changed((TWO_RUNGS, "    ladder:\n")))}
    assert "notice" in found["idle_rules.idle-gpus.ladder.0.action"].remedy.en


REFUSED_AS_YAML = {
    "syntax": ("a: [1\nb: 2\n", 2),
    "tab": ("a:\n\tb: 1\n", 2),
    "control character": ("a: 1\nb: \x07\n", 2),
    "bad escape": ('a: 1\nb: "\\UFFFFFFFF"\n', 1),
    "anchor": ("a: &x 1\nb: 2\n", 1),
    "alias": ("a: &x 1\nb: *x\n", 1),
    "tag": ("a: 1\nb: !!python/object:os.system {}\n", 2),
    "two documents": ("a: 1\n---\nb: 1\n", 2),
    "too deep": ("[" * 5_000 + "]" * 5_000, 1),
    "list as key": ("? [a]\n: 1\n", 1),
    "empty": ("", 1),
    "only a comment": ("# nothing\n", 1),
}


@pytest.mark.parametrize("name", REFUSED_AS_YAML)
def test_what_is_not_plain_yaml_is_refused_at_its_line(name: str) -> None:
    text, line = REFUSED_AS_YAML[name]
    first = load.check(text)[0]
    assert first.line == line
    assert first.remedy.ko and first.remedy.en


@pytest.mark.parametrize("text", ["- 1\n", "just text", "42", "true"])
def test_another_kind_of_document_asks_for_keys(text: str) -> None:
    [mistake] = load.check(text)
    assert "key: value" in mistake.remedy.en


def test_every_mistake_is_reported_at_once() -> None:
    text = changed(
        ("provider: naver", "provider: naber"),
        ("pass_mark: 60", "pass_mark: sixty"),
        ("rounding: half_up", "rounding: nearest"),
        ("      weight: 30", "      weight: 31"),
        ("  - covers: [holidays]\n", "  - covers: [providers]\n"),
    )
    keys = [mistake.key for mistake in load.check(text)]
    expected = {
        "clusters.naver-h200-a.provider",
        "rubric.pass_mark",
        "currency.rounding",
        "rubric.criteria",
        "holidays",
        "sources.5.covers.0",
    }
    assert expected <= set(keys)
    assert len(keys) == len(set(keys))


def test_mistakes_come_in_the_order_of_lines() -> None:
    text = changed(("pass_mark: 60", "pass_mark: sixty"), ("provider: naver", "provider: naber"))
    lines = [mistake.line for mistake in load.check(text)]
    assert lines == sorted(lines)
    assert all(isinstance(mistake, LineMistake) for mistake in load.check(text))


def test_a_misspelt_key_is_one_mistake_and_the_missing_one_another() -> None:
    found = load.check(changed(("    leaf_nodes: 32", "    leaf_node: 32")))
    assert [mistake.key for mistake in found] == [
        "clusters.naver-h200-a.leaf_nodes",
        "clusters.naver-h200-a.leaf_node",
    ]


def test_a_list_of_wrong_members_is_not_called_empty() -> None:
    text = programmes.text("campus-example").replace("    memory_gb: 48\n", "", 1)
    assert [mistake.key for mistake in load.check(text)] == ["gpu_models.l40s.memory_gb"]
