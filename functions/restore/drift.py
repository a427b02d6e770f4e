"""What others have set on a live object beside what we set, read from `metadata.managedFields`. Pure.

What the control plane itself writes is no drift, nor is what only ever one cluster can have: allocated addresses,
volumes, certificates that an injector keeps, finalizers and owners, which are promises of the standby's controllers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubestandby.reports import Drift
from kubestandby.resources import FIELD_MANAGER, Manifest, ObjectRef

from .ca_bundles import BUNDLE_PATHS, CA_BUNDLE
from .diffs import shown
from .field_sets import FieldSet, Steps, extras, follow, label, leading
from .plans import GroupKind
from .restarts import RESTART_MANAGER
from .stripping import without

MAX_REPORTED_DRIFT = 10
"""How many fields of one object a report names."""

_OURS = frozenset({FIELD_MANAGER, RESTART_MANAGER})
_CONTROL_PLANE = frozenset(
    {
        "clusterrole-aggregation-controller",
        "k0s",
        "k3s",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
    }
)
"""Field managers of Kubernetes itself: the names of its binaries (and of distributions that are one binary)."""

_CLOUDS = "cloud-controller-manager"
_STORAGE = "csi-"
"""How the names of a cloud's own controllers end, and how those of the storage sidecars begin."""

_DOMAINS = (".kubernetes.io", ".k8s.io")
_PEOPLES_DOMAINS = ("app.kubernetes.io", "kubectl.kubernetes.io")
"""Labels and annotations under Kubernetes' own domains are its components', but for those meant for people."""

_OF_ONE_CLUSTER: Mapping[GroupKind, frozenset[str]] = {
    ("", "Service"): frozenset(
        {"clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy", "nodePort"}
    ),
    ("", "PersistentVolumeClaim"): frozenset({"storageClassName", "volumeMode", "volumeName"}),
    ("", "PersistentVolume"): frozenset({"claimRef"}),
}
"""Fields below `spec` that a server allocates or binds, whoever has sent them back."""


def foreign_fields(ref: ObjectRef, desired: Manifest, live: Manifest) -> tuple[tuple[Steps, str], ...]:
    """The paths that only others have set, each with its manager, in the order of the paths."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    others = [entry for entry in entries if _is_foreign(entry)]
    if not others:
        return ()
    ours = [_set_of(entry) for entry in entries if entry.get("manager") in _OURS]
    found: dict[Steps, str] = {}
    for entry in others:
        for steps in extras(_set_of(entry), ours, desired):
            if not _belongs_to_its_cluster(ref, steps):
                found.setdefault(steps, str(entry.get("manager", "")))
    return tuple((steps, found[steps]) for steps in sorted(leading(live, found)))


def drift(ref: ObjectRef, desired: Manifest, live: Manifest) -> tuple[Drift, ...]:
    """The first of those fields, for a report."""
    return tuple(_told(ref, live, foreign_fields(ref, desired, live)[:MAX_REPORTED_DRIFT]))


def is_touched(live: Manifest) -> bool:
    """Whether others than us and the control plane have set any field of the object."""
    return any(_is_foreign(entry) for entry in live.get("metadata", {}).get("managedFields") or ())


def stripped(ref: ObjectRef, desired: Manifest, live: Manifest) -> dict[str, Any]:
    """The live object without what only others have set; mappings that are left empty go with it."""
    paths = [steps for steps, _ in foreign_fields(ref, desired, live)]
    return dict(without(live, paths, kept=desired))


def _told(ref: ObjectRef, live: Manifest, fields: tuple[tuple[Steps, str], ...]) -> Iterator[Drift]:
    for steps, manager in fields:
        path = label(steps)
        yield Drift(path=path, live=shown(ref, path, follow(live, steps)[1]), manager=manager)


def _is_foreign(entry: Mapping[str, Any]) -> bool:
    manager = str(entry.get("manager", ""))
    if entry.get("subresource") or manager in _OURS or manager in _CONTROL_PLANE:
        return False
    return not manager.endswith(_CLOUDS) and not manager.startswith(_STORAGE)


def _set_of(entry: Mapping[str, Any]) -> FieldSet:
    fields = entry.get("fieldsV1")
    return fields if isinstance(fields, Mapping) else {}


def _belongs_to_its_cluster(ref: ObjectRef, steps: Steps) -> bool:
    names = [element.partition(":")[2] for element in steps]
    if names[0] == "metadata":
        return names[1:2] in (["finalizers"], ["ownerReferences"]) or _is_a_components(names)
    if names[0] == "spec" and not _OF_ONE_CLUSTER.get(ref.gvk.group_kind, frozenset()).isdisjoint(names[1:]):
        return True
    return names[0] == "status" or (names[-1] == CA_BUNDLE and ref.gvk.group_kind in BUNDLE_PATHS)


def _is_a_components(names: list[str]) -> bool:
    if names[1:2] not in (["annotations"], ["labels"]) or len(names) < 3:
        return False
    domain = names[2].rpartition("/")[0]
    return f".{domain}".endswith(_DOMAINS) and domain not in _PEOPLES_DOMAINS
