"""The agent's queries on a real Prometheus and a real VictoriaMetrics, where they are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dure.agent.clusters.options import PrometheusOptions
from dure.agent.telemetry import Prometheus
from dure.metering.rollup import NO_ACTIVITY, NO_POWER

pytestmark = [pytest.mark.real, pytest.mark.slow]
SERVERS = ("prometheus", "victoria-metrics")
UNPACKED = Path(__file__).parents[2] / ".venv" / "metrics"  # by tests/install-packages.sh
HOUR = timedelta(hours=1)
SINCE = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
PROFILED, UTILISED, GONE = ("n001", 0), ("n001", 1), ("n002", 0)


def exposition() -> str:
    """Four samples a minute: one GPU with SM activity, one with utilisation only, one silent after half an hour."""
    lines = dict[str, list[str]]()

    def say(metric: str, gpu: tuple[str, int], second: int, value: float) -> None:
        labels = f'Hostname="{gpu[0]}.site.kr",gpu="{gpu[1]}",modelName="NVIDIA H200"'
        at = SINCE.timestamp() + second
        lines.setdefault(metric, []).append(f"{metric}{{{labels}}} {value} {at:.0f}")

    for second in range(-60, 3660, 15):
        minute = max(0, second // 60)
        say("DCGM_FI_PROF_SM_ACTIVE", PROFILED, second, minute / 100)
        say("DCGM_FI_DEV_GPU_UTIL", PROFILED, second, 100)
        say("DCGM_FI_DEV_GPU_UTIL", UTILISED, second, 40)
        for gpu in (PROFILED, UTILISED, GONE):
            if gpu != GONE or second < 1800:
                say("DCGM_FI_DEV_POWER_USAGE", gpu, second, 300.4)
        if second < 1800:
            say("DCGM_FI_DEV_GPU_UTIL", GONE, second, 0)
    return "\n".join(f"# TYPE {metric} gauge\n" + "\n".join(rows) for metric, rows in lines.items()) + "\n# EOF\n"


def command(server: str, folder: Path, port: int) -> list[str]:
    if server == "prometheus":
        (folder / "samples.txt").write_text(exposition())
        (folder / "config.yml").write_text("global: {}\n")
        made = [_program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data"]
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
        return [_program(server), "--config.file=config.yml", "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    return [_program(server), "-storageDataPath=data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=1y"]


def _program(name: str) -> str:
    """Where a program is, or "" where it is not."""
    return shutil.which(name, path=f"{UNPACKED}:{os.environ['PATH']}") or ""


@pytest.fixture(params=SERVERS)
def url(request, tmp_path):
    if not _program(request.param):
        pytest.skip(f"not installed: {request.param}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = f"http://127.0.0.1:{port}"
    words = command(request.param, tmp_path, port)
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(at):
            assert process.poll() is None and time.monotonic() < deadline, f"{request.param} does not come up"
            time.sleep(0.1)
        if request.param == "victoria-metrics":
            in_milliseconds = "\n".join(
                line if line.startswith("#") else f"{line}000" for line in exposition().splitlines()
            )
            httpx.post(f"{at}/api/v1/import/prometheus", content=in_milliseconds).raise_for_status()
            httpx.get(f"{at}/internal/force_flush").raise_for_status()
        yield at
    finally:
        process.terminate()
        process.wait()


def _answers(at: str) -> bool:
    try:
        return httpx.get(f"{at}/api/v1/query", params={"query": "1"}).status_code == 200
    except httpx.HTTPError:
        return False


def test_activity_power_and_silence_are_read_minute_by_minute(url):
    gpus = [PROFILED, UTILISED, GONE]
    samples = Prometheus(PrometheusOptions(url=url)).samples(gpus, SINCE, SINCE + HOUR)
    profiled, utilised, gone = samples.activity.tolist()
    # A minute's average holds the sample at its end (Prometheus: also the one at its start): never more than one off.
    assert all(abs(value - minute) <= 1 for minute, value in enumerate(profiled))
    assert profiled != utilised  # SM activity is taken before utilisation
    assert utilised == [40] * 60
    assert gone[:29] == [0] * 29
    assert gone[31:] == [NO_ACTIVITY] * 29
    assert samples.power[0].tolist() == [300] * 60
    assert samples.power[2, 31:].tolist() == [NO_POWER] * 29
