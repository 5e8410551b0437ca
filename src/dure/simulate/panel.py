"""A SYNTHETIC panel: reviewers, who reviews what, points per criterion that add up to given totals, and remarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dure.core.text import Text
from dure.decide.planning.chance import Chance
from dure.programme.competition import Rubric
from dure.simulate import people
from dure.simulate.people import Organisation
from dure.simulate.proposals import Phrases
from dure.simulate.texts import names, remarks
from dure.simulate.texts.korean import eul, eun
from dure.simulate.texts.subjects import SUBJECTS

PER_APPLICATION = 5
LOAD_LIMIT = 24
FROM_APPLICANTS_PERMILLE = 500


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One invented reviewer. `organisation` is the code of an applying organisation, or empty for an outside one.

    `fields` are research fields, the strongest first.
    """

    email: str
    name: Text
    affiliation: Text
    organisation: str
    fields: tuple[str, ...]
    keywords: tuple[str, ...]
    load_limit: int


@dataclass(frozen=True, slots=True)
class Review:
    """One review: whole points per criterion, in the rubric's order."""

    application: str
    reviewer: str
    points: tuple[tuple[str, int], ...]
    to_applicant: str
    to_panel: str

    @property
    def total(self) -> int:
        """The sum of the points."""
        return sum(points for _, points in self.points)


def reviewers(
    fields: Sequence[str], organisations: Sequence[Organisation], count: int, seed: int
) -> tuple[Reviewer, ...]:
    """`count` reviewers whose first fields are spread as `fields`, the fields of the applications, are."""
    chance = Chance(seed, "reviewers")
    homes = [one for one in organisations if one.applicant_class in ("academia", "research")]
    taken = {one.name.ko for one in homes}
    outside = [
        Text(root_ko + kind_ko, f"{root_en} {kind_en}")
        for root_ko, root_en in names.HALLS
        for kind_ko, kind_en in (*names.UNIVERSITIES, *names.INSTITUTES.values())
        if root_ko + kind_ko not in taken
    ]
    found = []
    for place, field in enumerate(_spread(Counter(fields), count)):
        second = people.any_field(chance)
        home = homes[chance.below(len(homes))] if chance.is_within(FROM_APPLICANTS_PERMILLE) else None
        found.append(
            Reviewer(
                email=f"reviewer{place + 1:03d}@panel.example",
                name=people.name(chance),
                affiliation=home.name if home else outside[chance.below(len(outside))],
                organisation=home.code if home else "",
                fields=tuple(dict.fromkeys((field, second))),
                keywords=_keywords(field, second, chance),
                load_limit=LOAD_LIMIT,
            )
        )
    return tuple(found)


def assign(
    applications: Sequence[tuple[str, str, str]], reviewers: Sequence[Reviewer]
) -> dict[str, tuple[Reviewer, ...]]:
    """Five reviewers for each application (id, field, organisation code).

    Nobody judges their own organisation or more than their load; of the others the closest in field, least busy first.
    """
    load: Counter[str] = Counter()
    found = {}
    for name, field, organisation in applications:
        free = [r for r in reviewers if r.organisation != organisation and load[r.email] < r.load_limit]
        free.sort(key=lambda r: (_distance(r, field), load[r.email], r.email))
        chosen = tuple(free[:PER_APPLICATION])
        load.update(reviewer.email for reviewer in chosen)
        found[name] = chosen
    return found


def reviews(
    name: str,
    phrases: Phrases,
    panel: Sequence[Reviewer],
    totals: Sequence[int],
    rubric: Rubric,
    chance: Chance,
) -> Iterator[Review]:
    """The reviews of application `name`: reviewer k gives `totals[k]` points in all.

    Raises ValueError for a rubric whose criteria these remarks do not know.
    """
    weights = {criterion.code: criterion.weight for criterion in rubric.criteria}
    if set(weights) != set(remarks.STRENGTHS):
        raise ValueError(f"the remarks know the criteria {sorted(remarks.STRENGTHS)}, not {sorted(weights)}")
    labels = {criterion.code: criterion.name.ko for criterion in rubric.criteria}
    said: set[str] = set()
    for reviewer, total in zip(panel, totals, strict=True):
        points = split(total, weights, chance)
        by_share = sorted(weights, key=lambda code: (points[code] * 1000 // weights[code], code))
        worst, best = by_share[0], by_share[-1]
        yield Review(
            application=name,
            reviewer=reviewer.email,
            points=tuple(points.items()),
            to_applicant=_remark(total, best, worst, phrases, said, chance),
            to_panel=_fill(
                remarks.TO_PANEL[chance.below(len(remarks.TO_PANEL))],
                best=labels[best],
                worst=labels[worst],
                eun=eun(labels[best]),
                eul=eul(labels[worst]),
            ),
        )


def split(total: int, weights: Mapping[str, int], chance: Chance) -> dict[str, int]:
    """`total` points over criteria, none above its weight; about even shares, then moved about a little."""
    whole = sum(weights.values())
    if not 0 <= total <= whole:
        raise ValueError(f"a total of {total} does not fit weights of {whole}")
    points = {code: total * weight // whole for code, weight in weights.items()}
    codes = list(weights)
    while (rest := total - sum(points.values())) > 0:
        open_codes = [code for code in codes if points[code] < weights[code]]
        points[open_codes[(rest + chance.below(len(open_codes))) % len(open_codes)]] += 1
    for _ in range(6):
        giver, taker = codes[chance.below(len(codes))], codes[chance.below(len(codes))]
        if giver != taker and points[giver] > 0 and points[taker] < weights[taker]:
            points[giver] -= 1
            points[taker] += 1
    return points


def _remark(total: int, best: str, worst: str, phrases: Phrases, said: set[str], chance: Chance) -> str:
    strength = _unsaid(remarks.STRENGTHS[best], said, chance)
    weakness = _unsaid(remarks.WEAKNESSES[worst], said, chance)
    closings = next(lines for least, lines in remarks.CLOSINGS if total >= least)
    closing = closings[chance.below(len(closings))]
    shape = chance.below(4)
    sentences = {
        0: (strength, weakness, closing),
        1: (closing, strength, weakness),
        2: (strength, weakness),
        3: (strength, closing) if total >= 75 else (weakness, closing),
    }[shape]
    return _fill(" ".join(sentences), subject=phrases.subject, approach=phrases.approach, eul=eul(phrases.approach))


def _unsaid(lines: Sequence[str], said: set[str], chance: Chance) -> str:
    """A line no other reviewer of the same application has used, while there are any."""
    fresh = [line for line in lines if line not in said] or list(lines)
    line = fresh[chance.below(len(fresh))]
    said.add(line)
    return line


def _fill(text: str, **values: str) -> str:
    return text.format(**values)


def _distance(reviewer: Reviewer, field: str) -> int:
    return reviewer.fields.index(field) if field in reviewer.fields else len(SUBJECTS)


def _keywords(first: str, second: str, chance: Chance) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for field, count in ((first, 3), (second, 1)):
        subjects = list(SUBJECTS[field])
        chance.shuffle(subjects)
        for subject in subjects[:count]:
            found.update(dict.fromkeys(subject.keywords[:2]))
    return tuple(found)


def _spread(counts: Counter[str], places: int) -> list[str]:
    """`places` fields in proportion to `counts`, by largest remainder; every field that occurs gets one at least."""
    whole = sum(counts.values())
    seats = {field: max(1, count * places // whole) for field, count in sorted(counts.items())}
    by_rest = sorted(seats, key=lambda field: (-(counts[field] * places % whole), field))
    step = 0
    while (missing := places - sum(seats.values())) != 0:
        field = by_rest[step % len(by_rest)]
        if missing > 0 or seats[field] > 1:
            seats[field] += 1 if missing > 0 else -1
        step += 1
    return [field for field, count in seats.items() for _ in range(count)]
