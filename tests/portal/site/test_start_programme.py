"""`deploy/start_programme.py`: from empty tables to a fleet and a first programme manager."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.people import queries as people
from tests.portal.competition import person

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).parents[3] / "deploy" / "start_programme.py"


@pytest.fixture(scope="module")
def main():
    spec = importlib.util.spec_from_file_location("start_programme", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_it_loads_the_fleet_once_and_appoints_who_has_registered(main, capsys):
    assert main([]) == 0
    expected = sum(cluster.nodes for cluster in programme.current().clusters)
    assert sum(cluster.nodes for cluster in fleet.clusters()) == expected
    assert capsys.readouterr().out == f"{expected} new servers\n"
    person("first")
    assert main(["first@example.org"]) == 0
    assert people.actor_by_email("first@example.org").is_programme_manager
    assert "0 new servers" in capsys.readouterr().out


def test_it_appoints_nobody_who_has_not_registered(main, capsys):
    assert main(["nobody@example.org"]) == 2
    assert "nobody@example.org" in capsys.readouterr().err
