"""The bound worked out again from a result alone, in plain Python, sharing no code with the packing room."""

from __future__ import annotations

from typing import Any


def bound(document: dict[str, Any], result: dict[str, Any]) -> int:
    """The value no plan of the model `document` can pass, from the prices and block rows of `result`."""
    rows, groups = document["rows"], document["groups"]
    prices, scale, blocks = result["prices"], result["scale"], set(result["blocks"])
    assert all(p >= 0 for p in prices) and all(prices[r] == 0 for r in blocks)
    total = sum(price * cap for price, cap in zip(prices, rows, strict=True))
    members: dict[int, list[list[tuple[int, int]]]] = {r: [] for r in blocks}
    for group in groups:
        touched = {int(r) for choice in group for r, a in choice["use"].items() if a and int(r) in blocks}
        assert len(touched) <= 1, "a group in two blocks"
        ways = []
        for choice in group:
            use = {int(r): a for r, a in choice["use"].items()}
            if choice["value"] > 0 and all(a <= rows[r] for r, a in use.items()):
                worth = scale * choice["value"] - sum(prices[r] * a for r, a in use.items())
                ways.append((worth, sum(a for r, a in use.items() if r in blocks)))
        if touched:
            members[touched.pop()].append(ways)
        else:
            total += max([0, *(worth for worth, _ in ways)])
    return (total + sum(_knapsack(rows[r], ways) for r, ways in members.items())) // scale


def _knapsack(cap: int, members: list[list[tuple[int, int]]]) -> int:
    """Best pick of at most one way per member within `cap`, over the reachable loads."""
    best = {0: 0}
    for ways in members:
        fresh = dict(best)
        for load, worth in best.items():
            for gain, amount in ways:
                if gain > 0 and load + amount <= cap and fresh.get(load + amount, -1) < worth + gain:
                    fresh[load + amount] = worth + gain
        best = fresh
    return max(best.values())
