"""Which of the standby's types each object of a snapshot is: by group and kind, in the snapshot's version. Pure.

The standby may prefer another version of an API than the primary did, may serve only others, or may lack the kind. What
an object is in another version only a server can tell, which converts it (versions differ in fields, and in what the
same field means): the one exception is a CustomResourceDefinition that says that its versions do not (conversion
strategy None). So such an object is blocked, and the way out is to export it in a version that the standby serves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubestandby.ports import Discovery
from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest, ObjectRef, ResourceType

from .plans import DesiredObject, GroupKind
from .references import child, children
from .waves import CRD


@dataclass(frozen=True, slots=True)
class Resolved:
    """A kind of the snapshot on the standby.

    Attributes:
        served: whether the standby serves this version now; else a definition of the snapshot makes it do so.
    """

    resource: ResourceType
    served: bool = True


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
        self._definitions = {_defined_type(definition).gvk.group_kind: definition for definition in definitions}
        self._resolved: dict[GVK, Resolved | Unresolved] = {}

    def is_served(self, gvk: GVK) -> bool:
        """Whether the standby serves the kind in this version already."""
        return gvk.version in self._served.get(gvk.group_kind, ())

    def will_serve(self, gvk: GVK) -> bool:
        """Whether the standby serves the kind in this version, or will when the snapshot's definition is there."""
        definition = self._definitions.get(gvk.group_kind)
        return self.is_served(gvk) or (definition is not None and gvk.version in served_versions(definition))

    def type_of(self, kind: GroupKind) -> ResourceType | None:
        """The kind as the standby serves it now, None where it does not."""
        return self._types.get(kind)

    def resolve(self, ref: ObjectRef) -> Resolved | Unresolved:
        """The type of this object, in the snapshot's version."""
        found = self._resolved.get(ref.gvk)
        if found is None:
            found = self._resolved[ref.gvk] = self._resolve(ref.gvk)
        return found

    def _resolve(self, gvk: GVK) -> Resolved | Unresolved:
        live, definition = self._types.get(gvk.group_kind), self._definitions.get(gvk.group_kind)
        if live is not None and self.is_served(gvk):
            return Resolved(live.at(gvk.version))
        if definition is not None and gvk.version in served_versions(definition):
            return Resolved(_defined_type(definition).at(gvk.version), served=False)
        return Unresolved(self._why_missing(gvk) if live is None else self._why_not_in_version(gvk))

    def without_definition(self, item: DesiredObject) -> DesiredObject | Unresolved:
        """The object where its definition in the snapshot does not come into force and the standby has another one.

        Where the definition converts nothing (CustomResourceConversion.strategy None) only the version is another.
        """
        gvk = item.resource.gvk
        live, definition = self._types.get(gvk.group_kind), self._definitions.get(gvk.group_kind, {})
        if live is None:
            return Unresolved(self._why_missing(gvk))
        for version in self._served.get(gvk.group_kind, ()):
            if _converts_nothing(definition, gvk.version, version):
                resource = live.at(version)
                note = f"sent as {resource.gvk.api_version}: the standby does not serve {gvk.api_version}"
                manifest = at_version(item.manifest, resource)
                return replace(item, resource=resource, manifest=manifest, note=note, served=True)
        return Unresolved(self._why_not_in_version(gvk))

    def _why_not_in_version(self, gvk: GVK) -> str:
        served = self._served.get(gvk.group_kind, ())
        said = f"the standby serves {gvk.kind} only as {', '.join(f'{gvk.group}/{version}' for version in served)}, "
        common = self._served_by_both(gvk.group_kind)
        if not common:
            return f"{said}the primary does not; have the standby serve {gvk.api_version}, as the snapshot has it"
        return (
            f"{said}the snapshot has it as {gvk.api_version}, and only the primary's server could convert it; "
            f"{self._way_to(gvk, common[0])}, or import files that are written in {gvk.group}/{common[0]}, or have the "
            f"standby serve {gvk.api_version}"
        )

    def _way_to(self, gvk: GVK, common: str) -> str:
        """What brings the kind here in this version; a kind that brings its definition is not expected to need it."""
        if gvk.group_kind in self._definitions:
            return f"name {gvk.group}/{common} in spec.apiVersions and export again"
        return (
            "export again, which takes a version that both serve, if there is one and spec.apiVersions names no other"
        )

    def _served_by_both(self, kind: GroupKind) -> tuple[str, ...]:
        """What the standby serves and the primary too: by its definition in the snapshot, else it may be any."""
        served = self._served.get(kind, ())
        definition = self._definitions.get(kind)
        return served if definition is None else tuple(v for v in served if v in served_versions(definition))

    def _why_missing(self, gvk: GVK) -> str:
        for failed, cause in sorted(self._failures.items()):
            if failed in (gvk.group, gvk.api_version):
                return f"the standby's API group {failed} could not be discovered ({cause}); bring its server up"
        heir = self._heir(gvk)
        step = f"write it as {heir}, which has taken its place" if heir else "install what defines it there"
        return f"the standby serves no kind {gvk.kind} of API group {gvk.group or 'core'}; {step}"

    def _heir(self, gvk: GVK) -> str:
        """Where Kubernetes has moved a kind that was in the group `extensions`, "" for any other."""
        kinds = (kind for kind in self._types if kind[1] == gvk.kind and kind[0] in BUILT_IN_GROUPS)
        found = min(kinds, default=None) if gvk.group == "extensions" else None
        return self._types[found].gvk.api_version if found else ""


def at_version(manifest: Manifest, resource: ResourceType) -> Manifest:
    """The manifest with the resource's apiVersion. Strict validation finds fields that this version does not have."""
    if manifest.get("apiVersion") == resource.gvk.api_version:
        return manifest
    return {**manifest, "apiVersion": resource.gvk.api_version}


def definitions_among(objects: Iterable[tuple[ObjectRef, Manifest]]) -> list[Manifest]:
    """The CustomResourceDefinitions among the objects."""
    return [manifest for ref, manifest in objects if ref.gvk.group_kind == CRD]


def served_versions(definition: Manifest) -> tuple[str, ...]:
    """The versions that a CustomResourceDefinition has served (apiextensions.k8s.io/v1)."""
    versions = children(definition, "spec", "versions")
    return tuple(str(version.get("name")) for version in versions if version.get("served"))


def _defined_type(definition: Manifest) -> ResourceType:
    """The type that a CustomResourceDefinition defines, in the first of its versions."""
    spec: Any = definition.get("spec", {})
    versions = served_versions(definition)
    gvk = GVK(str(child(spec, "group")), versions[0] if versions else "", str(child(spec, "names", "kind")))
    plural = str(child(spec, "names", "plural"))
    return ResourceType(gvk, plural, child(spec, "scope") == "Namespaced")


def _converts_nothing(definition: Manifest, *wanted: str) -> bool:
    """Whether an object of one of these versions is the same in the others, but for its apiVersion."""
    versions = {str(version.get("name")) for version in children(definition, "spec", "versions")}
    return child(definition, "spec", "conversion", "strategy") in (None, "None") and versions.issuperset(wanted)
