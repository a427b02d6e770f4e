"""Compares two clusters object by object, field by field. Knows the Kubernetes API only, none of our rules.

It reads with kubectl, so that a fault in our own cluster adapter cannot hide itself.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Kubectl = Callable[..., str]
Key = tuple[str, str, str]
"""apiVersion's group, kind, name."""

# What a server sets by itself, whoever wrote the object (API reference: ObjectMeta, and the fields named below).
METADATA_OF_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
ANNOTATIONS_OF_CONTROLLERS = (
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "endpoints.kubernetes.io/last-change-trigger-time",
)
NOT_AUTHORED_KINDS = ("Event", "Lease", "PodMetrics")


def objects_in(kubectl: Kubectl, namespace: str) -> dict[Key, dict[str, Any]]:
    """Every object that somebody authored in the namespace, and the namespace itself."""
    types = kubectl("api-resources", "--namespaced=true", "--verbs=list,get,create", "-o", "name").split()
    listed = json.loads(kubectl("get", ",".join(sorted(types)), "-n", namespace, "-o", "json", "--show-managed-fields"))
    found = {key_of(item): item for item in listed["items"] if _is_authored(item)}
    own = json.loads(kubectl("get", "namespace", namespace, "-o", "json", "--show-managed-fields"))
    return found | {key_of(own): own}


def key_of(item: Mapping[str, Any]) -> Key:
    """Group, kind and name."""
    return item["apiVersion"].rpartition("/")[0], item["kind"], item["metadata"]["name"]


def _is_authored(item: Mapping[str, Any]) -> bool:
    metadata = item["metadata"]
    controlled = any(owner.get("controller") for owner in metadata.get("ownerReferences", ()))
    by_the_cluster = (item["kind"], metadata["name"]) in {
        ("ConfigMap", "kube-root-ca.crt"),
        ("ServiceAccount", "default"),
    }
    mirrored = "endpointslice.kubernetes.io/managed-by" in metadata.get("labels", {})
    from_selector = item["kind"] == "Endpoints" and "endpoints.kubernetes.io/managed-by" in metadata.get("labels", {})
    return not (controlled or by_the_cluster or mirrored or from_selector or item["kind"] in NOT_AUTHORED_KINDS)


def differences(primary: Mapping[Key, Any], standby: Mapping[Key, Any]) -> list[str]:
    """Missing, stray and differing objects, each with the first field that differs; empty where all is equal."""
    missing = [f"missing on the standby: {key}" for key in sorted(primary.keys() - standby.keys())]
    stray = [f"stray on the standby: {key}" for key in sorted(standby.keys() - primary.keys())]
    both = sorted(primary.keys() & standby.keys())
    return missing + stray + [line for key in both for line in _diff(key, primary[key], standby[key])]


def _diff(key: Key, primary: Mapping[str, Any], standby: Mapping[str, Any]) -> Iterable[str]:
    for path, left, right in _walk("", desired_state(primary), desired_state(standby)):
        yield f"{key} differs at {path}: {left!r} on the primary, {right!r} on the standby"


def _walk(path: str, left: Any, right: Any) -> Iterable[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            yield from _walk(f"{path}.{name}", left.get(name), right.get(name))
    elif left != right or type(left) is not type(right):
        yield path, left, right


def desired_state(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what the server, not its author, has set."""
    copy: dict[str, Any] = json.loads(json.dumps(item))
    copy.pop("status", None)
    metadata = copy["metadata"]
    for field in METADATA_OF_THE_SERVER:
        metadata.pop(field, None)
    annotations = metadata.get("annotations", {})
    for name in ANNOTATIONS_OF_CONTROLLERS:
        annotations.pop(name, None)
    if not annotations:
        metadata.pop("annotations", None)
    _FORGET.get(copy["kind"], lambda _: None)(copy)
    return copy


def _forget_allocated_addresses(service: dict[str, Any]) -> None:
    """spec.clusterIP(s) and nodePorts are allocated where the author gave none (API reference: ServiceSpec)."""
    spec = service["spec"]
    if service["apiVersion"] != "v1" or spec.get("clusterIP") == "None":
        return
    spec.pop("clusterIP", None)
    spec.pop("clusterIPs", None)
    for port in spec.get("ports", ()):
        if not 30980 <= port.get("nodePort", 0) <= 30999:  # the range from which the corpus takes its own
            port.pop("nodePort", None)


def _forget_generated_labels(job: dict[str, Any]) -> None:
    """Selector and controller-uid labels are generated (API reference: JobSpec.manualSelector); suspension is ours."""
    job["spec"].pop("selector", None)
    job["spec"].pop("suspend", None)
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        for name in ("controller-uid", "batch.kubernetes.io/controller-uid"):
            metadata.get("labels", {}).pop(name, None)


def _forget_token(secret: dict[str, Any]) -> None:
    """The token controller fills such a Secret (API reference: SecretType kubernetes.io/service-account-token)."""
    if secret.get("type") == "kubernetes.io/service-account-token":
        secret.pop("data", None)
        secret["metadata"]["annotations"].pop("kubernetes.io/service-account.uid", None)
        secret["metadata"].get("labels", {}).pop("kubernetes.io/legacy-token-last-used", None)


def _forget_binding(claim: dict[str, Any]) -> None:
    """A dynamically provisioned volume has another name on each cluster (API reference: volumeName)."""
    if claim["spec"].get("volumeName", "").startswith("pvc-"):
        claim["spec"].pop("volumeName")


_FORGET: dict[str, Callable[[dict[str, Any]], None]] = {
    "Service": _forget_allocated_addresses,
    "Job": _forget_generated_labels,
    "Secret": _forget_token,
    "PersistentVolumeClaim": _forget_binding,
}
