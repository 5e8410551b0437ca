"""Public questions: searched, answered with a mail, hidden with a reason. Nominations: by ministries, one each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dure.core.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from dure.portal.applications import operations as applications
from dure.portal.applications import queries as application_queries
from dure.portal.calls import operations, queries
from dure.portal.messages.models import Message
from dure.portal.people import operations as people
from dure.portal.people import queries as people_queries
from dure.portal.people.actor import NOBODY
from dure.portal.site.tasks import tasks
from tests.portal.competition import CLOSES, DURING, NOW, SYSTEM, browser, manager, member_of, opened, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


# ---- questions


def asked(code, name="asker", text="두 건을 신청할 수 있습니까?"):
    asker = person(name)
    return asker, operations.ask(actor=asker, now=DURING, code=code, text=text)


def test_whoever_asked_is_told_the_answer_and_every_correction_of_it():
    boss = manager()
    code = opened(boss)
    asker, question = asked(code)
    operations.answer(actor=boss, now=DURING, code=code, question_id=question, text="네.")
    operations.answer(actor=boss, now=DURING + timedelta(hours=1), code=code, question_id=question, text="아니요.")
    first, second = Message.objects.filter(to="asker@example.org").order_by("id")
    assert "네." in first.body and "아니요." in second.body and "고쳤습니다" in second.subject
    assert f"/calls/{code}/" in first.body
    assert asker.user_id is not None and not Message.objects.exclude(to="asker@example.org").exists()


def test_questions_are_searched_in_question_and_answer():
    boss = manager()
    code = opened(boss)
    for name, text, answer in (("one", "마감은 언제입니까?", "1월입니다."), ("two", "비용은 얼마입니까?", "없습니다.")):
        _, question = asked(code, name, text)
        operations.answer(actor=boss, now=DURING, code=code, question_id=question, text=answer)
    page = browser().get(f"/calls/{code}/?q=1월입").content.decode()
    assert "마감은 언제입니까?" in page and "비용은 얼마입니까?" not in page
    assert "찾는 말이 든 질문이 없습니다" in browser().get(f"/calls/{code}/?q=없는말").content.decode()


def test_a_hidden_question_is_read_by_its_asker_and_the_programme_only():
    boss = manager()
    code = opened(boss)
    asker, question = asked(code, text="홍길동 010-0000-0000로 연락 주세요")
    operations.answer(actor=boss, now=DURING, code=code, question_id=question, text="연락드렸습니다.")
    assert "홍길동" in browser().get(f"/calls/{code}/").content.decode()
    hide = browser(boss).post(f"/calls/{code}/manage/moderate/{question}/", {"reason": "개인정보가 있습니다."})
    assert hide.status_code == 302
    for path in (f"/calls/{code}/", f"/calls/{code}.json", f"/calls/{code}/?q=홍길동", "/calls/feed.json"):
        for reader in (browser(), browser(person("other"))):
            assert "홍길동" not in reader.get(path).content.decode().replace('value="홍길동"', ""), path
    assert "개인정보가 있습니다." in browser(asker).get(f"/calls/{code}/").content.decode()
    assert Message.objects.filter(to="asker@example.org", body__contains="개인정보가 있습니다.").exists()
    with pytest.raises(IllegalTransition):
        operations.answer(actor=boss, now=DURING, code=code, question_id=question, text="다시")
    browser(boss).post(f"/calls/{code}/manage/moderate/{question}/", {"show": "1"})
    assert "홍길동" in browser().get(f"/calls/{code}/").content.decode()


def test_only_managers_moderate_and_a_reason_is_needed():
    boss = manager()
    code = opened(boss)
    asker, question = asked(code)
    for other in (asker, person("auditor", "auditor"), NOBODY):
        with pytest.raises(NotPermitted):
            operations.hide_question(actor=other, now=DURING, code=code, question_id=question, reason="까닭")
        with pytest.raises(NotPermitted):
            operations.show_question(actor=other, now=DURING, code=code, question_id=question)
    with pytest.raises(InvalidInput):
        operations.hide_question(actor=boss, now=DURING, code=code, question_id=question, reason=" ")
    with pytest.raises(NotFound):
        operations.hide_question(actor=boss, now=DURING, code="other", question_id=question, reason="까닭")


# ---- nominations


def nominator(ministry="msit", name="official"):
    """Somebody who nominates for a ministry."""
    actor = person(name)
    people.give_role(actor=SYSTEM, now=NOW, user_id=actor.user_id, role="nominator", scope=ministry)
    return people_queries.actor_by_email(f"{name}@example.org")


def national():
    """An open call of national projects, and its manager."""
    boss = manager()
    return boss, opened(boss, "26-n", track="national", questions=())


def nominated(actor, head, code="26-n", **changes):
    (organisation_id,) = head.organisations
    columns = {"ministry": "msit", "organisation_id": organisation_id, "project": "자율주행", "reason": "국정과제"}
    return operations.nominate(actor=actor, now=DURING, code=code, **(columns | changes))


def begin(head, code="26-n"):
    (organisation_id,) = head.organisations
    return applications.start(actor=head, now=DURING, call_code=code, organisation_id=organisation_id)


def test_only_a_nominated_organisation_may_apply_and_its_heads_are_told():
    _, code = national()
    official, head = nominator(), member_of("lab", applicant_class="national")
    call = queries.call(code)
    (organisation_id,) = head.organisations
    organisation = people_queries.organisation(organisation_id)
    before = application_queries.check(call, organisation, None, "start")
    assert [one.code for one in before.unmet] == ["nominated"]
    with pytest.raises(InvalidInput):
        begin(head)
    nominated(official, head)
    assert application_queries.check(call, organisation, None, "start").is_eligible
    assert begin(head).startswith("26-n-")
    assert Message.objects.filter(to="head-lab@example.org", subject__contains="추천").exists()


def test_withdrawing_before_the_deadline_takes_eligibility_away():
    _, code = national()
    official, head = nominator(), member_of("lab", applicant_class="national")
    number = nominated(official, head)
    operations.withdraw_nomination(actor=official, now=DURING, code=code, nomination_id=number, reason="과제 변경")
    (organisation_id,) = head.organisations
    assert queries.nominated_by(code, organisation_id) == ""
    assert nominated(official, head) != number  # it may be nominated again
    with pytest.raises(IllegalTransition):
        operations.withdraw_nomination(actor=official, now=CLOSES, code=code, nomination_id=number, reason="늦음")


def test_a_ministry_sees_and_withdraws_only_its_own():
    boss, code = national()
    official, other = nominator(), nominator("mohw", "health")
    number = nominated(official, member_of("lab", applicant_class="national"))
    assert len(queries.nominations(code, official)) == len(queries.nominations(code, boss)) == 1
    assert not queries.nominations(code, other)
    with pytest.raises(NotFound):
        operations.withdraw_nomination(actor=other, now=DURING, code=code, nomination_id=number, reason="남의 것")
    for stranger in (person("stranger"), member_of("else"), NOBODY):
        with pytest.raises(NotPermitted):
            queries.nominations(code, stranger)
        with pytest.raises(NotFound):
            operations.withdraw_nomination(
                actor=stranger, now=DURING, code=code, nomination_id=number, reason="남의 것"
            )
    with pytest.raises(NotPermitted):
        nominated(other, member_of("lab-2", applicant_class="national"))  # for another ministry
    with pytest.raises(NotPermitted):
        nominated(boss, member_of("lab-3", applicant_class="national"))


def test_who_cannot_apply_cannot_be_nominated():
    national()
    official = nominator()
    for head in (
        member_of("school", applicant_class="academia"),
        member_of("fresh", applicant_class="national", verified=False),
    ):
        with pytest.raises(InvalidInput) as refused:
            nominated(official, head)
        assert refused.value.mistakes[0].where == "organisation"
    twice = member_of("lab", applicant_class="national")
    nominated(official, twice)
    with pytest.raises(InvalidInput):
        nominated(official, twice)
    opened(manager())
    with pytest.raises(IllegalTransition):
        nominated(official, twice, "25-1")
    with pytest.raises(InvalidInput):
        nominated(official, member_of("lab-2", applicant_class="national"), project=" ")


def test_nominating_on_pages():
    boss, code = national()
    official = nominator()
    member_of("lab", applicant_class="national")
    assert any(one.url == f"/calls/{code}/nominations/" for one in tasks(official, DURING))
    reader = browser(official)
    assert reader.get(f"/calls/{code}/nominations/").status_code == 200
    typed = {"ministry": "msit", "organisation": "lab", "project": "자율주행", "reason": "국정과제"}
    assert reader.post(f"/calls/{code}/nominations/new/", typed | {"organisation": "nobody"}).status_code == 422
    assert reader.post(f"/calls/{code}/nominations/new/", typed | {"ministry": "mohw"}).status_code == 422
    assert reader.post(f"/calls/{code}/nominations/new/", typed).status_code == 302
    member_of("lab-2", "별빛 연구소", applicant_class="national")
    named = typed | {"organisation": "별빛 연구소", "project": "신약"}
    assert reader.post(f"/calls/{code}/nominations/new/", named).status_code == 302
    assert "자율주행" in browser(boss).get(f"/calls/{code}/nominations/?format=csv").content.decode("utf-8-sig")
    one, other = queries.nominations(code, official)
    assert reader.post(f"/calls/{code}/nominations/{one.id}/withdraw/", {"reason": "변경"}).status_code == 302
    assert [n.withdrawn_at is None for n in queries.nominations(code, official)] == [False, True]
    assert other.organisation.name == "별빛 연구소"
    for stranger in (person("stranger"), person("reviewer", "reviewer")):
        assert browser(stranger).get(f"/calls/{code}/nominations/").status_code == 403
        assert browser(stranger).get(f"/calls/{code}/nominations/new/").status_code == 403
    assert browser().get(f"/calls/{code}/nominations/").status_code == 302


def test_a_ministry_that_the_programme_does_not_know_has_no_nominators():
    with pytest.raises(InvalidInput):
        nominator("nothing")
    with pytest.raises(InvalidInput):
        nominator("")
