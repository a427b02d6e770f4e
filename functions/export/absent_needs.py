"""What the objects of an import name and no file holds: whoever imports should know before a workload waits for it.

The playbook's script, for one, takes no PriorityClass, StorageClass, IngressClass or RuntimeClass along. Pure.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from kubestandby.transforms import (
    ClaimTransform,
    IngressClassTransform,
    StorageClassTransform,
    Transform,
    VolumePolicy,
)

from .cluster_roles import SERVERS_OWN
from .references import CLUSTER_ROLE, INGRESS_CLASS, PERSISTENT_VOLUME, PRIORITY_CLASS, STORAGE_CLASS, Need

_EVERYWHERE = frozenset(Need(*CLUSTER_ROLE, name) for name in ("cluster-admin", *SERVERS_OWN))
"""What every API server makes itself (kubernetes.io: default roles), beside the names in `_OF_THE_SYSTEM`."""

_OF_THE_SYSTEM: Mapping[tuple[str, str], str] = {CLUSTER_ROLE: "system:", PRIORITY_CLASS: "system-"}
_PROVISIONED = "pvc-"
"""Volumes that a provisioner has named (kubernetes-csi/external-provisioner, `--volume-name-prefix`): made anew."""


def absent_from(held: Callable[[Need], bool], needs: Collection[Need], transforms: Sequence[Transform]) -> list[Need]:
    """The needs that are not held, sorted, but for what any cluster has or makes, and classes that are renamed."""
    at_hand = {**_OF_THE_SYSTEM} if _binds(transforms) else {**_OF_THE_SYSTEM, PERSISTENT_VOLUME: _PROVISIONED}
    others = _EVERYWHERE | _renamed_classes(transforms)
    missed = (need for need in needs if need not in others and not held(need))
    return sorted(need for need in missed if not _begins_as_one_of(need, at_hand))


def _begins_as_one_of(need: Need, prefixes: Mapping[tuple[str, str], str]) -> bool:
    prefix = prefixes.get((need.group, need.kind))
    return prefix is not None and need.name.startswith(prefix)


def _binds(transforms: Sequence[Transform]) -> bool:
    """Whether claims cross with their volumes: then a volume is needed whoever has made it."""
    return any(isinstance(item, ClaimTransform) and item.policy is VolumePolicy.BIND for item in transforms)


def _renamed_classes(transforms: Sequence[Transform]) -> frozenset[Need]:
    kinds = {StorageClassTransform: STORAGE_CLASS, IngressClassTransform: INGRESS_CLASS}
    return frozenset(
        Need(*kinds[type(transform)], name)
        for transform in transforms
        if isinstance(transform, StorageClassTransform | IngressClassTransform)
        for name in transform.names
    )
