"""Matching: exact, never a conflict, loads even, the worst-off first; compared with enumeration and with greedy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.decide import matching
from dure.decide.affinity import Profile, affinities, shared, with_wishes
from dure.decide.matching import Side


def random_case(seed, proposals=12, reviewers=8, clash=0.1):
    chance = np.random.default_rng(seed)
    fit = chance.integers(0, 1001, (proposals, reviewers)).astype(np.int32)
    return fit, chance.random((proposals, reviewers)) >= clash


def best_by_enumeration(fit, allowed, need, limit):
    """The best (worst fit, total fit) of all ways to give each proposal `need` reviewers within `limit`."""
    reviewers = range(fit.shape[1])
    choices = [
        [c for c in itertools.combinations(reviewers, need) if all(allowed[p, r] for r in c)]
        for p in range(fit.shape[0])
    ]
    totals = []
    for chosen in itertools.product(*choices):
        loads = [sum(r in c for c in chosen) for r in reviewers]
        if max(loads) <= limit:
            totals.append(sum(int(fit[p, r]) for p, c in enumerate(chosen) for r in c))
    return max(totals, default=None)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_everybody_is_served_without_conflict_and_within_limits(seed, need):
    fit, allowed = random_case(seed)
    side = Side((9,) * 8, (0,) * 8)
    found = matching.match(fit, allowed, [need] * 12, side)
    assert all(allowed[pair] for pair in found.pairs)
    assert len(set(found.pairs)) == len(found.pairs)
    per_proposal = np.bincount([p for p, _ in found.pairs], minlength=12)
    lacking = dict(found.short)
    assert all(count + lacking.get(p, 0) == need for p, count in enumerate(per_proposal))
    loads = np.bincount([r for _, r in found.pairs], minlength=8)
    assert max(loads) <= 9
    assert found.is_optimal


@pytest.mark.parametrize("seed", range(15))
def test_the_total_is_the_best_there_is(seed):
    """With floors out of the way (all fits equal but one bit of noise is not), enumeration finds nothing better."""
    chance = np.random.default_rng(seed)
    fit = chance.integers(0, 1001, (4, 4)).astype(np.int32)
    allowed = np.ones((4, 4), dtype=bool)
    found = matching.match(fit, allowed, [2] * 4, Side((3,) * 4, (0,) * 4))
    own = matching._own_best(fit, allowed, [2] * 4)
    floored = allowed & (fit >= np.minimum(found.floor_permille, own)[:, None])
    assert found.total_permille == found.bound_permille == best_by_enumeration(fit, floored, 2, 3)


@pytest.mark.parametrize("seed", range(15))
def test_the_floor_is_the_highest_that_serves_everybody(seed):
    fit, allowed = random_case(seed, 4, 4, 0.0)
    found = matching.match(fit, allowed, [2] * 4, Side((3,) * 4, (0,) * 4))
    own = matching._own_best(fit, allowed, [2] * 4)
    higher = sorted(level for level in np.unique(fit) if level > found.floor_permille)
    for level in higher[:1]:
        usable = allowed & (fit >= np.minimum(level, own)[:, None])
        assert best_by_enumeration(fit, usable, 2, 3) is None


def test_loads_are_even_and_what_is_held_counts():
    fit = np.zeros((20, 4), dtype=np.int32)
    fit[:, 0] = 1000  # everybody's favourite
    found = matching.match(fit, np.ones((20, 4), dtype=bool), [2] * 20, Side((40,) * 4, (0,) * 4))
    loads = np.bincount([r for _, r in found.pairs], minlength=4)
    assert max(loads) <= 11 and min(loads) >= 8
    found = matching.match(fit, np.ones((20, 4), dtype=bool), [1] * 20, Side((40,) * 4, (10, 0, 0, 0)))
    loads = np.bincount([r for _, r in found.pairs], minlength=4)
    assert loads[0] <= 1


def test_too_few_reviewers_is_said_and_not_hidden():
    fit, allowed = random_case(1, 3, 2, 0.0)
    allowed[0] = [True, False]
    found = matching.match(fit, allowed, [2, 2, 2], Side((9, 9), (0, 0)))
    assert found.short == ((0, 1),) and len(found.pairs) == 5
    assert matching.match(fit, allowed, [1] * 3, Side((1, 1), (0, 0))).short
    assert matching.match(fit[:, :0], allowed[:, :0], [1] * 3, Side((), ())).short == ((0, 1), (1, 1), (2, 1))
    assert matching.match(fit[:0], allowed[:0], [], Side((1, 1), (0, 0))).pairs == ()


def test_a_hopeless_proposal_does_not_hold_the_others_back():
    fit = np.array([[0, 0, 0], [900, 800, 10], [800, 900, 10]], dtype=np.int32)
    found = matching.match(fit, np.ones((3, 3), dtype=bool), [1] * 3, Side((1, 1, 1), (0, 0, 0)))
    assert found.floor_permille >= 900 and set(found.pairs) == {(0, 2), (1, 0), (2, 1)}


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_off_is_never_worse_than_under_greedy(seed):
    fit, allowed = random_case(seed, 60, 20, 0.05)
    side = Side((12,) * 20, (0,) * 20)
    most, _ = matching._bands([3] * 60, side, allowed)
    found = matching.match(fit, allowed, [3] * 60, side)
    rival = matching.greedy(fit, allowed, [3] * 60, most)
    assert found.worst_permille >= (min(int(fit[pair]) for pair in rival) if len(rival) == 180 else 0)


def test_affinity_rises_with_shared_keywords_and_with_like_text():
    proposal = Profile(("언어 모델", "사전 학습"), "한국어 거대 언어 모델을 처음부터 학습합니다")
    same = Profile(("언어모델", "사전학습"), "한국어 언어 모델 학습")
    near = Profile(("자연어 처리",), "거대 언어 모델의 한국어 성능")
    far = Profile(("단백질 구조",), "신약 후보 물질 탐색")
    (row,) = affinities([proposal], [same, near, far])
    assert row[0] > row[1] > row[2]
    assert row.min() >= 0 and row.max() <= 1000
    assert shared(proposal, same) == ("언어 모델", "사전 학습") and shared(proposal, far) == ()
    assert affinities([], [same]).shape == (0, 1)


def test_lifting_the_worst_pair_costs_total_fit_and_both_can_be_had():
    fit = np.array([[1000, 400], [500, 0]], dtype=np.int32)
    allowed, side = np.ones((2, 2), dtype=bool), Side((1, 1), (0, 0))
    fair = matching.match(fit, allowed, [1, 1], side)
    total = matching.match(fit, allowed, [1, 1], side, lifts_worst=False)
    assert (fair.worst_permille, fair.total_permille) == (400, 900)
    assert (total.worst_permille, total.total_permille) == (0, 1000) and total.is_optimal


def test_wishes_tip_comparable_pairs_and_stay_within_bounds():
    fit = np.array([[500, 520], [950, 100]], dtype=np.int32)
    wished = with_wishes(fit, {(0, 0): "eager", (1, 0): "eager", (1, 1): "unwilling"})
    assert wished.tolist() == [[700, 520], [1000, 0]] and fit[0, 0] == 500
