"""What is known of a group's types and objects: from a cluster's discovery, and from a snapshot. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubestandby.carried import listable_types
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import Discovery
from kubestandby.resources import BUILT_IN_GROUPS, Manifest, ResourceType
from kubestandby.rights.sensitive import NAMESPACE, GroupKind
from kubestandby.snapshots import SnapshotIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the rights of one group are told from; either of the two may be missing.

    Attributes:
        discovery: of the cluster that the rights are for.
        index: of a snapshot that arrives there, or comes from there.
        access: the snapshot's Roles, ClusterRoles and their bindings.
    """

    discovery: Discovery | None = None
    index: SnapshotIndex | None = None
    access: tuple[Manifest, ...] = ()

    def carried(self, group: ProtectionGroup) -> tuple[ResourceType, ...]:
        """All types that the group may carry, whether or not it has objects of them today."""
        found: dict[GroupKind, ResourceType] = {}
        if self.index is not None:
            found.update({type_.gvk.group_kind: type_ for type_ in _types_in(self.index)})
        if self.discovery is not None:
            listable = listable_types(self.discovery, group.api_versions, group.exclude_kinds)
            found.update({type_.gvk.group_kind: type_ for type_ in listable})
        kept = (type_ for kind, type_ in found.items() if not group.exclude_kinds.holds(*kind))
        return tuple(sorted(kept, key=lambda type_: (type_.gvk.group, type_.plural)))

    def restored(self, group: ProtectionGroup) -> tuple[ResourceType, ...]:
        """Namespaced types that a restore may bring: all of Kubernetes itself, custom ones as the snapshot has them."""
        types = [type_ for type_ in self.carried(group) if type_.namespaced]
        if self.index is None:
            return tuple(types)
        held = {entry.ref.gvk.group_kind for entry in self.index.entries}
        return tuple(type_ for type_ in types if type_.gvk.group in BUILT_IN_GROUPS or type_.gvk.group_kind in held)

    @property
    def cluster_scoped(self) -> Mapping[ResourceType, tuple[str, ...]]:
        """The cluster-scoped types of the snapshot but namespaces, each with its objects' names."""
        if self.index is None:
            return {}
        types = {type_.gvk.group_kind: type_ for type_ in _types_in(self.index)}
        found: dict[ResourceType, set[str]] = {}
        for entry in self.index.entries:
            type_ = types.get(entry.ref.gvk.group_kind)
            if type_ is not None and not entry.ref.namespace and type_.gvk.group_kind != NAMESPACE:
                found.setdefault(type_, set()).add(entry.ref.name)
        return {type_: tuple(sorted(names)) for type_, names in sorted(found.items())}

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that the snapshot has objects in, or is about."""
        entries = self.index.entries if self.index else ()
        named = {entry.ref.name for entry in entries if entry.ref.gvk.group_kind == NAMESPACE}
        return tuple(sorted(named | {entry.ref.namespace for entry in entries if entry.ref.namespace}))

    @property
    def untold(self) -> tuple[str, ...]:
        """Types of which an older snapshot does not tell whether they have namespaces, and nothing else does either."""
        if self.index is None or self.discovery is not None:
            return ()
        told = {type_.gvk.group_kind for type_ in _types_in(self.index)}
        return tuple(f"{one.gvk.kind}.{one.gvk.group}" for one in self.index.types if one.gvk.group_kind not in told)


def _types_in(index: SnapshotIndex) -> Iterator[ResourceType]:
    """The types that the export read; of an older snapshot its objects tell whether a type has namespaces."""
    seen = {entry.ref.gvk.group_kind: bool(entry.ref.namespace) for entry in index.entries}
    for summary in index.types:
        namespaced = summary.namespaced
        if namespaced is None:
            namespaced = seen.get(summary.gvk.group_kind)
        if namespaced is not None:
            yield ResourceType(summary.gvk, summary.plural, namespaced=namespaced)
