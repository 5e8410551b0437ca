"""How people get in: a kubeconfig without a secret, first jobs, storage, and who may see any of it."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import yaml
from django.test import Client

from dure.core.errors import InvalidInput, NotFound
from dure.portal.allocations import instructions, operations, queries
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.journal.models import Entry
from dure.portal.messages.models import Message
from dure.portal.people.models import User
from dure.portal.site.tasks import applicant
from dure.protocol.report import StorageUse
from tests.portal import realised as world
from tests.portal.realised import NOW, SMALL, at

KAKAO = "kakao-b200"
PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUa\n-----END CERTIFICATE-----"
WAY = {
    "api_server": "https://k8s.kakao.example:6443",
    "api_ca": PEM,
    "oidc_issuer": "https://login.kakao.example/realms/gpu",
    "oidc_client_id": "kubernetes",
}


@pytest.fixture
def lab(db: None) -> world.Actor:
    world.load()
    return world.organisation("lab")


@pytest.fixture
def name(lab: world.Actor) -> str:
    return world.allocated(lab, "25-1-0001", cluster=KAKAO)


def described(**changes: str) -> None:
    fleet.describe_access(actor=world.provider("kakao"), now=NOW, cluster=KAKAO, **(WAY | changes))


def client(actor: world.Actor) -> Client:
    found = Client()
    found.force_login(User.objects.get(pk=actor.user_id))
    return found


def test_a_kubeconfig_names_the_providers_own_sign_in_and_carries_no_secret(lab: world.Actor, name: str) -> None:
    described()
    answer = client(lab).get(f"/allocations/{name}/kubeconfig/")
    assert answer.status_code == 200
    assert f"kubeconfig-{name}.yaml" in answer["Content-Disposition"]
    content = yaml.safe_load(answer.content)
    (cluster,), (user,), (context,) = content["clusters"], content["users"], content["contexts"]
    assert cluster["cluster"]["server"] == WAY["api_server"]
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]).decode().strip() == PEM
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "kubectl"
    assert "--oidc-issuer-url=https://login.kakao.example/realms/gpu" in user["user"]["exec"]["args"]
    assert context["context"]["namespace"] == name == content["current-context"]
    text = answer.content.decode().lower()
    assert not any(word in text for word in ("token:", "password", "client-key", "client-secret", "private"))


def test_a_kubeconfig_is_for_people_with_access_only(lab: world.Actor, name: str) -> None:
    described()
    path = f"/allocations/{name}/kubeconfig/"
    for actor in (world.member("lab", "colleague"), world.manager(), world.provider("kakao"), world.organisation("x")):
        assert client(actor).get(path).status_code == 404, actor
    assert Client().get(path).status_code == 302
    operations.add_member(actor=lab, now=NOW, name=name, email="colleague@example.org")
    assert client(world.member("lab", "colleague")).get(path).status_code == 200


@pytest.mark.parametrize("missing", ["api_server", "oidc_issuer", "oidc_client_id"])
def test_without_all_it_needs_there_is_no_kubeconfig(lab: world.Actor, name: str, missing: str) -> None:
    described(**{missing: ""})
    assert client(lab).get(f"/allocations/{name}/kubeconfig/").status_code == 404
    page = client(lab).get(f"/allocations/{name}/").content.decode()
    assert "kubeconfig/" not in page and "등록하지 않았습니다" in page


def test_a_slurm_cluster_has_no_kubeconfig(lab: world.Actor) -> None:
    name = world.allocated(lab, "25-1-0002", cluster=SMALL)
    assert client(lab).get(f"/allocations/{name}/kubeconfig/").status_code == 404
    fleet.describe_access(
        actor=world.provider(), now=NOW, cluster=SMALL, login_host="login.example.kr", partition="gpu"
    )
    page = client(lab).get(f"/allocations/{name}/").content.decode()
    assert f"srun --account={name} --partition=gpu" in page
    assert "kueue" not in page


def test_the_first_job_goes_to_the_allocations_queue(lab: world.Actor, name: str) -> None:
    job = yaml.safe_load(instructions.first_job(queries.allocation(name, lab)))
    assert job["kind"] == "Job"
    assert job["metadata"]["namespace"] == name
    assert job["metadata"]["labels"] == {"kueue.x-k8s.io/queue-name": "default"}
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": "8"}
    page = client(lab).get(f"/allocations/{name}/").content.decode()
    assert "kueue.x-k8s.io/queue-name: default" in page
    assert "srun" not in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"api_server": "http://k8s.kakao.example"}, "api_server"),
        ({"api_server": "https://k8s kakao"}, "api_server"),
        ({"oidc_issuer": "javascript:alert(1)"}, "oidc_issuer"),
        ({"oidc_client_id": "a b"}, "oidc_client_id"),
        ({"api_ca": "hello"}, "api_ca"),
        ({"api_ca": PEM + "\n-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"}, "api_ca"),
    ],
)
def test_what_cannot_be_a_way_in_is_refused_and_nothing_kept(name: str, change: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        described(**change)
    assert [mistake.where for mistake in refused.value.mistakes] == [field]
    assert fleet_queries.cluster(KAKAO).api_server == ""
    provider = client(world.provider("kakao"))
    answer = provider.post(f"/fleet/{KAKAO}/access/", WAY | change | {"login_host": ""})
    assert answer.status_code == 200 and "error" in answer.content.decode()
    assert not Entry.objects.filter(event="fleet.describe_access").exists()


def test_a_provider_describes_its_own_cluster_on_a_page(name: str) -> None:
    assert client(world.provider("kakao")).post(f"/fleet/{KAKAO}/access/", WAY).status_code == 302
    assert fleet_queries.cluster(KAKAO).oidc_client_id == "kubernetes"
    assert client(world.provider("naver")).get(f"/fleet/{KAKAO}/access/").status_code == 404
    with pytest.raises(NotFound):
        fleet.describe_access(actor=world.provider("naver"), now=NOW, cluster=KAKAO, **WAY)
    page = client(world.provider("kakao")).get(f"/fleet/{KAKAO}/").content.decode()
    assert "Kueue와는 시험하지 않은" in page


def report(name: str, used: int, now=NOW, quota: int = 100 * 2**40) -> None:
    said = world.report({name: "Applied"}, at=now, cluster=KAKAO, generation=1)
    storage = StorageUse(path=f"/scratch/{name}", used_bytes=used, quota_bytes=quota)
    one = said.allocations[0].model_copy(update={"storage": storage if quota else None})
    operations.record_report(now=now, report=said.model_copy(update={"allocations": (one,)}))


def test_storage_is_shown_and_warned_about_at_eighty_percent(lab: world.Actor, name: str) -> None:
    world.epoch_of(KAKAO)
    view = queries.allocation(name, lab)
    assert queries.storage(view.id) is None
    assert "알려 오지 않습니다" in client(lab).get(f"/allocations/{name}/").content.decode()
    report(name, 80 * 2**40 - 1, at(4))
    assert not queries.storage(view.id).is_filling
    assert not Message.objects.filter(key__startswith="storage:").exists()
    report(name, 80 * 2**40, at(4, 2))
    found = queries.storage(view.id)
    assert (found.path, found.is_filling, found.reported_at) == (f"/scratch/{name}", True, at(4, 2))
    assert queries.filling([view.id]) == {view.id}
    assert Message.objects.filter(key__startswith="storage:").count() == 1
    page = client(lab).get(f"/allocations/{name}/").content.decode()
    assert "80.0 TiB" in page and "거의 찼습니다" in page
    for day, used in ((3, 90), (4, 10), (5, 85)):
        report(name, used * 2**40, at(4, day))
    assert Message.objects.filter(key__startswith="storage:").count() == 1  # once a month
    report(name, 10 * 2**40, at(5))
    report(name, 85 * 2**40, at(5, 2))
    assert Message.objects.filter(key__startswith="storage:").count() == 2


def test_storage_no_longer_reported_is_no_longer_shown(lab: world.Actor, name: str) -> None:
    world.epoch_of(KAKAO)
    report(name, 5, at(4))
    said = world.report({name: "Applied"}, at=at(4, 2), cluster=KAKAO, generation=1)
    operations.record_report(now=at(4, 2), report=said)
    assert queries.storage(queries.allocation(name, lab).id) is None


def test_sizes_read_well() -> None:
    assert instructions.size(0) == "0 B"
    assert instructions.size(1023) == "1023 B"
    assert instructions.size(1024) == "1.0 KiB"
    assert instructions.size(1536 * 2**30) == "1.5 TiB"
    assert instructions.size(5000 * 2**50) == "5,000.0 PiB"


def test_a_key_is_in_the_next_desired_state_at_once_and_a_revoked_one_is_gone(lab: world.Actor, name: str) -> None:
    key = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
    before = queries.desired_tag(KAKAO)
    key_id = operations.add_ssh_key(actor=lab, now=NOW, label="노트북", public_key=key)
    assert queries.desired_tag(KAKAO) != before  # the agent polls every ten seconds: a minute is more than enough
    assert key.split()[1] in queries.desired(KAKAO)[2]
    operations.revoke_ssh_key(actor=lab, now=NOW + timedelta(seconds=1), key_id=key_id)
    assert key.split()[1] not in queries.desired(KAKAO)[2]


def tasks_at_home(actor: world.Actor) -> list[str]:
    return [f"{task.title.ko} {task.url}" for task in applicant.tasks(actor, at(4, 2))]


def test_people_without_ssh_are_not_asked_for_a_key(lab: world.Actor, name: str) -> None:
    assert not any("SSH" in task for task in tasks_at_home(lab))
    fleet.describe_access(actor=world.provider("kakao"), now=NOW, cluster=KAKAO, login_host="login.kakao.example")
    assert any("SSH" in task for task in tasks_at_home(lab))


def test_storage_that_fills_up_is_a_task_at_home(lab: world.Actor, name: str) -> None:
    world.epoch_of(KAKAO)
    report(name, 50 * 2**40, at(4))
    assert not any("#storage" in task for task in tasks_at_home(lab))
    report(name, 95 * 2**40, at(4, 2))
    assert any(f"/allocations/{name}/#storage" in task for task in tasks_at_home(lab))
