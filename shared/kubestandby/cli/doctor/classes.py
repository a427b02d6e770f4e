"""Which storage and ingress classes a standby must have: those that transforms lead to, and that objects name. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubestandby.groups import ProtectionGroup, Site
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshots import SnapshotIndex
from kubestandby.transforms import IngressClassTransform, StorageClassTransform

STORAGE, INGRESS = "StorageClass", "IngressClass"
KINDS = {STORAGE: "storage.k8s.io", INGRESS: "networking.k8s.io"}
NAMING = frozenset(
    {("", "PersistentVolumeClaim"), ("apps", "StatefulSet"), ("networking.k8s.io", "Ingress")},
)
"""Kinds whose objects name one."""

_OLD_INGRESS = "kubernetes.io/ingress.class"
_TRANSFORM_OF: Mapping[str, type[StorageClassTransform | IngressClassTransform]] = {
    STORAGE: StorageClassTransform,
    INGRESS: IngressClassTransform,
}


def named_classes(
    group: ProtectionGroup, site: Site, index: SnapshotIndex | None, objects: Iterable[Manifest]
) -> Mapping[str, Mapping[str, str]]:
    """For each kind of class, every name with one object that uses it ("": a transform leads to it, nothing uses it).

    Classes that the snapshot brings along are left out.
    """
    found: dict[str, dict[str, str]] = {kind: dict.fromkeys(_targets(group, site, kind), "") for kind in KINDS}
    for manifest in objects:
        for kind, name in _named_by(manifest):
            found[kind][name] = found[kind].get(name) or str(ObjectRef.of(manifest))
    brought = {(entry.ref.gvk.kind, entry.ref.name) for entry in index.entries} if index else set()
    return {
        kind: {name: by for name, by in names.items() if (kind, name) not in brought} for kind, names in found.items()
    }


def _targets(group: ProtectionGroup, site: Site, kind: str) -> Iterator[str]:
    for transform in group.transforms_to(site.name):
        if isinstance(transform, _TRANSFORM_OF[kind]):
            yield from transform.names.values()


def _named_by(manifest: Manifest) -> Iterator[tuple[str, str]]:
    kind, spec = manifest.get("kind"), _mapping(manifest.get("spec"))
    if kind == "PersistentVolumeClaim":
        yield from _storage(spec)
    elif kind == "StatefulSet":
        for claim in spec.get("volumeClaimTemplates") or ():
            yield from _storage(_mapping(_mapping(claim).get("spec")))
    elif kind == "Ingress":
        annotations = _mapping(_mapping(manifest.get("metadata")).get("annotations"))
        name = spec.get("ingressClassName") or annotations.get(_OLD_INGRESS)
        if isinstance(name, str) and name:
            yield INGRESS, name


def _storage(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A claim that is bound by name to its volume needs no class that is there."""
    name = spec.get("storageClassName")
    if isinstance(name, str) and name and not spec.get("volumeName"):
        yield STORAGE, name


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
