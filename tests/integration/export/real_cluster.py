"""What the tests of export do with a real cluster."""

import json
from pathlib import Path
from typing import Any

import yaml

from functions.export.committing import ExportResult
from functions.export.exporter import Exporter
from kubestandby.adapters.kube_cluster import KubeCluster, connect
from kubestandby.adapters.kube_http import RetrySettings
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.groups import ClusterAccess, ProtectionGroup
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotIndex
from tests.fakes.keys import snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.testbed.access import ClusterAccess as TestCluster

PATIENCE = RetrySettings(budget=3, first_budget=1)


def cluster_of(kubeconfig: Path, context: str = "", *, retry: RetrySettings = PATIENCE) -> KubeCluster:
    return connect(ClusterAccess(kubeconfig=kubeconfig, context=context), site="east", retry=retry)


def export(
    kubeconfig: Path, *namespaces: str, page_size: int = 500, store: SnapshotStore | None = None, **group: Any
) -> ExportResult:
    snapshots = store or snapshot_store(MemoryStore())
    protected = ProtectionGroup(name=GroupName("shop"), namespaces=namespaces, **group)
    exporter = Exporter(cluster_of(kubeconfig), snapshots, SystemClock(), page_size=page_size)
    return exporter.export(protected, SiteName("east"), 1)


def names(index: SnapshotIndex, kind: str) -> list[str]:
    return [entry.ref.name for entry in index.entries if entry.ref.gvk.kind == kind]


def create(cluster: TestCluster, *manifests: dict[str, Any]) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(listed))


def kubeconfig_with(
    path: Path, like: TestCluster, *, user: dict[str, Any], cluster: dict[str, Any] | None = None
) -> Path:
    """A kubeconfig for the same server, with other credentials or another way there."""
    config = yaml.safe_load(like.kubeconfig.read_text())
    context = next(one["context"] for one in config["contexts"] if one["name"] == like.context)
    server = next(one["cluster"] for one in config["clusters"] if one["name"] == context["cluster"])
    absolute = {key: _absolute(value, key, like.kubeconfig) for key, value in server.items()}
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "made",
        "clusters": [{"name": "made", "cluster": {**absolute, **(cluster or {})}}],
        "users": [{"name": "made", "user": user}],
        "contexts": [{"name": "made", "context": {"cluster": "made", "user": "made"}}],
    }
    path.write_text(yaml.safe_dump(made))
    return path


def _absolute(value: Any, key: str, kubeconfig: Path) -> Any:
    return str(kubeconfig.parent / value) if key == "certificate-authority" else value
