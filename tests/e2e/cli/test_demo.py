"""The demo itself, on the real clusters."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from kubestandby.groups import OWN_NAMESPACE
from tests.e2e.cli.conftest import APP, COMMAND
from tests.testbed.access import ClusterAccess

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("shop")]


def _demo(
    folder: Path, primary: ClusterAccess, standby: ClusterAccess, *words: str
) -> subprocess.CompletedProcess[str]:
    options = ["--primary", str(primary.kubeconfig), "--standby", str(standby.kubeconfig), "--output", "json"]
    return subprocess.run(
        [*COMMAND, "demo", *options, "--page", str(folder / "status.html"), *words],
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_sample_shop_crosses_with_every_object_equal(
    tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess
) -> None:
    done = _demo(tmp_path, primary, standby)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["succeeded"]
    assert len(told["objects"]) > 25
    assert [one for one in told["objects"] if not one["equal"]] == []
    assert told["report"]["rtoSeconds"] > 0
    assert "promotion-summer" not in {one["name"] for one in told["objects"]}
    assert "kubestandby status" in (tmp_path / "status.html").read_text()


def test_the_demo_leaves_nothing_behind(tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess) -> None:
    app = tmp_path / "app.yaml"
    app.write_text(APP)
    in_use = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OWN_NAMESPACE}}
    standby.kubectl("apply", "-f", "-", stdin=json.dumps(in_use))

    done = _demo(tmp_path, primary, standby, "--app", str(app), "--namespace", "demo-of-mine")

    assert done.returncode == 0, done.stderr
    for cluster in (primary, standby):
        assert "demo-of-mine" not in cluster.kubectl("get", "namespaces", "-o", "name")
    assert "kubestandby-app" not in standby.kubectl("-n", OWN_NAMESPACE, "get", "configmaps", "-o", "name")
    assert list(tmp_path.glob("kubestandby-demo-*")) == []


def test_a_namespace_that_is_there_already_is_not_touched(
    tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess
) -> None:
    app = tmp_path / "app.yaml"
    app.write_text(APP)

    done = _demo(tmp_path, primary, standby, "--app", str(app), "--namespace", "default")

    assert done.returncode == 64
    assert "has Namespace default already" in done.stderr
    assert primary.kubectl("-n", "default", "get", "configmap", "prices", "--ignore-not-found") == ""


def test_a_group_of_the_same_name_that_is_restored_there_is_not_touched(
    tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess
) -> None:
    app = tmp_path / "app.yaml"
    app.write_text(APP)
    record = {"name": "kubestandby-app", "namespace": OWN_NAMESPACE}
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OWN_NAMESPACE}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": record, "data": {"snapshot": "7-7"}},
    ]
    standby.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
    try:
        done = _demo(tmp_path, primary, standby, "--app", str(app), "--namespace", "demo-of-mine")
    finally:
        left = standby.kubectl("-n", OWN_NAMESPACE, "get", "configmap", "kubestandby-app", "-o", "json")
        standby.kubectl("-n", OWN_NAMESPACE, "delete", "configmap", "kubestandby-app")

    assert done.returncode == 64
    assert f"the standby cluster has ConfigMap {OWN_NAMESPACE}/kubestandby-app already" in done.stderr
    assert json.loads(left)["data"] == {"snapshot": "7-7"}


def test_two_kubeconfigs_of_one_cluster_are_refused(tmp_path: Path, primary: ClusterAccess) -> None:
    done = _demo(tmp_path, primary, primary)

    assert done.returncode == 64
    assert "lead to the same cluster" in done.stderr
