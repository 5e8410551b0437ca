"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.privacy import pages

urlpatterns = [
    path("profile/data/", pages.mine, name="privacy-mine"),
    path("profile/data/my-data.json", pages.download, name="privacy-download"),
    path("profile/data/erase/", pages.erase, name="privacy-erase"),
    path("profile/data/stay/", pages.stay, name="privacy-stay"),
]
