"""Conflicts of interest that can be seen in the records: same or former organisation, same team, joint work.

Declared conflicts are rows of the portal; this finds the others, anew each time it is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from dure.core.text import Text

Kind = Literal["same_organisation", "former_organisation", "same_team", "co_author"]
DECLARED_KINDS = ("family", "funding", "co_author", "mentor", "competitor", "other")

_LEGAL_FORMS = re.compile(
    r"주식회사|유한회사|재단법인|사단법인|학교법인|\(주\)|\(재\)|\(사\)|㈜|co\.?,? ?ltd\.?|inc\.?$|corp\.?$"
)
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A conflict with what shows it."""

    kind: Kind
    evidence: Text


@dataclass(frozen=True, slots=True)
class Judge:
    """A reviewer as conflicts see one; names tidied by `tidy`, addresses in lower case."""

    user_id: int
    name: str
    email: str
    affiliation: str
    former: frozenset[str] = frozenset()
    organisations: frozenset[int] = frozenset()
    former_organisations: frozenset[int] = frozenset()
    colleagues: frozenset[str] = frozenset()  # addresses of people on a team with this one in any other application


@dataclass(frozen=True, slots=True)
class Party:
    """Who stands behind a proposal: its organisation (id and tidied names), its lead, its team."""

    organisation_id: int
    names: frozenset[str]
    lead_id: int
    emails: frozenset[str] = frozenset()
    people: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (name, affiliation), tidied
    affiliations: frozenset[str] = frozenset()


@lru_cache(maxsize=65_536)
def tidy(name: str) -> str:
    """A name by which two spellings of one organisation or person meet: no legal form, spaces, marks or case."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    return _NOT_WORDS.sub("", _LEGAL_FORMS.sub("", plain))


def names(*given: str) -> frozenset[str]:
    """Tidied names, blanks left out."""
    return frozenset(filter(None, map(tidy, given)))


def team_of(
    people: Iterable[tuple[str, str, str]],
) -> tuple[frozenset[str], frozenset[tuple[str, str]], frozenset[str]]:
    """(name, address, affiliation) of a team as `Party` holds them."""
    rows = list(people)
    return (
        frozenset(email.lower() for _, email, _ in rows if email),
        frozenset((tidy(name), tidy(affiliation)) for name, _, affiliation in rows),
        names(*(affiliation for _, _, affiliation in rows)),
    )


def detect(judge: Judge, party: Party) -> tuple[Found, ...]:
    """Every conflict the records show, at most one of each kind, the strongest evidence first."""
    found = []
    if judge.user_id == party.lead_id or judge.email in party.emails:
        evidence = Text("신청 과제의 참여자입니다(전자우편 일치).", "Is on the proposal's team (same address).")
        found.append(Found("same_team", evidence))
    elif (judge.name, judge.affiliation) in party.people:
        evidence = Text(
            "신청 과제의 참여자입니다(이름과 소속 일치).", "Is on the proposal's team (name and affiliation)."
        )
        found.append(Found("same_team", evidence))
    if party.organisation_id in judge.organisations:
        evidence = Text("신청 기관의 구성원입니다.", "Is a member of the applying organisation.")
        found.append(Found("same_organisation", evidence))
    elif judge.affiliation in party.names:
        evidence = Text("소속이 신청 기관과 같은 이름입니다.", "Has the applying organisation's name as affiliation.")
        found.append(Found("same_organisation", evidence))
    elif judge.affiliation in party.affiliations:
        evidence = Text("참여자와 소속이 같습니다.", "Shares an affiliation with somebody on the team.")
        found.append(Found("same_organisation", evidence))
    if party.organisation_id in judge.former_organisations or judge.former & (party.names | party.affiliations):
        evidence = Text(
            "신청 기관이나 참여자의 기관에 소속된 적이 있습니다.", "Used to belong to an organisation involved."
        )
        found.append(Found("former_organisation", evidence))
    if judge.colleagues & party.emails:
        evidence = Text(
            "다른 신청에서 참여자와 같은 팀입니다.", "Is on a team with one of them in another application."
        )
        found.append(Found("co_author", evidence))
    return tuple(found)
