from datetime import timedelta

import pytest

from functions.export.exporter import Exporter
from kubestandby.archive import BuiltArchive
from kubestandby.errors import ObjectExistsError, StoreError, StoreUnavailableError
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage
from tests.unit.export.exporting import Bench
from tests.unit.export.objects import config_map, deployment, namespace, obj, owner, pod


def test_first_export_makes_generation_one() -> None:
    result = Bench(namespace()).export()

    assert result.created
    assert result.index.id == SnapshotId(1, 1)
    assert result.index.previous == ""


def test_index_says_where_and_when_and_until_when() -> None:
    bench = Bench(namespace(), fresh_seconds=3600)

    index = bench.index()

    assert (index.source_cluster, index.source_site, index.server_version) == ("cluster-1", "east", "v1.34.4")
    assert index.fresh_until - index.taken_at == timedelta(hours=1)


def test_manifests_are_stored_whole() -> None:
    fields = [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:data": {}}}]
    bench = Bench(namespace(), config_map(metadata={"managedFields": fields, "finalizers": ["a/b"]}))

    stored = {str(one.entry.ref): one.manifest for one in bench.snapshots.objects(bench.index())}

    assert stored["ConfigMap shop/settings"] == bench.cluster.object("ConfigMap", "shop", "settings")


def test_unchanged_state_makes_no_new_generation_but_a_proof_of_freshness() -> None:
    bench = Bench(namespace(), config_map())
    first = bench.export()

    second = bench.export()

    assert not second.created
    assert second.index == first.index
    assert bench.snapshots.freshest(first.index) == bench.clock.now()


def test_changed_object_makes_a_new_generation_tied_to_the_one_before() -> None:
    bench = Bench(namespace(), config_map())
    first = bench.index()
    bench.cluster.put(config_map(data={"key": "other"}))

    second = bench.export()

    assert second.created
    assert second.index.id == SnapshotId(1, 2)
    assert second.index.previous == bench.snapshots.index_digest(Stage.RAW, bench.group.name, first.id)


def test_object_that_vanished_makes_a_new_generation() -> None:
    bench = Bench(namespace(), config_map())
    bench.export()
    bench.cluster.take_out("ConfigMap", "shop", "settings")

    assert bench.export().created


def test_another_order_of_namespaces_makes_a_new_generation() -> None:
    bench = Bench(namespace("a"), namespace("b"), namespaces=("a", "b"))
    bench.export()
    bench.group = type(bench.group)(name=bench.group.name, namespaces=("b", "a"))

    assert bench.export().created


def test_new_epoch_starts_with_a_new_snapshot_although_nothing_changed() -> None:
    bench = Bench(namespace())
    bench.export(epoch=1)

    result = bench.export(epoch=2)

    assert result.created
    assert result.index.id == SnapshotId(2, 1)


def test_another_cluster_makes_a_new_snapshot_although_nothing_differs() -> None:
    bench = Bench(namespace())
    bench.export()
    bench.cluster._identity = type(bench.cluster.identity())("cluster-2", "v1.34.4")

    assert bench.export().created


def test_measurements_in_a_status_make_no_new_generation() -> None:
    def scaler(cpu: int) -> dict[str, object]:
        return obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", "shop", spec={}, status={"cpu": cpu})

    bench = Bench(namespace(), scaler(10))
    bench.export()
    bench.cluster.put(scaler(90))

    assert not bench.export().created


def test_job_that_completes_makes_a_new_generation() -> None:
    bench = Bench(namespace(), obj("batch/v1", "Job", "migrate", "shop", spec={}))
    bench.export()
    bench.cluster.put(obj("batch/v1", "Job", "migrate", "shop", spec={}, status={"completionTime": "now"}))

    assert bench.export().created


def test_pods_of_a_controller_that_come_and_go_make_no_new_generation() -> None:
    bench = Bench(namespace(), deployment(), pod("web-a", owners=[owner("ReplicaSet", "web")]))
    bench.export()
    bench.cluster.put(pod("web-b", owners=[owner("ReplicaSet", "web")]))

    assert not bench.export().created


def test_two_exports_of_the_same_state_have_the_same_digests() -> None:
    def digests(bench: Bench) -> tuple[str, str, str]:
        index = bench.index()
        return index.content_sha256, index.archive_sha256, index.state_sha256

    objects = [namespace(), config_map("a"), config_map("b"), deployment()]

    assert digests(Bench(*objects, page_size=1)) == digests(Bench(*objects))


def test_number_that_another_exporter_took_meanwhile_is_not_used() -> None:
    bench = Bench(namespace())
    bench.store.fail("put", "raw/shop/1-1/index.json", error=ObjectExistsError("taken"))

    assert bench.export().index.id == SnapshotId(1, 2)


def test_exporter_that_loses_the_race_against_the_same_state_makes_no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = Bench(namespace()), Bench(namespace())
    fast.exporter = Exporter(fast.cluster, slow.snapshots, fast.clock)
    commit, winners = slow.snapshots.commit, []

    def overtaken(index: SnapshotIndex, archive: BuiltArchive) -> None:
        monkeypatch.setattr(slow.snapshots, "commit", commit)
        winners.append(fast.export().index)
        commit(index, archive)

    monkeypatch.setattr(slow.snapshots, "commit", overtaken)
    slow.clock.advance(1)
    result = slow.export()

    assert not result.created
    assert [result.index] == winners


def test_exporter_that_loses_every_race_asks_to_be_tried_again() -> None:
    bench = Bench(namespace())
    bench.store.fail("put", "index.json", error=ObjectExistsError("taken"), times=-1)

    with pytest.raises(StoreUnavailableError):
        bench.export()


def test_bucket_that_cannot_be_written_is_an_error_and_no_snapshot_is_committed() -> None:
    bench = Bench(namespace())
    bench.store.fail("put", "snapshot.tar.gz", error=StoreError("disk full"), times=-1)

    with pytest.raises(StoreError, match="disk full"):
        bench.export()
    assert bench.snapshots.ids(Stage.RAW, bench.group.name) == ()


def test_types_without_objects_are_in_the_index_too() -> None:
    index = Bench(namespace()).index()

    empty = {summary.plural: summary.count for summary in index.types}
    assert empty["configmaps"] == 0
    assert empty["namespaces"] == 1
