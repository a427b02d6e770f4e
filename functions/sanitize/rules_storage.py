"""Rules for PersistentVolumeClaims and PersistentVolumes.

What volumes hold is not in a snapshot. A volume that was provisioned for a claim is left out, and the standby
provisions one anew. A volume that somebody set up by hand (NFS, a replicated disk) crosses as it is, and so does one of
a claim that the group's configuration says to bind.
"""

from kubestandby.resources import Manifest

from .authorship import Authorship
from .context import SnapshotContext
from .fields import Fields, edited, fields_at, text_at, without
from .rules_metadata import without_annotations

_BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
_BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_CLAIM_ANNOTATIONS = (
    _BIND_COMPLETED,
    _BOUND_BY_CONTROLLER,
    "pv.kubernetes.io/migrated-to",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/node-expansion-not-required",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-resizer",
)
_VOLUME_ANNOTATIONS = (
    _BOUND_BY_CONTROLLER,
    "pv.kubernetes.io/migrated-to",
    "volume.alpha.kubernetes.io/pre-resize-capacity",
)
_COPIED_FROM = {("snapshot.storage.k8s.io", "VolumeSnapshot"), ("", "PersistentVolumeClaim")}


def clear_volume_name(manifest: Manifest, context: SnapshotContext) -> Manifest:
    """The claim is bound anew where the controller had chosen the volume, or where the volume stays behind.

    A claim that the group's configuration says to bind keeps it.

    Source: PersistentVolumeClaimSpec.volumeName; annotation `AnnBoundByController` (k8s.io/component-helpers/storage/
    volume): its absence "means the binding was done by the user". A volume that the author chose stays.
    """
    bound_by_controller = _BOUND_BY_CONTROLLER in fields_at(manifest, "metadata", "annotations")
    volume = text_at(manifest, "spec", "volumeName")
    if not bound_by_controller and volume not in context.left_out_volumes:
        return manifest
    if name_of(manifest) in context.bound_claims:
        return manifest
    return _without_spec(manifest, "volumeName")


def drop_copied_data_source(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """A bound claim was filled from its snapshot or sibling once; that content is not on the standby, nor its source.

    Source: PersistentVolumeClaimSpec.dataSource, dataSourceRef; annotation `AnnBindCompleted`. Kept, the claim would
    wait for ever for a snapshot that nobody took there. A claim that is not bound yet keeps its source, and so does
    one with a populator's custom resource, which crosses too and fills the volume again.
    """
    if _BIND_COMPLETED not in fields_at(manifest, "metadata", "annotations"):
        return manifest
    copied = [name for name in ("dataSource", "dataSourceRef") if _is_copy(fields_at(manifest, "spec", name))]
    return _without_spec(manifest, *copied)


def drop_claim_annotations(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """What binder, scheduler, provisioner and resizer noted for each other.

    Source: k8s.io/component-helpers/storage/volume (`AnnBindCompleted`, `AnnBoundByController`, `AnnSelectedNode`,
    `AnnStorageProvisioner`, `AnnBetaStorageProvisioner`, `AnnMigratedTo`); k8s.io/kubernetes/pkg/volume/util/types
    (`VolumeResizerKey`, `NodeExpansionNotRequired`).
    """
    return without_annotations(manifest, *_CLAIM_ANNOTATIONS)


def drop_provisioned_volume(manifest: Manifest, context: SnapshotContext) -> Manifest | None:
    """Leaves out a volume that a provisioner made: its storage is the primary's, and its claim gets a new one.

    Not so where the group's configuration says that the claim crosses with it.

    Source: annotation `AnnDynamicallyProvisioned`: "added to a PV that has been dynamically provisioned".
    """
    is_bound = name_of(manifest)[1] in context.bound_volumes
    return None if not is_bound and is_provisioned(manifest) else manifest


def clear_claim_identity(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The volume is bound anew, to the claim of the same name: the claim's identity on the primary is dropped.

    Source: PersistentVolumeSpec.claimRef; without a uid it reserves the volume for the claim of that name
    (`IsVolumeBoundToClaim`). The name stays even where the controller had chosen it: between two volumes that both fit,
    the standby's controller could swap the claims, and an application would mount another one's data.
    """
    path = ("spec", "claimRef")
    return edited(manifest, path, lambda claim: without(claim, "uid", "resourceVersion"))


def drop_volume_annotations(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """What binder, migration and kubelet noted on the volume.

    Source: `AnnBoundByController`, `AnnMigratedTo`; k8s.io/kubernetes/pkg/volume/util, `AnnPreResizeCapacity`.
    """
    return without_annotations(manifest, *_VOLUME_ANNOTATIONS)


def name_of(manifest: Manifest) -> tuple[str, str]:
    """Namespace ("" for a volume) and name.

    Raises:
        FieldTypeError: metadata is not what the API says.
    """
    return text_at(manifest, "metadata", "namespace"), text_at(manifest, "metadata", "name")


def is_provisioned(volume: Manifest) -> bool:
    """Whether a provisioner made this volume for a claim.

    Drivers' manuals have people write the same annotation on volumes of their own (so that the driver deletes them):
    then kubectl, or a server-side apply, is the one who set it, and no provisioner works through either.

    Raises:
        FieldTypeError: metadata is not what the API says.
    """
    value = fields_at(volume, "metadata", "annotations").get(_PROVISIONED_BY)
    if value is None:
        return False
    author = Authorship.of(volume, counts=_is_of_a_person)
    return not author.is_authored(value, "metadata", "annotations", _PROVISIONED_BY)


def _is_of_a_person(entry: Fields) -> bool:
    return entry.get("operation") == "Apply" or text_at(entry, "manager").startswith("kubectl")


def _is_copy(source: Fields) -> bool:
    return (source.get("apiGroup") or "", source.get("kind")) in _COPIED_FROM


def _without_spec(manifest: Manifest, *names: str) -> Manifest:
    return edited(manifest, ("spec",), lambda spec: without(spec, *names))


CLAIM_RULES = (clear_volume_name, drop_copied_data_source, drop_claim_annotations)
VOLUME_RULES = (drop_provisioned_volume, clear_claim_identity, drop_volume_annotations)
