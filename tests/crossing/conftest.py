"""A group over two real clusters, its configuration file, and the command line as a process."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.testbed.access import ClusterAccess

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Crossing:
    """One protection group over one namespace, named like it, on two clusters."""

    namespace: str
    config: Path
    primary: ClusterAccess
    standby: ClusterAccess

    def kubestandby(self, *arguments: str, status: int = 0) -> str:
        """Runs the command line, demands its exit status, returns what it printed on standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "kubestandby.cli", *arguments],
            env={**os.environ, "KUBESTANDBY_CONFIG": str(self.config), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Runs the command line with `--output json`."""
        return json.loads(self.kubestandby(*arguments, "--output", "json", status=status))


def _config(crossing_dir: Path, namespace: str, primary: ClusterAccess, standby: ClusterAccess) -> Path:
    sites = {
        site: {
            "cluster": {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context},
            "data": f"file://{crossing_dir}/{site}/data",
            "control": f"file://{crossing_dir}/{site}/control",
        }
        for site, cluster in (("east", primary), ("west", standby))
    }
    group = {
        "apiVersion": "kubestandby.dev/v1",
        "kind": "ProtectionGroup",
        "metadata": {"name": namespace},
        "spec": {
            "namespaces": [namespace],
            "sites": sites,
            "primary": "east",
            "standby": "west",
            "restore": {"mode": "hot"},
        },
    }
    path = crossing_dir / "group.yaml"
    path.write_text(json.dumps(group, indent=1))
    return path


@pytest.fixture
def crossing(tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess) -> Iterator[Crossing]:
    """A group over a namespace that holds the corpus, on the primary; both clusters lose it again at the end."""
    namespace = f"crossing-{uuid.uuid4().hex[:6]}"
    primary.kubectl("create", "namespace", namespace)
    _author(primary, namespace)
    yield Crossing(namespace, _config(tmp_path, namespace, primary, standby), primary, standby)
    for cluster in (primary, standby):
        _remove_all(cluster, namespace)


def _author(cluster: ClusterAccess, namespace: str) -> None:
    for name in ("crd.yaml", "traps.yaml", "cluster.yaml"):
        text = (CORPUS / name).read_text().replace("NAMESPACE", namespace)
        cluster.kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=text)
        cluster.kubectl("wait", "--for=condition=Established", "crd/services.crossing.example.com")
    cluster.kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Bound", "pvc/waiting", "--timeout=60s")
    cluster.kubectl("wait", "-n", namespace, "--for=condition=Complete", "job/migrate", "--timeout=60s")
    cluster.kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/important", "--timeout=60s")


def _remove_all(cluster: ClusterAccess, namespace: str) -> None:
    kinds = "clusterrolebinding,clusterrole,priorityclass,persistentvolume"
    cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=60s")
    cluster.kubectl("delete", kinds, "-l", f"crossing={namespace}", "--ignore-not-found", "--timeout=60s")
    cluster.kubectl("delete", "crd", "services.crossing.example.com", "--ignore-not-found", "--timeout=60s")
