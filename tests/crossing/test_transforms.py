"""An application becomes another one on its way to the standby, comes back as it was, and stays unchanged meanwhile."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.crossing.transformed_shop import SUBNET, Shop
from tests.testbed.access import ClusterAccess

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("transforms")]

KINDS = "configmap,secret,service,serviceaccount,deployment,cronjob,pvc,pdb,networkpolicy,ingress,rolebinding,quota"
OUTSIDE = "clusterrole,clusterrolebinding,validatingwebhookconfiguration,persistentvolume"


@contextmanager
def authored(folder: Path, primary: ClusterAccess, standby: ClusterAccess) -> Iterator[Shop]:
    """The application on the primary, and its configuration."""
    made = Shop(uuid.uuid4().hex[:6], folder, primary, standby)
    try:
        made.author()
        made.configure()
        yield made
    finally:
        made.remove()


@pytest.fixture
def shop(tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess) -> Iterator[Shop]:
    """An application of the test's own."""
    with authored(tmp_path, primary, standby) as made:
        yield made


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory, primary: ClusterAccess, standby: ClusterAccess) -> Iterator[Shop]:
    """An application that has crossed, for tests that change nothing."""
    with authored(tmp_path_factory.mktemp("arrived"), primary, standby) as made:
        made.kubestandby("run")
        yield made


def test_namespaces_classes_and_images_arrive_under_their_other_names(arrived: Shop) -> None:
    app, data = f"{arrived.app}-dr", f"{arrived.data}-dr"
    web = arrived.west("deploy/web", app)["spec"]["template"]["spec"]
    assert [web[kind][0]["image"] for kind in ("containers", "initContainers")] == [
        "west.example.com/dr/shop/web:1.2"
    ] * 2
    (term,) = web["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["namespaces"] == [data]
    files = arrived.west("pvc/files", data)
    assert (files["spec"]["storageClassName"], files["status"]["phase"]) == (f"oci-{arrived.tag}", "Bound")
    quota = arrived.west("quota/storage", data)
    assert list(quota["spec"]["hard"]) == [f"oci-{arrived.tag}.storageclass.storage.k8s.io/requests.storage"]
    assert arrived.west("ingress/web", app)["spec"]["ingressClassName"] == "oci"
    assert arrived.west("service/files", app)["spec"]["externalName"].startswith(f"files.{data}.svc")


def test_references_to_namespaces_follow_them(arrived: Shop) -> None:
    app, data = f"{arrived.app}-dr", f"{arrived.data}-dr"
    name_label = "kubernetes.io/metadata.name"
    binding = arrived.west("rolebinding/viewers", data)
    assert binding["subjects"][0]["namespace"] == app
    group = arrived.west(f"clusterrolebinding/{arrived.app}")["subjects"][0]["name"]
    assert group == f"system:serviceaccounts:{app}"
    assert arrived.west(f"clusterrole/{arrived.app}")["rules"][0]["resourceNames"] == [app]
    (webhook,) = arrived.west(f"validatingwebhookconfiguration/{arrived.app}")["webhooks"]
    assert webhook["clientConfig"]["service"]["namespace"] == app
    assert webhook["namespaceSelector"] == {"matchLabels": {name_label: data}}
    policy = arrived.west("networkpolicy/from-shop", data)["spec"]
    assert policy["ingress"][0]["from"][0]["namespaceSelector"] == {"matchLabels": {name_label: app}}
    assert f"namespace/{arrived.app}\n" not in arrived.standby.kubectl("get", "namespace", "-o", "name")
    asked = arrived.standby.kubectl(
        "auth", "can-i", "list", "pods", "-n", data, f"--as=system:serviceaccount:{app}:web"
    )
    assert asked.strip() == "yes"


def test_selected_objects_are_patched_marked_and_left_out(arrived: Shop) -> None:
    app = f"{arrived.app}-dr"
    settings = arrived.west("configmap/settings", app)["data"]
    assert settings == {"site": "west", "namespace": arrived.app}
    assert arrived.west("service/web", app)["metadata"]["annotations"] == {SUBNET: "of-west"}
    assert arrived.standby.kubectl("get", "pdb", "-n", app, "-o", "name") == ""
    assert f"fast-{arrived.tag}" not in arrived.standby.kubectl("get", "storageclass", "-o", "name")


def test_a_bound_claim_has_the_volume_of_the_same_name(arrived: Shop) -> None:
    on_primary = arrived.east("pvc/ledger", arrived.data)["spec"]["volumeName"]

    ledger = arrived.west("pvc/ledger", f"{arrived.data}-dr")
    assert (ledger["spec"]["volumeName"], ledger["status"]["phase"]) == (on_primary, "Bound")
    volume = arrived.west(f"pv/{on_primary}")
    assert volume["spec"]["claimRef"]["uid"] == ledger["metadata"]["uid"]
    assert volume["status"]["phase"] == "Bound"
    files = arrived.east("pvc/files", arrived.data)["spec"]["volumeName"]
    assert files not in arrived.standby.kubectl("get", "pv", "-o", "name")


def test_a_second_run_makes_no_snapshot_and_writes_nothing(arrived: Shop) -> None:
    before = versions(arrived.standby, f"{arrived.app}-dr", f"{arrived.data}-dr")

    arrived.kubestandby("run")
    arrived.kubestandby("restore")

    assert versions(arrived.standby, f"{arrived.app}-dr", f"{arrived.data}-dr") == before
    assert len(snapshots(arrived)) == 1


def test_other_transforms_make_another_snapshot_of_the_same_state(shop: Shop) -> None:
    shop.kubestandby("run")

    shop.configure({"name": "one", "for": ["west"], "select": {"names": ["web"]}, "labels": {"set": {"new": "one"}}})
    shop.kubestandby("run")

    assert len(snapshots(shop)) == 2
    for kind in ("deploy", "service", "ingress"):
        assert shop.west(f"{kind}/web", f"{shop.app}-dr")["metadata"]["labels"] == {"new": "one"}


def test_a_transform_that_cannot_be_applied_stops_the_snapshot(shop: Shop) -> None:
    patch = [{"op": "test", "path": "/spec/replicas", "value": 3}]
    select = {"kinds": ["Deployment"], "namespaces": ["*"]}
    shop.configure({"name": "three", "for": ["west"], "select": select, "patch": patch})

    printed = shop.kubestandby("run", status=1)

    assert f"Deployment.apps {shop.app}" in printed
    assert "cannot be changed by transform three: operation 0 (test /spec/replicas): the test fails" in printed
    assert f"namespace/{shop.app}-dr" not in shop.standby.kubectl("get", "namespace", "-o", "name")


def test_warm_runs_nothing_and_hot_brings_the_true_numbers(shop: Shop) -> None:
    shop.configure(mode="warm")
    shop.kubestandby("run")
    warm = numbers(shop)

    shop.kubestandby("restore", "--mode", "hot")

    assert warm == (0, True)
    assert numbers(shop) == (2, False)


def test_the_way_back_finds_everything_as_it_was(shop: Shop) -> None:
    before = desired(shop.primary, shop.app, shop.data)
    shop.kubestandby("run")

    shop.kubestandby("failover", "--to", "west", "--yes")
    shop.standby.kubectl("-n", f"{shop.app}-dr", "create", "configmap", "made-in-the-west", "--from-literal=a=b")
    shop.kubestandby("run")

    after = desired(shop.primary, shop.app, shop.data)
    made = after.pop(f"ConfigMap {shop.app}/made-in-the-west")
    assert made["data"] == {"a": "b"}
    assert after == before


def snapshots(shop: Shop) -> list[Any]:
    """All snapshots, of both stages together one each."""
    return list(json.loads(shop.kubestandby("snapshots", "--output", "json"))["snapshots"])


def numbers(shop: Shop) -> tuple[int, bool]:
    """Replicas of the Deployment and suspension of the CronJob on the standby."""
    deployment = shop.west("deploy/web", f"{shop.app}-dr")
    cron_job = shop.west("cronjob/nightly", f"{shop.app}-dr")
    return deployment["spec"]["replicas"], cron_job["spec"]["suspend"]


def objects(cluster: ClusterAccess, *namespaces: str) -> dict[str, Any]:
    """Every object of the namespaces, and what is outside of them and belongs to them."""
    found = [item for name in namespaces for item in _items(cluster, KINDS, "-n", name)]
    found += [item for item in _items(cluster, OUTSIDE) if namespaces[0].removesuffix("-dr") in json.dumps(item)]
    return {
        f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}": item for item in found
    }


def versions(cluster: ClusterAccess, *namespaces: str) -> dict[str, str]:
    """Every object with its resourceVersion."""
    return {name: item["metadata"]["resourceVersion"] for name, item in objects(cluster, *namespaces).items()}


def desired(cluster: ClusterAccess, *namespaces: str) -> dict[str, Any]:
    """Every object as its author wants it."""
    found = objects(cluster, *namespaces)
    for item in found.values():
        item.pop("status", None)
        for field in ("resourceVersion", "uid", "generation", "creationTimestamp", "managedFields"):
            item["metadata"].pop(field, None)
    return found


def _items(cluster: ClusterAccess, kinds: str, *arguments: str) -> list[Any]:
    return list(json.loads(cluster.kubectl("get", kinds, *arguments, "-o", "json"))["items"])
