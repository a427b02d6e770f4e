"""A small application, already taken across once, whose configuration a test then breaks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.keys import write_keys
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory


@dataclass(frozen=True)
class Run:
    """What a command printed, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        lines = [line for line in self.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, self.stderr
        assert "Traceback" not in self.stderr
        return lines[0]


@dataclass
class Shop:
    """A protection group over one namespace of two clusters."""

    folder: Path
    namespace: str
    primary: ClusterAccess
    standby: ClusterAccess
    group: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str) -> Run:
        """Runs the command line with the group's configuration as it stands now."""
        config = self.folder / "group.yaml"
        config.write_text(json.dumps(self.group, indent=1))
        done = subprocess.run(
            [sys.executable, "-m", "kubestandby.cli", *arguments],
            env={**os.environ, "KUBESTANDBY_CONFIG": str(config), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    @property
    def spec(self) -> dict[str, Any]:
        """The group's configuration."""
        spec: dict[str, Any] = self.group["spec"]
        return spec

    def kubeconfig(self, cluster: ClusterAccess, change: Callable[[dict[str, Any]], None]) -> str:
        """Path of a copy of the cluster's kubeconfig, changed."""
        document = yaml.safe_load(cluster.kubeconfig.read_text())
        change(document)
        path = self.folder / f"changed-{cluster.name}.kubeconfig"
        path.write_text(yaml.safe_dump(document))
        return str(path)

    def snapshots(self) -> list[dict[str, Any]]:
        """What `kubestandby snapshots` lists."""
        listed: list[dict[str, Any]] = json.loads(self.run("snapshots", self.namespace, "-o", "json").stdout)[
            "snapshots"
        ]
        return listed

    def edit(self, value: str) -> None:
        """Changes the application on the primary."""
        patch = json.dumps({"data": {"greeting": value}})
        self.primary.kubectl("-n", self.namespace, "patch", "configmap", "web", "-p", patch)

    def greeting_on_standby(self) -> str:
        """What the standby has."""
        return self.standby.kubectl("-n", self.namespace, "get", "cm", "web", "-o", "jsonpath={.data.greeting}")


@pytest.fixture
def shop(tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess, namespace_factory: NamespaceFactory) -> Shop:
    """The application on the primary, with nothing stored yet; the namespace goes at the end."""
    namespace = namespace_factory(primary, standby, prefix="bad")
    write_keys(tmp_path)
    primary.kubectl("-n", namespace, "create", "configmap", "web", "--from-literal=greeting=first")
    primary.kubectl("-n", namespace, "create", "secret", "generic", "web", "--from-literal=password=canary-7531")
    sites = {
        site: {
            "cluster": {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context},
            "data": f"file://{tmp_path}/{site}/data",
            "control": f"file://{tmp_path}/{site}/control",
        }
        for site, cluster in (("east", primary), ("west", standby))
    }
    spec = {"namespaces": [namespace], "sites": sites, "primary": "east", "standby": "west"}
    group = {
        "apiVersion": "kubestandby.dev/v1",
        "kind": "ProtectionGroup",
        "metadata": {"name": namespace},
        "spec": spec,
    }
    return Shop(tmp_path, namespace, primary, standby, group)


@pytest.fixture
def crossed(shop: Shop) -> Shop:
    """The application, taken across once: the standby has the first greeting."""
    done = shop.run("run", shop.namespace)
    assert done.status == 0, done.stderr
    assert shop.greeting_on_standby() == "first"
    return shop
