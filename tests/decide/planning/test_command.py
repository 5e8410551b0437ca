"""`dure plan` on files: every command does its part, and whatever cannot be used is refused with what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dure.cli import main
from dure.decide.planning import signature
from tests.decide.planning.small import small_call
from tests.decide.planning.test_signature import PRIVATE_KEY


def dure(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process; its exit status."""
    monkeypatch.setattr(sys, "argv", ["dure", *(str(one) for one in arguments)])
    with pytest.raises(SystemExit) as raised:
        main()
        sys.exit(0)
    return int(raised.value.code or 0)


def test_from_problem_to_sealed_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem, plan, sealed = tmp_path / "problem.json", tmp_path / "plan.json", tmp_path / "sealed.zip"
    problem.write_bytes(small_call(11).encode())
    assert dure(monkeypatch, "plan", "solve", problem, "--rule", "merit", "-o", plan, "--budget", 20_000) == 0
    capsys.readouterr()
    assert dure(monkeypatch, "plan", "audit", problem, plan, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert {"value", "bound", "gap", "envy", "violations"} <= set(report)
    assert report["envy"] == 0 and report["violations"] == [] and 0 <= report["gap"] < 1
    assert dure(monkeypatch, "plan", "explain", problem, plan, "--application", "A00001", "--lang", "ko") == 0
    assert "A00001" in capsys.readouterr().out
    assert dure(monkeypatch, "plan", "seal", problem, plan, "-o", sealed) == 0
    assert dure(monkeypatch, "plan", "replay", sealed) == 0


def test_a_signed_decision_is_known_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, plan, sealed = tmp_path / "problem.json", tmp_path / "plan.json", tmp_path / "sealed.zip"
    key, public = tmp_path / "key.pem", tmp_path / "public.pem"
    key.write_bytes(PRIVATE_KEY)
    public.write_bytes(signature.public_key(PRIVATE_KEY))
    problem.write_bytes(small_call(11).encode())
    assert dure(monkeypatch, "plan", "solve", problem, "-o", plan, "--budget", 2_000) == 0
    assert dure(monkeypatch, "plan", "seal", problem, plan, "-o", sealed, "--key", key) == 0
    assert dure(monkeypatch, "plan", "verify", sealed, "--public-key", public) == 0
    sealed.write_bytes(sealed.read_bytes() + b"x")
    assert dure(monkeypatch, "plan", "verify", sealed, "--public-key", public) == 1
    sealed.unlink()
    assert dure(monkeypatch, "plan", "seal", problem, plan, "-o", sealed, "--key", problem) == 2
    assert not sealed.exists()


def test_generate_writes_the_published_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "problem.json"
    assert dure(monkeypatch, "plan", "generate", "--size", 514, "--seed", 1, "-o", path) == 0
    document = json.loads(path.read_bytes())
    assert sum(one["requested_nodes"] for one in document["applications"]) == 1714


def test_pack_solves_a_plain_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, result = tmp_path / "model.json", tmp_path / "result.json"
    groups = [[{"value": 5, "use": {"0": 2}}, {"value": 3, "use": {"0": 1}}], [{"value": 4, "use": {"0": 2}}]]
    model.write_text(json.dumps({"rows": [3], "groups": groups}))
    assert dure(monkeypatch, "plan", "pack", model, "-o", result, "--budget", 1000) == 0
    found = json.loads(result.read_bytes())
    assert found["choice"] == [1, 0] and found["value"] == 7 <= found["bound"]


@pytest.mark.parametrize("content", [None, "{", '{"format": "dure-plan/1"}', '{"rows": 1}'])
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path, out = tmp_path / "bad.json", tmp_path / "out.json"
    if content is not None:
        path.write_text(content)
    for arguments in (("solve", path, "-o", out), ("pack", path, "-o", out), ("explain", path, path)):
        assert dure(monkeypatch, "plan", *arguments) == 2
        assert str(path) in capsys.readouterr().err or content is not None
    assert dure(monkeypatch, "plan", "audit", path, path, "--json") == 2
    assert "error" in json.loads(capsys.readouterr().out)
    assert not out.exists()


def edited(change: Callable[[Any], None]) -> bytes:
    """A small problem file somebody has changed by hand."""
    document = small_call(11, size=12).document()
    change(document)
    return json.dumps(document).encode()


def put(*path: object, value: object) -> Callable[[Any], None]:
    """Write `value` at a place of a document."""

    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


A0 = ("applications", 0)
WRONG = {
    "truncated": (lambda content: content[: len(content) // 2], "problem.json, line 1"),
    "not JSON": (lambda content: b"\xff\xfe", "problem.json"),
    "another document": (put("format", value="dure-plan/1"), "dure-problem/1"),
    "a float": (put("policies", 0, "caps", value=[1.5]), "1.5: only whole numbers"),
    "not a number": (put("policies", 0, "caps", value=[float("nan")]), "NaN: only whole numbers"),
    "negative cap": (put("policies", 0, "caps", value=[-1]), "policies[0].caps"),
    "a text for a number": (put(*A0, "duration", value="6"), "applications[0].duration"),
    "a list for an object": (put("calendar", value=[]), "calendar"),
    "a part that is missing": (lambda document: document.pop("tracks"), "tracks"),
    "a misspelt name": (put("policies", 0, "cap", value=[1]), "policies[0].cap"),
    "the same id twice": (lambda document: document["applications"].append(document["applications"][0]), "A00001"),
    "the same lottery rank": (lambda d: put(*A0, "lottery_rank", value=d["applications"][1]["lottery_rank"])(d),
                              "lottery_rank"),
    "an unknown cluster": (put(*A0, "options", 0, "cluster", value="nowhere"), "nowhere"),
    "an unknown track": (put(*A0, "track", value="nowhere"), "nowhere"),
    "an unknown fact": (put("policies", 0, "match", value={"colour": ["red"]}), "policies[0].match.colour"),
    "a calendar too long": (put("calendar", "slots", value=10**12), "calendar.slots"),
    "a capacity too short": (put("clusters", 0, "capacity", value=[1]), "capacity"),
    "won beyond all counting": (
        lambda document: [each.update(cost_won=2**53) for one in document["applications"] for each in one["options"]],
        "applications",
    ),
    "beyond 2^53": (put(*A0, "options", 0, "cost_won", value=2**53 + 1), "applications[0].options[0].cost_won"),
    "values beyond all counting": (put("formula", "size_table", value=[10**10] * 40), "multiplied pass 2^62"),
    "a price beyond all counting": (put("policies", 0, "price", value=2**53), "price"),
    "half a character": (put(*A0, "id", value="\ud800"), "problem.json"),
    "running without a place": (put(*A0, "standing", value="running"), "applications[A00001]"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_is_wrong_is_refused_by_its_place(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change, place = WRONG[name]
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    if name in ("truncated", "not JSON"):
        problem.write_bytes(change(small_call(11, size=12).encode()))
    else:
        problem.write_bytes(edited(change))
    monkeypatch.setenv("DURE_LANG", "en")
    assert dure(monkeypatch, "plan", "solve", problem, "-o", plan, "--budget", 100) == 2
    assert place in capsys.readouterr().err
    assert not plan.exists()


FEW = {
    "nobody applied": put("applications", value=[]),
    "one application": lambda document: document.update(applications=document["applications"][:1]),
    "no cluster": lambda document: document.update(
        clusters=[], applications=[{**one, "options": []} for one in document["applications"]]
    ),
    "no node": lambda document: [one.update(capacity=[0] * 12) for one in document["clusters"]],
    "no rule": put("policies", value=[]),
    "all below the pass mark": lambda document: [one.update(score_tenths=1) for one in document["applications"]],
    "ids of any letters": lambda document: [
        one.update(id=f'신청/{one["id"]} "🚀"') for one in document["applications"]
    ],
}


@pytest.mark.parametrize("name", FEW)
def test_what_is_small_or_strange_is_planned_audited_and_explained(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_bytes(edited(FEW[name]))
    for rule in ("merit", "value"):
        assert dure(monkeypatch, "plan", "solve", problem, "-o", plan, "--budget", 100, "--rule", rule) == 0
        capsys.readouterr()
        assert dure(monkeypatch, "plan", "audit", problem, plan, "--json") == 0
        assert json.loads(capsys.readouterr().out)["envy"] == 0 or rule == "value"
        assert dure(monkeypatch, "plan", "explain", problem, plan) == 0


def test_the_auditor_prints_json_whatever_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    for change in (put("clusters", 0, "capacity", value=[1]), put("calendar", "slots", value=10**12),
                   put("formula", value=None)):  # fmt: skip
        problem.write_bytes(edited(lambda document: None))
        assert dure(monkeypatch, "plan", "solve", problem, "-o", plan, "--budget", 100) == 0
        problem.write_bytes(edited(change))
        capsys.readouterr()
        assert dure(monkeypatch, "plan", "audit", problem, plan, "--json") == 2
        assert set(json.loads(capsys.readouterr().out)) == {"error"}


def test_amounts_beyond_the_linear_programme_are_packed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, result = tmp_path / "model.json", tmp_path / "result.json"
    groups = [[{"value": 5, "use": {"0": 2**51}}], [{"value": 4, "use": {"0": 1}}, {"value": 9, "use": {"0": 2**52}}]]
    model.write_text(json.dumps({"rows": [2**51], "groups": groups}))
    assert dure(monkeypatch, "plan", "pack", model, "-o", result, "--budget", 200) == 0
    assert json.loads(result.read_bytes())["value"] == 5
    model.write_text(json.dumps({"rows": [2**53], "groups": [*groups, *groups, *groups]}))
    assert dure(monkeypatch, "plan", "pack", model, "-o", result, "--budget", 200) == 2


def test_a_rule_that_does_not_exist_and_a_place_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = tmp_path / "problem.json"
    problem.write_bytes(small_call(11).encode())
    assert dure(monkeypatch, "plan", "solve", problem, "--rule", "lottery", "-o", tmp_path / "plan.json") == 2
    assert "--rule" in capsys.readouterr().err
    for nowhere in (tmp_path / "no" / "plan.json", tmp_path, "."):
        assert dure(monkeypatch, "plan", "solve", problem, "-o", nowhere, "--budget", 10**9) == 2


def test_rules_in_conflict_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    ground = small_call(11)
    policies = tuple(replace(one, caps=(0,)) if one.name == "budget" else one for one in ground.policies)
    problem.write_bytes(replace(ground, policies=policies).encode())
    assert dure(monkeypatch, "plan", "solve", problem, "-o", plan) == 2
    assert "budget" in capsys.readouterr().err and not plan.exists()


def test_a_rule_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    problem = tmp_path / "problem.json"
    problem.write_bytes(small_call(11).encode())
    asked = ("plan", "sweep", problem, "--budget", 3_000)
    assert dure(monkeypatch, *asked, "--rule-name", "budget", "--percent", "0,100,none", "--json") == 0
    assert [one["setting"] for one in json.loads(capsys.readouterr().out)] == [0, 100, None]
    assert dure(monkeypatch, *asked, "--deltas", "1,30") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert dure(monkeypatch, *asked) == 2
    assert dure(monkeypatch, *asked, "--rule-name", "budget", "--percent", "half") == 2
    assert dure(monkeypatch, *asked, "--rule-name", "budget", "--percent", "100000") == 2
    assert dure(monkeypatch, *asked, "--rule-name", "nothing") == 2
    for bands in ("none", "0", "1.5", ""):
        assert dure(monkeypatch, *asked, "--deltas", bands) == 2
