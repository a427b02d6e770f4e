"""Rules for Pods that nobody controls; those that a controller owns, or that have ended, are not in a snapshot.

Admission and the scheduler fill a Pod in when it is created; on the standby they do it again. Pod templates are left
as their authors wrote them (`rules_workloads` has what little concerns them).
"""

import re
from collections.abc import Sequence
from typing import Any

from kubestandby.resources import Manifest

from .authorship import Authorship
from .context import SnapshotContext
from .fields import EACH, Fields, edited, fields_at, items_at, sifted, text_at, without
from .rules_metadata import without_annotations

RANDOM_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}"
"""What the server appends to a generated name (k8s.io/apimachinery/pkg/util/rand, `alphanums`)."""

_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path, not a password
_API_ACCESS = re.compile(f"kube-api-access-{RANDOM_SUFFIX}")
_API_ACCESS_SOURCES = {"serviceAccountToken", "configMap", "downwardAPI"}
_CLUSTER_CA = ("kube-root-ca.crt", "openshift-service-ca.crt")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_NETWORK_STATE = (
    "cni.projectcalico.org/containerID",
    "cni.projectcalico.org/podIP",
    "cni.projectcalico.org/podIPs",
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status",
    "k8s.ovn.org/pod-networks",
)


def clear_node_name(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The standby's scheduler chooses a node, unless the author did.

    Source: PodSpec.nodeName. The scheduler sets it through the `binding` subresource, which nobody comes to own.
    """
    node = text_at(manifest, "spec", "nodeName")
    if not node or Authorship.of(manifest).is_authored(node, "spec", "nodeName"):
        return manifest
    return _without_spec(manifest, "nodeName")


def clear_priority(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Admission computes both from the PriorityClass and refuses a value that differs from its own.

    Source: PodSpec.priority, preemptionPolicy; admission plugin Priority.
    """
    return _without_spec(manifest, "priority", "preemptionPolicy")


def clear_overhead(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Source: PodSpec.overhead: "autopopulated by the RuntimeClass admission controller", "must not be set"."""
    return _without_spec(manifest, "overhead")


def drop_token_volumes(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Volumes of service-account tokens that admission put in, and their mounts in containers of every sort.

    Source: admission plugin ServiceAccount: `kube-api-access-xxxxx` (projected), before Kubernetes 1.21
    `<service account>-token-xxxxx` (a Secret). Told by name and content: an author's own volume of a like name stays.
    """
    volumes = items_at(manifest, "spec", "volumes")
    account = text_at(manifest, "spec", "serviceAccountName") or "default"
    injected = {volume["name"] for volume in volumes if _is_token_volume(volume, account)}
    if not injected:
        return manifest
    manifest = sifted(manifest, ("spec", "volumes"), lambda volume: volume.get("name") not in injected)
    for kind in _CONTAINERS:
        mounts = ("spec", kind, EACH, "volumeMounts")
        manifest = sifted(manifest, mounts, lambda mount: not _is_token_mount(mount, injected))
    return manifest


def drop_default_tolerations(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The two that admission adds to a Pod which says nothing about these taints; the standby has its own default.

    Source: admission plugin DefaultTolerationSeconds. Tolerations are one atomic list, so `managedFields` cannot tell
    an author's from an added one: exactly these two are dropped unless `kubectl apply` was given them. Only at the
    end of the list, where admission puts them: from its middle (a RuntimeClass appended its own later) they would come
    back in another order.
    """
    author = Authorship.of(manifest)
    if not author.served:
        return manifest
    authored = items_at(author.last_applied, "spec", "tolerations")
    kept = found = items_at(manifest, "spec", "tolerations")
    for toleration in reversed(_DEFAULT_TOLERATIONS):
        if kept and kept[-1] == toleration and toleration not in authored:
            kept = kept[:-1]
    if kept is found:
        return manifest
    return edited(manifest, ("spec",), lambda spec: {**without(spec, "tolerations"), **_named("tolerations", kept)})


def drop_merged_selectors(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """What the server wrote into label selectors for `matchLabelKeys`; on the standby it does so again.

    It refuses a Pod whose selector has such a key already, so that no author can have written one.

    Source: PodAffinityTerm.matchLabelKeys, mismatchLabelKeys: "the keys are used to lookup values from the incoming pod
    labels, those key-value labels are merged with `labelSelector`"; TopologySpreadConstraint.matchLabelKeys likewise
    since 1.34.
    """
    for path in _SELECTING:
        manifest = edited(manifest, path, _without_merged)
    return manifest


def drop_ephemeral_containers(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Somebody's debugging session; a Pod cannot be created with one.

    Source: PodSpec.ephemeralContainers: "cannot be specified when creating a pod".
    """
    return _without_spec(manifest, "ephemeralContainers")


def drop_network_state(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Addresses and sandboxes that network plugins noted on the Pod: they are the primary's.

    Source: annotations of Calico, of the Network Plumbing Working Group's status specification, of OVN-Kubernetes.
    """
    return without_annotations(manifest, *_NETWORK_STATE)


_SELECTING = (
    ("spec", "topologySpreadConstraints", EACH),
    *(
        ("spec", "affinity", kind, *path)
        for kind in ("podAffinity", "podAntiAffinity")
        for path in (
            ("requiredDuringSchedulingIgnoredDuringExecution", EACH),
            ("preferredDuringSchedulingIgnoredDuringExecution", EACH, "podAffinityTerm"),
        )
    ),
)
"""Where a PodSpec has a label selector with keys beside it."""


def _without_merged(term: Fields) -> Fields:
    keys = {*(term.get("matchLabelKeys") or ()), *(term.get("mismatchLabelKeys") or ())}
    selector = fields_at(term, "labelSelector")
    expressions = items_at(selector, "matchExpressions")
    kept = [expression for expression in expressions if expression.get("key") not in keys]
    if len(kept) == len(expressions):
        return term
    return {**term, "labelSelector": {**without(selector, "matchExpressions"), **_named("matchExpressions", kept)}}


def _default_toleration(condition: str) -> dict[str, Any]:
    key = f"node.kubernetes.io/{condition}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


_DEFAULT_TOLERATIONS = (_default_toleration("not-ready"), _default_toleration("unreachable"))


def _is_token_volume(volume: Fields, account: str) -> bool:
    name = text_at(volume, "name")
    if _API_ACCESS.fullmatch(name):
        sources = items_at(volume, "projected", "sources")
        return any("serviceAccountToken" in s for s in sources) and all(_is_api_access(s) for s in sources)
    return is_token_name(name, account, "token") and fields_at(volume, "secret").get("secretName") == name


def _is_api_access(source: Fields) -> bool:
    if "configMap" in source:
        return text_at(source, "configMap", "name") in _CLUSTER_CA
    return source.keys() <= _API_ACCESS_SOURCES


def _is_token_mount(mount: Fields, volumes: set[str]) -> bool:
    return mount.get("name") in volumes and mount.get("mountPath") == _TOKEN_PATH


def is_token_name(name: str, account: str, kind: str) -> bool:
    """Whether this is the generated name of a Secret of this service account: `<account>-<kind>-xxxxx`.

    Source: k8s.io/apiserver/pkg/storage/names: at most 63 characters, the last five of them random.
    """
    prefix = f"{account}-{kind}-"[:58]
    return name.startswith(prefix) and re.fullmatch(RANDOM_SUFFIX, name[len(prefix) :]) is not None


def _named(name: str, items: Sequence[Fields]) -> Fields:
    """The list under its name; nothing where it is empty."""
    return {name: list(items)} if items else {}


def _without_spec(manifest: Manifest, *names: str) -> Manifest:
    return edited(manifest, ("spec",), lambda spec: without(spec, *names))


POD_RULES = (
    clear_node_name,
    clear_priority,
    clear_overhead,
    drop_token_volumes,
    drop_default_tolerations,
    drop_merged_selectors,
    drop_ephemeral_containers,
    drop_network_state,
)
