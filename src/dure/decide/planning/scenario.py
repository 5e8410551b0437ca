"""What a programme manager may change to see another plan: the rule, the criteria's weights, every named share and cap.

A scenario changes the programme's policy, not the problem: caps in node-months, labels and prices follow from it as
they always do. The programme file stays as it is, and its hash is still the problem's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from dure.core.errors import NOTHING, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.problem import RULES, RuleName
from dure.decide.scoring import points
from dure.programme.competition import BudgetRow, ClassShare, Policy, RegionShare, Rubric, TrackReserve
from dure.programme.schema import Programme

Group = Literal["organisation", "class", "region", "reserve", "budget"]
CAPITAL, OTHERS = "capital", "others"


@dataclass(frozen=True, slots=True)
class Setting:
    """One named rule as a manager may set it: its number at present (None: the programme has no such rule), in
    thousandths of the supplied node-months or in won. `about` are the classes or regions it speaks of, `subject` what
    they are called together."""

    name: str
    group: Group
    label: Text
    unit: Literal["permille", "won"]
    present: int | None
    about: frozenset[str] = frozenset()
    subject: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the programme: None and absent keys mean as it is. `weights` are points per criterion, of all
    criteria or of none; `rules` are numbers by the names of `settings`."""

    rule: RuleName | None = None
    delta_tenths: int | None = None
    weights: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    price_percent: int | None = None

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def changes_from(document: Mapping[str, Any]) -> Changes:
    """What `Changes.document` wrote."""
    return Changes(**document)


def settings(programme: Programme, track: str) -> tuple[Setting, ...]:
    """Every rule a scenario of a call on `track` can set, those the programme has and those it could have."""
    policy = programme.policy
    organisation = Setting(
        "organisation-cap",
        "organisation",
        Text("한 기관이 받을 수 있는 최대", "Most for one organisation"),
        "permille",
        policy.organisation_cap_permille,
    )
    limit = policy.budget_row.subsidy_limit if policy.budget_row else None
    budget = Setting("budget", "budget", Text("지원금 예산", "Subsidy budget"), "won", limit)
    reserves = {one.track: one.permille for one in policy.reserves}
    pools = [
        Setting(f"reserve-{one.code}", "reserve", one.name, "permille", reserves.get(one.code))
        for one in programme.tracks
        if one.code != track
    ]
    return (organisation, *_class_settings(programme), *_region_settings(programme), *pools, budget)


_KINDS = (
    ("cap", Text("상한", "cap")),
    ("floor", Text("최소 배분", "floor")),
    ("target", Text("목표 비율", "target share")),
)


def _class_settings(programme: Programme) -> Iterator[Setting]:
    for kind, word in _KINDS:
        present = {share.applicant_class: share.permille for share in _class_shares(programme.policy, kind)}
        for one in programme.applicant_classes:
            label = Text(f"{one.name.ko} {word.ko}", f"{one.name.en}: {word.en}")
            name = f"class-{kind}-{one.code}"
            yield Setting(name, "class", label, "permille", present.get(one.code), frozenset({one.code}), one.name)


def _region_settings(programme: Programme) -> Iterator[Setting]:
    """The file's own groups of regions, and the capital area and all others where the file does not name them."""
    for kind, word in _KINDS:
        shares = _region_shares(programme.policy, kind)
        for index, share in enumerate(shares, 1):
            name = _regions_name(programme, share.regions)
            label = Text(f"{name.ko} {word.ko}", f"{name.en}: {word.en}")
            about = frozenset(share.regions)
            yield Setting(f"region-{kind}-{index}", "region", label, "permille", share.permille, about, name)
        for code, regions in _areas(programme).items():
            if regions and not any(set(share.regions) == set(regions) for share in shares):
                name = _regions_name(programme, regions)
                label = Text(f"{name.ko} {word.ko}", f"{name.en}: {word.en}")
                yield Setting(f"region-{kind}-{code}", "region", label, "permille", None, frozenset(regions), name)


def _areas(programme: Programme) -> dict[str, tuple[str, ...]]:
    return {
        CAPITAL: tuple(one.code for one in programme.regions if one.is_capital_area),
        OTHERS: tuple(one.code for one in programme.regions if not one.is_capital_area),
    }


def _regions_name(programme: Programme, regions: Sequence[str]) -> Text:
    areas = _areas(programme)
    if set(regions) == set(areas[CAPITAL]):
        return Text("수도권", "Capital area")
    if set(regions) == set(areas[OTHERS]):
        return Text("비수도권", "Outside the capital area")
    names = [programme.region(code).name for code in regions]
    return Text("·".join(name.ko for name in names), ", ".join(name.en for name in names))


def _class_shares(policy: Policy, kind: str) -> tuple[ClassShare, ...]:
    return {"cap": policy.class_caps, "floor": policy.class_floors, "target": policy.targets.applicant_classes}[kind]


def _region_shares(policy: Policy, kind: str) -> tuple[RegionShare, ...]:
    return {"cap": policy.region_caps, "floor": policy.region_floors, "target": policy.targets.regions}[kind]


def changed(programme: Programme, track: str, changes: Changes) -> Programme:
    """The programme with the policy `changes` describe.

    Raises InvalidInput with every mistake at its field: rules.NAME, weights.CODE, weights, delta, price, rule.
    """
    mistakes = _mistakes(programme, track, changes)
    if mistakes:
        raise InvalidInput(mistakes)
    policy, rules = programme.policy, changes.rules
    targets = policy.targets.model_copy(
        update={
            "applicant_classes": _classes(programme, "target", rules),
            "regions": _regions(programme, "target", rules),
            "price_percent": policy.targets.price_percent if changes.price_percent is None else changes.price_percent,
        }
    )
    limit = rules.get("budget")
    made = policy.model_copy(
        update={
            "organisation_cap_permille": rules.get("organisation-cap", policy.organisation_cap_permille),
            "class_caps": _classes(programme, "cap", rules),
            "class_floors": _classes(programme, "floor", rules),
            "region_caps": _regions(programme, "cap", rules),
            "region_floors": _regions(programme, "floor", rules),
            "targets": targets,
            "reserves": _pools(programme, rules),
            "budget_row": policy.budget_row if limit is None else BudgetRow(subsidy_limit=limit),
        }
    )
    return programme.model_copy(update={"policy": made})


def _classes(programme: Programme, kind: str, rules: Mapping[str, int]) -> tuple[ClassShare, ...]:
    present = {share.applicant_class: share.permille for share in _class_shares(programme.policy, kind)}
    prefix = f"class-{kind}-"
    present |= {name.removeprefix(prefix): number for name, number in rules.items() if name.startswith(prefix)}
    return tuple(ClassShare(applicant_class=code, permille=number) for code, number in present.items())


def _regions(programme: Programme, kind: str, rules: Mapping[str, int]) -> tuple[RegionShare, ...]:
    """The file's groups in the file's order, so that rule names stay, then those the scenario adds."""
    found = [
        RegionShare(regions=share.regions, permille=rules.get(f"region-{kind}-{index}", share.permille))
        for index, share in enumerate(_region_shares(programme.policy, kind), 1)
    ]
    for code, regions in _areas(programme).items():
        if f"region-{kind}-{code}" in rules:
            found.append(RegionShare(regions=regions, permille=rules[f"region-{kind}-{code}"]))
    return tuple(found)


def _pools(programme: Programme, rules: Mapping[str, int]) -> tuple[TrackReserve, ...]:
    present = {one.track: one.permille for one in programme.policy.reserves}
    present |= {name.removeprefix("reserve-"): n for name, n in rules.items() if name.startswith("reserve-")}
    return tuple(TrackReserve(track=code, permille=number) for code, number in present.items())


def _mistakes(programme: Programme, track: str, changes: Changes) -> list[Mistake]:
    mistakes = []
    known = {one.name: one for one in settings(programme, track)}
    if changes.rule is not None and changes.rule not in RULES:
        what = Text("배분 규칙이 올바르지 않습니다.", "There is no such rule.")
        mistakes.append(Mistake("rule", what, Text("merit 또는 value를 고르십시오.", "Choose merit or value.")))
    if changes.delta_tenths is not None and not 1 <= changes.delta_tenths <= 1000:
        what = Text("점수 구간은 0.1점에서 100점 사이여야 합니다.", "The score band lies between 0.1 and 100 points.")
        mistakes.append(Mistake("delta", what))
    if changes.price_percent is not None and not 0 <= changes.price_percent <= 100:
        what = Text("0에서 100 사이의 퍼센트로 입력해 주십시오.", "Give a percentage from 0 to 100.")
        mistakes.append(Mistake("price", what))
    for name, number in changes.rules.items():
        if name not in known:
            mistakes.append(Mistake(f"rules.{name}", Text("그런 규칙이 없습니다.", "There is no such rule.")))
        elif number < 0 or (known[name].unit == "permille" and number > 1000):
            what = Text("0에서 100 사이의 퍼센트로 입력해 주십시오.", "Give a percentage from 0 to 100.")
            mistakes.append(Mistake(f"rules.{name}", what))
    mistakes.extend(_weight_mistakes(programme.rubric, changes.weights))
    return mistakes or list(_at_odds(known, changes.rules))


def _weight_mistakes(rubric: Rubric, weights: Mapping[str, int]) -> Iterator[Mistake]:
    if not weights:
        return
    codes = [criterion.code for criterion in rubric.criteria]
    for code, weight in weights.items():
        if code not in codes:
            what = Text("평가표에 없는 항목입니다.", "The rubric has no such criterion.")
            yield Mistake(f"weights.{code}", what)
        elif not 0 <= weight <= 100:
            yield Mistake(f"weights.{code}", Text("0에서 100 사이여야 합니다.", "It must lie between 0 and 100."))
    total = sum(weights.get(criterion.code, criterion.weight) for criterion in rubric.criteria)
    if total != 100:
        what = Text(f"배점의 합이 {total}점입니다.", f"The weights sum to {total}.")
        yield Mistake("weights", what, Text("합이 100이 되도록 고치십시오.", "Make them sum to 100."))


def _at_odds(known: Mapping[str, Setting], rules: Mapping[str, int]) -> Iterator[Mistake]:
    """Rules that cannot all hold, by name: a floor above the cap on the same group, floors and pools above it all."""
    numbers = {name: rules.get(name, one.present) for name, one in known.items() if one.unit == "permille"}
    for name, floor in numbers.items():
        for cap, most in numbers.items():
            is_pair = "-floor-" in name and "-cap-" in cap and known[name].about == known[cap].about
            if is_pair and floor is not None and most is not None and floor > most:
                one, other = known[name].label, known[cap].label
                low, high = _percent(floor).ko, _percent(most).ko
                what = Text(
                    f"'{one.ko}'({low})이 '{other.ko}'({high})보다 큽니다.",
                    f"'{one.en}' ({low}) is above '{other.en}' ({high}).",
                )
                yield Mistake(f"rules.{name if name in rules else cap}", what)
    for group in ("class-floor-", "region-floor-"):
        held = {n: number for n, number in numbers.items() if n.startswith((group, "reserve-")) and number}
        if sum(held.values()) > 1000:
            names = [known[name].label for name in held]
            what = Text(
                f"합이 100 %를 넘어 함께 지킬 수 없습니다: {', '.join(one.ko for one in names)}",
                f"They exceed 100 % together and cannot all hold: {', '.join(one.en for one in names)}",
            )
            yield from (Mistake(f"rules.{name}", what) for name in held if name in rules)


def departures(programme: Programme, track: str, changes: Changes) -> list[tuple[Text, Text, Text]]:
    """What a scenario changes: name, number as announced, number in the scenario."""
    policy, found = programme.policy, []
    if changes.rule is not None and changes.rule != policy.rule:
        found.append((Text("배분 규칙", "Rule"), _rule_name(policy.rule), _rule_name(changes.rule)))
    if changes.delta_tenths is not None and changes.delta_tenths != policy.delta_tenths:
        label = Text("같은 점수로 보는 범위", "Scores that count as equal")
        found.append((label, _points(policy.delta_tenths), _points(changes.delta_tenths)))
    for criterion in programme.rubric.criteria:
        weight = changes.weights.get(criterion.code, criterion.weight)
        if weight != criterion.weight:
            label = Text(f"배점: {criterion.name.ko}", f"Weight: {criterion.name.en}")
            found.append((label, _points(criterion.weight * 10), _points(weight * 10)))
    for one in settings(programme, track):
        if one.name in changes.rules and changes.rules[one.name] != one.present:
            found.append((one.label, _shown(one, one.present), _shown(one, changes.rules[one.name])))
    price = changes.price_percent
    if price is not None and price != policy.targets.price_percent:
        label = Text("목표 비율을 못 채울 때의 값", "Price of missing a target share")
        found.append((label, _percent(policy.targets.price_percent * 10), _percent(price * 10)))
    return found


def _rule_name(rule: str) -> Text:
    return Text("실력 존중", "merit") if rule == "merit" else Text("가치 최대", "value")


def _points(tenths: int) -> Text:
    return Text(f"{points(tenths)}점", f"{points(tenths)} point{'' if tenths == 10 else 's'}")


def _shown(setting: Setting, number: int | None) -> Text:
    if number is None:
        return Text("없음", "none")
    if setting.unit == "won":
        return Text(f"{number:,}원", f"₩{number:,}")
    return _percent(number)


def _percent(permille: int) -> Text:
    return Text(f"{permille / 10:g} %", f"{permille / 10:g} %")
