"""A raw snapshot becomes its sanitized twin, whole or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.sanitize.sanitizer import SanitizeResult, sanitize_snapshot
from kubestandby.archive import ArchiveBuilder
from kubestandby.errors import (
    FormatError,
    IntegrityError,
    ManifestError,
    ObjectExistsError,
    SnapshotNotFoundError,
    StoreUnavailableError,
)
from kubestandby.groups import ProtectionGroup
from kubestandby.resources import GVK
from kubestandby.snapshots import (
    GroupName,
    ImageUse,
    RuleCount,
    SiteName,
    SnapshotId,
    SnapshotIndex,
    Stage,
    TypeSummary,
)
from tests.fakes.keys import add_sealed, sealer, snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.unit.sanitize.samples import Json, bare, served

SHOP = ProtectionGroup(name=GroupName("shop"))
ARCHIVE = "raw/shop/1-1/snapshot.tar.gz"
FIRST, SECOND = SnapshotId(1, 1), SnapshotId(1, 2)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Sites:
    """The two data buckets between which a snapshot is sanitized."""

    def __init__(self) -> None:
        self.east, self.west = MemoryStore("memory://east"), MemoryStore("memory://west")
        self.raw, self.sanitized = snapshot_store(self.east), snapshot_store(self.west)

    def export(self, *manifests: Json, snapshot: SnapshotId = FIRST, **changes: Any) -> SnapshotIndex:
        with ArchiveBuilder() as builder:
            sealing = sealer("shop", "e8b1")
            add_sealed(builder, sealing, manifests)
            archive = builder.finish()
            index = SnapshotIndex(
                group=SHOP.name,
                id=snapshot,
                stage=Stage.RAW,
                source_cluster="e8b1",
                source_site=SiteName("east"),
                server_version="v1.34.4",
                tool_version="0.0.1",
                taken_at=NOON,
                fresh_until=NOON + timedelta(days=1),
                previous="abc",
                namespaces=("shop",),
                types=(TypeSummary(gvk=GVK("", "v1", "Pod"), plural="pods", count=2, resource_version="9"),),
                failures=("metrics.k8s.io: the aggregated server does not answer",),
                entries=archive.entries,
                content_sha256=archive.content_sha256,
                archive_sha256=archive.sha256,
                archive_size=archive.size,
                images=(ImageUse(reference="web:1", used_by=("Deployment.apps shop/web",)),),
                dropped=(RuleCount(rule="owned", count=3),),
                sealing=sealing.close(snapshot),
            )
            index = replace(index, **changes)
            self.raw.commit(index, archive)
        return index

    def sanitize(self, snapshot: SnapshotId = FIRST) -> SanitizeResult:
        return sanitize_snapshot(self.raw, self.sanitized, SHOP, snapshot)

    def manifests(self, index: SnapshotIndex) -> Sequence[Any]:
        return [item.manifest for item in self.sanitized.objects(index)]


@pytest.fixture
def sites() -> Sites:
    return Sites()


def config_map(name: str = "a", **data: str) -> Json:
    return served("v1", "ConfigMap", name, data=data or {"uid": "kept"})


def provisioned_volume() -> Json:
    notes = {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}
    return served("v1", "PersistentVolume", "pvc-1", namespace="", metadata=notes, spec={})


def test_the_twin_holds_the_sanitized_manifests_under_the_same_number(sites: Sites) -> None:
    sites.export(config_map("a"), config_map("b"))

    result = sites.sanitize()

    assert result.created
    assert sites.sanitized.ids(Stage.SANITIZED, SHOP.name) == (FIRST,)
    kept = [bare("v1", "ConfigMap", name, data={"uid": "kept"}) for name in ("a", "b")]
    assert sites.manifests(sites.sanitized.read_index(Stage.SANITIZED, SHOP.name, FIRST)) == kept


def test_what_the_export_knew_is_carried_over(sites: Sites) -> None:
    raw = sites.export(config_map())

    index = sites.sanitize().index

    carried: tuple[str, ...] = (
        "group",
        "id",
        "source_cluster",
        "source_site",
        "server_version",
        "taken_at",
        "fresh_until",
    )
    carried += ("namespaces", "types", "failures", "images", "dropped")
    assert {name: getattr(index, name) for name in carried} == {name: getattr(raw, name) for name in carried}
    assert not index.complete


def test_each_rule_is_counted_by_the_objects_that_it_changed_or_left_out(sites: Sites) -> None:
    ingress = served("networking.k8s.io/v1", "Ingress", "a", spec={"rules": []}, status={})

    sites.export(config_map("a"), config_map("b"), provisioned_volume(), ingress)

    counts = {"drop_managed_fields": 3, "drop_provisioned_volume": 1, "drop_server_metadata": 3, "drop_status": 1}
    assert sites.sanitize().index.rules == tuple(RuleCount(rule=rule, count=n) for rule, n in counts.items())


def test_an_object_that_is_left_out_is_not_in_the_twin(sites: Sites) -> None:
    sites.export(config_map("a"), provisioned_volume())

    assert [entry.ref.name for entry in sites.sanitize().index.entries] == ["a"]


def test_the_same_raw_snapshot_gives_the_same_bytes(sites: Sites) -> None:
    sites.export(config_map("a"), config_map("b"))
    other = Sites()
    other.east.objects.update(sites.east.objects)
    for each in (sites, other):
        each.sanitize()

    assert sites.west.objects == other.west.objects


def test_doing_it_twice_creates_one_twin(sites: Sites) -> None:
    sites.export(config_map())
    first = sites.sanitize()
    stored = dict(sites.west.objects)

    second = sites.sanitize()

    assert (second.created, second.index) == (False, first.index)
    assert sites.west.objects == stored


def test_each_twin_names_the_one_before_it(sites: Sites) -> None:
    sites.export(config_map(), snapshot=FIRST)
    sites.export(config_map("a", b="c"), snapshot=SECOND)

    assert sites.sanitize(FIRST).index.previous == ""
    digest = sites.sanitized.index_digest(Stage.SANITIZED, SHOP.name, FIRST)
    assert sites.sanitize(SECOND).index.previous == digest


def test_a_snapshot_that_comes_late_does_not_name_a_later_one(sites: Sites) -> None:
    sites.export(config_map(), snapshot=FIRST)
    sites.export(config_map("a", b="c"), snapshot=SECOND)
    sites.sanitize(SECOND)

    assert sites.sanitize(FIRST).index.previous == ""


def test_status_of_a_custom_resource_follows_the_definition_in_the_snapshot(sites: Sites) -> None:
    """The namespace sorts before `_cluster`, where the definition is: the order in the archive does not matter."""
    spec = {"group": "example.com", "names": {"kind": "Shop", "plural": "shops"}, "versions": [{"name": "v1"}]}
    definition = served(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "shops.example.com", namespace="", spec=spec
    )
    shop = served("example.com/v1", "Shop", namespace="0shop", spec={}, status={"phase": "Open"})
    ingress = served("networking.k8s.io/v1", "Ingress", namespace="0shop", spec={}, status={"loadBalancer": {}})

    sites.export(definition, shop, ingress)

    statuses = {m["kind"]: m.get("status") for m in sites.manifests(sites.sanitize().index)}
    assert statuses == {"Shop": {"phase": "Open"}, "Ingress": None, "CustomResourceDefinition": None}


def test_a_claim_is_freed_of_a_volume_that_stays_behind(sites: Sites) -> None:
    claim = served("v1", "PersistentVolumeClaim", namespace="0shop", spec={"volumeName": "pvc-1", "accessModes": []})

    sites.export(provisioned_volume(), claim)

    assert [m["spec"] for m in sites.manifests(sites.sanitize().index)] == [{"accessModes": []}]


def test_a_missing_raw_snapshot_is_an_error(sites: Sites) -> None:
    with pytest.raises(SnapshotNotFoundError, match="no raw snapshot shop 1-1"):
        sites.sanitize()


def test_of_a_damaged_archive_nothing_is_written(sites: Sites) -> None:
    sites.export(*(config_map(f"m{n}", text="x" * 500) for n in range(20)))
    good = sites.east.objects[ARCHIVE]

    for at in range(0, len(good), max(1, len(good) // 40)):
        sites.east.objects[ARCHIVE] = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        with pytest.raises(IntegrityError):
            sites.sanitize()

    assert sites.west.objects == {}


def test_of_a_damaged_index_nothing_is_written(sites: Sites) -> None:
    sites.export(config_map())
    sites.east.objects["raw/shop/1-1/index.json"] = sites.east.objects["raw/shop/1-1/index.json"][:-9]

    with pytest.raises(FormatError):
        sites.sanitize()

    assert sites.west.objects == {}


def test_of_a_truncated_archive_nothing_is_written(sites: Sites) -> None:
    sites.export(config_map())
    sites.east.objects[ARCHIVE] = sites.east.objects[ARCHIVE][:-1]

    with pytest.raises(IntegrityError):
        sites.sanitize()

    assert sites.west.objects == {}


def test_a_manifest_that_cannot_be_understood_stops_all(sites: Sites) -> None:
    sites.export(config_map(), served("v1", "Service", "web", spec={"ports": "http"}))

    with pytest.raises(ManifestError, match=r"^Service shop/web cannot be sanitized: spec\.ports is a string"):
        sites.sanitize()

    assert sites.west.objects == {}


def test_a_crash_between_archive_and_index_is_made_good_by_the_next_try(sites: Sites) -> None:
    sites.export(config_map())
    sites.west.fail("put", "index.json")
    with pytest.raises(StoreUnavailableError):
        sites.sanitize()
    assert sites.sanitized.ids(Stage.SANITIZED, SHOP.name) == ()

    assert sites.sanitize().created
    assert sites.sanitized.ids(Stage.SANITIZED, SHOP.name) == (FIRST,)


def test_a_lost_reply_still_counts_as_created(sites: Sites) -> None:
    sites.export(config_map())
    sites.west.fail("put", "index.json", after=True)

    assert sites.sanitize().created


def test_whoever_loses_the_race_finds_the_winners_twin(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    sites.export(config_map("a", b="c"), snapshot=SECOND)
    winner = sites.sanitize(SECOND).index
    _hide_until_the_commit(sites, monkeypatch)

    result = sites.sanitize(SECOND)

    assert (result.created, result.index) == (False, winner)


def test_a_rival_with_another_content_is_an_error(sites: Sites) -> None:
    sites.export(config_map())
    sites.west.objects["sanitized/shop/1-1/snapshot.tar.gz"] = b"of another version"

    with pytest.raises(ObjectExistsError, match="another version of kubestandby"):
        sites.sanitize()

    assert sites.sanitized.ids(Stage.SANITIZED, SHOP.name) == ()


def test_a_twin_of_another_raw_snapshot_is_never_taken_for_this_ones(sites: Sites) -> None:
    """A primary whose bucket was lost counts from 1 again; its new snapshots must not vanish behind old twins."""
    sites.export(config_map())
    sites.sanitize()
    sites.east.objects.clear()
    sites.export(config_map("new"), taken_at=NOON + timedelta(days=3))

    with pytest.raises(IntegrityError, match="has one of this number from 2026-11-22"):
        sites.sanitize()


def _hide_until_the_commit(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the next run learn of the twin that is there only when it tries to commit its own, which differs."""
    read_index = sites.sanitized.read_index
    hidden = iter([True])

    def read(stage: Stage, group: GroupName, snapshot: SnapshotId) -> SnapshotIndex:
        if next(hidden, False):
            raise SnapshotNotFoundError
        return read_index(stage, group, snapshot)

    monkeypatch.setattr(sites.sanitized, "read_index", read)
    monkeypatch.setattr(sites.sanitized, "ids", lambda *_: (FIRST,))
    monkeypatch.setattr(sites.sanitized, "index_digest", lambda *_: "0" * 64)
