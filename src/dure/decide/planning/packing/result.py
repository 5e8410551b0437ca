"""What `pack` returns: a plan and what proves how good it is."""

from __future__ import annotations

from dataclasses import dataclass

from dure.decide.planning.packing.bound import Prices
from dure.decide.planning.packing.branches import Leaf
from dure.decide.planning.packing.model import Int64
from dure.decide.planning.packing.slack import Slack
from dure.decide.planning.packing.terms import Term


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A plan and its proof.

    `choice` [groups] is the place of the choice within its group, -1 for none. `prices.rows` [rows], with `blocks`
    naming the rows kept as exact knapsacks (their price is 0), proves `bound`: see `bound`. Under a merit order
    `bound` holds for plans without envy and also needs `terms` with `prices.terms` (see `precedence`), `slack`, on
    which the terms may rest, and `branches`, a tree in preorder (see `branches`). `value_bound` holds for all plans,
    and `envy` counts the envious groups of the plan. Without a merit order `envy` is None.
    """

    choice: Int64
    value: int
    bound: int
    prices: Prices
    blocks: Int64
    terms: tuple[Term, ...]
    slack: tuple[Slack, ...]
    branches: tuple[int | Leaf, ...]
    value_bound: int
    envy: int | None
    work: int
    stopped: bool

    def to_json(self) -> dict[str, object]:
        """RESULT of a model without a merit order: choices, value, bound and what proves it, all integers."""
        if self.envy is not None:
            raise ValueError("a bound under a merit order rests on terms, which RESULT has no place for")
        return {
            "choice": [c if c >= 0 else None for c in self.choice.tolist()],
            "value": self.value,
            "bound": self.bound,
            "prices": self.prices.rows.tolist(),
            "scale": self.prices.scale,
            "blocks": self.blocks.tolist(),
        }
