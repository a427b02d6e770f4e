"""Fixtures of the end-to-end tests: an application on the real primary, and the pipeline that protects it."""

from pathlib import Path

import pytest

from tests.e2e.pipeline import Pipeline
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

APP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: prices}
data: {tea: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: till}
stringData: {code: not-for-logs}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/shop/web:1.0
        envFrom: [{configMapRef: {name: prices}}, {secretRef: {name: till}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


class Shop:
    """The application, and the pipeline from east (the real primary) to west (the real standby)."""

    def __init__(self, pipeline: Pipeline, namespace: str, east: ClusterAccess, west: ClusterAccess) -> None:
        self.pipeline = pipeline
        self.namespace = namespace
        self.clusters = {"east": east, "west": west}

    def set_price(self, site: str, tea: str) -> None:
        patch = f'{{"data": {{"tea": "{tea}"}}}}'
        self._kubectl(site, "patch", "configmap", "prices", "--type=merge", "-p", patch)

    def price(self, site: str) -> str:
        return self._kubectl(site, "get", "configmap", "prices", "--ignore-not-found", "-o", "jsonpath={.data.tea}")

    def ready_replicas(self, site: str) -> str:
        return self._kubectl(
            site, "get", "deployment", "web", "--ignore-not-found", "-o", "jsonpath={.status.readyReplicas}"
        )

    def _kubectl(self, site: str, *arguments: str) -> str:
        return self.clusters[site].kubectl("-n", self.namespace, *arguments)


@pytest.fixture
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own: no `up` of the developer's is disturbed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def shop(
    tmp_path: Path,
    state_home: Path,
    primary: ClusterAccess,
    standby: ClusterAccess,
    namespace_factory: NamespaceFactory,
) -> Shop:
    """The application on the primary; the standby knows nothing of it."""
    namespace = namespace_factory(primary, prefix="shop")
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=APP)
    pipeline = Pipeline.between(tmp_path, primary.kubeconfig, standby.kubeconfig, namespace)
    return Shop(pipeline, namespace, primary, standby)
