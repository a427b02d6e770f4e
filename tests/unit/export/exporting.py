"""Runs exports against a cluster in memory."""

from typing import Any

from functions.export.committing import ExportResult
from functions.export.exporter import Exporter
from kubestandby.groups import ProtectionGroup
from kubestandby.snapshots import GroupName, SiteName, SnapshotIndex
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.fakes.keys import snapshot_store
from tests.fakes.memory_store import MemoryStore

EAST = SiteName("east")


class Bench:
    """A cluster, a bucket, a clock, and an exporter between them."""

    def __init__(self, *objects: Any, page_size: int = 500, **group: Any) -> None:
        self.cluster = FakeCluster(*objects)
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.snapshots = snapshot_store(self.store, self.clock)
        self.group = ProtectionGroup(name=GroupName("shop"), **{"namespaces": ("shop",), **group})
        self.exporter = Exporter(self.cluster, self.snapshots, self.clock, page_size=page_size)

    def export(self, epoch: int = 1) -> ExportResult:
        self.clock.advance(60)
        return self.exporter.export(self.group, EAST, epoch)

    def index(self) -> SnapshotIndex:
        return self.export().index

    def names(self, kind: str) -> list[str]:
        """Names of all objects of a kind in the snapshot."""
        return [entry.ref.name for entry in self.index().entries if entry.ref.gvk.kind == kind]


def dropped(index: SnapshotIndex) -> dict[str, int]:
    return {count.rule: count.count for count in index.dropped}
