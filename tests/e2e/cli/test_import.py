"""Somebody comes over with what they have: archives of the playbook's script, folders, and back to a folder."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from kubestandby.adapters.manifest_files.documents import read_manifests
from tests.e2e.cli.conftest import APP, Shop
from tests.properties.values import TREACHEROUS, typed
from tests.testbed.access import ClusterAccess

pytestmark = pytest.mark.clusters

WRITTEN_BY_HAND = """
apiVersion: v1
kind: Secret
metadata: {name: till, creationTimestamp: null}
stringData: {code: not-for-logs}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
status: {loadBalancer: {}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, creationTimestamp: null, annotations: null}
spec:
  replicas: 0
  strategy: {}
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {creationTimestamp: null, labels: {app: idle}}
    spec: {containers: [{name: idle, image: busybox, resources: {}, args: null}], volumes: [{name: a, emptyDir: {}}]}
status: {}
"""
TYPES = ("configmaps", "deployments", "replicasets", "secrets", "serviceaccounts", "services", "pods", "endpointslices")


def playbook_archive(shop: Shop) -> bytes:
    """As maak8-get-all-artifacts.sh lays it out: a file for each object, and its logs beside them."""
    files = {f"./{shop.namespace}/{shop.namespace}.yaml": shop.east.kubectl("get", "ns", shop.namespace, "-o", "yaml")}
    for type_ in TYPES:
        names = shop.east.kubectl("-n", shop.namespace, "get", type_, "-o", "name").split()
        for name in (name.rpartition("/")[2] for name in names):
            text = shop.east.kubectl("-n", shop.namespace, "get", type_, name, "-o", "yaml")
            files[f"./{shop.namespace}/{name}.{type_}.yaml"] = text
    files["./view.clusterrole.yaml"] = shop.east.kubectl("get", "clusterrole", "view", "-o", "yaml")
    files["./backup-operations.log"] = "not yaml: ["
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


def tea_at_west(shop: Shop) -> str:
    return shop.west.kubectl("-n", shop.namespace, "get", "configmap", "prices", "-o", "jsonpath={.data.tea}")


def test_an_archive_of_the_playbook_crosses_without_the_primary(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "backup.gz").write_bytes(playbook_archive(shop))
    (shop.folder / "east.kubeconfig").unlink()

    imported = shop.run("import", shop.group, str(tmp_path / "backup.gz"), "--output", "json")

    assert imported.returncode == 0, imported.stderr
    left_out = json.loads(imported.stdout)["export"]["details"]["left_out"]
    assert left_out["owned_by_controller"] >= 2
    assert tea_at_west(shop) == "1"
    shop.west.kubectl("-n", shop.namespace, "rollout", "status", "deployment/web", "--timeout=60s")


def test_a_stream_of_manifests_crosses_and_a_packed_snapshot_is_applied_by_kubectl(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(f"{APP}---{WRITTEN_BY_HAND}")

    imported = shop.run("import", shop.group, str(tmp_path / "app.yaml"), "--namespace", shop.namespace)

    assert imported.returncode == 0, imported.stderr
    assert f"namespace {shop.namespace} is described by no file" in imported.stderr
    assert tea_at_west(shop) == "1"
    assert "not-for-logs" not in imported.stdout + imported.stderr
    planned = shop.run("plan", shop.group)
    assert planned.returncode == 0, planned.stdout

    packed = shop.run("pack", shop.group, "--to", str(tmp_path / "packed"))
    assert packed.returncode == 0, packed.stderr
    shop.west.kubectl("-n", shop.namespace, "delete", "configmap", "prices")
    shop.west.kubectl("apply", "--server-side", "--force-conflicts", "--recursive", "-f", str(tmp_path / "packed"))
    assert tea_at_west(shop) == "1"


def test_kubectl_makes_of_files_what_an_import_makes_of_them(primary: ClusterAccess) -> None:
    plain = [
        text for text in TREACHEROUS if text.isprintable() and text.isascii() and text[:1] not in ("", "{", "&", "%")
    ]
    lines = [f"  k{number}: {text}" for number, text in enumerate(plain) if _is_yaml(text)]
    text = "\n".join(
        ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: a}", "data:", *lines, "  on: x", "  0x10: y", ""]
    )

    made = primary.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", stdin=text)

    ours = next(read_manifests(text.encode(), "f")).manifest
    assert len(lines) > 30
    assert typed(json.loads(made)["data"]) == typed(ours["data"])


def _is_yaml(text: str) -> bool:
    """Whether it can stand behind a key without quotes, and means a value of its own there."""
    try:
        list(read_manifests(f"apiVersion: v1\nkind: A\nmetadata: {{name: a}}\ndata:\n  k: {text}\n".encode(), "f"))
    except Exception:  # noqa: BLE001 - whatever is refused is of no use here
        return False
    return True
