"""How the live state is read."""

import pytest

from functions.restore.live_state import Restarted, read_all, read_objects
from kubestandby.errors import ClusterError, ListExpiredError
from tests.fakes.fake_cluster import FakeCluster, expired
from tests.unit.restore.samples import TYPES, config_map

CONFIG_MAPS = TYPES["", "ConfigMap"]
ROLES = TYPES["rbac.authorization.k8s.io", "ClusterRole"]


def lists(cluster: FakeCluster) -> list[str]:
    return [namespace for operation, _, namespace, _ in cluster.calls if operation == "list"]


def test_a_few_namespaces_are_listed_one_by_one() -> None:
    cluster = FakeCluster()

    read_all(cluster, CONFIG_MAPS, {("a", "x"), ("b", "x"), ("b", "y")})

    assert lists(cluster) == ["a", "b"]


def test_many_namespaces_are_one_list() -> None:
    cluster = FakeCluster()

    read_all(cluster, CONFIG_MAPS, {(name, "x") for name in "abcd"})

    assert lists(cluster) == [""]


def test_many_namespaces_are_listed_one_by_one_where_the_whole_cluster_may_not_be() -> None:
    cluster = FakeCluster(config_map("x", "a"))
    cluster.fail("list", ClusterError("forbidden", status=403, reason="Forbidden"), namespace="")

    found = read_all(cluster, CONFIG_MAPS, {(name, "x") for name in "abcd"})

    assert list(found) == [("a", "x")]


def test_only_what_is_wanted_is_given_on() -> None:
    cluster = FakeCluster(config_map("mine"), config_map("foreign"))

    assert list(read_all(cluster, CONFIG_MAPS, {("shop", "mine"), ("shop", "missing")})) == [("shop", "mine")]


def test_a_few_cluster_scoped_objects_are_read_by_name() -> None:
    cluster = FakeCluster()

    read_all(cluster, ROLES, {("", "reader")})

    assert cluster.calls == [("get", "clusterroles", "", "reader")]


def test_many_cluster_scoped_objects_are_one_list() -> None:
    cluster = FakeCluster()

    read_all(cluster, ROLES, {("", f"role-{number}") for number in range(9)})

    assert lists(cluster) == [""]


def test_a_list_that_expires_starts_again_and_voids_what_came_before() -> None:
    cluster = FakeCluster(config_map("a"))
    cluster.fail("list", expired(), after_pages=1, times=1)

    found = list(read_objects(cluster, CONFIG_MAPS, {("shop", "a")}))

    assert [isinstance(item, Restarted) for item in found] == [False, True, False]


def test_a_list_that_expires_for_ever_is_an_error() -> None:
    cluster = FakeCluster(config_map("a"))
    cluster.fail("list", expired())

    with pytest.raises(ListExpiredError):
        read_all(cluster, CONFIG_MAPS, {("shop", "a")})


def test_a_type_that_went_away_since_discovery_has_no_objects() -> None:
    cluster = FakeCluster()
    cluster.fail("list", ClusterError("not found", status=404, reason="NotFound"))

    assert read_all(cluster, CONFIG_MAPS, {("shop", "a")}) == {}


def test_a_failing_server_is_not_taken_for_missing_rights() -> None:
    cluster = FakeCluster()
    cluster.fail("list", ClusterError("bad request", status=400, reason="BadRequest"), namespace="")

    with pytest.raises(ClusterError, match="bad request"):
        read_all(cluster, CONFIG_MAPS, {(name, "x") for name in "abcd"})
