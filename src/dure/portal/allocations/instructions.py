"""What a person pastes to get in and to run a first job: text made from an allocation and the way into its cluster."""

from __future__ import annotations

import base64

import yaml

from dure.portal.allocations.queries import AllocationView, WayIn
from dure.protocol.kueue import GPU_RESOURCE, LOCAL_QUEUE

OIDC_PLUGIN = "kubectl oidc-login"  # https://github.com/int128/kubelogin


def kubeconfig(view: AllocationView, way: WayIn) -> str:
    """A kubeconfig without any secret: kubectl signs the person in at the provider's own identity provider."""
    cluster: dict[str, str] = {"server": way.api_server}
    if way.api_ca:
        cluster["certificate-authority-data"] = base64.b64encode(f"{way.api_ca.strip()}\n".encode()).decode()
    sign_in = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "kubectl",
        "args": [
            "oidc-login",
            "get-token",
            f"--oidc-issuer-url={way.oidc_issuer}",
            f"--oidc-client-id={way.oidc_client_id}",
        ],
        "interactiveMode": "IfAvailable",
        "installHint": f"{OIDC_PLUGIN} (kubelogin) is needed to sign in",
    }
    context = {"cluster": view.cluster, "namespace": view.name, "user": "oidc"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": view.cluster, "cluster": cluster}],
        "users": [{"name": "oidc", "user": {"exec": sign_in}}],
        "contexts": [{"name": view.name, "context": context}],
        "current-context": view.name,
    }
    return yaml.safe_dump(content, sort_keys=False)


def first_job(view: AllocationView) -> str:
    """A Job that Kueue admits to the allocation's queue and that shows the GPUs of one server."""
    container = {
        "name": "main",
        "image": "nvidia/cuda:12.4.1-base-ubuntu22.04",
        "command": ["nvidia-smi"],
        "resources": {
            "requests": {"cpu": "8", "memory": "32Gi"},
            "limits": {GPU_RESOURCE: str(view.gpus_per_node)},
        },
    }
    content = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "generateName": "first-",
            "namespace": view.name,
            "labels": {"kueue.x-k8s.io/queue-name": LOCAL_QUEUE},
        },
        "spec": {
            "suspend": True,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 86400,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }
    return yaml.safe_dump(content, sort_keys=False)


def size(count: int) -> str:
    """Bytes as people read them: one decimal, binary units."""
    unit, tenths = "B", count * 10
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if tenths < 10240 or unit == "PiB":
            break
        tenths //= 1024
    return f"{tenths // 10:,}.{tenths % 10} {unit}" if unit != "B" else f"{count} B"
