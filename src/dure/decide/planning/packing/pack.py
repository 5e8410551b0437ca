"""From a model to a plan and the prices that prove how good it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import isqrt

import numpy as np

from dure.decide.planning.packing.blocks import candidates, promising_blocks
from dure.decide.planning.packing.bound import (
    Blocks,
    Prices,
    Relaxation,
    blocks_of,
    evaluate,
    group_exclusive,
    price_scale,
)
from dure.decide.planning.packing.branches import Branches, Leaf
from dure.decide.planning.packing.columns import Linear, add_columns, near, start_linear
from dure.decide.planning.packing.descent import descend
from dure.decide.planning.packing.envy import Merit, Rule, envy_count, rule_of
from dure.decide.planning.packing.forced import forced
from dure.decide.planning.packing.model import Bool, Int64, Model
from dure.decide.planning.packing.patterns import Patterns
from dure.decide.planning.packing.pooled import PATIENCE, Windows, pooled, split
from dure.decide.planning.packing.precedence import Precedences
from dure.decide.planning.packing.result import Packed
from dure.decide.planning.packing.rounding import MOST_ROUNDS, Pools, Roundings
from dure.decide.planning.packing.search import (
    FIRST_SEED,
    HEAT_PERMILLE,
    LARGE_HEAT_PERMILLE,
    LARGE_WIDTH_PERMILLE,
    PLAIN_TURNS,
    SETTLED_HEAT_PERMILLE,
    SETTLED_HEATING,
    SETTLED_ROUNDS,
    SETTLED_WIDTH_PERMILLE,
    USES_PER_UNIT,
    WIDTH_PERMILLE,
    Field,
    Heat,
    best_of,
    field,
    greedy,
    open_chains,
    run_round,
    share_best,
)
from dure.decide.planning.packing.settle import settle_all
from dure.decide.planning.packing.slack import Slack, candidates_for_slack, prove_slack
from dure.decide.planning.packing.state import alone, open_board, possible
from dure.decide.planning.packing.terms import Term, Terms, compress

DEFAULT_BUDGET = 16_000_000
"""Units of work when nothing is said: about a minute of one core. A unit is one annealing move of `search`."""

CHAINS = 2

SETTLED_COST, SETTLED_PAIRS = 20, 1_000_000
"""Units a move under the merit rule costs: so many, and one more for so many pairs of groups. What a move may have
changed is held against everybody left out, again after every swap: 16 ms at 50,000 groups."""

VALUE_PERCENT = 10
"""Share of the budget that a run under a merit order spends on the best plan of all, from which it starts."""

BRANCHING_PERCENT, MOST_LEAVES = 10, 16
"""Share of the budget that dividing the plans under a merit order may take, and into how many parts: every part is
written down and checked, and the later ones lower the bound by little."""

POOLED_PERCENT, WINDOWS_PERCENT = 10, 30
"""Shares of the budget of a search that goes over pools and the windows there may take."""

ITERATION_COST = 60
"""Units a simplex iteration of a window costs."""

LARGEST_PATTERNS = 20_000
"""Choices up to which prices are sought over patterns, and the search sees all of them. In larger models patterns took
more than a minute and lowered the bound by nothing (2,000 and 4,000 applications)."""

LARGEST_ORDERED = 20_000
"""Choices up to which a bound of the merit rule's own is sought; in larger models the search needs the time."""

NO_TERMS: Terms = compress([])
NOTHING: Int64 = np.empty(0, dtype=np.int64)

OnProgress = Callable[[str, int, int, int], bool]
"""Called with (phase, units done, best value, bound); answers whether to go on."""


def pack(
    model: Model,
    budget: int = DEFAULT_BUDGET,
    on_progress: OnProgress | None = None,
    *,
    merit: Merit | None = None,
    blocks: Int64 | None = None,
    pools: Pools | None = None,
    threads: int = CHAINS,
) -> Packed:
    """The best plan found within `budget` units of work and a proven bound.

    With `merit` the plan has no justified envy and the bound is for such plans. `blocks` names rows to keep as exact
    knapsacks, in order of preference; without it they are found. With `pools` the bound also rests on terms from
    rounding. The result depends on the model, the merit order
    and the budget only, never on `threads` or the clock.
    """
    run = Run(model, budget, on_progress, any_value=merit is not None)
    run.price()
    run.choose_blocks(blocks)
    run.tighten()
    if pools is not None:
        run.round_rows(pools)
    if merit is None and pools is None and model.choices <= LARGEST_PATTERNS:
        run.search_plain(threads)
    elif merit is None:
        run.search_pooled(threads)
        run.search(threads, budget)
    else:
        run.search(threads, run.done + (budget - run.done) * VALUE_PERCENT // 100)
        run.bind(merit)
        run.settle(merit)
        run.search_settled(threads)
    return run.packed(merit)


class Run:
    """One call of `pack`: what is known so far, and the account of work."""

    def __init__(
        self, model: Model, budget: int, on_progress: OnProgress | None = None, *, any_value: bool = False
    ) -> None:
        self.model, self.budget, self._report = model, budget, on_progress
        self.done, self.stopped = 0, False
        self.alive: Bool = possible(model) if any_value else alone(model)
        self.terms: tuple[Term, ...] = ()
        self.slack: tuple[Slack, ...] = ()
        self.branches: tuple[int | Leaf, ...] = ()
        self.patterns: Patterns | None = None
        self.roundings: Roundings | None = None
        self.value_total: int | None = None
        self.rule: Rule | None = None
        self._move_cost = 1
        self.nothing: Blocks = blocks_of(model, np.empty(0, dtype=np.int64))
        self.blocks = self.nothing
        scale, zero = price_scale(model), np.zeros(model.rows, dtype=np.int64)
        self.plain = Prices(scale, zero, np.empty(0, dtype=np.int64))
        self.proof, self.linear = self.plain, None
        self._guide: tuple[Prices, Blocks, tuple[Term, ...]] = self.plain, self.nothing, ()
        self.total = evaluate(model, self.nothing, NO_TERMS, self.plain, self.alive).total
        self._board = open_board(model, model.value, np.full(model.groups, -1, dtype=np.int64))
        order = np.argsort(np.where(self.alive, -model.value, 1), kind="stable")
        self.held = greedy(model, self._board, self._board.held.copy(), order)

    linear: Linear | None

    @property
    def value(self) -> int:
        """Value of the best plan so far."""
        return int(self.model.value[self.held[self.held >= 0]].sum())

    @property
    def bound(self) -> int:
        """The best bound so far, in value units."""
        return int(self.total // self.plain.scale)

    @property
    def is_over(self) -> bool:
        """Whether to stop: nothing left to gain, to spend, or the caller said so."""
        return self.stopped or self.done >= self.budget or self.value >= self.bound

    def spend(self, units: int, phase: str) -> None:
        """Book work and tell the caller."""
        self.done += units
        if self.stopped or self._report is None:
            return
        if not self._report(phase, min(self.done, self.budget), self.value, self.bound):
            self.stopped = True

    def _step_cost(self) -> int:
        return 1 + len(self.model.use_row) // 1500

    def price(self) -> None:
        """Prices of every row: by descent, then exactly by linear programme where the budget allows."""
        for steps in (300, 400, 400):
            self._descend_plain(min(steps, (self.budget - self.done) // (3 * self._step_cost())))
            self._fill_by(self._relax_plain())
        if not self.is_over:
            self._price_exactly()

    def _relax_plain(self) -> Relaxation:
        return evaluate(self.model, self.nothing, NO_TERMS, self.plain, self.alive)

    def _descend_plain(self, steps: int) -> None:
        if steps < 1 or self.is_over:
            return
        total, prices = descend(self.model, self.nothing, NO_TERMS, self.alive, self.plain, self.value, steps)
        self._prove(total, prices, self.nothing)
        self.plain = prices
        self.spend(steps * self._step_cost(), "prices")

    def _prove(self, total: int, prices: Prices, blocks: Blocks, terms: tuple[Term, ...] = ()) -> None:
        if total < self.total:
            self.total, self.proof, self.blocks, self.terms = total, prices, blocks, terms
            if not terms:
                self._guide = prices, blocks, terms

    def _fill_by(self, relaxation: Relaxation, first: Int64 = NOTHING) -> None:
        """Try the plan that takes the choices `first` and then those of best reduced value, as far as each fits."""
        start = np.full(self.model.groups, -1, dtype=np.int64)
        order = np.argsort(-relaxation.reduced, kind="stable")
        held = greedy(self.model, self._board, start, np.concatenate([first, order[self.alive[order]]]))
        if int(self.model.value[held[held >= 0]].sum()) > self.value:
            self.held = held

    def _mean_value(self) -> int:
        return self.value // max(1, int((self.held >= 0).sum()))

    def _price_exactly(self) -> None:
        relaxed = self._relax_plain()
        choices = near(self.model, relaxed, self._mean_value() * self.plain.scale * WIDTH_PERMILLE // 1000)
        choices = choices[self.alive[choices]]
        height = self.model.rows + len(np.unique(self.model.group_of()[choices]))
        if len(choices) == 0 or len(choices) * (height // 80 + 1) > self.budget - self.done:
            return
        linear = start_linear(self.model, choices, self.plain.scale)
        while not linear.exact and not self.is_over:
            add_columns(self.model, self.nothing, self.alive, linear)
            self.spend(linear.master.take_iterations() * (height // 80 + 1), "prices")
        self.linear, self.plain = linear, linear.prices
        relaxed = self._relax_plain()
        self._prove(relaxed.total, self.plain, self.nothing)
        self._fill_by(relaxed, np.flatnonzero(linear.answer.x > 1 - 1e-6))  # whole to within what HiGHS tolerates

    def choose_blocks(self, wanted: Int64 | None) -> None:
        """Keep as exact knapsacks the rows `wanted`, or those whose rounding seems to cost most at the prices.

        Models too large for prices over patterns keep none unless told: trying them takes as long as the linear
        programme and never lowered the bound.
        """
        self._kept = self.nothing
        if self.is_over or (wanted is None and self.model.choices > LARGEST_PATTERNS):
            return
        order = wanted
        if order is None:
            order = promising_blocks(self.model, self.plain, self.alive)
            self.spend(4 * candidates(self.model) * self._step_cost(), "bound")
        self._kept = blocks_of(self.model, group_exclusive(self.model, order))

    def tighten(self) -> None:
        """The best prices beside block knapsacks: over patterns where there is a linear programme, else by descent."""
        if self.is_over or len(self._kept.row) == 0:
            return
        if self.linear is not None and self.model.choices <= LARGEST_PATTERNS:
            self.patterns = self._open_patterns(self.linear)
            self._prove(self.patterns.total, self.patterns.prices, self._kept)
            return
        cost = 3 * self._step_cost()
        steps = min(400, (self.budget - self.done) // (4 * cost))
        if steps < 1:
            return
        target = self.value + (self.bound - self.value) // 2
        total, prices = descend(self.model, self._kept, NO_TERMS, self.alive, self.plain, target, steps)
        self._prove(total, prices, self._kept)
        self.spend(steps * cost, "bound")

    def _open_patterns(self, linear: Linear) -> Patterns:
        patterns = Patterns(self.model, self._kept, self.alive, self.plain)
        patterns.add_choices(linear.master.chosen)
        patterns.solve()
        self._spend_on(patterns)
        return patterns

    def round_rows(self, pools: Pools) -> None:
        """Add terms from rounding to the bound; the search goes on by the prices without them."""
        if self.linear is None or self.model.choices > LARGEST_ORDERED or self.is_over:
            return
        patterns = self.patterns = self.patterns or self._open_patterns(self.linear)
        found = self.roundings = Roundings(self.model, pools, self.alive)
        height = self.model.rows + self.model.groups
        for _ in range(MOST_ROUNDS):
            self.spend(found.iterations * (height // 80 + 1) + self._step_cost(), "bound")
            if self.is_over or not found.round():
                break
        if found.terms:
            patterns.add_terms(found.terms)
            patterns.solve()
            self._spend_on(patterns)
            self._prove(patterns.total, patterns.prices, self._kept, tuple(patterns.terms))

    def _spend_on(self, patterns: Patterns) -> None:
        height = self.model.rows + self.model.groups + len(patterns.terms)
        self.spend(patterns.take_iterations() * (height // 40 + 1) + self._step_cost(), "bound")

    def search(self, threads: int, until: int) -> None:
        """Anneal in rounds until `until` units are spent."""
        if self.is_over:
            return
        mean = self._mean_value()
        width, heats, column = WIDTH_PERMILLE, HEAT_PERMILLE, None
        if self.model.choices > LARGEST_PATTERNS:
            width, heats = LARGE_WIDTH_PERMILLE, LARGE_HEAT_PERMILLE
        around = self._around(mean * width // 1000)
        if self.model.choices > LARGEST_PATTERNS:
            # a board without the rest is faster, and who is evicted is offered what is promising only
            column = np.union1d(around.targets, self.held[self.held >= 0])
        self._rounds(around, [Heat(mean * h // 1000) for h in heats], threads, until, None, column)

    def search_plain(self, threads: int) -> None:
        """Anneal narrowly and widely, cold and hot, in turns."""
        mean = self._mean_value()
        self._move_cost = 1 + len(self.model.use_row) // max(1, self.model.groups) // USES_PER_UNIT
        for n, (is_wide, times) in enumerate(PLAIN_TURNS):
            if self.is_over:
                break
            width = max(mean * WIDTH_PERMILLE // 1000, self.bound - self.value if is_wide else 0)
            until = self.done + (self.budget - self.done) // (len(PLAIN_TURNS) - n)
            heats = [Heat(mean * times * h // 1000) for h in HEAT_PERMILLE]
            self._rounds(self._around(width), heats, threads, until, None)

    def search_pooled(self, threads: int) -> None:
        """Search where the rows of a pool are one, and distribute what is found over them."""
        found = self.roundings
        if found is None or self.is_over:
            return
        share = (self.budget - self.done) // 100
        small = pooled(found)
        inner = Run(small.model, share * POOLED_PERCENT, lambda *_: not self.stopped)
        inner.price()
        inner.choose_blocks(None)
        inner.tighten()
        inner.search(threads, inner.budget)
        self.spend(inner.done, "search")
        windows, limit = Windows(found, small.column[inner.held[inner.held >= 0]]), self.done + share * WINDOWS_PERCENT
        while self.done < limit and windows.failed < PATIENCE and not self.is_over:
            windows.round()
            self.spend(windows.take_iterations() * ITERATION_COST, "search")
        if not self.is_over:
            held, work = split(found, self._board, windows.columns, threads, self.budget - self.done)
            if int(self.model.value[held[held >= 0]].sum()) > self.value:
                self.held = held
            self.spend(work, "search")

    def _around(self, width: int) -> Field:
        """The choices that lose at most `width` against the guiding bound, with what each is worth to its group."""
        prices, blocks, terms = self._guide
        relaxed = evaluate(self.model, blocks, compress(terms), prices, self.alive)
        taken, left = forced(self.model, blocks, relaxed)
        targets = np.flatnonzero(self.alive & (taken >= -width * prices.scale))
        return field(self.model, taken - left[self.model.group_of()], targets)

    def _rounds(
        self,
        around: Field,
        heats: list[Heat],
        threads: int,
        until: int,
        rule: Rule | None,
        column: Int64 | None = None,
    ) -> None:
        """Rounds of annealing until `until`; with `column`, on a board of these choices alone."""
        model, held = self.model, self.held
        if column is not None:
            model, held = model.within(column), np.where(held >= 0, np.searchsorted(column, held), -1)
            around = field(model, around.regret[column], np.searchsorted(column, around.targets))
        chains = open_chains(model, model.value, held, CHAINS)
        cost = self._round_cost(rule is not None)
        cycles = 2 if rule is None else 1
        share = max(1, (until - self.done) // (cycles * len(heats) * cost))
        turn = 0
        while self.done < until and not self.is_over:
            steps = min(share, max(1, (until - self.done) // cost))
            run_round(chains, around, heats[turn % len(heats)], steps, threads, rule)
            best = best_of(chains).best
            self.held = best.copy() if column is None else np.where(best >= 0, column[best], -1)
            turn += 1
            if turn % len(heats) == 0:
                share_best(chains)
            self.spend(steps * cost, "search" if rule is None else "merit")

    def _round_cost(self, is_settled: bool) -> int:
        """Units of one move on every chain."""
        settling = SETTLED_COST + self.model.groups**2 // SETTLED_PAIRS
        return CHAINS * self._move_cost * (settling if is_settled else 1)

    def bind(self, merit: Merit) -> None:
        """Tighten the bound to plans without envy, as far as an exact relaxation is at hand."""
        self.value_total = self.total
        if self.linear is None or self.stopped or self.model.choices > LARGEST_ORDERED:
            return
        patterns = self.patterns or self._open_patterns(self.linear)
        found = Precedences(self.model, merit, self._kept)
        limit = self.done + (self.budget - self.done) // 3
        self._precede(found, patterns, limit)
        proven = self._prove_room(found, patterns, limit)
        total = max([patterns.total, *(one.total for one in proven)])
        if total < self.total:
            self.total, self.proof, self.blocks = total, patterns.prices, self._kept
            self.terms, self.slack = tuple(patterns.terms), tuple(proven)
            self._guide = self.proof, self.blocks, self.terms
            self._branch(found, patterns)

    def _branch(self, found: Precedences, patterns: Patterns) -> None:
        """Divide the plans and bound each part, as long as the highest bound is theirs and not that of a room."""
        parts, limit = Branches(patterns, found), self.done + (self.budget - self.done) * BRANCHING_PERCENT // 100
        floor = max((one.total for one in self.slack), default=0)
        while self.done < limit and not self.stopped and parts.total > floor and parts.step(MOST_LEAVES):
            self._spend_on(patterns)
            self.total = min(self.total, max(floor, parts.total))
        if parts.root.parts:
            self.branches = parts.listed()

    def _prove_room(self, found: Precedences, patterns: Patterns, limit: int) -> list[Slack]:
        """Proofs of room on rows, the easiest first, each by the terms that the rooms before it allow."""
        tried: list[Slack] = []
        for row in candidates_for_slack(found, patterns):
            if self.done < limit and not self.stopped:
                tried += prove_slack(found, patterns, row)
                self._spend_on(patterns)
        patterns.release()
        known, proven = len(patterns.terms), list[Slack]()
        for one in sorted(tried, key=lambda one: (one.total, one.row)):
            anew = [one]
            if len(patterns.terms) > known:
                if self.done >= limit or self.stopped:
                    break
                anew = prove_slack(found, patterns, one.row)
                patterns.release()
                self._spend_on(patterns)
            for again in anew:
                proven.append(again)
                found.room[again.row] = again.room
                self._precede(found, patterns, limit)
        return proven

    def _precede(self, found: Precedences, patterns: Patterns, limit: int) -> None:
        while self.done < limit and not self.stopped and found.round(patterns):
            self._spend_on(patterns)

    def settle(self, merit: Merit) -> None:
        """Make the best plan so far free of envy."""
        self._field = self._around(self._mean_value() * SETTLED_WIDTH_PERMILLE // 1000)
        self.rule = rule_of(self.model, merit, self._field.regret)
        board = open_board(self.model, self.model.value, self.held)
        seed = np.array([FIRST_SEED], dtype=np.uint64)
        settle_all(board, self.rule, self._field.near_start, self._field.near, seed)
        self.held = np.asarray(board.held.copy())

    def search_settled(self, threads: int) -> None:
        """Anneal among plans without envy until the budget is spent."""
        if self.is_over:
            return
        moves = (self.budget - self.done) // self._round_cost(is_settled=True)
        heat = min(SETTLED_HEAT_PERMILLE, isqrt(SETTLED_HEATING * moves // self.model.groups))
        top = self._mean_value() * heat // 1000
        falling = [top * left // SETTLED_ROUNDS for left in range(SETTLED_ROUNDS, -1, -1)]
        self._rounds(self._field, [Heat(*ends) for ends in pairwise(falling)], threads, self.budget, self.rule)

    def packed(self, merit: Merit | None) -> Packed:
        """What was found, with the proof evaluated afresh and the envy counted afresh."""
        rows = np.where(self.blocks.dual, self.proof.rows, 0)
        priced = np.flatnonzero(self.proof.terms[: len(self.terms)])
        terms = tuple(self.terms[t] for t in priced.tolist())
        prices = Prices(self.proof.scale, rows, self.proof.terms[priced])
        proven = evaluate(self.model, self.blocks, compress(terms), prices, self.alive).total
        leaves = [one.total for one in self.branches if isinstance(one, Leaf)]
        proven = min(proven, max(leaves, default=proven))
        choice = np.where(self.held >= 0, self.held - self.model.group_start[:-1], -1)
        return Packed(
            choice,
            self.value,
            max([proven, *(one.total for one in self.slack)]) // prices.scale,
            prices,
            self.blocks.row,
            terms,
            self.slack,
            self.branches,
            (self.total if self.value_total is None else self.value_total) // prices.scale,
            None if merit is None else envy_count(self.model, merit, choice),
            self.done,
            self.stopped,
        )
