"""Addresses of awards."""

from __future__ import annotations

from django.urls import path

from dure.portal.awards import pages

urlpatterns = [
    path("awards/", pages.awards_list, name="awards-list"),
    path("awards/countersign/", pages.countersign, name="awards-countersign"),
    path("awards/offer/<int:plan_id>/", pages.offer, name="awards-offer"),
    path("awards/<str:number>/", pages.show, name="awards-show"),
    path("awards/<str:number>/accept/", pages.accept, name="awards-accept"),
    path("awards/<str:number>/decline/", pages.decline, name="awards-decline"),
    path("awards/<str:number>/sign/", pages.sign, name="awards-sign"),
    path("awards/<str:number>/revoke/", pages.revoke, name="awards-revoke"),
]
