"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.allocations import pages

urlpatterns = [
    path("allocations/", pages.allocations_list, name="allocations-list"),
    path("allocations/keys/", pages.keys, name="allocations-keys"),
    path("allocations/keys/<int:key_id>/revoke/", pages.revoke_key, name="allocations-revoke-key"),
    path("allocations/clusters/<slug:code>/", pages.cluster, name="allocations-cluster"),
    path("allocations/<slug:name>/", pages.show, name="allocations-show"),
    path("allocations/<slug:name>/kubeconfig/", pages.kubeconfig, name="allocations-kubeconfig"),
    path("allocations/<slug:name>/members/", pages.add_member, name="allocations-add-member"),
    path(
        "allocations/<slug:name>/members/<int:user_id>/remove/", pages.remove_member, name="allocations-remove-member"
    ),
]
