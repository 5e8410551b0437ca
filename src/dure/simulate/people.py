"""SYNTHETIC organisations and people: invented names, addresses that end in `.example`, numbers nobody was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dure.core.text import Text
from dure.decide.identifiers import is_korean_business_number
from dure.decide.planning.chance import Chance
from dure.decide.planning.generate import SyntheticApplication
from dure.simulate.texts import names
from dure.simulate.texts.subjects import SUBJECTS

FIELD_WEIGHTS = {
    "language": 14, "vision": 9, "speech": 4, "robotics": 8, "mobility": 6, "medicine": 11, "bio": 10, "materials": 7,
    "climate": 6, "manufacturing": 7, "science": 6, "systems": 6, "media": 4, "society": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Organisation:
    """One invented organisation. `field` is empty for universities, which work in all fields."""

    code: str
    name: Text
    applicant_class: str
    region: str
    is_youth: bool
    field: str
    registration_number: str
    email_domain: str


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person of an organisation (its code); `is_head` for the first of it."""

    email: str
    name: Text
    organisation: str
    is_head: bool


def organisations(
    drawn: Sequence[SyntheticApplication], class_codes: Mapping[str, str], seed: int
) -> dict[str, Organisation]:
    """The organisations that apply, by the code the drawn applications use, the first to apply first."""
    chance = Chance(seed, "organisation names")
    halls = [(root, kind) for kind in names.UNIVERSITIES for root in names.HALLS]
    chance.shuffle(halls)
    taken: set[str] = set()
    found: dict[str, Organisation] = {}
    for one in drawn:
        if one.organisation_code in found:
            continue
        applicant_class = class_codes.get(one.applicant_class, one.applicant_class)
        field = "" if applicant_class == "academia" else any_field(chance)
        if applicant_class == "academia":
            (root_ko, root_en), (kind_ko, kind_en) = halls.pop()
            name = Text(root_ko + kind_ko, f"{root_en} {kind_en}")
        else:
            name = _fresh(applicant_class, field, taken, chance)
        taken.add(name.ko)
        code = f"{applicant_class}-{one.organisation:03d}"
        found[one.organisation_code] = Organisation(
            code=code,
            name=name,
            applicant_class=applicant_class,
            region=one.region,
            is_youth=one.youth,
            field=field,
            registration_number=_number(len(found) + 1),
            email_domain=f"{code}.example",
        )
    return found


def leads(
    drawn: Sequence[SyntheticApplication], organisations: Mapping[str, Organisation], seed: int
) -> dict[str, Person]:
    """Who leads each application, by its id. One person leads at most two."""
    chance = Chance(seed, "leads")
    staff: dict[str, list[Person]] = {code: [] for code in organisations}
    led: dict[str, int] = {}
    found = {}
    for one in drawn:
        organisation = organisations[one.organisation_code]
        colleagues = staff[one.organisation_code]
        again = [person for person in colleagues if led[person.email] == 1]
        if again and chance.is_within(120):
            person = again[chance.below(len(again))]
        else:
            person = Person(
                email=f"lead{len(colleagues) + 1:02d}@{organisation.email_domain}",
                name=name(chance),
                organisation=organisation.code,
                is_head=not colleagues,
            )
            colleagues.append(person)
        led[person.email] = led.get(person.email, 0) + 1
        found[one.id] = person
    return found


def name(chance: Chance) -> Text:
    """A personal name."""
    family = chance.pick(names.FAMILY, [weight for _, _, weight in names.FAMILY])
    given = names.GIVEN[chance.below(len(names.GIVEN))]
    return Text(family[0] + given[0], f"{given[1]} {family[1]}")


def any_field(chance: Chance) -> str:
    """A research field, the popular ones more often."""
    return chance.pick(tuple(SUBJECTS), [FIELD_WEIGHTS[field] for field in SUBJECTS])


def _fresh(applicant_class: str, field: str, taken: set[str], chance: Chance) -> Text:
    while True:
        if applicant_class == "research":
            (root_ko, root_en), (kind_ko, kind_en) = (
                names.HALLS[chance.below(len(names.HALLS))],
                names.INSTITUTES[field],
            )
        else:
            root_ko, root_en = names.COMPANIES[chance.below(len(names.COMPANIES))]
            kind_ko, kind_en = names.TRADES[field][chance.below(len(names.TRADES[field]))]
        if root_ko + kind_ko not in taken:
            return Text(root_ko + kind_ko, f"{root_en} {kind_en}")


def _number(place: int) -> str:
    """A registration number with a right check digit that cannot be anybody's: tax offices' codes start above 000."""
    start = f"000-{(place // 1000) % 100:02d}-{place % 1000:03d}0"
    return next(f"{start}{digit}" for digit in range(10) if is_korean_business_number(f"{start}{digit}"))
