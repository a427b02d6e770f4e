"""Rules for every object, whatever its kind: what the server keeps in `metadata`, and `status`.

Finalizers stay: they are promises that a controller made at the author's wish (`rules_protection` has the few that
the control plane puts on by itself). The annotation `kubectl.kubernetes.io/last-applied-configuration` stays too: it
is what the next `kubectl apply` of the same files compares with, on the standby as on the primary. So does
`generateName`, which an author wrote: beside a name it generates nothing. No rule here looks
below `metadata` and the top-level `status`, so nothing in `data` or in a custom resource's `spec` can be touched.
"""

from kubestandby.resources import GVK, Manifest

from .context import SnapshotContext
from .fields import Fields, edited, fields_at, items_at, text_at, without

_METADATA = ("metadata",)
_LEADER = "control-plane.alpha.kubernetes.io/leader"


def drop_server_metadata(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Identity and history of the object on the primary.

    Source: ObjectMeta.uid, resourceVersion, generation, creationTimestamp, selfLink, each "populated by the system"
    and "read-only".
    """
    return _without_metadata(manifest, "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink")


def drop_deletion_marks(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """A deletion is the primary's affair (ObjectMeta.deletionTimestamp, deletionGracePeriodSeconds, read-only)."""
    return _without_metadata(manifest, "deletionTimestamp", "deletionGracePeriodSeconds")


def drop_managed_fields(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The standby keeps its own record (ObjectMeta.managedFields); server-side apply refuses one in the manifest."""
    return _without_metadata(manifest, "managedFields")


def drop_object_of_lost_pod(manifest: Manifest, context: SnapshotContext) -> Manifest | None:
    """Leaves out what belongs to a Pod that is not in the snapshot: it would outlive its owner.

    The known case is an operator's leader-for-life lock (operator-sdk `leader`): a ConfigMap owned by the leading Pod.
    Restored without that owner it is a lock that nobody can take over (k8ssandra/cass-operator#407).
    """
    metadata = fields_at(manifest, "metadata")
    namespace = text_at(metadata, "namespace")
    for owner in items_at(metadata, "ownerReferences"):
        is_pod = owner.get("kind") == "Pod" and owner.get("apiVersion") == "v1"
        if is_pod and (namespace, text_at(owner, "name")) not in context.pods:
            return None
    return manifest


def drop_leader_record(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Who leads on the primary does not lead on the standby.

    Source: client-go `resourcelock.LeaderElectionRecordAnnotationKey`, kept on ConfigMaps and Endpoints; on Leases,
    which are not in a snapshot, it is in the spec.
    """
    return without_annotations(manifest, _LEADER)


def drop_status(manifest: Manifest, context: SnapshotContext) -> Manifest:
    """What controllers observed on the primary.

    Source: API conventions, "Spec and Status": a status must be reconstructable by observation. A custom resource
    whose version has no status subresource (CustomResourceDefinition spec.versions[].subresources.status) has no such
    field: there, `status` is data like any other and stays.
    """
    if "status" not in manifest or GVK.of(manifest) in context.status_is_data:
        return manifest
    return without(manifest, "status")


def without_annotations(manifest: Manifest, *names: str) -> Manifest:
    """The manifest but its annotations of these names."""
    return edited(manifest, ("metadata", "annotations"), lambda annotations: without(annotations, *names))


def without_labels(manifest: Manifest, *names: str) -> Manifest:
    """The manifest but its labels of these names."""
    return edited(manifest, ("metadata", "labels"), lambda labels: without(labels, *names))


def _without_metadata(manifest: Manifest, *names: str) -> Manifest:
    def drop(metadata: Fields) -> Fields:
        return without(metadata, *names)

    return edited(manifest, _METADATA, drop)
