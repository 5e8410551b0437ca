"""What was decided: awards, the rule they obey, and the certificate from which anybody can check how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, cast

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.problem import RULES, Rule, RuleName
from dure.decide.planning.reading import Reader, parse

FORMAT = "dure-plan/1"
PRICE_SCALE = 10**9

Ended = Literal["finished", "budget", "stopped"]
ENDED: tuple[Ended, ...] = ("finished", "budget", "stopped")


@dataclass(frozen=True, slots=True, order=True)
class Award:
    """`nodes` nodes of `cluster` for `application` from slot `start` on, for the duration it asked for."""

    application: str
    cluster: str
    start: int
    nodes: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`second` may not be funded without `first` unless the load of `row` is at least `reach`; and what that costs."""

    first: str
    second: str
    row: str
    reach: int
    price: int


@dataclass(frozen=True, slots=True)
class Rounding:
    """An inequality that follows from rows by rounding; `packing/rounding.py` says how.

    `rows` has (row, multiplier, unit): what the row counts, and its cap, are counted in whole units. `free` has
    (application, amount taken off), and weights and cap are divided by `shrink` in the end.
    """

    rows: tuple[tuple[str, int, int], ...]
    divisor: int
    free: tuple[tuple[str, int], ...]
    shrink: int
    price: int

    def document(self) -> dict[str, Any]:
        """The inequality as JSON values."""
        return {
            "rows": {row: [factor, unit] for row, factor, unit in self.rows},
            "divisor": self.divisor,
            "free": dict(self.free),
            "shrink": self.shrink,
            "price": self.price,
        }


@dataclass(frozen=True, slots=True)
class Slack:
    """Every plan worth more than the certificate's bound leaves at least `room` free on `row`.

    The proof: at `prices` (that of `row` itself at most zero), `precedence` and `conditional`, no plan that leaves less
    is worth more.
    """

    row: str
    room: int
    prices: Mapping[str, int]
    precedence: tuple[tuple[str, str, int], ...] = ()
    conditional: tuple[Conditional, ...] = ()
    rounding: tuple[Rounding, ...] = ()

    def document(self) -> dict[str, Any]:
        """The proof as JSON values."""
        found = {
            "row": self.row,
            "room": self.room,
            "prices": dict(self.prices),
            "precedence": [list(pair) for pair in self.precedence],
            "conditional": [asdict(pair) for pair in self.conditional],
        }
        return found | ({"rounding": [one.document() for one in self.rounding]} if self.rounding else {})


@dataclass(frozen=True, slots=True)
class Decision:
    """Divides the plans in two: those that fund `application`, which the certificate speaks of next, and the others."""

    application: str

    def document(self) -> dict[str, Any]:
        """The decision as JSON values."""
        return {"application": self.application}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A bound on the plans of one part: `prices` and the rest as in a certificate.

    `served` has what is lost for each application that all plans of the part fund, and gained by each of its choices.
    """

    served: Mapping[str, int]
    prices: Mapping[str, int]
    precedence: tuple[tuple[str, str, int], ...] = ()
    conditional: tuple[Conditional, ...] = ()
    rounding: tuple[Rounding, ...] = ()

    def document(self) -> dict[str, Any]:
        """The leaf as JSON values."""
        return {
            "served": dict(self.served),
            "prices": dict(self.prices),
            "precedence": [list(pair) for pair in self.precedence],
            "conditional": [asdict(pair) for pair in self.conditional],
            "rounding": [one.document() for one in self.rounding],
        }


@dataclass(frozen=True, slots=True)
class Certificate:
    """Prices of rows, from which a bound on every possible plan follows.

    `prices[row]` is a whole number of 1/`scale` of value per unit of the row; rows not named cost nothing. Rows in
    `blocks` have no price: each is kept as an exact knapsack. The rest is used under the merit rule only:
    `precedence` (i, j, price) prices the fact that j may not be funded without i, `conditional` the same as long as a
    row has room, and `slack` proves which rows always have it. `rounding` (decision 0019) holds for every plan.
    `branches` (decision 0022) divides the plans: every decision is followed by all of the part that funds its
    application, then by all of the part that does not. The highest of the leaves' bounds counts where it is lower.
    """

    scale: int
    prices: Mapping[str, int]
    blocks: tuple[str, ...] = ()
    precedence: tuple[tuple[str, str, int], ...] = ()
    conditional: tuple[Conditional, ...] = ()
    slack: tuple[Slack, ...] = ()
    rounding: tuple[Rounding, ...] = ()
    branches: tuple[Decision | Leaf, ...] = ()

    def document(self) -> dict[str, Any]:
        """The certificate as JSON values; parts that came later (decision 0010) only where they are used."""
        found: dict[str, Any] = {
            "scale": self.scale,
            "prices": dict(self.prices),
            "blocks": list(self.blocks),
            "precedence": [list(one) for one in self.precedence],
        }
        if self.conditional:
            found["conditional"] = [asdict(one) for one in self.conditional]
        if self.slack:
            found["slack"] = [one.document() for one in self.slack]
        if self.rounding:
            found["rounding"] = [one.document() for one in self.rounding]
        if self.branches:
            found["branches"] = [one.document() for one in self.branches]
        return found


@dataclass(frozen=True)
class Plan:
    """Awards in order of application, their value, the bound no plan under `rule` can exceed, and how it was made.

    `budget` is what the search was allowed, `work` what it used. The same problem, rule, budget and versions give the
    same bytes again unless `ended` is "stopped".
    """

    problem: str
    programme: str
    rule: Rule
    awards: tuple[Award, ...]
    value: int
    bound: int
    certificate: Certificate
    budget: int
    work: int
    ended: Ended
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "awards", tuple(sorted(self.awards)))

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of the canonical form."""
        return canonical.digest(self.encode())

    @cached_property
    def award(self) -> Mapping[str, Award]:
        """Awards by application id."""
        return {one.application: one for one in self.awards}

    def document(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "format": FORMAT,
            "problem": self.problem,
            "programme": self.programme,
            "rule": {"name": self.rule.name, "delta_tenths": self.rule.delta_tenths},
            "awards": [
                {"application": one.application, "cluster": one.cluster, "start": one.start, "nodes": one.nodes}
                for one in self.awards
            ],
            "value": self.value,
            "bound": self.bound,
            "certificate": self.certificate.document(),
            "budget": self.budget,
            "work": self.work,
            "ended": self.ended,
            "versions": dict(self.versions),
        }

    def encode(self) -> bytes:
        """The canonical bytes: what is written to a file and hashed."""
        return canonical.encode(self.document())


def read_plan(content: bytes, name: str = "plan") -> Plan:
    """The plan in `content`. Raises InvalidInput that names every mistake."""
    mistakes: list[Mistake] = []
    reader = Reader(parse(content, name), "", mistakes)
    if mistakes or reader.text("format") != FORMAT:
        what = Text(f"배분안 문서({FORMAT})가 아닙니다.", f"This is not a plan document ({FORMAT}).")
        raise InvalidInput(
            Mistake(name, what, Text("`dure plan solve`로 만드십시오.", "Make it with `dure plan solve`."))
        )
    rule, versions = reader.part("rule"), reader.part("versions")
    plan = Plan(
        problem=reader.text("problem"),
        programme=reader.text("programme"),
        rule=Rule(cast(RuleName, rule.text("name", RULES)), rule.integer("delta_tenths", 1, 1000)),
        awards=reader.parts("awards", _award),
        value=reader.integer("value", -(2**63), 2**63),
        bound=reader.integer("bound", -(2**63), 2**63),
        certificate=_certificate(reader.part("certificate")),
        budget=reader.integer("budget"),
        work=reader.integer("work"),
        ended=cast(Ended, reader.text("ended", ENDED)),
        versions={key: versions.text(key) for key in versions},
    )
    rule.close()
    reader.close()
    if mistakes:
        raise InvalidInput(mistakes)
    return plan


def _award(part: Reader) -> Award:
    return Award(
        part.text("application"), part.text("cluster"), part.integer("start", 0, 4_000), part.integer("nodes", 1)
    )


def _certificate(part: Reader) -> Certificate:
    certificate = Certificate(
        scale=part.integer("scale", 1, 10**18),
        prices=_prices(part.part("prices"), 0),
        blocks=part.texts("blocks"),
        precedence=tuple(part.triples("precedence")),
        conditional=part.parts("conditional", _conditional) if "conditional" in part else (),
        slack=part.parts("slack", _slack) if "slack" in part else (),
        rounding=part.parts("rounding", _rounding) if "rounding" in part else (),
        branches=part.parts("branches", _branch) if "branches" in part else (),
    )
    part.close()
    return certificate


def _branch(part: Reader) -> Decision | Leaf:
    if "application" in part:
        return Decision(part.text("application"))
    return Leaf(
        served=_prices(part.part("served"), 0),
        prices=_prices(part.part("prices"), 0),
        precedence=tuple(part.triples("precedence")),
        conditional=part.parts("conditional", _conditional),
        rounding=part.parts("rounding", _rounding),
    )


def _conditional(part: Reader) -> Conditional:
    return Conditional(
        part.text("first"), part.text("second"), part.text("row"), part.integer("reach", 0, 2**63),
        part.integer("price", 0, 2**80),
    )  # fmt: skip


def _slack(part: Reader) -> Slack:
    return Slack(
        row=part.text("row"),
        room=part.integer("room", 0, 2**63),
        prices=_prices(part.part("prices"), -(2**80)),
        precedence=tuple(part.triples("precedence")),
        conditional=part.parts("conditional", _conditional),
        rounding=part.parts("rounding", _rounding) if "rounding" in part else (),
    )


def _rounding(part: Reader) -> Rounding:
    rows, free = part.part("rows"), part.part("free")
    return Rounding(
        rows=tuple((row, *rows.pair(row)) for row in sorted(rows)),
        divisor=part.integer("divisor", 1, 2**63),
        free=tuple((name, free.integer(name, -(2**63), 2**63)) for name in sorted(free)),
        shrink=part.integer("shrink", 1, 2**63),
        price=part.integer("price", 0, 2**80),
    )


def _prices(part: Reader, least: int) -> dict[str, int]:
    return {row: part.integer(row, least, 2**80) for row in part}
