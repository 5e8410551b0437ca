"""Addresses of plans."""

from __future__ import annotations

from django.urls import path

from dure.portal.plans import pages

urlpatterns = [
    path("plans/", pages.plans_list, name="plans-list"),
    path("plans/new/", pages.new, name="plans-new"),
    path("plans/compare/", pages.compare, name="plans-compare"),
    path("plans/<int:plan_id>/", pages.show, name="plans-show"),
    path("plans/<int:plan_id>/accept/", pages.accept, name="plans-accept"),
    path("plans/<int:plan_id>/cancel/", pages.cancel, name="plans-cancel"),
    path("plans/<int:plan_id>/discard/", pages.discard, name="plans-discard"),
    path("plans/<int:plan_id>/problem.json", pages.document, {"what": "problem"}, name="plans-problem"),
    path("plans/<int:plan_id>/plan.json", pages.document, {"what": "plan"}, name="plans-document"),
    path("plans/<int:plan_id>/ranks/<str:number>/", pages.rank, name="plans-rank"),
]
