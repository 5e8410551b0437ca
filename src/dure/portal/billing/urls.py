"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.billing import pages

urlpatterns = [
    path("billing/", pages.invoices_list, name="billing-list"),
    path("billing/months/", pages.months_list, name="billing-months"),
    path("billing/months/<str:month>/", pages.month, name="billing-month"),
    path("billing/months/<str:month>/balance/", pages.balance, name="billing-balance"),
    path("billing/<slug:number>/", pages.show, name="billing-show"),
    path("billing/<slug:number>/print/", pages.printed, name="billing-print"),
    path("billing/<slug:number>/<slug:event>/", pages.settle, name="billing-settle"),
]
