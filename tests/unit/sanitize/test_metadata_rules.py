"""Rules for every object."""

import json

from kubestandby.resources import GVK
from tests.unit.sanitize.samples import LAST_APPLIED, UID, applied, bare, clean, fired, is_left_out, served


def test_what_the_server_keeps_in_metadata_is_dropped() -> None:
    manifest = served("v1", "ConfigMap", metadata={"selfLink": "/api/v1/x"}, data={"a": "b"})

    assert clean(manifest) == bare("v1", "ConfigMap", data={"a": "b"})


def test_generate_name_beside_a_name_is_the_authors_and_stays() -> None:
    assert clean(served("v1", "ConfigMap", metadata={"generateName": "web-"}))["metadata"]["generateName"] == "web-"


def test_marks_of_a_deletion_are_dropped() -> None:
    marks = {"deletionTimestamp": "2026-11-22T16:51:00Z", "deletionGracePeriodSeconds": 30}

    assert clean(served("v1", "ConfigMap", metadata=marks)) == bare("v1", "ConfigMap")
    assert fired(served("v1", "ConfigMap", metadata=marks)) == {"drop_deletion_marks"}


def test_labels_annotations_and_finalizers_of_the_author_stay() -> None:
    kept = {
        "labels": {"app": "web", "uid": "kept"},
        "annotations": {"note": "resourceVersion: 1", "empty": ""},
        "finalizers": ["example.com/cleanup"],
    }

    assert clean(served("v1", "ConfigMap", metadata=kept))["metadata"] == {"name": "web", "namespace": "shop", **kept}


def test_the_annotation_of_kubectl_apply_stays_as_it_is() -> None:
    annotation = applied({"metadata": {"uid": "x", "creationTimestamp": None}, "status": {}})

    kept = clean(served("v1", "ConfigMap", metadata=annotation))["metadata"]["annotations"][LAST_APPLIED]

    assert json.loads(kept) == {"metadata": {"uid": "x", "creationTimestamp": None}, "status": {}}


def test_empty_labels_that_an_author_wrote_stay() -> None:
    assert clean(served("v1", "ConfigMap", metadata={"labels": {}}))["metadata"]["labels"] == {}


def test_owners_are_dropped_and_counted() -> None:
    owner = {"apiVersion": "example.com/v1", "kind": "Shop", "name": "s", "uid": UID}

    manifest = served("v1", "ConfigMap", metadata={"ownerReferences": [owner]})

    assert "ownerReferences" not in clean(manifest)["metadata"]
    assert fired(manifest) == {"drop_owner_references"}


def test_what_belongs_to_a_pod_outside_the_snapshot_is_left_out() -> None:
    leader = {"apiVersion": "v1", "kind": "Pod", "name": "operator-7d9f-x2x4z", "uid": UID}
    lock = served("v1", "ConfigMap", "operator-lock", metadata={"ownerReferences": [leader]})

    assert is_left_out(lock)
    assert not is_left_out(lock, pods=frozenset({("shop", "operator-7d9f-x2x4z")}))
    assert is_left_out(lock, pods=frozenset({("elsewhere", "operator-7d9f-x2x4z")}))


def test_a_custom_kind_called_pod_is_no_pod() -> None:
    owner = {"apiVersion": "whales.example.com/v1", "kind": "Pod", "name": "orcas", "uid": UID}

    assert not is_left_out(served("v1", "ConfigMap", metadata={"ownerReferences": [owner]}))


def test_a_leaders_record_is_dropped_and_the_rest_of_its_config_map_stays() -> None:
    record = {"control-plane.alpha.kubernetes.io/leader": '{"holderIdentity":"a"}', "note": "kept"}

    assert clean(served("v1", "ConfigMap", metadata={"annotations": record}, data={"a": "b"})) == {
        **bare("v1", "ConfigMap", data={"a": "b"}),
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"note": "kept"}},
    }


def test_status_is_dropped() -> None:
    assert "status" not in clean(served("networking.k8s.io/v1", "Ingress", spec={}, status={"loadBalancer": {}}))


def test_status_of_a_custom_resource_is_dropped() -> None:
    assert "status" not in clean(served("example.com/v1", "Shop", spec={}, status={"phase": "Ready"}))


def test_status_without_a_status_subresource_is_data_and_stays() -> None:
    manifest = served("example.com/v1", "Shop", spec={}, status={"phase": "Open"})

    data = frozenset({GVK("example.com", "v1", "Shop")})

    assert clean(manifest, status_is_data=data)["status"] == {"phase": "Open"}
    other_version = frozenset({GVK("example.com", "v1beta1", "Shop")})
    assert "status" not in clean(manifest, status_is_data=other_version)


def test_values_that_look_like_server_fields_inside_data_stay() -> None:
    data = {
        "uid": "kept",
        "resourceVersion": "7",
        "status": "up",
        "managedFields": "[]",
        "script": "uid: 1\nnodeName: a\nclusterIP: 10.0.0.1\n",
    }

    assert clean(served("v1", "ConfigMap", data=data, binaryData={"uid": "AA=="})) == bare(
        "v1", "ConfigMap", data=data, binaryData={"uid": "AA=="}
    )


def test_nothing_inside_a_custom_resources_spec_is_touched() -> None:
    spec = {
        "uid": "kept",
        "clusterIP": "10.0.0.9",
        "ports": [{"port": 80, "nodePort": 30080}],
        "template": {"metadata": {"creationTimestamp": None, "managedFields": [], "uid": "kept"}, "status": {"a": 1}},
        "ownerReferences": [{"kind": "Pod", "apiVersion": "v1", "name": "x"}],
        "finalizers": ["kubernetes"],
        "empty": {},
        "none": None,
    }

    for kind in ("Service", "Deployment", "Namespace", "PersistentVolume", "Pod", "Job"):
        assert clean(served("crossing.example.com/v1", kind, spec=spec))["spec"] == spec


def test_the_finalizer_of_an_allocated_resource_claim_is_left_to_the_standby() -> None:
    finalizers = ["resource.kubernetes.io/delete-protection", "example.com/mine"]

    manifest = served("resource.k8s.io/v1", "ResourceClaim", metadata={"finalizers": finalizers}, spec={})

    assert clean(manifest)["metadata"]["finalizers"] == ["example.com/mine"]


def test_a_finalizer_of_the_control_plane_on_another_kind_stays() -> None:
    """There the author wrote it, or a controller that the control plane does not know."""
    finalizers = ["kubernetes.io/pvc-protection"]

    manifest = served("example.com/v1", "PersistentVolumeClaim", metadata={"finalizers": finalizers})

    assert clean(manifest)["metadata"]["finalizers"] == finalizers
