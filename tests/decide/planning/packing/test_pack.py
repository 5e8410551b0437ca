"""pack() against every plan of thousands of tiny models, and its bound against an independent reading."""

from __future__ import annotations

import importlib
import json

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.decide.planning.packing import Model, build, from_json, pack, to_json
from dure.decide.planning.packing.blocks import promising_blocks
from dure.decide.planning.packing.bound import Prices, price_scale
from tests.decide.planning.packing.proof import bound
from tests.decide.planning.packing.small import plans, tiny

BUDGET = 4_000


@pytest.mark.parametrize("block", range(20))
def test_bound_holds_and_plan_is_near_best(block: int) -> None:
    missed = 0
    for seed in range(block * 100, block * 100 + 100):
        model = tiny(seed)
        best = max(value for _, value, _ in plans(model))
        packed = pack(model, BUDGET, threads=1)
        assert model.worth(packed.choice) == packed.value <= best <= packed.bound, seed
        assert packed.bound == bound(to_json(model), packed.to_json()), seed
        missed += packed.value < best
    assert missed <= 2, "the search of a tiny model almost never misses the best plan"


def test_result_does_not_depend_on_threads() -> None:
    model = tiny(6, groups=40, rows=12)
    one, two = (json.dumps(pack(model, 60_000, threads=t).to_json()) for t in (1, 2))
    assert one == two


def test_same_model_same_result() -> None:
    model = tiny(16, groups=40, rows=12)
    assert pack(model, 30_000).to_json() == pack(from_json(to_json(model)), 30_000).to_json()


def test_a_model_of_some_choices_is_the_model_without_the_others() -> None:
    model = tiny(6, groups=40, rows=12)
    kept = np.arange(0, model.choices, 3)
    document = to_json(model)
    place, groups = 0, []
    for group in document["groups"]:
        groups.append([one for at, one in enumerate(group, start=place) if at % 3 == 0])
        place += len(group)
    assert to_json(model.within(kept)) == {"rows": document["rows"], "groups": groups}


def test_large_models_are_searched_among_promising_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("dure.decide.planning.packing.pack")
    monkeypatch.setattr(module, "LARGEST_PATTERNS", 0)
    model = tiny(6, groups=40, rows=12)
    one, two = pack(model, 60_000, threads=1), pack(model, 60_000, threads=2)
    assert one.to_json() == two.to_json()
    assert model.worth(one.choice) == one.value <= one.bound
    start = module.Run(model, 60_000)
    start.price()
    assert one.value > start.value


def test_caller_may_stop() -> None:
    seen: list[str] = []

    def stop(phase: str, done: int, value: int, limit: int) -> bool:
        assert 0 <= done <= 60_000 and value <= limit
        seen.append(phase)
        return len(seen) < 2

    model = tiny(5, groups=60, rows=10)
    packed = pack(model, 60_000, stop)
    assert packed.stopped and len(seen) == 2
    assert model.worth(packed.choice) == packed.value <= packed.bound


def test_more_work_is_never_worse() -> None:
    model = tiny(3, groups=50, rows=10)
    little, much = pack(model, 1_000, threads=1), pack(model, 200_000, threads=1)
    assert much.value >= little.value and much.bound <= little.bound


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_value_and_bound_survive_any_order(seed: int, chance: object) -> None:
    document = to_json(tiny(seed))
    shuffled = list(document["groups"])
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    model = from_json({"rows": document["rows"], "groups": shuffled})
    best = max(value for _, value, _ in plans(model))
    packed = pack(model, BUDGET, threads=1)
    assert packed.value <= best <= packed.bound


def test_infeasible_choices_are_refused() -> None:
    model = from_json({"rows": [3], "groups": [[{"value": 5, "use": {"0": 2}}], [{"value": 5, "use": {"0": 2}}]]})
    with pytest.raises(InvalidInput, match="rows"):
        model.worth(np.array([0, 0]))
    with pytest.raises(InvalidInput, match="choice"):
        model.worth(np.array([1, -1]))
    assert pack(model, BUDGET).value == 5


def test_choice_larger_than_its_row_is_never_taken() -> None:
    model = from_json({"rows": [3, 9], "groups": [[{"value": 50, "use": {"0": 4}}, {"value": 1, "use": {"1": 9}}]]})
    packed = pack(model, BUDGET)
    assert packed.choice.tolist() == [1] and packed.value == packed.bound == 1


@pytest.mark.parametrize(
    "document, where",
    [
        ([], "rows"),
        ({"rows": [1.5], "groups": []}, "rows[0]"),
        ({"rows": [-1], "groups": []}, "rows[0]"),
        ({"rows": [1]}, "groups"),
        ({"rows": [1], "groups": [3]}, "groups[0]"),
        ({"rows": [1], "groups": [[{"use": {}}]]}, "groups[0][0].value"),
        ({"rows": [1], "groups": [[{"value": True, "use": {}}]]}, "groups[0][0].value"),
        ({"rows": [1], "groups": [[{"value": 1, "use": {"1": 1}}]]}, "groups[0][0].use"),
        ({"rows": [1], "groups": [[{"value": 1, "use": {"0": -1}}]]}, "groups[0][0].use.0"),
        ({"rows": [1], "groups": [[{"value": 1, "use": [0]}]]}, "groups[0][0]"),
    ],
)
def test_unusable_models_name_the_place(document: object, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(document)
    assert caught.value.mistakes[0].where == where


def test_empty_model() -> None:
    packed = pack(from_json({"rows": [], "groups": []}), BUDGET)
    assert packed.value == packed.bound == 0 and packed.choice.tolist() == []


@pytest.mark.parametrize("seed", [1, 2])
def test_dense_rows_are_searched_widely(seed: int) -> None:
    """Every choice uses every row: good plans lie further from the prices than where rows are sparse."""
    model = _dense(40, 5, seed)
    assert pack(model, 40_000).value >= 0.99 * _optimum(model)


def test_rows_whose_tables_are_too_large_are_not_tried_as_blocks() -> None:
    model, nobody = _dense(40, 1, 1), np.zeros(0, dtype=np.int64)
    prices = Prices(price_scale(model), np.ones(1, dtype=np.int64), nobody)
    assert promising_blocks(model, prices, np.ones(model.choices, dtype=np.bool_)).tolist() == [0]
    large = build(
        model.caps * 2_000 + 1, model.group_start, model.value, model.use_start, model.use_row,
        model.use_amount * 2_000 + np.arange(len(model.use_row)),
    )  # fmt: skip
    assert promising_blocks(large, prices, np.ones(model.choices, dtype=np.bool_)).tolist() == []


def _dense(groups: int, rows: int, seed: int) -> Model:
    """One choice a group, every row used; room for a quarter."""
    chance = np.random.default_rng(seed)
    amount = chance.integers(1, 1_000, (groups, rows))
    return build(
        amount.sum(0) // 4,
        np.arange(groups + 1),
        amount.sum(1) // rows + chance.integers(0, 500, groups),
        np.arange(groups + 1) * rows,
        np.tile(np.arange(rows, dtype=np.int32), groups),
        amount.ravel(),
    )


def _optimum(model: Model) -> int:
    """By HiGHS, exactly."""
    solver, row = highspy.Highs(), model.use_row.reshape(model.groups, -1)
    solver.setOptionValue("output_flag", False)
    amount = model.use_amount.reshape(row.shape)
    x = [solver.addBinary(obj=-float(v)) for v in model.value]
    for r in range(model.rows):
        solver.addConstr(sum(int(amount[g, r]) * x[g] for g in range(model.groups)) <= int(model.caps[r]))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.run()
    return -round(solver.getObjectiveValue())
