"""Addresses of applications."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dure.portal.applications import endorsing, filing, intake, pages


def home(request: HttpRequest) -> HttpResponse:
    """The programme's intake for those who oversee it, one's own applications for everybody else."""
    actor = request.actor
    is_theirs = actor.is_programme_manager or actor.is_auditor
    return intake.intake(request) if is_theirs else pages.mine(request)


urlpatterns = [
    path("applications/", home, name="applications-list"),
    path("applications/mine/", pages.mine, name="applications-mine"),
    path("applications/new/", pages.new, name="applications-new"),
    path("applications/admit/<slug:code>/", intake.admit_many, name="applications-admit-many"),
    path("applications/<slug:number>/", pages.show, name="applications-show"),
    path("applications/<slug:number>/edit/<slug:step>/", pages.edit, name="applications-edit"),
    path("applications/<slug:number>/files/", filing.files, name="applications-files"),
    path("applications/<slug:number>/files/<int:file_id>/remove/", filing.detach, name="applications-detach"),
    path("applications/<slug:number>/endorse/", endorsing.answer, name="applications-endorse"),
    path("applications/<slug:number>/endorse/ask/", endorsing.ask, name="applications-ask-endorsement"),
    path("applications/<slug:number>/clear/", endorsing.clear, name="applications-clear"),
    path("applications/<slug:number>/submit/", pages.submit, name="applications-submit"),
    path("applications/<slug:number>/receipt/", pages.receipt, name="applications-receipt"),
    path("applications/<slug:number>/withdraw/", pages.withdraw, name="applications-withdraw"),
    path("applications/<slug:number>/discard/", pages.discard, name="applications-discard"),
    path("applications/<slug:number>/carry/", pages.carry, name="applications-carry"),
    path("applications/<slug:number>/admit/", intake.admit, name="applications-admit"),
    path("applications/<slug:number>/refuse/", intake.refuse, name="applications-refuse"),
    path("applications/<slug:number>/versions/<int:version>/", pages.version, name="applications-version"),
    path(
        "applications/<slug:number>/versions/<int:version>.json", pages.version_document, name="applications-document"
    ),
]
