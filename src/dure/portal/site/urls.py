"""Addresses of what crosses chapters."""

from __future__ import annotations

from django.urls import path

from dure.portal.site import attachments, display, home_pages, journal_pages, pages, styleguide

urlpatterns = [
    path("", pages.front, name="site-front"),
    path("home/", home_pages.home, name="site-home"),
    path("follow/<str:number>/", home_pages.follow, name="site-follow"),
    path("applications/<str:number>/files/<int:file_id>/", attachments.attachment, name="site-attachment"),
    path("search/", home_pages.find, name="site-search"),
    path("results/", pages.results, name="site-results"),
    path("results/<str:number>/", pages.result, name="site-result"),
    path("programme/", pages.programme_page, name="site-programme"),
    path("programme/file/", pages.programme_file, name="site-programme-file"),
    path("dashboard/", pages.dashboard, name="site-dashboard"),
    path("journal/", journal_pages.entries, name="site-journal"),
    path("health/", pages.health, name="site-health"),
    path("display/", display.choose, name="display"),
    path("design/", styleguide.page, name="design"),
    path("design/<slug:shape>/", styleguide.page, name="design-shape"),
]
