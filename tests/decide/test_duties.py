"""When reports fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dure.core.period import Period
from dure.decide.duties import reports_due
from dure.programme.use import Report

SEOUL = ZoneInfo("Asia/Seoul")
NAME = {"ko": "보고서", "en": "Report"}
INTERIM = Report(code="interim", name=NAME, applicant_classes=("academia",), every_months=3, grace_days=14)
FINAL = Report(code="final", name=NAME, applicant_classes=("academia",), after_end_days=30, grace_days=0)


def seoul(year, month, day):
    return datetime(year, month, day, tzinfo=SEOUL)


def test_every_three_months_before_the_end_and_once_after_it():
    use = Period(seoul(2026, 4, 1), seoul(2027, 1, 1))
    found = reports_due([INTERIM, FINAL], "academia", use, SEOUL)
    assert [(duty.report, duty.falls_at) for duty in found] == [
        ("interim", seoul(2026, 7, 1)),
        ("interim", seoul(2026, 10, 1)),
        ("final", seoul(2027, 1, 31)),
    ]
    assert found[0].due_at - found[0].falls_at == timedelta(days=14)
    assert all(duty.falls_at.tzinfo == UTC for duty in found)


def test_a_span_that_ends_with_the_use_is_left_to_the_last_report():
    use = Period(seoul(2026, 4, 1), seoul(2026, 7, 1))
    assert [duty.report for duty in reports_due([INTERIM, FINAL], "academia", use, SEOUL)] == ["final"]


def test_other_classes_owe_nothing():
    use = Period(seoul(2026, 4, 1), seoul(2027, 4, 1))
    assert reports_due([INTERIM, FINAL], "industry", use, SEOUL) == []


def test_the_end_of_a_short_month():
    use = Period(seoul(2026, 11, 30), seoul(2027, 4, 1))
    (interim,) = reports_due([INTERIM], "academia", use, SEOUL)
    assert interim.falls_at == seoul(2027, 2, 28)
