"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.outcomes import pages

urlpatterns = [
    path("outcomes/", pages.reports, name="outcomes-list"),
    path("outcomes/<int:report_id>/", pages.report, name="outcomes-report"),
    path("outcomes/<int:report_id>/judge/", pages.judge, name="outcomes-judge"),
    path("published/", pages.published, name="outcomes-published"),
]
