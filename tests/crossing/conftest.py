"""Two clusters of the crossing's own, the corpus on the first of them, and the command line as a process.

They are started for it, whatever clusters the other tests use: the corpus takes whole clusters, holds objects that
nobody can delete, and needs ranges of addresses that overlap: a fixed address has to be possible on both, while an
allocated one that was carried over is, seven times out of eight, refused.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.steps import corpus, staying
from tests.crossing.aggregated_api import aggregated_api
from tests.crossing.authoring import Authored, author
from tests.crossing.reading import Key, Manifest, read_cluster
from tests.fakes.keys import write_keys
from tests.testbed.build import controlplane_binary
from tests.testbed.cluster import Cluster, start_cluster
from tests.testbed.pki import Authority

GROUP = "corpus"
INCLUDED = (
    ("ValidatingAdmissionPolicyBinding", "corpus-policy"),
    ("MutatingAdmissionPolicyBinding", "corpus-mutation"),
    ("FlowSchema", "corpus-batch"),
    ("ServiceCIDR", "corpus-range"),
    ("Realm.corpus.example.com", "included"),
)
"""Cluster-scoped objects of the corpus that only the group's configuration asks for."""

RANGES = {"primary": ("10.96.0.0/13", "fd00:97::/108"), "standby": ("10.97.0.0/16", "fd00:97::/112")}
BETA = (
    "--runtime-config=api/beta=true",
    "--feature-gates=MutatingAdmissionPolicy=true,ClusterTrustBundle=true,ClusterTrustBundleProjection=true",
)
"""Kinds that are off by default in 1.34."""

SETTLED = (
    ("corpus-storage", "jsonpath={.status.phase}=Bound", ("pvc/names-its-volume", "pvc/named-by-its-volume")),
    ("corpus-storage", "jsonpath={.status.phase}=Bound", ("pvc/both-ways", "pvc/selects-its-volume")),
    ("corpus-storage", "jsonpath={.status.phase}=Bound", ("pvc/twin-one", "pvc/twin-two")),
    ("corpus-workloads", "condition=Complete", ("job/done", "job/done-with-labels")),
    ("corpus-workloads", "condition=Failed", ("job/failed",)),
    ("corpus-workloads", "jsonpath={.status.phase}=Failed", ("pod/ended",)),
    ("corpus-workloads", "condition=Ready", ("pod/keeper", "pod/applied")),
    ("corpus-workloads", "condition=Available", ("deployment/web", "deployment/recreated")),
    ("corpus-workloads", "jsonpath={.status.readyReplicas}=2", ("statefulset/db",)),
    ("corpus-admission", "condition=Available", ("apiservice/v1.aggregated.corpus.example.com",)),
)
"""Namespace, condition, objects: what is waited for before the snapshot is taken."""


@dataclass(frozen=True)
class Crossing:
    """The corpus on the primary, and a way to run `kubestandby` on both clusters.

    Attributes:
        authored: what has to come back.
        staying: what must not.
        before: what the standby held before anything.
        on_primary: what the primary held after the first run.
        on_standby: what the standby held then.
    """

    primary: Cluster
    standby: Cluster
    authored: Authored
    staying: Authored
    before: dict[Key, Manifest]
    folder: Path
    on_primary: dict[Key, Manifest] = field(default_factory=dict)
    on_standby: dict[Key, Manifest] = field(default_factory=dict)

    def configure(self, name: str, *, mode: str = "hot", **spec: Any) -> None:
        """Writes the configuration of a group; its buckets are its own."""
        sites = {
            site: {
                "cluster": {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context},
                "data": f"file://{self.folder}/{name}/{site}/data",
                "control": f"file://{self.folder}/{name}/{site}/control",
            }
            for site, cluster in (("east", self.primary), ("west", self.standby))
        }
        spec = {**spec, "sites": sites, "primary": "east", "standby": "west", "restore": {"mode": mode}}
        group = {
            "apiVersion": "kubestandby.dev/v1",
            "kind": "ProtectionGroup",
            "metadata": {"name": name},
            "spec": spec,
        }
        (self.folder / f"{name}.yaml").write_text(json.dumps(group, indent=1))
        write_keys(self.folder)

    def kubestandby(self, *arguments: str, group: str = GROUP, status: int = 0) -> str:
        """Runs the command line, demands its exit status, returns what it printed on standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "kubestandby.cli", *arguments],
            env={**os.environ, "KUBESTANDBY_CONFIG": str(self.folder / f"{group}.yaml"), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Runs the command line with `--output json`."""
        return json.loads(self.kubestandby(*arguments, "--output", "json"))


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crossing]:
    """The corpus, authored and settled on the primary, after one `kubestandby run`."""
    folder = tmp_path_factory.mktemp("crossing")
    authority = Authority("corpus-ca", folder)
    pem = authority.certificate.read_text()
    with (
        _clusters() as (primary, standby),
        aggregated_api(folder, authority, "aggregated.corpus-admission.svc") as port,
    ):
        values = {"CERTIFICATE": pem, "CA_BUNDLE": base64.b64encode(pem.encode()).decode(), "PORT": port}
        before = read_cluster(standby.kubectl)
        authored = author(primary.kubectl, corpus(), values)
        left_behind = author(primary.kubectl, staying(), values)
        for namespace, condition, objects in SETTLED:
            primary.kubectl("wait", "-n", namespace, f"--for={condition}", "--timeout=60s", *objects)
        found = Crossing(primary, standby, authored, left_behind, before, folder)
        include = [{"kind": kind, "name": name} for kind, name in INCLUDED]
        namespaces = [key.name for key in authored if key[:2] == ("", "Namespace")]
        found.configure(GROUP, namespaces=namespaces, include=include)
        found.kubestandby("run", GROUP)
        yield replace(found, on_primary=read_cluster(primary.kubectl), on_standby=read_cluster(standby.kubectl))


@contextlib.contextmanager
def _clusters() -> Iterator[Sequence[Cluster]]:
    controlplane_binary()  # once, and not by two threads waiting for one another
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(RANGES)) as pool:
        starts = [pool.submit(_start, name, *ranges) for name, ranges in RANGES.items()]
        yield [stack.enter_context(start.result()) for start in starts]


def _start(name: str, fourth: str, sixth: str) -> Cluster:
    arguments = [f"--service-cluster-ip-range={fourth},{sixth}", *BETA]
    return start_cluster(f"crossing-{name}", audit=True, service_range=fourth, apiserver_args=arguments)
