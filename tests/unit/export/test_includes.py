import pytest

from kubestandby.errors import ConfigError
from kubestandby.groups import IncludedObject
from tests.fakes.fake_cluster import forbidden
from tests.unit.export.exporting import Bench
from tests.unit.export.objects import cluster_role, cluster_role_binding, definition, namespace, obj


def include(kind: str, name: str) -> dict[str, object]:
    return {"include": (IncludedObject(kind=kind, name=name),)}


@pytest.mark.parametrize("kind", ["ClusterRole", "ClusterRole.rbac.authorization.k8s.io"])
def test_object_that_the_configuration_names_is_taken(kind: str) -> None:
    bench = Bench(namespace(), cluster_role("operators"), cluster_role("others"), **include(kind, "operators"))

    assert bench.names("ClusterRole") == ["operators"]


def test_role_of_a_binding_that_the_configuration_names_is_taken() -> None:
    bench = Bench(
        namespace(),
        cluster_role("operators"),
        cluster_role_binding("staff", "operators"),
        **include("ClusterRoleBinding", "staff"),
    )

    assert bench.names("ClusterRole") == ["operators"]


def test_cluster_scoped_custom_resource_that_the_configuration_names_comes_with_its_crd() -> None:
    bench = Bench(namespace(), definition("issuers", "Issuer", scope="Cluster"), **include("Issuer", "acme"))
    bench.cluster.put(obj("example.com/v1", "Issuer", "acme"))

    assert bench.names("Issuer") == ["acme"]
    assert bench.names("CustomResourceDefinition") == ["issuers.example.com"]


def test_object_labelled_for_the_group_is_taken_whatever_its_kind() -> None:
    label = {"kubestandby.dev/include": "shop"}
    bench = Bench(
        namespace(),
        definition("issuers", "Issuer", scope="Cluster"),
        cluster_role("labelled", labels=label),
        cluster_role("for-others", labels={"kubestandby.dev/include": "other"}),
        obj("storage.k8s.io/v1", "StorageClass", "labelled", labels=label),
    )
    bench.cluster.put(
        obj("example.com/v1", "Issuer", "labelled", labels=label), obj("example.com/v1", "Issuer", "plain")
    )

    assert bench.names("ClusterRole") == ["labelled"]
    assert bench.names("StorageClass") == ["labelled"]
    assert bench.names("Issuer") == ["labelled"]
    assert bench.names("CustomResourceDefinition") == ["issuers.example.com"]


def test_the_scripts_label_is_honoured_for_chosen_namespaces_only() -> None:
    bench = Bench(
        namespace(),
        cluster_role("ours", labels={"maak8sapply": "shop"}),
        cluster_role("theirs", labels={"maak8sapply": "other"}),
    )

    assert bench.names("ClusterRole") == ["ours"]


def test_included_kind_that_is_not_served_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"includes Nonsense x, but the cluster serves no such kind"):
        Bench(namespace(), **include("Nonsense", "x")).export()


def test_included_kind_of_a_group_that_does_not_answer_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace(), **include("Thing.down.example.com", "x"))
    bench.cluster.silent_groups["down.example.com"] = "503 ServiceUnavailable"

    assert "spec.include Thing.down.example.com x: its API group could not be read" in bench.index().failures


def test_included_kind_of_several_groups_has_to_be_written_in_full() -> None:
    bench = Bench(
        namespace(), definition("clusterroles", "ClusterRole", scope="Cluster"), **include("ClusterRole", "x")
    )

    with pytest.raises(ConfigError, match=r"ClusterRole\.example\.com, ClusterRole\.rbac"):
        bench.export()


def test_included_kind_that_lives_in_a_namespace_is_an_error() -> None:
    with pytest.raises(ConfigError, match="lives in a namespace"):
        Bench(namespace(), **include("ConfigMap", "x")).export()


def test_included_object_that_does_not_exist_makes_the_snapshot_incomplete() -> None:
    index = Bench(namespace(), **include("ClusterRole", "missing")).index()

    assert index.failures == ("spec.include ClusterRole missing: the cluster has no such object",)


def test_included_object_that_may_not_be_read_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace(), cluster_role("operators"), **include("ClusterRole", "operators"))
    bench.cluster.fail("get", forbidden(), plural="clusterroles")

    assert bench.index().failures == ("spec.include ClusterRole operators: 403 Forbidden",)
