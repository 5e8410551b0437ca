"""The synthetic first call keeps every published total and hangs together."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from dure import programmes
from dure.core.errors import NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.eligibility import Request
from dure.decide.identifiers import is_korean_business_number
from dure.decide.planning.chance import Chance
from dure.decide.planning.instances import first_call_applications
from dure.portal.applications import content
from dure.programme.schema import Programme
from dure.simulate import panel
from dure.simulate.first_call import CALL, NOTICE, REVIEWERS, FirstCall, first_call
from dure.simulate.texts.korean import eul, eun
from dure.simulate.texts.subjects import SUBJECTS


@pytest.fixture(scope="module")
def programme() -> Programme:
    return programmes.read("korea-gpu-2025")


@pytest.fixture(scope="module")
def call(programme: Programme) -> FirstCall:
    return first_call(programme)


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_published_totals_hold_for_every_seed(programme: Programme, seed: int) -> None:
    call = first_call(programme, seed)
    assert len(call.applications) == 514
    assert sum(a.requested_nodes for a in call.applications) == 1_714
    assert sum(a.requested_nodes * 8 for a in call.applications) == 13_712
    assert sum(a.requested_nodes * 8 for a in call.applications if a.applicant_class == "academia") == 8_600


def test_published_supply_holds(programme: Programme) -> None:
    supply: Counter[str] = Counter()
    for offer in programme.call(CALL).offers:
        supply[programme.cluster(offer.cluster).gpu_model] += offer.nodes
    assert supply == {"h200": 287, "b200": 255}


def test_the_same_seed_gives_the_same_call_and_another_seed_another(programme: Programme, call: FirstCall) -> None:
    assert first_call(programme) == call
    assert first_call(programme, 2).applications != call.applications


def test_sizes_and_scores_are_those_of_the_planner(call: FirstCall) -> None:
    drawn = {one.id: one for one in first_call_applications(1)}
    for one in call.applications:
        source = drawn[one.id]
        assert (one.requested_nodes, one.min_nodes, one.months) == (
            source.requested_nodes,
            source.min_nodes,
            source.duration,
        )
        totals = [review.total for review in call.reviews if review.application == one.id]
        assert totals == list(source.reviewer_scores)
        assert one.score_tenths == sum(totals) * 10 // len(totals)


def test_points_fit_the_rubric(programme: Programme, call: FirstCall) -> None:
    weights = {criterion.code: criterion.weight for criterion in programme.rubric.criteria}
    for review in call.reviews:
        assert [code for code, _ in review.points] == list(weights)
        assert all(0 <= points <= weights[code] for code, points in review.points)


@pytest.mark.parametrize("total", range(101))
def test_every_total_can_be_split(total: int) -> None:
    weights = {"a": 30, "b": 25, "c": 20, "d": 25}
    points = panel.split(total, weights, Chance(total))
    assert sum(points.values()) == total
    assert all(0 <= points[code] <= weight for code, weight in weights.items())


@pytest.mark.parametrize("total", [-1, 101])
def test_a_total_that_cannot_be_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        panel.split(total, {"a": 50, "b": 50}, Chance(1))


def test_every_code_is_in_the_programme(programme: Programme, call: FirstCall) -> None:
    track = programme.track(programme.call(CALL).tracks[0])
    for organisation in call.organisations:
        assert organisation.applicant_class in track.applicant_classes
        programme.region(organisation.region)
    for one in call.applications:
        programme.research_field(one.field)
        for model, usefulness in one.gpu_models:
            limit = track.limit(model)
            assert limit is not None
            assert limit.min_nodes <= one.min_nodes <= min(one.requested_nodes, limit.max_nodes)
            assert 0 < usefulness <= 100
        assert track.months.min <= one.months <= track.months.max
        assert Month(2026, 4) <= one.earliest_start <= one.latest_start
    assert set(SUBJECTS) == {field.code for field in programme.research_fields}


def test_people_and_organisations_belong_together(call: FirstCall) -> None:
    organisations = {one.code: one for one in call.organisations}
    people = {one.email: one for one in call.people}
    assert len(organisations) == len(call.organisations)
    assert len(people) == len(call.people)
    assert len({one.name.ko for one in call.organisations}) == len(organisations)
    for one in call.applications:
        assert people[one.lead].organisation == one.organisation
        assert organisations[one.organisation].applicant_class == one.applicant_class
        assert one.team[0].email == one.lead
    heads = Counter(one.organisation for one in call.people if one.is_head)
    assert heads == dict.fromkeys(organisations, 1)
    assert max(Counter(one.lead for one in call.applications).values()) <= 2


def test_nobody_invented_could_be_taken_for_somebody_real(call: FirstCall) -> None:
    addresses = [*(one.email for one in call.people), *(one.email for one in call.reviewers)]
    assert all(address.endswith(".example") for address in addresses)
    for one in call.organisations:
        assert is_korean_business_number(one.registration_number)
        assert one.registration_number.startswith("000-")  # no tax office has this code
    assert Text("합성 자료", "synthetic data") == NOTICE


def test_reviewers_judge_five_each_within_load_and_never_their_own(call: FirstCall) -> None:
    assert len(call.reviewers) == REVIEWERS == len({one.email for one in call.reviewers})
    reviewers = {one.email: one for one in call.reviewers}
    applications = {one.id: one for one in call.applications}
    per_application: dict[str, set[str]] = {}
    load: Counter[str] = Counter()
    matched = 0
    for review in call.reviews:
        reviewer, application = reviewers[review.reviewer], applications[review.application]
        assert reviewer.organisation != application.organisation
        per_application.setdefault(review.application, set()).add(review.reviewer)
        load[review.reviewer] += 1
        matched += application.field in reviewer.fields
    assert {len(chosen) for chosen in per_application.values()} == {5}
    assert per_application.keys() == applications.keys()
    assert all(load[email] <= reviewers[email].load_limit for email in load)
    assert len(load) == REVIEWERS
    assert matched >= len(call.reviews) * 95 // 100
    assert any(reviewer.organisation for reviewer in call.reviewers)


def test_no_two_texts_are_copies(call: FirstCall) -> None:
    assert len({one.title.ko for one in call.applications}) == 514
    assert len({one.title.en for one in call.applications}) >= 500
    assert len({one.summary for one in call.applications}) == 514
    assert len({tuple(section.body for section in one.plan) for one in call.applications}) == 514
    assert len({review.to_applicant for review in call.reviews}) >= 1_500
    assert len({one.field for one in call.applications}) == len(SUBJECTS)


def test_texts_are_filled_in_korean(call: FirstCall) -> None:
    texts = [text for one in call.applications for text in (one.title.ko, one.summary, *(s.body for s in one.plan))]
    texts += [text for review in call.reviews for text in (review.to_applicant, review.to_panel)]
    for text in texts:
        assert not re.search(r"[{}]|  |\.\.", text)
        assert re.search("[가-힣]", text)
    for one in call.applications:
        assert not re.search("[가-힣]", one.title.en)
        assert len(one.summary) >= 100
        assert all(sentence.endswith("니다.") for sentence in (one.summary, *(s.body for s in one.plan)))


def test_figures_in_a_text_are_those_asked_for(call: FirstCall) -> None:
    said = 0
    for one in call.applications:
        sizing = next(section.body for section in one.plan if section.code == "sizing")
        found = re.search(r"([\d,]+) GPU 시간", sizing)
        if found:
            said += 1
            assert int(found[1].replace(",", "")) == one.requested_nodes * 8 * 730 * one.months
        fewer = re.search(r"(?:줄어들 경우에는 서버|^최소|서버) (\d+)대(?:까지|만 지원)", sizing)
        if fewer:
            assert int(fewer[1]) == one.min_nodes < one.requested_nodes
    assert said > 200


def test_the_portal_can_seal_every_application(programme: Programme, call: FirstCall) -> None:
    for one in call.applications:
        sealed = content.read(one.content())
        assert content.remaining(sealed, programme, ()) == []
        assert isinstance(sealed.request, Request)
        assert sealed.request.gpu_models == tuple(model for model, _ in one.gpu_models)


def test_another_programme_has_no_such_call() -> None:
    with pytest.raises(NotFound):
        first_call(programmes.read("campus-example"))


def test_a_rubric_without_remarks_is_refused(programme: Programme, call: FirstCall) -> None:
    criteria = programme.rubric.criteria[:-1]
    other = programme.model_copy(update={"rubric": programme.rubric.model_copy(update={"criteria": criteria})})
    with pytest.raises(ValueError, match="know the criteria"):
        first_call(other)


@pytest.mark.parametrize(
    ("word", "object_mark", "topic_mark"),
    [("모델", "을", "은"), ("평가", "를", "는"), ("H200", "을", "은"), ("5", "를", "는"), ("mRNA", "를", "는")],
)
def test_particles_follow_the_last_sound(word: str, object_mark: str, topic_mark: str) -> None:
    assert (eul(word), eun(word)) == (object_mark, topic_mark)
