"""Samples asked for in PromQL: the right minute, the right GPU, and silence as silence."""

from datetime import timedelta

import httpx
import pytest

from dure.agent.clusters.options import PrometheusOptions
from dure.agent.telemetry import Prometheus, TelemetryUnreachable
from dure.metering.rollup import NO_ACTIVITY, NO_POWER
from tests.agent.conftest import T0
from tests.agent.fake_prometheus import FakePrometheus

HOUR = timedelta(hours=1)
START = int(T0.timestamp())
GPUS = [("n001", 0), ("n001", 1), ("n002", 0)]


def source(fake) -> Prometheus:
    return Prometheus(PrometheusOptions(url="http://metrics.test/prefix/"), fake.transport())


def test_a_minute_is_the_average_of_that_minute():
    fake = FakePrometheus()
    fake.activity["n001", 1] = lambda t: (t - START) // 60
    fake.power["n001", 1] = lambda t: 100.5
    samples = source(fake).samples(GPUS, T0, T0 + HOUR)
    assert samples.activity[1].tolist() == list(range(1, 61))
    assert set(samples.power[1].tolist()) == {101}
    assert {int(form["step"]) for form in fake.asked} == {60}


def test_silence_is_unseen_and_so_is_what_cannot_be():
    fake = FakePrometheus()
    fake.activity["n001", 0] = lambda t: {0: None, 1: "NaN", 2: 180, 3: -5, 4: "+Inf"}.get((t - START) // 60 - 1, 50)
    fake.power["n001", 0] = lambda t: None if t - START > 1800 else 90
    samples = source(fake).samples(GPUS, T0, T0 + HOUR)
    assert samples.activity[0, :6].tolist() == [NO_ACTIVITY] * 5 + [50]
    assert samples.power[0, 29:31].tolist() == [90, NO_POWER]
    assert (samples.activity[2] == NO_ACTIVITY).all()


def test_series_of_gpus_nobody_asked_for_are_passed_over():
    fake = FakePrometheus()
    fake.activity["n099", 0] = lambda t: 50
    fake.activity["n001", 7] = lambda t: 50
    samples = source(fake).samples(GPUS, T0, T0 + HOUR)
    assert (samples.activity == NO_ACTIVITY).all()


@pytest.mark.parametrize(
    "answer",
    [
        (503, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"status":"error","error":"parse error","data":{"result":[]}}'),
        (200, b'{"status":"success","data":{"result":"x"}}'),
        (200, b"[]"),
    ],
)
def test_a_server_that_does_not_answer_is_unreachable(answer):
    fake = FakePrometheus()
    fake.answer_with = answer
    with pytest.raises(TelemetryUnreachable):
        source(fake).samples(GPUS, T0, T0 + HOUR)


def test_a_server_that_is_not_there_is_unreachable():
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    absent = Prometheus(PrometheusOptions(url="http://metrics.test"), httpx.MockTransport(refuse))
    with pytest.raises(TelemetryUnreachable):
        absent.samples(GPUS, T0, T0 + HOUR)
