"""Two sites in memory, and the three steps between them, each called by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.export.exporter import Exporter
from functions.restore.restorer import Restorer
from functions.sanitize.sanitizer import sanitize_snapshot
from kubestandby.groups import ClusterAccess, ProtectionGroup, RestoreMode, RestoreSettings, Site
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotIndex, Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.fakes.keys import snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.properties.clusters import NAMESPACES

SHOP = GroupName("shop")
EAST, WEST = SiteName("east"), SiteName("west")


def group(**restore: Any) -> ProtectionGroup:
    sites = tuple(Site(name=name, cluster=ClusterAccess(), data="", control="") for name in (EAST, WEST))
    settings = RestoreSettings(**{"ready_timeout_seconds": 0, **restore})
    return ProtectionGroup(name=SHOP, namespaces=NAMESPACES, sites=sites, primary=EAST, standby=WEST, restore=settings)


class Pipeline:
    """One site's cluster, and the way of its snapshots to another cluster."""

    def __init__(self, site: SiteName = EAST, **restore: Any) -> None:
        self.site = site
        self.group = group(**restore)
        self.clock = FakeClock()
        self.raw = snapshot_store(MemoryStore(), self.clock)
        self.sanitized = snapshot_store(MemoryStore(), self.clock)

    def export(self, cluster: FakeCluster) -> SnapshotIndex:
        self.clock.advance(1)
        return Exporter(cluster, self.raw, self.clock).export(self.group, self.site, 1).index

    def sanitize(self, index: SnapshotIndex) -> SnapshotIndex:
        return sanitize_snapshot(self.raw, self.sanitized, self.group, index.id).index

    def take(self, cluster: FakeCluster) -> SnapshotIndex:
        """Exported and sanitized."""
        return self.sanitize(self.export(cluster))

    def restore(self, index: SnapshotIndex, cluster: FakeCluster, **choices: Any) -> RestoreReport:
        self.clock.advance(1)
        return Restorer(cluster, self.sanitized, self.clock).restore(
            self.group,
            self.group.other_site(self.site).name,
            index,
            mode=RestoreMode.HOT,
            purpose=Purpose.SYNC,
            requested_at=self.clock.now(),
            **choices,
        )


def cluster(site: SiteName, manifests: Iterable[dict[str, Any]] = ()) -> FakeCluster:
    made = FakeCluster(uid=f"uid-{site}")
    made.put(*manifests)
    return made


def state(index: SnapshotIndex) -> dict[str, str]:
    """What a snapshot holds: each object's digest, where it is not sealed: no two seals are the same."""
    return {entry.path: "sealed" if entry.sealed else entry.sha256 for entry in index.entries}


def manifests(snapshots: SnapshotStore, index: SnapshotIndex) -> dict[str, Any]:
    assert index.stage in tuple(Stage)
    unsealer = snapshots.keyring.unsealer(index, EAST)
    return {item.entry.path: unsealer.unseal(item.manifest) for item in snapshots.objects(index)}
