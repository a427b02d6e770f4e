"""Small snapshots to build tests from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kubestandby.archive import ArchiveBuilder, BuiltArchive
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, SnapshotIndex, Stage

GROUP = GroupName("shop")
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FIRST = SnapshotId(1, 1)


def config_map(name: str = "settings", namespace: str = "shop", **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def cluster_role(name: str) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [],
    }


def three_objects() -> list[Manifest]:
    return [config_map("a", key="1"), config_map("b", key="2"), cluster_role("reader")]


@contextmanager
def built(*manifests: Manifest) -> Iterator[BuiltArchive]:
    with ArchiveBuilder() as builder:
        for manifest in manifests or three_objects():
            builder.add(ObjectRef.of(manifest), f"{manifest['kind'].lower()}s", manifest)
        yield builder.finish()


def index_of(archive: BuiltArchive, **changes: Any) -> SnapshotIndex:
    index = SnapshotIndex(
        group=GROUP,
        id=FIRST,
        stage=Stage.RAW,
        source_cluster="6f1c-uid",
        source_site=SiteName("east"),
        server_version="v1.37.1",
        tool_version="0.1.0",
        taken_at=NOON,
        fresh_until=NOON,
        previous="",
        namespaces=("shop",),
        types=(),
        failures=(),
        entries=archive.entries,
        content_sha256=archive.content_sha256,
        archive_sha256=archive.sha256,
        archive_size=archive.size,
        images=(),
    )
    return replace(index, **changes)


def commit(snapshots: SnapshotStore, *manifests: Manifest, **changes: Any) -> SnapshotIndex:
    with built(*manifests) as archive:
        index = index_of(archive, **changes)
        snapshots.commit(index, archive)
    return index
