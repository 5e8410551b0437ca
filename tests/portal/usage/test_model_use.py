"""Guidance on model FLOPs utilisation: what a holder says of a training, over three times that are never mixed."""

from __future__ import annotations

import re

import pytest

from dure.decide import estimator
from dure.decide.published_runs import RUNS
from dure.portal.usage import operations
from tests.portal import realised as world
from tests.portal.realised import HOUR, at

H200 = estimator.gpu("h200")
assert H200 is not None
HELD, RAN, BUSY = 115_200, 100_000, 57_600  # GPU-seconds an hour


@pytest.fixture
def name(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    world.load()
    world.epoch_of()
    found = world.allocated(world.organisation("lab"), "25-1-0001", nodes=4)
    row = {"allocated_node_seconds": 14_400, "allocated_gpu_seconds": HELD, "running_gpu_seconds": RAN}
    row |= {"busy_gpu_seconds": BUSY, "energy_joules": 36_000_000}
    hours = [world.window(at(4) + n * HOUR, {found: row}) for n in range(10)]
    operations.receive(now=at(6), post=world.post(*hours))
    operations.store_pending(now=at(6))
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: at(6))
    return found


def page(name: str, query: str = "") -> str:
    return world.signed_in(world.organisation("lab")).get(f"/usage/allocations/{name}/{query}").content.decode()


def shown(html: str) -> list[int]:
    """The three percentages of the guidance, in tenths."""
    part = html[html.index("어림한 이용률") :]
    return [round(float(value) * 10) for value in re.findall(r"<td class=\"num\">([\d.]+)\s*%", part)[:3]]


def test_each_measure_has_a_utilisation_of_its_own(name: str) -> None:
    html = page(name, "?parameters=8&tokens=5")
    found = shown(html)
    wanted = [estimator.reached_permille(H200, 8 * 10**9, 5 * 10**9, 10 * seconds) for seconds in (HELD, RAN, BUSY)]
    assert [abs(a - b) <= 10 for a, b in zip(found, wanted, strict=True)] == [True] * 3
    assert found[0] < found[1] < found[2]
    assert "참고용" in html and "arXiv:2204.02311" in html and "맞지 않습니다" not in html
    assert "100 kWh" in html  # 10 hours of 36 MJ


def test_what_cannot_be_is_said(name: str) -> None:
    assert "적으신 값과 사용량이 맞지 않습니다" in page(name, "?parameters=400&tokens=9000")
    for wrong in ("?parameters=-1&tokens=5", "?parameters=8&tokens=", "?parameters=x&tokens=1"):
        html = page(name, wrong)
        assert "어림한 이용률" not in html and "error" in html
    assert "어림한 이용률" not in page(name)


def test_the_formula_is_the_one_of_the_published_runs() -> None:
    for run in RUNS:
        chosen = estimator.gpu(run.gpu)
        assert chosen is not None
        reached = estimator.reached_permille(chosen, run.parameters, run.tokens, run.gpu_hours * 3600)
        assert reached == estimator.implied_permille(run)
    # 6 N T over peak, attention left out: the whole can only be a little more.
    plain = 6 * 8 * 10**9 * 10**12 * 1000 // (10**9 * 989 * 10**12)
    assert plain <= estimator.reached_permille(H200, 8 * 10**9, 10**12, 10**9) <= plain * 1.2
