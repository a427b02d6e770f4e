"""The command line: `rbac`."""

import json
from typing import Any

import pytest
import yaml

from kubestandby.cli import rights_sources
from kubestandby.errors import ClusterUnavailableError
from kubestandby.resources import GVK, Manifest
from kubestandby.snapshots import TypeSummary
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.cli.world import WEST, World


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """Every site's; `fail("discover", …)` makes it one that does not answer."""
    fake = FakeCluster()
    monkeypatch.setattr(rights_sources, "connect", lambda *_, **__: fake)
    return fake


def crossed(world: World) -> None:
    types = (TypeSummary(gvk=GVK("", "v1", "ConfigMap"), plural="configmaps", count=1, namespaced=True),)
    world.crossed("1-1", types=types)


def printed(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(text) if document]


def named(objects: list[dict[str, Any]]) -> set[str]:
    return {f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}" for one in objects}


def test_rights_are_printed_as_yaml_and_json_alike(world: World, cluster: FakeCluster):
    crossed(world)
    words = ("rbac", "--site", "west", "--role", "restore")

    result = world.run(*words)

    assert result.exit_code == 0
    found = printed(result.stdout)
    assert json.loads(world.run(*words, "--output", "json").stdout)["items"] == found
    assert named(found) >= {
        "ServiceAccount kubestandby-system/kubestandby-restore",
        "RoleBinding shop/kubestandby-restore-shop",
        "Role kubestandby-system/kubestandby-restore-shop.state",
    }
    assert "the cluster of west tells which types it serves" in result.stderr
    assert "snapshot 1-1 (sanitized, at west)" in result.stderr


def test_a_cluster_that_does_not_answer_leaves_the_snapshot_to_tell(world: World, cluster: FakeCluster):
    crossed(world)
    cluster.fail("discover", ClusterUnavailableError("cluster of site west cannot be reached"))

    result = world.run("rbac", "--site", "west", "--role", "restore")

    assert result.exit_code == 0
    assert "the cluster of west was not asked for its types: cluster of site west cannot be reached" in result.stderr
    resources = {name for one in printed(result.stdout) for rule in one.get("rules", ()) for name in rule["resources"]}
    assert "configmaps" in resources
    assert "deployments" not in resources


def test_offline_nobody_asks_the_cluster(world: World, cluster: FakeCluster):
    crossed(world)

    result = world.run("rbac", "--site", "east", "--role", "export", "--from-snapshot")

    assert result.exit_code == 0
    assert cluster.calls == []
    assert "snapshot 1-1 (raw, at east)" in result.stderr


def test_a_named_snapshot_must_be_there(world: World, cluster: FakeCluster):
    crossed(world)

    result = world.run("rbac", "--site", "west", "--role", "restore", "--from-snapshot", "1-9")

    assert result.exit_code == 1
    assert "group shop has no snapshot 1-9" in result.stderr


def test_with_neither_cluster_nor_snapshot_there_is_nothing_to_tell(world: World, cluster: FakeCluster):
    cluster.fail("discover", ClusterUnavailableError("cluster of site west cannot be reached"))

    result = world.run("rbac", "--site", "west", "--role", "restore")

    assert result.exit_code == 64
    assert "there is no snapshot to look into" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--site", "north", "--role", "restore"), "has no site 'north'; it has east, west"),
        (("--site", "west", "--role", "restore", "--group", "till"), "has no protection group 'till'"),
        (("--site", "west", "--role", "restore", "--subject", "me"), "'me' is no subject"),
        (("--site", "west", "--role", "restore", "--from-snapshot", "x"), "is not a snapshot's number"),
        (("--site", "east", "--role", "export", "--admission-policy"), "an export writes nothing"),
    ],
    ids=["site", "group", "subject", "snapshot", "policy"],
)
def test_what_makes_no_sense_is_said(world: World, cluster: FakeCluster, words: tuple[str, ...], said: str):
    crossed(world)

    result = world.run("rbac", *words)

    assert result.exit_code == 64
    assert said in result.stderr


def test_the_policy_knows_the_identity_and_the_names(world: World, cluster: FakeCluster):
    crossed(world)

    result = world.run("rbac", "--site", WEST, "--role", "restore", "--admission-policy", "--subject", 'User:o"brien')

    found: dict[str, Manifest] = {one["kind"]: one for one in printed(result.stdout)}
    policy = found["ValidatingAdmissionPolicy"]["spec"]
    assert policy["matchConditions"][0]["expression"] == 'request.userInfo.username == "o\\"brien"'
    assert found["ConfigMap"]["data"]["namespaces"] == "shop"
    assert found["ConfigMap"]["data"]["inventories"] == "kubestandby-shop"
    assert found["ValidatingAdmissionPolicyBinding"]["spec"]["validationActions"] == ["Deny"]
