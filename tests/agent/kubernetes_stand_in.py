"""A stand-in for a Kubernetes API server: strict where a real one is, and nothing behind it (no Kueue, no scheduler).

It keeps resource versions (409), field managers of server-side apply (409 unless forced), required namespaces (404),
namespaces that end slowly (403 inside, finalizers outside), immutable fields and schemas (422), bearer tokens (401),
and lists in pages that expire (410). Kueue's own schemas are used where they are at hand.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import yaml

CRDS = Path(__file__).parents[3] / "shared" / "data" / "kueue-crds"
TOKEN = "token-of-the-agent"
KUEUE = "/apis/kueue.x-k8s.io/v1beta2/"
COLLECTIONS = {
    "/api/v1/namespaces": ("Namespace", False),
    "/api/v1/nodes": ("Node", False),
    "/api/v1/pods": ("Pod", True),
    "/api/v1/resourcequotas": ("ResourceQuota", True),
    "/apis/rbac.authorization.k8s.io/v1/rolebindings": ("RoleBinding", True),
    KUEUE + "clusterqueues": ("ClusterQueue", False),
    KUEUE + "resourceflavors": ("ResourceFlavor", False),
    KUEUE + "cohorts": ("Cohort", False),
    KUEUE + "workloadpriorityclasses": ("WorkloadPriorityClass", False),
    KUEUE + "localqueues": ("LocalQueue", True),
}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
USER = {
    "type": "object",
    "required": ["kind", "name"],
    "additionalProperties": False,
    "properties": {
        "apiGroup": {"type": "string"},
        "kind": {"enum": ["User", "Group", "ServiceAccount"]},
        "name": {"type": "string", "minLength": 1},
        "namespace": {"type": "string"},
    },
}
# The parts of core kinds that anybody may send here; unknown fields are refused.
CORE = {
    "Namespace": {"spec": {"type": "object"}, "status": {"type": "object"}},
    "Node": {"spec": {"type": "object"}, "status": {"type": "object"}},
    "Pod": {"spec": {"type": "object"}, "status": {"type": "object"}},
    "ResourceQuota": {
        "spec": {"type": "object", "additionalProperties": False, "properties": {"hard": TEXTS}},
        "status": {"type": "object"},
    },
    "RoleBinding": {"roleRef": {"type": "object"}, "subjects": {"type": "array", "items": USER}},
}
IMMUTABLE = {"RoleBinding": ("roleRef",), "LocalQueue": ("spec", "clusterQueue")}


class Refused(Exception):
    """An answer of the server that is not 200."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


@cache
def schema_of(kind: str) -> dict[str, Any] | None:
    """The JSON schema of a kind: of a core kind ours, of Kueue's the published one; None where that is not at hand."""
    if kind in CORE:
        known = {"apiVersion": {"const": "v1"}, "kind": {"const": kind}, "metadata": {"type": "object"}, **CORE[kind]}
        if kind == "RoleBinding":
            known["apiVersion"] = {"const": "rbac.authorization.k8s.io/v1"}
        return {"type": "object", "additionalProperties": False, "properties": known}
    for path in CRDS.glob("*.yaml") if CRDS.is_dir() else ():
        if path.name == "kueue.x-k8s.io_workloads.yaml":
            continue
        definition = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if definition["spec"]["names"]["kind"] == kind:
            version = next(one for one in definition["spec"]["versions"] if one["name"] == "v1beta2")
            return closed(version["schema"]["openAPIV3Schema"])
    return None


@cache
def validator_of(kind: str) -> jsonschema.Draft7Validator:
    """The schema of a kind, ready to use."""
    return jsonschema.Draft7Validator(schema_of(kind))


def closed(schema: Any) -> Any:
    """A structural schema as JSON schema: unknown fields refused, quantities may be numbers or words."""
    if not isinstance(schema, dict):
        return schema
    found = {key: value for key, value in schema.items() if not key.startswith("x-") and key != "format"}
    for key in ("properties",):
        if key in found:
            found[key] = {name: closed(one) for name, one in found[key].items()}
    for key in ("items", "additionalProperties"):
        if key in found:
            found[key] = closed(found[key])
    for key in ("anyOf", "allOf", "oneOf"):
        if key in found:
            found[key] = [closed(one) for one in found[key]]
    if found.get("type") == "object" and "properties" in found and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


def defaults(schema: Any, value: Any) -> None:
    """Fill in a schema's defaults, as the server does."""
    if isinstance(value, dict):
        for name, one in (schema or {}).get("properties", {}).items():
            if name not in value and "default" in one:
                value[name] = copy.deepcopy(one["default"])
            if name in value:
                defaults(one, value[name])
    elif isinstance(value, list):
        for one in value:
            defaults((schema or {}).get("items"), one)


def leaves(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The fields that managers own: everything but objects with fields of their own. Lists are atomic."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from leaves(one, (*at, key))
    else:
        yield at, value


class StandIn:
    """The server; `transport()` speaks HTTP for it. `log` holds what was asked of it."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.managers: dict[str, dict[str, set[tuple[str, ...]]]] = {}
        self.version = 100
        self.log: list[tuple[str, str]] = []
        self.writes = 0
        self.is_away = False
        self.expire_next_page = False
        self.slow_endings: dict[str, int] = {}  # path -> how many more looks until it is gone
        self.before_write: Any = None  # called before every write: a test's foot in the door

    # For tests: what others do.

    def put(self, collection: str, body: dict[str, Any]) -> dict[str, Any]:
        """Somebody makes or replaces an object."""
        path = self._path(collection, body["metadata"].get("namespace"), body["metadata"]["name"])
        found = self.stored.get(path)
        made = copy.deepcopy(body)
        made["metadata"].setdefault("uid", found["metadata"]["uid"] if found else f"uid-{self.version}")
        self.version += 1
        made["metadata"]["resourceVersion"] = str(self.version)
        changed = {at for at, value in leaves(made) if found is None or dict(leaves(found)).get(at) != value}
        owners = self.managers.setdefault(path, {})
        for owned in owners.values():
            owned -= changed
        owners.setdefault("kubectl-edit", set()).update(changed)
        self.stored[path] = made
        return made

    def edit(self, path: str, change) -> None:
        """Somebody edits an object by hand."""
        body = copy.deepcopy(self.stored[path])
        change(body)
        collection, namespace, _ = self._split(path)
        assert body["metadata"].get("namespace") == namespace
        self.put(collection, body)

    def drop(self, path: str) -> None:
        """Somebody deletes an object."""
        self._gone(path)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    # The server.

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("refused", request=request)
        self.log.append((request.method, request.url.path))
        try:
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refused(401, "Unauthorized", "Unauthorized")
            body = json.loads(request.content) if request.content else None
            return httpx.Response(200, json=self._route(request, dict(request.url.params), body))
        except Refused as error:
            status = {"kind": "Status", "code": error.code, "reason": error.reason, "message": error.message}
            return httpx.Response(error.code, json=status)

    def _route(self, request: httpx.Request, query: dict[str, str], body: Any) -> dict[str, Any]:
        path = request.url.path
        if path in COLLECTIONS:
            return self._list(path, query)
        collection, namespace, name = self._split(path)
        if request.method == "GET":
            return self._look(path)
        if self.before_write is not None:
            self.before_write(request.method, path)
        self.writes += 1
        if request.method == "DELETE":
            return self._delete(path)
        if body["metadata"].get("name", name) != name or body["metadata"].get("namespace", namespace) != namespace:
            raise Refused(400, "BadRequest", "the name of the object does not match the name on the URL")
        kind = request.headers["Content-Type"]
        if kind == "application/merge-patch+json":
            return self._merge(path, body)
        assert kind == "application/apply-patch+yaml", kind
        return self._apply(path, collection, namespace, body, query)

    def _list(self, collection: str, query: dict[str, str]) -> dict[str, Any]:
        plural = collection.rpartition("/")[2]
        start = collection.removesuffix(plural)
        found = [
            self._view(path)
            for path in sorted(self.stored)
            if path.startswith(start) and path.rpartition("/")[0].endswith(f"/{plural}")
        ]
        wanted = query.get("labelSelector", "")
        if wanted:
            key, _, value = wanted.partition("=")
            labels = [one["metadata"].get("labels") or {} for one in found]
            found = [o for o, has in zip(found, labels, strict=True) if key in has and (not value or has[key] == value)]
        first, limit = int(query.get("continue") or 0), min(int(query.get("limit") or 500), 3)  # small pages on purpose
        if first and self.expire_next_page:
            self.expire_next_page = False
            raise Refused(410, "Expired", "The provided continue parameter is too old")
        page, after = found[first : first + limit], first + limit
        for one in page:  # as real servers do for kinds of their own
            if one["kind"] in CORE:
                del one["kind"], one["apiVersion"]
        metadata = {"resourceVersion": str(self.version), **({"continue": str(after)} if after < len(found) else {})}
        return {"kind": "List", "metadata": metadata, "items": page}

    def _look(self, path: str) -> dict[str, Any]:
        if path in self.slow_endings:
            self.slow_endings[path] -= 1
            if self.slow_endings[path] < 0:
                self._gone(path)
        if path not in self.stored:
            raise Refused(404, "NotFound", f"{path} not found")
        return self._view(path)

    def _view(self, path: str) -> dict[str, Any]:
        return copy.deepcopy(self.stored[path])

    def _delete(self, path: str) -> dict[str, Any]:
        if path not in self.stored:
            raise Refused(404, "NotFound", f"{path} not found")
        self.stored[path]["metadata"]["deletionTimestamp"] = "2026-03-01T00:00:00Z"
        self.slow_endings.setdefault(path, 1)
        return {"kind": "Status", "status": "Success"}

    def _gone(self, path: str) -> None:
        self.slow_endings.pop(path, None)
        self.stored.pop(path, None)
        self.managers.pop(path, None)
        if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
            for inside in [one for one in self.stored if f"/namespaces/{path.rpartition('/')[2]}/" in one]:
                self._gone(inside)

    def _merge(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self.stored.get(path)
        if found is None:
            raise Refused(404, "NotFound", f"{path} not found")
        self._check_version(found, body)
        merged = copy.deepcopy(found)
        _merged(merged, body)
        return self._store(path, found, merged)

    def _apply(self, path, collection, namespace, body, query) -> dict[str, Any]:
        manager = query["fieldManager"]
        kind, _ = COLLECTIONS[collection]
        if body.get("kind") != kind:
            raise Refused(400, "BadRequest", f"kind {body.get('kind')} is not {kind}")
        if namespace is not None:
            home = self.stored.get(f"/api/v1/namespaces/{namespace}")
            if home is None:
                raise Refused(404, "NotFound", f'namespaces "{namespace}" not found')
            if "deletionTimestamp" in home["metadata"]:
                raise Refused(403, "Forbidden", f"namespace {namespace} is being terminated")
        found = self.stored.get(path)
        if found is None and "resourceVersion" in body["metadata"]:
            raise Refused(409, "Conflict", "resourceVersion given for an object that does not exist")
        if found is not None:
            self._check_version(found, body)
        applied = {at: v for at, v in leaves(body) if at not in _FIXED}
        owners = self.managers.setdefault(path, {})
        there = dict(leaves(found)) if found else {}
        for other, owned in owners.items():
            clash = sorted(at for at in owned if other != manager and at in applied and applied[at] != there.get(at))
            if clash and query.get("force") != "true":
                raise Refused(409, "Conflict", f'conflict with "{other}": {".".join(clash[0])}')
            owned -= set(clash)
        made = copy.deepcopy(found) if found else {"apiVersion": body["apiVersion"], "kind": kind, "metadata": {}}
        for at in owners.get(manager, set()) - set(applied):
            if not any(at in owned for other, owned in owners.items() if other != manager):
                _unset(made, at)
        for at, value in applied.items():
            _put(made, at, copy.deepcopy(value))
        made["metadata"].update(
            {key: body["metadata"][key] for key in ("name", "namespace") if key in body["metadata"]}
        )
        owners[manager] = set(applied)
        return self._store(path, found, made)

    def _check_version(self, found: dict[str, Any], body: dict[str, Any]) -> None:
        asked = body["metadata"].get("resourceVersion")
        if asked is not None and asked != found["metadata"]["resourceVersion"]:
            raise Refused(
                409, "Conflict", "the object has been modified; please apply your changes to the latest version"
            )

    def _store(self, path: str, found: dict[str, Any] | None, made: dict[str, Any]) -> dict[str, Any]:
        kind = made["kind"]
        schema = schema_of(kind)
        defaults(schema, made)
        if schema is not None:
            faults = sorted(validator_of(kind).iter_errors(made), key=str)
            if faults:
                raise Refused(422, "Invalid", f"{kind}: {faults[0].json_path}: {faults[0].message[:200]}")
        fixed = IMMUTABLE.get(kind)
        if found is not None and fixed and _at(found, fixed) != _at(made, fixed):
            raise Refused(422, "Invalid", f"{kind}: {'.'.join(fixed)}: field is immutable")
        made["metadata"].setdefault("uid", f"uid-{self.version}")
        if found is None or _bare(found) != _bare(made):
            self.version += 1
            made["metadata"]["resourceVersion"] = str(self.version)
            self.stored[path] = made
        return self._view(path)

    def _path(self, collection: str, namespace: str | None, name: str) -> str:
        start, _, plural = collection.rpartition("/")
        return f"{start}/namespaces/{namespace}/{plural}/{name}" if namespace else f"{collection}/{name}"

    def _split(self, path: str) -> tuple[str, str | None, str]:
        for collection, (_, is_namespaced) in COLLECTIONS.items():
            start, _, plural = collection.rpartition("/")
            if not is_namespaced and path.startswith(f"{collection}/") and path.count("/") == collection.count("/") + 1:
                return collection, None, path.rpartition("/")[2]
            parts = path.removeprefix(f"{start}/namespaces/").split("/")
            if is_namespaced and path.startswith(f"{start}/namespaces/") and len(parts) == 3 and parts[1] == plural:
                return collection, parts[0], parts[2]
        raise Refused(404, "NotFound", f"the server could not find the requested resource {path}")


_FIXED = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"), ("metadata", "resourceVersion")}


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadata": {key: one for key, one in body["metadata"].items() if key != "resourceVersion"}}


def _at(body: Any, at: tuple[str, ...]) -> Any:
    for key in at:
        body = (body or {}).get(key)
    return body


def _put(body: dict[str, Any], at: tuple[str, ...], value: Any) -> None:
    for key in at[:-1]:
        body = body.setdefault(key, {})
    body[at[-1]] = value


def _unset(body: dict[str, Any], at: tuple[str, ...]) -> None:
    for key in at[:-1]:
        body = body.get(key) or {}
    body.pop(at[-1], None)


def _merged(found: dict[str, Any], patch: dict[str, Any]) -> None:
    """RFC 7396."""
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(found.get(key), dict):
                found[key] = {}
            _merged(found[key], value)
        else:
            found[key] = value
