"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.people import pages

urlpatterns = [
    path("profile/", pages.profile, name="people-profile"),
    path("organisations/", pages.organisations, name="people-organisations"),
    path("organisations/mine/", pages.mine, name="people-mine"),
    path("organisations/new/", pages.found, name="people-found"),
    path("organisations/join/", pages.join, name="people-join"),
    path("organisations/<slug:code>/", pages.organisation, name="people-organisation"),
    path("organisations/<slug:code>/join/", pages.ask, name="people-ask"),
    path("organisations/<slug:code>/correct/", pages.correct, name="people-correct"),
    path("organisations/<slug:code>/judge/", pages.judge, name="people-judge"),
    path("organisations/<slug:code>/invite/", pages.invite, name="people-invite"),
    path("invitations/<int:invitation_id>/withdraw/", pages.uninvite, name="people-uninvite"),
    path("invitations/<str:token>/", pages.invitation, name="people-invitation"),
    path("members/<int:membership_id>/<slug:verb>/", pages.member, name="people-member"),
    path("people/roles/", pages.roles, name="people-roles"),
    path("people/<int:user_id>/roles/take/", pages.take_role, name="people-take-role"),
]
