"""Addresses of what crosses chapters."""

from __future__ import annotations

from django.urls import path

from dure.portal.site import display, styleguide

urlpatterns = [
    path("display/", display.choose, name="display"),
    path("design/", styleguide.page, name="design"),
    path("design/<slug:shape>/", styleguide.page, name="design-shape"),
]
