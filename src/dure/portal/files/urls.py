"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.files import pages

urlpatterns = [path("files/<int:file_id>/", pages.download, name="files-download")]
