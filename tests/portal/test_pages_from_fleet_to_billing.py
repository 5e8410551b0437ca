"""Pages of fleet, allocations, usage, reclaims and billing: they open for whom they should, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from dure.core.period import Month
from dure.portal.allocations import operations as allocations
from dure.portal.allocations.models import Access, SshKey
from dure.portal.billing import operations as billing
from dure.portal.billing.models import Invoice
from dure.portal.fleet import operations as fleet
from dure.portal.fleet.models import AgentToken, Maintenance
from dure.portal.loops import reclaim as reclaim_loop
from dure.portal.reclaims.models import Case
from dure.portal.usage import operations as usage
from tests.portal import realised as world
from tests.portal.realised import HOUR, SMALL, at

NOW = at(5, 6) + 9 * HOUR


@pytest.fixture
def ids(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A programme in its second month: an allocation in use, another idle, a month closed, work announced."""
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: NOW)
    world.load()
    world.epoch_of()
    firm, lab = world.organisation("firm", "industry"), world.organisation("lab")
    used, idle = world.allocated(firm, "25-1-0001"), world.allocated(lab, "25-1-0002")
    hours = [at(4, 10) + n * HOUR for n in range(24)] + [at(5, 3) + n * HOUR for n in range(81)]
    rows = {used: world.busy(40000), idle: world.idle()}
    usage.receive(now=NOW, post=world.post(*(world.window(hour, rows) for hour in hours)))
    usage.store_pending(now=NOW)
    report = world.report({used: "Applied", idle: "Applied"}, at=at(5), generation=1)
    allocations.record_report(now=at(5), report=report)
    reclaim_loop.run(NOW)
    billing.close_month(actor=world.finance(), now=NOW, month=Month(2026, 4))
    naver = world.provider()
    fleet.issue_token(actor=naver, now=at(4), cluster=SMALL, label="gw1", days=60)
    work = fleet.announce_maintenance(
        actor=naver, now=NOW, cluster=SMALL, node_names=[f"{SMALL}-001"], start_at=NOW + timedelta(days=3),
        end_at=NOW + timedelta(days=4), reason="펌웨어 교체",
    )  # fmt: skip
    key = allocations.add_ssh_key(actor=firm, now=NOW, label="노트북", public_key=world.public_key())
    return {"used": used, "idle": idle, "case": Case.objects.get(rule="idle-gpus").pk, "key": key,
            "token": AgentToken.objects.get().pk, "person": firm.user_id, "work": work}  # fmt: skip


PEOPLE: dict[str, Callable[[], world.Actor]] = {
    "firm": lambda: world.organisation("firm", "industry"),
    "lab": lambda: world.organisation("lab"),
    "other": lambda: world.organisation("other"),
    "naver": world.provider,
    "kakao": lambda: world.provider("kakao"),
    "manager": world.manager,
    "finance": world.finance,
    "auditor": world.auditor,
}
OVERSEE = {"manager", "auditor"}
PAGES = [
    ("/fleet/", OVERSEE | {"finance", "naver", "kakao"}),
    ("/fleet/?sort=-nodes&share=government&q=h200", OVERSEE | {"finance", "naver", "kakao"}),
    ("/fleet/calendar/", OVERSEE | {"finance", "naver", "kakao"}),
    ("/fleet/calendar/?first=2026-10", OVERSEE | {"finance", "naver", "kakao"}),
    (f"/fleet/{SMALL}/", OVERSEE | {"finance", "naver"}),
    (f"/fleet/{SMALL}/tokens/", {"naver"}),
    (f"/fleet/{SMALL}/tokens/{{token}}/revoke/", {"naver"}),
    (f"/fleet/{SMALL}/maintenance/", {"naver"}),
    (f"/fleet/{SMALL}/maintenance/{{work}}/off/", {"naver"}),
    (f"/fleet/{SMALL}/access/", {"naver"}),
    ("/allocations/", set(PEOPLE)),
    ("/allocations/?state=present&sort=-end&q=firm", set(PEOPLE)),
    ("/allocations/{used}/", OVERSEE | {"finance", "firm", "naver"}),
    ("/allocations/{used}/members/{person}/remove/", {"firm"}),
    (f"/allocations/clusters/{SMALL}/", OVERSEE | {"finance", "naver"}),
    ("/allocations/keys/", set(PEOPLE)),
    ("/allocations/keys/{key}/revoke/", {"firm"}),
    ("/usage/?month=2026-04", set(PEOPLE)),
    ("/usage/allocations/{used}/", OVERSEE | {"finance", "firm", "naver"}),
    ("/reclaims/", set(PEOPLE)),
    ("/reclaims/?state=all&sort=idle", set(PEOPLE)),
    ("/reclaims/{case}/", OVERSEE | {"lab"}),
    ("/reclaims/{case}/accept/", {"manager"}),
    ("/billing/", set(PEOPLE)),
    ("/billing/?class=industry&month=2026-04&state=issued&sort=price", set(PEOPLE)),
    ("/billing/2026-04-firm/", OVERSEE | {"finance", "firm"}),
    ("/billing/2026-04-firm/print/", OVERSEE | {"finance", "firm"}),
    ("/billing/2026-04-firm/pay/", {"finance"}),
    ("/billing/2026-04-firm/dispute/", {"firm"}),
    ("/billing/months/", OVERSEE | {"finance"}),
    ("/billing/months/2026-04/", OVERSEE | {"finance"}),
    ("/billing/months/2026-05/", OVERSEE | {"finance"}),
    ("/billing/months/2026-04/balance/", OVERSEE | {"finance"}),
]


def text_of(html: str) -> str:
    """What a person reads: no markup, no scripts."""
    html = re.sub(r"<(script|style|head)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"<[^>]+>", " ", html)


def test_each_page_opens_for_whom_it_should_and_for_nobody_else(ids: dict[str, object]) -> None:
    wrong = []
    for name, person in PEOPLE.items():
        client = world.signed_in(person())
        for path, allowed in PAGES:
            found = client.get(path.format(**ids)).status_code
            if (found == 200) != (name in allowed) or found not in (200, 403, 404):
                wrong.append((name, path, found))
    assert not wrong


def test_visitors_are_taken_to_the_sign_in_page(ids: dict[str, object]) -> None:
    for path, _ in PAGES:
        found = Client().get(path.format(**ids))
        assert found.status_code == 302 and "/accounts/login/" in found["Location"]


def test_in_english_no_korean_is_left_but_names(ids: dict[str, object]) -> None:
    kept = re.compile(r"펌웨어 교체|노트북|한국어|기관|네이버클라우드 데이터센터\(장소 미공개\)")
    left = {}
    for name in ("firm", "lab", "naver", "manager", "finance"):
        client = world.signed_in(PEOPLE[name](), "en")
        for path, allowed in PAGES:
            if name in allowed:
                page = client.get(path.format(**ids)).content.decode()
                main = page[page.index("<main") : page.index("</main>")]
                korean = re.findall(r"[가-힣][가-힣 ]*", kept.sub("", text_of(main)))
                if korean:
                    left[path] = korean[:5]
    assert not left


@pytest.mark.parametrize(
    "path",
    [
        "/fleet/", "/fleet/calendar/", "/allocations/", "/usage/?month=2026-04", "/usage/allocations/{used}/",
        "/reclaims/", "/billing/", "/billing/2026-04-firm/", "/billing/months/2026-04/balance/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_lists_can_be_taken_away_as_files(ids: dict[str, object], path: str, form: str) -> None:
    address = path.format(**ids)
    found = world.signed_in(world.manager()).get(f"{address}{'&' if '?' in address else '?'}format={form}")
    assert found.status_code == 200 and f'.{form}"' in found["Content-Disposition"] and found.content


def test_a_token_is_shown_once_and_revoked_with_a_question(ids: dict[str, object]) -> None:
    naver = world.signed_in(world.provider())
    path = f"/fleet/{SMALL}/tokens/"
    assert "days" in naver.post(path, {"label": "gw2", "days": "4000"}).content.decode()
    assert AgentToken.objects.count() == 1
    shown = naver.post(path, {"label": "gw2", "days": "30"}).content.decode()
    assert re.search(r"dure_[\w-]{40,}", shown)
    assert not re.search(r"dure_[\w-]{40,}", naver.get(f"/fleet/{SMALL}/").content.decode())
    token = AgentToken.objects.get(label="gw2")
    assert naver.post(f"{path}{token.pk}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at == NOW


def test_what_was_typed_is_not_lost(ids: dict[str, object]) -> None:
    naver = world.signed_in(world.provider())
    typed = {"node_names": "no-such-node", "start_at": "2026-05-10T09:00", "end_at": "2026-05-09T09:00", "reason": "왜"}
    page = naver.post(f"/fleet/{SMALL}/maintenance/", typed).content.decode()
    assert "no-such-node" in page and "왜" in page and 'role="alert"' in page
    assert Maintenance.objects.count() == 1
    good = typed | {"node_names": f"{SMALL}-009 {SMALL}-010", "end_at": "2026-05-11T09:00"}
    assert naver.post(f"/fleet/{SMALL}/maintenance/", good).status_code == 302
    work = Maintenance.objects.get(reason="왜")
    assert work.start_at == at(5, 10) + 9 * HOUR and len(work.node_names) == 2


def test_a_holder_manages_people_and_keys(ids: dict[str, object]) -> None:
    firm = world.signed_in(world.organisation("firm"))
    colleague = world.member("firm", "colleague")
    path = f"/allocations/{ids['used']}/members/"
    assert "nobody@example.org" in firm.post(path, {"email": "nobody@example.org"}).content.decode()
    assert firm.post(path, {"email": "colleague@example.org"}).status_code == 302
    assert firm.post(f"{path}{colleague.user_id}/remove/").status_code == 302
    assert Access.objects.get(user_id=colleague.user_id).removed_at == NOW
    refused = firm.post("/allocations/keys/", {"public_key": "ssh-rsa AAAA", "label": ""}).content.decode()
    assert 'role="alert"' in refused and "ssh-rsa AAAA" in refused
    assert firm.post(f"/allocations/keys/{ids['key']}/revoke/").status_code == 302
    assert SshKey.objects.get().revoked_at == NOW


def test_answering_and_deciding_a_case(ids: dict[str, object]) -> None:
    path = f"/reclaims/{ids['case']}/"
    lab, manager = world.signed_in(world.organisation("lab")), world.signed_in(world.manager())
    assert lab.post(path, {"text": ""}).status_code == 200
    assert lab.post(path, {"text": "자료를 옮기는 중입니다"}).status_code == 302
    assert "자료를 옮기는 중입니다" in manager.get(path).content.decode()
    assert lab.post(f"{path}accept/", {"reason": "x"}).status_code == 403
    assert manager.post(f"{path}accept/", {"reason": "타당합니다"}).status_code == 302
    assert Case.objects.get(rule="idle-gpus").state == "dismissed"


def test_the_draft_that_was_seen_is_the_one_that_is_closed(ids: dict[str, object], monkeypatch) -> None:
    monkeypatch.setattr("dure.portal.site.middleware.now", lambda: at(6, 2))
    finance, path = world.signed_in(world.finance()), "/billing/months/2026-05/"
    seen = re.search(r'name="hash" value="([^"]+)"', finance.get(path).content.decode()).group(1)
    assert 'role="alert"' in finance.post(path, {"hash": "sha256:other"}).content.decode()
    assert world.signed_in(world.auditor()).post(path, {"hash": seen}).status_code == 403
    assert not Invoice.objects.filter(number__startswith="2026-05").exists()
    assert finance.post(path, {"hash": seen}).status_code == 302
    assert Invoice.objects.filter(number__startswith="2026-05").count() == 2


def test_settling_an_invoice_by_hand(ids: dict[str, object]) -> None:
    firm, finance = world.signed_in(world.organisation("firm")), world.signed_in(world.finance())
    path = "/billing/2026-04-firm/"
    assert firm.post(f"{path}dispute/", {"reason": ""}).status_code == 200
    assert firm.post(f"{path}dispute/", {"reason": "시간이 다릅니다"}).status_code == 302
    assert finance.post(f"{path}uphold/", {"reason": "기록과 같습니다"}).status_code == 302
    assert finance.post(f"{path}pay/", {"reason": ""}).status_code == 302
    assert Invoice.objects.get(number="2026-04-firm").state == "paid"
    assert finance.post(f"{path}pay/", {"reason": ""}).status_code == 409


def test_holders_see_only_their_own_use(ids: dict[str, object]) -> None:
    mine = world.signed_in(world.organisation("firm")).get("/usage/?month=2026-04").content.decode()
    assert str(ids["used"]) in mine and str(ids["idle"]) not in mine
    nothing = world.signed_in(world.organisation("other")).get("/usage/?month=2026-04").content.decode()
    assert str(ids["used"]) not in nothing and str(ids["idle"]) not in nothing


def test_the_api_shows_what_the_pages_show(ids: dict[str, object]) -> None:
    firm, other = world.signed_in(world.organisation("firm")), world.signed_in(world.organisation("other"))
    invoice = firm.get("/api/invoices/2026-04-firm").json()
    assert invoice["price"] == sum(line["price"] for line in invoice["lines"])
    assert firm.get("/api/invoices").json()["total"] == 1
    assert other.get("/api/invoices").json()["total"] == 0
    assert other.get("/api/invoices/2026-04-firm").status_code == 404
    assert firm.get(f"/api/allocations/{ids['used']}").json()["state"] == "present"
    assert firm.get("/api/allocations?page=1").json()["total"] == 1
    assert firm.get(f"/api/clusters/{SMALL}").status_code == 404
    manager = world.signed_in(world.manager())
    assert len(manager.get("/api/clusters").json()) == 8
    (april,) = manager.get(f"/api/clusters/{SMALL}/capacity?first=2026-04&months=1").json()
    assert april["supplied"] == april["awarded"] + april["self_use"] + april["maintenance"] + april["free"]
    assert manager.get(f"/api/clusters/{SMALL}/capacity?first=x").status_code == 422
