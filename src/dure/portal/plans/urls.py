"""Addresses of plans."""

from __future__ import annotations

from django.urls import path

from dure.portal.plans import comparing_pages, deciding_pages, pages, scenario_pages

urlpatterns = [
    path("plans/", pages.plans_list, name="plans-list"),
    path("plans/new/", scenario_pages.new, name="plans-new"),
    path("plans/compare/", comparing_pages.compare, name="plans-compare"),
    path("plans/<int:plan_id>/", pages.show, name="plans-show"),
    path("plans/<int:plan_id>/edit/", scenario_pages.edit, name="plans-edit"),
    path("plans/<int:plan_id>/submit/", scenario_pages.submit, name="plans-submit"),
    path("plans/<int:plan_id>/duplicate/", scenario_pages.duplicate, name="plans-duplicate"),
    path("plans/<int:plan_id>/rename/", scenario_pages.rename, name="plans-rename"),
    path("plans/<int:plan_id>/confirm/", deciding_pages.confirm, name="plans-confirm"),
    path("plans/<int:plan_id>/accept/", deciding_pages.accept, name="plans-accept"),
    path("plans/<int:plan_id>/seal/", deciding_pages.seal_again, name="plans-seal"),
    path("plans/<int:plan_id>/cancel/", pages.cancel, name="plans-cancel"),
    path("plans/<int:plan_id>/discard/", pages.discard, name="plans-discard"),
    path("plans/<int:plan_id>/stability/", pages.ask_stability, name="plans-stability"),
    path("plans/<int:plan_id>/stability/cancel/", pages.cancel_stability, name="plans-stability-cancel"),
    path("plans/<int:plan_id>/problem.json", pages.document, {"what": "problem"}, name="plans-problem"),
    path("plans/<int:plan_id>/plan.json", pages.document, {"what": "plan"}, name="plans-document"),
    path("plans/<int:plan_id>/ranks/<str:number>/", pages.rank, name="plans-rank"),
    path("plans/<int:plan_id>/ranks/<str:number>/override/", deciding_pages.override, name="plans-override"),
    path("decisions/<str:code>/", deciding_pages.decision, name="plans-decision"),
    path("decisions/<str:code>/decision.zip", deciding_pages.decision_file, {"what": "zip"}, name="plans-sealed"),
    path(
        "decisions/<str:code>/decision.zip.sig", deciding_pages.decision_file, {"what": "sig"}, name="plans-signature"
    ),
    path("decisions/<str:code>/public-key.pem", deciding_pages.decision_file, {"what": "pem"}, name="plans-key"),
]
