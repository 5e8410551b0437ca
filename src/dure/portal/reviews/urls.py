"""Addresses of reviews."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dure.portal.reviews import answering, arranging, meetings, pages, panel


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
    path("reviews/panel/<slug:code>/assign/", arranging.assign, name="reviews-assign"),
    path("reviews/panel/<slug:code>/seats/", panel.seats, name="reviews-seats"),
    path("reviews/panel/<slug:code>/seats/<int:assignment_id>/replace/", panel.replace, name="reviews-replace"),
    path("reviews/panel/<slug:code>/scores/", panel.scores, name="reviews-scores"),
    path("reviews/panel/<slug:code>/conflicts/", panel.conflicts, name="reviews-conflicts"),
    path("reviews/panel/<slug:code>/conflicts/detect/", panel.detect, name="reviews-detect"),
    path("reviews/panel/<slug:code>/conflicts/<int:conflict_id>/", panel.judge, name="reviews-judge"),
    path("reviews/panel/<slug:code>/upkeep/", arranging.upkeep, name="reviews-upkeep"),
    path("reviews/panel/<slug:code>/feasibility/", arranging.feasibility, name="reviews-feasibility"),
    path("reviews/panel/<slug:code>/interviews/", arranging.interviews, name="reviews-interviews"),
    path("reviews/panel/<slug:code>/meetings/", meetings.meetings, name="reviews-meetings"),
    path("reviews/meetings/<int:meeting_id>/", meetings.meeting, name="reviews-meeting"),
    path("reviews/meetings/<int:meeting_id>/<slug:event>/", meetings.run, name="reviews-run-meeting"),
    path(
        "reviews/meetings/<int:meeting_id>/items/<int:item_id>/<slug:event>/", meetings.item, name="reviews-agenda-item"
    ),
    path("reviews/discussions/<str:number>/", meetings.discussion, name="reviews-discussion"),
    path("reviews/invitations/", arranging.invitations, name="reviews-invitations"),
    path("reviews/invitations/<int:invitation_id>/withdraw/", arranging.withdraw, name="reviews-withdraw"),
    path("reviews/invited/<str:token>/", answering.invited, name="reviews-invited"),
    path("reviews/invited/<str:token>/decline/", answering.decline_invitation, name="reviews-decline-invitation"),
    path("reviews/invited/<str:token>/join/", answering.join, name="reviews-join"),
    path("reviews/feasibility/", answering.checks, name="reviews-checks"),
    path("reviews/interviews/<str:number>/", answering.interview, name="reviews-interview"),
    path("reviews/calls/<slug:code>/declare/", pages.declare_call, name="reviews-declare-call"),
    path("reviews/calls/<slug:code>/bids/", pages.bids, name="reviews-bids"),
    path("reviews/<int:assignment_id>/", pages.review, name="reviews-review"),
    path("reviews/<int:assignment_id>/reopen/", pages.reopen, name="reviews-reopen"),
    path("reviews/<int:assignment_id>/change/", meetings.change, name="reviews-change"),
    path("reviews/<int:assignment_id>/decline/", pages.decline, name="reviews-decline"),
    path("reviews/<int:assignment_id>/conflict/", pages.declare, name="reviews-declare"),
]
