"""Which of the standby's types each object of a snapshot is: by group and kind, in a version that both know. Pure.

The standby may prefer another version of an API than the primary did, may serve only another one, or may lack the kind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubestandby.ports import Discovery
from kubestandby.resources import GVK, Manifest, ObjectRef, ResourceType

from .plans import GroupKind
from .references import child, children
from .waves import CRD


@dataclass(frozen=True, slots=True)
class Resolved:
    """A kind of the snapshot on the standby. `note` is for the operator, "" where the version is the same."""

    resource: ResourceType
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A kind that the standby does not have, and why."""

    reason: str


class Resolver:
    """Finds types. Definitions in the snapshot count as served: they are applied before what they define."""

    def __init__(self, discovery: Discovery, definitions: Iterable[Manifest]) -> None:
        self._failures = discovery.failures
        self._served = discovery.served
        self._types: Mapping[GroupKind, ResourceType] = {t.gvk.group_kind: t for t in reversed(discovery.types)}
        self._defined = {t.gvk.group_kind: (t, versions) for t, versions in map(_defined_type, definitions)}

    def is_served_now(self, kind: GroupKind) -> bool:
        """Whether the standby serves the kind already, without a definition from the snapshot."""
        return kind in self._types

    def resolve(self, ref: ObjectRef) -> Resolved | Unresolved:
        """The type of this object: the snapshot's version where that is served, else one that the standby serves."""
        kind, version = ref.gvk.group_kind, ref.gvk.version
        found, versions = self._find(kind)
        if found is None:
            return Unresolved(self._why_missing(ref.gvk))
        if version in versions:
            return Resolved(_at(found, version))
        other = versions[0] if versions else found.gvk.version
        note = f"sent as {_at(found, other).gvk.api_version}: the standby does not serve {ref.gvk.api_version}"
        return Resolved(_at(found, other), note)

    def _find(self, kind: GroupKind) -> tuple[ResourceType | None, tuple[str, ...]]:
        served, live = self._types.get(kind), tuple(self._served.get(kind, ()))
        defined, coming = self._defined.get(kind, (None, ()))
        return served or defined, live + tuple(version for version in coming if version not in live)

    def _why_missing(self, gvk: GVK) -> str:
        for failed, cause in sorted(self._failures.items()):
            if failed in (gvk.group, gvk.api_version):
                return f"the standby's API group {failed} could not be discovered ({cause}); bring its server up"
        return (
            f"the standby serves no kind {gvk.kind} of API group {gvk.group or 'core'}; install what defines it there"
        )


def at_version(manifest: Manifest, resource: ResourceType) -> Manifest:
    """The manifest with the resource's apiVersion. Strict validation finds fields that this version does not have."""
    if manifest.get("apiVersion") == resource.gvk.api_version:
        return manifest
    return {**manifest, "apiVersion": resource.gvk.api_version}


def definitions_among(objects: Iterable[tuple[ObjectRef, Manifest]]) -> list[Manifest]:
    """The CustomResourceDefinitions among the objects."""
    return [manifest for ref, manifest in objects if ref.gvk.group_kind == CRD]


def _at(resource: ResourceType, version: str) -> ResourceType:
    if resource.gvk.version == version:
        return resource
    return replace(resource, gvk=replace(resource.gvk, version=version))


def _defined_type(definition: Manifest) -> tuple[ResourceType, tuple[str, ...]]:
    """The type that a CustomResourceDefinition (apiextensions.k8s.io/v1) defines, and its served versions."""
    spec: Any = definition.get("spec", {})
    versions = tuple(str(version.get("name")) for version in children(spec, "versions") if version.get("served"))
    gvk = GVK(str(child(spec, "group")), versions[0] if versions else "", str(child(spec, "names", "kind")))
    plural = str(child(spec, "names", "plural"))
    return ResourceType(gvk, plural, child(spec, "scope") == "Namespaced"), versions
