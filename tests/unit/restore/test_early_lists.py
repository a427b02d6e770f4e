"""Lists that begin before a survey needs them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from functions.restore.early_lists import MOST_LISTS, EarlyLists, worth_beginning
from functions.restore.resolving import Resolver
from kubestandby.errors import ClusterError
from kubestandby.snapshots import SnapshotIndex, TypeSummary
from tests.fakes.fake_cluster import BUILT_IN, FakeCluster, forbidden
from tests.unit.restore.samples import TYPES, config_map, standby, stored

CONFIG_MAPS = TYPES["", "ConfigMap"]
MANY = ("a", "b", "c", "d")


def begun(cluster: FakeCluster) -> EarlyLists:
    with ThreadPoolExecutor(1) as pool:
        lists = EarlyLists(cluster, pool)
        lists.begin([CONFIG_MAPS])
    return lists


def names(lists: EarlyLists, namespace: str = "") -> list[str]:
    return [item["metadata"]["name"] for page in lists.pages(CONFIG_MAPS, namespace=namespace) for item in page.items]


def index(*namespaces: str) -> SnapshotIndex:
    kinds = [type_ for type_ in BUILT_IN if type_.namespaced][:8]
    types = tuple(TypeSummary(gvk=t.gvk, plural=t.plural, count=n, namespaced=True) for n, t in enumerate(kinds))
    return replace(stored(config_map())[1], namespaces=namespaces, types=types)


def test_a_list_that_has_begun_is_given_whole_and_is_asked_for_once() -> None:
    cluster = standby(config_map("x"), config_map("y"))
    lists = begun(cluster)

    assert cluster.calls == [("list", "configmaps", "", "")]
    assert names(lists) == ["x", "y"]
    assert cluster.calls == [("list", "configmaps", "", "")]


def test_it_is_read_anew_the_second_time() -> None:
    cluster = standby(config_map("x"))
    lists = begun(cluster)
    names(lists)
    cluster.put(config_map("y"))

    assert names(lists) == ["x", "y"]


def test_a_list_of_one_namespace_is_another_one() -> None:
    lists = begun(standby(config_map("x"), config_map("y", "b")))

    assert names(lists, "b") == ["y"]


def test_what_went_wrong_is_told_to_the_reader() -> None:
    cluster = standby()
    cluster.fail("list", forbidden(), plural="configmaps", times=1)
    lists = begun(cluster)

    with pytest.raises(ClusterError, match="403"):
        names(lists)
    assert names(lists) == []


def test_the_types_with_the_most_objects_begin_early() -> None:
    found = worth_beginning(index(*MANY), Resolver(standby().discover(), ()))

    assert [type_.plural for type_ in found] == [
        summary.plural for summary in index(*MANY).types[: -MOST_LISTS - 1 : -1]
    ]


def test_none_begins_where_namespaces_are_listed_one_by_one() -> None:
    assert worth_beginning(index("a"), Resolver(standby().discover(), ())) == []
