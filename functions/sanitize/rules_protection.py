"""Finalizers that the control plane of every cluster puts on and takes off by itself.

All other finalizers stay. These would be in nobody's way either, were it not for clusters that lack the controller:
a Service with the finalizer of a load balancer could then never be deleted, nor its namespace.
"""

from kubestandby.resources import Manifest

from .context import SnapshotContext
from .fields import sifted_values

_OF_THE_CONTROL_PLANE = (
    "kubernetes.io/pv-protection",
    "kubernetes.io/pvc-protection",
    "resource.kubernetes.io/delete-protection",
    "service.kubernetes.io/load-balancer-cleanup",
)


def drop_protection_finalizers(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Put on by the standby's own control plane where it needs them.

    Source: admission plugin StorageObjectInUseProtection (`PVProtectionFinalizer`, `PVCProtectionFinalizer`); the
    service controller (k8s.io/cloud-provider/service/helpers, `LoadBalancerCleanupFinalizer`); the scheduler on an
    allocated ResourceClaim (k8s.io/api/resource, `Finalizer`).
    """
    path = ("metadata", "finalizers")
    return sifted_values(manifest, path, lambda finalizer: finalizer not in _OF_THE_CONTROL_PLANE)
