"""Eligibility: every rule, at every stage, from the programme file."""

from __future__ import annotations

import pytest

from dure import programmes
from dure.core.period import Month
from dure.decide import eligibility
from dure.decide.eligibility import Applicant, Request, Terms

PROGRAMME = programmes.read("korea-gpu-2025")
TRACK = PROGRAMME.track("regular")
TERMS = Terms(Month(2026, 4), Month(2027, 7), {"h200": 255, "b200": 255})
SCHOOL = Applicant("academia", "seoul", False, "verified")
ASK = {
    "gpu_models": ("h200",),
    "min_nodes": 2,
    "requested_nodes": 8,
    "months": 6,
    "earliest_start": Month(2026, 4),
    "latest_start": Month(2026, 8),
}


def check(stage="submit", applicant=SCHOOL, **changes):
    return eligibility.check(PROGRAMME, TRACK, applicant, Request(**(ASK | changes)), TERMS, stage)


def test_a_fitting_request_is_eligible_and_every_rule_is_shown():
    found = check()
    assert found.is_eligible and found.reason.ko == "" and not found.mistakes
    assert {"organisation-verified", "applicant-class", "gpu-model", "node-limit", "month-limit"} <= {
        f.code for f in found.findings
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"gpu_models": ("a100",)}, "gpu-model", "models"),
        ({"requested_nodes": 33}, "node-limit", "requested_nodes"),
        ({"requested_nodes": 1, "min_nodes": 1}, "node-limit", "requested_nodes"),
        ({"min_nodes": 9}, "least-nodes", "min_nodes"),
        ({"gpu_models": ("h200", "b200"), "requested_nodes": 32, "min_nodes": 17}, "model-limit", "models"),
        ({"months": 2}, "month-limit", "months"),
        ({"months": 13}, "month-limit", "months"),
        ({"earliest_start": Month(2026, 3)}, "start-window", "earliest_start"),
        ({"latest_start": Month(2026, 3)}, "start-order", "latest_start"),
        ({"latest_start": Month(2027, 2)}, "end-window", "latest_start"),
    ],
)
def test_each_limit_names_field_and_remedy(changes, code, field):
    found = {f.code: f for f in check(**changes).unmet}
    assert found[code].field == field
    assert found[code].remedy.ko and found[code].remedy.en


def test_edges_of_the_limits_are_inside():
    assert check(requested_nodes=32, min_nodes=32).is_eligible
    assert check(requested_nodes=2).is_eligible
    assert check(months=3).is_eligible and check(months=12, latest_start=Month(2026, 7)).is_eligible
    assert check(latest_start=Month(2027, 1)).is_eligible, "January to June 2027 is inside"


def test_a_model_with_a_smaller_limit_may_be_a_second_wish():
    assert check(gpu_models=("h200", "b200"), requested_nodes=20, min_nodes=10).is_eligible


@pytest.mark.parametrize(
    ("standing", "stage", "is_eligible"),
    [
        ("founded", "start", True),
        ("founded", "submit", True),
        ("founded", "award", False),
        ("rejected", "start", False),
        ("verified", "award", True),
    ],
)
def test_an_organisation_is_verified_before_any_award(standing, stage, is_eligible):
    assert check(stage, Applicant("academia", "seoul", False, standing)).is_eligible is is_eligible


def test_a_class_the_track_does_not_take_is_told_which_it_takes():
    found = check(applicant=Applicant("national", "seoul", False, "verified"))
    assert "학계" in found.unmet[0].remedy.ko and "Academia" in found.unmet[0].remedy.en
    alone = eligibility.check(PROGRAMME, TRACK, SCHOOL, None, TERMS, "start")
    assert alone.is_eligible and len(alone.findings) == 2
