"""Bindings that a controller chose are undone; volumes that a provisioner made stay behind."""

from typing import Any

import pytest

from tests.unit.sanitize.samples import UID, Json, applied, bare, clean, fired, is_left_out, manager, served

BOUND = {"pv.kubernetes.io/bind-completed": "yes"}
CHOSEN = {**BOUND, "pv.kubernetes.io/bound-by-controller": "yes"}
PROVISIONED = {"pv.kubernetes.io/provisioned-by": "blockvolume.csi.oraclecloud.com"}
SIZE = {"resources": {"requests": {"storage": "1Gi"}}}
SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "monday"}
SIBLING = {"kind": "PersistentVolumeClaim", "name": "other"}
POPULATOR = {"apiGroup": "example.com", "kind": "Dataset", "name": "cities"}


def claim(annotations: Json, **spec: Any) -> Json:
    return served("v1", "PersistentVolumeClaim", "data", metadata={"annotations": annotations}, spec={**SIZE, **spec})


def volume(annotations: Json, name: str = "nfs-1", **more: Any) -> Json:
    reference = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "apiVersion": "v1"}
    spec = {"nfs": {"path": "/a"}, "claimRef": {**reference, "uid": UID, "resourceVersion": "7"}}
    metadata = {"annotations": annotations, **more}
    return served("v1", "PersistentVolume", name, namespace="", metadata=metadata, spec=spec)


def test_a_claim_that_the_controller_bound_is_bound_anew() -> None:
    assert clean(claim(CHOSEN, volumeName="pvc-1")) == bare("v1", "PersistentVolumeClaim", "data", spec=SIZE)


def test_a_volume_that_the_author_chose_stays() -> None:
    assert clean(claim(BOUND, volumeName="nfs-1"))["spec"] == {**SIZE, "volumeName": "nfs-1"}


def test_a_volume_that_stays_behind_is_cleared_even_if_chosen() -> None:
    left_out = frozenset({"pvc-1"})

    assert clean(claim(BOUND, volumeName="pvc-1"), left_out_volumes=left_out)["spec"] == SIZE
    assert clean(claim(BOUND, volumeName="nfs-1"), left_out_volumes=left_out)["spec"]["volumeName"] == "nfs-1"


def test_notes_of_binder_scheduler_provisioner_and_resizer_are_dropped() -> None:
    notes = {
        **CHOSEN,
        "pv.kubernetes.io/migrated-to": "x",
        "volume.beta.kubernetes.io/storage-provisioner": "x",
        "volume.kubernetes.io/node-expansion-not-required": "true",
        "volume.kubernetes.io/selected-node": "primary-node-1",
        "volume.kubernetes.io/storage-provisioner": "x",
        "volume.kubernetes.io/storage-resizer": "x",
        "volume.beta.kubernetes.io/storage-class": "the author's",
    }

    cleaned = clean(claim(notes))

    assert cleaned["metadata"]["annotations"] == {"volume.beta.kubernetes.io/storage-class": "the author's"}


@pytest.mark.parametrize("source", [SNAPSHOT, SIBLING, {**SIBLING, "apiGroup": ""}])
def test_what_filled_a_bound_claim_once_is_dropped(source: Json) -> None:
    manifest = claim(BOUND, volumeName="nfs-1", dataSource=source, dataSourceRef=source)

    assert clean(manifest)["spec"] == {**SIZE, "volumeName": "nfs-1"}
    assert "drop_copied_data_source" in fired(manifest)


def test_a_claim_that_is_not_bound_yet_keeps_its_source() -> None:
    assert clean(claim({}, dataSource=SNAPSHOT))["spec"] == {**SIZE, "dataSource": SNAPSHOT}


def test_a_populator_stays() -> None:
    assert clean(claim(BOUND, dataSourceRef=POPULATOR))["spec"] == {**SIZE, "dataSourceRef": POPULATOR}


def test_protection_is_left_to_the_standby() -> None:
    manifest = claim({})
    manifest["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection", "example.com/mine"]

    assert clean(manifest)["metadata"]["finalizers"] == ["example.com/mine"]


def test_a_provisioned_volume_stays_behind() -> None:
    provisioner = manager("csi-provisioner", {"f:metadata": {"f:annotations": {}}})

    assert is_left_out(volume(PROVISIONED, f"pvc-{UID}", managedFields=[provisioner]))
    assert fired(volume(PROVISIONED)) == {"drop_provisioned_volume"}


def test_a_volume_of_an_authors_own_with_the_provisioners_annotation_crosses() -> None:
    """As drivers' manuals have it, so that the driver deletes the volume (static provisioning)."""
    owned: Json = {"f:metadata": {"f:annotations": {"f:pv.kubernetes.io/provisioned-by": {}}}}
    given = applied({"metadata": {"annotations": PROVISIONED}})["annotations"]

    assert not is_left_out(volume(PROVISIONED, managedFields=[manager("kubectl-create", owned)]))
    assert not is_left_out(volume(PROVISIONED, managedFields=[manager("flux", owned, "Apply")]))
    assert not is_left_out(volume({**PROVISIONED, **given}))
    assert is_left_out(volume(PROVISIONED, managedFields=[manager("csi-provisioner", owned)]))


@pytest.mark.parametrize("annotations", [{}, {"pv.kubernetes.io/bound-by-controller": "yes"}])
def test_a_static_volume_keeps_the_name_of_its_claim_without_its_identity(annotations: Json) -> None:
    cleaned = clean(volume(annotations))

    reference = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "apiVersion": "v1"}
    assert cleaned["spec"] == {"nfs": {"path": "/a"}, "claimRef": reference}
    assert not cleaned["metadata"].get("annotations")


def test_where_a_static_volume_can_be_used_stays() -> None:
    manifest = volume({})
    manifest["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": []}}
    manifest["metadata"]["finalizers"] = ["kubernetes.io/pv-protection"]

    cleaned = clean(manifest)

    assert cleaned["spec"]["nodeAffinity"] == {"required": {"nodeSelectorTerms": []}}
    assert "finalizers" not in cleaned["metadata"]


def test_notes_of_binder_migration_and_kubelet_on_a_volume_are_dropped() -> None:
    notes = {
        "pv.kubernetes.io/bound-by-controller": "yes",
        "pv.kubernetes.io/migrated-to": "x",
        "volume.alpha.kubernetes.io/pre-resize-capacity": "1Gi",
        "volume.beta.kubernetes.io/mount-options": "the author's",
    }

    kept = clean(volume(notes))["metadata"]["annotations"]

    assert kept == {"volume.beta.kubernetes.io/mount-options": "the author's"}
