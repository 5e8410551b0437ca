"""Addresses of calls."""

from __future__ import annotations

from django.urls import path

from dure.portal.calls import pages

urlpatterns = [
    path("calls/", pages.calls_list, name="calls-list"),
    path("calls/new/", pages.new, name="calls-new"),
    path("calls/<slug:code>/", pages.show, name="calls-show"),
    path("calls/<slug:code>.json", pages.record, name="calls-record"),
    path("calls/<slug:code>.ics", pages.dates, name="calls-dates"),
    path("calls/<slug:code>/notice/", pages.notice, name="calls-notice"),
    path("calls/<slug:code>/estimate/", pages.estimate, name="calls-estimate"),
    path("calls/<slug:code>/ask/", pages.ask, name="calls-ask"),
    path("calls/<slug:code>/edit/", pages.edit, name="calls-edit"),
    path("calls/<slug:code>/correct/", pages.correct, name="calls-correct"),
    path("calls/<slug:code>/manage/", pages.manage, name="calls-manage"),
    path("calls/<slug:code>/manage/step/<slug:event>/", pages.step, name="calls-step"),
    path("calls/<slug:code>/manage/publish/<slug:event>/", pages.publish, name="calls-publish"),
    path("calls/<slug:code>/manage/answer/<int:question_id>/", pages.answer, name="calls-answer"),
]
