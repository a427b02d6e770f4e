"""Invariants 6 and 11: pruning leaves what restoring the newest snapshot alone would have made, and never guesses."""

from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from kubestandby.groups import RestartPolicy
from tests.fakes.fake_cluster import FakeCluster, forbidden
from tests.properties.clusters import NAMESPACES, Manifest, applications, namespace, plain_texts
from tests.properties.pipeline import EAST, WEST, Pipeline, cluster

OF_ONE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
NEVER_PRUNED = ("CustomResourceDefinition",)

foreign_names = st.sampled_from(["theirs", "also-theirs"])
foreign = st.dictionaries(st.tuples(st.sampled_from(NAMESPACES), foreign_names), plain_texts, max_size=4)


def pipeline() -> Pipeline:
    """Without restarts, which write down when they were."""
    return Pipeline(prune=True, restart=RestartPolicy.NEVER)


def standby_with(strangers: dict[tuple[str, str], dict[str, str]]) -> FakeCluster:
    made = cluster(WEST, [namespace(name) for name in NAMESPACES])
    made.put(*(config_map(within, name, data) for (within, name), data in strangers.items()))
    return made


def config_map(within: str, name: str, data: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": within}, "data": data}


def state(of: FakeCluster) -> dict[Any, Any]:
    """Everything but our own records, and but for what each server makes up."""
    return {
        key: {**item, "metadata": {n: v for n, v in item["metadata"].items() if n not in OF_ONE_SERVER}}
        for key, item in of._objects.items()
        if "kubestandby-system" not in key and key[1] not in NEVER_PRUNED
    }


def deleted(of: FakeCluster) -> list[Any]:
    return [write for write in of.writes if write[0] == "delete"]


@given(applications, applications, foreign)
def test_one_snapshot_after_another_is_the_second_alone(
    first: Sequence[Manifest], second: Sequence[Manifest], strangers: dict[tuple[str, str], dict[str, str]]
) -> None:
    way = pipeline()
    older, newer = way.take(cluster(EAST, first)), way.take(cluster(EAST, second))
    both, alone = standby_with(strangers), standby_with(strangers)
    before = {name: both.object("ConfigMap", *name) for name in strangers}

    way.restore(older, both)
    way.restore(newer, both, prune_all=True)
    way.restore(newer, alone)

    assert state(both) == state(alone)
    assert {name: both.object("ConfigMap", *name) for name in strangers} == before


@given(applications, applications)
def test_no_more_than_a_fifth_goes_without_a_word_of_an_operator(
    first: Sequence[Manifest], second: Sequence[Manifest]
) -> None:
    way, standby = pipeline(), cluster(WEST)
    older, newer = way.take(cluster(EAST, first)), way.take(cluster(EAST, second))
    way.restore(older, standby)
    standby.writes.clear()

    way.restore(newer, standby)

    owned = {entry.path for entry in older.entries} | {entry.path for entry in newer.entries}
    assert len(deleted(standby)) <= 0.2 * len(owned)


@given(
    applications,
    applications,
    st.sampled_from(["configmaps", "deployments", "geese", "services", "clusterroles", "example.com"]),
)
def test_what_could_not_be_read_in_full_never_deletes(
    first: Sequence[Manifest], second: Sequence[Manifest], unread: str
) -> None:
    way, standby = pipeline(), cluster(WEST)
    way.restore(way.take(cluster(EAST, first)), standby)
    source = cluster(EAST, second)
    if unread == "example.com":
        source.silent_groups["example.com"] = "503"
    else:
        source.fail("list", forbidden(), plural=unread)
    incomplete = way.take(source)
    assume(not incomplete.complete)
    standby.writes.clear()

    way.restore(incomplete, standby, named=True, prune_all=True)

    assert deleted(standby) == []


@given(applications, applications)
def test_a_group_that_does_not_prune_never_deletes(first: Sequence[Manifest], second: Sequence[Manifest]) -> None:
    way, standby = Pipeline(), cluster(WEST)
    older, newer = way.take(cluster(EAST, first)), way.take(cluster(EAST, second))

    way.restore(older, standby)
    way.restore(newer, standby, prune_all=True)

    assert deleted(standby) == []
