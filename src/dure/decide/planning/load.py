"""A problem document ("dure-problem/1") as a `Problem`, or every mistake in it with place and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.planning.problem import (
    FACTS,
    FORMAT,
    MEASURES,
    RULES,
    STANDINGS,
    Application,
    Calendar,
    Cluster,
    Measure,
    Option,
    Policy,
    Problem,
    Rule,
    RuleName,
    Standing,
    Track,
    ValueFormula,
)
from dure.decide.planning.reading import Reader, parse
from dure.decide.planning.running import not_fixed
from dure.decide.planning.sizes import too_large

MAKE_AGAIN = Text(
    "`dure plan generate`로 문제 파일을 다시 만드십시오.", "Make the problem file with `dure plan generate`."
)
MOST_SLOTS = 4_000
MOST_NODES = 100_000


def read_problem(content: bytes, name: str = "problem") -> Problem:
    """The problem in `content`. Raises InvalidInput that names every mistake (`name` stands for the file)."""
    return problem_from_document(parse(content, name), name)


def problem_from_document(document: Any, name: str = "problem") -> Problem:
    """The problem that `document` (JSON values) describes. Raises InvalidInput."""
    mistakes: list[Mistake] = []
    reader = Reader(document, "", mistakes)
    if mistakes or reader.text("format") != FORMAT:
        what = Text(f"문제 문서({FORMAT})가 아닙니다.", f"This is not a problem document ({FORMAT}).")
        raise InvalidInput(Mistake(name, what, MAKE_AGAIN))
    problem = Problem(
        call=reader.text("call"),
        programme=reader.text("programme"),
        synthetic=reader.flag("synthetic"),
        calendar=_calendar(reader.part("calendar")),
        formula=_formula(reader.part("formula")),
        rule=_rule(reader.part("rule")),
        tracks=reader.parts("tracks", _track),
        clusters=reader.parts("clusters", _cluster),
        applications=reader.parts("applications", _application),
        policies=reader.parts("policies", _policy),
    )
    reader.close()
    if not mistakes:
        mistakes.extend(check(problem))
    if mistakes:
        raise InvalidInput(mistakes)
    return problem


def check(problem: Problem) -> list[Mistake]:
    """What does not fit together in a problem: names that are not there, lengths and windows that are wrong."""
    mistakes: list[Mistake] = []
    for what, words in (
        ("tracks", [track.code for track in problem.tracks]),
        ("clusters", [cluster.code for cluster in problem.clusters]),
        ("applications", [one.id for one in problem.applications]),
        ("lottery_rank", [str(one.lottery_rank) for one in problem.applications]),
        ("policies", [policy.name for policy in problem.policies]),
    ):
        mistakes.extend(_repeated(what, words))
    for cluster in problem.clusters:
        if len(cluster.capacity) != problem.calendar.slots:
            mistakes.append(_wrong_length(f"clusters[{cluster.code}].capacity", problem.calendar.slots))
    for application in problem.applications:
        mistakes.extend(_check_application(problem, application))
    for policy in problem.policies:
        mistakes.extend(_check_policy(problem, policy))
    return mistakes or too_large(problem)


def _calendar(part: Reader) -> Calendar:
    calendar = Calendar(
        first=part.text("first"),
        slots=part.integer("slots", 1, MOST_SLOTS),
        slots_per_month=part.integer("slots_per_month", 1, 4),
    )
    try:
        Month.parse(calendar.first)
    except ValueError:
        part.refuse("first", Text("YYYY-MM 형식의 달이어야 합니다.", "It must be a month, written YYYY-MM."))
    if calendar.slots_per_month not in (1, 4):
        part.refuse("slots_per_month", Text("1 또는 4여야 합니다.", "It must be 1 or 4."))
    part.close()
    return calendar


def _formula(part: Reader) -> ValueFormula:
    formula = ValueFormula(
        offset_tenths=part.integer("offset_tenths", 0, 1000),
        size_table=part.integers("size_table", 0, 10**10),
        delay_permille=part.integer("delay_permille", 0, 1000),
    )
    part.close()
    return formula


def _rule(part: Reader) -> Rule:
    rule = Rule(cast(RuleName, part.text("name", RULES)), part.integer("delta_tenths", 1, 1000))
    part.close()
    return rule


def _track(part: Reader) -> Track:
    return Track(part.text("code"), part.text("rubric"), part.integer("pass_mark_tenths", 0, 1000))


def _cluster(part: Reader) -> Cluster:
    return Cluster(
        code=part.text("code"),
        gpu_model=part.text("gpu_model"),
        provider=part.text("provider"),
        capacity=part.integers("capacity", 0, MOST_NODES),
        leaf_nodes=part.integers("leaf_nodes", 1, MOST_NODES),
    )


def _option(part: Reader) -> Option:
    return Option(
        cluster=part.text("cluster"),
        utility=part.integer("utility", 1, 10_000),
        min_nodes=part.integer("min_nodes", 1, MOST_NODES),
        max_nodes=part.integer("max_nodes", 1, MOST_NODES),
        cost_won=part.integer("cost_won"),
        fee_won=part.integer("fee_won"),
    )


def _application(part: Reader) -> Application:
    return Application(
        id=part.text("id"),
        track=part.text("track"),
        applicant_class=part.text("applicant_class"),
        region=part.text("region"),
        organisation=part.text("organisation"),
        youth=part.flag("youth"),
        score_tenths=part.integer("score_tenths", 0, 1000),
        eligible=part.flag("eligible"),
        standing=cast(Standing, part.text("standing", STANDINGS)),
        requested_nodes=part.integer("requested_nodes", 1, MOST_NODES),
        duration=part.integer("duration", 1, MOST_SLOTS),
        earliest=part.integer("earliest", 0, MOST_SLOTS),
        latest=part.integer("latest", 0, MOST_SLOTS),
        lottery_rank=part.integer("lottery_rank", 1),
        options=part.parts("options", _option),
        fee_limit_won=part.optional_integer("fee_limit_won"),
    )


def _policy(part: Reader) -> Policy:
    label, overrides = part.part("label"), part.part("overrides")
    policy = Policy(
        name=part.text("name"),
        kind=part.text("kind"),
        label=Text(label.text("ko"), label.text("en")),
        measure=cast(Measure, part.text("measure", MEASURES)),
        caps=part.integers("caps"),
        match=_selector(part.part("match")),
        exclude=_selector(part.part("exclude")),
        each=part.text("each", ("", *FACTS)),
        overrides={word: overrides.integers(word) for word in overrides},
        by_slot=part.flag("by_slot"),
        first_slot=part.integer("first_slot", 0, MOST_SLOTS),
        end_slot=part.integer("end_slot", 0, MOST_SLOTS),
        price=part.optional_integer("price"),
    )
    label.close()
    return policy


def _selector(part: Reader) -> dict[str, tuple[str, ...]]:
    found = {fact: part.texts(fact) for fact in FACTS if fact in part}
    part.close()
    return found


def _repeated(what: str, words: Iterable[str]) -> list[Mistake]:
    again = [word for word, count in Counter(words).items() if count > 1]
    return [
        Mistake(
            f"{what}[{word}]",
            Text("같은 이름이 두 번 이상 나옵니다.", "This name appears more than once."),
            Text("하나만 남기십시오.", "Keep one of them."),
        )
        for word in sorted(again)
    ]


def _wrong_length(where: str, length: int) -> Mistake:
    return Mistake(where, Text(f"{length}개의 값이 필요합니다.", f"It needs {length} numbers, one per slot."))


def _check_application(problem: Problem, application: Application) -> list[Mistake]:
    where, mistakes = f"applications[{application.id}]", []
    if application.track not in problem.track:
        mistakes.append(_unknown(f"{where}.track", application.track))
    if application.latest < application.earliest:
        what = Text("가장 늦은 시작이 가장 이른 시작보다 앞섭니다.", "The latest start lies before the earliest.")
        mistakes.append(Mistake(f"{where}.latest", what))
    if application.standing == "running":
        mistakes.extend(not_fixed(problem, application))
    mistakes.extend(_repeated(f"{where}.options", [option.cluster for option in application.options]))
    for option in application.options:
        if option.cluster not in problem.cluster:
            mistakes.append(_unknown(f"{where}.options", option.cluster))
        if not option.min_nodes <= option.max_nodes < len(problem.formula.size_table):
            most = len(problem.formula.size_table) - 1
            what = Text(
                f"서버 수는 최소 ≤ 최대 ≤ {most}이어야 합니다.", f"Sizes must satisfy min_nodes ≤ max_nodes ≤ {most}."
            )
            mistakes.append(Mistake(f"{where}.options[{option.cluster}]", what))
    return mistakes


def _check_policy(problem: Problem, policy: Policy) -> list[Mistake]:
    where, mistakes = f"policies[{policy.name}]", []
    if "/" in policy.name or policy.name in ("", "capacity"):
        what = Text("규칙 이름으로 쓸 수 없습니다.", "This cannot be the name of a rule.")
        remedy = Text("'/' 없이 다른 이름을 쓰십시오.", "Choose another, without '/'.")
        mistakes.append(Mistake(f"{where}.name", what, remedy))
    if not policy.first_slot < policy.end_slot <= problem.calendar.slots:
        what = Text("적용 기간이 비었거나 달력을 벗어났습니다.", "Its window is empty or leaves the calendar.")
        remedy = Text(
            f"end_slot을 {problem.calendar.slots} 이하로 두십시오.", f"Set end_slot up to {problem.calendar.slots}."
        )
        mistakes.append(Mistake(f"{where}.end_slot", what, remedy))
    length = policy.end_slot - policy.first_slot if policy.by_slot else 1
    mistakes.extend(
        _wrong_length(f"{where}.{place}", length)
        for place, caps in [("caps", policy.caps), *((f"overrides[{w}]", c) for w, c in policy.overrides.items())]
        if len(caps) != length
    )
    return mistakes


def _unknown(where: str, word: str) -> Mistake:
    return Mistake(where, Text(f"'{word}'은(는) 이 문제에 없습니다.", f"'{word}' is not in this problem."))
