"""The command line as a process, over two real clusters."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.keys import write_keys
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

COMMAND = (sys.executable, "-m", "kubestandby.cli")
APP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: prices}
data: {tea: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "shop/web:1", envFrom: [{configMapRef: {name: prices}}]}]}
"""


@dataclass(frozen=True)
class Shop:
    """A group over one namespace, with the application deployed at east."""

    folder: Path
    namespace: str
    east: ClusterAccess
    west: ClusterAccess

    @property
    def group(self) -> str:
        """Called like the namespace: a standby remembers groups by name, and is shared with other tests."""
        return self.namespace

    @property
    def environment(self) -> dict[str, str]:
        state = {"XDG_STATE_HOME": str(self.folder / "state"), "NO_COLOR": "1"}
        return {**os.environ, **state, "KUBESTANDBY_CONFIG": str(self.folder / "shop.yaml")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words], env=self.environment, capture_output=True, text=True, timeout=240, check=False
        )

    def status_of(self, *words: str) -> int:
        return self.run(*words).returncode

    def lose_east(self) -> None:
        """East's store and the way to its cluster are gone: nothing can be read or written there any more."""
        (self.folder / "east").rename(self.folder / "lost")
        (self.folder / "east").write_text("no folder")
        (self.folder / "east.kubeconfig").unlink()


@pytest.fixture
def shop(tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess, namespace_factory: NamespaceFactory) -> Shop:
    namespace = namespace_factory(primary, prefix="cli")
    primary.kubectl("apply", "-n", namespace, "-f", "-", stdin=APP)
    (tmp_path / "east.kubeconfig").symlink_to(primary.kubeconfig)
    (tmp_path / "west.kubeconfig").symlink_to(standby.kubeconfig)
    (tmp_path / "shop.yaml").write_text(json.dumps(_group(tmp_path, namespace)))
    write_keys(tmp_path)
    return Shop(tmp_path, namespace, primary, standby)


def _group(folder: Path, namespace: str) -> dict[str, Any]:
    sites = {
        site: {
            "cluster": {"kubeconfig": f"{folder}/{site}.kubeconfig"},
            "data": f"file://{folder}/{site}/data",
            "control": f"file://{folder}/{site}/control",
        }
        for site in ("east", "west")
    }
    spec = {"namespaces": [namespace], "sites": sites, "primary": "east", "standby": "west"}
    return {
        "apiVersion": "kubestandby.dev/v1",
        "kind": "ProtectionGroup",
        "metadata": {"name": namespace},
        "spec": spec,
    }
