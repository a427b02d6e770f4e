"""What a rule must know of the snapshot beyond the one object before it, and what a rule is."""

from collections.abc import Callable
from dataclasses import dataclass

from kubestandby.resources import GVK, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotContext:
    """Facts about the rest of the snapshot; all empty for an object by itself.

    Attributes:
        status_is_data: custom resources of these versions have no status subresource: their `status` is data.
        pods: (namespace, name) of the Pods in the snapshot.
        left_out_volumes: names of the PersistentVolumes that are provisioned anew on the standby.
    """

    status_is_data: frozenset[GVK] = frozenset()
    pods: frozenset[tuple[str, str]] = frozenset()
    left_out_volumes: frozenset[str] = frozenset()


Rule = Callable[[Manifest, SnapshotContext], Manifest | None]
"""Returns the manifest itself where it does nothing, a changed one, or None: the object is left out."""
