"""Search over what a person may see: calls, applications, awards, organisations, published outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.calls import queries as calls
from dure.portal.outcomes import queries as outcomes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.site import addresses, register

SHORTEST, MOST = 2, 20


@dataclass(frozen=True)
class Found:
    """One thing found: what it is, its name, more about it, and where it is."""

    kind: Text
    title: Text
    more: Text
    url: str


def search(text: str, actor: Actor) -> list[Found]:
    """What matches `text` among all this person may see; nothing for fewer than two characters."""
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    parts = (_calls, _applications, _awards, _results, _organisations, _outcomes)
    found = [hit for part in parts for hit in part(text, actor)]
    return list({hit.url: hit for hit in found}.values())


def _has(text: str, *where: str) -> bool:
    return any(text.casefold() in value.casefold() for value in where)


def _calls(text: str, actor: Actor) -> Iterator[Found]:
    for call in calls.calls(actor):
        if _has(text, call.code, call.title.ko, call.title.en):
            yield Found(Text("공모", "Call"), call.title, Text(call.code, call.code), addresses.call(call.code))


def _applications(text: str, actor: Actor) -> Iterator[Found]:
    for view in _known_applications(text, actor):
        more = Text(f"{view.number} · {view.organisation.name}", f"{view.number} · {view.organisation.named('en')}")
        yield Found(Text("신청", "Application"), view.title, more, addresses.story(view.number))


def _known_applications(text: str, actor: Actor) -> Iterator[applications.ApplicationView]:
    """One's own by anything in them; for those who oversee, any by its number."""
    mine = applications.mine(actor) if actor.organisations else []
    for view in mine:
        if _has(text, view.number, view.title.ko, view.title.en, view.organisation.name, view.organisation.name_en):
            yield view
    try:
        yield applications.application(text, actor)
    except NotFound:
        return


def _awards(text: str, actor: Actor) -> Iterator[Found]:
    if actor.user_id is None:
        return
    for view in map(awards.award_view, awards.awards(actor, text=text)[:MOST]):
        title = Text(view.title.get("ko", view.number), view.title.get("en") or view.number)
        more = Text(f"{view.number} · {view.organisation}", f"{view.number} · {view.organisation_en}")
        yield Found(Text("선정", "Award"), title, more, addresses.award(view.number))


def _results(text: str, actor: Actor) -> Iterator[Found]:
    for view in map(register.result_of, register.rows(text=text)[:MOST]):
        more = Text(f"{view.number} · {view.organisation.ko}", f"{view.number} · {view.organisation.en}")
        yield Found(Text("선정 결과", "Result"), view.title, more, f"/results/{view.number}/")


def _organisations(text: str, actor: Actor) -> Iterator[Found]:
    for view in people.search_organisations(text, MOST):
        if view.id in actor.organisations or actor.may_oversee:
            name = Text(view.name, view.named("en"))
            yield Found(
                Text("기관", "Organisation"), name, Text(view.code, view.code), addresses.organisation(view.code)
            )


def _outcomes(text: str, actor: Actor) -> Iterator[Found]:
    for view in map(outcomes.report_view, outcomes.published(text)[:MOST]):
        yield Found(Text("성과", "Outcome"), view.title, view.organisation, f"/results/{view.award}/")
