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
        """All types that the group may carry, whether or not it has objects of them today.

        Those that the cluster serves; the snapshot's where it cannot be asked, or does not answer for an API group.
        """
        found = {type_.gvk.group_kind: type_ for type_ in self._in_snapshot if self._is_unanswered(type_.gvk.group)}
        if self.discovery is not None:
            listable = listable_types(self.discovery, group.api_versions, group.exclude_kinds)
            found.update({type_.gvk.group_kind: type_ for type_ in listable})
        return _sorted(group, found)

    def restored(self, group: ProtectionGroup) -> tuple[ResourceType, ...]:
        """Namespaced types that a restore may bring: all of Kubernetes itself, custom ones as the snapshot has them."""
        types = {type_.gvk.group_kind: type_ for type_ in self.carried(group)}
        if self.index is not None:
            held = {entry.ref.gvk.group_kind for entry in self.index.entries}
            custom = {type_.gvk.group_kind: type_ for type_ in self._in_snapshot if type_.gvk.group_kind in held}
            types = {kind: type_ for kind, type_ in types.items() if kind[0] in BUILT_IN_GROUPS or kind in held}
            types.update({kind: type_ for kind, type_ in custom.items() if kind[0] not in BUILT_IN_GROUPS})
        return tuple(type_ for type_ in _sorted(group, types) if type_.namespaced)

    @property
    def _in_snapshot(self) -> tuple[ResourceType, ...]:
        return tuple(_types_in(self.index)) if self.index is not None else ()

    def _is_unanswered(self, api_group: str) -> bool:
        failures = self.discovery.failures if self.discovery is not None else {}
        failed = any(name.partition("/")[0] == (api_group or "core") for name in failures)
        return self.discovery is None or failed

    @property
    def cluster_scoped(self) -> Mapping[ResourceType, tuple[str, ...]]:
        """The cluster-scoped types of the snapshot but namespaces, each with its objects' names."""
        types = {type_.gvk.group_kind: type_ for type_ in self._in_snapshot}
        found: dict[ResourceType, set[str]] = {}
        for entry in self.index.entries if self.index else ():
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


def _sorted(group: ProtectionGroup, types: Mapping[GroupKind, ResourceType]) -> tuple[ResourceType, ...]:
    kept = (type_ for kind, type_ in types.items() if not group.exclude_kinds.holds(*kind))
    return tuple(sorted(kept, key=lambda type_: (type_.gvk.group, type_.plural)))


def _types_in(index: SnapshotIndex) -> Iterator[ResourceType]:
    """The types that the export read; of an older snapshot its objects tell whether a type has namespaces."""
    seen = {entry.ref.gvk.group_kind: bool(entry.ref.namespace) for entry in index.entries}
    for summary in index.types:
        namespaced = summary.namespaced
        if namespaced is None:
            namespaced = seen.get(summary.gvk.group_kind)
        if namespaced is not None:
            yield ResourceType(summary.gvk, summary.plural, namespaced=namespaced)
