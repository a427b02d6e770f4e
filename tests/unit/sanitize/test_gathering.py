"""What rules must know of the rest of the snapshot is read before the first of them runs."""

from collections.abc import Iterator

import pytest

from functions.sanitize.context import SnapshotContext
from functions.sanitize.gathering import gather
from kubestandby.errors import ManifestError
from kubestandby.resources import GVK, ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotObject
from tests.unit.sanitize.samples import Json, served


def items(*manifests: Json) -> list[SnapshotObject]:
    refs = [ObjectRef.of(manifest) for manifest in manifests]
    entries = [ManifestEntry(ref=ref, path=str(n), sha256="", size=0) for n, ref in enumerate(refs)]
    return [SnapshotObject(entry, manifest) for entry, manifest in zip(entries, manifests, strict=True)]


def gathered(*manifests: Json) -> SnapshotContext:
    objects = items(*manifests)
    return gather([item.entry for item in objects], objects)


def definition(*versions: Json) -> Json:
    spec = {"group": "example.com", "names": {"kind": "Shop", "plural": "shops"}, "versions": list(versions)}
    return served("apiextensions.k8s.io/v1", "CustomResourceDefinition", "shops.example.com", namespace="", spec=spec)


def test_versions_without_a_status_subresource_are_known() -> None:
    with_status = {"name": "v2", "subresources": {"status": {}, "scale": {}}}
    without: list[Json] = [
        {"name": "v1"},
        {"name": "v1beta1", "subresources": {"scale": {}}},
        {"name": "v3", "subresources": None},
    ]

    context = gathered(definition(with_status, *without))

    assert context.status_is_data == {GVK("example.com", version, "Shop") for version in ("v1", "v1beta1", "v3")}


def test_pods_of_the_snapshot_are_known() -> None:
    assert gathered(served("v1", "Pod", "a"), served("v1", "ConfigMap", "b")).pods == {("shop", "a")}


def test_volumes_that_stay_behind_are_known() -> None:
    provisioned = {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}

    context = gathered(
        served("v1", "PersistentVolume", "pvc-1", namespace="", metadata=provisioned),
        served("v1", "PersistentVolume", "nfs-1", namespace=""),
    )

    assert context.left_out_volumes == {"pvc-1"}


def test_reading_ends_with_the_last_object_that_tells_something() -> None:
    objects = items(served("v1", "ConfigMap", "a"), definition({"name": "v1"}), served("v1", "ConfigMap", "b"))
    read: list[str] = []

    def reading() -> Iterator[SnapshotObject]:
        for item in objects:
            read.append(item.entry.ref.name)
            yield item

    gather([item.entry for item in objects], reading())

    assert read == ["a", "shops.example.com"]


def test_nothing_is_read_where_nothing_tells_something() -> None:
    objects = items(served("v1", "ConfigMap", "a"), served("v1", "Pod", "b"))

    unread = iter(objects)

    assert gather([item.entry for item in objects], unread).pods == {("shop", "b")}
    assert len(list(unread)) == 2


def test_a_definition_that_cannot_be_understood_is_an_error_that_names_it() -> None:
    broken = served("apiextensions.k8s.io/v1", "CustomResourceDefinition", "shops.example.com", spec={"versions": 7})

    with pytest.raises(ManifestError, match=r"shops\.example\.com cannot be read: spec\.versions is a number"):
        gathered(broken)
