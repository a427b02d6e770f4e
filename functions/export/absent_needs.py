"""What the objects of an import name and no file holds: whoever imports should know before a workload waits for it.

The playbook's script, for one, takes no PriorityClass, StorageClass, IngressClass or RuntimeClass along. Pure.
"""

from collections.abc import Collection, Sequence

from kubestandby.transforms import IngressClassTransform, StorageClassTransform, Transform

from .references import CLUSTER_ROLE, INGRESS_CLASS, PERSISTENT_VOLUME, PRIORITY_CLASS, STORAGE_CLASS, Need

_EVERYWHERE = frozenset(Need(*CLUSTER_ROLE, name) for name in ("cluster-admin", "admin", "edit", "view"))
"""What every API server makes itself (kubernetes.io: default roles), beside the names in `_OF_THE_SYSTEM`."""

_OF_THE_SYSTEM = {CLUSTER_ROLE: "system:", PRIORITY_CLASS: "system-"}
_PROVISIONED = "pvc-"
"""Volumes that a provisioner has named (kubernetes-csi/external-provisioner, `--volume-name-prefix`): made anew."""


def absent_from(held: Collection[Need], needs: Collection[Need], transforms: Sequence[Transform]) -> list[Need]:
    """The needs that are not held, sorted, but for what any cluster has, and classes that a transform renames."""
    renamed = _renamed_classes(transforms)
    return sorted(need for need in needs if need not in held and need not in renamed and not _is_at_hand(need))


def _is_at_hand(need: Need) -> bool:
    kind = need.group, need.kind
    prefix = _PROVISIONED if kind == PERSISTENT_VOLUME else _OF_THE_SYSTEM.get(kind)
    return need in _EVERYWHERE or (prefix is not None and need.name.startswith(prefix))


def _renamed_classes(transforms: Sequence[Transform]) -> set[Need]:
    kinds = {StorageClassTransform: STORAGE_CLASS, IngressClassTransform: INGRESS_CLASS}
    return {
        Need(*kinds[type(transform)], name)
        for transform in transforms
        if isinstance(transform, StorageClassTransform | IngressClassTransform)
        for name in transform.names
    }
