"""Claims that cross with their volumes: by name, also where a provisioner had made the volume."""

from dataclasses import replace
from typing import Any

import pytest

from functions.sanitize.context import SnapshotContext
from functions.sanitize.gathering import gather
from functions.sanitize.rules import sanitize
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotObject
from kubestandby.transforms import ClaimTransform, Selector, VolumePolicy
from tests.unit.sanitize.samples import Json, served

BIND = ClaimTransform(name="bind", select=Selector(), policy=VolumePolicy.BIND)
CONTROLLED = {
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
    "volume.kubernetes.io/storage-provisioner": "csi.example.com",
}


def claim(name: str = "data", volume: str = "pvc-1", *, labels: Json | None = None, **spec: Any) -> Json:
    metadata = {"annotations": CONTROLLED, "labels": labels or {}}
    spec = {"storageClassName": "replicated", "volumeName": volume, **spec}
    return served("v1", "PersistentVolumeClaim", name, metadata=metadata, spec=spec)


def volume(name: str = "pvc-1", claim: str = "data", namespace: str = "shop") -> Json:
    reference = {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim, "uid": "1234"}
    notes = {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}
    spec = {"claimRef": reference, "csi": {"volumeHandle": "ocid1"}, "storageClassName": "replicated"}
    return served("v1", "PersistentVolume", name, namespace="", metadata=notes, spec=spec)


def context(*manifests: Json, claims: tuple[ClaimTransform, ...] = (BIND,)) -> SnapshotContext:
    entries = [ManifestEntry(ref=ObjectRef.of(m), path=f"{n}", sha256="", size=0) for n, m in enumerate(manifests)]
    pairs = zip(entries, manifests, strict=True)
    return gather(entries, [SnapshotObject(entry, manifest) for entry, manifest in pairs], claims)


def cleaned(manifest: Json, *others: Json, claims: tuple[ClaimTransform, ...] = (BIND,)) -> Json | None:
    """The manifest after the rules, in a snapshot with these others."""
    done = sanitize(manifest, context(manifest, *others, claims=claims)).manifest
    return None if done is None else dict(done)


def test_a_bound_claim_keeps_its_volume_and_the_volume_its_claim() -> None:
    kept_claim, kept_volume = cleaned(claim(), volume()), cleaned(volume(), claim())

    assert kept_claim is not None
    assert kept_claim["spec"] == {"storageClassName": "replicated", "volumeName": "pvc-1"}
    assert "annotations" not in kept_claim["metadata"]
    assert kept_volume is not None
    assert kept_volume["spec"]["claimRef"] == {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"}
    assert kept_volume["spec"]["csi"] == {"volumeHandle": "ocid1"}


def test_without_a_transform_claims_are_provisioned_anew() -> None:
    kept = cleaned(claim(), volume(), claims=())

    assert kept is not None
    assert kept["spec"] == {"storageClassName": "replicated"}
    assert cleaned(volume(), claim(), claims=()) is None


def test_the_order_of_claims_and_volumes_does_not_matter() -> None:
    assert context(claim(), volume()) == context(volume(), claim())


@pytest.mark.parametrize(
    "narrowed",
    [
        replace(BIND, storage_classes=("other",)),
        replace(BIND, select=Selector(names=("other",))),
        replace(BIND, select=Selector(namespaces=("other",))),
        replace(BIND, select=Selector(labels={"app": "db"})),
    ],
)
def test_claims_that_are_not_selected_are_provisioned_anew(narrowed: ClaimTransform) -> None:
    assert context(claim(), volume(), claims=(narrowed,)).bound_claims == {}


@pytest.mark.parametrize(
    "narrowed",
    [
        replace(BIND, storage_classes=("other", "replicated")),
        replace(BIND, select=Selector(names=("da*",), namespaces=("shop",), labels={"app": "db"})),
    ],
)
def test_claims_are_selected_by_class_name_namespace_and_labels(narrowed: ClaimTransform) -> None:
    found = context(claim(labels={"app": "db"}), volume(), claims=(narrowed,))

    assert (found.bound_claims, found.bound_volumes) == ({("shop", "data"): "bind"}, {"pvc-1": "bind"})


def test_the_class_may_be_in_the_annotation_of_old() -> None:
    old = claim(storageClassName=None)
    old["metadata"]["annotations"] = {**CONTROLLED, "volume.beta.kubernetes.io/storage-class": "replicated"}

    assert context(old, volume(), claims=(replace(BIND, storage_classes=("replicated",)),)).bound_claims != {}


def test_the_first_transform_that_selects_a_claim_decides() -> None:
    anew = replace(BIND, name="anew", policy=VolumePolicy.PROVISION, select=Selector(names=("scratch",)))
    claims = (claim("scratch", "pvc-2"), claim(), volume("pvc-2", "scratch"), volume())

    found = context(*claims, claims=(anew, BIND))

    assert found.bound_claims == {("shop", "data"): "bind"}
    assert found.left_out_volumes == {"pvc-2"}


def test_a_claim_without_a_volume_has_nothing_to_cross_with() -> None:
    waiting = claim(volume="")
    del waiting["spec"]["volumeName"]

    assert context(waiting).bound_claims == {}


def test_a_volume_of_another_claim_does_not_cross() -> None:
    found = context(claim(), volume(claim="other"))

    assert found.bound_volumes == {}
    assert found.left_out_volumes == {"pvc-1"}
