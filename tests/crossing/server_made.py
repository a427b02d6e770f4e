"""What a server or a controller of Kubernetes writes into objects, whoever authored them: API reference, no more."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.crossing.reading import Key, Manifest

Path = tuple[str, ...]
EACH = "[]"
GroupKind = tuple[str, str]

METADATA = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
"""ObjectMeta: each "populated by the system" and read-only."""

_PORTS = ("spec", "ports", EACH)
_ANNOTATIONS, _LABELS = ("metadata", "annotations"), ("metadata", "labels")
_JOB_TEMPLATE_LABELS = ("spec", "template", "metadata", "labels")
_JOB_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")

FIELDS: Mapping[GroupKind, tuple[Path, ...]] = {
    # ServiceSpec: allocated, "usually assigned automatically".
    ("", "Service"): (
        ("spec", "clusterIP"),
        ("spec", "clusterIPs"),
        ("spec", "ipFamilies"),
        ("spec", "ipFamilyPolicy"),
        ("spec", "healthCheckNodePort"),
        (*_PORTS, "nodePort"),
    ),
    # PodSpec.nodeName: by the scheduler.
    ("", "Pod"): (("spec", "nodeName"),),
    # Notes of binder, scheduler and provisioner (k8s.io/component-helpers/storage/volume).
    ("", "PersistentVolumeClaim"): (
        (*_ANNOTATIONS, "pv.kubernetes.io/bind-completed"),
        (*_ANNOTATIONS, "pv.kubernetes.io/bound-by-controller"),
        (*_ANNOTATIONS, "volume.beta.kubernetes.io/storage-provisioner"),
        (*_ANNOTATIONS, "volume.kubernetes.io/storage-provisioner"),
        (*_ANNOTATIONS, "volume.kubernetes.io/selected-node"),
    ),
    ("", "PersistentVolume"): (
        ("spec", "claimRef", "uid"),
        ("spec", "claimRef", "resourceVersion"),
        (*_ANNOTATIONS, "pv.kubernetes.io/bound-by-controller"),
    ),
    ("apps", "Deployment"): ((*_ANNOTATIONS, "deployment.kubernetes.io/revision"),),
    ("apps", "DaemonSet"): ((*_ANNOTATIONS, "deprecated.daemonset.template.generation"),),
    # JobSpec.selector and manualSelector: generated from the UID, as are labels.
    ("batch", "Job"): (
        ("spec", "selector"),
        *((*_JOB_TEMPLATE_LABELS, label) for label in _JOB_LABELS),
        *((*_LABELS, label) for label in _JOB_LABELS),
    ),
}

TOKEN_FIELDS: tuple[Path, ...] = (
    ("data", "token"),
    ("data", "ca.crt"),
    ("data", "namespace"),
    (*_ANNOTATIONS, "kubernetes.io/service-account.uid"),
    (*_LABELS, "kubernetes.io/legacy-token-last-used"),
)
"""Of a Secret of type kubernetes.io/service-account-token: the token controller's."""

_TOKEN_VOLUME = re.compile(r"kube-api-access-[a-z0-9]{5}")


def without_server_made(item: Manifest, authored: Manifest) -> Manifest:
    """The object but for what a server has set; what the author has set stays, wherever it is. Changes `item`."""
    for name in METADATA:
        item["metadata"].pop(name, None)
    for path in _paths(item):
        _forget(item, authored, path)
    if (item["apiVersion"], item["kind"]) == ("v1", "Pod"):
        _forget_token_volumes(item, authored)
    if not item["metadata"].get("annotations"):
        item["metadata"].pop("annotations", None)
    if not item["metadata"].get("labels"):
        item["metadata"].pop("labels", None)
    return item


def is_controller_made(key: Key, cluster: Mapping[Key, Manifest]) -> bool:
    """Whether controllers of the cluster itself have made the object, from others that are in it."""
    item = cluster[key]
    uids = {found["metadata"]["uid"] for found in cluster.values()}
    owners = item["metadata"].get("ownerReferences", ())
    if any(owner.get("controller") and owner["uid"] in uids for owner in owners):
        return True
    maker = _MAKERS.get((key.group, key.kind))
    return maker is not None and maker(key, item, cluster)


def _paths(item: Manifest) -> Iterator[Path]:
    kind = (item["apiVersion"].rpartition("/")[0], item["kind"])
    yield from FIELDS.get(kind, ())
    if kind == ("", "Secret") and item.get("type") == "kubernetes.io/service-account-token":
        yield from TOKEN_FIELDS


def _forget(item: Any, authored: Any, path: Path) -> None:
    """Takes out the field at the path where the author wrote none; items of lists correspond by their place."""
    first, rest = path[0], path[1:]
    if first == EACH:
        for place, inner in enumerate(item if isinstance(item, list) else ()):
            written = isinstance(authored, list) and place < len(authored)
            _forget(inner, authored[place] if written else None, rest)
    elif isinstance(item, dict) and first in item:
        below = authored.get(first) if isinstance(authored, dict) else None
        if rest:
            _forget(item[first], below, rest)
        elif below is None:
            del item[first]


def _forget_token_volumes(pod: Manifest, authored: Manifest) -> None:
    """Admission plugin ServiceAccount puts a volume of a random name into each Pod, and mounts it everywhere."""
    written = {volume["name"] for volume in authored.get("spec", {}).get("volumes", ())}

    def is_token(name: str) -> bool:
        return bool(_TOKEN_VOLUME.fullmatch(name)) and name not in written

    spec = pod["spec"]
    spec["volumes"] = [volume for volume in spec.get("volumes", ()) if not is_token(volume["name"])]
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        container["volumeMounts"] = [m for m in container.get("volumeMounts", ()) if not is_token(m["name"])]


def _of_a_stateful_set(key: Key, _: Manifest, cluster: Mapping[Key, Manifest]) -> bool:
    """Claims from volumeClaimTemplates: `<template>-<set>-<ordinal>`; nobody owns them."""
    sets = [item for found, item in cluster.items() if found.kind == "StatefulSet" and found.namespace == key.namespace]
    names = (
        f"{template['metadata']['name']}-{item['metadata']['name']}"
        for item in sets
        for template in item["spec"].get("volumeClaimTemplates", ())
    )
    return any(re.fullmatch(rf"{re.escape(name)}-\d+", key.name) for name in names)


def _labelled(name: str) -> Callable[[Key, Manifest, Mapping[Key, Manifest]], bool]:
    def judge(_key: Key, item: Manifest, _cluster: Mapping[Key, Manifest]) -> bool:
        return name in item["metadata"].get("labels", {})

    return judge


def _is_slice_of_a_controller(_key: Key, item: Manifest, _cluster: Mapping[Key, Manifest]) -> bool:
    manager = item["metadata"].get("labels", {}).get("endpointslice.kubernetes.io/managed-by", "")
    return manager in ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def _is_provisioned(_key: Key, item: Manifest, _cluster: Mapping[Key, Manifest]) -> bool:
    return "pv.kubernetes.io/provisioned-by" in item["metadata"].get("annotations", {})


def _always(_key: Key, _item: Manifest, _cluster: Mapping[Key, Manifest]) -> bool:
    return True


_MAKERS: Mapping[GroupKind, Callable[[Key, Manifest, Mapping[Key, Manifest]], bool]] = {
    ("", "ConfigMap"): lambda key, _item, _cluster: key.name == "kube-root-ca.crt",
    ("", "ServiceAccount"): lambda key, _item, _cluster: key.name == "default",
    ("", "Endpoints"): _labelled("endpoints.kubernetes.io/managed-by"),
    ("", "Event"): _always,
    ("", "PersistentVolume"): _is_provisioned,
    ("", "PersistentVolumeClaim"): _of_a_stateful_set,
    ("events.k8s.io", "Event"): _always,
    ("discovery.k8s.io", "EndpointSlice"): _is_slice_of_a_controller,
    ("apiregistration.k8s.io", "APIService"): _labelled("kube-aggregator.kubernetes.io/automanaged"),
    ("networking.k8s.io", "IPAddress"): _labelled("ipaddress.kubernetes.io/managed-by"),
}
