"""Packing."""

from dure.decide.planning.packing.envy import Merit, envy_count
from dure.decide.planning.packing.model import Model, build, from_json, to_json
from dure.decide.planning.packing.pack import DEFAULT_BUDGET, Packed, pack

__all__ = ["DEFAULT_BUDGET", "Merit", "Model", "Packed", "build", "envy_count", "from_json", "pack", "to_json"]
