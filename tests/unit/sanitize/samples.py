"""Objects as an API server shows them, for the rules to work on."""

import json
from collections.abc import Mapping
from typing import Any

from functions.sanitize.context import SnapshotContext
from functions.sanitize.rules import sanitize

UID = "6f0b7f5e-2f0c-4e0a-9d0d-3f1c8a5e7b21"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Json = dict[str, Any]


def bare(api_version: str, kind: str, name: str = "web", namespace: str = "shop", **fields: Any) -> Json:
    """An object as its author wrote it."""
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place}, **fields}


def served(
    api_version: str,
    kind: str,
    name: str = "web",
    *,
    namespace: str = "shop",
    metadata: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Json:
    """An object with all that the server keeps in its metadata."""
    manifest = bare(api_version, kind, name, namespace, **fields)
    manifest["metadata"] |= {
        "uid": UID,
        "resourceVersion": "70514",
        "generation": 3,
        "creationTimestamp": "2026-11-22T16:50:00Z",
        "managedFields": [manager("kubelet", {"f:status": {}}, subresource="status")],
        **(metadata or {}),
    }
    return manifest


def manager(name: str, fields: Json, operation: str = "Update", **more: Any) -> Json:
    """One entry of managedFields."""
    common = {"apiVersion": "v1", "fieldsType": "FieldsV1", "time": "2026-11-22T16:50:00Z"}
    return {"manager": name, "operation": operation, "fieldsV1": fields, **common, **more}


def applied(configuration: Json) -> Json:
    """The annotation that `kubectl apply` leaves, as metadata."""
    return {"annotations": {LAST_APPLIED: json.dumps(configuration)}}


def clean(manifest: Json, **context: Any) -> Json:
    """The sanitized manifest; fails where the object is left out."""
    done = sanitize(manifest, SnapshotContext(**context))
    assert done.manifest is not None, f"left out by {done.rules}"
    return dict(done.manifest)


def fired(manifest: Json, **context: Any) -> set[str]:
    """The names of the rules that did something, but those that fire for every served object."""
    return set(sanitize(manifest, SnapshotContext(**context)).rules) - {"drop_server_metadata", "drop_managed_fields"}


def is_left_out(manifest: Json, **context: Any) -> bool:
    return sanitize(manifest, SnapshotContext(**context)).manifest is None
