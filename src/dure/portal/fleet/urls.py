"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.fleet import pages

urlpatterns = [
    path("fleet/", pages.clusters_list, name="fleet-list"),
    path("fleet/calendar/", pages.calendar, name="fleet-calendar"),
    path("fleet/<slug:code>/", pages.show, name="fleet-show"),
    path("fleet/<slug:code>/tokens/", pages.issue_token, name="fleet-issue-token"),
    path("fleet/<slug:code>/tokens/<int:token_id>/revoke/", pages.revoke_token, name="fleet-revoke-token"),
    path("fleet/<slug:code>/maintenance/", pages.announce_maintenance, name="fleet-maintenance"),
    path("fleet/<slug:code>/maintenance/<int:work_id>/off/", pages.call_off_maintenance, name="fleet-call-off"),
    path("fleet/<slug:code>/access/", pages.describe_access, name="fleet-access"),
]
