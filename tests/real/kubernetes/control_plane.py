"""A Kubernetes control plane of the tests' own on loopback: etcd, API server, and the controllers a namespace needs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

PROGRAMS = Path(os.environ.get("DURE_KUBERNETES_PROGRAMS", "/opt/dure-kubernetes/bin"))
NEEDED = ("etcd", "kube-apiserver", "kube-controller-manager")
ABSENT = [name for name in NEEDED if not (PROGRAMS / name).exists()]
ADMIN, AGENT, MEMBER = "token-of-the-admin", "token-of-the-agent", "token-of-alice"


@dataclass
class ControlPlane:
    """Where the server is, the certificate to trust, and an administrator's client."""

    url: str
    certificate: Path
    admin: httpx.Client

    def client(self, token: str) -> httpx.Client:
        """Somebody's client."""
        return _client(self.url, self.certificate, token)

    def make(self, body: dict, path: str) -> None:
        """Create an object as the administrator."""
        answer = self.admin.post(path, json=body)
        assert answer.status_code in (200, 201, 409), answer.text


@contextmanager
def control_plane(crds: Path, manifest: Path) -> Iterator[ControlPlane]:
    """Start one with Kueue's kinds, and with the rights of `manifest` for the agent; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dure-kube-"))
    etcd, peers, secure = _ports(3)
    running: list[subprocess.Popen] = []
    try:
        _keys(folder)
        here = f"http://127.0.0.1:{etcd}"
        running.append(_start(folder, "etcd", "--unsafe-no-fsync", f"--data-dir={folder}/etcd",
            f"--listen-client-urls={here}", f"--advertise-client-urls={here}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
            f"--initial-cluster=default=http://127.0.0.1:{peers}"))  # fmt: skip
        running.append(_start(folder, "kube-apiserver", f"--etcd-servers={here}", "--bind-address=127.0.0.1",
            f"--secure-port={secure}", "--advertise-address=127.0.0.1", f"--cert-dir={folder}/certs",
            "--service-account-issuer=https://kubernetes.default.svc", f"--token-auth-file={folder}/tokens.csv",
            f"--service-account-signing-key-file={folder}/sa.key", f"--service-account-key-file={folder}/sa.pub",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.255.0.0/24",
            "--disable-admission-plugins=ServiceAccount"))  # fmt: skip
        url = f"https://127.0.0.1:{secure}"
        certificate = _ready(url, folder)
        running.append(_start(folder, "kube-controller-manager", f"--kubeconfig={folder}/kubeconfig", "--port=0",
            "--leader-elect=false", "--controllers=namespace,resourcequota,clusterrole-aggregation"))  # fmt: skip
        with _client(url, certificate, ADMIN) as admin:
            found = ControlPlane(url, certificate, admin)
            _set_up(found, crds, manifest)
            yield found
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _client(url: str, certificate: Path, token: str) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=str(certificate))
    return httpx.Client(base_url=url, verify=trusted, timeout=30, headers={"Authorization": f"Bearer {token}"})


def _ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _keys(folder: Path) -> None:
    for words in (["genrsa", "-out", "sa.key", "2048"], ["rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"]):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    agent = '"system:serviceaccounts"'
    (folder / "tokens.csv").write_text(
        f'{ADMIN},admin,1,"system:masters"\n'
        f"{AGENT},system:serviceaccount:dure-agent:dure-agent,2,{agent}\n"
        f'{MEMBER},alice,3,""\n'
    )


def _start(folder: Path, program: str, *words: str) -> subprocess.Popen:
    with (folder / f"{program}.log").open("wb") as log:
        return subprocess.Popen([PROGRAMS / program, *words], cwd=folder, stdout=log, stderr=log)


def _ready(url: str, folder: Path) -> Path:
    """Wait until the server answers, and write a kubeconfig for its controllers."""
    certificate, deadline = folder / "certs" / "apiserver.crt", time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.3)
        try:
            with _client(url, certificate, ADMIN) as admin:
                answer = admin.get("/readyz")
        except (httpx.HTTPError, OSError):
            continue
        if answer.status_code == 200:
            break
    else:
        raise TimeoutError((folder / "kube-apiserver.log").read_text()[-3000:])
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url, "certificate-authority": str(certificate)}}],
        "users": [{"name": "u", "user": {"token": ADMIN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    return certificate


def _set_up(plane: ControlPlane, crds: Path, manifest: Path) -> None:
    names = []
    for path in sorted(crds.glob("*.yaml")):
        definition = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        if definition["spec"]["names"]["kind"] != "Workload":  # 1.20 cannot take its schema
            plane.make(definition, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
            names.append(definition["spec"]["names"]["plural"])
    rbac = "/apis/rbac.authorization.k8s.io/v1/"
    places = {
        "Namespace": "/api/v1/namespaces",
        "ClusterRole": rbac + "clusterroles",
        "ClusterRoleBinding": rbac + "clusterrolebindings",
    }
    for body in yaml.safe_load_all(manifest.read_text("utf-8")):
        if body["kind"] in places:
            plane.make(body, places[body["kind"]])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answers = [plane.admin.get(f"/apis/kueue.x-k8s.io/v1beta2/{name}").status_code for name in names]
        if set(answers) == {200}:
            return
        time.sleep(0.2)
    raise TimeoutError(f"Kueue's kinds are not served: {answers}")
