"""The checker itself: it sees what it is there to see, and nothing that only a server did."""

import copy
from typing import Any

import pytest

from tests.crossing.authoring import merged
from tests.crossing.checker import arrived, compare, strays
from tests.crossing.reading import Manifest, key_of

SERVED = {"resourceVersion": "7", "creationTimestamp": "2026-11-22T12:00:00Z", "generation": 1}


def bare(kind: str, name: str = "a", api_version: str = "v1", **fields: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def live(manifest: Manifest, uid: str = "1", **metadata: Any) -> Manifest:
    found = copy.deepcopy(manifest)
    found["metadata"] |= {**SERVED, "uid": uid, **metadata}
    return found


def found(authored: Manifest, primary: list[Manifest], standby: list[Manifest]) -> list[str]:
    clusters = ({key_of(item): item for item in items} for items in (primary, standby))
    return [str(difference) for difference in compare({key_of(authored): authored}, *clusters)]


def test_what_only_a_server_sets_makes_no_difference() -> None:
    service = bare("Service", spec={"ports": [{"port": 80}, {"port": 81, "nodePort": 30001}]})
    east, west = live(service), live(service, uid="2", resourceVersion="8")
    east["spec"] |= {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"]}
    west["spec"] |= {"clusterIP": "10.97.0.1", "clusterIPs": ["10.97.0.1"]}
    east["spec"]["ports"][0]["nodePort"], west["spec"]["ports"][0]["nodePort"] = 30500, 30600

    assert found(service, [east], [west]) == []


def test_the_same_field_makes_a_difference_where_its_author_set_it() -> None:
    service = bare("Service", spec={"clusterIP": "10.96.0.1", "ports": [{"port": 81, "nodePort": 30001}]})
    west = live(service)
    west["spec"] = {"clusterIP": "10.97.0.1", "ports": [{"port": 81, "nodePort": 30600}]}

    assert found(service, [live(service)], [west]) == [
        "Service shop/a at .spec.clusterIP: '10.96.0.1' on the primary, '10.97.0.1' on the standby",
        "Service shop/a at .spec.ports[0].nodePort: 30001 on the primary, 30600 on the standby",
    ]


@pytest.mark.parametrize(
    ("here", "there"),
    [(1, 1.0), (1, True), ("1", 1), ({}, None), ([], None), ({"a": None}, {}), ([1, 2], [2, 1]), ("a\u0085b", "a b")],
)
def test_values_differ_in_type_emptiness_and_order(here: Any, there: Any) -> None:
    custom = bare("Note", api_version="example.com/v1", spec={"value": here, "other": 1})
    west = live(custom)
    west["spec"]["value"] = there

    assert found(custom, [live(custom)], [west])
    assert found(custom, [live(custom)], [live(custom)]) == []


def test_a_field_that_nobody_authored_counts_too() -> None:
    config = bare("ConfigMap", data={"a": "b"})
    west = live(config, annotations={"left": "behind"})

    assert found(config, [live(config)], [west]) == [
        "ConfigMap shop/a at .metadata.annotations: nothing on the primary, {'left': 'behind'} on the standby"
    ]


def test_missing_objects_are_told_by_the_side_that_lacks_them() -> None:
    config = bare("ConfigMap")

    assert found(config, [live(config)], []) == ["ConfigMap shop/a: is missing on the standby"]
    assert found(config, [], [live(config)]) == ["ConfigMap shop/a: is gone from the primary itself"]


def test_a_job_that_has_ended_must_be_suspended() -> None:
    job = bare("Job", api_version="batch/v1", spec={"suspend": False})
    ended = live(job) | {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}
    suspended = live(job) | {"spec": {"suspend": True}}

    assert found(job, [ended], [suspended]) == []
    assert len(found(job, [ended], [ended])) == 1


def test_owners_are_compared_by_what_they_are_and_must_be_there() -> None:
    owner = bare("ConfigMap", "owner")
    owned = bare("ConfigMap")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    east = [live(owner, "1"), live(owned, "2", ownerReferences=[{**reference, "uid": "1"}])]

    def west(uid: str) -> list[Manifest]:
        return [live(owner, "3"), live(owned, "4", ownerReferences=[{**reference, "uid": uid}])]

    assert found(owned, east, west("3")) == []
    assert "'dangling' on the standby" in found(owned, east, west("1"))[0]


def test_status_is_data_only_without_a_status_subresource() -> None:
    def crd(**subresources: Any) -> Manifest:
        versions = [{"name": "v1", "subresources": subresources}]
        spec = {"group": "example.com", "names": {"kind": "Note"}, "versions": versions}
        return live(bare("CustomResourceDefinition", "notes", "apiextensions.k8s.io/v1", spec=spec))

    note = bare("Note", api_version="example.com/v1", status={"a": "b"})
    without = live(bare("Note", api_version="example.com/v1"))

    assert found(note, [crd(), live(note)], [crd(), without])
    assert found(note, [crd(status={}), live(note)], [crd(status={}), without]) == []


def test_strays_are_new_authored_by_nobody_and_made_by_no_controller() -> None:
    root_ca, old, authored, stray = (
        live(bare("ConfigMap", name)) for name in ("kube-root-ca.crt", "old", "a", "stray")
    )
    pod = live(bare("Pod"), ownerReferences=[{"controller": True, "uid": "set"}])
    replica_set = live(bare("ReplicaSet", api_version="apps/v1"), uid="set")
    orphan = live(bare("Pod", "orphan"), ownerReferences=[{"controller": True, "uid": "of the primary"}])
    after = {key_of(item): item for item in (root_ca, old, authored, stray, pod, replica_set, orphan)}

    names = [key.name for key in strays([key_of(authored), key_of(replica_set)], {key_of(old): old}, after)]

    assert names == ["stray", "orphan"]
    assert arrived([key_of(stray), key_of(old)], {key_of(old): old}, after) == [key_of(stray)]


def test_an_edit_keeps_what_it_does_not_mention() -> None:
    before = {"spec": {"ports": [{"port": 80, "nodePort": 1}, {"port": 81}], "type": "NodePort"}}

    after = merged(before, {"spec": {"ports": [{"port": 80}, {"port": 82}]}})

    assert after == {"spec": {"ports": [{"port": 80, "nodePort": 1}, {"port": 82}], "type": "NodePort"}}
