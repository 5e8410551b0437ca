"""Going on from an earlier application: what is taken over, what is asked again, and whose it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dure.core.errors import NotFound
from dure.portal.applications import operations, queries
from dure.portal.applications.models import Application
from dure.portal.people.models import User
from tests.portal import competition
from tests.portal.competition import DURING, SYSTEM

pytestmark = pytest.mark.django_db


def start(actor, call: str = "25-2", renews: str = "") -> str:
    (organisation_id,) = actor.organisations
    return operations.start(actor=actor, now=DURING, call_code=call, organisation_id=organisation_id, renews=renews)


@pytest.fixture
def earlier() -> tuple[competition.Actor, str]:
    from dure.portal.fleet import operations as fleet

    fleet.load_programme(actor=SYSTEM, now=competition.NOW)
    manager = competition.manager()
    competition.opened(manager)
    competition.opened(manager, code="25-2", questions=())
    head = competition.member_of("org-1", "기관 1")
    return head, competition.submitted(head)


def test_text_team_and_size_are_taken_over_and_the_rest_is_asked_again(earlier: tuple[competition.Actor, str]) -> None:
    head, number = earlier
    before = queries.application(number, SYSTEM).content
    again = start(head, renews=number)
    draft = queries.application(again, head).draft
    assert (draft.title, draft.plan, draft.requested_nodes, draft.months) == (
        before.title,
        before.plan,
        before.requested_nodes,
        before.months,
    )
    assert draft.earliest_start == draft.latest_start == ""
    assert not draft.answers
    assert not draft.attachments
    assert not draft.consents.privacy
    assert draft.team[0].role == "lead"
    assert Application.objects.get(number=again).renews.number == number


def test_nobody_goes_on_from_somebody_elses_or_from_a_draft(earlier: tuple[competition.Actor, str]) -> None:
    head, number = earlier
    other = competition.member_of("org-2", "기관 2")
    with pytest.raises(NotFound):
        start(other, renews=number)
    with pytest.raises(NotFound):
        start(head, renews=start(head))
    assert Application.objects.filter(call__code="25-2").count() == 1


def test_the_page_offers_it_and_says_what_is_wrong(
    earlier: tuple[competition.Actor, str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, number = earlier
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: DURING + timedelta(hours=1))
    client.force_login(User.objects.get(pk=head.user_id))
    assert number in client.get("/applications/new/?call=25-2").content.decode()
    (organisation_id,) = head.organisations
    sent = {"organisation": organisation_id, "renews": number}
    assert client.post("/applications/new/?call=25-2", sent).status_code == 302
    assert client.post("/applications/new/?call=25-2", sent | {"renews": "99-9-0001"}).status_code == 422
