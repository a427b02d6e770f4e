"""Export from an API server of which a part does not answer.

A cluster of its own: on a shared one, the exports of other tests would be incomplete.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.export.real_cluster import create, export, names
from tests.testbed.access import ClusterAccess
from tests.testbed.cluster import start_cluster

pytestmark = pytest.mark.clusters


@pytest.fixture
def cluster() -> Iterator[ClusterAccess]:
    """A new one for each test: what is deleted goes on answering 404 for a while."""
    with start_cluster("broken-apis") as cluster:
        yield ClusterAccess.of(cluster.name, cluster.kubeconfig)


@pytest.fixture
def namespace(cluster: ClusterAccess) -> str:
    name = f"export-{uuid.uuid4().hex[:10]}"
    cluster.kubectl("create", "namespace", name)
    return name


def settings(within: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": within}}


def test_api_whose_server_is_down_makes_the_snapshot_incomplete(cluster: ClusterAccess, namespace: str) -> None:
    group = f"dead-{uuid.uuid4().hex[:6]}.example.com"
    service = {"name": "nobody", "namespace": namespace}
    spec = {"group": group, "version": "v1", "service": service, "groupPriorityMinimum": 1000, "versionPriority": 10}
    metadata = {"name": f"v1.{group}"}
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata}
    create(cluster, {**api, "spec": {**spec, "insecureSkipTLSVerify": True}}, settings(namespace))
    index = export(cluster.kubeconfig, namespace).index
    ignoring = export(cluster.kubeconfig, namespace, ignore_groups=(group,)).index

    assert [failure.partition(":")[0] for failure in index.failures] == [f"{group}/v1"]
    assert "settings" in names(index, "ConfigMap")
    assert names(index, "APIService") == [f"v1.{group}"]
    assert ignoring.complete


def test_custom_resources_whose_conversion_fails_concern_their_type_only(
    cluster: ClusterAccess, namespace: str
) -> None:
    group = f"conv-{uuid.uuid4().hex[:6]}.example.com"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in ("v1", "v2")]
    spec = {"group": group, "scope": "Namespaced", "names": {"plural": "orders", "kind": "Order"}, "versions": versions}
    metadata = {"name": f"orders.{group}"}
    create(
        cluster,
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata,
            "spec": spec,
        },
    )
    cluster.kubectl("wait", "--for=condition=Established", f"crd/orders.{group}", "--timeout=30s")
    create(cluster, {"apiVersion": f"{group}/v1", "kind": "Order", "metadata": {"name": "a", "namespace": namespace}})
    whole = export(cluster.kubeconfig, namespace).index
    webhook = {
        "clientConfig": {"service": {"name": "nobody", "namespace": namespace}},
        "conversionReviewVersions": ["v1"],
    }
    patch = f'{{"spec":{{"conversion":{{"strategy":"Webhook","webhook":{json.dumps(webhook)}}}}}}}'
    cluster.kubectl("patch", f"crd/orders.{group}", "--type=merge", "-p", patch)
    index = export(cluster.kubeconfig, namespace).index

    assert names(whole, "Order") == ["a"]
    assert names(whole, "CustomResourceDefinition") == [f"orders.{group}"]
    assert index.failures == (f"{group}/orders: 500 InternalServerError (in {namespace})",)
