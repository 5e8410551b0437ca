"""Zones: a zone that holds everything is solved exactly; small ones never make a plan worse or break a row."""

import importlib

import numpy as np
import pytest

from dure.decide.planning.packing import Model
from dure.decide.planning.packing.model import Int64
from dure.decide.planning.packing.search import greedy
from dure.decide.planning.packing.state import open_board
from dure.decide.planning.packing.zones import Zones
from tests.decide.planning.packing.small import plans, tiny


def zones_of(model: Model, held: Int64) -> Zones:
    return Zones(model, model.value, np.ones(model.rows, dtype=np.int64), 1 << 40, held)


def worth(model: Model, zones: Zones) -> int:
    return model.worth(np.where(zones.held >= 0, zones.held - model.group_start[:-1], -1))


def test_a_zone_of_everything_is_the_best_plan() -> None:
    found = 0
    for seed in range(60):
        model = tiny(seed)
        if model.choices == 0:
            continue
        zones = zones_of(model, np.full(model.groups, -1, dtype=np.int64))
        zones._chance.below = lambda count: 0  # type: ignore[method-assign]
        zones.round(1)
        best = max(value for _, value, _ in plans(model))
        assert worth(model, zones) == best
        found += best > 0
    assert found > 20


def test_small_zones_keep_every_row_and_never_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("dure.decide.planning.packing.zones"), "FREE", 3)
    gained = 0
    for seed in range(12):
        model = tiny(seed, groups=40, rows=12)
        nobody = np.full(model.groups, -1, dtype=np.int64)
        held = greedy(model, open_board(model, model.value, nobody), nobody, np.argsort(model.value, kind="stable"))
        one, two = zones_of(model, held), zones_of(model, held)
        values = [worth(model, one)]
        for _ in range(5):
            assert one.round(1) == two.round(2)
            values.append(worth(model, one))
        assert values == sorted(values)
        assert one.held.tolist() == two.held.tolist()
        gained += values[-1] > values[0]
    assert gained > 2
