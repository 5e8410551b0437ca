"""Addresses of what crosses chapters."""

from __future__ import annotations

from django.urls import path

from dure.portal.site import attachments, display, home_pages, journal_pages, pages, styleguide, support_pages
from dure.portal.site.importing import pages as importing

urlpatterns = [
    path("", pages.front, name="site-front"),
    path("home/", home_pages.home, name="site-home"),
    path("follow/<str:number>/", home_pages.follow, name="site-follow"),
    path("applications/<str:number>/files/<int:file_id>/", attachments.attachment, name="site-attachment"),
    path("calls/<slug:code>/import/", importing.bring, name="site-import"),
    path("calls/<slug:code>/import/confirm/", importing.confirm, name="site-import-confirm"),
    path("calls/<slug:code>/import/template.xlsx", importing.template, name="site-import-template"),
    path("calls/<slug:code>/export.zip", importing.everything, name="site-export"),
    path("search/", home_pages.find, name="site-search"),
    path("results/", pages.results, name="site-results"),
    path("results/<str:number>/", pages.result, name="site-result"),
    path("programme/", pages.programme_page, name="site-programme"),
    path("programme/file/", pages.programme_file, name="site-programme-file"),
    path("dashboard/", pages.dashboard, name="site-dashboard"),
    path("journal/", journal_pages.entries, name="site-journal"),
    path("support/", support_pages.listing, name="support-list"),
    path("support/new/", support_pages.ask, name="support-ask"),
    path("support/<int:request_id>/", support_pages.show, name="support-show"),
    path("support/<int:request_id>/close/", support_pages.close, name="support-close"),
    path("support/<int:request_id>/pass-on/", support_pages.pass_on, name="support-pass-on"),
    path("support/<int:request_id>/files/<int:file_id>/", support_pages.file, name="support-file"),
    path("health/", pages.health, name="site-health"),
    path("display/", display.choose, name="display"),
    path("design/", styleguide.page, name="design"),
    path("design/<slug:shape>/", styleguide.page, name="design-shape"),
]
