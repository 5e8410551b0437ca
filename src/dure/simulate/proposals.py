"""SYNTHETIC proposals in Korean: a title, a summary and the sections of a plan, from many small parts by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from dure.core.text import Text
from dure.decide.planning.chance import Chance
from dure.simulate import people
from dure.simulate.people import Person
from dure.simulate.texts import approaches
from dure.simulate.texts.approaches import APPROACHES, Approach
from dure.simulate.texts.korean import eul
from dure.simulate.texts.subjects import SUBJECTS, Subject

_T = TypeVar("_T")

HOURS_PER_MONTH = 730
GPUS_PER_NODE = 8

any_field = people.any_field


@dataclass(frozen=True, slots=True)
class Size:
    """What is asked for: nodes, the fewest that would do, calendar months."""

    nodes: int
    min_nodes: int
    months: int


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the plan (사업수행계획서): goal, method, sizing or release."""

    code: str
    body: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the team; only the lead has an account."""

    name: str
    email: str
    affiliation: str
    role: Literal["lead", "member"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The text of one application."""

    title: Text
    summary: str
    keywords: tuple[str, ...]
    plan: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """What reviewers call the work: its subject and approach."""

    subject: str
    approach: str


class Writer:
    """Writes proposals so that no two of a call have the same title."""

    def __init__(self, seed: int) -> None:
        self._chance = Chance(seed, "titles")
        self._titles: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()
        self._phrases: dict[str, Phrases] = {}

    def write(self, name: str, field: str, applicant_class: str, size: Size, chance: Chance) -> Proposal:
        """The proposal of application `name`."""
        subject, approach, title = self._choose(field)
        self._phrases[name] = Phrases(subject.ko, approach.ko)
        numbers = _numbers(size, chance)
        sizing = _one(approaches.SIZING, chance)
        fewer = approaches.FEWER if size.min_nodes < size.nodes else approaches.ALL_OR_NOTHING
        outcomes = _two(approaches.OUTCOMES[applicant_class], chance)
        bodies = {
            "goal": (subject.why, *_two(approaches.NOVELTIES, chance)),
            "method": (
                _one(approach.methods, chance),
                *_two(approaches.PREPARED, chance),
                _one(approaches.SCHEDULES, chance),
                _one(approaches.FAILINGS, chance),
            ),
            "sizing": (sizing, _one(fewer, chance)),
            "release": outcomes,
        }
        return Proposal(
            title=title,
            summary=" ".join((subject.why, bodies["method"][0], sizing, outcomes[0])).format(**numbers),
            keywords=(*subject.keywords, approach.ko),
            plan=tuple(Section(code, " ".join(sentences).format(**numbers)) for code, sentences in bodies.items()),
        )

    def phrases(self, name: str) -> Phrases:
        """What the proposal of `name`, already written, is about."""
        return self._phrases[name]

    def _choose(self, field: str) -> tuple[Subject, Approach, Text]:
        """A subject and an approach not yet paired, as long as there are some, and a title nobody has."""
        suited = [approach for approach in APPROACHES if field in approach.fields]
        pairs = [(subject, approach) for subject in SUBJECTS[field] for approach in suited]
        fresh = [pair for pair in pairs if (pair[0].ko, pair[1].ko) not in self._pairs] or pairs
        while True:
            subject, approach = _one(fresh, self._chance)
            ko, en = _one(approaches.TITLES, self._chance)
            title = Text(
                ko.format(subject=subject.ko, approach=approach.ko, eul=eul(subject.ko), eul_approach=eul(approach.ko)),
                _capital(en.format(subject=subject.en, approach=approach.en)),
            )
            if title.ko not in self._titles:
                self._titles.add(title.ko)
                self._pairs.add((subject.ko, approach.ko))
                return subject, approach, title


def team(lead: Person, affiliation: str, domain: str, nodes: int, chance: Chance) -> tuple[Member, ...]:
    """The lead and two to six others, more for larger requests."""
    count = 2 + min(3, nodes // 4) + chance.below(2)
    others = (
        Member(people.name(chance).ko, f"member{place + 1}@{domain}", affiliation, "member") for place in range(count)
    )
    return (Member(lead.name.ko, lead.email, affiliation, "lead"), *others)


def _numbers(size: Size, chance: Chance) -> dict[str, str]:
    """Figures for the texts; those of the request are exact, the others invented in proportion."""
    gpus = size.nodes * GPUS_PER_NODE
    first = max(1, size.months // 4)
    team_size = chance.between(4, 12)
    return {
        "nodes": str(size.nodes),
        "min_nodes": str(size.min_nodes),
        "gpus": f"{gpus:,}",
        "months": str(size.months),
        "hours": f"{gpus * size.months * HOURS_PER_MONTH:,}",
        "main": str(chance.between(11, 16) * 5),
        "runs": str(chance.between(2, 6)),
        "trials": str(chance.between(4, 24) * 5),
        "data": str(chance.between(2, 18) * max(1, size.nodes // 2)),
        "ready": str(chance.between(14, 19) * 5),
        "gain": str(chance.between(8, 34)),
        "years": str(chance.between(2, 9)),
        "sites": str(chance.between(2, 9)),
        "cases": f"{chance.between(3, 40) * 100:,}",
        "team": str(team_size),
        "experts": str(chance.between(1, max(1, team_size // 2))),
        "first": str(first),
        "second": str(max(first + 1, size.months - 1)),
        "year": str(2026 + chance.below(2)),
        "papers": str(chance.between(2, 5)),
        "students": str(chance.between(2, 9)),
    }


def _one(among: Sequence[_T], chance: Chance) -> _T:
    return among[chance.below(len(among))]


def _two(among: Sequence[str], chance: Chance) -> tuple[str, str]:
    """Two different ones."""
    first = chance.below(len(among))
    return among[first], among[(first + 1 + chance.below(len(among) - 1)) % len(among)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
