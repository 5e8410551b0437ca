"""Node-seconds are exact integers; hours are made from them only to be shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SECONDS_PER_HOUR = 3600


def hours(seconds: int, places: int = 1) -> Decimal:
    """`seconds` as hours, rounded half up to `places` decimals. For showing only; sums are made in seconds."""
    return (Decimal(seconds) / SECONDS_PER_HOUR).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def gpu_seconds(node_seconds: int, gpus_per_node: int) -> int:
    """GPU-seconds of whole nodes held for `node_seconds`."""
    return node_seconds * gpus_per_node
