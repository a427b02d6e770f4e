"""Export from a real API server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.errors import ClusterError, ConfigError
from kubestandby.snapshots import SnapshotIndex
from tests.fakes.keys import snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.integration.export.real_cluster import create, export, kubeconfig_with, names
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = pytest.mark.clusters


@pytest.fixture
def shop(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> str:
    return namespace_factory(primary, prefix="export")


def config_map(name: str, within: str, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": within, **rest}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": name}}


def deployment(name: str, within: str, **pod_spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    spec = {"containers": [{"name": "main", "image": f"registry.example/{name}:1"}], **pod_spec}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": within},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def test_empty_namespace_gives_only_itself(primary: ClusterAccess, shop: str) -> None:
    index = export(primary.kubeconfig, shop).index

    assert [str(entry.ref) for entry in index.entries] == [f"Namespace {shop}"]
    assert index.complete


def test_what_controllers_make_is_left_out_and_named(primary: ClusterAccess, shop: str) -> None:
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    metadata = {"name": "web", "namespace": shop}
    create(
        primary, deployment("web", shop), {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}
    )
    primary.kubectl("rollout", "status", "deployment/web", "-n", shop, "--timeout=60s")

    index = export(primary.kubeconfig, shop).index

    assert [entry.ref.gvk.kind for entry in index.entries] == ["Namespace", "Deployment", "Service"]
    dropped = {count.rule: count.count for count in index.dropped}
    assert dropped["owned_by_controller"] >= 2
    assert dropped["controller_made_endpoints"] == 1
    assert dropped["controller_made_endpoint_slice"] >= 1
    assert dropped["published_root_ca"] == 1
    assert dropped["untouched_default_service_account"] == 1
    assert [(use.reference, use.used_by) for use in index.images] == [
        ("registry.example/web:1", (f"Deployment.apps {shop}/web",))
    ]


def test_small_pages_give_the_same_snapshot_as_large_ones(primary: ClusterAccess, shop: str) -> None:
    create(primary, *(config_map(f"c{number:03}", shop) for number in range(45)))

    large, small = export(primary.kubeconfig, shop).index, export(primary.kubeconfig, shop, page_size=7).index

    assert len(names(small, "ConfigMap")) == 45
    assert small.content_sha256 == large.content_sha256
    assert small.archive_sha256 == large.archive_sha256


def test_unchanged_cluster_makes_no_second_generation(primary: ClusterAccess, shop: str) -> None:
    create(primary, config_map("settings", shop))
    store = snapshot_store(MemoryStore())
    assert export(primary.kubeconfig, shop, store=store).created

    assert not export(primary.kubeconfig, shop, store=store).created

    primary.kubectl("label", "configmap/settings", "a=b", "-n", shop)
    assert export(primary.kubeconfig, shop, store=store).created


def test_every_listed_type_has_a_resource_version(primary: ClusterAccess, shop: str) -> None:
    index = export(primary.kubeconfig, shop).index

    assert all(summary.resource_version for summary in index.types if summary.plural != "namespaces")


def test_unknown_namespace_is_named(primary: ClusterAccess) -> None:
    with pytest.raises(ConfigError, match="names the namespace no-such-namespace"):
        export(primary.kubeconfig, "no-such-namespace")


def test_cluster_scoped_needs_are_taken_and_nothing_else(primary: ClusterAccess, shop: str) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": []}
    selector = {"clusterRoleSelectors": [{"matchLabels": {"part-of": shop}}]}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": shop},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": shop},
        "subjects": [
            {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": f"system:serviceaccounts:{shop}"}
        ],
    }
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": shop}, "value": 7}
    made = [
        {**role, "metadata": {"name": shop}, "aggregationRule": selector},
        {**role, "metadata": {"name": f"{shop}-part", "labels": {"part-of": shop}}},
        {**role, "metadata": {"name": f"{shop}-other"}},
        binding,
        priority,
    ]
    try:
        create(primary, *made, deployment("web", shop, priorityClassName=shop))

        index = export(primary.kubeconfig, shop).index

        assert names(index, "ClusterRole") == [f"{shop}-part", shop] or names(index, "ClusterRole") == [
            shop,
            f"{shop}-part",
        ]
        assert names(index, "ClusterRoleBinding") == [shop]
        assert names(index, "PriorityClass") == [shop]
    finally:
        roles = (shop, f"{shop}-part", f"{shop}-other")
        primary.kubectl("delete", "clusterrole", *roles)
        primary.kubectl("delete", f"clusterrolebinding/{shop}", f"priorityclass/{shop}")


@contextmanager
def account_with(primary: ClusterAccess, shop: str, file: Path, *rules: dict[str, list[str]]) -> Iterator[Path]:
    """A kubeconfig of a service account that has these rights everywhere."""
    rbac = "rbac.authorization.k8s.io"
    create(
        primary,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "clerk", "namespace": shop}},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": f"{shop}-clerk"}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{shop}-clerk"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": f"{shop}-clerk"},
            "subjects": [{"kind": "ServiceAccount", "name": "clerk", "namespace": shop}],
        },
    )
    token = primary.kubectl("create", "token", "clerk", "-n", shop).strip()
    yield kubeconfig_with(file, primary, user={"token": token})
    primary.kubectl("delete", f"clusterrole/{shop}-clerk", f"clusterrolebinding/{shop}-clerk")


@pytest.fixture
def clerk(primary: ClusterAccess, shop: str, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of a service account that may read everything but Secrets."""
    rules = {"apiGroups": ["*"], "resources": ["configmaps", "deployments", "namespaces"], "verbs": ["get", "list"]}
    with account_with(primary, shop, tmp_path / "clerk", rules) as kubeconfig:
        yield kubeconfig


def namespaces_of(index: SnapshotIndex) -> dict[str, str]:
    """Digests of the Namespaces in a snapshot, by name."""
    return {entry.ref.name: entry.sha256 for entry in index.entries if entry.ref.gvk.kind == "Namespace"}


def test_many_namespaces_that_may_only_be_read_by_name_are_those_that_a_list_gives(
    primary: ClusterAccess, shop: str, tmp_path: Path, namespace_factory: NamespaceFactory
) -> None:
    spaces = [shop, *(namespace_factory(primary, prefix="export") for _ in range(4))]
    by_name = {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "verbs": ["get"],
        "resourceNames": [*spaces, "kube-system"],
    }
    rest = {"apiGroups": ["*"], "resources": ["configmaps"], "verbs": ["list"]}
    with account_with(primary, shop, tmp_path / "clerk", by_name, rest) as kubeconfig:
        read = export(kubeconfig, *spaces).index

    listed = export(primary.kubeconfig, *spaces).index

    assert read.namespaces == listed.namespaces == tuple(spaces)
    assert namespaces_of(read) == namespaces_of(listed)
    assert not [failure for failure in read.failures if "namespaces" in failure]


def test_types_that_may_not_be_listed_are_named_and_the_rest_is_taken(
    primary: ClusterAccess, shop: str, clerk: Path
) -> None:
    create(primary, config_map("settings", shop), deployment("web", shop))

    index = export(clerk, shop).index

    assert f"core/secrets: 403 Forbidden; grant the exporter list on it (in {shop})" in index.failures
    assert "settings" in names(index, "ConfigMap")
    assert names(index, "Deployment") == ["web"]


def test_credentials_that_were_withdrawn_are_an_error(primary: ClusterAccess, shop: str, clerk: Path) -> None:
    primary.kubectl("delete", "serviceaccount/clerk", "-n", shop)

    with pytest.raises(ClusterError, match="refuses the credentials") as raised:
        export(clerk, shop)
    assert raised.value.status == 401


def test_missing_credentials_are_an_error(primary: ClusterAccess, shop: str, tmp_path: Path) -> None:
    nobody = kubeconfig_with(tmp_path / "nobody", primary, user={})

    with pytest.raises(ClusterError, match="missing, wrong or expired"):
        export(nobody, shop)


def test_wrong_credentials_are_an_error_that_does_not_repeat_them(
    primary: ClusterAccess, shop: str, tmp_path: Path
) -> None:
    wrong = kubeconfig_with(tmp_path / "wrong", primary, user={"token": "hunter2"})

    with pytest.raises(ClusterError, match="refuses the credentials") as raised:
        export(wrong, shop)
    assert "hunter2" not in str(raised.value)


def test_server_with_a_certificate_of_another_authority_is_an_error(
    primary: ClusterAccess, standby: ClusterAccess, shop: str, tmp_path: Path
) -> None:
    server = yaml.safe_load(primary.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    wrong = kubeconfig_with(tmp_path / "wrong", standby, user={}, cluster={"server": server})

    with pytest.raises(ClusterError, match="certificate is not trusted") as raised:
        export(wrong, shop)
    assert not raised.value.transient
