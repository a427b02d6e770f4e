"""Owner references: they cross where the owner does, and never with a UID."""

import json
from typing import Any

from functions.sanitize.gathering import gather
from kubestandby.resources import OWNERS_ANNOTATION, ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotObject
from tests.unit.sanitize.samples import UID, Json, bare, clean, fired, served

PARENT = ("", "ConfigMap", "shop", "parent")


def owned_by(kind: str, name: str, api_version: str = "v1", **more: Any) -> Json:
    reference = {"apiVersion": api_version, "kind": kind, "name": name, "uid": UID, **more}
    return served("v1", "ConfigMap", "child", metadata={"ownerReferences": [reference]})


def owners_of(manifest: Json) -> Any:
    return json.loads(manifest["metadata"]["annotations"][OWNERS_ANNOTATION])


def test_a_reference_to_an_owner_in_the_snapshot_crosses_without_its_uid() -> None:
    child = clean(owned_by("ConfigMap", "parent", controller=True), identities=frozenset({PARENT}))

    assert "ownerReferences" not in child["metadata"]
    assert owners_of(child) == [{"apiVersion": "v1", "controller": True, "kind": "ConfigMap", "name": "parent"}]


def test_a_reference_to_an_owner_outside_the_snapshot_is_dropped_and_counted() -> None:
    manifest = owned_by("ConfigMap", "stranger")

    assert clean(manifest, identities=frozenset({PARENT})) == bare("v1", "ConfigMap", "child")
    assert fired(manifest) == {"drop_owner_references"}


def test_of_two_owners_the_one_in_the_snapshot_crosses() -> None:
    manifest = owned_by("ConfigMap", "parent")
    manifest["metadata"]["ownerReferences"] += [{"apiVersion": "a.b/v1", "kind": "Shop", "name": "s", "uid": UID}]
    identities = frozenset({PARENT})

    assert [owner["name"] for owner in owners_of(clean(manifest, identities=identities))] == ["parent"]
    assert fired(manifest, identities=identities) == {"drop_owner_references", "carry_owner_references"}


def test_an_owner_of_another_namespace_is_none() -> None:
    elsewhere = frozenset({("", "ConfigMap", "other", "parent")})

    assert fired(owned_by("ConfigMap", "parent"), identities=elsewhere) == {"drop_owner_references"}


def test_a_cluster_scoped_owner_crosses_and_its_version_does_not_matter() -> None:
    identities = frozenset({("example.com", "Shop", "", "main")})

    child = clean(owned_by("Shop", "main", "example.com/v1beta1"), identities=identities)

    assert owners_of(child) == [{"apiVersion": "example.com/v1beta1", "kind": "Shop", "name": "main"}]


def test_a_sanitized_object_stays_as_it_is() -> None:
    once = clean(owned_by("ConfigMap", "parent"), identities=frozenset({PARENT}))

    assert clean(once) == once
    assert fired(once) == set()


def test_a_volume_that_stays_behind_owns_nothing() -> None:
    volume = served("v1", "PersistentVolume", "pv-1", namespace="")
    volume["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": "csi.example.com"}
    objects = [_stored(volume), _stored(bare("v1", "ConfigMap", "parent"))]

    context = gather([item.entry for item in objects], objects)

    assert context.identities == {PARENT}


def _stored(manifest: Json) -> SnapshotObject:
    entry = ManifestEntry(ref=ObjectRef.of(manifest), path="", sha256="", size=0)
    return SnapshotObject(entry, manifest)
