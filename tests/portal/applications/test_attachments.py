"""Attachments: judged by content, sealed by hash, seen by one's own people, the programme and who reviews."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dure.core.errors import IllegalTransition, InvalidInput, NotFound
from dure.portal.applications import operations, queries
from dure.portal.applications.content import MOST_ATTACHMENTS
from dure.portal.calls import operations as calls
from dure.portal.files import queries as files
from dure.portal.files.models import StoredFile
from dure.portal.people import operations as people
from dure.portal.people import queries as people_queries
from dure.portal.people.models import Membership
from dure.portal.reviews import operations as reviews
from tests.portal.competition import AFTER, DURING, SYSTEM, browser, complete, manager, member_of, opened, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
PDF = b"%PDF-1.7\nplan"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "path_of", lambda sha256: tmp_path / sha256)
    monkeypatch.setattr("dure.portal.files.operations.path_of", lambda sha256: tmp_path / sha256)
    return tmp_path


def begun(head):
    (organisation_id,) = head.organisations
    number = operations.start(actor=head, now=DURING, call_code="25-1", organisation_id=organisation_id)
    operations.save_draft(actor=head, now=DURING, number=number, content=complete())
    return number


def attached(head, number, name="plan.pdf", content=PDF):
    return operations.attach(actor=head, now=DURING, number=number, name=name, content=content)


def submit(head, number):
    operations.submit(actor=head, now=DURING, started_at=DURING, number=number)


def test_files_are_sealed_by_hash_and_stay_until_withdrawn():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    made = attached(head, number)
    assert attached(head, number) == made  # the same upload again
    assert made.sha256 == hashlib.sha256(PDF).hexdigest()
    submit(head, number)
    (sealed,) = queries.sealed(number, 1, head)["content"]["attachments"]
    assert sealed["sha256"] == made.sha256
    for change in (
        lambda: attached(head, number, "more.pdf"),
        lambda: operations.detach(actor=head, now=DURING, number=number, file_id=made.file_id),
    ):
        with pytest.raises(IllegalTransition):
            change()
    operations.withdraw(actor=head, now=DURING, number=number)
    operations.detach(actor=head, now=DURING, number=number, file_id=made.file_id)
    assert queries.application(number, head).draft.attachments == ()
    assert queries.versions_content(number, 1, head).attachments == (made,)
    assert files.content(files.files([made.file_id])[made.file_id]) == PDF  # what was sealed is kept


def test_what_was_never_sealed_is_gone_when_removed(folder, django_capture_on_commit_callbacks):
    opened(manager())
    head = member_of("hanbit")
    number, other = begun(head), begun(head)
    one, same = attached(head, number), attached(head, other)
    with django_capture_on_commit_callbacks(execute=True):
        operations.detach(actor=head, now=DURING, number=number, file_id=one.file_id)
    assert [path.name for path in folder.iterdir()] == [one.sha256]  # the other application still has it
    with django_capture_on_commit_callbacks(execute=True):
        operations.detach(actor=head, now=DURING, number=other, file_id=same.file_id)
    assert not StoredFile.objects.exists()
    assert not list(folder.iterdir())


def test_what_may_not_be_attached():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    for name, content in (("plan.pdf", b"MZ\x90\x00"), ("plan.png", PDF), ("plan.pdf", b"")):
        with pytest.raises(InvalidInput) as refused:
            attached(head, number, name, content)
        assert refused.value.mistakes[0].where == "file"
    for index in range(MOST_ATTACHMENTS):
        attached(head, number, f"{index}.pdf", PDF + bytes([48 + index]))
    with pytest.raises(InvalidInput):
        attached(head, number, "one-more.pdf", PDF + b"more")
    assert StoredFile.objects.count() == MOST_ATTACHMENTS


def test_nobody_writes_another_file_into_a_draft():
    opened(manager())
    head, thief = member_of("hanbit"), member_of("dalbit")
    made = attached(head, begun(head))
    stolen = begun(thief)
    with pytest.raises(InvalidInput) as refused:
        operations.save_draft(
            actor=thief, now=DURING, number=stolen, content={"attachments": [made.model_dump(mode="json")]}
        )
    assert refused.value.mistakes[0].where == "attachments"
    with pytest.raises(NotFound):
        operations.detach(actor=thief, now=DURING, number=stolen, file_id=made.file_id)
    assert browser(thief).get(f"/applications/{stolen}/files/{made.file_id}/").status_code == 404


def test_who_may_download():
    opened(manager())
    head, stranger = member_of("hanbit"), member_of("dalbit")
    number = begun(head)
    made = attached(head, number)
    address = f"/applications/{number}/files/{made.file_id}/"
    answer = browser(head).get(address)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert browser(manager()).get(address).status_code == 200
    for other in (stranger, person("reader", "reviewer"), person("money", "finance")):
        assert browser(other).get(address).status_code == 404
    assert browser().get(address).status_code == 302


def test_the_page_adds_lists_and_removes():
    opened(manager())
    head = member_of("hanbit")
    number = begun(head)
    client, address = browser(head), f"/applications/{number}/files/"
    wrong = client.post(address, {"file": SimpleUploadedFile("plan.pdf", b"MZ\x90\x00")})
    assert wrong.status_code == 422
    assert "올릴 수 없는 종류의 파일입니다" in wrong.content.decode()
    assert "파일을 고르지 않았습니다" in client.post(address).content.decode()
    assert client.post(address, {"file": SimpleUploadedFile("계획서.pdf", PDF)}).status_code == 302
    (made,) = queries.application(number, head).draft.attachments
    assert "계획서.pdf" in client.get(address).content.decode()
    assert "계획서.pdf" in client.get(f"/applications/{number}/submit/").content.decode()
    assert "1개 올림" in client.get(f"/applications/{number}/").content.decode()
    assert browser(member_of("dalbit")).post(f"{address}{made.file_id}/remove/").status_code == 404
    assert client.post(f"{address}{made.file_id}/remove/").status_code == 302
    assert queries.application(number, head).draft.attachments == ()


def test_a_reviewer_without_conflict_downloads_and_one_with_conflict_does_not():
    office = manager()
    opened(office)
    head = member_of("hanbit")
    number = begun(head)
    made = attached(head, number)
    submit(head, number)
    calls.close(actor=office, now=AFTER, code="25-1")
    operations.admit_all(actor=office, now=AFTER, call_code="25-1")
    calls.start_review(actor=office, now=AFTER, code="25-1")
    reader = person("reader", "reviewer")
    reviews.add_reviewer(
        actor=SYSTEM, now=AFTER, user_id=reader.user_id, affiliation="다른 기관", keywords=["언어 모델"], load_limit=9
    )
    reviews.assign(actor=office, now=AFTER, call_code="25-1", pairs=[(number, reader.user_id)])
    address = f"/applications/{number}/files/{made.file_id}/"
    assert browser(reader).get(address).status_code == 403  # conflicts are declared first
    reviews.declare_for_call(actor=reader, now=AFTER, call_code="25-1", kinds={})
    assert browser(reader).get(address).status_code == 200
    (organisation_id,) = head.organisations
    people.request_membership(actor=reader, now=AFTER, organisation_id=organisation_id)
    (asking,) = people_queries.members(organisation_id, states=("requested",))
    people.approve_membership(actor=head, now=AFTER, membership_id=asking.id)
    Membership.objects.filter(user_id=reader.user_id).update(state="left")  # a former colleague: a conflict, no member
    assert browser(reader).get(address).status_code == 404
