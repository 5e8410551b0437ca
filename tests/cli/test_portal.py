"""`dure portal prepare` and `appoint`: from empty tables to a fleet and a first programme manager."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from dure.cli.portal import app
from dure.portal.fleet import queries as fleet
from dure.portal.framework import programme
from dure.portal.people import queries as people
from tests.portal.competition import person

pytestmark = pytest.mark.django_db


def test_the_fleet_is_loaded_once_and_who_has_registered_is_appointed() -> None:
    expected = sum(cluster.nodes for cluster in programme.current().clusters)
    assert CliRunner().invoke(app, ["prepare"]).output == f"{expected} new servers\n"
    assert CliRunner().invoke(app, ["prepare"]).output == "0 new servers\n"
    assert sum(cluster.nodes for cluster in fleet.clusters()) == expected
    person("first")
    assert CliRunner().invoke(app, ["appoint", "first@example.org"]).exit_code == 0
    assert people.actor_by_email("first@example.org").is_programme_manager


def test_nobody_is_appointed_who_has_not_registered() -> None:
    told = CliRunner().invoke(app, ["appoint", "nobody@example.org"])
    assert told.exit_code == 2
    assert "nobody@example.org" in told.output
