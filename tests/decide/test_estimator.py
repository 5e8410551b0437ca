"""The estimator: against published runs, against sums done by hand, and its promises to an applicant."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.decide import estimator
from dure.decide.estimator import KINDS, Bounds, Need, estimate, suggest
from dure.decide.published_runs import RUNS
from dure.programme import load

SEVEN = Need("training", 7 * 10**9, 10**12, "h200")
KOREA = Bounds(gpus_per_node=8, min_nodes=2, max_nodes=32, min_months=1, max_months=12)


def factor(run, runs=RUNS):
    hours = estimate(Need("training", run.parameters, run.tokens, run.gpu), runs).hours.typical
    return max(hours / run.gpu_hours, run.gpu_hours / hours)


def test_ten_published_runs_at_least_each_with_a_source():
    assert len(RUNS) >= 10 and len({run.name for run in RUNS}) == len(RUNS)
    assert all("https://" in run.source and run.gpu_hours > 0 for run in RUNS)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_published_runs_are_met_within_a_factor_of_two_but_for_distilled_models(run):
    assert (factor(run) <= 2) != run.is_distilled


@pytest.mark.parametrize("run", [run for run in RUNS if not run.is_distilled], ids=lambda run: run.name)
def test_they_are_met_without_knowing_the_makers_own_runs(run):
    assert factor(run, [one for one in RUNS if one.maker != run.maker]) <= 2


def test_the_sum_done_by_hand():
    """Llama 2 70B: 6 × 70e9 × 2e12 plus attention, at 312e12 a second and 47.4 %."""
    efficiency = estimator.efficiency_of("ampere")
    hours = estimate(Need("training", 70 * 10**9, 2 * 10**12, "a100")).hours.typical
    without_attention = 6 * 70e9 * 2e12 / (312e12 * efficiency.typical / 1000) / 3600
    assert 1.0 < hours / without_attention < 1.06


def test_attention_grows_with_the_context_and_needs_no_shape_of_the_model():
    """A 7B model of 32 layers × 4096 does 6 × 32 × 4096 × 131072 operations a token at 128K: more than its weights."""
    short, long = estimate(SEVEN).hours.typical, estimate(replace(SEVEN, context_tokens=131_072)).hours.typical
    by_hand = (6 * 7e9 + 6 * 32 * 4096 * 131_072) / (6 * 7e9 + 6 * 32 * 4096 * 4096)
    assert abs(long / short / by_hand - 1) < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_a_range_and_says_what_it_rests_on(kind):
    found = estimate(Need(kind, 8 * 10**9, 10**10, "b200", output_tokens=10**9))
    assert 0 < found.hours.low < found.hours.typical < found.hours.high
    assert found.least_gpus >= 1
    for one in found.assumptions:
        assert one.text.ko and one.text.en and "{" not in one.text.ko + one.text.en
        assert not one.source or one.source.startswith("https://")
    assert sum(bool(one.source) for one in found.assumptions) >= 3


def test_tuning_with_frozen_weights_takes_two_thirds_and_far_less_memory():
    full = estimate(Need("full_tuning", 70 * 10**9, 10**9, "h200"))
    lora = estimate(Need("lora_tuning", 70 * 10**9, 10**9, "h200"))
    assert abs(3 * lora.hours.typical - 2 * full.hours.typical) <= 6
    assert (full.least_gpus, lora.least_gpus) == (10, 2)


def test_a_mixture_of_experts_is_counted_by_what_is_active_and_stored_by_all():
    dense = estimate(Need("training", 37 * 10**9, 10**12, "h200"))
    experts = estimate(Need("training", 37 * 10**9, 10**12, "h200", total_parameters=671 * 10**9))
    assert experts.hours == dense.hours and experts.least_gpus > 15 * dense.least_gpus


def test_writing_answers_costs_more_than_reading_prompts():
    read = estimate(Need("inference", 70 * 10**9, 10**12, "h200")).hours.typical
    written = estimate(Need("inference", 70 * 10**9, 0, "h200", output_tokens=10**12)).hours.typical
    assert written > 3 * read
    # By hand: 140 GB of weights, read at 60 % of 4.8 TB/s for 32 answers at once.
    assert abs(written / (1e12 * 140e9 / (0.6 * 4.8e12 * 32) / 3600) - 1) < 0.001


def test_ones_own_efficiency_and_trials_count():
    half = estimate(replace(SEVEN, efficiency_percent=50)).hours.typical
    quarter = estimate(replace(SEVEN, efficiency_percent=25)).hours.typical
    assert abs(quarter - 2 * half) <= 2
    assert estimate(replace(SEVEN, development_percent=50)).hours.typical == -(-3 * estimate(SEVEN).hours.typical // 2)


def test_a_generation_without_published_runs_says_so():
    texts = [one.text.en for one in estimate(replace(SEVEN, gpu="b200")).assumptions]
    assert any("No run on the generation" in text for text in texts)
    assert not any("No run on the generation" in one.text.en for one in estimate(SEVEN).assumptions)


@given(st.integers(10**6, 10**12), st.integers(10**6, 10**13), st.sampled_from(["a100", "h200", "b200", "l40s"]))
def test_more_work_never_takes_fewer_hours(parameters, tokens, code):
    small = estimate(Need("training", parameters, tokens, code))
    large = estimate(Need("training", 2 * parameters, 2 * tokens, code))
    assert large.hours.typical >= 2 * small.hours.typical - 2 and large.least_gpus >= small.least_gpus
    assert isinstance(small.hours.typical, int) and small.hours.low <= small.hours.typical <= small.hours.high


@given(
    st.integers(10**8, 5 * 10**11),
    st.integers(10**8, 10**13),
    st.integers(1, 4),
    st.integers(0, 60),
    st.integers(1, 6),
    st.integers(0, 12),
)
def test_suggestions_cover_what_they_say_and_keep_the_limits(parameters, tokens, least, more, months, longer):
    found = estimate(Need("training", parameters, tokens, "h200"))
    bounds = Bounds(8, least, least + more, months, months + longer)
    suggestions = suggest(found, bounds)
    assert suggestions
    for one in suggestions:
        assert bounds.min_nodes <= one.nodes <= bounds.max_nodes
        assert bounds.min_months <= one.months <= bounds.max_months
        assert one.covers_typical == (one.gpu_hours >= found.hours.typical and 8 * one.nodes >= found.least_gpus)
        assert one.covers_high <= (one.gpu_hours >= found.hours.high)
        if one.covers_typical and one.months > bounds.min_months:
            shorter = one.gpu_hours * (one.months - 1) // one.months
            assert shorter < found.hours.typical + one.nodes
    assert [s.nodes for s in suggestions] == sorted({s.nodes for s in suggestions})


def test_a_seven_billion_model_on_a_trillion_tokens_in_koreas_regular_track():
    found = suggest(estimate(SEVEN), KOREA)
    assert found[0].nodes == 2 and found[0].covers_typical
    assert found[0].months * 2 * 8 * 730 * 9 // 10 >= estimate(SEVEN).hours.typical


def test_what_is_too_much_is_said():
    (only,) = suggest(estimate(Need("training", 405 * 10**9, 15 * 10**12, "h200")), KOREA)
    assert (only.nodes, only.months, only.covers_typical) == (32, 12, False)
    huge = estimate(Need("inference", 10**13, 10**6, "h200"))
    assert not suggest(huge, replace(KOREA, max_nodes=4))[0].covers_typical


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"parameters": 0}, "parameters"),
        ({"tokens": 0}, "tokens"),
        ({"tokens": -1}, "tokens"),
        ({"context_tokens": 0}, "context_tokens"),
        ({"total_parameters": 5}, "total_parameters"),
        ({"efficiency_percent": 0}, "efficiency_percent"),
        ({"efficiency_percent": 101}, "efficiency_percent"),
        ({"development_percent": -1}, "development_percent"),
        ({"gpu": "abacus"}, "gpu"),
    ],
)
def test_nonsense_names_the_field(change, where):
    with pytest.raises(InvalidInput) as caught:
        estimate(replace(SEVEN, **change))
    assert [mistake.where for mistake in caught.value.mistakes] == [where]


def test_the_catalogue_knows_the_gpus_of_the_shipped_programmes():
    files = [one for one in resources.files("dure.programmes").iterdir() if one.name.endswith(".yaml")]
    codes = {model.code for one in files for model in load.parse(one.read_text("utf-8")).gpu_models}
    assert codes and all(estimator.gpu(code) for code in codes)
    assert estimator.gpu("abacus") is None
