"""Conflicts of interest seen in the records."""

from __future__ import annotations

import pytest

from dure.decide.conflicts import Judge, Party, detect, names, team_of, tidy

EMAILS, PEOPLE, PLACES = team_of([("김하늘", "Sky@Example.org", "한빛대학교"), ("이 바다", "", "(주)새벽")])
PARTY = Party(7, names("한빛대학교", "Hanbit University"), 1, EMAILS, PEOPLE, PLACES)


def judge(**changes):
    return Judge(**({"user_id": 99, "name": "박산", "email": "p@x.org", "affiliation": tidy("솔대학교")} | changes))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"user_id": 1}, "same_team"),
        ({"email": "sky@example.org"}, "same_team"),
        ({"name": tidy("이바다"), "affiliation": tidy("주식회사 새벽")}, "same_team"),
        ({"affiliation": tidy("한빛 대학교")}, "same_organisation"),
        ({"affiliation": tidy("HANBIT  University")}, "same_organisation"),
        ({"affiliation": tidy("㈜새벽")}, "same_organisation"),
        ({"organisations": frozenset({7})}, "same_organisation"),
        ({"former": names("한빛대학교")}, "former_organisation"),
        ({"former": names("새벽")}, "former_organisation"),
        ({"former_organisations": frozenset({7})}, "former_organisation"),
        ({"colleagues": frozenset({"sky@example.org"})}, "co_author"),
    ],
)
def test_each_kind_is_found_with_its_evidence(changes, kind):
    found = detect(judge(**changes), PARTY)
    assert kind in {f.kind for f in found}
    assert all(f.evidence.ko and f.evidence.en for f in found)


def test_a_namesake_elsewhere_is_no_conflict():
    assert detect(judge(name=tidy("김하늘")), PARTY) == ()
    assert detect(judge(organisations=frozenset({8}), former=names("다른 곳")), PARTY) == ()


def test_blank_names_meet_nobody():
    blank = Party(7, names("", "( 주 )"), 1, frozenset(), frozenset(), names(""))
    assert detect(judge(affiliation=tidy("")), blank) == ()


def test_a_member_and_a_namesake_have_different_evidence():
    (member,) = detect(judge(organisations=frozenset({7})), PARTY)
    (namesake,) = detect(judge(affiliation=tidy("한빛대학교")), PARTY)
    assert member.kind == namesake.kind and member.evidence != namesake.evidence
