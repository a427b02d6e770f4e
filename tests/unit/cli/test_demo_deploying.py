"""Deploying the demo's application, and taking it away again."""

from typing import Any

import pytest

from kubestandby.cli.demo.app_cluster import AppCluster, namespace_ref
from kubestandby.errors import ManifestError
from kubestandby.resources import ObjectRef
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.cli.world import config_map, live

OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner", "namespace": "shop"}}


def _app(cluster: FakeCluster) -> AppCluster:
    return AppCluster(cluster, FakeClock())


def test_namespaces_are_made_before_what_is_in_them() -> None:
    cluster = FakeCluster()

    _app(cluster).deploy([config_map("a"), config_map("b", "data")], ["data", "shop"])

    assert [call[1:] for call in cluster.writes] == [
        ("namespaces", "", "data"),
        ("namespaces", "", "shop"),
        ("configmaps", "shop", "a"),
        ("configmaps", "data", "b"),
    ]


def test_an_owner_named_without_uid_gets_the_live_ones() -> None:
    cluster = FakeCluster()
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": True}
    owned: dict[str, Any] = config_map("owned")
    owned["metadata"]["ownerReferences"] = [reference]

    _app(cluster).deploy([OWNER, owned], ["shop"])

    owner, made = cluster.object("ConfigMap", "shop", "owner"), cluster.object("ConfigMap", "shop", "owned")
    assert owner is not None
    assert made is not None
    assert made["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]


def test_an_owner_that_is_not_there_is_named() -> None:
    owned: dict[str, Any] = config_map("owned")
    owned["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody"}]

    with pytest.raises(ManifestError, match="ConfigMap shop/nobody is named as an owner"):
        _app(FakeCluster()).deploy([owned], ["shop"])


def test_only_namespaced_objects_get_the_default_namespace() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    loose = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "loose"}}

    placed = _app(FakeCluster()).placed([role, loose, config_map("a")], "demo")

    assert [one["metadata"].get("namespace") for one in placed] == [None, "demo", "shop"]


def test_a_kind_that_nobody_serves_is_named() -> None:
    unknown = {"apiVersion": "x.example/v1", "kind": "Thing", "metadata": {"name": "t"}}

    with pytest.raises(ManifestError, match=r"does not serve x.example/v1 Thing"):
        _app(FakeCluster()).placed([unknown], "demo")


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2}, True),
        ({"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2}, False),
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1}, False),
        ({}, False),
    ],
)
def test_what_an_older_generation_reached_does_not_count_as_ready(status: dict[str, int], ready: bool) -> None:
    web = live("Deployment", "web", "apps/v1", metadata={"generation": 2}, spec={"replicas": 2}, status=status)
    cluster = FakeCluster()
    cluster.put(web)
    cluster.object("Deployment", "shop", "web")["metadata"]["generation"] = 2  # type: ignore[index]

    (workload,) = _app(cluster).workloads(["shop"])

    assert workload.all_ready is ready


def test_what_is_gone_already_is_no_trouble_when_removing() -> None:
    cluster = FakeCluster(config_map("a"))
    app = _app(cluster)
    ref = ObjectRef.of(config_map("a"))

    app.remove([namespace_ref("gone"), ref])

    assert app.left([ref]) == []


def test_a_default_storage_class_is_recognised() -> None:
    standard = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    }

    assert _app(FakeCluster(standard)).has_default_storage_class()
    assert not _app(FakeCluster()).has_default_storage_class()
