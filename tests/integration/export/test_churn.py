"""Export while the cluster changes under it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kubestandby.resources import GVK, ObjectRef, ResourceType
from tests.integration.export.real_cluster import cluster_of, create, export, names
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = pytest.mark.clusters

CONFIG_MAPS = ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", namespaced=True)


def config_map(name: str, within: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": within}}


@contextmanager
def churn(primary: ClusterAccess, within: str) -> Iterator[None]:
    """Makes and deletes objects whose names are spread over all pages, as fast as it can."""
    cluster = cluster_of(primary.kubeconfig)
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            made = cluster.create(CONFIG_MAPS, config_map(f"c{number % 40:03}-passing", within))
            cluster.delete(CONFIG_MAPS, ObjectRef.of(made), uid=made["metadata"]["uid"])

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_objects_that_stay_are_taken_exactly_once_while_others_come_and_go(
    primary: ClusterAccess, namespace_factory: NamespaceFactory
) -> None:
    shop = namespace_factory(primary, prefix="churn")
    lasting = [f"c{number:03}" for number in range(40)]
    create(primary, *(config_map(name, shop) for name in lasting))

    with churn(primary, shop):
        indexes = [export(primary.kubeconfig, shop, page_size=3).index for _ in range(5)]

    for index in indexes:
        assert index.complete
        assert [name for name in names(index, "ConfigMap") if not name.endswith("-passing")] == lasting
