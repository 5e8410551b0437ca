"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.usage import pages

urlpatterns = [
    path("usage/", pages.overview, name="usage-overview"),
    path("usage/allocations/<slug:name>/", pages.allocation, name="usage-allocation"),
]
