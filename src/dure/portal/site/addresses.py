"""Where things are shown, for pages that cross chapters; a test checks that every address leads somewhere."""

from __future__ import annotations

from django.urls import reverse


def call(code: str) -> str:
    """A call."""
    return reverse("calls-show", args=[code])


def call_desk(code: str) -> str:
    """Where the programme runs a call."""
    return reverse("calls-manage", args=[code])


def panel(code: str) -> str:
    """Where the programme watches the reviews of a call."""
    return reverse("reviews-progress", args=[code])


def reclaim(case_id: int) -> str:
    """A reclaim case."""
    return reverse("reclaims-show", args=[case_id])


def application(number: str) -> str:
    """An application."""
    return reverse("applications-show", args=[number])


def story(number: str) -> str:
    """The whole story of an application."""
    return reverse("site-follow", args=[number])


def award(number: str) -> str:
    """An award."""
    return reverse("awards-show", args=[number])


def plan(plan_id: int) -> str:
    """A plan."""
    return reverse("plans-show", args=[plan_id])


def allocation(name: str) -> str:
    """An allocation."""
    return reverse("allocations-show", args=[name])


def cluster(code: str) -> str:
    """A cluster."""
    return reverse("fleet-show", args=[code])


def report(report_id: int) -> str:
    """A report that is owed or was handed in."""
    return reverse("outcomes-report", args=[report_id])


def organisation(code: str) -> str:
    """An organisation."""
    return reverse("people-organisation", args=[code])


def invoice(number: str) -> str:
    """An invoice."""
    return reverse("billing-show", args=[number])


def nominations(code: str) -> str:
    """The nominations for a call."""
    return reverse("calls-nominations", args=[code])


def support(request_id: int) -> str:
    """A support request."""
    return reverse("support-show", args=[request_id])
