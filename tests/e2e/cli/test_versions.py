"""The standby's API server serves a kind in another version than the primary prefers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cli.conftest import Shop
from tests.e2e.pipeline import wait_for
from tests.testbed.access import ClusterAccess
from tests.testbed.cluster import start_cluster

pytestmark = pytest.mark.clusters

SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 1
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}
  - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}
  behavior: {scaleDown: {stabilizationWindowSeconds: 90}}
"""
BESIDE = ("metrics", "behavior")
WITHOUT_V2 = ["--runtime-config=autoscaling/v2=false"]


@pytest.fixture(scope="module")
def standby() -> Iterator[ClusterAccess]:
    """An API server that has lost autoscaling/v2, as an older one never had it."""
    with start_cluster("older", service_range="10.98.0.0/16", apiserver_args=WITHOUT_V2) as cluster:
        yield ClusterAccess.of("older", cluster.kubeconfig)


def scaler(cluster: ClusterAccess, shop: Shop) -> dict[str, Any]:
    """As autoscaling/v1 shows it on either cluster: what that has no field for is in annotations."""
    path = f"/apis/autoscaling/v1/namespaces/{shop.namespace}/horizontalpodautoscalers/web"
    found = json.loads(cluster.kubectl("get", "--raw", path))
    annotations = found["metadata"]["annotations"]
    return found["spec"] | {name: annotations[f"autoscaling.alpha.kubernetes.io/{name}"] for name in BESIDE}


def test_a_kind_crosses_in_a_version_that_both_clusters_serve_and_survives_a_failover(shop: Shop) -> None:
    shop.east.kubectl("apply", "-n", shop.namespace, "-f", "-", stdin=SCALER)
    assert shop.west.kubectl("get", "--raw", "/apis/autoscaling").count('"groupVersion":"autoscaling/v2"') == 0
    shop.run("run", shop.group)  # its first tick tells; whether in time for this very export is a race
    wait_for(lambda: list((shop.folder / "east/control/served").rglob("*.json")))

    crossed = shop.run("run", shop.group)
    again = shop.run("run", shop.group)

    assert crossed.returncode == again.returncode == 0, crossed.stderr
    assert "unchanged since snapshot" in again.stdout
    assert "note: exported HorizontalPodAutoscaler as autoscaling/v1" in " ".join(again.stderr.split())
    arrived = scaler(shop.west, shop)
    assert arrived == scaler(shop.east, shop)
    assert (arrived["maxReplicas"], json.loads(arrived["behavior"])["ScaleDown"]["StabilizationWindowSeconds"]) == (
        5,
        90,
    )

    shop.lose_east()
    assert shop.status_of("failover", shop.group, "--to", "west", "--yes") == 0
    assert scaler(shop.west, shop) == arrived
