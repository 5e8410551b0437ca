"""How many GPUs: the page and the open interface say what the estimator says, to anybody, and name what is wrong."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from dure.decide import estimator, pricing
from dure.decide.estimator import Bounds, Need
from dure.portal.calls import queries, sizing
from dure.portal.framework import programme as programmes
from tests.portal.competition import USE_FROM, browser, composed, manager, member_of, opened
from tests.portal.site.test_language import korean_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
TYPED = {"kind": "training", "gpu": "h200", "parameters": "7", "tokens": "140", "applicant_class": "industry"}
ASKED = TYPED | {"parameters": 7_000_000_000, "tokens": 140_000_000_000}
NEED = Need("training", 7_000_000_000, 140_000_000_000, "h200")


@pytest.fixture(autouse=True)
def _own_counts(settings):
    """Requests are counted from none, and apart from any portal that runs on this machine."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def test_the_page_shows_what_the_estimator_says_with_every_assumption_and_its_source():
    code = opened(manager())
    found = estimator.estimate(NEED)
    page = browser().get(f"/calls/{code}/estimate/", TYPED)
    text = page.content.decode()
    assert page.status_code == 200
    for hours in (found.hours.low, found.hours.typical, found.hours.high):
        assert f'<div class="figure">{hours:,}</div>' in text
    for one in found.assumptions:
        assert one.text.ko in text
        assert one.source in text
    assert "26건 가운데 24건" in text


def test_sizes_are_those_the_estimator_suggests_within_the_limits_at_the_price_of_the_class():
    call = queries.call(opened(manager()))
    found = sizing.size(call, NEED, "industry", is_youth=True)
    limit = call.rules.limit("h200")
    assert found.bounds == Bounds(8, limit.min_nodes, limit.max_nodes, call.rules.months.min, call.rules.months.max)
    assert [one.suggestion for one in found.sizes] == list(estimator.suggest(estimator.estimate(NEED), found.bounds))
    assert found.sizes and found.is_enough
    for one in found.sizes:
        wanted = {"nodes": one.suggestion.nodes, "months": one.suggestion.months}
        cost = pricing.estimate(
            programmes.current(), gpu_model="h200", applicant_class="industry", is_youth=True, **wanted
        )
        assert one.cost == cost.whole
    text = browser().get(f"/calls/{call.code}/estimate/", TYPED | {"is_youth": "on"}).content.decode()
    for one in found.sizes:
        assert f"nodes={one.suggestion.nodes}&amp;months={one.suggestion.months}&amp;start=2026-04#check" in text
        assert f"{one.suggestion.gpu_hours:,}" in text


def test_sizes_never_exceed_what_one_cluster_offers_nor_the_months_of_the_call():
    three_months = USE_FROM.replace(month=6, day=30)
    call = queries.call(opened(manager(), offered={"naver-h200-a": 5}, use_until=three_months))
    bounds = sizing.size(call, NEED, "industry", is_youth=False).bounds
    assert (bounds.max_nodes, bounds.max_months) == (5, 3)


def test_a_suggested_size_passes_the_check_it_links_to():
    code = opened(manager())
    one = sizing.size(queries.call(code), NEED, "industry", is_youth=False).sizes[0].suggestion
    wanted = {"applicant_class": "industry", "gpu_model": "h200", "nodes": one.nodes, "months": one.months}
    text = browser().get(f"/calls/{code}/", wanted | {"start": "2026-04"}).content.decode()
    assert "신청할 수 있습니다" in text


def test_what_no_size_covers_and_inference_are_said_to_be_so():
    reader, code = browser(), opened(manager())
    text = reader.get(f"/calls/{code}/estimate/", TYPED | {"parameters": "405", "tokens": "15000"}).content.decode()
    assert "가장 큰 규모로도 모자랍니다" in text
    inference = TYPED | {"kind": "inference", "output_tokens": "1"}
    text = reader.get(f"/calls/{code}/estimate/", inference).content.decode()
    assert "추론의 계산은 확인되지 않았습니다" in text
    hours = estimator.estimate(Need("inference", 7 * 10**9, 140 * 10**9, "h200", output_tokens=10**9)).hours
    assert f'<div class="figure">{hours.typical:,}</div>' in text


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"parameters": "many"}, "parameters", "Enter a number above 0"),
        ({"parameters": "-1"}, "parameters", "Enter a number above 0"),
        ({"tokens": ""}, "tokens", "Enter a number above 0"),
        ({"total_parameters": "1"}, "total_parameters", "cannot be below"),
        ({"efficiency_percent": "101"}, "efficiency_percent", "from 1 to 100"),
        ({"development_percent": "2000"}, "development_percent", "0 to 1000"),
        ({"output_tokens": "5"}, "output_tokens", "Leave this empty"),
        ({"kind": "inference", "efficiency_percent": "40"}, "efficiency_percent", "Leave this empty"),
    ],
)
def test_bad_input_is_named_at_its_field_with_a_remedy_and_nothing_typed_is_lost(change, field, said):
    code = opened(manager())
    page = browser(language="en").get(f"/calls/{code}/estimate/", TYPED | change)
    text = page.content.decode()
    assert page.status_code == 422
    assert f'href="#id_{field}"' in text and f'id="id_{field}-error"' in text and said in text
    assert 'value="7"' in text or "parameters" in change
    assert "GPU-hours needed" not in text


def test_the_interface_says_the_same_and_names_field_and_remedy():
    code, reader = opened(manager()), browser()
    answer = reader.get(f"/api/calls/{code}/estimate", ASKED)
    found = sizing.size(queries.call(code), NEED, "industry", is_youth=False)
    assert answer.status_code == 200
    said = answer.json()
    assert said["hours"] == {name: getattr(found.estimate.hours, name) for name in ("low", "typical", "high")}
    assert said["least_gpus"] == found.estimate.least_gpus and said["is_checked"]
    assert [(s["nodes"], s["months"], s["self_pay"]) for s in said["sizes"]] == [
        (s.suggestion.nodes, s.suggestion.months, s.cost.self_pay) for s in found.sizes
    ]
    assert [(a["text"]["en"], a["source"]) for a in said["assumptions"]] == [
        (a.text.en, a.source) for a in found.assumptions
    ]
    assert said["accuracy"] == {"within": 24, "runs": 26}
    for change, where in (
        ({"gpu": "a100"}, "gpu"),
        ({"applicant_class": "nobody"}, "applicant_class"),
        ({"parameters": 0}, "parameters"),
    ):
        refused = reader.get(f"/api/calls/{code}/estimate", ASKED | change)
        (mistake,) = refused.json()["mistakes"]
        assert refused.status_code == 422 and mistake["where"] == where
        assert mistake["what"]["ko"] and mistake["what"]["en"]
    malformed = reader.get(f"/api/calls/{code}/estimate", ASKED | {"kind": "guessing"})
    assert malformed.status_code == 422 and malformed.json()["mistakes"][0]["where"].endswith("kind")


def test_drafts_are_hidden_and_visitors_who_ask_too_often_are_told_to_wait():
    draft = composed(manager(), code="26-9")
    reader = browser()
    assert reader.get(f"/calls/{draft}/estimate/").status_code == 404
    assert reader.get(f"/api/calls/{draft}/estimate", ASKED).status_code == 404
    code = opened(manager())
    for path, typed in ((f"/calls/{code}/estimate/", TYPED), (f"/api/calls/{code}/estimate", ASKED)):
        answers = [reader.get(path, typed).status_code for _ in range(121)]
        assert set(answers[:119]) == {200} and answers[-1] == 429
    part = reader.get(f"/calls/{code}/estimate/", TYPED, headers={"HX-Request": "true"})
    assert part.status_code == 429 and "<html" not in part.content.decode()
    refused = reader.get(f"/api/calls/{code}/estimate", ASKED).json()
    assert refused["kind"] == "TooOften" and "10" in refused["message"]["ko"]


def test_htmx_gets_the_answer_alone_and_no_reproach_for_what_is_not_typed_yet():
    code, headers = opened(manager()), {"HX-Request": "true"}
    part = browser().get(f"/calls/{code}/estimate/", TYPED, headers=headers).content.decode()
    assert "<html" not in part and "GPU시간" in part
    part = browser().get(f"/calls/{code}/estimate/", TYPED | {"tokens": ""}, headers=headers).content.decode()
    assert 'class="errors"' not in part and "이곳에 결과가" in part


def test_english_pages_speak_english_and_the_class_of_ones_organisation_is_chosen():
    code = opened(manager())
    head = member_of("blue", applicant_class="academia")
    for typed in ({}, TYPED, TYPED | {"kind": "inference"}, TYPED | {"tokens": "x"}):
        text = browser(head, "en").get(f"/calls/{code}/estimate/", typed).content.decode()
        assert [word for word in korean_in(text) if word != "한국어"] == []
    text = browser(head, "en").get(f"/calls/{code}/estimate/").content.decode()
    assert '<option value="academia" selected>' in text
    assert f"/calls/{code}/estimate/" in browser().get(f"/calls/{code}/").content.decode()
