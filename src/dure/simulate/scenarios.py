"""What a demo can play: a programme, one of its calls, and who takes part. All of it synthetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.programme.schema import Programme
from dure.simulate.campus_call import campus_call
from dure.simulate.first_call import FirstCall, first_call


@dataclass(frozen=True, slots=True)
class Scenario:
    """A programme's packaged name, the call that is played, days of use, and what is handed in and scored."""

    name: str
    programme: str
    call: str
    days: int
    fill: Callable[[Programme], FirstCall]


SCENARIOS = (
    Scenario("korea", "korea-gpu-2025", "25-1", 30, first_call),
    Scenario("campus", "campus-example", "autumn-2026", 31, campus_call),
)


def named(name: str) -> Scenario:
    """The scenario `name`. Raises InvalidInput that names those there are."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    known = ", ".join(scenario.name for scenario in SCENARIOS)
    what = Text(f"'{name}' 시나리오는 없습니다.", f"There is no scenario '{name}'.")
    raise InvalidInput(Mistake("--scenario", what, Text(f"있는 것: {known}", f"There are: {known}.")))
