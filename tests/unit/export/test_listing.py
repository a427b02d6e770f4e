import threading
from collections.abc import Iterator

import pytest

from functions.export.listing import DECODED_BYTES, Lister, ListTask, Query, Sieve, Spool
from kubestandby.errors import ClusterUnavailableError
from kubestandby.ports import Page
from kubestandby.resources import GVK, Manifest, ResourceType
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.export.objects import config_map, namespace


def task(plural: str = "configmaps", kind: str = "ConfigMap") -> ListTask:
    return ListTask(
        resource=ResourceType(GVK("", "v1", kind), plural, namespaced=True),
        queries=(Query(),),
        sieve=lambda: Sieve(lambda _: ""),
    )


def names(manifests: Iterator[Manifest]) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in manifests]


def test_spool_gives_back_all_pages_in_order() -> None:
    spool = Spool()
    for page in (["a", "b"], ["c"], [], ["d"]):
        spool.add([config_map(name) for name in page])

    assert names(iter(spool)) == ["a", "b", "c", "d"]
    assert names(iter(spool)) == ["a", "b", "c", "d"]


def test_spooled_manifest_is_exactly_what_came() -> None:
    odd = config_map(
        data={"text": "é\u2028\u0000\n🚀", "large": 9007199254740993, "float": 1.5, "none": None, "no": {}}
    )
    spool = Spool()
    spool.add([])
    spool.add([odd])

    assert list(spool) == [odd]


def test_page_that_fits_stays_behind_those_that_did_not() -> None:
    spool = Spool()
    for name, size in (("a", 1), ("b", DECODED_BYTES), ("c", 1)):
        spool.add([config_map(name)], size)

    assert names(iter(spool)) == ["a", "b", "c"]


def test_no_more_types_are_in_memory_than_there_are_threads() -> None:
    started: list[str] = []

    class Recording(FakeCluster):
        def pages(self, resource: ResourceType, **how: object) -> Iterator[Page]:
            started.append(resource.plural)
            yield Page([], "1")

    lister = Lister(Recording(), threads=2)
    with lister.run([task(f"t{number}") for number in range(6)]) as results:
        first = next(results)
        for thread in threading.enumerate():
            if thread.name.startswith("list"):
                thread.join(0.05)

        assert len(started) <= 2
        assert first.resource.plural in started
        assert len(list(results)) == 5


def test_consumer_that_fails_ends_everything() -> None:
    cluster = FakeCluster(namespace(), config_map())

    def consume() -> None:
        with Lister(cluster, threads=1).run([task() for _ in range(5)]) as results:
            next(results)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()


def test_list_that_fails_for_good_ends_everything() -> None:
    cluster = FakeCluster()
    cluster.fail("list", ClusterUnavailableError("gone", reason="Unreachable"), plural="configmaps")
    tasks = [task("secrets", "Secret"), task(), *(task("services", "Service") for _ in range(20))]

    with pytest.raises(ClusterUnavailableError, match="gone"), Lister(cluster, threads=2).run(tasks) as results:
        list(results)


def test_sieve_counts_only_what_was_wanted() -> None:
    sieve = Sieve(lambda _: "a_rule", wanted=lambda manifest: manifest["metadata"]["name"] == "a")

    assert [sieve.keeps(config_map("a")), sieve.keeps(config_map("b"))] == [False, False]
    assert sieve.dropped == {"a_rule": 1}
