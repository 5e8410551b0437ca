"""Uploads are judged by content, kept once, and given only to those who may have them."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
from django.test import Client

from dure.core.errors import InvalidInput, NotFound, NotPermitted
from dure.portal.files import kinds, operations, queries
from dure.portal.files.models import StoredFile
from dure.portal.people import operations as people
from dure.portal.people.actor import NOBODY
from dure.portal.people.models import User
from dure.portal.people.queries import actor_by_email

NOW = datetime(2026, 1, 10, tzinfo=UTC)
PDF = b"%PDF-1.7\nexample"


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (zipped("word/document.xml"), "docx"),
        (zipped("xl/workbook.xml"), "xlsx"),
        (zipped("Contents/header.xml"), "hwpx"),
        ("이름,값\n가,1\n".encode(), "csv"),
        (zipped("evil.exe"), None),
        (b"PK\x03\x04broken", None),
        (b"MZ\x90\x00", None),
        (b"<html><script>", None),
        (b"\xfe\xfe\xfe", None),
    ],
)
def test_kind_is_told_by_content(content, kind):
    assert kinds.kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b""),
        ("a.pdf", b"MZ\x90\x00"),
        ("a.png", PDF),
        ("a.pdf", PDF + b"\x00" * (20 * kinds.MIB)),
    ],
)
def test_wrong_uploads_are_refused_with_a_remedy(name, content):
    with pytest.raises(InvalidInput) as refused:
        kinds.check(content, name, "outcome")
    assert refused.value.mistakes[0].where == "file"
    assert refused.value.mistakes[0].remedy.ko


def test_names_are_tidied():
    assert operations.tidy_name('..\\..\\etc/pass"wd\x00.pdf') == "passwd.pdf"
    assert operations.tidy_name("가" * 300 + ".pdf").endswith(".pdf")
    assert len(operations.tidy_name("가" * 300 + ".pdf")) <= 120


def actor(name: str):
    people.add_person(email=f"{name}@example.org", name=name, is_verified=True, now=NOW)
    return actor_by_email(f"{name}@example.org")


@pytest.mark.django_db
def test_equal_bytes_lie_once_and_only_those_who_may_get_them():
    head, stranger = actor("head"), actor("stranger")
    organisation = people.found_organisation(
        actor=head, now=NOW, name="한빛", applicant_class="academia", region="seoul"
    )
    head = actor_by_email("head@example.org")
    with pytest.raises(NotPermitted):
        operations.store(actor=NOBODY, now=NOW, content=PDF, name="a.pdf", purpose="outcome")
    with pytest.raises(NotPermitted):
        operations.store(
            actor=stranger, now=NOW, content=PDF, name="a.pdf", purpose="outcome", organisation_id=organisation
        )
    assert not StoredFile.objects.exists()
    first = operations.store(
        actor=head, now=NOW, content=PDF, name="a.pdf", purpose="outcome", organisation_id=organisation
    )
    second = operations.store(actor=stranger, now=NOW, content=PDF, name="b.pdf", purpose="outcome")
    one, other = queries.file(first, head), queries.file(second, stranger)
    assert queries.path_of(one.sha256) == queries.path_of(other.sha256)
    assert queries.content(one) == PDF
    with pytest.raises(NotFound):
        queries.file(first, stranger)
    client = Client()
    assert client.get(f"/files/{first}/").status_code == 302
    client.force_login(User.objects.get(email="stranger@example.org"))
    assert client.get(f"/files/{first}/").status_code == 404
    client.force_login(User.objects.get(email="head@example.org"))
    response = client.get(f"/files/{first}/")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_zip_with_names_that_are_no_text_is_of_no_kind():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("가", b"")
    assert kinds.kind_of(out.getvalue().replace("가".encode(), b"\xff\xff\xff")) is None


def test_a_name_cannot_be_written_backwards():
    assert operations.tidy_name("계획-\u202efdp.exe") == "계획-fdp.exe"
