"""`dure programme` as a person at a terminal meets it."""

from __future__ import annotations

import json

import jsonschema
import pytest
from typer.testing import CliRunner

from dure import programmes
from dure.cli.programme import app


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("DURE_LANG", "en")
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def faulty(tmp_path):
    path = tmp_path / "faulty.yaml"
    text = programmes.text("campus-example").replace("pass_mark: 50", "passmark: 50").replace("EUR", "eur")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", programmes.names())
def test_a_packaged_programme_is_found_by_name(run, name):
    result = run("check", name)
    assert result.exit_code == 0
    assert "no mistakes" in result.stdout
    assert programmes.read(name).digest in result.stdout


def test_mistakes_are_printed_with_line_key_and_remedy(run, faulty):
    result = run("check", str(faulty))
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    line = next(text for text in lines if "passmark" in text)
    number = int(line.removeprefix(f"{faulty}:").split(":")[0])
    assert faulty.read_text(encoding="utf-8").splitlines()[number - 1].strip() == "passmark: 50"
    assert "rubric.passmark" in line and "Did you mean 'pass_mark'?" in line
    assert lines[-1] == f"{len(lines) - 1} mistakes to mend."


def test_korean_is_spoken_where_it_is_asked_for(run, faulty, monkeypatch):
    monkeypatch.setenv("DURE_LANG", "ko")
    result = run("check", str(faulty))
    assert "'pass_mark'을(를) 쓰려고 하셨습니까?" in result.stdout
    assert "고칠 곳이" in result.stdout


def test_json_holds_the_same(run, faulty):
    result = run("check", str(faulty), "--json")
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["ok"] is False and answer["digest"].startswith("sha256:")
    found = {mistake["key"]: mistake for mistake in answer["mistakes"]}
    assert found["currency.code"]["line"] > 1
    assert found["currency.code"]["remedy"]["ko"]
    good = json.loads(run("check", "campus-example", "--json").stdout)
    assert (good["ok"], good["mistakes"]) == (True, [])


def test_a_file_that_is_not_there(run):
    result = run("check", "/no/such/file")
    assert result.exit_code == 2
    assert "korea-gpu-2025" in result.stdout
    answer = json.loads(run("check", "/no/such/file", "--json").stdout)
    assert answer["ok"] is False and answer["digest"] is None and len(answer["mistakes"]) == 1


def test_the_schema_is_a_json_schema(run):
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "Programme"


@pytest.mark.parametrize("name", programmes.names())
def test_show_prints_every_cluster_class_and_track(run, name):
    result = run("show", name)
    assert result.exit_code == 0
    programme = programmes.read(name)
    for cluster in programme.clusters:
        assert cluster.code in result.stdout
    for each in (*programme.applicant_classes, *programme.tracks):
        assert each.name.en in result.stdout
    assert "assumed" in result.stdout
