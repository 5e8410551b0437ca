"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.reclaims import pages

urlpatterns = [
    path("allocations/<slug:name>/ahead/", pages.ahead, name="reclaims-ahead"),
    path("reclaims/", pages.cases_list, name="reclaims-list"),
    path("reclaims/<int:case_id>/", pages.show, name="reclaims-show"),
    path("reclaims/<int:case_id>/<slug:event>/", pages.decide, name="reclaims-decide"),
]
