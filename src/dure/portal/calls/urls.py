"""Addresses of calls."""

from __future__ import annotations

from django.urls import path

from dure.portal.calls import desk, nominations, pages

urlpatterns = [
    path("calls/", pages.calls_list, name="calls-list"),
    path("calls/feed.atom", pages.feed, {"form": "atom"}, name="calls-feed"),
    path("calls/feed.json", pages.feed, {"form": "json"}, name="calls-feed-json"),
    path("calls/new/", desk.new, name="calls-new"),
    path("calls/<slug:code>/", pages.show, name="calls-show"),
    path("calls/<slug:code>.json", pages.record, name="calls-record"),
    path("calls/<slug:code>.ics", pages.dates, name="calls-dates"),
    path("calls/<slug:code>.pdf", pages.notice_file, {"form": "pdf"}, name="calls-pdf"),
    path("calls/<slug:code>.hwpx", pages.notice_file, {"form": "hwpx"}, name="calls-hwpx"),
    path("calls/<slug:code>/files/<int:file_id>/", pages.document, name="calls-file"),
    path("calls/<slug:code>/notice/", pages.notice, name="calls-notice"),
    path("calls/<slug:code>/estimate/", pages.estimate, name="calls-estimate"),
    path("calls/<slug:code>/ask/", pages.ask, name="calls-ask"),
    path("calls/<slug:code>/edit/", desk.edit, name="calls-edit"),
    path("calls/<slug:code>/preview/", desk.preview, name="calls-preview"),
    path("calls/<slug:code>/rubric/", desk.rubric, name="calls-rubric"),
    path("calls/<slug:code>/documents/", desk.documents, name="calls-documents"),
    path("calls/<slug:code>/documents/remove/", desk.remove_document, name="calls-remove-document"),
    path("calls/<slug:code>/correct/", desk.correct, name="calls-correct"),
    path("calls/<slug:code>/manage/", desk.manage, name="calls-manage"),
    path("calls/<slug:code>/manage/step/<slug:event>/", desk.step, name="calls-step"),
    path("calls/<slug:code>/manage/publish/<slug:event>/", desk.publish, name="calls-publish"),
    path("calls/<slug:code>/manage/answer/<int:question_id>/", desk.answer, name="calls-answer"),
    path("calls/<slug:code>/manage/moderate/<int:question_id>/", desk.moderate, name="calls-moderate"),
    path("calls/<slug:code>/nominations/", nominations.listing, name="calls-nominations"),
    path("calls/<slug:code>/nominations/new/", nominations.new, name="calls-nominate"),
    path("calls/<slug:code>/nominations/<int:nomination_id>/withdraw/", nominations.withdraw, name="calls-withdraw"),
    path("calls/rounds/<slug:series>/announce/", desk.announce_rounds, name="calls-announce-rounds"),
    path("calls/rounds/<slug:series>/end/", desk.end_rounds, name="calls-end-rounds"),
]
