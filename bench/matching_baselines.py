"""Published ways to assign reviewers, written from their papers, to compare ours with.

- TPMS: the greatest total fit within load limits, a linear program whose optima are whole numbers (Charlin & Zemel,
  "The Toronto Paper Matching System", ICML workshop on peer reviewing, 2013).
- PeerReview4All (PR4A): the worst-off proposal's sum of fits first, then the next, one proposal fixed at a time
  (Stelmakh, Shah & Singh, "PeerReview4All: Fair and Accurate Reviewer Assignment in Peer Review", ALT 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np
import numpy.typing as npt

Fits = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Pairs = list[tuple[int, int]]


def tpms(fit: Fits, allowed: Bools, need: int, limits: Sequence[int], least: int = 0) -> Pairs | None:
    """Every proposal `need` reviewers, each between `least` and `limits`, the greatest total; None when there is none.

    The paper knows no `least`; it tells what even loads cost apart from what a floor costs.
    """
    proposals, reviewers = fit.shape
    p, r = np.nonzero(allowed)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    lower = np.concatenate([np.full(proposals, need), np.full(reviewers, least)]).astype(np.float64)
    upper = np.concatenate([np.full(proposals, need), np.asarray(limits)]).astype(np.float64)
    rows, none = proposals + reviewers, np.empty(0, dtype=np.int32)
    highs.addRows(rows, lower, upper, 0, np.zeros(rows, dtype=np.int32), none, np.empty(0))
    index = np.column_stack([p, r + proposals]).astype(np.int32).ravel()
    starts = np.arange(0, 2 * len(p), 2, dtype=np.int32)
    costs = -fit[p, r].astype(np.float64)
    highs.addCols(len(p), costs, np.zeros(len(p)), np.ones(len(p)), 2 * len(p), starts, index, np.ones(2 * len(p)))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    chosen = np.array(highs.getSolution().col_value) > 0.5
    return list(zip(p[chosen].tolist(), r[chosen].tolist(), strict=True))


def peer_review_4_all(
    fit: Fits, allowed: Bools, need: int, limits: Sequence[int], rounds: int | None = None
) -> Pairs | None:
    """PR4A; `rounds` stops after so many proposals are fixed (the first round alone settles the worst-off)."""
    left = np.array(limits)
    open_rows = list(range(fit.shape[0]))
    fixed: Pairs = []
    best: Pairs | None = None
    for _ in range(len(open_rows) if rounds is None else rounds):
        candidates = [best] if best is not None else []
        for kappa in range(1, need + 1):
            found = _candidate(fit[open_rows], allowed[open_rows], need, kappa, left)
            if found is not None:
                candidates.append([(open_rows[p], r) for p, r in found])
        if not candidates:
            return None
        best = max(candidates, key=lambda pairs: min(_sums(fit, pairs).values()))
        sums = _sums(fit, best)
        worst = min(sums, key=lambda p: (sums[p], p))
        for p, r in best:
            if p == worst:
                fixed.append((p, r))
                left[r] -= 1
        open_rows.remove(worst)
        best = [pair for pair in best if pair[0] != worst]
    return fixed + (best or [])


def _candidate(fit: Fits, allowed: Bools, need: int, kappa: int, left: npt.NDArray[np.int64]) -> Pairs | None:
    """`kappa` reviewers as good as can be for the worst-off, then the rest in the same way."""
    first = _highest_floor(fit, allowed, kappa, left)
    if first is None or kappa == need:
        return first
    spare, still = left.copy(), allowed.copy()
    for p, r in first:
        spare[r] -= 1
        still[p, r] = False
    second = _highest_floor(fit, still, need - kappa, spare)
    return None if second is None else first + second


def _highest_floor(fit: Fits, allowed: Bools, need: int, left: npt.NDArray[np.int64]) -> Pairs | None:
    levels = np.unique(fit[allowed]) if allowed.any() else np.zeros(1, dtype=np.int32)
    low, high, found = 0, len(levels) - 1, None
    while low <= high:
        middle = (low + high) // 2
        pairs = tpms(fit, allowed & (fit >= levels[middle]), need, left.tolist())
        if pairs is None:
            high = middle - 1
        else:
            found, low = pairs, middle + 1
    return found


def _sums(fit: Fits, pairs: Pairs) -> dict[int, int]:
    sums: dict[int, int] = {}
    for p, r in pairs:
        sums[p] = sums.get(p, 0) + int(fit[p, r])
    return sums
