"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import path

from dure.portal.messages import pages

urlpatterns = [
    path("mail/", pages.mail, name="messages-mine"),
    path("mail/all/", pages.demo, name="messages-demo"),
    path("mail/<int:message_id>/", pages.show, name="messages-show"),
]
