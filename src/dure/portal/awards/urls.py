"""Addresses of awards."""

from __future__ import annotations

from django.urls import path

from dure.portal.awards import appeal_pages, change_pages, pages

urlpatterns = [
    path("awards/", pages.awards_list, name="awards-list"),
    path("awards/countersign/", pages.countersign, name="awards-countersign"),
    path("awards/offer/<int:plan_id>/", pages.offer, name="awards-offer"),
    path("awards/changes/", change_pages.queue, name="awards-change-queue"),
    path("awards/changes/<int:change_id>/", change_pages.decide, name="awards-change-decide"),
    path("awards/changes/<int:change_id>/withdraw/", change_pages.withdraw, name="awards-change-withdraw"),
    path("awards/changes/<int:change_id>/consent/", change_pages.consent, name="awards-change-consent"),
    path("appeals/", appeal_pages.appeals, name="awards-appeals"),
    path("appeals/<str:number>/", appeal_pages.appeal, name="awards-appeal"),
    path("appeals/<str:number>/withdraw/", appeal_pages.withdraw, name="awards-appeal-withdraw"),
    path("appeals/<str:number>/ask/", appeal_pages.ask, name="awards-appeal-ask"),
    path("appeals/<str:number>/<slug:event>/", appeal_pages.decide, name="awards-appeal-decide"),
    path("awards/<str:number>/", pages.show, name="awards-show"),
    path("awards/<str:number>/accept/", pages.accept, name="awards-accept"),
    path("awards/<str:number>/decline/", pages.decline, name="awards-decline"),
    path("awards/<str:number>/sign/", pages.sign, name="awards-sign"),
    path("awards/<str:number>/changes/", change_pages.changes, name="awards-changes"),
    path("awards/<str:number>/changes/<slug:kind>/", change_pages.ask, name="awards-change"),
    path("awards/<str:number>/revoke/", pages.revoke, name="awards-revoke"),
]
