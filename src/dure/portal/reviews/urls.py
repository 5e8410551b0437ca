"""Addresses of reviews."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dure.portal.reviews import pages, panel


def home(request: HttpRequest) -> HttpResponse:
    """The programme's overview for those who oversee it, one's own work for reviewers."""
    actor = request.actor
    is_theirs = actor.is_programme_manager or actor.is_auditor
    return panel.overview(request) if is_theirs else pages.mine(request)


urlpatterns = [
    path("reviews/", home, name="reviews-list"),
    path("reviews/mine/", pages.mine, name="reviews-mine"),
    path("reviews/panel/", panel.overview, name="reviews-overview"),
    path("reviews/pool/", panel.pool, name="reviews-pool"),
    path("reviews/pool/<int:reviewer_id>/", panel.set_active, name="reviews-set-active"),
    path("reviews/panel/<slug:code>/", panel.progress, name="reviews-progress"),
    path("reviews/panel/<slug:code>/assign/", panel.assign, name="reviews-assign"),
    path("reviews/panel/<slug:code>/seats/", panel.seats, name="reviews-seats"),
    path("reviews/panel/<slug:code>/seats/<int:assignment_id>/replace/", panel.replace, name="reviews-replace"),
    path("reviews/panel/<slug:code>/scores/", panel.scores, name="reviews-scores"),
    path("reviews/panel/<slug:code>/conflicts/", panel.conflicts, name="reviews-conflicts"),
    path("reviews/panel/<slug:code>/conflicts/detect/", panel.detect, name="reviews-detect"),
    path("reviews/panel/<slug:code>/conflicts/<int:conflict_id>/", panel.judge, name="reviews-judge"),
    path("reviews/<int:assignment_id>/", pages.review, name="reviews-review"),
    path("reviews/<int:assignment_id>/reopen/", pages.reopen, name="reviews-reopen"),
    path("reviews/<int:assignment_id>/decline/", pages.decline, name="reviews-decline"),
    path("reviews/<int:assignment_id>/conflict/", pages.declare, name="reviews-declare"),
]
