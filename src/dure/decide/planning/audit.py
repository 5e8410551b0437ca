"""Check an award plan: python3 audit.py PROBLEM PLAN [--programme FILE] [--proof] [--json] [--lang ko|en]; only Python.

Shares no code with the planner. From the problem file alone it derives anew what every award is worth, what every rule
allows and who has justified envy, and from the integer prices in the plan's certificate what no plan can exceed.
Exit status: 0 no violation of the plan's own rule, 1 violations, 2 a file cannot be read.
"""

# mypy: disable-error-code=no-any-return
# (JSON has no types of its own; conversions only for a type checker would cost time on every award.)

from __future__ import annotations

import argparse
import gc
import hashlib
import itertools
import json
import math
import operator
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

MOST_SLOTS = 4_000
"""A calendar longer than this is a mistake: as many months are 333 years."""

Object = Any  # a JSON object; its shape is that of the documents of docs/planning.md
Chosen = tuple[Object, Object, int, int]
Rules = tuple[tuple[Object, str], ...]
Decided = tuple[frozenset[str], frozenset[str]]  # applications that are funded, and those that are not
Lacking = tuple[tuple[str, int], ...]  # rows and how much of each is missing
Places = tuple[Lacking, dict[int, Chosen | None], dict[int, Chosen | None]]


class Unreadable(Exception):
    """A file is not what it should be; the text says which and why."""


def read(path: str, format_name: str) -> tuple[Object, bytes]:
    """The JSON object in the file and its bytes; Unreadable unless its format is `format_name`."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    return parse(content, format_name, path)


def parse(content: bytes, format_name: str, path: str = "document") -> tuple[Object, bytes]:
    """The JSON object in `content`, and `content`."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: not JSON ({error})") from None
    if not isinstance(document, dict) or document.get("format") != format_name:
        raise Unreadable(f"{path}: not a {format_name} document")
    return document, content


def fingerprint(value: Any) -> str:
    """sha256 of bytes, or of the canonical JSON of anything else."""
    if not isinstance(value, bytes):
        value = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return "sha256:" + hashlib.sha256(value).hexdigest()


def problem_fingerprint(document: Object, content: bytes, claimed: str) -> str:
    """The problem's hash. A file whose lists were put in another order is put back into canonical order first."""
    plain = fingerprint(content.strip())
    if plain == claimed:
        return plain
    canonical = dict(document)
    for part, key in (("tracks", "code"), ("clusters", "code"), ("applications", "id"), ("policies", "name")):
        canonical[part] = sorted(document[part], key=lambda one: one[key])
    canonical["applications"] = [
        {**one, "options": sorted(one["options"], key=lambda option: option["cluster"])}
        for one in canonical["applications"]
    ]
    canonical["policies"] = [
        {**one, **{side: {k: sorted(v) for k, v in one[side].items()} for side in ("match", "exclude")}}
        for one in canonical["policies"]
    ]
    return fingerprint(canonical)


OWN = ("application", "organisation")
"""Facts whose rules have a row for nearly everybody; what other rules say is remembered for many at once."""

COLUMN = {"application": "id", "organisation": "organisation"}
MEASURED = {"cost_won": 1, "fee_won": 2}


class Kind:
    """What applications that agree in every fact a rule asks for meet on one cluster.

    `shared` numbers the cluster with all rules but those of `own`, whose rows are one organisation's or one
    application's. `is_plain`: no hard rule asks when an award is held. `least`: what one award may count at most.
    """

    __slots__ = ("capacity", "is_plain", "least", "narrowest", "own", "rest", "shared")

    def __init__(self, ground: Ground, code: str, policies: list[Object], facts: dict[str, str]) -> None:
        self.rest = tuple((one, facts.get(one["each"], "")) for one in policies if one["each"] not in OWN)
        self.own = tuple((one, facts[one["each"]]) for one in policies if one["each"] in OWN)
        self.shared = ground.number(code, self.rest)
        hard = [one for one in policies if one["price"] is None]
        self.is_plain = not any(
            one["by_slot"] or one["first_slot"] > 0 or one["end_slot"] < ground.slots for one in hard
        )
        self.capacity = ground.cluster[code]["capacity"]
        self.narrowest = min(self.capacity, default=0)
        self.least = by_measure((one, min(map(min, (one["caps"], *one["overrides"].values())))) for one in hard)

    def of(self, facts: dict[str, str]) -> Kind:
        """The same rules for somebody else's own rows."""
        if not self.own:
            return self
        other = object.__new__(Kind)
        other.rest, other.shared, other.is_plain = self.rest, self.shared, self.is_plain
        other.capacity, other.narrowest, other.least = self.capacity, self.narrowest, self.least
        other.own = tuple([(policy, facts[policy["each"]]) for policy, _ in self.own])
        return other

    @property
    def rules(self) -> Rules:
        """The rules an award counts in, as (policy, value of its `each`)."""
        return self.rest + self.own

    @property
    def hard(self) -> Rules:
        """Those of them that nothing may exceed."""
        return tuple(one for one in self.rest + self.own if one[0]["price"] is None)


def by_measure(amounts: Iterable[tuple[Object, int]]) -> tuple[float, float, float]:
    """The least amount of rules that count nodes or awards, subsidies, and fees; infinite without such a rule."""
    least = [math.inf, math.inf, math.inf]
    for policy, amount in amounts:
        place = MEASURED.get(policy["measure"], 0)
        least[place] = min(least[place], amount)
    return least[0], least[1], least[2]


def is_within(least: tuple[float, float, float], worst: int, option: Object) -> bool:
    """Whether an award of `worst` nodes times slots counts no more than `least` in any measure."""
    return (
        worst <= least[0] and worst * max(1, option["cost_won"]) <= least[1]
        and worst * max(1, option["fee_won"]) <= least[2]
    )  # fmt: skip


class Ground:
    """The problem as tables: capacities, rules and their rows, choices."""

    def __init__(self, document: Object) -> None:
        self.slots = document["calendar"]["slots"]
        if not 0 < self.slots <= MOST_SLOTS or any(len(one["capacity"]) != self.slots for one in document["clusters"]):
            raise Unreadable("calendar.slots: not a capacity of each cluster for each slot, or far too many")
        self.per_month = document["calendar"]["slots_per_month"]
        self.offset = document["formula"]["offset_tenths"]
        self.sizes = document["formula"]["size_table"]
        self.ceiling = list(itertools.accumulate(self.sizes, max))
        self.delay = document["formula"]["delay_permille"]
        self.keeps = [max(0, 1000 * self.per_month - self.delay * late) for late in range(self.slots + 1)]
        self.divisor = 10_000 * 1000 * self.per_month * self.per_month
        self.track = {one["code"]: one for one in document["tracks"]}
        self.cluster = {one["code"]: one for one in document["clusters"]}
        self.application = {one["id"]: one for one in document["applications"]}
        self.policies = document["policies"]
        asked = {fact for one in self.policies for fact in (*one["match"], *one["exclude"], one["each"])} - {""}
        kept = sorted(asked - {"cluster", "gpu_model", "provider"} - set(OWN))
        self._chooses = {fact for one in self.policies for fact in (*one["match"], *one["exclude"])} & set(OWN)
        self._alike = operator.itemgetter("track", *kept, *sorted({COLUMN[one] for one in self._chooses}))
        self._owns = operator.itemgetter("track", *[COLUMN[one] for one in sorted(asked & set(OWN))])
        self._kinds: dict[Any, dict[str, Kind]] = {}
        self._patterns: dict[Any, Kind] = {}
        self._shared: dict[Any, int] = {}
        self.never: set[str] | None = None

    def fact(self, name: str, application: Object, cluster: Object) -> str:
        """The word of a fact for an award of `application` on `cluster`."""
        if name in ("gpu_model", "provider"):
            return cluster[name]
        if name == "cluster":
            return cluster["code"]
        if name == "application":
            return application["id"]
        if name == "youth":
            return "yes" if application["youth"] else "no"
        return application[name]

    def rules(self, application: Object, code: str) -> Rules:
        """The rules an award of `application` on cluster `code` counts in, as (policy, value of its `each`)."""
        return self.kinds(application)[code].rules

    def kinds(self, application: Object) -> dict[str, Kind]:
        """What an application meets on the clusters of its options."""
        alike = self._alike(application)
        key = (alike, self._owns(application))
        found = self._kinds.get(key)
        if found is None:
            found = self._kinds[key] = {}
        for option in application["options"]:
            code = option["cluster"]
            if code not in found:
                pattern = self._patterns.get((alike, code))
                if pattern is None:
                    pattern = self._patterns[alike, code] = self._match(application, code)
                found[code] = pattern.of({own: application[COLUMN[own]] for own in OWN})
        return found

    def number(self, code: str, rules: Rules) -> int:
        """A number for a cluster with rules, the same whenever they are."""
        return self._shared.setdefault((code, *[(id(one), word) for one, word in rules]), len(self._shared))

    def _match(self, application: Object, code: str) -> Kind:
        cluster = self.cluster[code]

        def holds(selector: Object) -> bool:
            return all(self.fact(name, application, cluster) in words for name, words in selector.items())

        policies = [
            policy
            for policy in self.policies
            if holds(policy["match"]) and not (policy["exclude"] and holds(policy["exclude"]))
        ]
        asked = {policy["each"] for policy in policies} - {""}
        return Kind(self, code, policies, {name: self.fact(name, application, cluster) for name in asked})

    def is_fundable(self, application: Object) -> bool:
        """It runs already, or is eligible and at or above the pass mark of its track."""
        mark = self.track[application["track"]]["pass_mark_tenths"]
        return application["standing"] == "running" or (application["eligible"] and application["score_tenths"] >= mark)

    def last_start(self, application: Object) -> int:
        """The latest start that still ends within the calendar."""
        return min(application["latest"], self.slots - application["duration"])

    def most_nodes(self, application: Object, option: Object) -> int:
        """The largest size of an option that the applicant's fee limit allows."""
        limit = application["fee_limit_won"]
        if limit is None or not option["fee_won"]:
            return option["max_nodes"]
        return min(option["max_nodes"], limit // (option["fee_won"] * application["duration"]))

    def room(self, option: Object, rules: Rules, start: int, end: int, most: int) -> int:
        """The largest size up to `most` that an empty calendar and these hard rules could hold."""
        most = min(most, *self.cluster[option["cluster"]]["capacity"][start:end])
        for policy, word in rules:
            begin, until = max(start, policy["first_slot"]), min(end, policy["end_slot"])
            if begin < until:
                shift = policy["first_slot"]
                caps = self.caps(policy, word)
                least = min(caps[begin - shift : until - shift]) if policy["by_slot"] else caps[0]
                is_once = policy["by_slot"] or policy["measure"] in ("nodes", "awards")
                amount = unit(policy, option) * (1 if is_once else until - begin)
                if policy["measure"] == "awards":
                    most = most if amount <= least else 0
                elif amount:
                    most = min(most, least // amount)
        return most

    def tight(self, kind: Kind, application: Object, option: Object, most: int) -> Rules:
        """The hard rules that one award alone could exceed."""
        worst = most * application["duration"]
        if is_within(kind.least, worst, option):
            return ()
        return tuple(one for one in kind.hard if min(self.caps(*one)) < max(1, unit(one[0], option)) * worst)

    def worth(self, application: Object, option: Object) -> int:
        """What all sizes and starts of an option have in common of their value."""
        return max(0, application["score_tenths"] - self.offset) * option["utility"] * application["duration"]

    def kept(self, application: Object, start: int) -> int:
        """How much of the value is kept when starting at `start`."""
        return self.keeps[start - application["earliest"]]

    def value(self, application: Object, option: Object, start: int, nodes: int) -> int:
        """The value of one award."""
        return self.worth(application, option) * self.sizes[nodes] * self.kept(application, start) // self.divisor

    def caps(self, policy: Object, word: str) -> list[int]:
        """The caps of a rule for one value of its `each`."""
        return policy["overrides"].get(word, policy["caps"])

    def rows(self, policy: Object, word: str) -> list[tuple[str, int]]:
        """The rows of a rule for one value of its `each`, each with its cap."""
        name, first, caps = row_name(policy, word), policy["first_slot"], self.caps(policy, word)
        if policy["by_slot"]:
            return [(f"{name}/{slot}", cap) for slot, cap in enumerate(caps, first)]
        return [(name, cap) for cap in caps]


def unit(policy: Object, option: Object) -> int:
    """What one node counts in one slot."""
    measure = policy["measure"]
    return option["cost_won"] if measure == "cost_won" else option["fee_won"] if measure == "fee_won" else 1


def row_name(policy: Object, word: str) -> str:
    """The name of a rule's row for one value of its `each`; rows by slot add the slot."""
    return policy["name"] + ("/" + word if word else "")


def policy_uses(
    policy: Object, word: str, option: Object, start: int, end: int, nodes: int
) -> list[tuple[str, int, int]]:
    """What an award uses of a rule: [(row name, place in the caps, amount)]."""
    begin, until = max(start, policy["first_slot"]), min(end, policy["end_slot"])
    if begin >= until:
        return []
    name = row_name(policy, word)
    amount = unit(policy, option) * (1 if policy["measure"] == "awards" else nodes)
    if policy["by_slot"]:
        shift = policy["first_slot"]
        return [(f"{name}/{slot}", slot - shift, amount) for slot in range(begin, until)]
    times = 1 if policy["measure"] in ("nodes", "awards") else until - begin
    return [(name, 0, amount * times)]


class Load:
    """What the awards of a plan use: nodes per cluster and slot, and amounts per row of the rules."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.left = {code: list(cluster["capacity"]) for code, cluster in ground.cluster.items()}
        self.used: dict[str, int] = {}
        self.cap: dict[str, int] = {}
        self.policy: dict[str, Object] = {}
        self.touched: set[tuple[str, str]] = set()

    def add(self, application: Object, option: Object, start: int, nodes: int) -> None:
        """Count one award."""
        end = start + application["duration"]
        left = self.left[option["cluster"]]
        for slot in range(start, end):
            left[slot] -= nodes
        for policy, word in self.ground.rules(application, option["cluster"]):
            self.touched.add((policy["name"], word))
            for row, place, amount in policy_uses(policy, word, option, start, end, nodes):
                self.used[row] = self.used.get(row, 0) + amount
                self.cap[row] = self.ground.caps(policy, word)[place]
                self.policy[row] = policy

    def penalty(self) -> int:
        """What going over soft caps costs."""
        return sum(
            policy["price"] * max(0, self.used[row] - self.cap[row])
            for row, policy in self.policy.items()
            if policy["price"] is not None
        )

    def broken(self) -> Iterator[tuple[str, int, int]]:
        """Every hard row that is exceeded, with use and cap."""
        for code, left in self.left.items():
            for slot, rest in enumerate(left):
                if rest < 0:
                    cap = self.ground.cluster[code]["capacity"][slot]
                    yield f"capacity/{code}/{slot}", cap - rest, cap
        for row, policy in self.policy.items():
            if policy["price"] is None and self.used[row] > self.cap[row]:
                yield row, self.used[row], self.cap[row]


def awarded(ground: Ground, plan: Object, violations: list[Object]) -> list[Chosen]:
    """(application, option, start, nodes) for every award that exists as a choice; the rest become violations."""
    found: list[Chosen] = []
    seen: set[str] = set()
    for award in plan["awards"]:
        name, start, nodes = award["application"], award["start"], award["nodes"]
        application = ground.application.get(name)
        option = None
        if application is not None:
            option = next((one for one in application["options"] if one["cluster"] == award["cluster"]), None)
        wrong = (
            "no such application" if application is None
            else "awarded twice" if name in seen
            else "not eligible or below the pass mark" if not ground.is_fundable(application)
            else "a cluster it cannot use" if option is None
            else "a start outside its window" if not application["earliest"] <= start <= ground.last_start(application)
            else "a size outside its limits"
            if not option["min_nodes"] <= nodes <= ground.most_nodes(application, option)
            else None
        )  # fmt: skip
        seen.add(name)
        if wrong:
            violations.append({"rule": "choice", "application": name, "what": wrong})
        else:
            found.append((application, option, start, nodes))
    return found


def running_awards(ground: Ground, awards: list[Chosen], violations: list[Object]) -> list[Chosen]:
    """What awards that already run hold; a plan that does not keep one, or a problem that does not fix it, is wrong."""
    held, kept = [], {award[0]["id"]: award for award in awards}
    for name, application in ground.application.items():
        if application["standing"] != "running":
            continue
        own = [(application, option, application["earliest"], option["min_nodes"]) for option in application["options"]]
        is_fixed = len(own) == 1 and own[0][1]["max_nodes"] == own[0][3] and application["latest"] == own[0][2]
        if not is_fixed or kept.get(name) != own[0]:
            what = (
                "already runs and must stay as it is"
                if is_fixed
                else "runs, but the problem does not say what it holds"
            )
            violations.append({"rule": "running", "application": name, "what": what})
        held += own[:1]
    return held


def beside(document: Object, ground: Ground, held: list[Chosen]) -> Object:
    """The problem without the awards that already run: clusters and caps less what they hold."""
    load, ids = Load(ground), {one[0]["id"] for one in held}
    for award in held:
        load.add(*award)

    def left(policy: Object, word: str) -> list[int]:
        name = policy["name"] + ("/" + word if word else "")
        first = policy["first_slot"]
        rows = [f"{name}/{first + at}" if policy["by_slot"] else name for at in range(len(policy["caps"]))]
        caps = zip(rows, ground.caps(policy, word), strict=True)
        return [max(0, cap - load.used.get(row, 0)) for row, cap in caps]

    def rule(policy: Object) -> Object:
        words = {word for one in held for each, word in ground.rules(one[0], one[1]["cluster"]) if each is policy}
        if not policy["each"]:
            return {**policy, "caps": left(policy, "")}
        return {**policy, "overrides": {**policy["overrides"], **{word: left(policy, word) for word in words}}}

    return {
        **document,
        "clusters": [
            {**one, "capacity": [max(0, nodes) for nodes in load.left[one["code"]]]} for one in document["clusters"]
        ],
        "applications": [one for one in document["applications"] if one["id"] not in ids],
        "policies": [rule(policy) for policy in document["policies"]],
    }


class Lane:
    """Awards of one track and rubric that somebody may envy, from the lowest score up."""

    def __init__(self, awards: list[Chosen]) -> None:
        self.awards = awards
        self.told: dict[Any, Places | None] = {}
        self.places: dict[Any, tuple[dict[int, Chosen | None], dict[int, Chosen | None]]] = {}
        self.anywhere: dict[tuple[Lacking, bool], Chosen | None] = {}
        self._at: dict[tuple[str, int], list[Chosen]] = {}
        self._over: dict[tuple[str, int, int], list[Chosen]] = {}
        for award in awards:
            for slot in range(award[2], award[2] + award[0]["duration"]):
                self._at.setdefault((award[1]["cluster"], slot), []).append(award)

    def over(self, code: str, first: int, last: int) -> list[Chosen]:
        """The awards on `code` over all of first…last."""
        key = (code, first, last)
        if key not in self._over:
            self._over[key] = [one for one in self._at.get((code, first), ()) if last < one[2] + one[0]["duration"]]
        return self._over[key]


class Envy:
    """Looks for unfunded applications that could take the place of one award scoring at least the band lower.

    All who need as much at the same place are told the same award: the lowest-scored that would do.
    """

    def __init__(self, ground: Ground, load: Load, awards: list[Chosen], delta: int) -> None:
        self.ground, self.load, self.delta = ground, load, delta
        lanes: dict[tuple[str, str], list[Chosen]] = {}
        for award in sorted(awards, key=lambda award: award[0]["score_tenths"]):
            if award[0]["standing"] == "new":
                lanes.setdefault(self.lane(award[0]), []).append(award)
        self.lanes = {name: Lane(line) for name, line in lanes.items()}
        self._given_back: dict[tuple[str, int], dict[str, int]] = {}
        self._rest: dict[Kind, tuple[float, float, float]] = {}

    def lane(self, application: Object) -> tuple[str, str]:
        """Applications are compared within one track and rubric."""
        return application["track"], self.ground.track[application["track"]]["rubric"]

    def found(self, application: Object) -> tuple[Chosen | None, Chosen | None]:
        """An award at least the band lower whose place `application` could have, and one of any score that would let
        it in if cut to its minimum; None for none."""
        lane = self.lanes.get(self.lane(application))
        if lane is None:
            return None, None
        most, duration = application["score_tenths"] - self.delta, application["duration"]
        starts = range(application["earliest"], self.ground.last_start(application) + 1)
        kinds, envied, too_large = self.ground.kinds(application), None, None
        for option in application["options"]:
            if option["min_nodes"] > self.ground.most_nodes(application, option):
                continue
            kind, places = kinds[option["cluster"]], None
            for start in starts:
                if places is None or not kind.is_plain:
                    places = self._places(lane, kind, option, start, duration)
                if places is None:
                    if kind.is_plain:
                        break
                    continue
                short, whole, cut = places
                if envied is None:
                    if start not in whole:
                        whole[start] = self._lowest(lane, kind, option, (start, start + duration), short, False)
                    award = whole[start]
                    if award is not None and award[0]["score_tenths"] <= most:
                        envied = award
                if too_large is None:
                    if start not in cut:
                        cut[start] = self._lowest(lane, kind, option, (start, start + duration), short, True)
                    too_large = cut[start]
                if envied is not None and too_large is not None:
                    return envied, too_large
        return envied, too_large

    def _places(self, lane: Lane, kind: Kind, option: Object, start: int, duration: int) -> Places | None:
        """What rows lack for a choice, and which award would do from which start, for all who ask for the same; None
        where a rule has no room even when empty."""
        nodes = option["min_nodes"]
        own: Any = kind.shared
        if kind.own and not is_within(self._room(kind), max(1, nodes * duration), option):
            own = kind
        key = (own, duration, nodes, option["cost_won"], option["fee_won"], 0 if kind.is_plain else start)
        if key not in lane.told:
            short = self._short(option, kind, start, duration)
            places = lane.places.setdefault((option["cluster"], duration, nodes, short), ({}, {}))
            lane.told[key] = None if short is None else (short, *places)
        return lane.told[key]

    def _lowest(
        self, lane: Lane, kind: Kind, option: Object, when: tuple[int, int], short: Lacking, shrink: bool
    ) -> Chosen | None:
        """The lowest-scored award that gives back enough nodes and enough of every row that is short."""
        start, end = when
        code, nodes = option["cluster"], option["min_nodes"]
        left = self.load.left[code][start:end]
        worst = nodes - min(left)
        if worst > 0:
            if min(kind.capacity[start:end]) < nodes:
                return None
            full = [slot for slot, rest in enumerate(left, start) if rest < nodes]
            return self._first(lane.over(code, full[0], full[-1]), worst, short, shrink)
        key = (short, shrink)  # there are nodes enough: which award would do hangs on what is short alone
        if key not in lane.anywhere:
            lane.anywhere[key] = self._first(lane.awards, 0, short, shrink)
        return lane.anywhere[key]

    def _first(self, among: list[Chosen], worst: int, short: Lacking, shrink: bool) -> Chosen | None:
        for award in among:
            given = award[3] - award[1]["min_nodes"] if shrink else award[3]
            if given >= worst:
                if not short:
                    return award
                back = self._back(award, given)
                if all(back.get(row, 0) >= need for row, need in short):
                    return award
        return None

    def _back(self, award: Chosen, given: int) -> dict[str, int]:
        """What every row gets back when an award gives up `given` nodes."""
        key = (award[0]["id"], given)
        if key not in self._given_back:
            application, option, start, nodes = award
            back = self._given_back[key] = {}
            for policy, word in self.ground.rules(application, option["cluster"]):
                if policy["measure"] != "awards" or given == nodes:
                    for row, _, amount in policy_uses(
                        policy, word, option, start, start + application["duration"], given
                    ):
                        back[row] = amount
        return self._given_back[key]

    def _room(self, kind: Kind) -> tuple[float, float, float]:
        """What is left of the fullest row of the rules that are the applicant's own."""
        found = self._rest.get(kind)
        if found is None:
            found = kind.least  # nobody holds anything of these rows: an award may count as much as it ever may
            if any((policy["name"], word) in self.load.touched for policy, word in kind.own):
                found = by_measure(
                    (policy, min(cap - self.load.used.get(row, 0) for row, cap in self.ground.rows(policy, word)))
                    for policy, word in kind.own
                )
            self._rest[kind] = found
        return found

    def _short(self, option: Object, kind: Kind, start: int, duration: int) -> Lacking | None:
        """What hard rules lack for this choice; None where a rule has no room for it even when empty."""
        lacking, used, nodes = [], self.load.used, option["min_nodes"]
        for policy, word in kind.hard:
            caps = self.ground.caps(policy, word)
            for row, place, amount in policy_uses(policy, word, option, start, start + duration, nodes):
                if amount > caps[place]:
                    return None
                over = used.get(row, 0) + amount - caps[place]
                if over > 0:
                    lacking.append((row, over))
        return tuple(lacking)


class Line(NamedTuple):
    """Running sums over slots of what one node, and the award as such, pay; what is paid once; and, by window, what
    the value of a node must exceed (see `Bound._cheapest`)."""

    by_node: list[int]
    flat: list[int]
    once: list[Any]
    cheapest: dict[tuple[int, int, int], float]


class Bound:
    """What no plan can exceed, from the certificate's prices: rows at their price, block rows as exact knapsacks.

    `merit` knows on which rows only plans count that leave room; `forced`, a row and its room, asks what plans reach
    that leave less; `decided` names the applications that all of them fund, and those that none does.
    """

    def __init__(
        self,
        ground: Ground,
        certificate: Object,
        rule: Object,
        merit: Merit,
        forced: tuple[str, int] | None = None,
        decided: Decided = (frozenset(), frozenset()),
    ) -> None:
        self.ground, self.rule, self._merit, self.forced = ground, rule, merit, forced
        self.funded, self.left_out = decided
        self.served = certificate.get("served", {})
        self.conditional = certificate.get("conditional", [])
        self.scale, self.prices = certificate["scale"], certificate["prices"]
        self.blocks, self.precedence = set(certificate["blocks"]), certificate["precedence"]
        self.roundings = [Rounding(one) for one in certificate.get("rounding", [])]
        self.wrong: list[str] = []
        self.total = 0
        self._row_price: dict[Any, list[int]] = {}
        self._curves: dict[Any, Any] = {}
        self._lines: dict[Kind, dict[tuple[int, int], Line]] = {}
        self._same: dict[str, Line] = {}
        self._per_node: dict[tuple[int, int], float] = {}
        self._cap: dict[str, int] = {}
        self._kept: set[tuple[str, str]] = set()
        self._slots_kept: dict[str, list[int]] = {}
        self._knapsacks: dict[str, list[dict[int, int]]] = {}
        self._bonus: dict[str, int] = {}
        self._below: dict[str, list[tuple[Object, int, str]]] = {}
        self._credit: dict[str, int] = {}
        self._all: dict[str, int] = {}
        self._soft: set[str] = set()

    def derive(self) -> int | None:
        """The bound, cut to a whole number; None when the certificate has something wrong (`wrong` says what)."""
        self._precede()
        self._serve()
        self._price_rows()
        self._check_reaches()
        self._round_rows()
        if self.wrong:
            return None
        touched = self._bonus.keys() | self._below.keys()
        for name, application in self.ground.application.items():
            if name not in self.left_out and self.ground.is_fundable(application):
                if self.blocks or self.roundings or name in touched:
                    self._count(application)
                else:
                    self.total += self._best(application)
        for row, groups in self._knapsacks.items():
            self.total += knapsack(self._cap[row], groups)
        self.wrong += [what for one in self.roundings for what in sorted(one.wrong)]
        return None if self.wrong else self.total // self.scale

    def _price_rows(self) -> None:
        """Add price x cap of every priced row, and note prices of rows that do not exist or are priced too high."""
        rest = dict(self.prices)
        for code, cluster in self.ground.cluster.items():
            rows = [f"capacity/{code}/{slot}" for slot in range(self.ground.slots)]
            self._row_price[code] = [
                self._price(row, cap, rest) for row, cap in zip(rows, cluster["capacity"], strict=True)
            ]
            self._slots_kept[code] = [slot for slot, row in enumerate(rows) if row in self.blocks]
        for policy in self.ground.policies:
            for word in self._words(policy):
                self._price_policy(policy, word, rest)
        self.wrong += [f"{name}: no such row, or one kept as a knapsack" for name in rest]
        self.wrong += [f"{name}: no such row to keep" for name in self.blocks - set(self._cap)]
        free = self.forced[0] if self.forced else None
        self.wrong += [f"{name}: a negative price" for name, price in self.prices.items() if price < 0 and name != free]
        if self.forced and (free not in self._all or free in self._soft or free in self.blocks or self.forced[1] < 0):
            self.wrong.append(f"{free}: no hard row on which room could be proven")

    def _words(self, policy: Object) -> Iterable[str]:
        if not policy["each"]:
            return [""]
        some = next(iter(self.ground.cluster.values()), None)
        if policy["each"] in ("cluster", "gpu_model", "provider"):
            return {self.ground.fact(policy["each"], None, one) for one in self.ground.cluster.values()}
        return {self.ground.fact(policy["each"], one, some) for one in self.ground.application.values()}

    def _price_policy(self, policy: Object, word: str, rest: dict[str, int]) -> None:
        name, rows = row_name(policy, word), [row for row, _ in self.ground.rows(policy, word)]
        prices = [self._price(row, cap, rest) for row, cap in self.ground.rows(policy, word)]
        if policy["price"] is not None:
            self._soft.update(rows)
        if policy["price"] is not None and (max(prices) > policy["price"] * self.scale or self.blocks & set(rows)):
            self.wrong.append(f"{name}: priced above what exceeding it costs, or kept although soft")
        if any(prices):
            self._row_price[policy["name"], word] = prices
        if self.blocks & set(rows):
            self._kept.add((policy["name"], word))

    def _price(self, row: str, cap: int, rest: dict[str, int]) -> int:
        """The price of a row, counted into the total; a row kept as a knapsack has none. Less what its load excuses."""
        self._all[row] = cap
        credit = self._credit.get(row, 0)
        if row in self.blocks:
            self._cap[row] = cap
            return -credit
        price = rest.pop(row, 0)
        self.total += price * (cap - self.forced[1] if self.forced and row == self.forced[0] else cap)
        return price - credit

    def _precede(self) -> None:
        """Note for every application which priced orders of merit it is the upper or the lower side of."""
        priced = [(*one, "", 1) for one in self.precedence]
        priced += [(one["first"], one["second"], one["price"], one["row"], one["reach"]) for one in self.conditional]
        if priced and self.rule["name"] != "merit":
            self.wrong.append("orders of merit are priced, but the rule is not merit")
            return
        for first, second, price, row, reach in priced:
            if price < 0 or reach < 0 or not self._merit.is_above(first, second):
                self.wrong.append(f"precedence of {first} over {second}: not implied by the rule")
                continue
            self._bonus[first] = self._bonus.get(first, 0) + price * reach
            self._below.setdefault(second, []).append((self.ground.application[first], price * reach, row))
            if row:
                self._credit[row] = self._credit.get(row, 0) + price

    def _serve(self) -> None:
        """Whoever all of these plans fund may lose something once and gain it by each choice."""
        for name, price in self.served.items():
            if price < 0 or name not in self.funded:
                self.wrong.append(f"{name}: priced as funded, which is not decided there")
            self.total -= price
            self._bonus[name] = self._bonus.get(name, 0) + price

    def _check_reaches(self) -> None:
        """A row that alone refuses somebody who needs n holds more than its cap less n: no more may be claimed."""
        for one in self.conditional:
            first, row, reach = one["first"], one["row"], one["reach"]
            if row not in self._all or row in self._soft:
                self.wrong.append(f"{row}: no hard row that could refuse {first}")
            elif first in self.ground.application:
                need = self._merit.need(self.ground.application[first], row)
                if reach > self._all[row] - need:
                    self.wrong.append(f"{row}: holds less when it refuses {first}")

    def _round_rows(self) -> None:
        """Add price x cap of every inequality from rounding, derived anew from the rows it names."""
        capacity = {f"capacity/{code}/{slot}" for code in self.ground.cluster for slot in range(self.ground.slots)}
        for one in self.roundings:
            self.wrong += [
                f"{row}: no hard row to round" for row in one.rows if row not in self._all or row in self._soft
            ]
            self.wrong += [f"{name}: no such application" for name in one.free if name not in self.ground.application]
            self.wrong += [f"{row}: nodes come singly" for row in one.rows if row in capacity and one.rows[row][1] != 1]
            if one.price < 0 or one.divisor < 1 or one.shrink < 1 or any(unit < 1 for _, unit in one.rows.values()):
                self.wrong.append("an inequality from rounding has a price, divisor or unit it may not have")
            if not self.wrong:
                self.total += one.price * one.cap(self._all)
                one.run_over(self.ground)

    def _rounded(self, application: Object, option: Object, rules: Rules, start: int, end: int) -> list[Any]:
        """What every inequality from rounding makes of a choice, as functions of its nodes."""
        return [
            one.weights(application["id"], option["cluster"], start, end, [
                (row, 0 if policy["measure"] == "awards" else amount, amount if policy["measure"] == "awards" else 0)
                for policy, word in rules
                if (policy["name"], word) in one.named
                for row, _, amount in policy_uses(policy, word, option, start, end, 1)
                if row in one.rows
            ])
            for one in self.roundings
        ]  # fmt: skip

    def _count(self, application: Object) -> None:
        """Add the best this application can bring beyond what it pays, or put its choices into its knapsack."""
        best, block = 0, None
        bonus, below = self._bonus.get(application["id"], 0), self._below.get(application["id"])
        weights: dict[int, int] = {}
        kinds = self.ground.kinds(application)
        for option, rules, most in self._options(application):
            curve, flat, once, _ = self._curve(option, kinds[option["cluster"]])
            tight = self.ground.tight(kinds[option["cluster"]], application, option, most)
            is_narrow = tight or min(self.ground.cluster[option["cluster"]]["capacity"]) < most
            worth = self.ground.worth(application, option)
            for start in range(application["earliest"], self.ground.last_start(application) + 1):
                end = start + application["duration"]
                per_node, fixed = curve[end] - curve[start], flat[end] - flat[start]
                for first, last, by_node, price in once:
                    if start < last and first < end:
                        per_node, fixed = per_node + by_node * price, fixed + (1 - by_node) * price
                factor = worth * self.ground.kept(application, start)
                top = self.ground.room(option, tight, start, end, most) if is_narrow else most
                kept = self._touched(application, option, rules, start, end, block) if self.blocks else None
                block = kept[0] if kept else block
                barred = self._barred(below, application, option, start) if below else ()
                lines = self._rounded(application, option, rules, start, end) if self.roundings else ()
                for nodes in range(option["min_nodes"], top + 1):
                    gain = factor * self.ground.sizes[nodes] // self.ground.divisor * self.scale
                    gain += bonus - nodes * per_node - fixed
                    for one, line in zip(self.roundings, lines, strict=True):
                        gain -= one.price * one.weight(line, nodes)
                    for least, price in barred:
                        if nodes >= least:
                            gain -= price
                    if gain > best:
                        best = gain
                    if gain > 0 and self.blocks:
                        weight = kept[1] + kept[2] * nodes if kept else 0
                        if gain > weights.get(weight, 0):
                            weights[weight] = gain
        if block:
            self._knapsacks.setdefault(block, []).append(weights)
        else:
            self.total += best

    def _best(self, application: Object) -> int:
        """The best this application can bring beyond what it pays, where nothing but prices of rows counts."""
        ground, duration, limit = self.ground, application["duration"], application["fee_limit_won"]
        earliest, after = application["earliest"], ground.last_start(application) + 1
        window, kinds, best = (earliest, after, duration), ground.kinds(application), 0
        each, lines = max(0, application["score_tenths"] - ground.offset) * duration * self.scale, self._lines
        for option in application["options"]:
            kind, size = kinds[option["cluster"]], (option["min_nodes"], option["max_nodes"])
            if limit is not None:
                size = size[0], ground.most_nodes(application, option)
            if size[0] > size[1]:
                continue
            line = lines[kind].get((option["cost_won"], option["fee_won"])) if kind in lines else None
            if line is None:
                line = self._curve(option, kind)
            cheapest = line.cheapest.get(window)
            if cheapest is None:
                cheapest = line.cheapest[window] = self._cheapest(line, window)
            per_node = self._per_node.get(size)
            if per_node is None:
                per_node = self._per_node[size] = self._most_per_node(*size)
            if each * option["utility"] * per_node <= cheapest:
                continue  # no size is worth what its nodes cost, whatever the start
            best = max(best, self._best_start(application, option, line, size, best))
        return best

    def _cheapest(self, line: Line, window: tuple[int, int, int]) -> float:
        """What an option's worth times the most that one of its nodes counts must exceed for any start of the window
        (first, after the last, duration) to be worth its price."""
        earliest, after, duration = window
        if line.once:
            return -math.inf
        lowest = math.inf
        for start in range(earliest, after):
            rise, kept = line.by_node[start + duration] - line.by_node[start], self.ground.keeps[start - earliest]
            if line.flat[start] > line.flat[start + duration] or rise < 0:
                return -math.inf
            if kept:
                lowest = min(lowest, rise * self.ground.divisor // kept)
        return lowest

    def _best_start(self, application: Object, option: Object, line: Line, size: tuple[int, int], best: int) -> int:
        """The best that some start and size of an option brings beyond what it pays, or `best` if that is more."""
        ground, duration, earliest, (least, most) = self.ground, application["duration"], application["earliest"], size
        kind, sizes, divisor = ground.kinds(application)[option["cluster"]], ground.sizes, ground.divisor
        tight = ground.tight(kind, application, option, most)
        is_narrow = tight or kind.narrowest < most
        worth, top, scale = ground.worth(application, option), most, self.scale
        for start in range(earliest, ground.last_start(application) + 1):
            end = start + duration
            per_node, fixed = line.by_node[end] - line.by_node[start], line.flat[end] - line.flat[start]
            for opens, shuts, by_node, price in line.once:
                if start < shuts and opens < end:
                    per_node, fixed = per_node + by_node * price, fixed + (1 - by_node) * price
            factor = worth * ground.keeps[start - earliest]
            if is_narrow:
                top = ground.room(option, tight, start, end, most)
            if least < top and factor >= 0 and per_node >= 0:
                most_of_all = factor * ground.ceiling[top] // divisor * scale - least * per_node - fixed
                if most_of_all <= best:
                    continue  # no size brings more than the largest would at the price of the smallest
            for nodes in range(least, top + 1):
                gain = factor * sizes[nodes] // divisor * scale - nodes * per_node - fixed
                if gain > best:
                    best = gain
        return best

    def _most_per_node(self, least: int, most: int) -> float:
        """What a node counts at most in sizes from `least` to `most`, cut up to a whole number."""
        if not 0 < least <= most < len(self.ground.sizes):
            return math.inf
        return max(-(-self.ground.sizes[nodes] // nodes) for nodes in range(least, most + 1))

    def _barred(self, below: Any, application: Object, option: Object, start: int) -> list[tuple[int, int]]:
        """From which size on this choice may not be held while an application above is out, with the price of that."""
        found = [(self._merit.least(first, application, option, start, row), price) for first, price, row in below]
        return [(least, price) for least, price in found if least is not None]

    def _options(self, application: Object) -> Iterator[tuple[Object, Rules, int]]:
        for option in application["options"]:
            most = self.ground.most_nodes(application, option)
            if option["min_nodes"] <= most:
                yield option, self.ground.rules(application, option["cluster"]), most

    def _touched(
        self, application: Object, option: Object, rules: Rules, start: int, end: int, known: str | None
    ) -> tuple[str, int, int] | None:
        """The kept row this choice uses, with its use by award and by node. Two for one application are a mistake."""
        found = [
            (f"capacity/{option['cluster']}/{slot}", 0, 1)
            for slot in self._slots_kept[option["cluster"]]
            if start <= slot < end
        ]
        for policy, word in rules:
            if (policy["name"], word) in self._kept:
                once = policy["measure"] == "awards"
                uses = policy_uses(policy, word, option, start, end, 1)
                found += [(row, one if once else 0, 0 if once else one) for row, _, one in uses if row in self.blocks]
        if len(found) > 1 or (found and known not in (None, found[0][0])):
            self.wrong.append(f"{application['id']}: in two knapsacks")
        return found[0] if found else None

    def _curve(self, option: Object, kind: Kind) -> Line:
        """What an award by these terms pays."""
        line = self._lines.get(kind)
        if line is None:
            is_own = any((policy["name"], word) in self._row_price for policy, word in kind.own)
            line = self._lines[kind] = self._curves.setdefault(kind if is_own else kind.shared, {})
        key = (option["cost_won"], option["fee_won"])
        found = line.get(key)
        if found is None:
            found = line[key] = self._sums(option, kind.rules)
        return found

    def _sums(self, option: Object, rules: Rules) -> Line:
        by_node, flat, once = list(self._row_price[option["cluster"]]), [0] * self.ground.slots, []
        for policy, word in rules:
            prices, first, last = self._row_price.get((policy["name"], word)), policy["first_slot"], policy["end_slot"]
            if prices is None:
                continue
            one = unit(policy, option)
            if not policy["by_slot"] and policy["measure"] in ("nodes", "awards"):
                once.append((first, last, int(policy["measure"] == "nodes"), prices[0]))
                continue
            line = flat if policy["measure"] == "awards" else by_node
            for slot in range(first, last):
                line[slot] += one * prices[slot - first if policy["by_slot"] else 0]
        sums = running(by_node), running(flat), once
        return self._same.setdefault(repr(sums), Line(*sums, {}))


class Rounding:
    """An inequality that holds for every plan, because what rows count is whole.

    Rows times whole multipliers u, added up, say sum a x <= b. Each application's choices sum to at most 1, so an
    amount c of its own may be taken off each of its choices and off leaving it out. With beta = b - sum c, divisor d
    and r = beta mod d, F(y) = (y div d)(d - r) + max(0, y mod d - r) is superadditive and F(y) <= (beta div d)(d - r)
    for every whole y <= beta; what a row with negative u has left is added as it is. Then all is divided by `shrink`
    and weights and cap are cut to whole numbers.
    """

    def __init__(self, found: Object) -> None:
        self.rows = {row: (int(factor), int(unit)) for row, (factor, unit) in found["rows"].items()}
        self.divisor, self.shrink, self.price = int(found["divisor"]), int(found["shrink"]), int(found["price"])
        self.free = {name: int(amount) for name, amount in found["free"].items()}
        self.left = 0
        self.wrong: set[str] = set()
        self.named: set[tuple[str, str]] = set()
        self._lines: dict[str, tuple[list[int], list[int]]] = {}

    def cap(self, caps: dict[str, int]) -> int:
        """What the weights of a plan may add up to."""
        amounts = [(factor, caps[row] // unit) for row, (factor, unit) in self.rows.items()]
        beta = sum(factor * cap for factor, cap in amounts) - sum(self.free.values())
        self.left = beta % self.divisor
        total = beta // self.divisor * (self.divisor - self.left)
        total -= sum(self._round(-amount) for amount in self.free.values())
        return (total + sum(-factor * cap for factor, cap in amounts if factor < 0)) // self.shrink

    def run_over(self, ground: Ground) -> None:
        """Note which rules have a row here, and running sums of the multipliers of every cluster's slots."""
        for policy in ground.policies:
            for row in self.rows:
                if row == policy["name"] or row.startswith(policy["name"] + "/"):
                    rest = row[len(policy["name"]) + 1 :]
                    self.named.add((policy["name"], rest.rpartition("/")[0] if policy["by_slot"] else rest))
        for code in ground.cluster:
            line = [self.rows.get(f"capacity/{code}/{slot}", (0, 1))[0] for slot in range(ground.slots)]
            self._lines[code] = running(line), running(-min(0, factor) for factor in line)

    def weights(self, name: str, code: str, start: int, end: int, uses: list[tuple[str, int, int]]) -> Any:
        """What a choice counts by node, what of it in rows with a negative multiplier, and what rules count of it.

        `uses` has (row, amount by node, amount by award).
        """
        line, back = self._lines[code]
        return self.free.get(name, 0), line[end] - line[start], back[end] - back[start], uses

    def weight(self, line: Any, nodes: int) -> int:
        """The weight of a choice with so many nodes."""
        free, each, back, uses = line
        total, away = each * nodes, back * nodes
        for row, by_node, by_award in uses:
            factor, unit = self.rows[row]
            amount, odd = divmod(by_node * nodes + by_award, unit)
            if odd:
                self.wrong.add(f"{row}: an award counts no whole number of {unit}")
            total += factor * amount
            away -= min(0, factor) * amount
        return (self._round(total - free) - self._round(-free) + away) // self.shrink

    def _round(self, amount: int) -> int:
        whole, rest = divmod(amount, self.divisor)
        return whole * (self.divisor - self.left) + max(0, rest - self.left)


def running(amounts: Iterable[int]) -> list[int]:
    """0, a0, a0 + a1, …"""
    sums = [0]
    for amount in amounts:
        sums.append(sums[-1] + amount)
    return sums


def knapsack(cap: int, groups: list[dict[int, int]]) -> int:
    """The most that at most one (weight: gain) of each group brings within `cap`."""
    groups = [{weight: gain for weight, gain in group.items() if weight <= cap} for group in groups]
    groups = [group for group in groups if group]
    if sum(max(group) for group in groups) <= cap:
        return sum(max(group.values()) for group in groups)
    step = math.gcd(*(weight for group in groups for weight in group)) or 1
    width = cap // step
    best = [0] * (width + 1)
    for group in groups:
        new = best[:]
        for weight, gain in group.items():
            shift = weight // step
            new[shift:] = map(max, new[shift:], [one + gain for one in best[: width + 1 - shift]])
        best = new
    return best[-1]


class Merit:
    """What the merit rule implies for pairs: who may hold what only if somebody above holds something too."""

    def __init__(self, ground: Ground, delta: int, room: dict[str, int]) -> None:
        self.ground, self.delta, self.room = ground, delta, room
        self._known: dict[tuple[str, str, int, int, str], int | None] = {}

    def is_above(self, first: str, second: str) -> bool:
        """Whether `first` may have justified envy of `second` at all."""
        one, two = self.ground.application.get(first), self.ground.application.get(second)
        if one is None or two is None or not self.ground.is_fundable(one) or two["standing"] != "new":
            return False
        lanes = [(each["track"], self.ground.track[each["track"]]["rubric"]) for each in (one, two)]
        return lanes[0] == lanes[1] and one["score_tenths"] >= two["score_tenths"] + self.delta

    def need(self, application: Object, row: str) -> int:
        """The most that the smallest choices of an application use of a row."""
        most = 0
        for own in application["options"]:
            if own["min_nodes"] <= self.ground.most_nodes(application, own):
                for begin in range(application["earliest"], self.ground.last_start(application) + 1):
                    uses = self._uses(application, own, begin, begin + application["duration"])
                    once, each = uses.get(row, (0, 0))
                    most = max(most, once + each * own["min_nodes"])
        return most

    def least(self, first: Object, second: Object, option: Object, start: int, besides: str) -> int | None:
        """The size from which `second` at this place uses at least what some choice of `first` needs of every row.

        Then dropping `second` lets `first` in, so no plan without justified envy funds it there with `first` out. The
        row `besides` is left aside. Choices of `first` that even an empty calendar could not hold count for nothing.
        Many parts of a certificate ask the same.
        """
        key = first["id"], second["id"], id(option), start, besides
        if key not in self._known:
            self._known[key] = self._least(first, second, option, start, besides)
        return self._known[key]

    def _least(self, first: Object, second: Object, option: Object, start: int, besides: str) -> int | None:
        end = start + second["duration"]
        given = self._uses(second, option, start, end)
        best = None
        for own in first["options"]:
            if own["min_nodes"] > self.ground.most_nodes(first, own):
                continue
            hard = tuple(one for one in self.ground.rules(first, own["cluster"]) if one[0]["price"] is None)
            for begin in range(first["earliest"], self.ground.last_start(first) + 1):
                last = begin + first["duration"]
                if self.ground.room(own, hard, begin, last, own["min_nodes"]) < own["min_nodes"]:
                    continue
                uses = self._uses(first, own, begin, last)
                uses.pop(besides, None)
                size = self._needed(uses, own["min_nodes"], given)
                if size is not None and (best is None or size < best):
                    best = size
        return best

    def _uses(self, application: Object, option: Object, start: int, end: int) -> dict[str, tuple[int, int]]:
        """What an award uses of every hard row: (by award, by node)."""
        code = option["cluster"]
        found = {f"capacity/{code}/{slot}": (0, 1) for slot in range(start, end)}
        for policy, word in self.ground.rules(application, code):
            if policy["price"] is None:
                once = policy["measure"] == "awards"
                for row, _, amount in policy_uses(policy, word, option, start, end, 1):
                    found[row] = (amount, 0) if once else (0, amount)
        return found

    def _needed(self, uses: dict[str, tuple[int, int]], nodes: int, given: dict[str, tuple[int, int]]) -> int | None:
        """The size at which `given` covers `uses` of `nodes` nodes on every row that can bind; None for none."""
        size = 1
        for row, (once, each) in uses.items():
            amount = once + each * nodes
            if amount <= self.room.get(row, 0) or row in self.never():
                continue
            by_award, by_node = given.get(row, (0, 0))
            if by_node:
                size = max(size, -(-(amount - by_award) // by_node))
            elif by_award < amount:
                return None
        return size

    def never(self) -> set[str]:
        """Hard rows that all applications together cannot fill, whatever they choose."""
        if self.ground.never is None:
            most: dict[str, int] = {}
            caps: dict[str, int] = {}
            for application in self.ground.application.values():
                if self.ground.is_fundable(application):
                    for row, amount in self._most(application, caps).items():
                        most[row] = most.get(row, 0) + amount
            self.ground.never = {row for row, amount in most.items() if amount <= caps[row]}
        return self.ground.never

    def _most(self, application: Object, caps: dict[str, int]) -> dict[str, int]:
        """The most one application could use of each hard row; the rows' caps are noted in `caps`."""
        most: dict[str, int] = {}
        for option in application["options"]:
            code, top = option["cluster"], self.ground.most_nodes(application, option)
            rules = self.ground.rules(application, code)
            for start in range(application["earliest"], self.ground.last_start(application) + 1):
                end = start + application["duration"]
                hard = tuple(one for one in rules if one[0]["price"] is None)
                nodes = self.ground.room(option, hard, start, end, top)
                if nodes < option["min_nodes"]:
                    continue
                for slot in range(start, end):
                    row = f"capacity/{code}/{slot}"
                    most[row], caps[row] = max(most.get(row, 0), nodes), self.ground.cluster[code]["capacity"][slot]
                for policy, word in hard:
                    for row, place, amount in policy_uses(policy, word, option, start, end, nodes):
                        most[row], caps[row] = max(most.get(row, 0), amount), self.ground.caps(policy, word)[place]
        return most


def prove(ground: Ground, certificate: Object, rule: Object) -> tuple[int | None, list[str]]:
    """The bound a certificate proves, None if it proves none; and what is wrong with it.

    Its part `slack` says of some rows that every plan worth more than the bound leaves room there. Each is proven by
    what plans can reach that leave less, and room on the rows before it; the largest of those bounds counts like the
    main one. Its part `branches` divides the plans; if the highest bound of a part is lower than the main one, it
    counts in its place.
    """
    rooms: list[Bound] = []
    room: dict[str, int] = {}
    band = rule["delta_tenths"]
    common = {"scale": certificate["scale"], "blocks": certificate["blocks"]}
    for one in certificate.get("slack", []):
        blocks = [row for row in certificate["blocks"] if row != one["row"]]
        own = {**one, **common, "blocks": blocks}
        rooms.append(Bound(ground, own, rule, Merit(ground, band, dict(room)), forced=(one["row"], one["room"])))
        room[one["row"]] = min(one["room"], room.get(one["row"], one["room"]))
    leaves, wrong = divide(ground, certificate.get("branches", []))
    merit = Merit(ground, band, room)
    parts = [Bound(ground, {**leaf, **common}, rule, merit, decided=decided) for leaf, decided in leaves]
    main = Bound(ground, certificate, rule, merit)
    highest, branched, bounds = main.derive(), [one.derive() for one in parts], [one.derive() for one in rooms]
    wrong += [what for one in (*rooms, main, *parts) for what in one.wrong]
    if room and rule["name"] != "merit":
        wrong.append("room on rows is proven, but the rule is not merit")
    if wrong or highest is None:
        return None, wrong
    highest = min(highest, max((one for one in branched if one is not None), default=highest))
    return max(one for one in (highest, *bounds) if one is not None), wrong


def divide(ground: Ground, branches: list[Object]) -> tuple[list[tuple[Object, Decided]], list[str]]:
    """The leaves of `branches`, each with the applications that its plans fund and those that they do not.

    After a decision comes all of the part that funds its application, then all of the part that does not; so the
    leaves are about all plans together if, and only if, parts and leaves come out even.
    """
    leaves, wrong = [], []
    open_parts = [(frozenset[str](), frozenset[str]())] if branches else []
    for one in branches:
        if not open_parts:
            return [], ["branches: more parts than there are"]
        funded, left_out = open_parts.pop()
        name = one.get("application")
        if name is None:
            leaves.append((one, (funded, left_out)))
            continue
        if name not in ground.application or name in funded | left_out:
            wrong.append(f"{name}: no application to divide by, or divided by it already")
        open_parts += [(funded, left_out | {name}), (funded | {name}, left_out)]
    if open_parts:
        wrong.append(f"branches: {len(open_parts)} parts are missing")
    return leaves, wrong


def examine(
    problem: tuple[Object, bytes], plan: tuple[Object, bytes], programme: bytes | None = None, proof_only: bool = False
) -> Object:
    """Check a plan. `problem`, `plan`: (document, bytes) pairs; `programme`: the programme file's bytes or None.

    With `proof_only` hashes, value, rules and the bound are checked and envy is not looked for: it is None then.
    """
    document, content = problem
    decided, rule = plan[0], plan[0]["rule"]
    ground = Ground(document)
    violations: list[Object] = []
    found = problem_fingerprint(document, content, decided["problem"])
    if found != decided["problem"]:
        violations.append({"rule": "problem", "what": f"the plan is for {decided['problem']}, the file is {found}"})
    if decided["programme"] != document["programme"]:
        violations.append({"rule": "programme", "what": "plan and problem name different programme files"})
    if programme is not None and fingerprint(programme) != document["programme"]:
        violations.append({"rule": "programme", "what": f"the programme file is {fingerprint(programme)}"})
    awards, load = awarded(ground, decided, violations), Load(ground)
    for award in awards:
        load.add(*award)
    violations += [{"rule": row, "what": f"uses {used} of {cap}"} for row, used, cap in load.broken()]
    value = sum(ground.value(*award) for award in awards) - load.penalty()
    if value != decided["value"]:
        violations.append(
            {"rule": "value", "what": f"the plan claims {decided['value']}, its awards are worth {value}"}
        )
    held = running_awards(ground, awards, violations)
    rest = Ground(beside(document, ground, held)) if held else ground
    bound, wrong = prove(rest, decided["certificate"], rule)
    if bound is not None and held:
        bound += worth(ground, held)
    violations += [{"rule": "certificate", "what": what} for what in wrong]
    if bound is not None and bound > decided["bound"]:
        violations.append({"rule": "bound", "what": f"the plan claims {decided['bound']}, its prices prove {bound}"})
    envious, by_size = ([], 0) if proof_only else envies(ground, load, awards, rule["delta_tenths"])
    if rule["name"] == "merit":
        violations += [
            {"rule": "merit", "application": one, "what": f"could have the place of {two}"} for one, two in envious
        ]
    return {
        "problem": found, "programme": document["programme"], "plan": fingerprint(plan[1].strip()), "rule": rule,
        "applications": len(ground.application), "awards": len(awards), "value": value, "bound": bound,
        "gap": (bound - value) / bound if bound else None if bound is None else 0.0,
        "envy": None if proof_only else len(envious), "envious": [list(pair) for pair in envious],
        "size_envy": None if proof_only else by_size,
        "rows": ground.slots * len(ground.cluster) + len(load.policy), "violations": violations,
    }  # fmt: skip


def worth(ground: Ground, awards: list[Chosen]) -> int:
    """What awards are worth by themselves, less what they cost soft rules."""
    load = Load(ground)
    for award in awards:
        load.add(*award)
    return sum(ground.value(*award) for award in awards) - load.penalty()


def envies(ground: Ground, load: Load, awards: list[Chosen], delta: int) -> tuple[list[tuple[str, str]], int]:
    """Pairs (application with justified envy, one award it could replace); how many some award's excess size keeps out.

    The second number counts unfunded applications that could be funded if one award of any score were cut to its
    minimum: no rule forbids it, it is published.
    """
    search, funded, pairs, by_size = Envy(ground, load, awards, delta), {award[0]["id"] for award in awards}, [], 0
    for name, application in ground.application.items():
        if name in funded or not ground.is_fundable(application):
            continue
        award, too_large = search.found(application)
        if award is not None:
            pairs.append((name, award[0]["id"]))
        by_size += too_large is not None
    return pairs, by_size


def words(report: Object, is_korean: bool) -> list[str]:
    """What was proved, in sentences."""
    rule, wrong = report["rule"], len(report["violations"])
    band = f"{rule['delta_tenths'] / 10:.1f}"
    is_merit = rule["name"] == "merit"
    scope = ("이 규칙을 지키는", "that obeys this rule") if is_merit else ("규칙을 지키는", "that keeps the rules")
    facts = {
        **report,
        "all_ko": scope[0],
        "all_en": scope[1],
        "band": band,
        "count": wrong,
        "gap": f"{100 * (report['gap'] or 0):.4f}",
    }
    if is_korean:
        lines = [
            "문제 {problem}의 신청 {applications}건에 대한 배분안 {plan}(선정 {awards}건)을 검사했습니다.",
            "선정 결과의 가치는 {value}입니다. 문제 파일에서 다시 계산했습니다.",
            "인증서의 정수 가격에 따르면 {all_ko} 어떤 배분안의 가치도 {bound} 이하입니다. 차이는 {gap} %입니다.",
            "점수가 {band}점 이상 낮은 선정 과제 하나를 대신할 수 있었던 미선정 신청은 {envy}건입니다.",
            "선정 과제 하나를 최소 규모로 줄이면 들어갈 미선정 신청은 {size_envy}건입니다(규칙 위반 아님).",
            "위반 사항이 없습니다." if not wrong else "위반 사항 {count}건:",
        ]
    else:
        lines = [
            "Checked plan {plan} ({awards} awards) for problem {problem} ({applications} applications).",
            "Its awards are worth {value}, computed anew from the problem file.",
            "The certificate's integer prices prove that no plan {all_en} is worth more than {bound}: gap {gap} %.",
            "{envy} unfunded applications could replace one award that scores {band} points or more below them.",
            "{size_envy} unfunded applications would fit if one award were cut to its minimum (no rule is broken).",
            "No violation was found." if not wrong else "{count} violations:",
        ]
    if report["envy"] is None:
        lines[3:5] = ["부러움은 검사하지 않았습니다(--proof)." if is_korean else "Envy was not looked for (--proof)."]
    if report["bound"] is None:
        lines[2] = "인증서로 상한을 증명하지 못했습니다." if is_korean else "The certificate proves no bound."
    found = [
        f"- {one['rule']}: {one.get('application', '')} {one['what']}".replace(":  ", ": ")
        for one in report["violations"]
    ]
    return [line.format(**facts) for line in lines] + found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check an award plan against its problem.")
    parser.add_argument("problem")
    parser.add_argument("plan")
    parser.add_argument("--programme", help="the programme file the problem names")
    parser.add_argument("--proof", action="store_true", help="hashes, value, rules and bound only, not envy")
    parser.add_argument("--json", action="store_true", help="print a JSON object instead of sentences")
    parser.add_argument("--lang", choices=("ko", "en"), default="en")
    asked = parser.parse_args(arguments)
    try:
        problem, plan = read(asked.problem, "dure-problem/1"), read(asked.plan, "dure-plan/1")
        programme = None
        if asked.programme:
            try:
                programme = Path(asked.programme).read_bytes()
            except OSError as error:
                raise Unreadable(f"{asked.programme}: {error.strerror}") from None
        report = examine(problem, plan, programme, asked.proof)
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = str(error) if isinstance(error, Unreadable) else f"a document lacks something: {error!r}"
        sys.stdout.write((json.dumps({"error": what}) if asked.json else what) + "\n")
        return 2
    text = json.dumps(report, ensure_ascii=False) if asked.json else "\n".join(words(report, asked.lang == "ko"))
    sys.stdout.write(text + "\n")
    return 1 if report["violations"] else 0


if __name__ == "__main__":
    gc.disable()  # hundreds of thousands of small objects are made and all of them kept to the end
    sys.exit(main())
