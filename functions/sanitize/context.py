"""What a rule must know of the snapshot beyond the one object before it, and what a rule is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kubestandby.resources import GVK, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotContext:
    """Facts about the rest of the snapshot; all empty for an object by itself.

    Attributes:
        status_is_data: custom resources of these versions have no status subresource: their `status` is data.
        identities: (group, kind, namespace, name) of every object in the snapshot.
        pods: (namespace, name) of the Pods in the snapshot.
        left_out_volumes: names of the PersistentVolumes that are provisioned anew on the standby.
        bound_claims: (namespace, name) of the claims that cross with their volumes, and the transform that says so.
        bound_volumes: names of these volumes, and the transform.
    """

    status_is_data: frozenset[GVK] = frozenset()
    identities: frozenset[tuple[str, str, str, str]] = frozenset()
    pods: frozenset[tuple[str, str]] = frozenset()
    left_out_volumes: frozenset[str] = frozenset()
    bound_claims: Mapping[tuple[str, str], str] = field(default_factory=dict)
    bound_volumes: Mapping[str, str] = field(default_factory=dict)


Rule = Callable[[Manifest, SnapshotContext], Manifest | None]
"""Returns the manifest itself where it does nothing, a changed one, or None: the object is left out."""
