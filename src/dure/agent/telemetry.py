"""One-minute GPU samples from a Prometheus-compatible server at the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from dure.agent.clusters.options import PrometheusOptions
from dure.core.errors import DureError
from dure.core.text import Text
from dure.metering.rollup import MINUTE, NO_ACTIVITY, NO_POWER, Samples


class TelemetryUnreachable(DureError):
    """The server did not answer: the hours asked for are unseen until it does."""

    default = Text(
        "측정 서버에 연결할 수 없습니다. 사용량은 '측정값 없음'으로 보고되며 나중에 정정됩니다.",
        "The metrics server cannot be reached. Use is reported as unseen and corrected later.",
    )


class Prometheus:
    """A server that answers PromQL range queries."""

    def __init__(self, options: PrometheusOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._options = options
        self._transport = transport

    def samples(self, gpus: Sequence[tuple[str, int]], since: datetime, until: datetime) -> Samples:
        """Samples of `gpus` (node, GPU number), one row each in that order, for every minute of [since, until).

        Minutes and GPUs nobody speaks of are unseen. Raises TelemetryUnreachable.
        """
        start, minutes = int(since.timestamp()), int((until - since).total_seconds()) // MINUTE
        rows = {gpu: row for row, gpu in enumerate(gpus)}
        activity = np.full((len(gpus), minutes), NO_ACTIVITY, dtype=np.uint8)
        power = np.full((len(gpus), minutes), NO_POWER, dtype=np.uint16)
        with httpx.Client(timeout=self._options.timeout_seconds, transport=self._transport) as http:
            for query, target, most in ((self._options.activity, activity, 100), (self._options.power, power, 60_000)):
                for row, at, values in self._series(http, query, rows, start, minutes):
                    usable = np.isfinite(values) & (values >= 0) & (values <= most * 1.005)
                    whole = np.minimum(np.where(usable, values, 0) + 0.5, most).astype(target.dtype)
                    target[row, at[usable]] = whole[usable]
        return Samples(start, activity, power)

    def _series(
        self, http: httpx.Client, query: str, rows: dict[tuple[str, int], int], start: int, minutes: int
    ) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
        # The value at t averages the minute before t, so minute m is asked for at its end.
        asked = {"query": query, "start": start + MINUTE, "end": start + minutes * MINUTE, "step": MINUTE}
        for series in self._ask(http, asked):
            labels = series.get("metric", {})
            row = rows.get((_short(labels.get(self._options.node_label, "")), _number(labels, self._options.gpu_label)))
            if row is not None:
                points = np.array([(float(t), float(v)) for t, v in series.get("values", ())]).reshape(-1, 2)
                at = ((points[:, 0] - start) // MINUTE - 1).astype(np.int64)
                inside = (at >= 0) & (at < minutes)
                yield row, at[inside], points[inside, 1]

    def _ask(self, http: httpx.Client, asked: dict[str, Any]) -> list[dict[str, Any]]:
        url = f"{self._options.url.rstrip('/')}/api/v1/query_range"
        try:
            answer = http.post(url, data=asked)
            answer.raise_for_status()
            found = answer.json()
            result = found["data"]["result"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise TelemetryUnreachable(internal=f"{url}: {type(error).__name__}: {error}") from error
        if found.get("status") != "success" or not isinstance(result, list):
            raise TelemetryUnreachable(internal=f"{url}: {found.get('error', 'no result')}")
        return result


def _short(host: str) -> str:
    """A node's name without its domain, as the scheduler knows it."""
    return host.partition(".")[0]


def _number(labels: dict[str, str], name: str) -> int:
    text = labels.get(name, "")
    return int(text) if text.isdigit() else -1
