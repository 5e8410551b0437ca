"""What a programme file says, and what can be asked of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from dure import programmes
from dure.core.errors import InvalidInput, NotFound
from dure.core.text import Text
from dure.programme import load, provenance
from dure.programme.schema import Programme
from dure.programme.use import IdleRule, PullBackRule


@pytest.fixture(scope="module")
def korea() -> Programme:
    return programmes.read("korea-gpu-2025")


@pytest.fixture(scope="module")
def campus() -> Programme:
    return programmes.read("campus-example")


@pytest.mark.parametrize("name", programmes.names())
def test_round_trip_keeps_everything(name: str) -> None:
    programme = programmes.read(name)
    again = Programme.model_validate_json(json.dumps(programme.model_dump(mode="json")))
    assert again.model_dump() == programme.model_dump()
    written = yaml.safe_dump(programme.model_dump(mode="json", exclude_none=True), allow_unicode=True)
    assert load.parse(written).model_dump() == programme.model_dump()


@pytest.mark.parametrize("name", programmes.names())
def test_the_json_schema_accepts_the_packaged_files(name: str) -> None:
    schema = load.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    as_json = programmes.read(name).model_dump(mode="json", exclude_none=True)
    jsonschema.Draft202012Validator(schema).validate(as_json)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**as_json, "extra": 1})


def test_a_programme_cannot_be_changed(korea: Programme) -> None:
    with pytest.raises(ValidationError):
        korea.code = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        korea.policy.delta_tenths = 1  # type: ignore[misc]


def test_published_fleet(korea: Programme) -> None:
    gpus = {model.code: sum(c.gpus for c in korea.clusters if c.gpu_model == model.code) for model in korea.gpu_models}
    assert gpus == {"h200": 3_056, "b200": 10_080}
    assert sum(c.gpus for c in korea.government_clusters) == 10_456
    assert sorted(c.nodes for c in korea.government_clusters) == [32, 255, 255, 255, 510]
    assert {c.provider: c.nodes for c in korea.self_use_clusters} == {"naver": 95, "nhn": 192, "kakao": 48}
    totals = {p.code: sum(c.gpus for c in korea.clusters if c.provider == p.code) for p in korea.providers}
    assert totals == {"naver": 3_056, "nhn": 7_656, "kakao": 2_424}


def test_published_fees_and_limits(korea: Programme) -> None:
    assert korea.fee_per_node_month("h200", "industry") == 3_200_000
    assert korea.fee_per_node_month("b200", "industry") == 6_400_000
    assert korea.fee_per_node_month("h200", "industry", is_youth=True) == 1_600_000
    assert korea.fee_per_node_month("b200", "academia") == 0
    assert korea.fee_per_node_month("b200", "research", is_youth=True) == 0
    regular = korea.track("regular")
    assert [(li.gpu_model, li.min_nodes, li.max_nodes) for li in regular.limits] == [("h200", 2, 32), ("b200", 2, 16)]
    assert (regular.months.min, regular.months.max) == (3, 12)
    assert regular.limit("h100") is None
    assert "publish-results" in korea.applicant_class("academia").duties
    assert "publish-results" not in korea.applicant_class("industry").duties


def test_money_period_and_call(korea: Programme) -> None:
    assert korea.budget.total == 1_460_000_000_000
    assert korea.period.end.year - korea.period.start.year == 5
    assert korea.supply_period.start == datetime(2025, 12, 31, 15, tzinfo=UTC)
    call = korea.call("25-1")
    assert call.opens_at == datetime(2025, 12, 22, 4, 40, tzinfo=UTC)
    assert call.closes_at == datetime(2026, 1, 28, 6, tzinfo=UTC)
    assert (call.result_on - date(2025, 12, 22)).days == 71


def test_rubric_and_band(korea: Programme) -> None:
    assert sum(c.weight for c in korea.rubric.criteria) == 100
    assert korea.rubric.pass_mark_tenths == korea.rubric.pass_mark * 10
    assert korea.rubric.criterion("impact").weight == 30
    with pytest.raises(KeyError):
        korea.rubric.criterion("beauty")
    assert korea.policy.delta_tenths == 30


@pytest.mark.parametrize(
    "lookup",
    [
        "provider",
        "gpu_model",
        "cluster",
        "applicant_class",
        "region",
        "research_field",
        "track",
        "call",
        "duty",
    ],
)
def test_lookups_find_by_code_or_say_so(korea: Programme, lookup: str) -> None:
    every = {
        "provider": korea.providers,
        "gpu_model": korea.gpu_models,
        "cluster": korea.clusters,
        "applicant_class": korea.applicant_classes,
        "region": korea.regions,
        "research_field": korea.research_fields,
        "track": korea.tracks,
        "call": korea.calls,
        "duty": korea.duties,
    }[lookup]
    for one in every:
        assert getattr(korea, lookup)(one.code) is one
    with pytest.raises(NotFound):
        getattr(korea, lookup)("nowhere")


def test_nothing_is_korean_in_code(campus: Programme) -> None:
    assert campus.name == Text("하버데일 대학교 GPU 나눔", "Harbourdale University GPU Share")
    assert (campus.currency.code, campus.currency.decimals, campus.timezone) == ("EUR", 2, "Europe/Dublin")
    assert campus.cluster("kestrel").gpus == 64
    assert campus.fee_per_node_month("l40s", "staff") == 45_000
    assert campus.midnight(date(2026, 10, 1)) == datetime(2026, 9, 30, 23, tzinfo=UTC)
    assert campus.youth is None and campus.policy.budget_row is None
    assert campus.policy.delta_tenths == 50


def test_the_digest_is_that_of_the_file(korea: Programme) -> None:
    text = programmes.text("korea-gpu-2025")
    assert load.digest(text) == load.digest(korea) == korea.digest
    assert load.parse(text + "# another comment\n").digest != korea.digest
    with pytest.raises(ValueError, match="no file"):
        load.digest(korea.model_validate_json(korea.model_dump_json()))


@pytest.mark.parametrize(
    ("path", "assumed"),
    [
        ("rubric.pass_mark", True),
        ("rubric.criteria.impact.weight", True),
        ("rubric.criteria", True),
        ("gpu_models.h200.fee_per_node_month", False),
        ("gpu_models.h200.market_rate_per_node_month", True),
        ("gpu_models.*.fee_per_node_month", False),
        ("clusters.naver-h200-a.nodes", False),
        ("clusters.kakao-b200.delivered_on", False),
        ("clusters.nhn-b200-a.delivered_on", True),
        ("applicant_classes.public.self_pay_percent", True),
        ("applicant_classes.academia.self_pay_percent", False),
        ("tracks.regular.limits", False),
        ("tracks.regular.reviewers", True),
        ("youth.discount_percent", False),
        ("youth.description", True),
        ("policy", True),
        ("budget", False),
    ],
)
def test_assumptions_are_marked(korea: Programme, path: str, assumed: bool) -> None:
    assert korea.is_assumption(path) is assumed


def test_a_source_says_where_a_value_comes_from(korea: Programme) -> None:
    fee = korea.source_of("gpu_models.b200.fee_per_node_month")
    assert fee is not None and fee.trust == "P" and fee.url == "https://aiinfrahub.kr/project/02"
    rate = korea.source_of("gpu_models.b200.market_rate_per_node_month")
    assert rate is not None and rate.assumption is not None and "10" in rate.assumption.en
    with pytest.raises(NotFound):
        korea.is_assumption("rubric.nothing")


@pytest.mark.parametrize("name", programmes.names())
def test_every_value_has_a_source(name: str) -> None:
    programme = programmes.read(name)
    needing = [path for path in programme.value_paths if provenance.needs_source(path)]
    assert len(needing) > 50
    assert all(programme.source_of(path) is not None for path in needing)


def test_reading_what_cannot_be_read(tmp_path) -> None:
    for content in (b"\xff\xfe", b"a: 1\nb: \xe9\n", b"#" * 1_000_001):
        path = tmp_path / "file.yaml"
        path.write_bytes(content)
        with pytest.raises(InvalidInput):
            programmes.read(path)
    with pytest.raises(InvalidInput) as refused:
        programmes.read(tmp_path / "absent.yaml")
    assert "korea-gpu-2025" in refused.value.mistakes[0].remedy.en
    with pytest.raises(InvalidInput):
        programmes.read(tmp_path)
    with pytest.raises(InvalidInput):
        programmes.read("a\0b")


def test_reading_by_name_and_by_path_is_the_same(tmp_path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text(programmes.text("campus-example"), encoding="utf-8")
    assert programmes.read(copy).digest == programmes.read("campus-example").digest


def test_parsing_a_bad_file_carries_every_mistake() -> None:
    with pytest.raises(InvalidInput) as refused:
        load.parse(programmes.text("campus-example").replace("format: 1", "format: 2").replace("EUR", "eur"))
    assert {mistake.where.split(", ")[1] for mistake in refused.value.mistakes} == {"format", "currency.code"}


# Published pull-back tables elsewhere must be expressible: ALCC 2026 (science.osti.gov, Allocation Reduction
# Information), INCITE (OLCF's policy on under-use), NREL 2023 (nrel.gov, Resource Allocation Reductions).
PULL_BACKS = {
    "alcc": """
code: alcc
name: { ko: ALCC, en: ALCC }
applicant_classes: [academia]
measure: running
relative_to: award
takes: unused_hours
notice_days: 14
may_be_exempted: true
checkpoints:
  - each_year_on: 11-01
    brackets: [{ used_below_percent: 10, take_percent: 25 }, { used_below_percent: 25, take_percent: 15 }]
  - each_year_on: 03-01
    brackets: [{ used_below_percent: 25, take_percent: 50 }, { used_below_percent: 50, take_percent: 25 }]
""",
    "incite": """
code: incite
name: { ko: INCITE, en: INCITE }
applicant_classes: [research]
measure: running
relative_to: award
takes: unused_hours
notice_days: 30
may_be_exempted: true
checkpoints:
  - each_year_on: 05-01
    brackets: [{ used_below_percent: 10, take_percent: 30 }, { used_below_percent: 15, take_percent: 15 }]
  - each_year_on: 09-01
    brackets:
      - { used_below_percent: 10, take_percent: 75 }
      - { used_below_percent: 33, take_percent: 50 }
      - { used_below_percent: 50, take_percent: 33 }
""",
    "nrel": """
code: nrel
name: { ko: NREL, en: NREL }
applicant_classes: [industry]
measure: running
relative_to: pace
takes: planned_hours
notice_days: 0
may_be_exempted: false
checkpoints:
  - after_months: 3
    brackets:
      - { used_below_percent: 20, take_percent: 80 }
      - { used_below_percent: 40, take_percent: 55 }
      - { used_below_percent: 55, take_percent: 35 }
      - { used_below_percent: 70, take_percent: 20 }
  - after_months: 6
    brackets:
      - { used_below_percent: 20, take_percent: 80 }
      - { used_below_percent: 40, take_percent: 55 }
      - { used_below_percent: 55, take_percent: 35 }
      - { used_below_percent: 70, take_percent: 20 }
  - after_months: 9
    brackets:
      - { used_below_percent: 20, take_percent: 80 }
      - { used_below_percent: 40, take_percent: 55 }
      - { used_below_percent: 55, take_percent: 35 }
      - { used_below_percent: 70, take_percent: 20 }
""",
}


@pytest.mark.parametrize("name", PULL_BACKS)
def test_published_pull_back_tables_are_rules(name: str) -> None:
    raw = yaml.safe_load(PULL_BACKS[name])
    rule = PullBackRule.model_validate_json(json.dumps(raw))
    assert len(rule.checkpoints) in (2, 3)
    whole = yaml.safe_load(programmes.text("campus-example").replace("pull_back_rules: []", ""))
    whole["pull_back_rules"] = [{**raw, "applicant_classes": ["staff"]}]
    assert load.check(yaml.safe_dump(whole, allow_unicode=True)) == []


def test_a_job_defence_rule_is_an_idle_rule() -> None:
    rule = TypeAdapter(IdleRule).validate_json(
        json.dumps(
            {
                "code": "zero",
                "name": {"ko": "유휴", "en": "idle"},
                "applicant_classes": ["industry"],
                "signals": [{"signal": "gpu_util", "below_percent": 1}, {"signal": "power", "below_percent": 25}],
                "agree": 2,
                "idle_gpus_percent": 100,
                "first_days_free": 0,
                "exempt": ["maintenance", "no_telemetry"],
                "ladder": [
                    {"action": "notice", "after_hours": 1, "takes_percent": 0, "objection_days": 0},
                    {"action": "end", "after_hours": 2, "takes_percent": 100, "objection_days": 0},
                ],
            }
        )
    )
    assert rule.ladder[-1].action == "end"
